"""Entries: the leaf data of the log, canonical JSON of at most 8 KiB in one of three closed forms.

A certificate entry carries the hash and the proof, not the content. Status and trust statements are public and
carried whole. An epoch is covered by the checkpoint's signature.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from certlog.canonical import canonicalize
from certlog.digests import DocumentHash, LeafHash, digest_from_text
from certlog.documents import Proof, SecuredDocument
from certlog.encoding import b64url
from certlog.epoch import Epoch
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.slots import LIST_SIZE, Slot
from certlog.strict_json import JSONObject, JSONValue, get_object, get_str, members, parse_canonical
from certlog.tree import leaf_hash

__all__ = [
    "LIST_SIZE",
    "MAX_ENTRY_BYTES",
    "CertificateEntry",
    "Entry",
    "EpochEntry",
    "Slot",
    "StatementEntry",
    "certificate_entry",
    "entry_from_json",
    "parse_entry",
]

MAX_ENTRY_BYTES: Final = 8192
ENTRY_VERSION: Final = 1


class _EntryBytes(ABC):
    """What every entry can do with its JSON form."""

    __slots__ = ()

    @abstractmethod
    def to_json(self) -> JSONObject:
        """Return the entry as JSON."""

    def to_bytes(self) -> bytes:
        """Return the leaf data: canonical bytes, at most 8 KiB."""
        data = canonicalize(self.to_json())
        if len(data) > MAX_ENTRY_BYTES:
            raise InvalidInput(
                Sentence(
                    "an entry has at most {max_entry_bytes} bytes, this one {data_length}",
                    max_entry_bytes=MAX_ENTRY_BYTES,
                    data_length=len(data),
                )
            )
        return data

    @property
    def leaf_hash(self) -> LeafHash:
        """SHA-256(0x00 ‖ leaf data)."""
        return leaf_hash(self.to_bytes())


@dataclass(frozen=True, slots=True)
class CertificateEntry(_EntryBytes):
    """This key signed this hash for this slot in this log; nothing about the content."""

    document_hash: DocumentHash
    proof: Proof
    slot: Slot

    def to_json(self) -> JSONObject:
        """Return the entry as JSON."""
        return {
            "v": ENTRY_VERSION,
            "type": "certificate",
            "documentHash": b64url(self.document_hash),
            "proof": self.proof.to_json(),
            "slot": self.slot.to_json(),
        }


@dataclass(frozen=True, slots=True)
class StatementEntry(_EntryBytes):
    """A signed public statement: a status change of a certificate, or a change of the trust list."""

    type: Literal["status", "trust"]
    document: SecuredDocument

    def to_json(self) -> JSONObject:
        """Return the entry as JSON."""
        return {
            "v": ENTRY_VERSION,
            "type": self.type,
            "document": self.document.content,
            "proof": self.document.proof.to_json(),
        }


@dataclass(frozen=True, slots=True)
class EpochEntry(_EntryBytes):
    """An epoch; only the log itself appends one."""

    epoch: Epoch

    def to_json(self) -> JSONObject:
        """Return the entry as JSON."""
        return {"v": ENTRY_VERSION, "type": "epoch", "document": self.epoch.to_json()}


Entry: TypeAlias = CertificateEntry | StatementEntry | EpochEntry


def certificate_entry(secured: SecuredDocument, slot: Slot) -> CertificateEntry:
    """Return the entry of a secured certificate: how an entry is rebuilt from the document."""
    return CertificateEntry(secured.document_hash, secured.proof, slot)


def parse_entry(data: bytes) -> Entry:
    """Read leaf data.

    Raises:
        InvalidInput: not canonical, too large, or not one of the closed forms.
    """
    return entry_from_json(parse_canonical(data, max_bytes=MAX_ENTRY_BYTES))


def entry_from_json(value: JSONValue, place: str = "") -> Entry:
    """Read an entry from its JSON value (inside an evidence file or a request)."""
    if not isinstance(value, dict) or value.get("v") != ENTRY_VERSION or isinstance(value.get("v"), bool):
        raise InvalidInput(
            Sentence("expected an entry of version {entry_version}", entry_version=ENTRY_VERSION),
            place=place,
            code="bad-entry",
        )
    match value.get("type"):
        case "certificate":
            obj = members(value, required=("v", "type", "documentHash", "proof", "slot"), place=place)
            return CertificateEntry(
                DocumentHash(digest_from_text(get_str(obj, "documentHash", place))),
                Proof.from_json(obj["proof"], f"{place}/proof"),
                Slot.from_json(obj["slot"], f"{place}/slot"),
            )
        case "status" | "trust" as kind:
            obj = members(value, required=("v", "type", "document", "proof"), place=place)
            content = get_object(obj, "document", place)
            document = SecuredDocument.of(content, Proof.from_json(obj["proof"], f"{place}/proof"), place)
            return StatementEntry(kind, document)
        case "epoch":
            obj = members(value, required=("v", "type", "document"), place=place)
            return EpochEntry(Epoch.from_json(obj["document"], f"{place}/document"))
        case other:
            shown = other[:40] if isinstance(other, str) else type(other).__name__
            raise InvalidInput(
                Sentence("unknown entry type {shown!r}", shown=shown), place=f"{place}/type", code="bad-entry"
            )
