"""The status of one certificate, replayed from its own statements and from what is known of the keys that signed them.

A statement of a key that may not sign at its index (retired before, compromised since then or earlier) is void wherever
it stands, and one that can have no effect has none; both still count for `previous` (docs/formats.md, section 5).
Registry, auditor and whoever asks for a day in the past share this replay.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput, NotTrusted
from certlog.issuer_record import IssuerRecord, key_in_force
from certlog.status import INITIAL, CertificateStatus, StatusStatement, step, void

RecordOf = Callable[[str], IssuerRecord | None]
"""Looks up the issuer record of a DID at the position that is asked about."""


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One status statement of a certificate and its position in the log."""

    index: int
    document: SecuredDocument


def replay_events(events: Iterable[StatusEvent], record_of: RecordOf) -> CertificateStatus:
    """Return the status after these events, which are in log order, signed, and all about one certificate."""
    status = INITIAL
    for event in events:
        status = after_event(status, event, record_of)
    return status


def after_event(status: CertificateStatus, event: StatusEvent, record_of: RecordOf) -> CertificateStatus:
    """Return the status after one more event."""
    document = event.document
    if is_void(event, record_of):
        return void(status, document.document_hash)
    try:
        statement = StatusStatement.from_json(document.content)
        return step(status, statement, document.document_hash, index=event.index)
    except InvalidInput:
        # Right in its time, perhaps: it lost its effect because a statement before it has become void.
        return void(status, document.document_hash)


def is_void(event: StatusEvent, record_of: RecordOf) -> bool:
    """Tell whether an event counts for nothing because its key may not sign at its index."""
    record = record_of(event.document.proof.did)
    if record is None:
        return True
    try:
        key_in_force(record, event.document.proof.key, event.index)
    except NotTrusted:
        return True
    return False
