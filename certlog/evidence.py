"""Evidence: one file that proves a certificate to someone who has only the trust root (docs/formats.md, section 8).

Parsing gives well-formed parts; nothing is verified here. Anchors in a file are pointers for whoever wants to look,
never evidence by themselves.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, TypeVar, cast

import orjson

from certlog.canonical import canonicalize, plain_bytes
from certlog.digests import LeafHash, digest_from_text
from certlog.documents import SecuredDocument
from certlog.encoding import b64url
from certlog.entry import Entry, entry_from_json
from certlog.errors import InvalidInput
from certlog.issuer_record import IssuerRecord
from certlog.note import MAX_SIGNATURES
from certlog.operator_record import OperatorRecord
from certlog.sentences import Sentence
from certlog.status_list import PURPOSES, decode_list, encode_list
from certlog.strict_json import (
    JSONObject,
    JSONValue,
    as_text,
    get_int,
    get_items,
    get_object,
    get_str,
    members,
    parse_canonical,
)
from certlog.timestamps import format_time, parse_utc

EVIDENCE_VERSION: Final = 1
MAX_EVIDENCE_BYTES: Final = 2 * 1024 * 1024
"""A certificate of the largest size, two full lists and hundreds of statements fit well within."""
MAX_HEADS: Final = 4
"""First anchored, newest anchored, newest with the auditors' quorum, newest signed."""
MAX_ANCHORS: Final = 8
MAX_STATEMENTS: Final = 500
MAX_RECORDS: Final = 20
MAX_PATH: Final = 63
MAX_NOTE_LINES: Final = 4 + MAX_SIGNATURES
_TX_HASH: Final = re.compile(r"0x[0-9a-f]{64}", re.ASCII)

_KEPT: Final = 256
"""Parts of evidence that a process keeps; the certificates of one body all carry the same few."""
_LONGEST_PART: Final = 16 * 1024
"""Nothing longer is kept in memory: 4 MB of text at most, and what is made of it."""

_T = TypeVar("_T")


def _read_once(read: Callable[[JSONValue, str], _T], value: JSONValue, place: str) -> _T:
    """Return read(value, place), from memory if the very same bytes were read at this place before.

    A refusal is not kept. What is kept was read from a copy, which no caller holds.
    """
    data = plain_bytes(value)
    if data is None or len(data) > _LONGEST_PART:
        return read(value, place)
    return cast("_T", _read_bytes(read, data, place))


@lru_cache(maxsize=_KEPT)
def _read_bytes(read: Callable[[JSONValue, str], object], data: bytes, place: str) -> object:
    return read(orjson.loads(data), place)


@dataclass(frozen=True, slots=True)
class AnchorPointer:
    """Where to look for an anchor: chain id, transaction hash (0x hex), block number, block time (seconds)."""

    chain_id: int
    tx_hash: str
    block_number: int
    block_time: int

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "AnchorPointer":
        """Parse `{chainId, txHash, blockNumber, blockTime}`."""
        obj = members(value, required=("chainId", "txHash", "blockNumber", "blockTime"), place=place)
        tx_hash = get_str(obj, "txHash", place)
        if not _TX_HASH.fullmatch(tx_hash):
            raise InvalidInput(
                "expected 0x and 64 lower-case hex digits", place=f"{place}/txHash", code="bad-anchor"
            )
        block_time = parse_utc(get_str(obj, "blockTime", place), f"{place}/blockTime")
        return cls(get_int(obj, "chainId", place), tx_hash, get_int(obj, "blockNumber", place), block_time)

    def to_json(self) -> JSONObject:
        """Return the pointer as JSON."""
        return {
            "chainId": self.chain_id,
            "txHash": self.tx_hash,
            "blockNumber": self.block_number,
            "blockTime": format_time(self.block_time),
        }


