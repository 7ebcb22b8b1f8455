"""Keeps the cosignatures of witnesses and auditors under our heads, and puts them under the notes that are served.

Nothing is kept that was not verified against a key that the settings pin; nothing that is kept changes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from certlog.checkpoint import Checkpoint
from certlog.cosignature import Cosignature, open_cosignatures, with_cosignatures
from certlog.errors import InvalidInput
from certlog.note import NoteSignature, VerifierKey, parse_note
from certlog.sentences import Sentence
from registry.cosigners import CosignerPolicy
from registry.database import Database
from registry.heads import SignedCheckpoint, checkpoint_at
from registry.tables import checkpoints, cosignatures, epochs


@dataclass(frozen=True, slots=True)
class Kept:
    """What was taken: the size of the head, whose cosignatures came, and how many of them were new."""

    size: int
    names: tuple[str, ...]
    new: int


def take_note(database: Database, policy: CosignerPolicy, note_text: str, *, now: int) -> Kept:
    """Keep what a cosigned checkpoint brings; durable when this returns, and the same again changes nothing.

    1. The note is of a head that was signed here, byte for byte.
    2. It has a cosignature of a pinned key, and every line that names a pinned key verifies.
    3. What is new is stored.

    Raises:
        InvalidInput: 1 does not hold, a cosignature is wrong, or it is dated in the future.
        NotTrusted: no line is of a pinned key.
    """
    note = parse_note(note_text)
    checkpoint = Checkpoint.from_text(note.text)
    with database.reading() as connection:
        _require_own(connection, checkpoint)  # 1
    found = open_cosignatures(note.text, note.signatures, policy.keys, now=now)  # 2
    return keep(database, checkpoint.size, found, now=now)  # 3


def keep(database: Database, size: int, found: Sequence[Cosignature], *, now: int) -> Kept:
    """Store verified cosignatures of a stored head; the first of each cosigner stays."""
    names = tuple(cosignature.key.name for cosignature in found)
    with database.reading() as connection:
        known = cosigners_of(connection, size)
    if all(cosignature.key.to_text() in known for cosignature in found):
        return Kept(size, names, 0)
    with database.writing() as connection:
        known = cosigners_of(connection, size)
        rows = [
            {
                "size": size,
                "cosigner": cosignature.key.to_text(),
                "signature": cosignature.signature,
                "time": cosignature.time,
                "received_at": now,
            }
            for cosignature in found
            if cosignature.key.to_text() not in known
        ]
        if rows:
            connection.execute(insert(cosignatures), rows)
    return Kept(size, names, len(rows))


def cosigners_of(connection: Connection, size: int) -> frozenset[str]:
    """Return the vkeys of those who cosigned the head of a size."""
    rows = connection.execute(select(cosignatures.c.cosigner).where(cosignatures.c.size == size))
    return frozenset(rows.scalars())


def last_cosigned_size(connection: Connection, cosigner: VerifierKey) -> int:
    """Return the size of the newest head that one cosigner signed; 0 where there is none."""
    query = select(func.max(cosignatures.c.size)).where(cosignatures.c.cosigner == cosigner.to_text())
    return int(connection.execute(query).scalar_one() or 0)


def cosigned(connection: Connection, head: SignedCheckpoint) -> SignedCheckpoint:
    """Return the same head with the cosignatures that have come in so far."""
    rows = connection.execute(
        select(cosignatures.c.cosigner, cosignatures.c.signature)
        .where(cosignatures.c.size == head.size)
        .order_by(cosignatures.c.cosigner)
    ).all()
    if not rows:
        return head
    return SignedCheckpoint(head.size, head.root, with_cosignatures(head.note, _lines(rows)))


def newest_with_epoch(connection: Connection) -> SignedCheckpoint | None:
    """Return the newest head that ends in an epoch: the one that cosigners are asked about."""
    row = connection.execute(
        select(checkpoints.c.size)
        .join(epochs, epochs.c.leaf_index == checkpoints.c.size - 1)
        .order_by(checkpoints.c.size.desc())
        .limit(1)
    ).scalar_one_or_none()
    return None if row is None else checkpoint_at(connection, int(row))


def newest_audited_size(connection: Connection, policy: CosignerPolicy, index: int) -> int | None:
    """Return the size of the newest head that contains an entry, ends in an epoch, and has the auditors' quorum."""
    if not policy.auditors:
        return None
    return connection.execute(
        select(cosignatures.c.size)
        .join(epochs, epochs.c.leaf_index == cosignatures.c.size - 1)
        .where(
            cosignatures.c.size > index,
            cosignatures.c.cosigner.in_([key.to_text() for key in policy.auditors]),
        )
        .group_by(cosignatures.c.size)
        .having(func.count() >= policy.auditor_quorum)
        .order_by(cosignatures.c.size.desc())
        .limit(1)
    ).scalar_one_or_none()


def _require_own(connection: Connection, checkpoint: Checkpoint) -> None:
    """Require that exactly this head was signed here."""
    stored = checkpoint_at(connection, checkpoint.size)
    if stored is None or parse_note(stored.note).text != checkpoint.to_text():
        message = Sentence(
            "no head of size {size} with this origin and root was signed here", size=checkpoint.size
        )
        raise InvalidInput(message, code="unknown-head")


def _lines(rows: Iterable[tuple[str, bytes]]) -> list[NoteSignature]:
    keys = [(VerifierKey.from_text(cosigner), signature) for cosigner, signature in rows]
    return [NoteSignature(key.name, key.key_id, signature) for key, signature in keys]
