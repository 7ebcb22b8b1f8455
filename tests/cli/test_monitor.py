"""`certlog monitor` as people and schedulers run it: once, again, killed in between, with a receiver that is down."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from certlog.checkpoint import open_checkpoint
from certlog.digests import DocumentHash
from certlog.slots import Slot
from cli import monitor_run
from cli.main import certlog
from cli.outbox import Outbox
from registry.witnessing import WitnessAnswer
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.controls import Control, require_failure
from tests.support.log_files import files_of
from tests.support.served_log import put, write_log
from tests.support.signing import ed25519
from tests.support.small_log import DESIGNATION, SmallLog
from tests.support.witness import send, served
from verifier.monitor import Look
from verifier.monitor_mine import shown_id
from verifier.monitor_state import FRAME
from verifier.webhook_signature import check_webhook, parse_secret

ISSUER: Final = ed25519("issuer")
AGES: Final = ("--max-head-age", str(10**9))
"""The sample log's time stands still."""
LATER: Final = time.time() + 600
"""When what was put off is due."""


class Place:
    """A log in a folder, a trust root, and the monitor's own folder."""

    def __init__(self, path: Path) -> None:
        self.path, self.log = path, SmallLog()
        self.log.enrol(ISSUER.public_key, SAMPLE_DID, DESIGNATION)
        self.trust_root = path / "trust-root.json"
        self.trust_root.write_bytes(self.log.trust_root().to_bytes())
        self.close()

    @property
    def folder(self) -> Path:
        return self.path / "monitor"

    def certify(self, number: int) -> str:
        content = conformity_content(slot=Slot(0, number), number=f"M-{number}", origin=self.log.origin)
        return self.log.certify(ISSUER, content).document_hash.hex()

    def close(self) -> None:
        self.log.close()
        write_log(self.log, self.path / "log")

    def arguments(self, *options: str) -> list[str]:
        return [
            "monitor", str(self.path / "log"), "--trust-root", str(self.trust_root), "--folder", str(self.folder),
            "--issuer", SAMPLE_DID, "--no-chain", "--lang", "en", *AGES, *options,
        ]  # fmt: skip

    def run(self, *options: str) -> Result:
        return CliRunner().invoke(certlog, self.arguments(*options))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def made(place: Place, *hashes: str) -> tuple[str, str]:
    path = place.path / "made.txt"
    path.write_text("\n".join(hashes) + "\n")
    return "--made", str(path)


def test_the_first_run_tells_what_there_is_and_the_second_only_what_is_new(place: Place) -> None:
    mine = place.certify(1)
    place.close()
    first = place.run(*made(place, mine))
    assert first.exit_code == 0, first.output
    assert "- " in first.output
    assert "size 6, 6 new entries, 0 alarms, 3 notices" in first.output
    foreign = place.certify(2)
    place.close()
    second = place.run(*made(place, mine))
    assert second.exit_code == 1
    identifier = shown_id(DocumentHash(bytes.fromhex(foreign)))
    words = f"not-mine: entry 6: a certificate in the name of {SAMPLE_DID} that {SAMPLE_DID} did not make: {identifier}"
    assert words in second.output
    assert place.run(*made(place, mine)).exit_code == 0


def test_programs_get_a_json_object_a_line_in_english(place: Place) -> None:
    place.certify(1)
    place.close()
    result = CliRunner().invoke(certlog, [*place.arguments("--json", *made(place)), "--lang", "vi"])
    lines = [json.loads(line) for line in result.output.splitlines()]
    assert [line["kind"] for line in lines] == ["alarm"] * 4 + ["look"]
    assert (lines[3]["concern"], lines[3]["level"], lines[3]["index"]) == ("not-mine", "alarm", 4)
    assert lines[-1]["alarms"] == 1


def test_people_get_vietnamese(place: Place) -> None:
    result = CliRunner().invoke(certlog, [*place.arguments(), "--lang", "vi"])
    assert "kích thước 4" in result.output


def test_both_notes_of_a_second_history_are_kept_and_the_state_stays(place: Place) -> None:
    place.run()
    state = (place.folder / FRAME.name).read_bytes()
    forked = SmallLog()
    for _ in range(5):
        forked.close()
    for path, data in files_of(forked).items():
        put(place.path / "log", path, data)
    result = place.run()
    assert result.exit_code == 1
    assert "TWO HISTORIES" in result.output
    notes = sorted((place.folder / "evidence").glob("*.note"))
    assert len(notes) == 2
    assert all(open_checkpoint(note.read_text("utf-8"), forked.log_key.verifier_key) for note in notes)
    assert (
        json.loads((place.folder / FRAME.name).read_bytes())["checkpoint"] == json.loads(state)["checkpoint"]
    )


