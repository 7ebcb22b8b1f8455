"""What `certlog anchor recover` says where a node is behind, and where a successor's opening was set back."""

from dataclasses import replace

import pytest

from anchoring import advice as advice_module
from anchoring import repairs
from anchoring.batch import HaltReason, Head
from anchoring.line import Pins
from anchoring.line_store import LineStore
from anchoring.recovery import find_repair
from anchoring.repairs import gather
from anchoring.succession import find_successor, follow
from certlog.errors import InvalidInput
from tests.anchoring.fake_chain import FakeChain, with_head
from tests.anchoring.test_advice import NEW, anchored, broken, open_successor, set_back, settings_of
from tests.anchoring.test_halts import FOREIGN, halted
from tests.anchoring.test_recover import settle
from tests.anchoring.world import World
from tests.support.controls import Control, nothing, require_failure


class Lagging(FakeChain):
    """A node of the same chain that is still syncing: it has none of the newest blocks."""

    def __init__(self, chain: FakeChain, *, tip: int) -> None:
        self.__dict__ |= chain.__dict__
        self.blocks = chain.blocks[: tip + 1]


def told_by(world: World, chain: FakeChain) -> InvalidInput:
    store = world.line_store()
    line = store.line()
    facts = gather(chain, world.log, line, world.pins, store.finals())
    with pytest.raises(InvalidInput) as refusal:
        find_repair(line, facts, world.pins, world.clock())
    return refusal.value


def test_a_node_that_is_still_syncing_advises_nothing_that_cannot_be_undone(world: World) -> None:
    worker = anchored(world, 3)
    right, second = list(world.chain.blocks), world.store.batches()[1]
    set_back(world, 1)
    halted(world, worker, HaltReason.FINALITY_VIOLATION)
    world.chain.blocks = right  # it was a node on a fork; the one that is asked next has not caught up
    known = world.line_store().line().finalized_number
    node = Lagging(world.chain, tip=(second.block_number or 0) + world.chain.finality)
    assert node.finalized().number < known
    told = told_by(world, node)
    assert told.code == "behind"
    assert f"block {known} was read as final at 20" in str(told)
    assert f"finalized block is {node.finalized().number}: either" in str(told)
    assert "open-successor" not in str(told)


def test_a_chain_that_was_set_back_is_told_only_once_it_is_as_high_as_it_was(world: World) -> None:
    broken(world, 4, to_batch=2)
    known = world.line_store().line().finalized_number
    for _ in range(world.chain.finality + 1):
        world.chain.mine()
    lower = Lagging(world.chain, tip=known + world.chain.finality - 1)
    assert told_by(world, lower).code == "behind"
    assert "open-successor" in str(told_by(world, Lagging(world.chain, tip=known + world.chain.finality)))


def test_no_repair_is_made_on_the_word_of_a_node_that_is_behind(world: World) -> None:
    worker = anchored(world, 2)
    world.chain.change_state(lambda state: with_head(state, world.pins.target.log_id, FOREIGN))
    halted(world, worker, HaltReason.FOREIGN_HEAD)
    node = Lagging(world.chain, tip=world.line_store().line().finalized_number + world.chain.finality - 1)
    told = told_by(world, node)
    assert (told.code, "Ask a node that has caught up" in str(told)) == ("behind", True)


def followed(world: World, batches: int) -> tuple[Pins, LineStore, int]:
    """Open a successor from the second batch, follow it and anchor there; return its height before the opening, too."""
    anchored(world, 2)
    world.die()
    second, height = world.store.batches()[0], len(world.chain.blocks)
    chain = open_successor(world, Head(second.size, second.root))
    found = find_successor(chain, settings_of(world), world.database)
    follow(world.database, world.pins.target, found, at=world.clock())
    old = world.pins.target.log_id
    pins = replace(world.pins, target=found.target, account=NEW.address, owns_log=False, predecessor=old)
    store = LineStore(world.database, found.target, NEW.address, now=world.clock())
    worker = world.worker(store=store, signer=NEW, pins=pins)
    for _ in range(batches):
        world.log.append(2)
        world.store.request_batch()
        world.anchor_one(worker)
    return pins, store, height


def said_of(world: World, pins: Pins, store: LineStore) -> InvalidInput:
    settle(world)
    line = store.line()
    facts = gather(world.chain, world.log, line, pins, store.finals())
    with pytest.raises(InvalidInput) as refusal:
        find_repair(line, facts, pins, world.clock())
    return refusal.value


@pytest.mark.parametrize("batches", [0, 2])
def test_a_successor_whose_opening_was_set_back_is_opened_again_under_the_same_id(
    world: World, batches: int
) -> None:
    pins, store, height = followed(world, batches)
    first = list(store.finals())[-1].new
    world.chain.reorganise(len(world.chain.blocks) - height, beyond_finality=True)
    world.die()
    settle(world)
    halted(world, world.worker(store=store, signer=NEW, pins=pins), HaltReason.FINALITY_VIOLATION)
    told = said_of(world, pins, store)
    assert pins.predecessor is not None
    command = (
        f"open-successor --log-id {pins.predecessor.hex()} --size {first.size} --root {first.root.hex()}"
    )
    assert f"{command} --anchorer {NEW.address}" in str(told)
    assert "the id is the same" in str(told)
    assert "new contract" not in str(told)
    assert open_successor(world, first).successor == pins.target.log_id
    again = said_of(world, pins, store)
    assert again.code == ("not-repairable" if batches else "resume")
    assert (f"open-successor --size {first.size}" in str(again)) == bool(batches)


def test_a_successor_whose_predecessor_lost_the_head_too_needs_a_new_contract(world: World) -> None:
    pins, store, height = followed(world, 1)
    gone = world.store.batches()[-1].block_number or 0
    world.chain.reorganise(len(world.chain.blocks) - min(gone, height), beyond_finality=True)
    world.die()
    settle(world)
    halted(world, world.worker(store=store, signer=NEW, pins=pins), HaltReason.FINALITY_VIOLATION)
    assert "in a new contract" in str(said_of(world, pins, store))


def test_advice_on_the_word_of_a_node_that_is_behind_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = Control(
        advice_module,
        "known_final",
        lambda _line: 0,
        lambda: test_a_node_that_is_still_syncing_advises_nothing_that_cannot_be_undone(world),
    )
    require_failure(control, monkeypatch)


def test_a_successor_that_is_taken_for_any_closed_log_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = Control(
        repairs,
        "_reopens",
        nothing,
        lambda: test_a_successor_whose_opening_was_set_back_is_opened_again_under_the_same_id(world, 0),
    )
    require_failure(control, monkeypatch)
