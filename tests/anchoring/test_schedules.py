"""The real worker under crashes, lost replies, stale nodes, reorganisations and evictions; and planted defects."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from anchoring.batch import Transaction
from anchoring.ports import UnsignedTransaction
from anchoring.worker import AnchorWorker
from certlog.errors import Unavailable
from tests.anchoring.fake_chain import CONTRACT, FakeChain
from tests.anchoring.faults import (
    Crash,
    CrashAt,
    FinalAtOneConfirmation,
    StateOfNewestBlock,
    defective,
    faulty_worker,
)
from tests.anchoring.schedule import Violation, run_life
from tests.anchoring.world import World, make_world
from tests.support.databases import Place, new_place

LIVES = 4
DEFECT_LIVES = 25
SQLITE = pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
"""A planted defect is the worker's, whatever the database."""


def worlds(folder: Path, template: Place, seeds: Iterable[int]) -> Iterator[tuple[int, World]]:
    for seed in seeds:
        (folder / str(seed)).mkdir()
        with new_place(folder / str(seed) / "anchoring.db", template.cluster, template) as place:
            world = make_world(folder / str(seed), place)
            try:
                yield seed, world
            finally:
                world.die()
                world.database.close()


@pytest.mark.parametrize(("cluster", "first"), [("postgresql", 0)], indirect=["cluster"])
def test_random_lives_lose_double_and_falsely_finish_nothing(
    tmp_path: Path, template: Place, first: int
) -> None:
    seeds = range(first, first + LIVES)
    lives = [run_life(world, seed) for seed, world in worlds(tmp_path, template, seeds)]
    assert sum(life.batches for life in lives) > 2 * LIVES
    assert sum(life.crashes for life in lives) > 5 * LIVES


def test_a_crash_at_any_point_of_a_life_is_survived(tmp_path: Path, template: Place) -> None:
    # Each point is a database of its own, which a server takes longer to make.
    every = 1 if template.cluster is None else 6
    for point, world in worlds(tmp_path, template, itertools.count(step=every)):
        plan = CrashAt(point)
        worker = faulty_worker(world, plan)
        try:
            world.anchor_one(worker)
        except Crash:
            world.die()
            if world.store.latest_final() is None:
                world.anchor_one()
        world.check_all_final(at_least=1)
        if not plan.crashed:
            assert point > 40
            return


class NewNonceOnError(AnchorWorker):
    """Planted defect: an unanswered send is tried again as a new transaction."""

    def _send(self, transaction: Transaction) -> str:
        answer = super()._send(transaction)
        if not answer.startswith("no answer"):
            return answer
        attempt = transaction.attempts[0]
        again = UnsignedTransaction(
            transaction.chain_id,
            transaction.nonce + 1,
            CONTRACT,
            transaction.calldata,
            transaction.gas,
            attempt.fees,
        )
        try:
            return self._chain.send_raw(self._signer.sign(again, self._now()).raw).message
        except Unavailable:
            return answer


def find_violation(
    folder: Path, template: Place, prepare: Callable[[World], FakeChain | None]
) -> Violation | None:
    for seed, world in worlds(folder, template, range(DEFECT_LIVES)):
        try:
            run_life(world, seed, chain=prepare(world))
        except Violation as violation:
            world.die()
            return violation
    return None


@SQLITE
@pytest.mark.parametrize(
    ("defect", "symptom"),
    [(FinalAtOneConfirmation, "is FINAL and not in finalized"), (StateOfNewestBlock, "is FINAL and not in")],
)
def test_planted_defect_in_finality_is_found(
    tmp_path: Path, template: Place, defect: type[FakeChain], symptom: str
) -> None:
    violation = find_violation(tmp_path, template, lambda world: defective(defect, world.chain))
    assert symptom in str(violation)


@SQLITE
def test_planted_new_nonce_on_error_is_found(tmp_path: Path, template: Place) -> None:
    def prepare(world: World) -> FakeChain | None:
        world.worker_class = NewNonceOnError
        return None

    assert find_violation(tmp_path, template, prepare) is not None
