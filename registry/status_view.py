"""The status statements of one certificate, as the database keeps them; their replay is certlog.status_replay."""

from sqlalchemy import Connection, select

from certlog.digests import DocumentHash
from certlog.entry import StatementEntry, parse_entry
from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.status_replay import StatusEvent
from registry.tables import entries, statements


def events_of(connection: Connection, certificate: DocumentHash, before: int) -> tuple[StatusEvent, ...]:
    """Return every status entry of a certificate at an index below `before`, in log order."""
    rows = connection.execute(
        select(entries.c.leaf_index, entries.c.data)
        .join(statements, statements.c.leaf_index == entries.c.leaf_index)
        .where(statements.c.certificate == certificate, statements.c.leaf_index < before)
        .order_by(statements.c.leaf_index)
    )
    return tuple(_event(index, data) for index, data in rows)


def _event(index: int, data: bytes) -> StatusEvent:
    entry = parse_entry(data)
    if not isinstance(entry, StatementEntry):
        message = Sentence(
            "entry {index} is stored as a status statement and is none; see registry check", index=index
        )
        raise Unavailable(message)
    return StatusEvent(index, entry.document)
