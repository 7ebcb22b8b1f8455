"""Every reason to halt (T8): what causes it, that nothing is sent after it, and how the operator goes on."""

from dataclasses import replace

import pytest

from anchoring.batch import HaltReason, Head, SealedHead, State
from anchoring.worker import AnchorWorker, Did
from certlog.digests import RootHash
from certlog.errors import InvalidInput
from tests.anchoring.fake_chain import ChainState, FakeLogState, with_head
from tests.anchoring.fake_log import FakeLog
from tests.anchoring.world import World

FOREIGN = Head(4711, RootHash(b"\x47" * 32))


def halted(world: World, worker: AnchorWorker, reason: HaltReason, *words: str) -> None:
    """Require that the worker halts for this reason, and sends nothing afterwards."""
    step = world.run(worker, lambda step: step.did is Did.HALTED, steps=30)[-1]
    assert step.detail.startswith(f"{reason}: ")
    for word in words:
        assert word in step.detail
    sent = len(world.chain.executed(world.signer.address)) + len(world.chain.mempool)
    for _ in range(3):
        world.chain.mine()
        assert worker.step().did is Did.HALTED
    assert len(world.chain.executed(world.signer.address)) + len(world.chain.mempool) <= sent


def change_log(world: World, **changes: object) -> None:
    log_id = world.pins.target.log_id

    def change(state: ChainState) -> ChainState:
        changed: FakeLogState = replace(state.logs[log_id], **changes)  # type: ignore[arg-type]
        return replace(state, logs=state.logs | {log_id: changed})

    world.chain.change_state(change)


def test_another_chain_halts_the_line(world: World) -> None:
    worker = world.anchor_one()
    world.chain.id = 1
    halted(world, worker, HaltReason.WRONG_CHAIN, "expected chain id 31337", "states 1")


def test_another_chain_halts_the_line_at_the_start(world: World) -> None:
    world.chain.id = 1
    halted(world, world.worker(), HaltReason.WRONG_CHAIN)


def test_other_code_halts_the_line(world: World) -> None:
    worker = world.anchor_one()
    world.chain.code = b"\x00" * 32
    halted(world, worker, HaltReason.WRONG_CODE, "found 0000")


def test_a_head_that_this_database_never_sent_halts_the_line(world: World) -> None:
    worker = world.anchor_one()
    world.chain.change_state(lambda state: with_head(state, world.pins.target.log_id, FOREIGN))
    halted(world, worker, HaltReason.FOREIGN_HEAD, "size 4711")


def test_a_foreign_head_halts_the_line_while_a_batch_is_in_flight(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.SEALED)
    world.chain.change_state(lambda state: with_head(state, world.pins.target.log_id, FOREIGN))
    halted(world, worker, HaltReason.FOREIGN_HEAD)


def test_a_foreign_root_of_the_same_size_halts_the_line(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.PREPARED)
    size = world.store.batches()[0].size
    forged = Head(size, RootHash(b"\x66" * 32))
    world.chain.change_state(lambda state: with_head(state, world.pins.target.log_id, forged))
    halted(world, worker, HaltReason.FOREIGN_HEAD)


def test_a_new_anchorer_halts_the_line(world: World) -> None:
    worker = world.anchor_one()
    change_log(world, anchorer="0x" + "22" * 20)
    halted(world, worker, HaltReason.NOT_ANCHORER, "0x2222")


def test_a_sealed_log_halts_the_line(world: World) -> None:
    worker = world.anchor_one()
    change_log(world, is_sealed=True)
    halted(world, worker, HaltReason.LOG_SEALED)


def test_a_restored_backup_halts_instead_of_going_on(world: World) -> None:
    worker = world.anchor_one()
    saved = world.save()
    world.store.request_batch()
    world.anchor_one(worker)
    world.restore(saved)
    halted(world, world.worker(), HaltReason.FOREIGN_HEAD)


def test_a_backup_from_before_the_signature_halts_once_the_batch_is_anchored(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.SEALED)
    saved = world.save()
    world.anchor_one(worker)
    world.restore(saved)
    halted(world, world.worker(), HaltReason.FOREIGN_HEAD)


def test_an_empty_database_beside_an_anchored_log_halts(world: World) -> None:
    saved = world.save()
    world.anchor_one()
    world.restore(saved)
    halted(world, world.worker(), HaltReason.FOREIGN_HEAD)


