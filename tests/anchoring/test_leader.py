"""The lead: one worker at a time, and one that lost its lock without knowing writes nothing any more."""

import pytest
from sqlalchemy import text

from anchoring.database import Fenced
from anchoring.worker import Did
from tests.anchoring.world import World


def lose_lock(world: World) -> None:
    """Take the first worker's lock away behind its back: as when its connection to the server breaks."""
    world.locks[0].release()
    world.locks[0].acquire = lambda: None  # type: ignore[method-assign]  # it believes that it still holds it


def test_a_worker_that_lost_its_lock_writes_nothing(world: World) -> None:
    first = world.worker()
    world.run(first, lambda step: step.did is Did.SEALED)
    lose_lock(world)
    second = world.worker()
    assert second.step().did is Did.STARTED
    step = first.step()
    assert (step.did, "leader 2 writes this line now" in step.detail) == (Did.OUTPACED, True)
    world.run(second, lambda step: step.did is Did.FINAL)
    world.check_all_final(at_least=1)


def test_each_kind_of_write_is_fenced(world: World) -> None:
    store = world.line_store()
    store.take_lead()
    world.line_store().take_lead()
    batch = world.log.seal(1)
    line = store.line()
    for write in (
        lambda: store.add_sealed(1, batch, line, at=1),
        lambda: store.prepare_opening(first_nonce=0, build=lambda _nonce: pytest.fail("signed")),
        lambda: store.mark_opened(at=1),
        lambda: store.record_problem("x", None, at=1),  # type: ignore[arg-type]
    ):
        with pytest.raises(Fenced, match="this worker is leader 1"):
            write()


def test_a_store_that_never_took_the_lead_writes_nothing(world: World) -> None:
    with pytest.raises(Fenced, match="this worker is leader None"):
        world.line_store().mark_opened(at=1)


@pytest.mark.parametrize("cluster", ["postgresql"], indirect=True)
def test_a_leader_whose_connection_breaks_asks_for_the_lock_again(world: World) -> None:
    first, second = world.worker(), world.worker()
    world.run(first, lambda step: step.did is Did.SEALED)
    assert second.step().did is Did.OUTPACED
    with world.database.reading() as connection:
        others = "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        mine = (
            " WHERE l.locktype = 'advisory' AND d.datname = current_database() AND l.pid <> pg_backend_pid()"
        )
        connection.execute(text(others + mine))
    assert second.step().did is Did.STARTED
    assert first.step().did in {Did.UNAVAILABLE, Did.OUTPACED}
    assert first.step().did is Did.OUTPACED
    world.run(second, lambda step: step.did is Did.FINAL)
    world.check_all_final(at_least=1)
    world.die()
    world.store.request_batch()
    world.run(first, lambda step: step.did is Did.FINAL)
    world.check_all_final(at_least=2)


def test_a_lock_that_was_given_back_is_free_at_once(world: World) -> None:
    for _ in range(20):
        assert world.worker().step().did is Did.STARTED
        world.die()
