"""A log that lets its files drip does not hold an audit or a monitor for ever, and an honest slow one is read."""

import http.server
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from certlog.checkpoint import Checkpoint, sign_checkpoint
from certlog.errors import Unavailable
from certlog.tile_reader import MissingTile
from certlog.tiles import tile_at
from cli.main import certlog
from tests.support.controls import Control, nothing, require_noticed
from tests.support.loopback import serving
from tests.support.served_log import put, write_log
from tests.support.small_log import SmallLog
from tests.verifier.audited import audited, codes, sample, states
from verifier.audit_parts import Part, State
from verifier.log_source import FolderSource
from verifier.mirror import Mirror
from verifier.patience import OutOfPatience, Patience, PatientSource


class SlowLog(FolderSource):
    """A log's files, each of which takes its time by a clock of its own; a part of them asks for another first."""

    is_the_log = True  # type: ignore[misc] # a folder that plays a web address

    def __init__(self, folder: Path, seconds: float) -> None:
        super().__init__(folder)
        self.seconds, self.now = seconds, 0.0
        self.asked: list[str] = []

    def read(self, path: str) -> bytes:
        self.asked.append(path)
        self.now += self.seconds
        return super().read(path)

    def patient(self, patience: Patience | None = None) -> PatientSource:
        return PatientSource(self, patience or Patience(), clock=lambda: self.now)


def read_on(source: PatientSource, path: str = "file", files: int = 2_000) -> None:
    """Read the same file again and again."""
    for _ in range(files):
        source.read(path)


def test_a_log_that_drips_is_asked_no_more_after_a_while(tmp_path: Path) -> None:
    log = SlowLog(tmp_path, 20)
    put(tmp_path, "file", bytes(1024))
    message = "is too slow: 16 files, 16 KiB in all, took 320 s, .*--within SECONDS"
    with pytest.raises(OutOfPatience, match=message):
        read_on(log.patient())
    assert len(log.asked) == 16


def test_what_comes_earns_time_for_more(tmp_path: Path) -> None:
    put(tmp_path, "file", bytes(1024))
    put(tmp_path, "large", bytes(1 << 20))
    far = SlowLog(tmp_path, 0.3)
    read_on(far.patient())
    assert far.now == pytest.approx(600)
    slow_line = SlowLog(tmp_path, 2.2)
    read_on(slow_line.patient(), "large")
    source = far.patient()
    for _ in range(2_000):
        with pytest.raises(MissingTile):
            source.read("a certificate that is not published")


def test_time_in_which_the_reader_computes_is_not_the_logs(tmp_path: Path) -> None:
    put(tmp_path, "file", b"")
    log = SlowLog(tmp_path, 1)
    source = log.patient(Patience.within(100))
    for _ in range(101):
        source.read("file")
        log.now += 3600
    with pytest.raises(OutOfPatience):
        source.read("file")
    source.begin()
    assert source.read("file") == b""


def test_answers_that_are_awaited_at_the_same_time_count_once(tmp_path: Path) -> None:
    log = SlowLog(tmp_path, 10)
    both = threading.Barrier(2)
    waiting = threading.Event()

    class Together(FolderSource):
        def read(self, path: str) -> bytes:
            both.wait()
            if path == "late":
                waiting.wait()
            return b""

    source = PatientSource(Together(tmp_path), Patience.within(100), clock=lambda: log.now)
    readers = [threading.Thread(target=source.read, args=(path,)) for path in ("early", "late")]
    for reader in readers:
        reader.start()
    readers[0].join()
    log.now += 100
    waiting.set()
    readers[1].join()
    both = threading.Barrier(1)
    assert source.read("early") == b""
    log.now += 1
    assert source.read("early") == b""


def test_without_the_look_at_the_time_it_would_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt() -> None:
        test_a_log_that_drips_is_asked_no_more_after_a_while(tmp_path)

    require_noticed(Control(PatientSource, "_require_patience", nothing, attempt), monkeypatch)


def one_after_another(mirror: Mirror, paths: Iterable[str]) -> Iterator[tuple[str, bytes | Unavailable]]:
    """Read ahead of nobody, so that a test knows which file is read last."""
    for path in paths:
        try:
            yield path, mirror.read(path)
        except Unavailable as error:
            yield path, error


def test_an_audit_of_such_a_log_accuses_nobody_and_goes_on_from_its_mirror(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mirror, "read_ahead", one_after_another)
    log, _ = sample(600)
    slow = SlowLog(write_log(log, tmp_path / "log"), 20)
    mirror = tmp_path / "mirror"
    # The checkpoint, a bundle, the edge, its whole tile, another bundle: five answers.
    found = audited(log, slow.patient(Patience.within(85)), folder=mirror)
    assert codes(found) == []
    assert {Part.TREE, Part.LISTS} <= {
        part for part, state in states(found).items() if state is State.NOT_CHECKED
    }
    assert found.new_state() is None
    assert len(slow.asked) == 5
    assert (mirror / tile_at(log.size, None, 0).path).is_file()
    # What was not compared with the tree is not kept.
    assert not (mirror / tile_at(log.size, None, 1).path).exists()
    again = SlowLog(tmp_path / "log", 0.1)
    found = audited(log, again.patient(), folder=mirror)
    assert (codes(found), found.log_is_right) == ([], True)
    assert tile_at(log.size, None, 0).path not in again.asked


def test_a_size_that_no_log_has_is_no_reason_to_wait(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path)
    huge = sign_checkpoint(Checkpoint(log.origin, 2**62, log.tree.root()), log.log_key)
    put(folder, "checkpoint", huge.encode())
    log_source = SlowLog(folder, 1)
    found = audited(log, log_source.patient())
    assert states(found)[Part.TREE] is State.FINDING
    assert len(log_source.asked) < 50


@contextmanager
def dripping(folder: Path, seconds: float) -> Iterator[str]:
    """Serve a folder; each answer takes its time."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type] # as the server calls it

        def do_GET(self) -> None:
            time.sleep(seconds)
            super().do_GET()

        def log_message(self, *_: object) -> None:
            return None

    with serving(Handler) as url:
        yield url


@pytest.mark.parametrize("command", ["audit", "monitor"])
def test_the_commands_end_and_say_what_to_do(command: str, tmp_path: Path) -> None:
    log = SmallLog()
    log.close()
    write_log(log, tmp_path / "log")
    root = tmp_path / "trust-root.json"
    root.write_bytes(log.trust_root().to_bytes())
    folder = ["--offline"] if command == "audit" else ["--folder", str(tmp_path / "watch"), "--no-chain"]
    with dripping(tmp_path / "log", 1.2) as url:
        words = [command, url, "--trust-root", str(root), *folder, "--within", "1", "--lang", "en"]
        result = CliRunner().invoke(certlog, words)
    assert result.exit_code == 3, result.output
    assert "is too slow: 1 files" in result.output
    assert "--within SECONDS" in result.output
