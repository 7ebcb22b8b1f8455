"""Small reads that several use cases share: a certificate's row, its content, the last statement about a subject."""

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument
from registry.admission import LoggedCertificate
from registry.log_keys import log_keys
from registry.slots import slot_at
from registry.tables import (
    certificates,
    checkpoints,
    cosignatures,
    documents,
    entries,
    sealed_documents,
    statements,
)


@dataclass(frozen=True, slots=True)
class Key:
    """By what a certificate is looked up."""

    column: Literal["id", "document_hash"]
    value: str | bytes


def find(connection: Connection, key: Key) -> LoggedCertificate | None:
    """Return a certificate's row, or None."""
    query = select(certificates).where(certificates.c[key.column] == key.value)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return LoggedCertificate(
        row.leaf_index, DocumentHash(row.document_hash), row.id, row.issuer, slot_at(row.slot)
    )


def document_bytes(connection: Connection, document_hash: DocumentHash) -> bytes | None:
    """Return the published content of a certificate, canonical and with its proof, or None."""
    query = select(documents.c.data).where(documents.c.document_hash == document_hash)
    return connection.execute(query).scalar_one_or_none()


def sealed_bytes(connection: Connection, document_hash: DocumentHash) -> bytes | None:
    """Return the sealed content of a certificate, or None."""
    query = select(sealed_documents.c.data).where(sealed_documents.c.document_hash == document_hash)
    return connection.execute(query).scalar_one_or_none()


def has_sealed(connection: Connection, document_hash: DocumentHash) -> bool:
    """Tell whether a certificate's content is here, sealed; it is not read."""
    query = select(sealed_documents.c.stored_at).where(sealed_documents.c.document_hash == document_hash)
    return connection.execute(query).first() is not None


def document(connection: Connection, document_hash: DocumentHash) -> SecuredDocument | None:
    """Return the published content of a certificate, or None."""
    data = document_bytes(connection, document_hash)
    return None if data is None else SecuredDocument.parse(data)


def logged_at(connection: Connection, index: int) -> int:
    """Return when an entry was logged; requires that it exists."""
    query = select(entries.c.logged_at).where(entries.c.leaf_index == index)
    return int(connection.execute(query).scalar_one())


def log_key(connection: Connection) -> str:
    """Return the vkey text of the key that signs the log's next heads."""
    return log_keys(connection)[-1].vkey.to_text()


def last_trust_statement(connection: Connection, did: str) -> DocumentHash | None:
    """Return the hash of the last trust statement about a subject, or None."""
    found = connection.execute(
        select(statements.c.document_hash)
        .where(statements.c.subject == did)
        .order_by(statements.c.leaf_index.desc())
        .limit(1)
    ).scalar_one_or_none()
    return None if found is None else DocumentHash(found)


def page_version(connection: Connection, identifier: str) -> tuple[int | None, ...] | None:
    """Return the positions of the last things that a certificate's page rests on; None if there is no such id."""
    row = connection.execute(_PAGE_VERSION, {"identifier": identifier}).one_or_none()
    return None if row is None else tuple(row)


def _last(column: ColumnElement[int], *where: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.max(column)).where(*where).correlate(certificates).scalar_subquery()


_PAGE_VERSION: Final = select(
    certificates.c.leaf_index,
    _last(documents.c.stored_at, documents.c.document_hash == certificates.c.document_hash),
    _last(sealed_documents.c.stored_at, sealed_documents.c.document_hash == certificates.c.document_hash),
    _last(statements.c.leaf_index, statements.c.certificate == certificates.c.document_hash),
    _last(entries.c.leaf_index, entries.c.type == "trust"),
    _last(checkpoints.c.size),
    # Under the newest head that anyone cosigned: the auditors' quorum is reached by the last of them.
    select(func.count())
    .where(cosignatures.c.size == select(func.max(cosignatures.c.size)).scalar_subquery())
    .scalar_subquery(),
).where(certificates.c.id == bindparam("identifier"))
