"""The log's end as admission sees it: what a batch needs is read in a few queries, then kept up to date.

A transaction makes one, prefetches for everything it is about to look at, and notes what it appends.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from certlog.credential import number_of, version_of
from certlog.digests import DocumentHash, LeafHash
from certlog.documents import SecuredDocument
from certlog.issuer_record import IssuerRecord
from certlog.slots import Slot
from certlog.status import CertificateStatus
from certlog.status_replay import replay_events
from certlog.trust_state import TrustState
from registry.admission import LoggedCertificate
from registry.log_tree import LeafAppender
from registry.slots import Held, position_of, require_reserved, reservation_of, slot_at
from registry.status_view import events_of
from registry.submission import Candidate, NewCertificate, NewStatus
from registry.tables import certificates, documents, entries, number_tags, sealed_documents, statements

_IN_LISTS: Final = (256, 16, 1)
"""Values in one IN (...), well below what databases accept; a statement of fixed length is prepared once."""

_ENTRIES: Final = select(entries.c.leaf_hash, entries.c.leaf_index)
_CERTIFICATES: Final = select(certificates)
_DOCUMENTS: Final = select(
    documents.c.document_hash, documents.c.issuer, documents.c.number, documents.c.version
)
_TAGS: Final = select(number_tags)
_SEALED: Final = select(sealed_documents.c.document_hash, sealed_documents.c.sha256)


class DatabaseState:
    """The LogState of one writing transaction. Only what was prefetched can be looked up."""

    def __init__(self, connection: Connection, trust: TrustState, leaves: LeafAppender, now: int) -> None:
        """Take the transaction, the trust state at the log's end, and the appender that knows the end."""
        self._connection = connection
        self._trust = trust
        self._leaves = leaves
        self._now = now
        self._entries: dict[LeafHash, int] = {}
        self._certificates: dict[DocumentHash, LoggedCertificate] = {}
        self._ids: dict[str, DocumentHash] = {}
        self._slots: dict[Slot, int] = {}
        self._numbers: dict[tuple[str, str, int], DocumentHash] = {}
        self._published: set[DocumentHash] = set()
        self._tags: dict[tuple[str, bytes], DocumentHash] = {}
        self._tagged: set[DocumentHash] = set()
        self._sealed: dict[DocumentHash, bytes] = {}
        self._statuses: dict[DocumentHash, CertificateStatus] = {}
        self._held: Held | None = None

    @property
    def size(self) -> int:
        """The next entry's index."""
        return self._leaves.size

    def prefetch(self, candidates: Sequence[Candidate]) -> None:
        """Read all that the checks of these candidates may look up."""
        self._prefetch_entries([candidate.leaf_hash for candidate in candidates])
        new = [candidate for candidate in candidates if isinstance(candidate, NewCertificate)]
        hashes = {candidate.entry.document_hash for candidate in new}
        for candidate in candidates:
            if isinstance(candidate, NewStatus):
                hashes.add(candidate.statement.certificate)
                if candidate.statement.replaced_by is not None:
                    hashes.add(candidate.statement.replaced_by)
        self._prefetch_certificates(sorted(hashes), new)
        self._prefetch_documents([c.document for c in new if c.document is not None], sorted(hashes))
        self._prefetch_unreadable(new)

    def entry_index(self, leaf: LeafHash) -> int | None:
        """Return the index of a logged entry."""
        return self._entries.get(leaf)

    def require_record(self, did: str) -> IssuerRecord:
        """Return an enrolled body's record, or raise NotTrusted."""
        return self._trust.require_record(did)

    def certificate(self, document_hash: DocumentHash) -> LoggedCertificate | None:
        """Return a logged certificate."""
        return self._certificates.get(document_hash)

    def certificate_with_id(self, identifier: str) -> DocumentHash | None:
        """Return the hash of the logged certificate with this id."""
        return self._ids.get(identifier)

    def slot_holder(self, slot: Slot) -> int | None:
        """Return the index of the certificate that uses a slot."""
        return self._slots.get(slot)

    def require_reserved(self, slot: Slot, issuer: str) -> None:
        """Raise NotTrusted unless the issuer holds the slot, unexpired."""
        # A batch's slots mostly come from one reservation: it is read once.
        if self._held is None or not self._held.covers(position_of(slot)):
            self._held = reservation_of(self._connection, slot)
        require_reserved(self._held, slot, issuer, self._now)

    def number_holder(self, issuer: str, number: str, version: int) -> DocumentHash | None:
        """Return the published document that bears this number and version."""
        return self._numbers.get((issuer, number, version))

    def tag_holder(self, issuer: str, tag: bytes) -> DocumentHash | None:
        """Return the certificate for which this issuer sent this number tag."""
        return self._tags.get((issuer, tag))

    def is_tagged(self, document_hash: DocumentHash) -> bool:
        """Tell whether a number tag is stored for a certificate."""
        return document_hash in self._tagged

    def sealed_hash(self, document_hash: DocumentHash) -> bytes | None:
        """Return the SHA-256 of a certificate's stored sealed content."""
        return self._sealed.get(document_hash)

    def is_published(self, document_hash: DocumentHash) -> bool:
        """Tell whether a certificate's content is stored."""
        return document_hash in self._published

    def status(self, certificate: DocumentHash) -> CertificateStatus:
        """Return a logged certificate's status; its statements must be written, not only noted."""
        if certificate not in self._statuses:
            events = events_of(self._connection, certificate, self.size)
            self._statuses[certificate] = replay_events(events, self._trust.record)
        return self._statuses[certificate]

    def statement_count(self, certificate: DocumentHash) -> int:
        """Return how many status statements a certificate has; they must be written."""
        written = select(func.count()).select_from(statements).where(statements.c.certificate == certificate)
        return int(self._connection.execute(written).scalar_one())

    def note_entry(self, leaf: LeafHash, index: int) -> None:
        """Remember an entry that this transaction appended."""
        self._entries[leaf] = index

    def note_status(self, certificate: DocumentHash, after: CertificateStatus) -> None:
        """Remember a status that this transaction changed: a batch about one certificate replays it once."""
        self._statuses[certificate] = after

    def forget_statuses(self) -> None:
        """Forget every status: a trust statement may have made statements void."""
        self._statuses.clear()

    def note_certificate(self, logged: LoggedCertificate) -> None:
        """Remember a certificate that this transaction appended."""
        self._certificates[logged.document_hash] = logged
        self._ids[logged.id] = logged.document_hash
        self._slots[logged.slot] = logged.index

    def note_document(self, document: SecuredDocument, issuer: str) -> None:
        """Remember content that this transaction stored."""
        key = (issuer, number_of(document.content), version_of(document.content))
        self._numbers[key] = document.document_hash
        self._published.add(document.document_hash)

    def note_sealed(self, document_hash: DocumentHash, digest: bytes) -> None:
        """Remember sealed content that this transaction stored."""
        self._sealed[document_hash] = digest

    def note_tag(self, document_hash: DocumentHash, issuer: str, tag: bytes) -> None:
        """Remember a number tag that this transaction stored."""
        self._tags[issuer, tag] = document_hash
        self._tagged.add(document_hash)

    def _prefetch_entries(self, leaves: Sequence[LeafHash]) -> None:
        for row in self._rows(_ENTRIES, entries.c.leaf_hash, leaves):
            self._entries[LeafHash(row.leaf_hash)] = row.leaf_index

    def _prefetch_certificates(self, hashes: Sequence[DocumentHash], new: Sequence[NewCertificate]) -> None:
        table = certificates.c
        ids, slots = [c.id for c in new], [position_of(c.entry.slot) for c in new]
        for column, values in ((table.document_hash, hashes), (table.id, ids), (table.slot, slots)):
            for row in self._rows(_CERTIFICATES, column, values):
                document_hash, slot = DocumentHash(row.document_hash), slot_at(row.slot)
                self.note_certificate(
                    LoggedCertificate(row.leaf_index, document_hash, row.id, row.issuer, slot)
                )

    def _prefetch_documents(self, new: Sequence[SecuredDocument], hashes: Sequence[DocumentHash]) -> None:
        numbers: dict[str, set[str]] = {}
        for document in new:
            numbers.setdefault(document.proof.did, set()).add(number_of(document.content))
        for issuer, some in numbers.items():
            query = _DOCUMENTS.where(documents.c.issuer == issuer)
            self._note_stored(self._rows(query, documents.c.number, sorted(some)))
        self._note_stored(self._rows(_DOCUMENTS, documents.c.document_hash, hashes))

    def _prefetch_unreadable(self, new: Sequence[NewCertificate]) -> None:
        tagged = [(c.entry.document_hash, c.number_tag) for c in new if c.number_tag is not None]
        for column, values in (
            (number_tags.c.tag, [tag for _, tag in tagged]),
            (number_tags.c.document_hash, [document_hash for document_hash, _ in tagged]),
        ):
            for row in self._rows(_TAGS, column, values):
                self.note_tag(DocumentHash(row.document_hash), row.issuer, row.tag)
        sealed = [c.entry.document_hash for c in new if c.sealed is not None]
        for row in self._rows(_SEALED, sealed_documents.c.document_hash, sealed):
            self.note_sealed(DocumentHash(row.document_hash), row.sha256)

    def _rows(
        self, query: Select[Any], column: ColumnElement[Any], values: Sequence[object]
    ) -> Iterator[Row[Any]]:
        for piece in _pieces(values):
            named = {f"value_{i}": value for i, value in enumerate(piece)}
            yield from self._connection.execute(query.where(_is_one_of(column, len(piece))), named)

    def _note_stored(self, rows: Iterator[Row[Any]]) -> None:
        for row in rows:
            document_hash = DocumentHash(row.document_hash)
            self._numbers[row.issuer, row.number, row.version] = document_hash
            self._published.add(document_hash)


def _pieces(values: Sequence[object]) -> Iterator[list[object]]:
    """Yield the values in lists of the lengths above; what is missing in the last is filled with its first."""
    start = 0
    for length in _IN_LISTS:
        while len(values) - start >= length or (length > 1 and len(values) - start > length // 2):
            piece = list(values[start : start + length])
            yield piece + piece[:1] * (length - len(piece))
            start += length


@cache
def _is_one_of(column: ColumnElement[Any], length: int) -> ColumnElement[bool]:
    return column.in_([bindparam(f"value_{i}") for i in range(length)])
