"""The contract CheckpointAnchor as data: ABI, bytecode, code hash, and the ABI encoding of the calls that we make.

Source: contracts/ICheckpointAnchor.sol and the Solidity ABI specification. No chain library is imported and nothing
is read but the committed artifact; what a node answered is judged elsewhere.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from Crypto.Hash import keccak

from certlog.digests import DIGEST_BYTES, sha256
from certlog.errors import InvalidInput
from certlog.sentences import Sentence

WORD: Final = 32
ADDRESS_BYTES: Final = 20
ZERO_ADDRESS: Final = "0x" + "00" * ADDRESS_BYTES


@dataclass(frozen=True, slots=True)
class Artifact:
    """What the compiler made of the contract; contracts/build.py writes it and a test compiles it again."""

    abi: tuple[Mapping[str, Any], ...]
    bytecode: bytes
    """Creation code: the data of the transaction that deploys the contract. The constructor takes nothing."""
    runtime: bytes
    """Code at the contract's address."""
    code_hash: bytes
    """EXTCODEHASH: keccak-256 of the runtime code. Trust roots pin it."""
    functions: Mapping[str, bytes]
    """Name -> 4-byte selector."""
    errors: Mapping[bytes, Mapping[str, Any]]
    """4-byte selector -> the error's ABI entry."""
    events: Mapping[str, bytes]
    """Name -> topic 0."""
    compiler: str


@dataclass(frozen=True, slots=True)
class Revert:
    """A named error of the contract, with its values: bytes (bytes32), str (address) or int."""

    name: str
    values: Mapping[str, int | bytes | str]

    def __str__(self) -> str:
        """Return Name(member=value, …), with bytes as hex."""
        shown = (f"{name}={_shown(value)}" for name, value in self.values.items())
        return f"{self.name}({', '.join(shown)})"


def keccak256(data: bytes) -> bytes:
    """Return keccak-256, the hash of Ethereum (not SHA3-256)."""
    return keccak.new(data=data, digest_bits=256).digest()


def checksummed(address: bytes) -> str:
    """Return an address of 20 bytes as text with the check of EIP-55 in its capitals, the only form web3 takes."""
    digits = address.hex()
    check = keccak256(digits.encode()).hex()
    return "0x" + "".join(c.upper() if k > "7" else c for c, k in zip(digits, check, strict=False))


@cache
def artifact() -> Artifact:
    """Return the committed artifact."""
    text = (resources.files("anchoring") / "artifact" / "CheckpointAnchor.json").read_text("utf-8")
    fields = json.loads(text)
    selectors = fields["selectors"]
    by_name = {item["name"]: item for item in fields["abi"]}
    return Artifact(
        abi=tuple(fields["abi"]),
        bytecode=_bytes(fields["bytecode"]),
        runtime=_bytes(fields["deployedBytecode"]),
        code_hash=_bytes(fields["codeHash"]),
        functions={name: _bytes(value) for name, value in selectors["function"].items()},
        errors={_bytes(value): by_name[name] for name, value in selectors["error"].items()},
        events={name: _bytes(value) for name, value in selectors["event"].items()},
        compiler=fields["compiler"]["version"],
    )


def origin_hash(origin: str) -> bytes:
    """Return SHA-256 of the origin in UTF-8, as openLog takes it."""
    return sha256(origin.encode())


def log_id(owner: str, origin: str) -> bytes:
    """Return the id of the log that `owner` (0x and 40 hex digits) opens for an origin."""
    return keccak256(_address(owner) + origin_hash(origin))


def successor_id(old_log_id: bytes, size: int, root: bytes) -> bytes:
    """Return the id of the log that openSuccessor makes of one head of an old log."""
    return keccak256(_digest(old_log_id) + _uint64(size) + _digest(root))


def open_log_call(origin: str, anchorer: str) -> bytes:
    """Return the data of openLog(originHash, anchorer)."""
    return _call("openLog", origin_hash(origin), _address(anchorer))


def anchor_call(
    log_id: bytes, old: tuple[int, bytes], new: tuple[int, bytes], consistency_proof: Sequence[bytes]
) -> bytes:
    """Return the data of anchor(…); heads are (size, root), and the proof is empty from size 0.

    Raises:
        InvalidInput: a hash is not 32 bytes or a size not below 2^64.
    """
    (old_size, old_root), (new_size, new_root) = old, new
    head = (_digest(log_id), _uint64(old_size), _digest(old_root), _uint64(new_size), _digest(new_root))
    return _call("anchor", *head, *_array(consistency_proof, after=len(head) + 1))


def set_anchorer_call(log_id: bytes, anchorer: str) -> bytes:
    """Return the data of setAnchorer(logId, anchorer)."""
    return _call("setAnchorer", _digest(log_id), _address(anchorer))


def offer_log_call(log_id: bytes, new_owner: str) -> bytes:
    """Return the data of offerLog(logId, newOwner)."""
    return _call("offerLog", _digest(log_id), _address(new_owner))


def accept_log_call(log_id: bytes) -> bytes:
    """Return the data of acceptLog(logId)."""
    return _call("acceptLog", _digest(log_id))


def seal_call(log_id: bytes) -> bytes:
    """Return the data of seal(logId)."""
    return _call("seal", _digest(log_id))


def open_successor_call(old_log_id: bytes, size: int, root: bytes, anchorer: str) -> bytes:
    """Return the data of openSuccessor(oldLogId, size, root, anchorer)."""
    return _call("openSuccessor", _digest(old_log_id), _uint64(size), _digest(root), _address(anchorer))


