"""`certlog anchor recover`: the three repairs, that each is refused where it would not be safe, and what is kept."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from anchoring import tables
from anchoring.batch import HaltReason, State
from anchoring.database import Conflict
from anchoring.recovery import Adopt, CountUp, Repair, Requeue, explain, find_repair
from anchoring.repairs import Repairs, gather
from anchoring.worker import AnchorWorker, Did
from certlog.errors import InvalidInput
from tests.anchoring.fake_chain import with_head
from tests.anchoring.test_halts import FOREIGN, change_log, halted
from tests.anchoring.world import World


def spend_nonce(world: World) -> None:
    """Let somebody use the key for something else."""
    account = world.signer.address
    world.chain.change_state(
        lambda state: replace(state, nonces=state.nonces | {account: state.nonces[account] + 1})
    )


def settle(world: World) -> None:
    for _ in range(world.chain.finality + 1):
        world.chain.mine()


def find(world: World) -> Repair:
    line = world.line_store().line()
    facts = gather(world.chain, world.log, line, world.pins)
    return find_repair(line, facts, world.pins, world.clock())


def recover(world: World) -> Repair:
    """Do what the command does."""
    world.die()
    settle(world)
    store = world.line_store()
    store.take_lead()
    repair = find(world)
    Repairs(store, world.pins).perform(repair, what=explain(repair), because="tested", at=world.clock())
    return repair


def refused(world: World, match: str) -> None:
    world.die()
    settle(world)
    with pytest.raises(InvalidInput, match=match):
        find(world)


def sent(world: World) -> AnchorWorker:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.PREPARED)
    assert worker.step().did is Did.SENT
    return worker


def test_a_batch_whose_nonce_was_spent_by_something_else_gets_another_transaction(world: World) -> None:
    worker = sent(world)
    world.chain.evict()
    spend_nonce(world)
    halted(world, worker, HaltReason.NONCE_TAKEN)
    assert isinstance(recover(world), Requeue)
    assert world.store.batches()[0].state is State.SEALED
    world.anchor_one()
    assert [batch.state for batch in world.store.batches()] == [State.FINAL]
    assert len(world.chain.executed(world.signer.address)) == 2


def test_a_refused_transaction_is_followed_by_another_once_the_contract_lets_it(world: World) -> None:
    worker = sent(world)
    world.chain.reverts = True
    world.chain.mine()
    world.chain.reverts = False
    halted(world, worker, HaltReason.REVERTED)
    assert isinstance(recover(world), Requeue)
    world.anchor_one()
    assert [ok for _, ok in world.chain.executed(world.signer.address)] == [True, False, True]


def test_a_counter_that_is_behind_is_moved_up(world: World) -> None:
    worker = world.anchor_one()
    spend_nonce(world)
    world.store.request_batch()
    halted(world, worker, HaltReason.NONCE_TAKEN)
    assert recover(world) == CountUp(3)
    world.anchor_one()
    assert [batch.state for batch in world.store.batches()] == [State.FINAL, State.FINAL]


def test_a_restored_copy_takes_over_what_was_anchored_since(world: World) -> None:
    worker = world.anchor_one()
    saved = world.save()
    for _ in range(3):
        world.store.request_batch()
        world.anchor_one(worker)
    before = [(batch.number, batch.size, batch.root, batch.block_number) for batch in world.store.batches()]
    world.restore(saved)
    halted(world, world.worker(), HaltReason.FOREIGN_HEAD)
    repair = recover(world)
    assert isinstance(repair, Adopt)
    assert [batch.number for batch in repair.batches] == [2, 3, 4]
    after = [(batch.number, batch.size, batch.root, batch.block_number) for batch in world.store.batches()]
    assert after == before
    world.store.request_batch()
    world.anchor_one()
    world.check_all_final(at_least=5)


def test_a_lost_database_is_rebuilt_from_chain_and_log(world: World) -> None:
    saved = world.save()
    worker = world.anchor_one()
    world.store.request_batch()
    world.anchor_one(worker)
    world.restore(saved)
    halted(world, world.worker(), HaltReason.FOREIGN_HEAD)
    assert isinstance(recover(world), Adopt)
    world.line_store().check()
    world.store.request_batch()
    world.anchor_one()
    world.check_all_final(at_least=3)


def test_a_copy_from_before_the_signature_takes_the_open_batch_over(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.SEALED)
    saved = world.save()
    world.anchor_one(worker)
    world.restore(saved)
    halted(world, world.worker(), HaltReason.FOREIGN_HEAD)
    repair = recover(world)
    assert isinstance(repair, Adopt)
    assert repair.open_batch is not None
    world.store.request_batch()
    world.anchor_one()
    world.check_all_final(at_least=2)


def test_a_head_that_a_reorganisation_took_away_again_needs_no_repair(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.SEALED)
    saved = world.save()
    world.run(worker, lambda step: step.did is Did.SEEN)
    world.restore(saved)
    assert world.worker().step().did is Did.HALTED
    world.chain.reorganise(1)
    world.chain.reorganise(2)
    refused(world, "certlog anchor resume")
    world.store.leave_halt(world.pins.target, because="as it says", at=1)
    world.anchor_one()
    world.check_all_final(at_least=1)


def test_a_thiefs_head_is_never_taken_over(world: World) -> None:
    worker = world.anchor_one()
    world.chain.change_state(lambda state: with_head(state, world.pins.target.log_id, FOREIGN))
    halted(world, worker, HaltReason.FOREIGN_HEAD)
    refused(world, "none that this log has sealed")


def test_a_thiefs_head_above_ours_is_never_taken_over(world: World) -> None:
    worker = world.anchor_one()
    saved = world.save()
    world.store.request_batch()
    world.anchor_one(worker)
    world.chain.change_state(lambda state: with_head(state, world.pins.target.log_id, FOREIGN))
    world.restore(saved)
    halted(world, world.worker(), HaltReason.FOREIGN_HEAD)
    refused(world, "none that this log has sealed")


def test_a_head_of_a_sealed_size_and_another_root_is_never_taken_over(world: World) -> None:
    worker = world.anchor_one()
    size = world.log.seal(2).size
    forged = replace(FOREIGN, size=size)
    world.chain.change_state(lambda state: with_head(state, world.pins.target.log_id, forged))
    halted(world, worker, HaltReason.FOREIGN_HEAD)
    refused(world, "none that this log has sealed")


def test_nothing_is_repaired_while_another_may_append(world: World) -> None:
    worker = world.anchor_one()
    change_log(world, anchorer="0x" + "22" * 20)
    halted(world, worker, HaltReason.NOT_ANCHORER)
    refused(world, "this worker may not append")


def test_nothing_is_repaired_before_all_is_final(world: World) -> None:
    worker = world.anchor_one()
    spend_nonce(world)
    world.store.request_batch()
    halted(world, worker, HaltReason.NONCE_TAKEN)
    spend_nonce(world)
    with pytest.raises(InvalidInput, match="not final yet"):
        find(world)


def test_a_reason_for_people_is_left_to_them(world: World) -> None:
    worker = world.anchor_one()
    world.chain.code = b"\x00" * 32
    halted(world, worker, HaltReason.WRONG_CODE)
    with pytest.raises(InvalidInput, match="expected code hash"):
        find(world)
    world.chain.code = world.pins.code_hash
    with pytest.raises(InvalidInput, match="no program repairs wrong-code"):
        find(world)


def test_a_line_that_is_not_halted_has_nothing_to_recover(world: World) -> None:
    world.anchor_one()
    with pytest.raises(InvalidInput, match="not halted"):
        find(world)


def test_what_was_done_and_why_is_kept_and_a_reason_is_needed(world: World) -> None:
    worker = world.anchor_one()
    spend_nonce(world)
    world.store.request_batch()
    halted(world, worker, HaltReason.NONCE_TAKEN)
    store = world.line_store()
    store.take_lead()
    settle(world)
    repair = find(world)
    with pytest.raises(InvalidInput, match="say why"):
        Repairs(store, world.pins).perform(repair, what="x", because=" ", at=1)
    recover(world)
    with world.database.reading() as connection:
        kept = connection.execute(select(tables.repairs)).one()
    assert (kept.because, "The next nonce becomes 3" in kept.what) == ("tested", True)


def test_a_repair_found_before_the_line_changed_is_not_written(world: World) -> None:
    worker = sent(world)
    world.chain.evict()
    spend_nonce(world)
    halted(world, worker, HaltReason.NONCE_TAKEN)
    settle(world)
    world.die()
    stale = find(world)
    recover(world)
    store = world.line_store()
    store.take_lead()
    with pytest.raises(Conflict):
        Repairs(store, world.pins).perform(stale, what="x", because="twice", at=1)
