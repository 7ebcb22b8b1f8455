"""The contract's calls as bytes: calldata of what anchoring sends and reads, and answers back to values.

The interface is contracts/ICheckpointAnchor.sol; a test compares every signature here with the compiled ABI.
The id of a first log is keccak256(abi.encode(owner, originHash)); that of a successor is in the contract.
"""

from collections.abc import Sequence
from typing import Any, Final

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak

from anchoring.batch import Head
from anchoring.ports import Anchor, ContractHead
from certlog.digests import sha256
from certlog.errors import InvalidInput, Unavailable

OPEN_LOG: Final = "openLog(bytes32,address)"
ANCHOR: Final = "anchor(bytes32,uint64,bytes32,uint64,bytes32,bytes32[])"
HEAD: Final = "head(bytes32)"
ANCHORED_AT: Final = "anchoredAt(bytes32,uint64,bytes32)"

_ZERO_ADDRESS: Final = bytes(20)


def selector(signature: str) -> bytes:
    """Return the first four bytes of a call of this function."""
    return keccak(text=signature)[:4]


def origin_hash(origin: str) -> bytes:
    """Return how the contract knows a log's origin: SHA-256 of its UTF-8 bytes."""
    return sha256(origin.encode())


def log_id(owner: str, origin: str) -> bytes:
    """Return the id of the log that `owner` opens for `origin`."""
    return keccak(encode(("address", "bytes32"), (owner, origin_hash(origin))))


def open_log_call(origin: str, anchorer: str) -> bytes:
    """Return the calldata that opens a log; its sender becomes the owner."""
    return _call(OPEN_LOG, origin_hash(origin), anchorer)


def anchor_call(log: bytes, old: Head, new: Head, proof: Sequence[bytes]) -> bytes:
    """Return the calldata that anchors a new head on an old one."""
    return _call(ANCHOR, log, old.size, old.root, new.size, new.root, list(proof))


def head_call(log: bytes) -> bytes:
    """Return the calldata that asks for a log's head."""
    return _call(HEAD, log)


def anchored_at_call(log: bytes, head: Head) -> bytes:
    """Return the calldata that asks when a head was anchored."""
    return _call(ANCHORED_AT, log, head.size, head.root)


def read_head(answer: bytes) -> ContractHead:
    """Return what `head` answered.

    Raises:
        Unavailable: the answer is not one of this function.
    """
    size, anchorer, is_sealed = _decode(("uint64", "address", "bool"), answer)
    opened = to_canonical_address(anchorer) != _ZERO_ADDRESS
    return ContractHead(size, to_checksum_address(anchorer) if opened else None, is_sealed)


def read_anchor(answer: bytes) -> Anchor | None:
    """Return what `anchoredAt` answered; None for a head that was never anchored.

    Raises:
        Unavailable: the answer is not one of this function.
    """
    block_time, block_number = _decode(("uint64", "uint64"), answer)
    return Anchor(block_number, block_time) if block_time else None


def parse_address(text: str, place: str) -> str:
    """Return an address with its checksum.

    Raises:
        InvalidInput: not an address, or one whose checksum is wrong.
    """
    digits = text.removeprefix("0x")
    try:
        canonical = to_checksum_address(f"0x{bytes.fromhex(digits).hex()}")
    except ValueError as error:
        raise InvalidInput(f"expected an address of 40 hex digits, found {text!r}", place=place) from error
    if digits != digits.lower() and text != canonical:
        raise InvalidInput(f"the address {text} is mistyped: its checksum gives {canonical}", place=place)
    return canonical


def _call(signature: str, *values: object) -> bytes:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return selector(signature) + encode(types, values)


def _decode(types: Sequence[str], answer: bytes) -> tuple[Any, ...]:
    if not answer:
        raise Unavailable(
            "the contract is not there at the block asked for: wait until its deployment is final"
        )
    try:
        return decode(types, answer)
    except DecodingError as error:
        message = f"the contract answered {len(answer)} bytes that are not ({', '.join(types)}): {error}"
        raise Unavailable(message) from error
