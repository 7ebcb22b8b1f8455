"""What `certlog anchor recover` says where it repairs nothing, and that what it says leads out."""

from dataclasses import replace

import pytest

from anchoring.batch import GAS, Fees, HaltReason, Head, State
from anchoring.contract import open_log_call, successor_id
from anchoring.keystore import AccountSigner
from anchoring.line import Line
from anchoring.line_store import LineStore
from anchoring.ports import Block, UnsignedTransaction
from anchoring.recovery import CountUp, find_repair
from anchoring.repairs import gather
from anchoring.settings import AnchoringSettings
from anchoring.succession import find_successor, follow
from anchoring.worker import AnchorWorker, Did
from certlog.errors import InvalidInput, NotTrusted
from tests.anchoring.fake_chain import ChainState, FakeChain, FakeLogState, with_head
from tests.anchoring.fake_log import FakeLog
from tests.anchoring.test_halts import FOREIGN, halted
from tests.anchoring.test_recover import recover, refused, settle
from tests.anchoring.world import World

NEW = AccountSigner(b"\x0b" * 32)


def anchored(world: World, batches: int) -> AnchorWorker:
    """Anchor so many batches; each has entries of its own."""
    worker = world.anchor_one()
    for _ in range(batches - 1):
        world.log.append(3)
        world.store.request_batch()
        world.anchor_one(worker)
    return worker


def set_back(world: World, to_batch: int) -> None:
    """Let those who run the chain put an old copy of it back, from before the batch after this one was anchored."""
    later = [batch for batch in world.store.batches() if batch.number > to_batch]
    height = min(batch.block_number or 0 for batch in later)
    world.chain.reorganise(len(world.chain.blocks) - height, beyond_finality=True)


def broken(world: World, batches: int, *, to_batch: int) -> AnchorWorker:
    worker = anchored(world, batches)
    set_back(world, to_batch)
    halted(world, worker, HaltReason.FINALITY_VIOLATION)
    return worker


def advice(world: World, line: Line | None = None) -> InvalidInput:
    world.die()
    settle(world)
    store = world.line_store()
    line = line or store.line()
    facts = gather(world.chain, world.log, line, world.pins, store.finals())
    with pytest.raises(InvalidInput) as refusal:
        find_repair(line, facts, world.pins, world.clock())
    return refusal.value


def settings_of(world: World) -> AnchoringSettings:
    pins = world.pins
    return AnchoringSettings(
        origin=pins.target.origin,
        endpoints=("http://127.0.0.1:8545",),
        chain_id=pins.target.chain_id,
        chain_class="consortium",
        contract=pins.target.contract,
        code_hash=pins.code_hash.hex(),
        log_id=pins.target.log_id.hex(),
        account=pins.account,
    )


class Succeeded(FakeChain):
    """The same chain, on which the owner may open a successor."""

    successor: bytes | None = None

    def successor_of(self, log_id: bytes, at: Block) -> bytes | None:
        del log_id
        held = self.successor is not None and self.head(self.successor, at).anchorer is not None
        return self.successor if held else None

    def ownership(self, log_id: bytes, at: Block) -> tuple[str, str]:
        raise NotImplementedError(log_id, at)


def open_successor(world: World, head: Head) -> Succeeded:
    """Do what the contract does for the old log's owner: refuse a head that was never anchored there."""
    old = world.pins.target.log_id
    if world.chain.anchored_at(old, head, world.chain.latest()) is None:
        raise InvalidInput("NeverAnchored")
    new = successor_id(old, head.size, head.root)

    def change(state: ChainState) -> ChainState:
        sealed = replace(state.logs[old], is_sealed=True)
        begun = FakeLogState(NEW.address, head.size, head.root)
        anchors = state.anchors | {
            (new, head.size, head.root): state.anchors[old, head.size, bytes(head.root)]
        }
        return replace(state, logs=state.logs | {old: sealed, new: begun}, anchors=anchors)

    world.chain.change_state(change)
    settle(world)
    world.chain.__class__ = Succeeded
    assert isinstance(world.chain, Succeeded)
    world.chain.successor = new
    return world.chain


def test_a_chain_that_was_set_back_is_told_from_where_a_successor_goes_on(world: World) -> None:
    broken(world, 4, to_batch=2)
    second = world.store.batches()[2]
    told = advice(world)
    assert second.number == 2
    assert "the chain was set back" in str(told)
    assert f"open-successor --size {second.size} --root {second.root.hex()}" in str(told)
    assert told.code == "not-repairable"


def test_a_successor_shows_nothing_that_is_gone_and_anchors_it_again(world: World) -> None:
    broken(world, 4, to_batch=2)
    second = world.store.batches()[2]
    world.die()
    chain = open_successor(world, Head(second.size, second.root))
    old = world.pins.target
    found = find_successor(chain, settings_of(world), world.database)
    follow(world.database, old, found, at=world.clock())
    assert [batch.size for batch in world.store.batches() if batch.size > second.size] == []
    world.store.request_batch()
    pins = replace(world.pins, target=found.target, account=NEW.address, owns_log=False)
    store = LineStore(world.database, found.target, NEW.address, now=world.clock())
    world.anchor_one(world.worker(store=store, signer=NEW, pins=pins))
    newest = world.store.latest_final()
    assert newest is not None
    assert (newest.log_id, newest.size) == (found.target.log_id, world.log.seal(4).size)
    for batch in world.store.batches():
        head, border = Head(batch.size, batch.root), chain.finalized()
        assert chain.anchored_at(batch.log_id, head, border), "FINAL and not in finalized state"
    assert {poll.halt for poll in world.store.polls()} == {None}


