"""T6 and what a day may cost: more is offered with the same nonce, stored first, never above the limit."""

from dataclasses import replace

import pytest

from anchoring.batch import Fees, State, Target
from anchoring.checks import check_spending
from anchoring.fees import FREE_GAS, FeePolicy, bumped_fees, can_bump
from anchoring.line import ProblemKind, Spent
from anchoring.line_store import LineStore
from anchoring.worker import AnchorWorker, Did
from tests.anchoring.fake_chain import BASE_FEE, GAS_USED
from tests.anchoring.faults import Crash, Fault, faulty_worker
from tests.anchoring.world import World

GWEI = 10**9
DEAR = 100 * BASE_FEE


def sent(world: World) -> AnchorWorker:
    """Return a worker whose transaction waits in a mempool while gas is dear."""
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.PREPARED)
    world.chain.base_fee = DEAR
    assert worker.step().did is Did.SENT
    world.chain.mine()
    return worker


def patience(world: World) -> None:
    world.clock.now += world.policy.bump_after


def attempts(world: World) -> list[Fees]:
    batch = world.line_store().line().open_batch
    assert batch is not None
    return [attempt.fees for attempt in batch.in_flight().attempts]


def problem(world: World) -> tuple[str, str]:
    poll = world.store.last_poll()
    assert poll is not None
    return poll.problem_kind, poll.problem


@pytest.mark.parametrize("fee", [1, 7, 8, 9, 1000, 999_999_999_999])
def test_a_bump_raises_both_fees_by_an_eighth_rounded_up(fee: int) -> None:
    policy = FeePolicy(max_fee=10**15)
    bumped = bumped_fees(policy, Fees(fee, fee), Fees(1, 1))
    assert bumped.priority_fee == bumped.max_fee
    assert bumped.max_fee * 8 >= fee * 9
    assert (bumped.max_fee - 1) * 8 < fee * 9


def test_a_bump_follows_the_chain_where_it_asks_more_than_an_eighth() -> None:
    assert bumped_fees(FeePolicy(), Fees(100, 10), Fees(500, 20)) == Fees(500, 20)


def test_a_tip_of_nothing_rises_too() -> None:
    assert bumped_fees(FeePolicy(), Fees(100, 0), Fees(100, 0)) == Fees(113, 1)


def test_a_bump_never_passes_the_limit_and_the_tip_never_the_fee() -> None:
    policy = FeePolicy(max_fee=115)
    assert bumped_fees(policy, Fees(100, 100), Fees(200, 150)) == Fees(115, 115)
    assert bumped_fees(policy, Fees(100, 100), None) == Fees(113, 113)
    assert can_bump(policy, Fees(102, 1))
    assert not can_bump(policy, Fees(103, 1))


def test_a_price_of_our_own_and_free_gas_are_not_bumped() -> None:
    assert not can_bump(FeePolicy(legacy=True, gas_price=7), Fees(7, None))
    assert not can_bump(FREE_GAS, Fees(0, 0))
    assert can_bump(FeePolicy(legacy=True), Fees(7, None))
    assert bumped_fees(FeePolicy(legacy=True), Fees(7, None), Fees(9, None)) == Fees(9, None)


def test_a_transaction_that_is_not_included_is_offered_again_for_more_with_the_same_nonce(
    world: World,
) -> None:
    worker = sent(world)
    nonce = world.line_store().line().next_nonce
    patience(world)
    assert worker.step().did is Did.BUMPED
    world.chain.mine()
    assert worker.step().did is Did.SENT
    before, after = attempts(world)
    assert after.max_fee >= DEAR > before.max_fee
    world.run(worker, lambda step: step.did is Did.FINAL)
    assert world.line_store().line().next_nonce == nonce
    world.check_all_final(at_least=1)


def test_the_bump_is_stored_before_it_leaves(world: World) -> None:
    worker = sent(world)
    patience(world)
    waiting = dict(world.chain.mempool)
    assert worker.step().did is Did.BUMPED
    assert world.chain.mempool == waiting
    world.die()
    again = world.worker()
    assert again.step().did is Did.STARTED
    assert [tx.max_fee for tx in world.chain.mempool.values()] == [attempts(world)[-1].max_fee]


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
@pytest.mark.parametrize("call", ["signer.sign", "store.bump", "chain.send_raw", "store.move"])
def test_a_crash_around_a_bump_is_survived(world: World, call: str, fault: Fault) -> None:
    sent(world)
    world.die()
    armed = [False]
    worker = faulty_worker(world, lambda name: fault if armed[0] and name == call else Fault.NONE)
    assert worker.step().did is Did.STARTED
    patience(world)
    armed[0] = True
    with pytest.raises(Crash):
        world.run(worker, lambda step: step.did is Did.SEEN)
    world.die()
    world.anchor_one()
    world.check_all_final(at_least=1)


