"""The JSON-RPC adapter against a node that lies, breaks off, drips or refuses: always Unavailable, never a guess."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from anchoring.batch import Head
from anchoring.chain import EvmChain, JsonRpc
from anchoring.contract import checksummed, keccak256
from anchoring.ports import Anchor, Block, ContractHead, Finality, Receipt, SendAnswer
from certlog.digests import RootHash
from certlog.errors import Unavailable

CONTRACT = checksummed(b"\xc0" * 20)
ACCOUNT = checksummed(b"\xac" * 20)
LOG = b"\x10" * 32
HEAD = Head(7, RootHash(b"\x07" * 32))
BLOCK = Block(100, b"\xb1" * 32, 1_795_000_000, 7)
HEADER = {
    "number": "0x64",
    "hash": "0x" + "b1" * 32,
    "timestamp": hex(1_795_000_000),
    "baseFeePerGas": "0x7",
    # A proof-of-authority header, which web3's own formatters refuse.
    "extraData": "0x" + "00" * 97,
}


class Node:
    """An HTTP server on a free port whose answers the test decides."""

    def __init__(self) -> None:
        self.results: dict[str, Any] = {}
        self.reply: Callable[[dict[str, Any]], bytes] | None = None
        self.status = 200
        self.piece = 1_000_000
        self.pause = 0.0
        """Send so many bytes at a time, so many seconds apart."""
        self.stop = threading.Event()
        self.asked: list[tuple[str, list[Any]]] = []
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                node.asked.append((request["method"], request["params"]))
                body = node.answer(request)
                self.send_response(node.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                for at in range(0, len(body), node.piece):
                    node.stop.wait(node.pause)
                    if not node.stop.is_set():
                        self.wfile.write(body[at : at + node.piece])

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, request: dict[str, Any]) -> bytes:
        if self.reply is not None:
            return self.reply(request)
        found = self.results[request["method"]]
        part = {"error": found} if isinstance(found, dict) and "code" in found else {"result": found}
        return json.dumps({"jsonrpc": "2.0", "id": request["id"], **part}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def node() -> Iterator[Node]:
    made = Node()
    yield made
    made.close()


@pytest.fixture
def rpc(node: Node) -> Iterator[JsonRpc]:
    made = JsonRpc(node.url, timeout=0.5)
    yield made
    made.close()


@pytest.fixture
def chain(rpc: JsonRpc) -> EvmChain:
    return EvmChain(rpc, CONTRACT, "tag")


def word(value: int) -> str:
    return value.to_bytes(32, "big").hex()


def test_chain_id_and_code_hash_are_read(node: Node, chain: EvmChain) -> None:
    node.results = {"eth_chainId": "0x7a69", "eth_getCode": "0x6001"}
    assert chain.chain_id() == 31337
    assert chain.code_hash() == keccak256(b"\x60\x01")
    assert node.asked[-1] == ("eth_getCode", [CONTRACT, "latest"])


def test_blocks_are_read_with_a_proof_of_authority_header(node: Node, chain: EvmChain) -> None:
    node.results = {"eth_getBlockByNumber": HEADER}
    assert chain.latest() == BLOCK
    assert chain.finalized() == BLOCK
    assert [params[0] for _, params in node.asked] == ["latest", "finalized"]


def test_a_chain_without_base_fee_has_none(node: Node, chain: EvmChain) -> None:
    node.results = {"eth_getBlockByNumber": {k: v for k, v in HEADER.items() if k != "baseFeePerGas"}}
    assert chain.latest().base_fee is None


@pytest.mark.parametrize(("depth", "wanted"), [(12, "0x58"), (100, "0x0"), (1000, "0x0")])
def test_finality_by_depth_counts_down_from_the_newest_block(
    node: Node, rpc: JsonRpc, depth: Finality, wanted: str
) -> None:
    node.results = {"eth_getBlockByNumber": HEADER}
    EvmChain(rpc, CONTRACT, depth).finalized()
    assert [params[0] for _, params in node.asked] == ["latest", wanted]


def test_state_is_asked_for_at_the_stated_block(node: Node, chain: EvmChain) -> None:
    node.results = {
        "eth_call": "0x" + word(7) + "ac" * 20 + "".zfill(64),
        "eth_getTransactionCount": "0x5",
    }
    node.results["eth_call"] = "0x" + word(7) + "00" * 12 + "ac" * 20 + word(1)
    assert chain.head(LOG, BLOCK) == ContractHead(7, ACCOUNT, sealed=True)
    node.results["eth_call"] = "0x" + word(1_795_000_000) + word(99)
    assert chain.anchored_at(LOG, HEAD, BLOCK) == Anchor(block_number=99, block_time=1_795_000_000)
    assert chain.transaction_count(ACCOUNT, BLOCK) == 5
    assert [params[1] for _, params in node.asked] == ["0x64"] * 3


def test_a_log_that_is_not_open_has_no_anchorer(node: Node, chain: EvmChain) -> None:
    node.results = {"eth_call": "0x" + word(0) * 3}
    assert chain.head(LOG, BLOCK) == ContractHead(0, None, sealed=False)


def test_a_head_that_was_never_anchored_is_none(node: Node, chain: EvmChain) -> None:
    node.results = {"eth_call": "0x" + word(0) * 2}
    assert chain.anchored_at(LOG, HEAD, BLOCK) is None


def test_a_block_before_the_contract_is_unavailable_and_not_an_empty_log(node: Node, chain: EvmChain) -> None:
    node.results = {"eth_call": "0x"}
    with pytest.raises(
        Unavailable, match="no contract at .* in block 100: wait until its deployment is final"
    ):
        chain.head(LOG, BLOCK)


def test_receipts_are_read(node: Node, chain: EvmChain) -> None:
    receipt = {"blockNumber": "0x9", "status": "0x0", "gasUsed": "0x10", "contractAddress": None}
    node.results = {"eth_getTransactionReceipt": receipt}
    assert chain.receipt(b"\x01" * 32) == Receipt(9, succeeded=False, contract=None, gas_used=16)
    node.results = {"eth_getTransactionReceipt": None}
    assert chain.receipt(b"\x01" * 32) is None


def test_a_refusal_to_send_is_an_answer_and_comes_once(node: Node, chain: EvmChain) -> None:
    node.results = {"eth_sendRawTransaction": {"code": -32000, "message": "already known"}}
    assert chain.send_raw(b"\x02") == SendAnswer(accepted=False, message="already known")
    assert node.asked == [("eth_sendRawTransaction", ["0x02"])]


def test_nothing_is_ever_tried_twice(node: Node, chain: EvmChain) -> None:
    node.status = 503
    node.results = {"eth_sendRawTransaction": "0x00", "eth_chainId": "0x1"}
    with pytest.raises(Unavailable, match="503"):
        chain.send_raw(b"\x02")
    with pytest.raises(Unavailable, match="503"):
        chain.chain_id()
    assert len(node.asked) == 2


BROKEN = {
    "not JSON": b"<html>busy</html>",
    "nested without end": b"[" * 100_000,
    "half": b'{"jsonrpc": "2.0", "id": 0, "resu',
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "nothing": b"",
    "no result": b'{"jsonrpc": "2.0", "id": 0}',
    "not UTF-8": b'{"result": "\xff"}',
    "a refusal": b'{"error": {"code": -32603, "message": "missing trie node"}}',
    "a bare refusal": b'{"error": "busy"}',
    "null result": b'{"result": null}',
    "a number for text": b'{"result": 7}',
    "no prefix": b'{"result": "7a69"}',
    "not hex": b'{"result": "0xzz"}',
    "odd": b'{"result": "0x1"}',
    "an object": b'{"result": {}}',
    "wrong size": b'{"result": "0x0102"}',
}
CALLS: dict[str, Callable[[EvmChain], object]] = {
    "code_hash": lambda chain: chain.code_hash(),
    "latest": lambda chain: chain.latest(),
    "finalized": lambda chain: chain.finalized(),
    "head": lambda chain: chain.head(LOG, BLOCK),
    "anchored_at": lambda chain: chain.anchored_at(LOG, HEAD, BLOCK),
    "receipt": lambda chain: chain.receipt(b"\x01" * 32),
}
ALLOWED = {("receipt", "null result"), ("code_hash", "wrong size")}


@pytest.mark.parametrize("kind", BROKEN)
def test_whatever_is_not_a_usable_answer_is_unavailable(node: Node, chain: EvmChain, kind: str) -> None:
    node.reply = lambda _request: BROKEN[kind]
    for name, call in CALLS.items():
        if (name, kind) not in ALLOWED:
            with pytest.raises(Unavailable):
                call(chain)


@pytest.mark.parametrize("field", ["number", "hash", "timestamp", "baseFeePerGas"])
def test_a_header_with_a_wrong_field_is_unavailable(node: Node, chain: EvmChain, field: str) -> None:
    node.results = {"eth_getBlockByNumber": HEADER | {field: "yesterday"}}
    with pytest.raises(Unavailable, match="eth_getBlockByNumber: expected"):
        chain.latest()


def test_a_stopped_node_is_named_with_the_reason() -> None:
    node = Node()
    node.close()
    rpc = JsonRpc(node.url)
    with pytest.raises(Unavailable, match=f"{node.url} did not answer eth_chainId: .*Connection refused"):
        EvmChain(rpc, CONTRACT, "tag").chain_id()
    rpc.close()


def test_a_hanging_node_is_given_up_after_the_time_out(node: Node, chain: EvmChain) -> None:
    node.results = {"eth_chainId": "0x1"}
    node.pause = 20
    with pytest.raises(Unavailable, match="timed out"):
        chain.chain_id()
    node.stop.set()


def test_a_dripping_node_is_given_up_after_the_same_time_out(node: Node, chain: EvmChain) -> None:
    node.results = {"eth_chainId": "0x1"}
    node.piece, node.pause = 1, 0.2
    with pytest.raises(Unavailable, match="did not answer eth_chainId"):
        chain.chain_id()
    node.stop.set()
