"""The doctor at a desk and at a registry without a chain: each thing that may be wrong is found, one at a time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from certlog.trust_root import TrustRoot
from cli import doctor_desk
from cli.doctor import doctor, findings
from cli.doctor_findings import Finding, Level
from cli.doctor_registry import CLOCK_TOLERANCE, LATE, registry_checks
from storage.sqlite import Sqlite
from tests.support.desk import Desk
from tests.support.http_fake_registry import serving
from tests.support.registry import RegistryWorld, as_submission, make_world


class Usage(NamedTuple):
    """What shutil.disk_usage returns."""

    total: int
    used: int
    free: int


def found_at(desk: Path | None, registry: str | None = None) -> dict[str, Finding]:
    """Return the worst finding on each subject of a desk."""
    order = list(Level)
    worst: dict[str, Finding] = {}
    for finding in findings(None, desk, registry):
        kept = worst.setdefault(finding.subject, finding)
        if order.index(finding.level) > order.index(kept.level):
            worst[finding.subject] = finding
    return worst


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk.at(tmp_path / "out")
    made.issue()
    return made


def test_nothing_is_wrong_at_a_desk_whose_entries_are_logged(desk: Desk) -> None:
    found = found_at(desk.folder)

    assert {name: found[name].level for name in ("printing", "reading", "journal")} == dict.fromkeys(
        ("printing", "reading", "journal"), Level.GOOD
    )


def test_entries_that_wait_at_a_desk_are_found_with_the_command_that_sends_them(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path / "out")
    desk.issue(submit=False)

    journal = found_at(desk.folder)["journal"]

    assert (journal.level, journal.text) == (Level.WARNING, "40 signed entries are not known to be logged")
    assert journal.remedy == f"certlog issuer submit --out {desk.folder}"


def test_a_desk_without_a_journal_is_a_finding(tmp_path: Path) -> None:
    journal = found_at(tmp_path)["journal"]

    assert (journal.level, "there is no journal" in journal.text) == (Level.BAD, True)


def test_a_desk_of_another_log_than_the_registry_named_is_found(desk: Desk) -> None:
    with serving(desk.registry) as server:
        assert found_at(desk.folder, server.address)["registry"].level is Level.GOOD
        desk.registry.name = "khac.example.vn"
        found = found_at(desk.folder, server.address)["registry"]

    assert (found.level, "belongs to the log registry.example.vn" in found.text) == (Level.BAD, True)


def test_fonts_without_a_letter_and_a_missing_reader_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_desk, "find_unprintable", lambda _: "Ẫ")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "lxml" else object())

    found = found_at(None, "http://127.0.0.1:9")

    assert (found["printing"].level, found["printing"].text) == (Level.BAD, "no font has Ẫ")
    assert found["reading"].remedy == "pip install 'certlog[dcc]'"
    assert found["registry"].level is Level.BAD


@pytest.mark.parametrize(
    ("gibibytes", "level"), [(0.9, Level.BAD), (1.1, Level.WARNING), (9.9, Level.WARNING), (11, Level.GOOD)]
)
def test_a_disk_that_is_nearly_full_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gibibytes: float, level: Level
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(0, 0, int(gibibytes * 1024**3)))

    assert found_at(tmp_path)["disk"].level is level


def test_trouble_ends_the_command_with_one_and_a_warning_with_nought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = []
    for gibibytes in (0, 5):
        monkeypatch.setattr("shutil.disk_usage", lambda _, free=gibibytes: Usage(0, 0, free * 1024**3))
        Desk.at(tmp_path).issue()
        statuses.append(CliRunner().invoke(doctor, ["--desk", str(tmp_path)]).exit_code)

    assert statuses == [1, 0]


@pytest.fixture
def world(tmp_path: Path) -> Any:
    made = make_world(tmp_path / "data")
    made.publisher.start()
    made.enrol()
    yield made
    made.close()


def looked(world: RegistryWorld, subject: str, later: int = 0) -> list[tuple[Level, str]]:
    """Return what the doctor finds on one subject, some seconds later."""
    checks = registry_checks(world.folder.path, {}, lambda: world.clock.time + later)
    look: Callable[[], Any] = next(check.look for check in checks if check.subject == subject)
    return [(finding.level, finding.text) for finding in look()]


def test_an_address_without_encryption_and_an_open_folder_are_found(world: RegistryWorld) -> None:
    text = world.folder.settings.read_text("utf-8")
    world.folder.settings.write_text(text.replace("https://", "http://"), "utf-8")
    world.folder.path.chmod(0o755)

    assert any("without encryption" in text for _, text in looked(world, "settings"))
    assert any("others may look into" in text for _, text in looked(world, "keys"))


def test_entries_that_nobody_signs_are_found(world: RegistryWorld) -> None:
    world.publisher.tick()
    slot = world.slot()
    world.logged(as_submission(world.certificate(slot=slot), slot))
    interval = world.settings.epoch_interval

    told = "4 of 5 entries are signed, the others are new"
    assert looked(world, "worker", interval + LATE) == [(Level.GOOD, told)]
    assert looked(world, "worker", interval + LATE + 1) == [(Level.BAD, "1 entries wait for a signed head")]


def test_epochs_of_a_worker_that_may_not_sign_hide_nothing(
    world: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that holds an old log key goes on appending epochs: the newest is never old."""
    world.publisher.tick()
    slot = world.slot()
    world.logged(as_submission(world.certificate(slot=slot), slot))
    world.clock.time += world.settings.epoch_interval + LATE + 1
    monkeypatch.setattr(world.publisher, "_sign_waiting", lambda: None)
    world.publisher.tick()
    assert looked(world, "worker") == [(Level.BAD, "2 entries wait for a signed head")]


def test_a_clock_may_be_behind_by_its_tolerance_and_no_more(world: RegistryWorld) -> None:
    world.publisher.tick()

    assert [level for level, _ in looked(world, "worker", -CLOCK_TOLERANCE)] == [Level.GOOD]
    assert looked(world, "worker", -CLOCK_TOLERANCE - 1)[0] == (
        Level.BAD,
        f"the clock is {CLOCK_TOLERANCE + 1} s behind the last epoch",
    )


def test_what_sqlite_finds_wrong_with_its_pages_is_told(
    world: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert looked(world, "database")[0][0] is Level.GOOD
    monkeypatch.setattr(Sqlite, "damage", lambda *_: "row 1 missing from index x")

    assert looked(world, "database") == [
        (Level.BAD, f"{world.folder.database} is damaged: row 1 missing from index x")
    ]


def test_a_lost_trust_root_and_one_without_a_chain_are_found(world: RegistryWorld) -> None:
    root = world.folder.trust_root
    named = TrustRoot.parse(root.read_bytes())
    assert (named.chains, looked(world, "trust-root")[-1][0]) == ((), Level.WARNING)
    root.unlink()

    assert looked(world, "trust-root") == [(Level.BAD, f"{root} is missing")]
