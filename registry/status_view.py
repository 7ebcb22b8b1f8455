"""The status of one certificate, from its own statements in the log and the keys known to be compromised.

Each statement is replayed by certlog.status. One signed by a key at or after the entry since which that key is
compromised is void wherever it stands, and one that can have no effect has none; both still count for `previous`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument
from certlog.entry import StatementEntry, parse_entry
from certlog.errors import InvalidInput, Unavailable
from certlog.issuer_record import IssuerRecord
from certlog.sentences import Sentence
from certlog.status import INITIAL, CertificateStatus, StatusStatement, step, void
from registry.tables import entries, statements

RecordOf = Callable[[str], IssuerRecord | None]
"""Looks up the issuer record of a DID at the position that is asked about."""


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One status entry of a certificate."""

    index: int
    entry: StatementEntry

    @property
    def document(self) -> SecuredDocument:
        """The signed statement."""
        return self.entry.document


def events_of(connection: Connection, certificate: DocumentHash, before: int) -> tuple[StatusEvent, ...]:
    """Return every status entry of a certificate at an index below `before`, in log order."""
    rows = connection.execute(
        select(entries.c.leaf_index, entries.c.data)
        .join(statements, statements.c.leaf_index == entries.c.leaf_index)
        .where(statements.c.certificate == certificate, statements.c.leaf_index < before)
        .order_by(statements.c.leaf_index)
    )
    return tuple(_event(index, data) for index, data in rows)


def replay_events(events: tuple[StatusEvent, ...], record_of: RecordOf) -> CertificateStatus:
    """Return the status after these events."""
    status = INITIAL
    for event in events:
        status = _after(status, event, record_of)
    return status


def is_void(document: SecuredDocument, index: int, record_of: RecordOf) -> bool:
    """Tell whether a statement counts for nothing because its key is compromised since its entry or earlier."""
    record = record_of(document.proof.did)
    key = None if record is None else record.key_record(document.proof.key)
    return key is None or (key.compromised_since is not None and key.compromised_since <= index)


def _after(status: CertificateStatus, event: StatusEvent, record_of: RecordOf) -> CertificateStatus:
    document = event.document
    if is_void(document, event.index, record_of):
        return void(status, document.document_hash)
    try:
        statement = StatusStatement.from_json(document.content)
        return step(status, statement, document.document_hash, index=event.index)
    except InvalidInput:
        # Admitted in its time; it lost its effect because a statement before it has become void.
        return void(status, document.document_hash)


def _event(index: int, data: bytes) -> StatusEvent:
    entry = parse_entry(data)
    if not isinstance(entry, StatementEntry):
        message = Sentence(
            "entry {index} is stored as a status statement and is none; see registry check", index=index
        )
        raise Unavailable(message)
    return StatusEvent(index, entry)