def test_a_reorganisation_sends_every_attempt_again_and_the_newest_first(world: World) -> None:
    worker = sent(world)
    patience(world)
    world.run(worker, lambda step: step.did is Did.SEEN)
    newest = attempts(world)[-1]
    world.chain.reorganise(world.chain.finality)
    assert worker.step().did is Did.LOST
    assert worker.step().did is Did.SENT
    assert [tx.max_fee for tx in world.chain.mempool.values()] == [newest.max_fee]
    world.run(worker, lambda step: step.did is Did.FINAL)
    world.check_all_final(at_least=1)


def test_an_older_attempt_that_was_mined_counts_as_well(world: World) -> None:
    worker = sent(world)
    old = dict(world.chain.mempool)
    patience(world)
    assert [worker.step().did for _ in range(2)] == [Did.BUMPED, Did.SENT]
    world.chain.mempool, world.chain.base_fee = old, BASE_FEE
    world.run(worker, lambda step: step.did is Did.FINAL)
    final = world.store.latest_final()
    assert final is not None
    assert final.tx_hash == next(iter(old.values())).tx_hash
    world.check_all_final(at_least=1)


def test_at_the_limit_it_is_only_sent_again_and_the_operator_is_told(world: World) -> None:
    world.fees = FeePolicy(max_fee=3 * BASE_FEE)
    worker = sent(world)
    patience(world)
    assert worker.step().did is Did.SENT
    assert len(attempts(world)) == 1
    kind, words = problem(world)
    assert kind == ProblemKind.FEE_LIMIT
    assert "no more may be offered" in words
    world.chain.base_fee = BASE_FEE
    world.run(worker, lambda step: step.did is Did.FINAL)
    assert problem(world) == ("", "")
    world.check_all_final(at_least=1)


@pytest.mark.parametrize(
    ("fees", "kind"),
    [
        (FeePolicy(legacy=True), ProblemKind.FEE_LIMIT),
        (FeePolicy(legacy=True, gas_price=0), ""),
    ],
)
def test_a_price_of_nothing_that_no_block_takes_is_told_unless_it_was_wished(
    world: World, fees: FeePolicy, kind: str
) -> None:
    world.fees = fees
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.PREPARED)
    world.chain.refusal = "transaction underpriced"
    assert worker.step().did is Did.SENT
    assert attempts(world) == [Fees(0, None)]
    patience(world)
    worker.step()
    assert problem(world)[0] == kind


def test_a_fee_that_rose_a_hundredfold_and_fell_doubles_nothing(world: World) -> None:
    world.fees = FeePolicy(max_fee=50 * BASE_FEE)
    worker = sent(world)
    for _ in range(60):
        world.clock.now += 30
        world.chain.mine()
        worker.step()
        world.check()
    offered = [fees.max_fee for fees in attempts(world)]
    assert offered == sorted(offered)
    assert offered[-1] <= 50 * BASE_FEE
    assert len(offered) > 2
    world.chain.base_fee = BASE_FEE
    world.run(worker, lambda step: step.did is Did.FINAL)
    world.check_all_final(at_least=1)


def test_the_opening_of_the_log_is_offered_for_more_too(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.OPENING_PREPARED)
    world.chain.base_fee = DEAR
    assert worker.step().did is Did.OPENING_SENT
    patience(world)
    assert [worker.step().did for _ in range(2)] == [Did.BUMPED, Did.OPENING_SENT]
    world.run(worker, lambda step: step.did is Did.OPENED)
    assert len(world.chain.executed(world.signer.address)) == 1


def test_a_transaction_that_ran_out_of_gas_is_tried_again_with_more(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.PREPARED)
    world.chain.gas_needed = 700_000
    world.run(worker, lambda step: step.did is Did.REQUEUED)
    assert world.store.batches()[0].state is State.SEALED
    world.run(worker, lambda step: step.did is Did.FINAL)
    limits = [(tx.gas, ok) for tx, ok in world.chain.executed(world.signer.address)[1:]]
    assert limits == [(400_000, False), (800_000, True)]
    assert world.line_store().spent(world.clock()).gas == GAS_USED + 400_000 + 700_000


def test_gas_is_not_doubled_for_ever(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.PREPARED)
    world.chain.gas_needed = 10**9
    halted = world.run(worker, lambda step: step.did is Did.HALTED)[-1]
    assert halted.detail.startswith("reverted: ")
    assert world.chain.executed(world.signer.address)[-1][0].gas == 6_400_000


