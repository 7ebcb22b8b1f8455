"""What an operator sees of tiles: the commands, the doctor, and a worker whose store is not there yet."""

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from certlog.errors import Unavailable
from cli import registry_worker
from cli.doctor_findings import Level, examine
from cli.doctor_registry import registry_checks
from cli.main import certlog
from cli.registry_worker import check_thread, start
from registry.last_signed_head import SigningHalted
from storage.tile_folder import TileFolder
from tests.registry.test_tiles import ON_SQLITE, flip, grow, head, use_store
from tests.support.registry import RegistryWorld


@pytest.fixture
def grown(enrolled: RegistryWorld) -> RegistryWorld:
    """Return a registry with 260 entries signed."""
    enrolled.publisher.start()
    grow(enrolled, 256)
    enrolled.publisher.tick()
    return enrolled


def run(world: RegistryWorld, command: str) -> Result:
    """Run a command of `certlog registry tiles`."""
    return CliRunner().invoke(certlog, ["registry", "tiles", command, "--data", str(world.folder.path)])


def looked(world: RegistryWorld) -> list[tuple[Level, str, str]]:
    """Return what the doctor finds about tiles."""
    checks = registry_checks(world.folder.path, world.surroundings.environ, world.clock)
    check = next(check for check in checks if check.subject == "tiles")
    return [(found.level, found.text, found.remedy) for found in examine(check)]


@ON_SQLITE
def test_check_says_that_all_is_as_it_was_signed(grown: RegistryWorld) -> None:
    done = run(grown, "check")
    assert done.exit_code == 0
    assert done.output == f"260 entries: database and {grown.folder.tiles} are what was signed\n"
    assert [level for level, _, _ in looked(grown)] == [Level.GOOD]


@ON_SQLITE
def test_damaged_and_missing_tiles_are_named_and_written_anew(grown: RegistryWorld) -> None:
    flip(grown.folder.tiles / "tile/0/000")
    (grown.folder.tiles / "tile/entries/001.p/4").unlink()
    done = run(grown, "check")
    assert isinstance(done.exception, Unavailable)  # status 3
    assert "tiles: tile/0/000: other hashes than those of the entries\n" in done.output
    assert "tiles holds no tile/entries/001.p/4\n" in done.output
    assert str(done.exception) == (
        "2 files are not what was signed, the database is: run certlog registry tiles repair"
    )
    done = run(grown, "repair")
    assert (done.exit_code, done.output.endswith(f"2 files written in {grown.folder.tiles}\n")) == (0, True)
    assert run(grown, "check").exit_code == 0


@ON_SQLITE
def test_a_damaged_database_is_told_and_nothing_is_written_from_it(grown: RegistryWorld) -> None:
    flip(grown.folder.tiles / "tile/entries/001.p/4")
    damaged = (grown.folder.tiles / "tile/entries/001.p/4").read_bytes()
    grown.place.damage("UPDATE entries SET data = x'7B7D' WHERE leaf_index = 8")
    for command in ("check", "repair"):
        done = run(grown, command)
        assert isinstance(done.exception, Unavailable)
        assert "database: entry 8: missing, or its bytes do not have its stored hash\n" in done.output
        assert "some of them in the database: stop the registry and restore a backup" in str(done.exception)
    assert (grown.folder.tiles / "tile/entries/001.p/4").read_bytes() == damaged


@ON_SQLITE
def test_the_doctor_names_a_damaged_edge_and_a_store_that_cannot_be_read(grown: RegistryWorld) -> None:
    edge = grown.folder.tiles / "tile/0/001.p/4"
    good = edge.read_bytes()
    flip(edge)
    ((level, text, remedy),) = looked(grown)
    assert (level, "tile/0/001.p/4" in text) == (Level.BAD, True)
    assert remedy == f"certlog registry tiles check --data {grown.folder.path}"
    edge.unlink()
    edge.mkdir()
    ((level, text, remedy),) = looked(grown)
    assert (level, "cannot read" in text) == (Level.BAD, True)
    assert remedy.startswith("entries are logged meanwhile")
    edge.rmdir()
    edge.write_bytes(good)
    assert [level for level, _, _ in looked(grown)] == [Level.GOOD]


class _Later(TileFolder):
    """A store that answers from its third call on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.calls = 0

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write, or be down."""
        self.calls += 1
        if self.calls < 3:
            message = "the store is down"
            raise Unavailable(message)
        super().write(files)


@ON_SQLITE
def test_a_worker_whose_store_is_down_says_so_and_starts_when_it_answers(enrolled: RegistryWorld) -> None:
    said: list[str] = []
    use_store(enrolled, _Later(enrolled.folder.tiles))
    start(enrolled.publisher, 0.01, threading.Event(), tell=said.append, now=enrolled.clock)
    assert said == ["publishing waits: the store is down", "publishing goes on"]
    assert head(enrolled).size >= 4


@ON_SQLITE
def test_a_log_that_is_not_the_one_that_was_signed_ends_the_worker(grown: RegistryWorld) -> None:
    flip(grown.folder.tiles / "tile/0/001.p/4")
    with pytest.raises(SigningHalted):
        start(grown.publisher, 0.01, threading.Event(), tell=lambda _: None, now=grown.clock)


@ON_SQLITE
def test_the_daily_check_says_what_it_finds_and_goes_on_when_it_is_mended(
    grown: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_worker, "LOOK", 0.01)
    monkeypatch.setattr(registry_worker, "AFTER_DAMAGE", 0.01)
    flip(grown.folder.tiles / "tile/0/000")
    grown.clock.time += 86_400
    said, told, stop = list[str](), threading.Event(), threading.Event()

    def tell(text: str) -> None:
        said.append(text)
        told.set()

    thread = check_thread(grown.publisher, stop, tell, grown.clock)
    thread.start()
    assert told.wait(20)
    grow(grown, 1)
    with pytest.raises(SigningHalted, match="tile/0/000: other hashes"):
        grown.publisher.tick()
    stop.set()
    thread.join()
    assert said[0].startswith(
        "SIGNING HAS STOPPED: tile/0/000: other hashes than those of the entries (1 such"
    )
    assert run(grown, "repair").exit_code == 0
    grown.publisher.check_when_due()
    grown.publisher.tick()
    assert head(grown).size >= 261
