"""A small Ethereum node over HTTP, for reading anchors: honest by default, and able to lie in every field."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from Crypto.Hash import keccak

from certlog.trust_root import Chain, LogId
from tests.verifier.world import CHAIN_ID, CONTRACT, LOG_ID, NOW

CODE: Final = bytes.fromhex("6080604052") * 7
CODE_HASH: Final = "0x" + keccak.new(digest_bits=256, data=CODE).hexdigest()

Lie = Callable[[object], object]


@dataclass
class FakeNode:
    """What the node knows. `anchored` maps (log id, size, root) to (block time, block number).

    `lies` maps a method to a function that turns its honest result into another; `raw` turns the whole answer's bytes
    into others.
    """

    chain_id: int = CHAIN_ID
    finalized: int = 500
    latest: int = 502
    code: bytes = CODE
    anchored: dict[tuple[str, int, bytes], tuple[int, int]] = field(default_factory=dict)
    lies: dict[str, Lie] = field(default_factory=dict)
    raw: Callable[[bytes], bytes] = bytes
    status: int = 200
    delay: float = 0
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, request: Mapping[str, object]) -> dict[str, object]:
        """Answer one call."""
        method, params = str(request["method"]), request["params"]
        assert isinstance(params, list)
        self.asked.append(method)
        result = getattr(self, f"_{method}")(*params)
        if method in self.lies:
            result = self.lies[method](result)
        if isinstance(result, NodeError):
            return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": str(result)}}
        return {"jsonrpc": "2.0", "id": request["id"], "result": result}

    def _eth_chainId(self) -> object:  # noqa: N802 - the method's name
        return hex(self.chain_id)

    def _eth_blockNumber(self) -> object:  # noqa: N802 - the method's name
        return hex(self.latest)

    def _eth_getBlockByNumber(self, block: str, full: object) -> object:  # noqa: N802 - the method's name
        assert full is False
        number = self._number(block)
        return {
            "number": hex(number),
            "hash": "0x" + number.to_bytes(32, "big").hex(),
            "timestamp": hex(NOW - 60),
        }

    def _eth_getCode(self, contract: str, block: str) -> object:  # noqa: N802 - the method's name
        return "0x" + self.code.hex() if contract == CONTRACT and self._number(block) >= 0 else "0x"

    def _eth_call(self, call: Mapping[str, str], block: str) -> object:
        data = bytes.fromhex(call["data"][2:])
        assert call["to"] == CONTRACT
        if len(data) == 4 + 32:
            return self._head("0x" + data[4:].hex(), block)
        assert len(data) == 4 + 3 * 32
        key = ("0x" + data[4:36].hex(), int.from_bytes(data[36:68], "big"), data[68:])
        time, number = self.anchored.get(key, (0, 0))
        if number > self._number(block):
            time, number = 0, 0
        return "0x" + time.to_bytes(32, "big").hex() + number.to_bytes(32, "big").hex()

    def _head(self, log_id: str, block: str) -> object:
        sizes = [
            k[1]
            for k, (_, number) in self.anchored.items()
            if k[0] == log_id and number <= self._number(block)
        ]
        return "0x" + b"".join(word.to_bytes(32, "big") for word in (max(sizes, default=0), 0, 0)).hex()

    def _eth_getLogs(self, asked: Mapping[str, object]) -> object:  # noqa: N802 - the method's name
        topics = asked["topics"]
        assert isinstance(topics, list)
        topic, log_id = map(str, topics)
        first, last = (int(str(asked[name]), 16) for name in ("fromBlock", "toBlock"))
        return [
            {"topics": [topic, log_id, "0x" + size.to_bytes(32, "big").hex()], "data": "0x" + root.hex()}
            for (name, size, root), (_, number) in self.anchored.items()
            if name == log_id and first <= number <= last
        ]

    def _number(self, block: str) -> int:
        return {"finalized": self.finalized, "latest": self.latest}.get(block) or int(block, 16)


class NodeError(str):
    """A result that the node reports as an error."""

    __slots__ = ()


@contextmanager
def serving(node: FakeNode) -> Iterator[FakeNode]:
    """Serve a node on a free loopback port; its `url` is set meanwhile."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            requests = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = node.raw(json.dumps([node.answer(request) for request in requests]).encode())
            stop.wait(node.delay)
            self.send_response(node.status)
            if node.status in (301, 302, 307, 308):
                self.send_header("Location", node.url)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # the reader may have hung up on a long answer
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return None

    stop = threading.Event()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    node.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield node
    finally:
        stop.set()
        server.shutdown()
        thread.join()
        server.server_close()


def chain_of(
    *nodes: FakeNode, quorum: int = 1, finality: int | None = None, max_size: int | None = None
) -> Chain:
    """Return the pins of the fake contract on these nodes."""
    return Chain(
        id=CHAIN_ID,
        chain_class="public",
        contract=CONTRACT,
        code_hash=CODE_HASH,
        log_ids=(LogId(LOG_ID, max_size),),
        endpoints=tuple(node.url for node in nodes),
        quorum=quorum,
        finality=finality,
    )
