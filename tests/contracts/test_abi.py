"""What the ABI cannot say, a call with ether and what is no function are refused before the contract looks at them.

Also the chain that lacks what the contract needs: SHA-256.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from anchoring import contract
from certlog import tree
from tests.contracts.conftest import Roles
from tests.support.chain import ETHER, LocalChain, Overrides, Reverted, anchor_data, head_of, reverts

WORD: Final = 32
TOO_LARGE: Final = b"\xff" * WORD
FUNCTIONS: Final = {item["name"]: item for item in contract.artifact().abi if item["type"] == "function"}
ASK_SHA256: Final = bytes.fromhex("60025afa")
"""PUSH1 2, GAS, STATICCALL."""


def refused_unnamed(chain: LocalChain, data: bytes, sender: str, *, value: int = 0) -> None:
    with pytest.raises(Reverted) as caught:
        chain.call(data, sender=sender, value=value)
    assert caught.value.revert is None


def plain_call(name: str) -> bytes:
    """Return a call whose every value is 1, and whose list is empty."""
    inputs = FUNCTIONS[name]["inputs"]
    words = [WORD * len(inputs) if value["type"] == "bytes32[]" else 1 for value in inputs]
    lists = sum(value["type"] == "bytes32[]" for value in inputs)
    return contract.artifact().functions[name] + b"".join(
        word.to_bytes(WORD, "big") for word in [*words, *[0] * lists]
    )


def broken_calls(name: str) -> Iterator[bytes]:
    """Yield calls that are none: cut, with a value wider than its type, with a list that is not there."""
    data, inputs = plain_call(name), FUNCTIONS[name]["inputs"]
    yield data[:-1] if inputs[-1]["type"] != "bytes32[]" else data[: -WORD - 1]
    for number, value in enumerate(inputs):
        here = 4 + number * WORD
        if value["type"] in {"address", "uint64"}:
            too_wide = here + WORD - {"address": 20, "uint64": 8}[value["type"]] - 1
            yield data[:too_wide] + b"\1" + data[too_wide + 1 :]
        if value["type"] == "bytes32[]":
            # Where it begins: beyond 64 bits, beyond the data. How long it is: beyond 64 bits, beyond the data.
            yield data[:here] + TOO_LARGE + data[here + WORD :]
            yield data[:here] + len(data).to_bytes(WORD, "big") + data[here + WORD :]
            yield data[:-WORD] + TOO_LARGE
            yield data[:-1] + b"\1"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_the_abi_cannot_say_is_refused(chain: LocalChain, roles: Roles, name: str) -> None:
    for data in broken_calls(name):
        refused_unnamed(chain, data, roles.owner)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_takes_ether(chain: LocalChain, roles: Roles, name: str) -> None:
    refused_unnamed(chain, plain_call(name), roles.owner, value=1)
    assert chain.rpc("eth_getBalance", chain.address, "latest") == hex(0)


@pytest.mark.parametrize("data", [b"", b"\x12", b"\x12\x34\x56", b"\x12\x34\x56\x78", bytes(4), b"\xff" * 4])
def test_what_is_no_function_is_refused(chain: LocalChain, roles: Roles, data: bytes) -> None:
    refused_unnamed(chain, data, roles.owner)
    refused_unnamed(chain, data, roles.owner, value=ETHER)


def test_what_is_next_to_a_function_is_refused(chain: LocalChain, roles: Roles) -> None:
    known = set(contract.artifact().functions.values())
    for selector in known:
        for near in (int.from_bytes(selector, "big") + step for step in (-1, 1)):
            assert near.to_bytes(4, "big") not in known
            refused_unnamed(chain, near.to_bytes(4, "big") + bytes(6 * WORD), roles.owner)


def without_sha256(chain: LocalChain) -> Overrides:
    """Return the state in which the contract asks another account, where nobody is, for its hashes."""
    code = contract.artifact().runtime
    assert code.count(ASK_SHA256) == len(["old root", "new root", "inner node"])
    elsewhere = code.replace(ASK_SHA256, b"\x60\xff" + ASK_SHA256[2:])
    return {chain.address: {"code": "0x" + elsewhere.hex()}}


@pytest.mark.parametrize("old", [20, 32])
def test_a_chain_without_sha256_proves_no_extension(
    chain: LocalChain, roles: Roles, log_id: bytes, history: tree.MemoryTree, old: int
) -> None:
    chain.extend(log_id, roles.anchorer, history, old)
    data = anchor_data(log_id, head_of(history, old), head_of(history, 40), history.consistency(old, 40))
    chain.call(data, sender=roles.anchorer)
    with reverts("Sha256Failed"):
        chain.call(data, sender=roles.anchorer, state=without_sha256(chain))


@pytest.mark.parametrize("index", [0, 1, 39])
def test_a_chain_without_sha256_finds_no_leaf(
    chain: LocalChain, history: tree.MemoryTree, index: int
) -> None:
    path = history.inclusion(index, 40)
    data = contract.verify_inclusion_call(history.read(0, index), index, 40, history.root(40), path)
    chain.call(data)
    with reverts("Sha256Failed"):
        chain.call(data, state=without_sha256(chain))
