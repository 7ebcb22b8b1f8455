"""Time passes: epochs, heartbeats and anchors keep a certificate green; without anchors it turns amber, never grey."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from anchoring.batch import HaltReason
from certlog.documents import SecuredDocument
from certlog.entry import EpochEntry, parse_entry
from certlog.status import StatusAction
from certlog.timestamps import parse_time
from tests.web.real import RealRegistry, id_of, make_real_registry
from verifier.report import Look, Remark, Report, Verdict
from web.wiring import open_services

NOW: Final = parse_time("2026-11-22T10:00:00+07:00")
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealRegistry]:
    made = make_real_registry(tmp_path / "data", clock=NOW)
    yield made
    made.close()


def report(real: RealRegistry, document: SecuredDocument) -> Report:
    return open_services(real.world.folder, real.world.surroundings).answers.by_id(id_of(document)).report


def anchored(real: RealRegistry) -> SecuredDocument:
    document = real.issue()
    real.anchor()
    real.poll()
    return document


def pass_time(real: RealRegistry, seconds: int, *, step: int = MINUTE) -> None:
    """Let time pass while the worker ticks; every tick is late by up to a step."""
    for _ in range(seconds // step):
        real.world.clock.time += step
        real.world.publisher.tick()


def test_every_entry_is_in_an_epoch_within_a_minute(real: RealRegistry) -> None:
    world = real.world
    document = real.issue()
    world.publisher.tick()
    previous, waited = world.clock(), []
    for turn in range(12):
        world.clock.time += 1 + turn * 7 % 53
        action = StatusAction.REINSTATE if turn % 2 else StatusAction.SUSPEND
        index, logged = world.logged(world.status(document, action)), world.clock()
        while (time := epoch_over(real, index)) is None:
            world.clock.time += 3  # a worker that is slow to tick
            world.publisher.tick()
        assert time >= previous
        previous = time
        waited.append(time - logged)
    assert max(waited) <= MINUTE


def epoch_over(real: RealRegistry, index: int) -> int | None:
    """Return the time of the first epoch after an entry."""
    for later in range(index + 1, real.world.registry.size()):
        stored = real.world.registry.entry(later)
        entry = None if stored is None else parse_entry(stored.data)
        if isinstance(entry, EpochEntry):
            return entry.epoch.time
    return None


def test_a_registry_in_which_nothing_happens_states_every_hour_that_it_stands(real: RealRegistry) -> None:
    document = anchored(real)
    pass_time(real, 12 * HOUR, step=20 * MINUTE)
    found = report(real, document)
    assert (found.verdict, found.look) == (Verdict.VALID, Look.GREEN)
    assert found.ages.signed is not None
    assert found.ages.signed <= HOUR
    assert found.ages.anchored == 12 * HOUR


def test_a_halted_anchorer_turns_green_amber_and_never_grey(real: RealRegistry) -> None:
    document = anchored(real)
    real.halt(HaltReason.FOREIGN_HEAD)
    for days, look in ((6, Look.GREEN), (2, Look.AMBER), (60, Look.AMBER)):
        pass_time(real, days * DAY, step=DAY)
        found = report(real, document)
        assert (found.verdict, found.look) == (Verdict.VALID, look)
        assert (Remark.ANCHOR_OLD in found.remarks) is (look is Look.AMBER)
    page = real.app.test_client().get(f"/en/c/{id_of(document)}").get_data(as_text=True)
    assert "Age of the newest anchor" in page
    assert "68 d" in page
    assert "Age of the signed status" in page
    answer = real.app.test_client().get(f"/api/v1/certificates/{id_of(document)}").json
    assert answer is not None
    assert (answer["verdict"], answer["look"], answer["anchorAge"]) == ("valid", "amber", 68 * DAY)


def test_without_the_worker_the_status_grows_too_old_and_that_is_grey(real: RealRegistry) -> None:
    # The control: it is the epochs that keep it green, not the anchors.
    document = anchored(real)
    real.world.clock.time += DAY + MINUTE
    real.poll()
    assert report(real, document).verdict is Verdict.CANNOT_CHECK


def test_a_withdrawal_shows_while_the_anchorer_is_halted(real: RealRegistry) -> None:
    document = anchored(real)
    real.halt(HaltReason.FOREIGN_HEAD)
    pass_time(real, DAY, step=DAY)
    real.world.logged(real.world.status(document, StatusAction.WITHDRAW))
    assert report(real, document).verdict is Verdict.WITHDRAWN
