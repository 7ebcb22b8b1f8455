"""Reads the newest signed head out of its tiles: the nodes that proofs are made of, and the files that are served.

Proofs are made from what is published, so that whoever fetches the files can make the same. Where the store cannot be
reached, the database's own nodes stand in: a proof is right or it does not verify, and certificates stay answerable.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.tile_reader import MissingTile, TileReader, read_tile
from certlog.tiles import Tile, parse_tile_path, right_edge
from certlog.tree import NodeReader
from registry.heads import SignedCheckpoint, newest_checkpoint
from registry.log_tree import node_reader
from registry.tile_store import TileStore

_KEPT_FILES: Final = 512
"""Full hash tiles that a process keeps: 4 MiB. They never change."""
_PAUSE: Final = 5
"""Seconds for which a store that did not answer is not asked again: it may take as long to say no."""


class HeadTiles:
    """One process's view of the published tiles. Thread-safe."""

    def __init__(self, store: TileStore, now: Callable[[], int]) -> None:
        """Take the store and the clock."""
        self._files: Final = _KeptFiles(store, now)
        self._reader: TileReader | None = None

    def nodes(self, connection: Connection) -> NodeReader:
        """Return the reader of complete nodes of the newest signed head, from its tiles.

        The reader raises Unavailable where a tile is missing or does not lead to the signed root: the message names it.
        """
        stored, newest = node_reader(connection), newest_checkpoint(connection)
        if newest is None:
            return stored
        reader = self._reader_of(newest)

        def read(level: int, index: int) -> bytes:
            try:
                return reader.read(level, index)
            except (MissingTile, InvalidInput) as error:
                raise _damaged(error) from error
            except Unavailable:
                return stored(level, index)

        return read

    def file(self, path: str, size: int) -> bytes | None:
        """Return a published tile or bundle; None where a log of `size` entries has published nothing at this path.

        A partial one that was removed is cut from the full one. Unverified: the reader's client checks it.

        Raises:
            Unavailable: the store cannot be asked, or lacks a full tile.
        """
        try:
            tile = parse_tile_path(path)
        except InvalidInput:
            return None
        if tile.end > size:
            return None
        try:
            return read_tile(self._files, tile)
        except MissingTile as error:
            if not tile.is_full:
                return None  # no head of that size was signed
            raise _damaged(error) from error
        except InvalidInput as error:
            raise _damaged(error) from error

    def require_edge(self, head: SignedCheckpoint) -> None:
        """Require that the tiles at the right edge of a head can be read and lead to its root; for health.

        Raises:
            Unavailable: they cannot, or do not; the message names the store or the tile.
        """
        reader = TileReader(self._files, head.size, head.root)
        try:
            for tile in right_edge(head.size):
                reader.hashes(tile)
        except (MissingTile, InvalidInput) as error:
            raise _damaged(error) from error

    def _reader_of(self, head: SignedCheckpoint) -> TileReader:
        reader = self._reader
        if reader is None or (reader.size, reader.root) != (head.size, head.root):
            reader = self._reader = TileReader(self._files, head.size, head.root)
        return reader


class _KeptFiles:
    """A TileSource that keeps full hash tiles, and leaves a store that is down in peace for a moment."""

    def __init__(self, store: TileStore, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now
        self._full = lru_cache(maxsize=_KEPT_FILES)(store.read)
        self._down: tuple[int, Unavailable] | None = None

    def read(self, path: str) -> bytes:
        """Return a file, as the store does."""
        down = self._down
        if down is not None and 0 <= self._now() - down[0] < _PAUSE:
            raise Unavailable(str(down[1]))
        try:
            return self._full(path) if _is_kept(parse_tile_path(path)) else self._store.read(path)
        except MissingTile:
            raise
        except Unavailable as error:
            self._down = (self._now(), error)
            raise


def _is_kept(tile: Tile) -> bool:
    return tile.is_full and tile.level is not None


def _damaged(error: Exception) -> Unavailable:
    return Unavailable(
        Sentence("the tiles are damaged: {problem}; see certlog registry tiles check", problem=error)
    )
