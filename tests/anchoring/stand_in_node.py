"""A node without a network: JSON-RPC in bytes, answered from the chain in memory, for campaigns that ask it often.

It knows what the anchoring worker asks and the tests' own evm_mine. What it answers is compared with Anvil's answers.
"""

import json
import threading
from collections.abc import Callable
from typing import Any, Final

from anchoring.batch import Head
from anchoring.contract import ZERO_ADDRESS, artifact, keccak256
from anchoring.ports import Block
from certlog.digests import RootHash
from certlog.errors import Unavailable
from tests.anchoring.fake_chain import Clock, FakeChain

GAS_PRICE: Final = 2_000_000_000


class StandInNode:
    """Blocks come with evm_mine, and with each transaction, as on Anvil."""

    def __init__(self, chain_id: int, finality: int, now: int) -> None:
        """Begin a chain with the contract on it, `finality` blocks final, at a Unix time."""
        self.chain = FakeChain(Clock(now), finality=finality)
        self.chain.id = chain_id
        self._lock = threading.Lock()
        self._methods: dict[str, Callable[..., object]] = {
            "eth_chainId": lambda: hex(self.chain.chain_id()),
            "eth_getCode": lambda _contract, _at: _hex(artifact().runtime),
            "eth_getBlockByNumber": self._get_block,
            "eth_call": self._call,
            "eth_getTransactionCount": self._count,
            "eth_getTransactionReceipt": self._receipt,
            "eth_gasPrice": lambda: hex(GAS_PRICE),
            "eth_sendRawTransaction": self._send,
            "evm_mine": self.chain.mine,
        }

    @property
    def url(self) -> str:
        """Nowhere: it is asked through a proxy."""
        return "http://127.0.0.1:1"

    def rpc(self, method: str, *params: object) -> Any:
        """Return the result of one call of the test itself."""
        with self._lock:
            return self._methods[method](*params)

    def fund(self, address: str, wei: int) -> None:
        """Do nothing: everybody is rich here."""

    async def ask(self, body: bytes) -> bytes:
        """Answer one request."""
        request = json.loads(body)
        answer = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            found = self.rpc(request["method"], *request["params"])
        except Unavailable as refusal:
            return json.dumps(answer | {"error": {"code": -32000, "message": str(refusal)}}).encode()
        return json.dumps(answer | {"result": found}).encode()

    def _get_block(self, which: str, _full: bool) -> dict[str, str] | None:
        if which in ("latest", "finalized"):
            found = self.chain.latest() if which == "latest" else self.chain.finalized()
        elif int(which, 16) < len(self.chain.blocks):
            found = self.chain.block(int(which, 16))
        else:
            return None
        numbers = {"number": found.number, "timestamp": found.time, "baseFeePerGas": found.base_fee or 0}
        return {"hash": _hex(found.hash)} | {name: hex(value) for name, value in numbers.items()}

    def _call(self, call: dict[str, str], which: str) -> str:
        data, at = bytes.fromhex(call["data"][2:]), self._at(which)
        if data[:4] == artifact().functions["head"]:
            head = self.chain.head(data[4:36], at)
            anchorer = bytes.fromhex((head.anchorer or ZERO_ADDRESS)[2:])
            return _words(head.size, int.from_bytes(anchorer), head.sealed)
        assert data[:4] == artifact().functions["anchoredAt"], data[:4]
        wanted = Head(int.from_bytes(data[36:68]), RootHash(data[68:100]))
        anchor = self.chain.anchored_at(data[4:36], wanted, at)
        return _words(anchor.block_time, anchor.block_number) if anchor else _words(0, 0)

    def _count(self, account: str, which: str) -> str:
        at = self.chain.latest() if which == "latest" else self._at(which)
        return hex(self.chain.transaction_count(account, at))

    def _receipt(self, tx_hash: str) -> dict[str, str | None] | None:
        found = self.chain.receipt(bytes.fromhex(tx_hash[2:]))
        if found is None:
            return None
        numbers = {
            "blockNumber": found.block_number,
            "status": int(found.succeeded),
            "gasUsed": found.gas_used,
            "effectiveGasPrice": found.gas_price or 0,
        }
        return {"contractAddress": None} | {name: hex(value) for name, value in numbers.items()}

    def _send(self, raw: str) -> str:
        sent = bytes.fromhex(raw[2:])
        answer = self.chain.send_raw(sent)
        if not answer.accepted:
            raise Unavailable(answer.message)
        self.chain.mine()
        return _hex(keccak256(sent))

    def _at(self, which: str) -> Block:
        return self.chain.block(int(which, 16))


def _words(*numbers: int) -> str:
    return _hex(b"".join(int(number).to_bytes(32, "big") for number in numbers))


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