def test_an_opening_that_ran_out_of_gas_is_tried_again_with_more(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.OPENING_PREPARED)
    world.chain.gas_needed = 700_000
    world.run(worker, lambda step: step.did is Did.REQUEUED)
    world.run(worker, lambda step: step.did is Did.OPENED)
    limits = [(tx.gas, ok) for tx, ok in world.chain.executed(world.signer.address)]
    assert limits == [(400_000, False), (800_000, True)]
    assert world.line_store().spent(world.clock()).gas == 400_000 + 700_000
    world.anchor_one(worker)


def test_an_opening_that_was_refused_is_not_bumped_while_that_is_not_final(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.OPENING_PREPARED)
    world.chain.gas_needed = 700_000
    assert worker.step().did is Did.OPENING_SENT
    world.chain.mine()
    patience(world)
    step = worker.step()
    assert (step.did, step.kind) == (Did.WAITED, ProblemKind.NONCE)


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
@pytest.mark.parametrize("call", ["signer.sign", "store.prepare_opening", "chain.send_raw"])
def test_a_crash_around_the_second_opening_is_survived(world: World, call: str, fault: Fault) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.OPENING_SENT)
    world.chain.gas_needed = 700_000
    for _ in range(world.chain.finality + 1):
        world.chain.mine()
    world.die()
    armed = [False]
    worker = faulty_worker(world, lambda name: fault if armed[0] and name == call else Fault.NONE)
    assert worker.step().did is Did.STARTED
    armed[0] = True
    with pytest.raises(Crash):
        world.run(worker, lambda step: step.did is Did.OPENED)
    world.die()
    world.anchor_one()
    assert [ok for _, ok in world.chain.executed(world.signer.address)] == [False, True, False, True]


def test_gas_for_the_opening_is_not_doubled_for_ever(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.OPENING_PREPARED)
    world.chain.gas_needed = 10**9
    halted = world.run(worker, lambda step: step.did is Did.HALTED)[-1]
    assert halted.detail.startswith("reverted: ")
    assert [tx.gas for tx, _ in world.chain.executed(world.signer.address)][-2:] == [3_200_000, 6_400_000]


def test_an_opening_that_was_refused_for_another_cause_is_not_tried_again(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.OPENING_PREPARED)
    world.chain.reverts = True
    halted = world.run(worker, lambda step: step.did is Did.HALTED)[-1]
    assert halted.detail.startswith("reverted: ")
    assert len(world.chain.executed(world.signer.address)) == 1


def spend(world: World, **limits: int) -> AnchorWorker:
    world.policy = replace(world.policy, **limits)
    worker = world.anchor_one()
    world.store.request_batch()
    world.run(worker, lambda step: step.did is Did.SEALED)
    return worker


@pytest.mark.parametrize(
    "limits",
    [{"daily_gas": 2 * GAS_USED + 399_999}, {"daily_wei": (2 * GAS_USED + 3 * 400_000) * BASE_FEE - 1}],
)
def test_beyond_the_days_limit_nothing_new_is_signed_and_the_log_goes_on(
    world: World, limits: dict[str, int]
) -> None:
    worker = spend(world, **limits)
    before = world.line_store().line().next_nonce
    step = worker.step()
    assert (step.did, step.kind) == (Did.WAITED, ProblemKind.DAILY_LIMIT)
    assert problem(world)[0] == ProblemKind.DAILY_LIMIT
    world.log.append(5)
    assert worker.step().did is Did.WAITED
    assert world.line_store().line().next_nonce == before
    world.clock.now += 86_400
    world.chain.mine()
    world.run(worker, lambda step: step.did is Did.FINAL)
    world.check_all_final(at_least=2)


def test_what_was_spent_survives_a_restart(world: World) -> None:
    spend(world, daily_gas=2 * GAS_USED + 399_999)
    world.die()
    worker = world.worker()
    assert [worker.step().did for _ in range(2)] == [Did.STARTED, Did.WAITED]


def test_the_days_limit_is_the_accounts_whatever_log_it_anchors(world: World) -> None:
    """A successor, or another contract, is no way to spend the limit once more."""
    spend(world, daily_gas=2 * GAS_USED + 399_999)
    world.die()
    target, account = world.pins.target, world.pins.account
    successor = replace(target, log_id=b"\x33" * 32)
    today = world.clock()

    def spent(where: Target, who: str) -> int:
        return LineStore(world.database, where, who, now=today).spent(today).gas

    assert spent(successor, account) == spent(target, account) == 2 * GAS_USED
    assert spent(replace(target, chain_id=5), account) == spent(successor, "0x" + "22" * 20) == 0
    assert check_spending(Spent(spent(successor, account)), 400_000, 0, world.policy) is not None


def test_a_bump_beyond_the_days_limit_is_not_signed(world: World) -> None:
    world.policy = replace(world.policy, daily_wei=400_000 * 4 * GWEI)
    worker = sent(world)
    patience(world)
    assert worker.step().did is Did.SENT
    assert len(attempts(world)) == 1
