"""What a journal holds, as values, and how the rows of its tables become them."""

import sqlite3
from dataclasses import dataclass
from typing import Final, TypeAlias

from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument
from certlog.slots import Slot
from issuer.content_modes import ContentMode, Sealing

Key: TypeAlias = tuple[str, int]
"""Number and version."""

_COLUMNS: Final = (
    "document_hash", "id", "issuer", "number", "version", "input_hash", "list", "position", "document", "pdf_name",
    "pdf_sha256", "content", "signed_at", "content_key", "content_nonce",
)  # fmt: skip
_PLACES: Final = ", ".join("?" * len(_COLUMNS))
INSERT: Final = f"INSERT INTO certificates ({', '.join(_COLUMNS)}) VALUES ({_PLACES})"  # noqa: S608 # constants


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One signed certificate."""

    document_hash: DocumentHash
    id: str
    issuer: str
    number: str
    version: int
    input_hash: bytes
    slot: Slot
    document: bytes
    pdf_name: str | None
    pdf_sha256: bytes | None
    mode: ContentMode
    signed_at: int
    sealing: Sealing | None = None

    def secured(self) -> SecuredDocument:
        """Return the signed document."""
        return SecuredDocument.parse(self.document)

    @property
    def key_text(self) -> str:
        """The key that the printed code carries; "" where the content is not sealed."""
        return self.sealing.text if self.sealing is not None else ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One signed entry that is not known to be logged; `action` is "issue" or a status action."""

    sequence: int
    entry: bytes
    certificate: DocumentHash
    action: str
    refused_code: str


@dataclass(frozen=True, slots=True)
class NewPdf:
    """A PDF that was made of a certificate, and the signed entry that binds its bytes."""

    certificate: DocumentHash
    name: str
    sha256: bytes
    binding: bytes


def row_of(row: sqlite3.Row) -> JournalRow:
    """Return a row of the table of certificates as a value."""
    return JournalRow(
        document_hash=DocumentHash(row["document_hash"]),
        id=row["id"],
        issuer=row["issuer"],
        number=row["number"],
        version=row["version"],
        input_hash=row["input_hash"],
        slot=Slot.of(row["list"], row["position"]),
        document=row["document"],
        pdf_name=row["pdf_name"],
        pdf_sha256=row["pdf_sha256"],
        mode=ContentMode(row["content"]),
        signed_at=row["signed_at"],
        sealing=_sealing(row["content_key"], row["content_nonce"]),
    )


def values_of(row: JournalRow) -> tuple[object, ...]:
    """Return what INSERT takes."""
    return (
        row.document_hash, row.id, row.issuer, row.number, row.version, row.input_hash,
        row.slot.list, row.slot.index, row.document, row.pdf_name, row.pdf_sha256, row.mode.value,
        row.signed_at, *((None, None) if row.sealing is None else (row.sealing.key, row.sealing.nonce)),
    )  # fmt: skip


def _sealing(key: bytes | None, nonce: bytes | None) -> Sealing | None:
    return None if key is None or nonce is None else Sealing(key, nonce)
