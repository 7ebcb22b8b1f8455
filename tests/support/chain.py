"""A real local chain for tests: one Anvil a session, set back after every test, and the contract on it.

Accounts are names: Anvil lets a test send from any address, so that contract tests need no keys and cost the same gas
every time. Import the fixtures in an area's conftest.py.
"""

import http.client
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import pytest

from anchoring import contract
from anchoring.local_node import HOST, LocalNode, find_anvil
from certlog import tree
from certlog.errors import Unavailable

CHAIN_ID: Final = 1_337_000
ETHER: Final = 10**18
GAS: Final = 3_000_000
BATCH: Final = 500

Overrides: TypeAlias = Mapping[str, Mapping[str, object]]
"""What a call finds in the state instead of what is there: address -> {"code": ...} or {"stateDiff": {slot: word}}."""


class Reverted(Exception):
    """A call reverted: the contract's named error, or None for anything else, with the node's words."""

    def __init__(self, revert: contract.Revert | None, message: str) -> None:
        super().__init__(str(revert or message))
        self.revert = revert


@dataclass(frozen=True, slots=True)
class Mined:
    """What a transaction left behind."""

    gas_used: int
    block_number: int
    block_time: int
    contract: str | None
    logs: tuple[tuple[tuple[bytes, ...], bytes], ...]
    """(topics, data) of each event."""


@dataclass(frozen=True, slots=True)
class Head:
    """A log's size and root, as the contract takes them."""

    size: int
    root: bytes


EMPTY: Final = Head(0, tree.EMPTY_ROOT)


def head_of(history: tree.MemoryTree, size: int) -> Head:
    """Return the head of the first `size` leaves."""
    return Head(size, history.root(size))


def account(name: str) -> str:
    """Return the address that stands for a name: the same in every run."""
    return contract.checksummed(contract.keccak256(name.encode())[-20:])


