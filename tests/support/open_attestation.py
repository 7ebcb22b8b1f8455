"""Wraps OpenAttestation v2 documents for tests, and a small DocumentStore on the tests' own chain.

Written from the description of the format, apart from the verifier's reader, so that one does not hide the other's
mistakes; the campaign in tests/interop compares both with OpenAttestation's own library.
"""

import json
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import solcx
from Crypto.Hash import keccak

from contracts import build
from tests.support.chain import LocalChain

STORE: Final = "0x8194648f40ed07f841fa357bf52cbe8d6d7ce48d"
SOURCE: Final = Path(__file__).with_name("solidity") / "SmallDocumentStore.sol"


def hashed(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()


def raw_document(store: str = STORE, name: str = 'Giấy chứng nhận "đ"\n', **more: Any) -> dict[str, Any]:
    """Return a document before it is wrapped."""
    identity = {"type": "DNS-TXT", "location": "example.vn"}
    issuer = {"name": "Trung tâm Chứng nhận Mẫu", "documentStore": store, "identityProof": identity}
    return {"name": name, "issuers": [issuer], "empty": {}, "none": [], "n": 5, "t": True, "z": None, **more}


def wrapped(*documents: dict[str, Any]) -> list[dict[str, Any]]:
    """Wrap the documents of one batch."""
    salted = [salt(document, f"{number}") for number, document in enumerate(documents)]
    targets = [target_of(data) for data in salted]
    return [
        {
            "version": "https://schema.openattestation.com/2.0/schema.json",
            "data": data,
            "signature": {"type": "SHA3MerkleProof", "targetHash": target.hex(), **_proof(targets, target)},
        }
        for data, target in zip(salted, targets, strict=True)
    ]


def salt(value: Any, place: str) -> Any:
    """Salt every value with a version 4 UUID that is the same in every run."""
    if isinstance(value, dict):
        return {name: salt(item, f"{place}.{name}") for name, item in value.items()}
    if isinstance(value, list):
        return [salt(item, f"{place}.{number}") for number, item in enumerate(value)]
    kinds = {bool: "boolean", int: "number", str: "string", type(None): "null"}
    text = str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)
    return f"{uuid.UUID(bytes=hashed(place.encode())[:16], version=4)}:{kinds[type(value)]}:{text}"


def leaf_hashes(value: Any, path: str = "") -> list[str]:
    """Return the hash of each value with its path."""
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [h for name, item in items for h in leaf_hashes(item, f"{path}.{name}" if path else f"{name}")]
    return [hashed(compact({path: value})).hex()]


def target_of(data: dict[str, Any], hidden: Sequence[str] = ()) -> bytes:
    return hashed(compact(sorted([*leaf_hashes(data), *hidden])))


def obfuscated(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Remove a member; its hashes stay."""
    data = dict(document["data"])
    removed = leaf_hashes(data.pop(name), name)
    return {**document, "data": data, "privacy": {"obfuscatedData": removed}}


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _proof(targets: list[bytes], target: bytes) -> dict[str, Any]:
    layer, position, proof = targets, targets.index(target), []
    while len(layer) > 1:
        if (sibling := position ^ 1) < len(layer):
            proof.append(layer[sibling].hex())
        pairs = [layer[i : i + 2] for i in range(0, len(layer), 2)]
        layer, position = [hashed(b"".join(sorted(p))) if len(p) > 1 else p[0] for p in pairs], position // 2
    return {"proof": proof, "merkleRoot": layer[0].hex()}


@dataclass(frozen=True)
class SmallDocumentStore:
    """The contract of solidity/SmallDocumentStore.sol on a chain, owned by the account "issuer"."""

    chain: LocalChain
    address: str

    def issue(self, root: str) -> None:
        self._send("issue(bytes32)", root)

    def revoke(self, digest: str) -> None:
        self._send("revoke(bytes32)", digest)

    def _send(self, signature: str, argument: str) -> None:
        data = hashed(signature.encode())[:4] + bytes.fromhex(argument)
        self.chain.send(data, sender=self.chain.funded("issuer"))


def deploy_store(chain: LocalChain) -> SmallDocumentStore:
    """Deploy a store; the chain's address is its own from then on, until the test ends."""
    mined = chain.send(bytecode(), sender=chain.funded("issuer"), to=None)
    if mined.contract is None:
        raise AssertionError("the deployment made no contract")
    chain.address = mined.contract
    return SmallDocumentStore(chain, mined.contract)


@cache
def bytecode() -> bytes:
    """Compile the contract."""
    settings = {"evmVersion": "paris", "outputSelection": {"*": {"*": ["evm.bytecode.object"]}}}
    sources = {SOURCE.name: {"content": SOURCE.read_text("utf-8")}}
    request = {"language": "Solidity", "sources": sources, "settings": settings}
    with tempfile.TemporaryDirectory() as temporary:
        output = solcx.compile_standard(request, solc_binary=build.write_wrapper(Path(temporary)))
    compiled = output["contracts"][SOURCE.name]["SmallDocumentStore"]
    return bytes.fromhex(compiled["evm"]["bytecode"]["object"])