@dataclass(frozen=True, slots=True)
class Head:
    """A signed checkpoint, the certificate's inclusion path to it, and where it is anchored.

    In JSON the note is an array of its lines: text in a document never holds a line end (strict_json.py).
    """

    checkpoint: str
    path: tuple[bytes, ...]
    anchors: tuple[AnchorPointer, ...] = ()

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "Head":
        """Parse `{checkpoint, path, anchors?}`."""
        obj = members(value, required=("checkpoint", "path"), optional=("anchors",), place=place)
        anchors: tuple[AnchorPointer, ...] = ()
        if "anchors" in obj:
            anchors = get_items(obj, "anchors", place, AnchorPointer.from_json, most=MAX_ANCHORS)
            if not anchors:
                raise InvalidInput("left out where empty", place=f"{place}/anchors", code="bad-anchor")
        lines = get_items(obj, "checkpoint", place, as_text, most=MAX_NOTE_LINES)
        return cls("".join(f"{line}\n" for line in lines), _path(obj, place), anchors)

    def to_json(self) -> JSONObject:
        """Return the head as JSON; `anchors` is left out when there are none."""
        lines: list[JSONValue] = [*self.checkpoint.split("\n")[:-1]]
        obj: JSONObject = {"checkpoint": lines, "path": _path_json(self.path)}
        if self.anchors:
            obj["anchors"] = [anchor.to_json() for anchor in self.anchors]
        return obj


@dataclass(frozen=True, eq=False)
class ProvenEntry:
    """An entry, its index, and its inclusion path to the last head.

    Equal where index, path and leaf hash are: the hash stands for every byte of the entry and is kept (so no slots).
    """

    index: int
    entry: Entry
    path: tuple[bytes, ...]

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "ProvenEntry":
        """Parse `{index, entry, path}`."""
        return _read_once(cls._read, value, place)

    @classmethod
    def _read(cls, value: JSONValue, place: str) -> "ProvenEntry":
        obj = members(value, required=("index", "entry", "path"), place=place)
        entry = entry_from_json(obj["entry"], f"{place}/entry")
        return cls(get_int(obj, "index", place), entry, _path(obj, place))

    @cached_property
    def leaf_hash(self) -> LeafHash:
        """The entry's leaf hash."""
        return self.entry.leaf_hash

    def __eq__(self, other: object) -> bool:
        """Compare what was proven where."""
        if not isinstance(other, ProvenEntry):
            return NotImplemented
        return (self.index, self.leaf_hash, self.path) == (other.index, other.leaf_hash, other.path)

    def __hash__(self) -> int:
        """Hash what __eq__ compares, but for the path."""
        return hash((self.index, self.leaf_hash))

    def to_json(self) -> JSONObject:
        """Return the proven entry as JSON."""
        return {"index": self.index, "entry": self.entry.to_json(), "path": _path_json(self.path)}


@dataclass(frozen=True)
class ProvenRecord:
    """An issuer record, its position in the trust tree, and its path to the epoch's trustRoot; it keeps its hash."""

    index: int
    record: IssuerRecord
    path: tuple[bytes, ...]

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "ProvenRecord":
        """Parse `{index, record, path}`."""
        return _read_once(cls._read, value, place)

    @classmethod
    def _read(cls, value: JSONValue, place: str) -> "ProvenRecord":
        obj = members(value, required=("index", "record", "path"), place=place)
        record = IssuerRecord.from_json(obj["record"], f"{place}/record")
        return cls(get_int(obj, "index", place), record, _path(obj, place))

    @cached_property
    def leaf_hash(self) -> LeafHash:
        """The record's leaf hash in the trust tree."""
        return self.record.leaf_hash

    def to_json(self) -> JSONObject:
        """Return the proven record as JSON."""
        return {"index": self.index, "record": self.record.to_json(), "path": _path_json(self.path)}


@dataclass(frozen=True)
class ProvenOperator:
    """The operator's record, leaf 0 of the trust tree, and its path to the epoch's trustRoot; it keeps its hash."""

    record: OperatorRecord
    path: tuple[bytes, ...]

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "ProvenOperator":
        """Parse `{record, path}`."""
        return _read_once(cls._read, value, place)

    @classmethod
    def _read(cls, value: JSONValue, place: str) -> "ProvenOperator":
        obj = members(value, required=("record", "path"), place=place)
        return cls(OperatorRecord.from_json(obj["record"], f"{place}/record"), _path(obj, place))

    @cached_property
    def leaf_hash(self) -> LeafHash:
        """The record's leaf hash in the trust tree."""
        return self.record.leaf_hash

    def to_json(self) -> JSONObject:
        """Return the proven record as JSON."""
        return {"record": self.record.to_json(), "path": _path_json(self.path)}


