"""Reads an OpenAttestation DocumentStore over JSON-RPC: was a root issued, was anything on the path to it revoked.

Source: Open-Attestation/document-store (isIssued, isRevoked); the older CertificateStore has the same two. All answers
are of one block. What a node says is believed as far as every node that was named says the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from verifier.contract_calls import read_block
from verifier.json_rpc import Call, Endpoint, data, quantity
from verifier.open_attestation import OpenAttestation

IS_ISSUED: Final = bytes.fromhex("163aa631")
"""Selector of isIssued(bytes32); a test derives it again."""
IS_REVOKED: Final = bytes.fromhex("4294857f")
"""Selector of isRevoked(bytes32)."""

_WORD: Final = 32


@dataclass(frozen=True, slots=True)
class StoreState:
    """What a contract answered, in the state of one block.

    Attributes:
        store: address, lower case.
        chain_id: of the node that answered.
        block_number: the newest block then, which need not be final.
        block_time: seconds since the epoch.
        issued: whether the batch's root is issued.
        revoked: which of the hashes on the path (target first, root last) are revoked.
        source: the nodes that said so, without what may be a key.
    """

    store: str
    chain_id: int
    block_number: int
    block_time: int
    issued: bool
    revoked: tuple[bytes, ...]
    source: str


def read_store(
    document: OpenAttestation, store: str, endpoints: Sequence[str], *, timeout: float
) -> StoreState:
    """Ask every node about a document in one store; requires at least one endpoint.

    Raises:
        InvalidInput: an endpoint that is no address.
        Unavailable: a node does not answer, is of another chain than the document names, has no contract there, or two
            nodes contradict each other.
    """
    found = [_read(document, store, url, timeout) for url in endpoints]
    first = found[0]
    for other in found[1:]:
        if (other.chain_id, other.issued, other.revoked) != (first.chain_id, first.issued, first.revoked):
            message = Sentence(
                "{first} and {other} contradict each other", first=first.source, other=other.source
            )
            raise Unavailable(message)
    names = ", ".join(state.source for state in found)
    oldest = min(found, key=lambda state: state.block_time)
    return StoreState(
        store, first.chain_id, oldest.block_number, oldest.block_time, first.issued, first.revoked, names
    )


def _read(document: OpenAttestation, store: str, url: str, timeout: float) -> StoreState:
    endpoint = Endpoint(url, timeout=timeout)
    try:
        chain, newest = endpoint.batch(
            [Call("eth_chainId", ()), Call("eth_getBlockByNumber", ("latest", False))]
        )
        name = endpoint.name
        chain_id = quantity(chain, Sentence("{name}: eth_chainId", name=name))
        if document.chain_id not in (None, chain_id):
            message = Sentence(
                "the document names chain {named}, {name} is of chain {found}: give a node of that chain with --rpc",
                named=document.chain_id,
                name=name,
                found=chain_id,
            )
            raise Unavailable(message)
        header = read_block(newest, name)
        block = hex(header.number)
        hashes = _revocable(document)
        code, issued, *revoked = endpoint.batch(
            [
                Call("eth_getCode", (store, block)),
                _call(store, IS_ISSUED, document.stated_root, block),
                *(_call(store, IS_REVOKED, digest, block) for digest in hashes),
            ]
        )
        if not data(code, Sentence("{name}: eth_getCode", name=name)):
            message = Sentence("{name}: there is no contract at {store}", name=name, store=store)
            raise Unavailable(message)
        answers = [_flag(answer, name) for answer in revoked]
        return StoreState(
            store=store,
            chain_id=chain_id,
            block_number=header.number,
            block_time=header.time,
            issued=_flag(issued, name),
            revoked=tuple(digest for digest, is_revoked in zip(hashes, answers, strict=True) if is_revoked),
            source=name,
        )
    finally:
        endpoint.close()


def _revocable(document: OpenAttestation) -> list[bytes]:
    """Return what a revocation of this document may name: itself, each node above it, and the root."""
    return list(dict.fromkeys(document.path))


def _call(store: str, selector: bytes, argument: bytes, block: str) -> Call:
    return Call("eth_call", ({"to": store, "data": f"0x{(selector + argument).hex()}"}, block))


def _flag(result: object, name: str) -> bool:
    """Read a bool of the contract ABI: one word, 0 or 1."""
    word = data(result, Sentence("{name}: the contract", name=name), length=_WORD)
    if int.from_bytes(word, "big") not in (0, 1):
        raise Unavailable(Sentence("{name}: the contract answered neither yes nor no", name=name))
    return word[-1] == 1
