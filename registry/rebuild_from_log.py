"""Makes an empty database from the log alone: entries as they were signed, and every view that follows from them.

What cannot come from a log: content that was withheld or sealed, number tags, API tokens, reservations of slots that no
certificate uses yet, and when exactly each entry was logged (its next epoch's time stands in). Documents that were
published can be handed in beside the entries.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, insert, select

from certlog.checkpoint import Checkpoint, read_checkpoint
from certlog.credential import number_of, version_of
from certlog.digests import RootHash, same
from certlog.documents import SecuredDocument
from certlog.entry import EpochEntry, StatementEntry, parse_entry
from certlog.errors import InvalidInput
from certlog.note import parse_note, signature_line
from certlog.sentences import Sentence
from certlog.tree import leaf_hash, root_at
from certlog.trust_root import LogKey
from registry import schema
from registry.database import Database
from registry.log_keys import key_at, open_own
from registry.log_tree import StoredEntry, node_reader
from registry.rebuild import derive
from registry.recompute import recompute_root
from registry.settings import Settings
from registry.tables import (
    certificates,
    checkpoints,
    documents,
    entries,
    log_identity,
    seals,
    slot_reservations,
)
from registry.tables import log_keys as rotated_keys
from registry.trust_ledger import TrustLedger

_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class LogToRebuild:
    """A log that was audited: its entries, its newest checkpoint, and the documents that it publishes.

    Attributes:
        keys: the log's keys with their sizes, as its trust root lists them: no entry says when a key was rotated.
        note: the newest checkpoint, which ends what `entries` holds.
        entries: every entry's bytes, in order.
        documents: published documents; each must be of a certificate among the entries.
        sealed: number and note of each anchoring batch, as the anchoring database has them.
    """

    keys: Sequence[LogKey]
    note: str
    entries: Iterable[bytes]
    documents: Iterable[SecuredDocument] = ()
    sealed: Iterable[tuple[int, str]] = ()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How much was written."""

    entries: int
    documents: int


def rebuild(database: Database, settings: Settings, log: LogToRebuild, *, now: int) -> Rebuilt:
    """Fill a database that holds no log, in one transaction: it holds the whole log then, or nothing.

    1. Tables, which log it is, and its keys: the first, and each that a rotation brought.
    2. Every entry, and every view; each epoch must be the one that the entries call for.
    3. The newest checkpoint, whose root the written entries must lead to.
    4. What was sealed for anchoring, so that a batch that is on its way goes on.
    5. Every slot up to the highest used one counts as handed out.
    6. Published documents.

    Raises:
        InvalidInput: the database holds a log already, the keys do not follow one another, the entries do not lead to
            the checkpoint's root or to a head that was sealed, or one of these no key of the log signed.
        ViewsDiffer: a logged epoch does not replay.
        Unavailable: the database cannot be written.
    """
    checkpoint, keys = read_checkpoint(log.note), _in_order(log.keys)
    with database.writing() as connection:
        _require_empty(connection, database)
        schema.MIGRATIONS.upgrade(connection)  # 1
        _write_keys(connection, settings, keys, now)
        size = derive(_dated(log.entries), connection, TrustLedger(settings.operator, settings.origin))  # 2
        _require_root(connection, size, checkpoint.size, checkpoint.root)  # 3
        signed = {
            "size": size,
            "root": checkpoint.root,
            "note": _by_the_log_alone(log.note, keys),
            "signed_at": _last_time(connection),
        }
        # 4: rows of heads come in order, the newest is the last
        _keep_seals(connection, log.sealed, checkpoint, keys)
        connection.execute(insert(checkpoints).values(signed))
        _keep_slots(connection, settings)  # 5
        return Rebuilt(size, _write_documents(connection, log.documents))  # 6


def _require_empty(connection: Connection, database: Database) -> None:
    origin = schema.origin_of(connection)
    if origin is not None:
        message = Sentence(
            "the database {path} holds the log {origin!r} already; nothing was changed: rebuild into an empty one",
            path=database.name,
            origin=origin,
        )
        raise InvalidInput(message, code="database-used")


def _in_order(keys: Sequence[LogKey]) -> tuple[LogKey, ...]:
    """Return the keys by their sizes, each beginning where the one before ends."""
    found = tuple(sorted(keys, key=lambda key: key.from_size))
    ends = [0, *(key.to_size for key in found)]
    if ends[:-1] != [key.from_size for key in found] or ends[-1] is not None:
        message = Sentence(
            "the trust root's log keys leave sizes out, or two sign the same: {keys}; use the trust root that the "
            "registry itself published last",
            keys=", ".join(
                f"{key.from_size}-{'' if key.to_size is None else key.to_size - 1}" for key in found
            ),
        )
        raise InvalidInput(message, code="keys-not-in-order")
    return found


