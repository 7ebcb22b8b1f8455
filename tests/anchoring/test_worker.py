"""The worker's ordinary life on a fake chain: opening, T1 to T5 and T7, policy, trouble that passes."""

import threading
from dataclasses import replace

import pytest

from anchoring.batch import State
from anchoring.fees import FeePolicy
from anchoring.worker import AnchorWorker, Did, Step
from certlog.errors import InvalidInput
from tests.anchoring.faults import Fault, faulty_worker
from tests.anchoring.world import World


def did(steps: list[Step]) -> list[Did]:
    return [step.did for step in steps if step.did is not Did.WAITED]


def state_of(world: World) -> State:
    return world.store.batches()[0].state


def run_to(world: World, worker: AnchorWorker, wanted: Did) -> None:
    world.run(worker, lambda step: step.did is wanted)


def test_a_batch_goes_from_sealed_to_final_step_by_step(world: World) -> None:
    taken = world.run(world.worker(), lambda step: step.did is Did.FINAL)
    assert did(taken) == [
        Did.STARTED,
        Did.OPENING_PREPARED,
        Did.OPENING_SENT,
        Did.OPENED,
        Did.SEALED,
        Did.PREPARED,
        Did.SENT,
        Did.SEEN,
        Did.FINAL,
    ]
    world.check_all_final(at_least=1)


def test_the_final_batch_says_which_transaction_and_block_anchored_it(world: World) -> None:
    world.anchor_one()
    final = world.store.latest_final()
    assert final is not None
    assert final.tx_hash is not None
    assert final.block_number is not None
    mined = [tx.tx_hash for tx, _ in world.chain.blocks[final.block_number].transactions]
    assert mined == [final.tx_hash]
    assert final.block_time == world.chain.blocks[final.block_number].header.time


def test_the_second_batch_builds_on_the_first(world: World) -> None:
    worker = world.anchor_one()
    world.log.append(5)
    world.clock.now += world.policy.max_delay
    world.anchor_one(worker)
    world.check_all_final(at_least=2)


def test_entries_wait_for_the_delay_and_only_make_the_next_batch_larger(world: World) -> None:
    worker = world.anchor_one()
    world.log.append(5)
    assert worker.step().did is Did.WAITED
    world.log.append(5)
    world.clock.now += world.policy.max_delay
    assert worker.step().did is Did.SEALED
    assert world.store.batches()[0].size == 3 + 1 + 10 + 1


def test_many_entries_are_anchored_at_once(world: World) -> None:
    worker = world.anchor_one()
    world.log.append(world.policy.max_entries)
    assert worker.step().did is Did.SEALED


def test_a_request_is_served_once_and_at_once(world: World) -> None:
    worker = world.anchor_one()
    world.store.request_batch()
    world.anchor_one(worker)
    assert worker.step().did is Did.WAITED


def test_a_heartbeat_anchors_a_log_in_which_nothing_happened(world: World) -> None:
    worker = world.anchor_one()
    world.clock.now += world.policy.heartbeat
    assert worker.step().did is Did.SEALED


def test_a_reorganisation_before_finality_is_anchored_again_without_a_new_nonce(world: World) -> None:
    worker = world.worker()
    run_to(world, worker, Did.SEEN)
    world.chain.reorganise(world.chain.finality)
    assert worker.step().did is Did.LOST
    assert worker.step().did is Did.SENT
    run_to(world, worker, Did.FINAL)
    world.check_all_final(at_least=1)


def test_a_reorganisation_in_the_middle_of_a_look_decides_nothing(world: World) -> None:
    """Head and anchor were read of two histories then, and a head that "was never sent" halted the line."""

    def turn(call: str) -> Fault:
        if call == "chain.anchored_at" and armed:
            armed.clear()
            world.chain.reorganise(1)
        return Fault.NONE

    armed = list[bool]()
    worker = faulty_worker(world, turn)
    run_to(world, worker, Did.PREPARED)
    assert worker.step().did is Did.SENT
    world.chain.mine()
    armed.append(True)
    step = worker.step()
    assert (step.did, "was reorganised at block" in step.detail) == (Did.UNAVAILABLE, True)
    run_to(world, worker, Did.FINAL)
    world.check_all_final(at_least=1)


def test_an_evicted_transaction_leaves_again_after_a_while(world: World) -> None:
    worker = world.worker()
    run_to(world, worker, Did.PREPARED)
    assert worker.step().did is Did.SENT
    world.chain.evict()
    assert worker.step().did is Did.WAITED
    world.clock.now += world.policy.rebroadcast_after
    assert worker.step().did is Did.SENT
    run_to(world, worker, Did.FINAL)
    world.check_all_final(at_least=1)


@pytest.mark.parametrize("lost", [Fault.LOST_REQUEST, Fault.LOST_REPLY])
def test_no_answer_to_a_send_counts_as_sent_and_spends_no_second_nonce(world: World, lost: Fault) -> None:
    worker = faulty_worker(world, lambda call: lost if call == "chain.send_raw" else Fault.NONE)
    run_to(world, worker, Did.OPENING_SENT)
    world.die()
    opened = world.worker()
    run_to(world, opened, Did.PREPARED)
    world.die()
    assert faulty_worker(world, lambda call: lost if call == "chain.send_raw" else Fault.NONE).step().did is (
        Did.STARTED
    )
    assert state_of(world) is State.BROADCAST
    world.die()
    world.anchor_one()
    world.check_all_final(at_least=1)


