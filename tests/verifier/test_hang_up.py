"""A server that answers a byte at a time does not hold a verification beyond its time limit."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from certlog.errors import Unavailable
from verifier.json_rpc import Call, Endpoint
from verifier.registry_client import RegistryAddress

LIMIT = 0.5
"""Seconds that the readers allow; the server sends a byte in a tenth of that, for six seconds."""


@pytest.fixture
def dripping() -> Iterator[str]:
    stop = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with suppress(OSError):
            client, _ = server.accept()
            with client:
                client.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                end = time.monotonic() + 6
                while time.monotonic() < end and not stop.wait(LIMIT / 10):
                    client.sendall(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    stop.set()
    server.close()
    thread.join()


@pytest.mark.parametrize(
    "ask",
    [
        lambda url: Endpoint(url, timeout=LIMIT).batch([Call("eth_chainId", ())]),
        lambda url: RegistryAddress.of(url).fetch_trust_root(timeout=LIMIT),
    ],
    ids=["a node", "a registry"],
)
def test_a_header_sent_byte_by_byte_is_a_problem_within_the_time_limit(
    ask: Callable[[str], object], dripping: str
) -> None:
    begun = time.monotonic()
    with pytest.raises(Unavailable, match=dripping):
        ask(dripping)
    assert time.monotonic() - begun < 15