@dataclass(frozen=True, slots=True)
class ProvenList:
    """One status list (16,384 bytes) and its path to the epoch's statusRoot."""

    bits: bytes
    path: tuple[bytes, ...]

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "ProvenList":
        """Parse `{bits, path}`; bits is a W3C encodedList."""
        obj = members(value, required=("bits", "path"), place=place)
        return cls(decode_list(get_str(obj, "bits", place), f"{place}/bits"), _path(obj, place))

    def to_json(self) -> JSONObject:
        """Return the proven list as JSON."""
        return {"bits": encode_list(self.bits), "path": _path_json(self.path)}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that proves one certificate.

    Attributes:
        index: the certificate's position in the log.
        heads: 1 to 4 of rising size, each ending in an epoch; the last is the one that all else proves to.
        trust: the statements behind the issuer's key and claimed scope.
        events: every status statement of this certificate, in log order.
        epoch: the last head's last leaf.
        operator: the operator's record, which says when each of its keys counted.
        records: the issuer's record, and each delegate's.
        lists: the slot's revocation and suspension lists, in this order.
        certificate: the secured document; None where it travels apart (withheld, or attached in a PDF).
    """

    index: int
    heads: tuple[Head, ...]
    trust: tuple[ProvenEntry, ...]
    events: tuple[ProvenEntry, ...]
    epoch: ProvenEntry
    operator: ProvenOperator
    records: tuple[ProvenRecord, ...]
    lists: tuple[ProvenList, ProvenList]
    certificate: SecuredDocument | None = None

    @classmethod
    def parse(cls, data: bytes) -> "Evidence":
        """Read an evidence file: canonical JSON of at most 2 MiB."""
        return cls.from_json(parse_canonical(data, max_bytes=MAX_EVIDENCE_BYTES))

    @classmethod
    def from_json(cls, value: JSONValue) -> "Evidence":
        """Parse the evidence object; unknown members are refused."""
        names = ("v", "index", "heads", "trust", "events", "epoch", "operator", "records", "lists")
        obj = members(value, required=names, optional=("certificate",))
        if get_int(obj, "v") != EVIDENCE_VERSION:
            raise InvalidInput(
                Sentence("expected evidence version {evidence_version}", evidence_version=EVIDENCE_VERSION),
                place="/v",
                code="bad-version",
            )
        certificate = None
        if "certificate" in obj:
            certificate = SecuredDocument.from_json(get_object(obj, "certificate"), "/certificate")
        heads = get_items(obj, "heads", "", Head.from_json, most=MAX_HEADS)
        lists = get_items(obj, "lists", "", ProvenList.from_json, most=2)
        if not heads or len(lists) != len(PURPOSES):
            raise InvalidInput("expected 1 to 4 heads and exactly 2 lists", code="bad-evidence")
        return cls(
            index=get_int(obj, "index"),
            heads=heads,
            trust=get_items(obj, "trust", "", ProvenEntry.from_json, most=MAX_STATEMENTS),
            events=get_items(obj, "events", "", ProvenEntry.from_json, most=MAX_STATEMENTS),
            epoch=ProvenEntry.from_json(obj["epoch"], "/epoch"),
            operator=ProvenOperator.from_json(obj["operator"], "/operator"),
            records=get_items(obj, "records", "", ProvenRecord.from_json, most=MAX_RECORDS),
            lists=(lists[0], lists[1]),
            certificate=certificate,
        )

    def to_json(self) -> JSONObject:
        """Return the evidence as JSON."""
        obj: JSONObject = {
            "v": EVIDENCE_VERSION,
            "index": self.index,
            "heads": [head.to_json() for head in self.heads],
            "trust": [entry.to_json() for entry in self.trust],
            "events": [entry.to_json() for entry in self.events],
            "epoch": self.epoch.to_json(),
            "operator": self.operator.to_json(),
            "records": [record.to_json() for record in self.records],
            "lists": [proven.to_json() for proven in self.lists],
        }
        if self.certificate is not None:
            obj["certificate"] = self.certificate.to_json()
        return obj

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: the file."""
        return canonicalize(self.to_json())


def _path(obj: JSONObject, place: str) -> tuple[bytes, ...]:
    return get_items(obj, "path", place, _path_hash, most=MAX_PATH)


def _path_hash(value: JSONValue, place: str) -> bytes:
    return digest_from_text(as_text(value, place))


def _path_json(path: tuple[bytes, ...]) -> list[JSONValue]:
    return [b64url(digest) for digest in path]