def test_a_refused_send_is_sent_all_the_same_and_its_words_are_kept(world: World) -> None:
    worker = world.worker()
    run_to(world, worker, Did.PREPARED)
    world.chain.refusal = "insufficient funds for gas * price + value"
    assert worker.step().did is Did.SENT
    batch = world.line_store().line().open_batch
    assert batch is not None
    assert "insufficient funds" in batch.in_flight().last_answer
    world.chain.refusal = ""
    world.clock.now += world.policy.rebroadcast_after
    run_to(world, worker, Did.FINAL)
    world.check_all_final(at_least=1)


def test_an_unreachable_node_is_recorded_with_its_reason_and_nothing_is_lost(world: World) -> None:
    down = [False]
    worker = faulty_worker(
        world, lambda call: Fault.LOST_REQUEST if down[0] and call.startswith("chain") else Fault.NONE
    )
    run_to(world, worker, Did.SENT)
    down[0] = True
    assert worker.step().did is Did.UNAVAILABLE
    poll = world.store.last_poll()
    assert poll is not None
    assert "connection refused" in poll.problem
    assert poll.finalized_number is not None
    assert state_of(world) is State.BROADCAST
    down[0] = False
    run_to(world, worker, Did.FINAL)
    poll = world.store.last_poll()
    assert poll is not None
    assert poll.problem == ""
    world.check_all_final(at_least=1)


def test_a_node_that_fell_behind_decides_nothing(world: World) -> None:
    worker = world.anchor_one()
    blocks = world.chain.blocks
    world.chain.blocks = blocks[:-4]
    step = worker.step()
    assert (step.did, "the node is behind" in step.detail) == (Did.WAITED, True)
    world.chain.blocks = blocks
    world.store.request_batch()
    world.anchor_one(worker)


def test_nothing_is_signed_while_the_newest_block_is_old(world: World) -> None:
    worker = world.worker()
    run_to(world, worker, Did.SEALED)
    world.clock.now += world.policy.max_head_age + 1
    step = worker.step()
    assert (step.did, "s old" in step.detail) == (Did.WAITED, True)
    assert state_of(world) is State.SEALED


def test_nothing_is_signed_while_gas_is_too_dear(world: World) -> None:
    worker = world.worker()
    run_to(world, worker, Did.SEALED)
    world.die()
    world.fees = FeePolicy(max_fee=1)
    worker = world.worker()
    run_to(world, worker, Did.UNAVAILABLE)
    assert state_of(world) is State.SEALED


def test_legacy_transactions_at_price_zero_anchor_as_well(world: World) -> None:
    world.fees = FeePolicy(legacy=True, max_fee=0)
    world.anchor_one()
    raw = world.chain.executed(world.signer.address)[-1][0].raw
    assert raw[0] >= 0xC0  # a list: type 0
    world.check_all_final(at_least=1)


def test_a_log_of_another_owner_is_waited_for_and_then_used(world: World) -> None:
    pins = replace(world.pins, owns_log=False)
    worker = world.worker(pins=pins)
    step = world.run(worker, lambda step: step.did is Did.WAITED)[-1]
    assert "certlog anchor open-log" in step.detail
    opener = world.worker()
    world.die()
    run_to(world, opener, Did.OPENED)
    world.die()
    world.anchor_one(worker)


def test_a_second_worker_waits_while_the_first_lives(world: World) -> None:
    first, second = world.worker(), world.worker()
    run_to(world, first, Did.SENT)
    assert second.step().did is Did.OUTPACED
    world.die()
    run_to(world, second, Did.FINAL)
    world.check_all_final(at_least=1)


def test_two_workers_without_a_lock_still_anchor_everything_once(world: World) -> None:
    """The lock is for liveness: take it away, and constraints and compare-and-swap must be enough."""
    workers = []
    for _ in range(2):
        workers.append(world.worker())
        workers[-1]._lock.acquire = lambda: None  # type: ignore[method-assign]
    for turn in range(120):
        workers[turn % 2].step()
        if turn % 3 == 0:
            world.chain.mine()
        if turn % 20 == 0:
            world.store.request_batch()
        world.check()
    assert len(world.store.batches()) > 2


def test_the_wrong_key_is_refused_before_anything_is_sent(world: World) -> None:
    pins = replace(world.pins, account="0x" + "11" * 20)
    with pytest.raises(InvalidInput, match="expected the key of 0x1111"):
        world.worker(pins=pins)


def test_run_stops_when_told_and_gives_the_lock_back(world: World) -> None:
    stop, seen = threading.Event(), list[Step]()

    def report(step: Step) -> None:
        seen.append(step)
        world.chain.mine()
        if step.did is Did.FINAL:
            stop.set()

    world.worker().run(stop, lambda _seconds: None, report=report)
    assert seen[-1].did is Did.FINAL
    assert world.worker().step().did is Did.STARTED


def test_run_waits_ever_longer_while_the_node_is_down(world: World) -> None:
    stop, waits = threading.Event(), list[float]()

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 8:
            stop.set()

    worker = faulty_worker(
        world, lambda call: Fault.LOST_REQUEST if call.startswith("chain.") else Fault.NONE
    )
    worker.run(stop, sleep, poll=1)
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