def test_a_backup_from_before_the_signature_goes_on_while_the_transaction_only_waits(world: World) -> None:
    """The same nonce and call are signed again: the chain can take only one of the two."""
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.SEALED)
    saved = world.save()
    assert [worker.step().did for _ in range(2)] == [Did.PREPARED, Did.SENT]
    world.restore(saved)
    restored = world.worker()
    assert [restored.step().did for _ in range(3)] == [Did.STARTED, Did.PREPARED, Did.SENT]
    world.anchor_one(restored)
    world.check_all_final(at_least=1)


def test_a_key_used_elsewhere_halts_before_the_next_nonce_is_given_out(world: World) -> None:
    worker = world.anchor_one()
    account = world.signer.address
    world.chain.change_state(
        lambda state: replace(state, nonces=state.nonces | {account: state.nonces[account] + 1})
    )
    world.store.request_batch()
    halted(world, worker, HaltReason.NONCE_TAKEN, "2 in the database and 3 on the chain")


def test_a_nonce_spent_by_another_transaction_halts_once_that_is_final(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.PREPARED)
    assert worker.step().did is Did.SENT
    world.chain.evict()
    account = world.signer.address
    world.chain.change_state(
        lambda state: replace(state, nonces=state.nonces | {account: state.nonces[account] + 1})
    )
    assert worker.step().did is Did.WAITED  # not final yet
    halted(world, worker, HaltReason.NONCE_TAKEN, "not ours")


def test_a_transaction_that_the_contract_refused_halts_once_that_is_final(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.PREPARED)
    assert worker.step().did is Did.SENT
    world.chain.reverts = True
    world.chain.mine()
    world.chain.reverts = False
    halted(world, worker, HaltReason.REVERTED, "was refused")


def test_a_reorganisation_beyond_finality_halts_the_line(world: World) -> None:
    worker = world.anchor_one()
    depth = len(world.chain.blocks) - 1 - (world.store.batches()[0].block_number or 0) + 1
    world.chain.reorganise(depth, beyond_finality=True)
    world.chain.mine()
    halted(world, worker, HaltReason.FINALITY_VIOLATION, "batch 1")


def test_a_log_that_answers_other_bytes_for_the_open_batch_halts_the_start(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.SEALED)
    world.die()
    world.log.seals[1] -= 1
    halted(world, world.worker(), HaltReason.LOG_CONTRADICTS, "batch 1")


def test_a_log_that_lost_anchored_entries_halts_the_line(world: World) -> None:
    world.anchor_one()
    world.die()
    world.log = FakeLog()
    halted(world, world.worker(), HaltReason.LOG_CONTRADICTS, "the log holds 0")


def test_a_forked_log_is_never_signed_for(world: World) -> None:
    world.anchor_one()
    world.die()
    world.log = FakeLog(history="another entry")
    world.log.append(50)
    world.store.request_batch()
    halted(world, world.worker(), HaltReason.LOG_CONTRADICTS, "batch 2")
    assert [batch.state for batch in world.store.batches()] == [State.FINAL]


def test_a_log_of_another_origin_is_never_signed_for(world: World) -> None:
    class Renamed(FakeLog):
        def seal(self, batch_number: int) -> SealedHead:
            return replace(super().seal(batch_number), origin="other.example.vn")

    log = Renamed()
    halted(world, world.worker(source=log), HaltReason.LOG_CONTRADICTS, "other.example.vn")


def test_the_operator_lets_a_line_go_on_and_the_reason_is_kept(world: World) -> None:
    worker = world.anchor_one()
    world.chain.id = 1
    halted(world, worker, HaltReason.WRONG_CHAIN)
    world.chain.id = 31337
    world.store.leave_halt(world.pins.target, because="the endpoint was mistyped", at=world.clock())
    world.store.request_batch()
    world.anchor_one(worker)
    world.check_all_final(at_least=2)


def test_a_line_whose_cause_stands_halts_again(world: World) -> None:
    world.chain.code = b"\x00" * 32
    worker = world.worker()
    halted(world, worker, HaltReason.WRONG_CODE)
    world.store.leave_halt(world.pins.target, because="looked", at=world.clock())
    halted(world, worker, HaltReason.WRONG_CODE)


def test_leaving_needs_a_reason_and_a_halt(world: World) -> None:
    world.line_store()
    with pytest.raises(InvalidInput, match="say why"):
        world.store.leave_halt(world.pins.target, because=" ", at=1)
    with pytest.raises(InvalidInput, match="not halted"):
        world.store.leave_halt(world.pins.target, because="why not", at=1)
