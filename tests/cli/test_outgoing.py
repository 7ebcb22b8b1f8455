"""What this machine sends on its own: one bounded request to the very address that was looked at, or none."""

import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Final

import pytest

from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.note import VerifierKey, parse_note
from cli import outgoing
from cli.cosigning import HttpWitness, cosign, start_cosigning
from cli.outgoing import Limits, Received, is_global, post
from cli.registry_worker import Complaints
from registry.cosigners import Witness
from registry.witnessing import WitnessAnswer, Witnessing
from tests.support.controls import Control, require_failure
from tests.support.registry import make_world
from tests.support.signing import cosigner
from tests.support.witness import FakeWitness, drip, send, served

SMALL: Final = Limits(seconds=0.5, most=100)
INNER: Final = (
    "127.0.0.1", "127.8.9.1", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::1",
)  # fmt: skip
OUTER: Final = ("93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8")
NAMES_OF_LOOPBACK: Final = (
    "localhost",
    "127.0.0.1",
    "[::1]",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "0",
)


def anything(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    send(handler, WitnessAnswer(200, "text/plain", b"got " + body))


def test_an_answer_comes_with_status_media_type_and_body() -> None:
    with served(anything) as url:
        answer = post(f"{url}/hook?a=1", b"hello", {"X": "y"}, SMALL, inner_hosts=frozenset({"127.0.0.1"}))
    assert answer == Received(200, "text/plain", b"got hello")


@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_of_any_form_is_not_contacted(address: str) -> None:
    assert not is_global(address)
    with pytest.raises(NotTrusted, match="is the inner address .* nothing was sent"):
        post("http://hook.example.vn", b"", {}, SMALL, resolve=lambda _host, _port: ["8.8.8.8", address])


@pytest.mark.parametrize("address", OUTER)
def test_an_address_of_the_public_internet_counts_as_one(address: str) -> None:
    assert is_global(address)


@pytest.mark.parametrize("name", NAMES_OF_LOOPBACK)
def test_no_spelling_of_loopback_reaches_it(name: str) -> None:
    hits: list[bytes] = []
    with served(lambda _handler, body: hits.append(body)) as url:
        port = url.rpartition(":")[2]
        with pytest.raises((NotTrusted, Unavailable)):
            post(f"http://{name}:{port}/", b"x", {}, SMALL)
    assert hits == []


def test_a_host_that_is_allowed_does_not_allow_another() -> None:
    with served(anything) as url:
        port = url.rpartition(":")[2]
        allowed = frozenset({"localhost"})
        with pytest.raises(NotTrusted):
            post(f"http://127.0.0.1:{port}/", b"x", {}, SMALL, inner_hosts=allowed)
        assert (
            post(
                f"http://localhost:{port}/",
                b"x",
                {},
                SMALL,
                inner_hosts=allowed,
                resolve=lambda _host, _port: ["127.0.0.1"],
            ).status
            == 200
        )


def test_a_name_is_looked_up_once_and_what_was_found_is_contacted() -> None:
    """A second look-up would be the hole: first an outer address, then an inner one (DNS rebinding)."""
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    with served(anything) as url:
        port = url.rpartition(":")[2]
        allowed = frozenset({"hook.example.vn"})
        answer = post(
            f"http://hook.example.vn:{port}/", b"", {}, SMALL, inner_hosts=allowed, resolve=rebinding
        )
    assert (answer.status, asked) == (200, ["hook.example.vn"])


def test_no_redirect_is_followed() -> None:
    def redirect(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
        handler.send_response(302)
        handler.send_header("Location", "http://127.0.0.1:1/")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with served(redirect) as url:
        assert post(url, b"", {}, SMALL, inner_hosts=None).status == 302


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with served(anything) as url:
        assert post(url, b"", {}, SMALL, inner_hosts=None).status == 200


@pytest.mark.parametrize(
    "answer",
    [
        lambda handler, _: send(handler, WitnessAnswer(200, "text/plain", b"x" * 101)),
        lambda handler, _: drip(handler, 3),
        lambda _handler, _: time.sleep(1.5),
        lambda handler, _: handler.wfile.write(b"noise\r\n\r\n"),
        lambda handler, _: handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
        lambda handler, _: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + b"x" * 200),
    ],
    ids=["too large", "drips", "silent", "noise", "many headers", "lying length"],
)
def test_an_answer_that_is_too_large_or_too_slow_ends_in_time(
    answer: Callable[[BaseHTTPRequestHandler, bytes], None],
) -> None:
    began = time.monotonic()
    with served(answer) as url, pytest.raises(Unavailable):
        post(url, b"", {}, SMALL, inner_hosts=None)
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://x/", "http://a:b@x.example.vn", "http://", "x"]
)
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="expected an http or https URL"):
        post(url, b"", {}, SMALL)


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    with served(anything) as url, pytest.raises(Unavailable):
        post(url.replace("http:", "https:"), b"", {}, SMALL, inner_hosts=None)
    assert ssl.create_default_context().check_hostname


