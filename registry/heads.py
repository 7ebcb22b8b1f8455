"""Signs the log's heads, one after another, and refuses whatever does not extend the last one.

A head is a promise that cannot be taken back, so everything that it covers is read and hashed again before each
signature (Yeti 2022: one flipped bit ended a log). It holds the only use of the log key.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from certlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from certlog.digests import LeafHash, RootHash, same
from certlog.note import NoteSigner
from certlog.sentences import Sentence
from certlog.tree import (
    NodeReader,
    consistency_proof,
    leaf_hash,
    new_nodes,
    root_at,
    verify_consistency,
)
from registry.database import Database
from registry.last_signed_head import LastSignedHeadFile, SignedHead, SigningHalted
from registry.log_keys import key_at, log_keys
from registry.log_tree import node_reader, read_entry, tree_size
from registry.tables import checkpoints, entries, nodes
from registry.tile_writer import TileWriter


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A head and its signed note."""

    size: int
    root: RootHash
    note: str


def checkpoint_at(connection: Connection, size: int) -> SignedCheckpoint | None:
    """Return the signed checkpoint of exactly this size, or None."""
    row = connection.execute(select(checkpoints).where(checkpoints.c.size == size)).one_or_none()
    return None if row is None else SignedCheckpoint(row.size, RootHash(row.root), row.note)