def test_a_log_that_goes_on_lying_does_not_fill_the_disk(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same two notes are kept once, however often they are shown; of others, only so many."""
    monkeypatch.setattr(monitor_run, "MAX_EVIDENCE", 4)
    place.run()
    forked, counts = SmallLog(), list[int]()
    for at, more in enumerate((5, 0, 1, 1)):
        for _ in range(more):
            forked.close()
        for path, data in files_of(forked).items():
            put(place.path / "log", path, data)
        monkeypatch.setattr(time, "time", lambda at=at: LATER + at)
        assert place.run().exit_code in (0, 1)
        counts.append(len(list((place.folder / "evidence").glob("*.note"))))
    assert counts == [2, 2, 3, 4]
    forked.close()
    for path, data in files_of(forked).items():
        put(place.path / "log", path, data)
    place.run()
    assert len(list((place.folder / "evidence").glob("*.note"))) == 4


def test_evidence_without_a_limit_is_noticed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def each(self: monitor_run.Run, look: Look, now: int) -> None:
        for number, note in enumerate(look.notes):
            put(self.folder / "evidence", f"{now}-{number}.note", note.encode())

    control = Control(
        monitor_run.Run,
        "_keep_evidence",
        each,
        lambda: test_a_log_that_goes_on_lying_does_not_fill_the_disk(place, monkeypatch),
    )
    with pytest.MonkeyPatch.context() as patched:
        require_failure(control, patched)


def test_a_log_that_is_down_ends_with_status_3_and_becomes_an_alarm(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.path / "log" / "checkpoint").unlink()
    assert place.run().exit_code == 3
    monkeypatch.setattr(time, "time", lambda: LATER + 10**9)
    late = place.run()
    assert late.exit_code == 1
    assert "unreachable: the log cannot be read since" in late.output


def test_only_one_monitor_uses_a_folder(place: Place) -> None:
    with monitor_run.holding(place.folder):
        result = place.run()
    assert "another monitor uses" in str(result.exception)


@pytest.mark.parametrize(
    "damage", [lambda data: data.replace(b"registry", b"Registry"), lambda data: data[:20]]
)
def test_a_damaged_state_is_refused_with_a_remedy(place: Place, damage: Callable[[bytes], bytes]) -> None:
    place.run()
    path = place.folder / FRAME.name
    path.write_bytes(damage(path.read_bytes()))
    said = str(place.run().exception)
    assert FRAME.name in said
    assert "remove the file to begin from the first entry" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--webhook", "https://x.example.vn"), "--webhook needs --webhook-secret"),
        (("--mail-to", "a@example.vn"), "--mail-to needs --mail-from"),
        (
            ("--mail-to", "a@example.vn", "--mail-from", "b@example.vn", "--smtp", "x:y"),
            "expected --smtp HOST",
        ),
    ],
)
def test_options_that_lack_each_other_are_refused(place: Place, options: tuple[str, ...], words: str) -> None:
    result = place.run(*options)
    assert (result.exit_code, words in result.output) == (2, True)


def test_a_list_of_hashes_with_a_mistake_names_its_line(place: Place) -> None:
    assert "made.txt:2" in str(place.run(*made(place, "00" * 32, "xyz")).exception)


class Receiver:
    """A receiver of webhooks that checks each message, and may be down."""

    def __init__(self, secret_file: Path) -> None:
        self.secret_file, self.is_down = secret_file, False
        self.got: list[tuple[str, Any]] = []

    def __call__(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if self.is_down:
            send(handler, WitnessAnswer(503, "text/plain", b""))
            return
        secret = parse_secret(self.secret_file.read_text())
        identifier = check_webhook(secret, dict(handler.headers.items()), body, now=int(time.time()))
        self.got.append((identifier, json.loads(body)))
        send(handler, WitnessAnswer(204, "text/plain", b""))


def hook(url: str, place: Place) -> tuple[str, ...]:
    secret = str(place.path / "secret")
    return ("--webhook", f"{url}/hook", "--webhook-secret", secret, "--allow-inner-host", "127.0.0.1")


def test_a_webhook_gets_what_is_said_and_again_after_it_was_down(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = Receiver(place.path / "secret")
    with served(receiver) as url:
        receiver.is_down = True
        down = place.run(*hook(url, place))
        assert (down.exit_code, receiver.got) == (3, [])
        assert "not delivered yet: the webhook answered 503" in down.output
        receiver.is_down = False
        assert place.run(*hook(url, place)).exit_code == 3  # not due yet
        monkeypatch.setattr(time, "time", lambda: LATER)
        assert place.run(*hook(url, place)).exit_code == 0
        ((identifier, body),) = receiver.got
    assert identifier == body["alarms"][0]["id"]
    assert (body["origin"], len(body["alarms"])) == (place.log.origin, 3)


def test_nothing_is_lost_where_the_monitor_dies_before_it_remembers(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is what is tested: messages first, then the state; and the control, the other way round."""

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(monitor_run, "replace_file", die)
        place.run(*hook("http://127.0.0.1:9", place))
    assert not (place.folder / FRAME.name).exists()
    assert len(Outbox(place.folder / "outbox").waiting()) == 1


def test_in_a_loop_it_tells_what_comes_and_ends_when_it_is_asked(place: Place) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", *place.arguments("--every", "1", *made(place))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        first = _until(process.stdout.readline, "new entries")
        assert "4 new entries, 0 alarms" in first
        place.certify(1)
        place.close()
        assert "1 alarms" in _until(process.stdout.readline, "2 new entries")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


def _until(read: Callable[[], str], words: str) -> str:
    while line := read():
        if words in line:
            return line
    raise AssertionError(f"the monitor ended without saying: {words}")