def _write_keys(connection: Connection, settings: Settings, keys: Sequence[LogKey], now: int) -> None:
    """Write which log this is, and its keys; all are as old as this database (kept_rows.py relies on it)."""
    first, *rotated = keys
    row = {"id": 1, "origin": settings.origin, "log_key": first.vkey.to_text(), "created_at": now}
    connection.execute(insert(log_identity).values(row))
    for key in rotated:
        later = {"from_size": key.from_size, "log_key": key.vkey.to_text(), "created_at": now}
        connection.execute(insert(rotated_keys).values(later))


def _by_the_log_alone(note: str, keys: Sequence[LogKey]) -> str:
    """Return a checkpoint with the log's own signature; what others signed under it is kept in a table of its own."""
    own, found = key_at(keys, open_own(note, keys).size), parse_note(note)
    lines = [line for line in found.signatures if (line.name, line.key_id) == (own.name, own.key_id)]
    return f"{found.text}\n{signature_line(lines[0])}"


def _require_root(connection: Connection, size: int, expected_size: int, expected: RootHash) -> None:
    found = recompute_root(connection, size)
    if size != expected_size or not same(found, expected):
        message = Sentence(
            "the checkpoint is of size {size} and root {root}; {found_size} entries lead to {found}",
            size=expected_size,
            root=expected.hex(),
            found_size=size,
            found=found.hex(),
        )
        raise InvalidInput(message, code="wrong-root")


def _keep_seals(
    connection: Connection, sealed: Iterable[tuple[int, str]], newest: Checkpoint, keys: Sequence[LogKey]
) -> None:
    """Take over what was sealed for anchoring, each a head of this very tree, signed by the key of its size."""
    read = node_reader(connection)
    for number, note in sorted(sealed):
        head = _sealed_head(number, note, keys)
        found = root_at(head.size, read) if head.size <= newest.size else None
        if found is None or not same(found, head.root):
            message = Sentence(
                "batch {number} was sealed for anchoring at size {size} and root {root}; the source of {found} entries "
                "does not lead to it, so nothing was written: take a newer one",
                number=number,
                size=head.size,
                root=head.root.hex(),
                found=newest.size,
            )
            raise InvalidInput(message, code="sealed-beyond")
        connection.execute(insert(seals).values(number=number, size=head.size))
        if head.size != newest.size:
            row = {
                "size": head.size,
                "root": head.root,
                "note": note,
                "signed_at": _time_at(connection, head),
            }
            connection.execute(insert(checkpoints).values(row))


def _sealed_head(number: int, note: str, keys: Sequence[LogKey]) -> Checkpoint:
    try:
        return open_own(note, keys)
    except InvalidInput as error:
        message = Sentence(
            "batch {number} was sealed for anchoring, and its head is not one that this log signed: {error}; use the "
            "trust root and the anchoring database of this very log",
            number=number,
            error=error,
        )
        raise InvalidInput(message, code="sealed-by-another") from error


def _time_at(connection: Connection, head: Checkpoint) -> int:
    logged = select(entries.c.logged_at).where(entries.c.leaf_index == head.size - 1)
    return int(connection.execute(logged).scalar_one())


def _dated(logged: Iterable[bytes]) -> Iterator[StoredEntry]:
    """Yield entries dated by the epoch that follows them; those after the last one, by that."""
    waiting: list[tuple[int, str, bytes]] = []
    time = 0
    for index, data in enumerate(logged):
        entry = parse_entry(data)
        kind = "epoch" if isinstance(entry, EpochEntry) else "certificate"
        kind = entry.type if isinstance(entry, StatementEntry) else kind
        waiting.append((index, kind, data))
        if isinstance(entry, EpochEntry):
            time = entry.epoch.time
            yield from (StoredEntry(at, leaf_hash(found), of, found, time) for at, of, found in waiting)
            waiting.clear()
    yield from (StoredEntry(at, leaf_hash(found), of, found, time) for at, of, found in waiting)


def _last_time(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(entries.c.logged_at), 0))).scalar_one())


def _keep_slots(connection: Connection, settings: Settings) -> None:
    """Hand out no slot again: a reservation that has ended covers every one up to the highest that is used."""
    highest = connection.execute(select(func.max(certificates.c.slot))).scalar_one()
    if highest is not None:
        row = {"first": 0, "amount": highest + 1, "issuer": settings.operator.did, "expires_at": 0}
        connection.execute(insert(slot_reservations).values(row))


def _write_documents(connection: Connection, found: Iterable[SecuredDocument]) -> int:
    count = 0
    rows: list[dict[str, object]] = []
    stored_at = _last_time(connection)
    for document in found:
        rows.append(
            {
                "document_hash": document.document_hash,
                "data": document.to_bytes(),
                "issuer": document.proof.did,
                "number": number_of(document.content),
                "version": version_of(document.content),
                "stored_at": stored_at,
            }
        )
        count += 1
        if len(rows) == _ROWS:
            connection.execute(insert(documents), rows)
            rows.clear()
    if rows:
        connection.execute(insert(documents), rows)
    return count
