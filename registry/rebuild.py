"""Derives every view again from the entries alone, in a scratch database, and compares them row by row.

Run after a restore, after a migration and whenever in doubt. It shows that the tables are a view of the log; whether
each entry had a right to be logged is for an audit of the whole log to say.
"""

from collections.abc import Generator, Iterable
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, insert, select

from certlog.certificate_id import certificate_id
from certlog.digests import LeafHash, same
from certlog.entry import CertificateEntry, Entry, EpochEntry, StatementEntry, parse_entry
from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.status import StatusStatement
from certlog.status_replay import StatusEvent, replay_events
from certlog.trust_state import Operator
from registry import schema
from registry.append import Appending
from registry.database import Database
from registry.epoch_append import last_epoch, next_epoch
from registry.heads import newest_checkpoint
from registry.kept_rows import wrong_rows
from registry.log_tree import StoredEntry, tree_size
from registry.recompute import recompute_root
from registry.status_view import events_of
from registry.tables import (
    bit_changes,
    certificates,
    entries,
    epochs,
    issuer_records,
    nodes,
    statements,
    status_leaves,
)
from registry.trust_ledger import TrustLedger
from registry.views import certificate_row, write_epoch, write_status, write_trust

_STREAMED: Final = {"yield_per": 1000}

VIEWS: Final = (nodes, certificates, statements, bit_changes, issuer_records, epochs, status_leaves)


class ViewsDiffer(Unavailable):
    """A stored view is not what the entries say: restore from a backup that is."""


def check(database: Database, scratch: Path, operator: Operator, origin: str) -> int:
    """Check everything that follows from the entries; return their number.

    1. Every entry's bytes are hashed again and lead to the root of the newest signed head.
    2. Every view is derived again in the scratch database; each epoch must be the one that is logged.
    3. Every row of every view is compared.
    4. What is kept beside the entries fits them: heads, cosignatures, seals, documents (kept_rows.py).

    Args:
        database: the registry's own; it is only read.
        scratch: a file that does not exist yet; the caller removes it.
        operator: the pinned operator.
        origin: the log's origin.

    Raises:
        ViewsDiffer: names the first point of difference.
        SigningHalted: an entry or a node is damaged.
    """
    with database.reading() as connection:
        _check_head(connection)  # 1
        copy = Database(scratch, busy_timeout=1)
        try:
            schema.upgrade(copy)
            with copy.writing() as other, closing(_entries(connection)) as logged:
                size = derive(logged, other, TrustLedger(operator, origin))  # 2
            with copy.reading() as other:
                for table in VIEWS:
                    _compare(table, connection, other)  # 3
        finally:
            copy.close()
        for problem in wrong_rows(connection, origin):  # 4
            raise ViewsDiffer(problem)
    return size


def _check_head(connection: Connection) -> None:
    newest, size = newest_checkpoint(connection), tree_size(connection)
    recompute_root(connection, size)
    if newest is None:
        return
    found = recompute_root(connection, newest.size)
    if not same(found, newest.root):
        message = Sentence(
            "size {size} was signed with root {root}; the entries lead to {found}",
            size=newest.size,
            root=newest.root.hex(),
            found=found.hex(),
        )
        raise ViewsDiffer(message)


def derive(logged: Iterable[StoredEntry], target: Connection, ledger: TrustLedger) -> int:
    """Write every entry, and every view that follows, into a database that holds none; return their number.

    Raises:
        ViewsDiffer: a logged epoch is not the one that the entries before it call for.
        InvalidInput, NotTrusted: a trust statement that nobody had a right to log.
    """
    appending = Appending(target, ledger, 0)
    for stored in logged:
        _derive_entry(appending, stored)
    appending.flush()
    return appending.leaves.size


def _derive_entry(appending: Appending, stored: StoredEntry) -> None:
    entry, target, index = parse_entry(stored.data), appending.connection, stored.index
    _require_type(entry, stored)
    if isinstance(entry, EpochEntry):
        # Its state is that of the entries before it: compute it while it is not written yet.
        _derive_epoch(appending, entry, stored)
        return
    appending.leaves.append(stored.type, stored.data, logged_at=stored.logged_at)
    appending.flush()
    match entry:
        case CertificateEntry():
            target.execute(
                insert(certificates).values(
                    certificate_row(index, entry, certificate_id(entry.document_hash))
                )
            )
        case StatementEntry(type="status", document=document):
            certificate = StatusStatement.from_json(document.content).certificate
            events = (*events_of(target, certificate, index), StatusEvent(index, document))
            after = replay_events(events, appending.trust.record)
            write_status(target, index, document, certificate, after)
        case StatementEntry(document=document):
            statement = appending.trust.apply(index, document)
            write_trust(target, index, document, statement, appending.trust)


def _require_type(entry: Entry, stored: StoredEntry) -> None:
    """Require that the column `type` is the entry's own: a trust statement listed as another is never replayed."""
    own = _type_of(entry)
    if stored.type != own:
        message = Sentence(
            "table entries, entry {index}: listed as {found}, it is {own}",
            index=stored.index,
            found=stored.type,
            own=own,
        )
        raise ViewsDiffer(message)


def _type_of(entry: Entry) -> str:
    match entry:
        case CertificateEntry():
            return "certificate"
        case EpochEntry():
            return "epoch"
        case StatementEntry():
            return entry.type


def _derive_epoch(appending: Appending, entry: EpochEntry, stored: StoredEntry) -> None:
    target, epoch, index = appending.connection, entry.epoch, stored.index
    expected, changed = next_epoch(target, appending.trust, last_epoch(target), epoch.time)
    if expected != epoch:
        message = Sentence(
            "epoch {number} at entry {index}: expected {expected}, found {epoch}",
            number=epoch.number,
            index=index,
            expected=expected.to_json(),
            epoch=epoch.to_json(),
        )
        raise ViewsDiffer(message)
    appending.leaves.append("epoch", entry.to_bytes(), logged_at=stored.logged_at)
    appending.flush()
    write_epoch(target, epoch, changed)


def _entries(connection: Connection) -> Generator[StoredEntry]:
    query = select(entries).order_by(entries.c.leaf_index)
    with connection.execute(query, execution_options=_STREAMED) as rows:
        for row in rows:
            yield StoredEntry(row.leaf_index, LeafHash(row.leaf_hash), row.type, row.data, row.logged_at)


def _compare(table: Table, found: Connection, expected: Connection) -> None:
    query = select(table).order_by(*table.primary_key.columns)
    with (
        found.execute(query, execution_options=_STREAMED) as stored,
        expected.execute(query, execution_options=_STREAMED) as derived,
    ):
        for left, right in zip_longest(stored, derived):
            if left != right:
                message = Sentence(
                    "table {name}: stored {left}, the entries say {right}",
                    name=table.name,
                    left=left,
                    right=right,
                )
                raise ViewsDiffer(message)