def test_the_thread_of_a_witness_cosigns_in_the_background_and_ends_when_told(tmp_path: Path) -> None:
    world = make_world(tmp_path / "data")
    world.publisher.tick()
    fake = FakeWitness(VerifierKey.from_text(world.registry.log_key()), now=world.clock)
    stop, said = threading.Event(), list[str]()
    faults = [lambda _body: WitnessAnswer(503, "text/plain", b"")]

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        assert handler.path == "/w/add-checkpoint"
        fake.fault = faults.pop() if faults else None
        send(handler, fake.add_checkpoint(body))

    with served(answer) as url:
        asking = Witnessing(
            world.registry.database,
            world.registry.tiles,
            Witness(fake.key, url),
            HttpWitness(f"{url}/w"),
            world.clock,
        )
        thread = threading.Thread(
            target=cosign, args=(asking, fake.name, 0.01, stop, Complaints(said.append, world.clock))
        )
        thread.start()
        end = time.monotonic() + 10
        while len(parse_note(world.registry.checkpoint()).signatures) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        stop.set()
        thread.join(5)
    assert not thread.is_alive()
    assert [line.name for line in parse_note(world.registry.checkpoint()).signatures][1:] == [fake.name]
    assert said == [f"witness {fake.name}: expected status 200, found 503"]
    world.close()


def test_signing_never_waits_for_a_witness_that_drips_and_one_that_is_silent(tmp_path: Path) -> None:
    world = make_world(tmp_path / "data")
    world.publisher.tick()
    stop = threading.Event()
    with (
        served(lambda handler, _: drip(handler, 3)) as slow,
        served(lambda _handler, _: time.sleep(2)) as silent,
    ):
        keys = [cosigner(name, time=1).verifier_key for name in ("slow.example.vn", "silent.example.vn")]
        witnesses = [Witness(key, url) for key, url in zip(keys, (slow, silent), strict=True)]
        threads = start_cosigning(
            world.registry.database,
            world.registry.tiles,
            witnesses,
            0.05,
            stop,
            tell=lambda _: None,
            now=world.clock,
        )
        began, sizes = time.monotonic(), []
        for _ in range(10):
            world.clock.time += 3600
            world.publisher.tick()
            sizes.append(world.registry.head().size)
        took = time.monotonic() - began
        stop.set()
    assert sizes == list(range(2, 12))
    assert took < 2
    for thread in threads:
        thread.join(10)
    world.close()


CONTROLS: Final = {
    "any address is global": (
        "is_global",
        lambda _: True,
        lambda: test_no_spelling_of_loopback_reaches_it("127.0.0.1"),
    ),
    "nothing that leads on is known": (
        "_EMBEDDING",
        (),
        lambda: test_an_inner_address_of_any_form_is_not_contacted("2002:a00:1::1"),
    ),
}


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_a_defect_of_what_goes_out_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attribute, defect, test = CONTROLS[name]
    require_failure(Control(outgoing, attribute, defect, test), monkeypatch)