def test_a_successor_from_a_head_that_is_gone_is_refused_by_the_contract_and_not_followed(
    world: World,
) -> None:
    broken(world, 4, to_batch=2)
    third, second = world.store.batches()[1:3]
    with pytest.raises(InvalidInput, match="NeverAnchored"):
        open_successor(world, Head(third.size, third.root))
    chain = open_successor(world, Head(second.size, second.root))
    log_id = bytes(32)
    chain.successor = log_id
    chain.change_state(
        lambda state: replace(state, logs=state.logs | {log_id: FakeLogState(NEW.address, second.size)})
    )
    settle(world)
    with pytest.raises(NotTrusted, match="does not begin with a head of this database"):
        find_successor(chain, settings_of(world), world.database)


def test_resuming_on_a_chain_that_stays_set_back_halts_again_and_sends_nothing(world: World) -> None:
    worker = broken(world, 3, to_batch=1)
    world.store.leave_halt(world.pins.target, because="hoped", at=1)
    halted(world, worker, HaltReason.FINALITY_VIOLATION)


def test_a_chain_that_has_its_anchors_again_is_resumed(world: World) -> None:
    worker = anchored(world, 3)
    right = list(world.chain.blocks)
    set_back(world, 1)
    halted(world, worker, HaltReason.FINALITY_VIOLATION)
    world.chain.blocks = right
    told = advice(world)
    assert (told.code, "certlog anchor resume" in str(told)) == ("resume", True)
    world.store.leave_halt(world.pins.target, because="the node was on a fork", at=1)
    world.log.append()
    world.store.request_batch()
    world.anchor_one()
    world.check_all_final(at_least=4)


def test_a_chain_that_was_set_back_to_before_the_opening_needs_a_new_contract(world: World) -> None:
    worker = anchored(world, 2)
    world.chain.reorganise(len(world.chain.blocks) - 1, beyond_finality=True)
    settle(world)
    halted(world, worker, HaltReason.FINALITY_VIOLATION)
    assert "is not open" in str(advice(world))


def test_a_chain_that_was_set_back_to_before_the_first_anchor_needs_a_new_contract(world: World) -> None:
    broken(world, 2, to_batch=0)
    told = advice(world)
    assert "holds no anchor of this log" in str(told)
    assert "in a new contract" in str(told)


def test_a_strange_head_on_a_chain_that_was_set_back_is_no_head_to_go_on_from(world: World) -> None:
    broken(world, 4, to_batch=2)
    world.chain.change_state(lambda state: with_head(state, world.pins.target.log_id, FOREIGN))
    told = advice(world)
    assert "none that this database anchored" in str(told)
    assert "open-successor" not in str(told)


def test_an_older_log_is_told_and_the_newest_one_is_resumed(world: World) -> None:
    anchored(world, 2)
    world.die()
    right, world.log = world.log, FakeLog()
    world.log.append(2)
    halted(world, world.worker(), HaltReason.LOG_CONTRADICTS)
    told = advice(world)
    assert "an older copy of it was restored" in str(told)
    assert "the log holds 2 entries" in str(told)
    world.log = right
    assert advice(world).code == "resume"
    world.store.leave_halt(world.pins.target, because="put back", at=1)
    world.log.append()
    world.store.request_batch()
    world.anchor_one()
    world.check_all_final(at_least=3)


def test_another_history_is_told_and_never_anchored(world: World) -> None:
    anchored(world, 1)
    world.die()
    world.log = FakeLog(history="another entry")
    world.log.append(50)
    world.store.request_batch()
    halted(world, world.worker(), HaltReason.LOG_CONTRADICTS)
    told = advice(world)
    assert (told.code, "two histories" in str(told)) == ("not-repairable", True)
    world.store.leave_halt(world.pins.target, because="hoped", at=1)
    halted(world, world.worker(), HaltReason.LOG_CONTRADICTS)
    assert [batch.state for batch in world.store.batches()] == [State.FINAL]


def test_a_log_that_forgot_what_it_sealed_is_told_from_one_that_lost_entries(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.SEALED)
    world.die()
    size = world.log.seals[1]
    world.log.seals[1] -= 1
    halted(world, world.worker(), HaltReason.LOG_CONTRADICTS)
    assert "no longer knows that it sealed them so" in str(advice(world))
    world.log.seals[1] = size
    assert advice(world).code == "resume"


def test_an_opening_that_can_never_be_mined_is_opened_by_hand_and_the_nonce_moved_up(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.OPENING_SENT)
    world.chain.reverts = True
    world.chain.mine()
    world.chain.reverts = False
    halted(world, worker, HaltReason.REVERTED)
    refused(world, "its owner opens it with: certlog anchor open-log")
    pins = world.pins
    data = open_log_call(pins.target.origin, pins.account)
    target = pins.target
    call = UnsignedTransaction(target.chain_id, 1, target.contract, data, GAS, Fees(10**11, 10**9))
    world.chain.send_raw(world.signer.sign(call, 0).raw)
    settle(world)
    assert recover(world) == CountUp(2)
    world.anchor_one()
    assert [batch.state for batch in world.store.batches()] == [State.FINAL]
