"""`certlog audit --cosign … --hand-in`: a real registry takes the cosignature; whatever it answers is said clearly."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from click.testing import Result
from werkzeug.serving import WSGIRequestHandler, make_server

from certlog.errors import InvalidInput, Unavailable
from certlog.note import VerifierKey, parse_note
from cli import audit_hand_in
from cli.audit_hand_in import hand_in
from cli.outgoing import Received
from tests.cli.test_audit import auditor, pins, run
from tests.support.controls import Control, require_noticed
from tests.support.registry import RegistryWorld, make_world
from tests.support.served_log import write_log
from tests.verifier.audited import sample
from verifier.registry_client import RegistryAddress
from web.app import create_app
from web.wiring import open_services

VKEY: Final = VerifierKey("auditor.example.vn", 4, bytes(32))
LOG: Final = RegistryAddress.of("https://registry.example.vn")


@contextmanager
def serving(world: RegistryWorld) -> Iterator[str]:
    """Serve a registry's own web application on a free loopback port."""

    class Silent(WSGIRequestHandler):
        def log(self, *_: object) -> None:
            return None

    app = create_app(open_services(world.folder, world.surroundings))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def pinned(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[RegistryWorld, str]]:
    """Return a registry whose newest head ends in an epoch, and its address; it pins the auditor, or another."""
    vkey = auditor()[2] if request.param else VKEY.to_text()
    world = make_world(tmp_path / "data", auditors=[vkey], auditor_quorum=1)
    world.clock.time = int(time.time())
    world.enrol()
    world.publisher.tick()
    with serving(world) as url:
        yield world, url
    world.close()


def audit_and_hand_in(url: str, folder: Path) -> Result:
    """Audit what a registry serves, cosign it and bring it there."""
    key, secret, _ = auditor()
    root = folder / "trust-root.json"
    root.write_bytes(RegistryAddress.of(url).fetch_trust_root())
    options = ("--trust-root", root, "--cosign", key, "--passphrase-file", secret, "--hand-in")
    return run(url, *options, "--cosigned", folder / "cosigned.txt")


@pytest.mark.parametrize("pinned", [True], indirect=True)
def test_a_registry_takes_it_and_serves_it(pinned: tuple[RegistryWorld, str], tmp_path: Path) -> None:
    world, url = pinned
    first = audit_and_hand_in(url, tmp_path)
    assert first.exit_code == 0, first.output
    assert f"handed in: the log keeps the cosignature of size {world.registry.size()}" in first.stderr
    assert "auditor.example.vn" in [line.name for line in parse_note(world.registry.checkpoint()).signatures]
    again = audit_and_hand_in(url, tmp_path)
    assert again.exit_code == 0
    assert "had a cosignature of this auditor" in again.stderr


@pytest.mark.parametrize("pinned", [False], indirect=True)
def test_a_registry_that_pins_another_key_says_so(pinned: tuple[RegistryWorld, str], tmp_path: Path) -> None:
    world, url = pinned
    result = audit_and_hand_in(url, tmp_path)
    assert result.exit_code == 3
    assert "not handed in: the log does not count this auditor's key" in result.stderr
    assert "it says: " in result.stderr
    assert (tmp_path / "cosigned.txt").exists()
    assert len(parse_note(world.registry.checkpoint()).signatures) == 1


def test_what_cannot_be_handed_in_is_said_before_anything_takes_time(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path / "log")
    key, secret, _ = auditor()
    options = ("--trust-root", pins(log, tmp_path), "--passphrase-file", secret, "--hand-in")
    without_key = run(folder, *options)
    assert (without_key.exit_code, "--cosign KEYFILE" in without_key.output) == (2, True)
    to_a_folder = run(folder, *options, "--cosign", key)
    assert (to_a_folder.exit_code, "web address as TARGET" in to_a_folder.output) == (2, True)


def answering(status: int, body: bytes = b"{}") -> Callable[..., Received]:
    return lambda *_, **__: Received(status, "application/json", body)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            422,
            b'{"detail":"this log signed no such head"}',
            "KEEP THE FILE.*it says: this log signed no such",
        ),
        (422, b"<html>", "the file proves a second history$"),
        (403, b"{}", "does not count this auditor's key"),
        (404, b"", "a mirror of the log"),
        (429, b"", "again later"),
        (503, b"", "again later"),
        (302, b"", "expected status 200, found 302"),
    ],
)
def test_every_refusal_says_what_to_do(
    status: int, body: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_hand_in, "post", answering(status, body))
    with pytest.raises(Unavailable, match=said):
        hand_in(LOG, "note", VKEY, 4)


TAKEN_OTHERWISE: Final = [
    b'{"size":5,"cosigners":["auditor.example.vn"],"new":1}',
    b'{"size":4,"cosigners":["other.example.vn"],"new":1}',
    b'{"size":4,"cosigners":"auditor.example.vn","new":1}',
    b"taken",
]


@pytest.mark.parametrize("body", TAKEN_OTHERWISE)
def test_an_answer_about_something_else_is_not_taken_for_success(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_hand_in, "post", answering(200, body))
    with pytest.raises(InvalidInput):
        hand_in(LOG, "note", VKEY, 4)


def test_without_the_look_at_the_answer_it_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt() -> None:
        with monkeypatch.context() as inner:
            test_an_answer_about_something_else_is_not_taken_for_success(TAKEN_OTHERWISE[1], inner)

    require_noticed(Control(audit_hand_in, "_taken", lambda *_: 1, attempt), monkeypatch)
