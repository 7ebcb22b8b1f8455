"""A JSON-RPC proxy that answers badly when it is told to, in the fourteen ways in which nodes do. One asyncio loop.

`before` means that the node never saw the request; all other kinds let it act, and spoil only the answer.
"""

import asyncio
import json
import random
import struct
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from http import HTTPStatus
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, Final

HANG: Final = 1.0
"""Seconds, longer than any time-out in the tests."""
_HEADERS: Final = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Bad(StrEnum):
    """A way to answer badly."""

    REFUSED = "connection closed before anything was read"
    RESET_BEFORE = "connection reset, node never asked"
    RESET_AFTER = "connection reset, node has acted"
    HANG_BEFORE = "no answer, node never asked"
    HANG_AFTER = "no answer, node has acted"
    DRIP = "an answer that comes byte by byte"
    SERVER_ERROR = "HTTP 502, node has acted"
    TOO_MANY = "HTTP 429, node never asked"
    HTML = "HTTP 200 with a web page"
    TRUNCATED = "JSON that ends in the middle"
    RPC_ERROR = "a JSON-RPC error, node has acted"
    NULL = "a result of null"
    WRONG_TYPE = "a result of another type"
    STALE = "an answer that was right a while ago"


Plan = Callable[[str], Bad | None]
"""Which fault a request of this method gets; None for a good answer."""
Ask = Callable[[bytes], Awaitable[bytes]]
"""The node: the body of an answer to the body of a request."""


class RandomPlan:
    """Goes through every pair of kind and method in random order, again and again; `calm` ends the trouble."""

    def __init__(self, chance: random.Random, rare: tuple[str, ...]) -> None:
        """Take the chance, and the methods that are called a few times in a batch's life only."""
        self._chance = chance
        self._rare = rare
        self.share, self._rare_share = 0.12, 0.6
        self._waiting: list[tuple[Bad, str]] = []
        self.done: Counter[tuple[Bad, str]] = Counter()
        self.calm = False

    def __call__(self, method: str) -> Bad | None:
        share = self._rare_share if method in self._rare else self.share
        if self.calm or self._chance.random() > share:
            return None
        if not any(wanted == method for _, wanted in self._waiting):
            fresh = [(kind, method) for kind in Bad]
            self._chance.shuffle(fresh)
            self._waiting += fresh
        at = next(at for at, (_, wanted) in enumerate(self._waiting) if wanted == method)
        pair = self._waiting.pop(at)
        self.done[pair] += 1
        return pair[0]


class FaultProxy:
    """Stands between a client and a node."""

    def __init__(self, ask: Ask, plan: Plan) -> None:
        self._ask = ask
        self._plan = plan
        self._seen: dict[str, bytes] = {}
        self.url = ""

    async def serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """Answer requests of one connection until it ends."""
        # Cancelled is what a connection is that the test's end finds open.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._one(client, back):
                pass
        back.close()

    async def _one(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> bool:
        head = await client.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        body = await client.readexactly(length)
        request = json.loads(body)
        bad = self._plan(request["method"])
        match bad:
            case Bad.REFUSED:
                return False
            case Bad.RESET_BEFORE:
                _reset(back)
                return False
            case Bad.HANG_BEFORE:
                await asyncio.sleep(HANG)
                return False
            case Bad.TOO_MANY:
                return await _send(back, b"{}", HTTPStatus.TOO_MANY_REQUESTS)
            case _:
                return await self._spoiled(bad, request, body, back)

    async def _spoiled(
        self, bad: Bad | None, request: dict[str, Any], body: bytes, back: asyncio.StreamWriter
    ) -> bool:
        """Let the node act, then spoil its answer."""
        answer = await self._ask(body)
        key = json.dumps([request["method"], request["params"]])
        old = self._seen.setdefault(key, answer)
        if bad is not Bad.STALE:
            self._seen[key] = answer
        if bad is Bad.RESET_AFTER:
            _reset(back)
            return False
        if bad is Bad.HANG_AFTER:
            await asyncio.sleep(HANG)
            return False
        if bad is Bad.DRIP:
            return await _drip(back, answer)
        if bad is Bad.SERVER_ERROR:
            return await _send(back, b"bad gateway", HTTPStatus.BAD_GATEWAY)
        bodies = {
            Bad.HTML: b"<html><body>Sign in</body></html>",
            Bad.TRUNCATED: answer[: len(answer) // 2],
            Bad.STALE: _with(request, result=json.loads(old).get("result")),
            Bad.RPC_ERROR: _with(request, error={"code": -32000, "message": "header not found"}),
            Bad.NULL: _with(request, result=None),
            Bad.WRONG_TYPE: _with(request, result=[{"unexpected": 1.5}]),
        }
        return await _send(back, answer if bad is None else bodies[bad])


def node_at(port: int) -> Ask:
    """Return the node that listens there."""

    async def ask(body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: node\r\nConnection: close\r\n" + _HEADERS % len(body) + body)
        await writer.drain()
        answer = await reader.read()
        writer.close()
        return answer.partition(b"\r\n\r\n")[2]

    return ask


@contextmanager
def faulty(ask: Ask, plan: Plan) -> Iterator[FaultProxy]:
    """Run a proxy in a thread of its own."""
    proxy, started = FaultProxy(ask, plan), threading.Event()
    ends: list[Callable[[], object]] = []

    async def main() -> None:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        ends.append(lambda: loop.call_soon_threadsafe(ended.set))
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        async with server:
            proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            started.set()
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    started.wait(10)
    try:
        yield proxy
    finally:
        ends[0]()
        thread.join()


def _with(request: dict[str, Any], **parts: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request["id"], **parts}).encode()


async def _send(back: asyncio.StreamWriter, body: bytes, status: HTTPStatus = HTTPStatus.OK) -> bool:
    back.write(f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() + _HEADERS % len(body) + body)
    await back.drain()
    return True


async def _drip(back: asyncio.StreamWriter, body: bytes) -> bool:
    back.write(b"HTTP/1.1 200 OK\r\n" + _HEADERS % len(body))
    for byte in body[:-1]:
        back.write(bytes([byte]))
        await back.drain()
        await asyncio.sleep(HANG / max(1, len(body)))
    return False


def _reset(back: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    back.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    back.transport.abort()