def newest_checkpoint(connection: Connection) -> SignedCheckpoint | None:
    """Return the newest signed checkpoint, or None before the first."""
    query = select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else SignedCheckpoint(row.size, RootHash(row.root), row.note)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The entries that no signed head covers yet: how many, and when the oldest of them was logged."""

    count: int
    since: int | None


def waiting_entries(connection: Connection) -> Waiting:
    """Return what waits for a signed head: for a second or so, unless the signing has stopped."""
    newest, size = newest_checkpoint(connection), tree_size(connection)
    signed = 0 if newest is None else newest.size
    if size <= signed:
        return Waiting(0, None)
    oldest = read_entry(connection, signed)
    return Waiting(size - signed, None if oldest is None else oldest.logged_at)


class HeadSigner:
    """The only holder of the log key."""

    def __init__(
        self,
        database: Database,
        signer: NoteSigner,
        head_file: LastSignedHeadFile,
        tiles: TileWriter,
        now: Callable[[], int],
    ) -> None:
        """Take the database, the log key, the last-signed-head file, the writer of tiles and the clock."""
        self._database = database
        self._signer = signer
        self._file = head_file
        self._tiles = tiles
        self._now = now
        self._published = ""

    def sign(self, size: int) -> SignedCheckpoint:
        """Sign the head of exactly `size` leaves and store it; the same size again gives the same bytes.

        Under the exclusive lock of the last-signed-head file:

        1. The file and the database agree on the last signed head.
        2. Entries since that head are read and hashed again, and lead from its root to the new one.
        3. The stored nodes lead to the same root, and to a consistency proof that verifies.
        4. Its tiles are durable, and what was read back of them leads from the last head to this one.
        5. The new head is written to the file, durably.
        6. It is signed and stored. After a crash between 5 and 6 the next call signs that very head first.

        Raises:
            SigningHalted: 1, 2, 3 or 4 does not hold.
            Unavailable: the tiles cannot be written now: nothing is signed, and the next call begins again.
        """
        with self._file.locked():
            with self._database.reading() as connection:
                known = checkpoint_at(connection, size)
                if known is not None:
                    return known
                last = self._last_head(connection)  # 1
                self._require_key(connection, size)
                unfinished = last.size > 0 and checkpoint_at(connection, last.size) is None
                head = SignedHead(size, verify_growth(connection, last, size))  # 2, 3
                self._tiles.extend(connection, last, head)  # 4
            if unfinished:
                finished = self._store(last)
                if size == last.size:
                    return finished
            self._swap(last, head)  # 5
            signed = self._store(head)  # 6
            self._tiles.forget_partial(last, head)
            return signed

    def publish(self, note: str) -> None:
        """Make the newest signed checkpoint the one that stands beside its tiles, where it does not yet.

        Args:
            note: with the cosignatures that have come in.

        Raises:
            SigningHalted: a larger one of this log stands there.
            Unavailable: the store cannot be asked; the next call tries again.
        """
        if note != self._published:
            with self._file.locked(), self._database.reading() as connection:
                self._tiles.publish(note, log_keys(connection))
            self._published = note

    def last_signed(self) -> SignedHead:
        """Return the last signed head after the checks of step 1; for start-up and health.

        Raises:
            SigningHalted: the file and the database disagree.
        """
        with self._file.locked(), self._database.reading() as connection:
            return self._last_head(connection)

    def _last_head(self, connection: Connection) -> SignedHead:
        """Return the head in the file, which the stored log must contain and end no signature beyond."""
        head = self._file.read()
        size, newest = tree_size(connection), newest_checkpoint(connection)
        if head.size > size:
            message = Sentence(
                "{path} says that size {size} was signed, the database holds {holds_size} "
                "entries: an old backup has been restored. Recover the entries that are missing; "
                "do not sign on",
                path=self._file.path,
                size=head.size,
                holds_size=size,
            )
            raise SigningHalted(message)
        found = root_at(head.size, node_reader(connection))
        if not same(head.root, found):
            message = Sentence(
                "{path} says that size {size} was signed with root {root}, the database has "
                "{found}: it continues another history. Recover the signed one",
                path=self._file.path,
                size=head.size,
                root=head.root.hex(),
                found=found.hex(),
            )
            raise SigningHalted(message)
        if newest is not None and newest.size > head.size:
            message = Sentence(
                "the database holds a checkpoint of size {size}, {path} says {says_size}: the "
                "file is an old copy; see `certlog registry reseed-head`",
                size=newest.size,
                path=self._file.path,
                says_size=head.size,
            )
            raise SigningHalted(message)
        return head

    def _require_key(self, connection: Connection, size: int) -> None:
        """A key that was rotated meanwhile signs nothing more: its range has ended."""
        expected, found = key_at(log_keys(connection), size), self._signer.verifier_key
        if expected != found:
            message = Sentence(
                "size {size} is signed with {expected}, this process holds {found}: the log key was rotated; start the "
                "registry again",
                size=size,
                expected=expected.to_text(),
                found=found.to_text(),
            )
            raise SigningHalted(message)

    def _swap(self, last: SignedHead, head: SignedHead) -> None:
        self._file.swap(last, head)

    def _store(self, head: SignedHead) -> SignedCheckpoint:
        key = self._signer.verifier_key
        note = sign_checkpoint(Checkpoint(key.name, head.size, head.root), self._signer)
        open_checkpoint(note, key)
        row = {"size": head.size, "root": head.root, "note": note, "signed_at": self._now()}
        with self._database.writing() as connection:
            connection.execute(insert(checkpoints).values(row))
        return SignedCheckpoint(head.size, head.root, note)


def verify_growth(connection: Connection, last: SignedHead, size: int) -> RootHash:
    """Return the root at `size`, computed twice: from the entries' bytes and from the stored nodes.

    Args:
        connection: one consistent snapshot.
        last: the head to start from.
        size: last.size <= size <= stored entries.

    Raises:
        SigningHalted: an entry or node is missing or altered, or the computations disagree.
    """
    if not last.size <= size:
        message = Sentence(
            "size {size} is signed already, so size {wanted} cannot be signed any more",
            size=last.size,
            wanted=size,
        )
        raise SigningHalted(message)
    stored = node_reader(connection)
    if not same(last.root, root_at(last.size, stored)):
        message = Sentence(
            "the stored nodes do not lead to the root that was signed for size {size}", size=last.size
        )
        raise SigningHalted(message)
    fresh = _rehash(connection, last.size, size, stored)
    _compare_nodes(connection, fresh)
    recomputed = root_at(size, _overlay(fresh, stored))
    found = root_at(size, stored)
    if not same(recomputed, found):
        message = Sentence(
            "size {size}: the entries lead to root {recomputed}, the stored nodes to {found}",
            size=size,
            recomputed=recomputed.hex(),
            found=found.hex(),
        )
        raise SigningHalted(message)
    proof = consistency_proof(last.size, size, stored)
    verify_consistency(last.size, last.root, size, recomputed, proof)
    return recomputed


def _rehash(connection: Connection, start: int, end: int, stored: NodeReader) -> dict[tuple[int, int], bytes]:
    """Hash entries start .. end-1 from their bytes; return every node that they complete, level 0 included."""
    fresh: dict[tuple[int, int], bytes] = {}
    read = _overlay(fresh, stored)
    query = (
        select(entries.c.leaf_index, entries.c.leaf_hash, entries.c.data)
        .where(entries.c.leaf_index >= start, entries.c.leaf_index < end)
        .order_by(entries.c.leaf_index)
    )
    expected = start
    with connection.execute(query, execution_options={"yield_per": 1000}) as rows:
        for index, stored_hash, data in rows:
            digest = leaf_hash(data)
            if index != expected or not same(digest, stored_hash):
                message = Sentence(
                    "entry {expected}: missing, or its bytes do not have the hash that was stored with them",
                    expected=expected,
                )
                raise SigningHalted(message)
            for level, position, node in new_nodes(index, LeafHash(digest), read):
                fresh[level, position] = node
            expected += 1
    if expected != end:
        message = Sentence("expected {end} entries, found {expected}", end=end, expected=expected)
        raise SigningHalted(message)
    return fresh


def _compare_nodes(connection: Connection, fresh: dict[tuple[int, int], bytes]) -> None:
    """Require that every inner node that was just recomputed is stored as it should be."""
    for level in sorted({level for level, _ in fresh if level}):
        positions = [position for found, position in fresh if found == level]
        rows = connection.execute(
            select(nodes.c.position, nodes.c.hash).where(
                nodes.c.level == level, nodes.c.position.between(min(positions), max(positions))
            )
        )
        stored = {row.position: row.hash for row in rows}
        for position in positions:
            if stored.get(position) != fresh[level, position]:
                message = Sentence(
                    "node level {level} index {position}: missing, or not the hash of what it covers",
                    level=level,
                    position=position,
                )
                raise SigningHalted(message)


def _overlay(fresh: dict[tuple[int, int], bytes], stored: NodeReader) -> NodeReader:
    def read(level: int, index: int) -> bytes:
        found = fresh.get((level, index))
        return stored(level, index) if found is None else found

    return read