def anchored_at_call(log_id: bytes, size: int, root: bytes) -> bytes:
    """Return the data of anchoredAt(logId, size, root)."""
    return _call("anchoredAt", _digest(log_id), _uint64(size), _digest(root))


def head_call(log_id: bytes) -> bytes:
    """Return the data of head(logId)."""
    return _call("head", _digest(log_id))


def ownership_call(log_id: bytes) -> bytes:
    """Return the data of ownership(logId)."""
    return _call("ownership", _digest(log_id))


def successor_of_call(log_id: bytes) -> bytes:
    """Return the data of successorOf(logId)."""
    return _call("successorOf", _digest(log_id))


def verify_inclusion_call(
    leaf_hash: bytes, index: int, size: int, root: bytes, path: Sequence[bytes]
) -> bytes:
    """Return the data of verifyInclusion(leafHash, index, size, root, path)."""
    head = (_digest(leaf_hash), _uint64(index), _uint64(size), _digest(root))
    return _call("verifyInclusion", *head, *_array(path, after=len(head) + 1))


def read_anchored_at(data: bytes) -> tuple[int, int] | None:
    """Return (block time, block number) from what anchoredAt returned; None when never anchored.

    Raises:
        InvalidInput: not what the contract returns.
    """
    block_time, block_number = (_read_uint64(word) for word in _words(data, 2))
    return (block_time, block_number) if block_time else None


def read_head(data: bytes) -> tuple[int, str, bool]:
    """Return (size, anchorer, sealed) from what head returned; the anchorer is ZERO_ADDRESS while not open.

    Raises:
        InvalidInput: not what the contract returns.
    """
    size, anchorer, is_sealed = _words(data, 3)
    return _read_uint64(size), _read_address(anchorer), _read_bool(is_sealed)


def read_ownership(data: bytes) -> tuple[str, str]:
    """Return (owner, offered to) from what ownership returned.

    Raises:
        InvalidInput: not what the contract returns.
    """
    owner, offered_to = _words(data, 2)
    return _read_address(owner), _read_address(offered_to)


def read_log_id(data: bytes) -> bytes:
    """Return the id from what openLog, openSuccessor or successorOf returned.

    Raises:
        InvalidInput: not what the contract returns.
    """
    return _words(data, 1)[0]


def read_revert(data: bytes) -> Revert | None:
    """Return the contract's named error from revert data; None when it is not one of them (such as out of gas)."""
    entry = artifact().errors.get(data[:4])
    if entry is None or len(data) != 4 + WORD * len(entry["inputs"]):
        return None
    words = _words(data[4:], len(entry["inputs"]))
    inputs = zip(entry["inputs"], words, strict=True)
    return Revert(entry["name"], {item["name"]: _read(item["type"], word) for item, word in inputs})


def _call(function: str, *values: bytes) -> bytes:
    return artifact().functions[function] + b"".join(value.rjust(WORD, b"\0") for value in values)


def _array(items: Sequence[bytes], *, after: int) -> tuple[bytes, ...]:
    """Return offset, length and items of the one dynamic argument, which is the last; `after` counts its head."""
    return (_uint64(after * WORD), _uint64(len(items)), *(_digest(item) for item in items))


def _uint64(value: int) -> bytes:
    if not 0 <= value < 2**64:
        raise InvalidInput(Sentence("expected an unsigned number below 2^64, found {value}", value=value))
    return value.to_bytes(WORD, "big")


def _digest(value: bytes) -> bytes:
    if len(value) != DIGEST_BYTES:
        raise InvalidInput(
            Sentence(
                "expected {digest_bytes} bytes, found {found}", digest_bytes=DIGEST_BYTES, found=len(value)
            )
        )
    return value


def _address(text: str) -> bytes:
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise InvalidInput(
            Sentence("expected an address of 0x and 40 hex digits, found {text!r}", text=text)
        ) from error
    if len(value) != ADDRESS_BYTES:
        raise InvalidInput(Sentence("expected an address of 0x and 40 hex digits, found {text!r}", text=text))
    return value.rjust(WORD, b"\0")


def _words(data: bytes, count: int) -> tuple[bytes, ...]:
    if len(data) != count * WORD:
        raise InvalidInput(
            Sentence(
                "expected {count} bytes from the contract, found {found}", count=count * WORD, found=len(data)
            )
        )
    return tuple(data[i : i + WORD] for i in range(0, len(data), WORD))


def _read(kind: str, word: bytes) -> int | bytes | str:
    match kind:
        case "bytes32":
            return word
        case "address":
            return _read_address(word)
        case _:
            return int.from_bytes(word, "big")


def _read_uint64(word: bytes) -> int:
    value = int.from_bytes(word, "big")
    if value >= 2**64:
        raise InvalidInput(
            Sentence("expected a number below 2^64 from the contract, found {value}", value=value)
        )
    return value


def _read_address(word: bytes) -> str:
    if any(word[: WORD - ADDRESS_BYTES]):
        raise InvalidInput(Sentence("expected an address from the contract, found {word}", word=word.hex()))
    return checksummed(word[-ADDRESS_BYTES:])


def _read_bool(word: bytes) -> bool:
    value = int.from_bytes(word, "big")
    if value > 1:
        raise InvalidInput(Sentence("expected 0 or 1 from the contract, found {value}", value=value))
    return bool(value)


def _shown(value: int | bytes | str) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