class LocalChain:
    """One node and one deployed contract."""

    def __init__(self, node: LocalNode) -> None:
        self.node = node
        self.address = ""
        self._connection = http.client.HTTPConnection(HOST, node.port, timeout=30)
        node.rpc("anvil_autoImpersonateAccount", True)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def rpc(self, method: str, *params: object) -> Any:
        """Return the result of one call, or raise Reverted."""
        return _result(self._post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))

    def funded(self, name: str) -> str:
        """Return the address of a name, with ether for gas."""
        self.rpc("anvil_setBalance", account(name), hex(1_000 * ETHER))
        return account(name)

    def deploy(self, bytecode: bytes | None = None) -> str:
        """Deploy the contract (or a variant of it); later calls go there. Returns its address."""
        mined = self.send(bytecode or contract.artifact().bytecode, sender=self.funded("deployer"), to=None)
        if mined.contract is None:
            raise AssertionError("the deployment made no contract")
        self.address = mined.contract
        return self.address

    def call(
        self,
        data: bytes,
        *,
        sender: str | None = None,
        block: str = "latest",
        value: int = 0,
        state: Overrides | None = None,
    ) -> bytes:
        """Return what a call answers, without a transaction, perhaps in another state; raises Reverted."""
        call = self._transaction(data, sender, value)
        return bytes.fromhex(self.rpc("eth_call", call, block, *([] if state is None else [state]))[2:])

    def calls(
        self, calls: Sequence[tuple[bytes, str | None]], states: Sequence[Overrides] = ()
    ) -> list[bytes | Reverted]:
        """Return what many calls (data, sender) answer, or how they reverted, in order; each in a state of its own."""
        answers: list[bytes | Reverted] = []
        for start in range(0, len(calls), BATCH):
            answers += self._batch(calls[start : start + BATCH], states[start : start + BATCH])
        return answers

    def send(self, data: bytes, *, sender: str, to: str | None = "contract", gas: int = GAS) -> Mined:
        """Mine a transaction in a block of its own; raises Reverted where the same call would revert."""
        if to is not None:
            self.rpc("eth_call", {**self._transaction(data, sender), "gas": hex(gas)}, "latest")
        return self.send_unasked(data, sender=sender, to=to, gas=gas)

    def send_unasked(self, data: bytes, *, sender: str, to: str | None = "contract", gas: int = GAS) -> Mined:
        """Mine a transaction without trying it first; raises Reverted after a mined transaction failed."""
        transaction = {**self._transaction(data, sender), "gas": hex(gas)}
        if to is None:
            del transaction["to"]
        tx_hash = self.rpc("eth_sendTransaction", transaction)
        while (receipt := self.rpc("eth_getTransactionReceipt", tx_hash)) is None:
            time.sleep(0.001)
        if receipt["status"] != "0x1":
            raise Reverted(None, "the mined transaction failed")
        return self._mined(receipt)

    def open_log(self, owner: str, anchorer: str, origin: str = "registry.example.vn/log") -> bytes:
        """Open a log; returns its id."""
        self.send(contract.open_log_call(origin, anchorer), sender=owner)
        return contract.log_id(owner, origin)

    def anchor(self, log_id: bytes, anchorer: str, old: Head, new: Head, proof: Sequence[bytes]) -> Mined:
        """Anchor a head."""
        return self.send(anchor_data(log_id, old, new, proof), sender=anchorer)

    def extend(self, log_id: bytes, anchorer: str, history: tree.MemoryTree, *sizes: int) -> Mined:
        """Anchor heads of one history, each with its genuine proof, beginning at the contract's head."""
        mined: Mined | None = None
        for size in sizes:
            old = self.head(log_id)[0]
            proof = history.consistency(old, size)
            mined = self.anchor(log_id, anchorer, head_of(history, old), head_of(history, size), proof)
        if mined is None:
            raise AssertionError("no size was given")
        return mined

    def head(self, log_id: bytes) -> tuple[int, str, bool]:
        """Return (size, anchorer, sealed)."""
        return contract.read_head(self.call(contract.head_call(log_id)))

    def anchored_at(self, log_id: bytes, head: Head, block: str = "latest") -> tuple[int, int] | None:
        """Return (block time, block number), or None for never."""
        data = contract.anchored_at_call(log_id, head.size, head.root)
        return contract.read_anchored_at(self.call(data, block=block))

    def _transaction(self, data: bytes, sender: str | None, value: int = 0) -> dict[str, object]:
        call: dict[str, object] = {
            "to": self.address,
            "data": "0x" + data.hex(),
            "gas": hex(GAS),
            "value": hex(value),
        }
        return call if sender is None else {**call, "from": sender}

    def _batch(
        self, calls: Sequence[tuple[bytes, str | None]], states: Sequence[Overrides]
    ) -> list[bytes | Reverted]:
        requests: list[dict[str, Any]] = [
            {"jsonrpc": "2.0", "id": i, "method": "eth_call", "params": [self._transaction(*call), "latest"]}
            for i, call in enumerate(calls)
        ]
        for request, state in zip(requests, states, strict=False):
            request["params"].append(state)
        by_id = {answer["id"]: answer for answer in self._post(requests)}
        return [_answer(by_id[i]) for i in range(len(calls))]

    def _mined(self, receipt: Mapping[str, Any]) -> Mined:
        block = self.rpc("eth_getBlockByNumber", receipt["blockNumber"], False)
        logs = tuple(
            (tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]), bytes.fromhex(log["data"][2:]))
            for log in receipt["logs"]
        )
        numbers = (
            int(value, 16) for value in (receipt["gasUsed"], receipt["blockNumber"], block["timestamp"])
        )
        gas_used, block_number, block_time = numbers
        return Mined(gas_used, block_number, block_time, receipt["contractAddress"], logs)

    def _post(self, body: object) -> Any:
        self._connection.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(self._connection.getresponse().read())


def anchor_data(log_id: bytes, old: Head, new: Head, proof: Sequence[bytes]) -> bytes:
    """Return the data of an anchor call."""
    return contract.anchor_call(log_id, (old.size, old.root), (new.size, new.root), proof)


@contextmanager
def reverts(name: str, **values: int | bytes | str) -> Iterator[None]:
    """Require that the body reverts with exactly this named error and these values."""
    with pytest.raises(Reverted) as caught:
        yield
    assert caught.value.revert == contract.Revert(name, values), f"reverted with {caught.value}"


@pytest.fixture(scope="session")
def local_chain_of_session() -> Iterator[LocalChain]:
    """Start Anvil, our own child on a free port, with the contract deployed."""
    try:
        binary = find_anvil()
    except Unavailable as error:
        pytest.fail(str(error))
    with LocalNode(chain_id=CHAIN_ID, block_time=None, binary=binary) as node:
        chain = LocalChain(node)
        chain.deploy()
        yield chain
        chain.close()


@pytest.fixture
def chain(local_chain_of_session: LocalChain) -> Iterator[LocalChain]:
    """Give the session's chain to one test, and set it back afterwards."""
    chain = local_chain_of_session
    address, snapshot = chain.address, chain.rpc("evm_snapshot")
    yield chain
    chain.rpc("evm_revert", snapshot)
    chain.address = address


def _answer(answer: Mapping[str, Any]) -> bytes | Reverted:
    try:
        return bytes.fromhex(_result(answer)[2:])
    except Reverted as reverted:
        return reverted


def _result(answer: Mapping[str, Any]) -> Any:
    if "error" not in answer:
        return answer["result"]
    data = answer["error"].get("data")
    raw = bytes.fromhex(data[2:]) if isinstance(data, str) else b""
    raise Reverted(contract.read_revert(raw), answer["error"]["message"])
