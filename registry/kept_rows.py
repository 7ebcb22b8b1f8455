"""Checks the rows that do not follow from the entries: what was signed, published and kept must fit the log.

Times that the registry noted for itself (logged_at, stored_at, signed_at, received_at), reserved slots, API tokens and
issuers' number tags prove nothing to anyone, and nothing here could tell a wrong one.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from certlog.checkpoint import Checkpoint
from certlog.cosignature import parse_cosigner_key
from certlog.credential import issuer_of, number_of, slot_of, version_of
from certlog.digests import same, sha256
from certlog.documents import SecuredDocument
from certlog.entry import certificate_entry
from certlog.errors import InvalidInput
from certlog.note import Note, NoteSignature, cosignature_time, parse_note
from certlog.sentences import Sentence
from certlog.trust_root import LogKey
from registry.log_keys import log_keys, open_own
from registry.tables import (
    certificates,
    checkpoints,
    cosignatures,
    documents,
    entries,
    epochs,
    log_identity,
    number_tags,
    sealed_documents,
    seals,
)
from registry.tables import log_keys as rotated_keys

_STREAMED: Final = {"yield_per": 1000}

Check = Callable[[Row[Any]], str | None]
"""Says what is wrong with a row, or None."""


def wrong_rows(connection: Connection, origin: str) -> Iterator[str]:
    """Yield what is wrong with rows that are kept beside the entries; the views must have been compared before.

    1. Each head's note is signed by the key that signs its size, over the size and root of its row; each key after the
       first begins just after a signed head, but for those that were there when the database was made from the log.
    2. Each cosignature verifies, and is dated as its row says.
    3. Each seal is the size just after an epoch, and later seals are larger.
    4. Each published document is the one that is logged; its issuer, number and version are the row's.
    5. Each sealed content has the hash that is stored with it, and each number tag the issuer of its certificate.
    """
    yield from _key_problems(connection)  # 1
    heads = select(checkpoints).order_by(checkpoints.c.size)
    yield from _wrong(connection, heads, _head_check(origin, log_keys(connection)))
    cosigned = select(cosignatures, checkpoints.c.note).outerjoin(
        checkpoints, checkpoints.c.size == cosignatures.c.size
    )
    yield from _wrong(connection, cosigned.order_by(cosignatures.c.size), _cosignature_problem)  # 2
    sealed = select(seals, epochs.c.leaf_index).outerjoin(epochs, epochs.c.leaf_index == seals.c.size - 1)
    yield from _wrong(connection, sealed.order_by(seals.c.number), _seal_check())  # 3
    published = (
        select(documents, entries.c.leaf_hash)
        .outerjoin(certificates, certificates.c.document_hash == documents.c.document_hash)
        .outerjoin(entries, entries.c.leaf_index == certificates.c.leaf_index)
    )
    yield from _wrong(connection, published.order_by(documents.c.document_hash), _document_problem)  # 4
    sealed_content = select(sealed_documents, certificates.c.leaf_index).outerjoin(
        certificates, certificates.c.document_hash == sealed_documents.c.document_hash
    )
    yield from _wrong(connection, sealed_content, _sealed_problem)  # 5
    tagged = select(number_tags, certificates.c.issuer.label("signer")).outerjoin(
        certificates, certificates.c.document_hash == number_tags.c.document_hash
    )
    yield from _wrong(connection, tagged, _tag_problem)


def _wrong(connection: Connection, query: Select[Any], check: Check) -> Iterator[str]:
    with connection.execute(query, execution_options=_STREAMED) as rows:
        for row in rows:
            problem = check(row)
            if problem is not None:
                yield problem


def _key_problems(connection: Connection) -> Iterator[str]:
    # A log's files hold its newest head alone: of the keys that `certlog rebuild` took over none is there.
    made = select(log_identity.c.created_at).scalar_subquery()
    signed = (
        select(rotated_keys, checkpoints.c.root)
        .outerjoin(checkpoints, checkpoints.c.size == rotated_keys.c.from_size - 1)
        .where(rotated_keys.c.created_at != made)
    )
    yield from _wrong(connection, signed.order_by(rotated_keys.c.from_size), _key_problem)


def _key_problem(row: Row[Any]) -> str | None:
    if row.root is not None or row.from_size == 1:
        return None
    return Sentence(
        "table log_keys: a key signs from size {from_size} on, and no head of size {size} was signed before it",
        from_size=row.from_size,
        size=row.from_size - 1,
    )


def _head_check(origin: str, keys: Sequence[LogKey]) -> Check:
    def problem(row: Row[Any]) -> str | None:
        try:
            signed = open_own(row.note, keys)
        except InvalidInput as error:
            return Sentence("table checkpoints, size {size}: {error}", size=row.size, error=error)
        if signed == Checkpoint(origin, row.size, row.root):
            return None
        return Sentence(
            "table checkpoints, size {size}: the note states size {found}, root {root}",
            size=row.size,
            found=signed.size,
            root=signed.root.hex(),
        )

    return problem


def _cosignature_problem(row: Row[Any]) -> str | None:
    if row.note is None:
        return Sentence("table cosignatures, size {size}: no head of this size was signed", size=row.size)
    try:
        key = parse_cosigner_key(row.cosigner)
        line = NoteSignature(key.name, key.key_id, row.signature)
        found = cosignature_time(Note(parse_note(row.note).text, (line,)), key)
    except InvalidInput as error:
        return Sentence("table cosignatures, size {size}: {error}", size=row.size, error=error)
    if found == row.time:
        return None
    return Sentence(
        "table cosignatures, size {size}: dated {time}, the signature says {found}",
        size=row.size,
        time=row.time,
        found=found,
    )


def _seal_check() -> Check:
    before = (-1, 0)

    def problem(row: Row[Any]) -> str | None:
        nonlocal before
        last, before = before, (row.number, row.size)
        if row.leaf_index is not None and row.number > last[0] and row.size > last[1]:
            return None
        return Sentence(
            "table seals, batch {number}: size {size} does not end in an epoch, or does not follow size {last}",
            number=row.number,
            size=row.size,
            last=last[1],
        )

    return problem


def _document_problem(row: Row[Any]) -> str | None:
    place = bytes(row.document_hash).hex()
    try:
        document = SecuredDocument.parse(row.data)
        leaf = certificate_entry(document, slot_of(document.content)).leaf_hash
        stated = (issuer_of(document.content), number_of(document.content), version_of(document.content))
    except InvalidInput as error:
        return Sentence("table documents, {place}: {error}", place=place, error=error)
    is_logged = same(document.document_hash, row.document_hash) and same(leaf, row.leaf_hash or b"")
    if is_logged and stated == (row.issuer, row.number, row.version) and document.to_bytes() == row.data:
        return None
    return Sentence(
        "table documents, {place}: not the document that is logged, or not its own number", place=place
    )


def _sealed_problem(row: Row[Any]) -> str | None:
    if row.leaf_index is not None and same(sha256(row.data), row.sha256):
        return None
    place = bytes(row.document_hash).hex()
    return Sentence(
        "table sealed_documents, {place}: of no logged certificate, or not the bytes that were stored",
        place=place,
    )


def _tag_problem(row: Row[Any]) -> str | None:
    if row.issuer == row.signer:
        return None
    place = bytes(row.document_hash).hex()
    return Sentence("table number_tags, {place}: another issuer than the certificate's", place=place)
