"""Writes the tiles of a head before it is signed, and reads back what now stands there.

A signature promises what anyone can fetch, so the promise rests on the stored files and not on what was meant to be
written: what comes back must lead to the new root, and from the last signed one to it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from certlog.checkpoint import Checkpoint
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.tile_reader import MissingTile, TileConflict, TileReader, read_bundle, require_leaves
from certlog.tiles import CHECKPOINT_PATH, Tile, new_tiles, right_edge, tile_at
from certlog.tree import consistency_proof, verify_consistency
from certlog.trust_root import LogKey
from registry.last_signed_head import SignedHead, SigningHalted
from registry.log_keys import open_own
from registry.tile_content import tile_contents
from registry.tile_store import TileStore

_AT_ONCE: Final = 32
"""Files that are in memory together: a bundle has at most 2 MiB."""


class TileWriter:
    """The only writer of a log's tiles, under the lock of the last-signed-head file."""

    def __init__(self, store: TileStore) -> None:
        """Take the store."""
        self.store: Final = store

    def require_edge(self, last: SignedHead) -> None:
        """Require that the tiles at the right edge of the last signed head stand there, and lead to its root.

        Raises:
            SigningHalted: one is damaged or missing; the message names it.
            Unavailable: the store cannot be asked.
        """
        with _named():
            reader = TileReader(self.store, last.size, last.root)
            for tile in right_edge(last.size):
                reader.hashes(tile)

    def extend(self, connection: Connection, last: SignedHead, head: SignedHead) -> None:
        """Write what a head needs and the last signed one has not; durable when this returns.

        1. The right edge of the last signed head is stored as it was signed.
        2. New tiles and bundles are made from the database, every entry hashed again, and written.
        3. They are read back: each leads to the new root, each entry to its hash, and the consistency proof from the
           last signed head, made from them, holds.

        Args:
            connection: the snapshot from which `head` was computed.
            last: the last signed head.
            head: the one that is to be signed.

        Raises:
            SigningHalted: 1 or 3 does not hold, or other bytes stand where a tile should go.
            Unavailable: the store cannot be asked or written; nothing may be signed.
        """
        self.require_edge(last)  # 1
        with _named():
            new = list(new_tiles(last.size, head.size))
            write_tiles(self.store, tile_contents(connection, new))  # 2
            self._read_back(new, last, head)  # 3

    def publish(self, note: str, keys: Sequence[LogKey]) -> None:
        """Make a signed checkpoint the one that stands beside its tiles; `keys` are all that the log has had.

        Raises:
            SigningHalted: a larger one of this log key, or another of its size, stands there.
            Unavailable: the store cannot be asked or written; the tiles of the note stand already.
        """
        wanted = note.encode()
        try:
            found: bytes | None = self.store.read(CHECKPOINT_PATH)
        except MissingTile:
            found = None
        if found == wanted:
            return
        self._require_older(found, open_own(note, keys), keys)
        self.store.replace(CHECKPOINT_PATH, wanted, instead_of=found)

    def forget_partial(self, last: SignedHead, head: SignedHead) -> None:
        """Remove partial tiles that are full by now; their first part is read from the full ones."""
        for tile in (*right_edge(last.size), *_partial_bundle(last.size)):
            if tile_at(head.size, tile.level, tile.index).is_full:
                self.store.forget_partial(tile)

    def _read_back(self, new: list[Tile], last: SignedHead, head: SignedHead) -> None:
        reader = TileReader(self.store, head.size, head.root)
        for tile in new:
            if tile.level is not None:
                reader.hashes(tile)
            else:
                hashes = reader.hashes(tile_at(head.size, 0, tile.index))
                require_leaves(tile, read_bundle(self.store, tile), hashes)
        proof = consistency_proof(last.size, head.size, reader.read)
        verify_consistency(last.size, last.root, head.size, head.root, proof)

    def _require_older(self, found: bytes | None, ours: Checkpoint, keys: Sequence[LogKey]) -> None:
        """A checkpoint of our own key that is not behind ours: this database has forgotten something."""
        try:
            stands = None if found is None else open_own(found.decode(), keys)
        except (InvalidInput, UnicodeDecodeError):
            return  # not signed by this log: no promise of ours, whatever it is
        if stands is not None and stands.size >= ours.size and stands != ours:
            message = Sentence(
                "{store} holds a signed checkpoint of size {size} with root {root}, this database signed size {ours} "
                "with {our_root}: an old backup, or two histories. Sign nothing; see docs/operations.md",
                store=self.store.name,
                size=stands.size,
                root=stands.root.hex(),
                ours=ours.size,
                our_root=ours.root.hex(),
            )
            raise SigningHalted(message)


def write_tiles(store: TileStore, contents: Iterator[tuple[str, bytes]]) -> None:
    """Write files a few at a time; all of them are durable when this returns. Raises what the store's `write` does."""
    while group := dict(islice(contents, _AT_ONCE)):
        store.write(group)


@contextmanager
def _named() -> Iterator[None]:
    """Say what is wrong with stored tiles as what stops signing."""
    try:
        yield
    except (InvalidInput, MissingTile, TileConflict) as error:
        message = Sentence(
            "the stored tiles are not those of the log: {problem}; see certlog registry tiles check",
            problem=error,
        )
        raise SigningHalted(message) from error


def _partial_bundle(size: int) -> tuple[Tile, ...]:
    return tuple(Tile(None, tile.index, tile.width) for tile in right_edge(size) if tile.level == 0)
