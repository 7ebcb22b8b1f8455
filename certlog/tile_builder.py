"""Builds the tiles of a log from its leaf hashes, in order, with no more in memory than one tile a level.

For whoever recomputes a whole log from its entries: registry, auditor, mirror.
"""

from collections.abc import Iterator

from certlog.digests import LeafHash, RootHash
from certlog.tile_reader import edge_node_reader, inner_nodes
from certlog.tiles import FULL, HEIGHT, Tile
from certlog.tree import EMPTY_ROOT, root_at

BuiltTile = tuple[Tile, tuple[bytes, ...]]
"""A hash tile and its hashes."""


class TileBuilder:
    """Takes leaf hashes; gives out each hash tile when it is full, and the partial ones at the end."""

    def __init__(self) -> None:
        """Begin with an empty tree."""
        self._levels: list[list[bytes]] = [[]]
        self.size = 0

    def add(self, leaf: LeafHash) -> list[BuiltTile]:
        """Add a leaf at the end; return the tiles that it completes, lowest level first."""
        completed: list[BuiltTile] = []
        level, digest = 0, bytes(leaf)
        while True:
            if level == len(self._levels):
                self._levels.append([])
            hashes = self._levels[level]
            hashes.append(digest)
            if len(hashes) < FULL:
                break
            self._levels[level] = []
            completed.append((Tile(level, self.size >> HEIGHT * (level + 1)), tuple(hashes)))
            level, digest = level + 1, inner_nodes(hashes)[1]
        self.size += 1
        return completed

    def partial(self) -> Iterator[BuiltTile]:
        """Yield the partial tiles of the tree so far, lowest level first."""
        for level, hashes in enumerate(self._levels):
            if hashes:
                yield Tile(level, self.size >> HEIGHT * (level + 1), len(hashes)), tuple(hashes)

    def root(self) -> RootHash:
        """Return the root of the tree so far."""
        if not self.size:
            return EMPTY_ROOT
        edge = {tile: inner_nodes(hashes) for tile, hashes in self.partial()}
        return root_at(self.size, edge_node_reader(edge))
