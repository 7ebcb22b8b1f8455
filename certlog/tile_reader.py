"""Reads a log out of tiles, wherever they are: nothing comes out that does not lead to a signed checkpoint's root.

The pure half of every client of a tiled log (c2sp.org/tlog-tiles; formats, section 4.1): a TileSource fetches, this
module believes it only as far as the hashes go.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Protocol

from certlog.digests import DIGEST_BYTES, RootHash, same
from certlog.errors import InvalidInput, InvalidProof, Unavailable
from certlog.sentences import Sentence
from certlog.tiles import FULL, HEIGHT, Tile, decode_bundle, encode_bundle, right_edge, split_tile, tile_at
from certlog.tree import NodeReader, leaf_hash, node_hash, root_at

_KEPT_TILES: Final = 256
"""Tiles that a reader keeps, each with the hashes inside it: some 10 MiB."""


class MissingTile(Unavailable):
    """A source answers that it does not hold a tile: unlike any other Unavailable, asking again does not help."""


class TileConflict(Unavailable):
    """A store holds other bytes at a path that never changes: there are two histories, or one side is damaged."""


class TileSource(Protocol):
    """Holds tiles and bundles, and perhaps the checkpoint, by path."""

    def read(self, path: str) -> bytes:
        """Return the bytes at a path such as `tile/0/000`, unverified, at most MAX_BUNDLE_BYTES + 1 of them.

        Raises:
            MissingTile: there is nothing at this path.
            Unavailable: it could not be found out.
        """
        ...


class TileReader:
    """Reads the nodes of one tree out of tiles; nothing comes out that does not lead to its root."""

    def __init__(self, source: TileSource, size: int, root: RootHash, *, keep: int = _KEPT_TILES) -> None:
        """Take where the tiles are, the tree's size and root (from a checkpoint), and how many tiles to keep."""
        self._source: Final = source
        self.size: Final = size
        self.root: Final = root
        self._edge: dict[Tile, list[bytes]] = {}
        self._full = lru_cache(maxsize=keep)(self._read_full)

    def read(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree: this is the tree's NodeReader.

        Requires (index + 1)·2^level <= size.

        Raises:
            InvalidProof: a tile does not lead to the root ("bad-tile"); `place` is its path.
            MissingTile: the source does not hold a tile of this tree.
            Unavailable: the source cannot be asked.
        """
        tile_level, height = divmod(level, HEIGHT)
        tile = tile_at(self.size, tile_level, index << height >> HEIGHT)
        return self._nodes(tile)[_place(height, index)]

    def hashes(self, tile: Tile) -> tuple[bytes, ...]:
        """Return the hashes of one tile of this tree; raises as `read` does."""
        return tuple(self._nodes(tile)[FULL : FULL + tile.width])

    def _nodes(self, tile: Tile) -> list[bytes]:
        if tile.is_full:
            return self._full(tile)
        if not self._edge:
            # Set once it is verified: other threads may be reading.
            self._edge = self._read_edge()
        return self._edge[tile]

    def _read_edge(self) -> dict[Tile, list[bytes]]:
        """Read the partial tiles, whose peaks are exactly what the root is made of."""
        edge = {tile: inner_nodes(self._hashes(tile)) for tile in right_edge(self.size)}
        found = root_at(self.size, edge_node_reader(edge))
        if not same(found, self.root):
            message = Sentence(
                "the tiles at the right edge of size {size} lead to root {found}, expected {root}",
                size=self.size,
                found=found.hex(),
                root=self.root.hex(),
            )
            raise InvalidProof(message, place=", ".join(tile.path for tile in edge), code="bad-tile")
        return edge

    def _read_full(self, tile: Tile) -> list[bytes]:
        """Read a full tile, whose root is a hash in the tile above it: the tree has that one wherever it has this."""
        nodes = inner_nodes(self._hashes(tile))
        expected = self.read(tile.height + HEIGHT, tile.index)
        if not same(expected, nodes[1]):
            message = Sentence(
                "the tile leads to {found}, the one above it has {expected}",
                found=nodes[1].hex(),
                expected=expected.hex(),
            )
            raise InvalidProof(message, place=tile.path, code="bad-tile")
        return nodes

    def _hashes(self, tile: Tile) -> tuple[bytes, ...]:
        return split_tile(tile, read_tile(self._source, tile))


def require_leaves(tile: Tile, entries: Sequence[bytes], hashes: Sequence[bytes]) -> None:
    """Require that the entries of a bundle are those of the hashes in the tile of level 0 at the same place.

    Raises:
        InvalidProof: an entry is another ("bad-bundle"); the message names its index in the log.
    """
    for position, (entry, digest) in enumerate(zip(entries, hashes, strict=True)):
        if not same(found := leaf_hash(entry), digest):
            message = Sentence(
                "entry {index}: expected leaf hash {expected}, its bytes have {found}",
                index=tile.start + position,
                expected=digest.hex(),
                found=found.hex(),
            )
            raise InvalidProof(message, place=tile.path, code="bad-bundle")


def read_tile(source: TileSource, tile: Tile) -> bytes:
    """Return a tile's bytes; of a partial one that is no longer there, the first part of what it has become.

    Logs may delete a partial tile once the full one is there (c2sp.org/tlog-tiles). Unverified.
    """
    try:
        return source.read(tile.path)
    except MissingTile as missing:
        if tile.is_full:
            raise
        try:
            grown = source.read(tile.full_path)
        except MissingTile:
            raise missing from None
    if tile.level is not None:
        return grown[: tile.width * DIGEST_BYTES]
    return encode_bundle(decode_bundle(grown, FULL)[: tile.width])


def read_bundle(source: TileSource, tile: Tile) -> tuple[bytes, ...]:
    """Return the entries of a bundle as a tree has it, unverified; see require_leaves.

    Raises:
        InvalidInput: it is no bundle of this width ("bad-bundle"); `place` is its path.
        MissingTile: the source does not hold it.
        Unavailable: the source cannot be asked.
    """
    try:
        return decode_bundle(read_tile(source, tile), tile.width)
    except InvalidInput as error:
        raise InvalidInput(error.message, place=tile.path, code=error.code) from error


def tile_node_reader(source: TileSource, size: int, root: RootHash) -> NodeReader:
    """Return the NodeReader of the tree with this size and root, as a signed checkpoint states them; see TileReader."""
    return TileReader(source, size, root).read


def inner_nodes(hashes: Sequence[bytes]) -> list[bytes]:
    """Return a tile's hashes at 256 .. and the complete nodes above them at 1 .. 255; b"" where there is none."""
    nodes = [b""] * FULL + [*hashes] + [b""] * (FULL - len(hashes))
    first, count = FULL, len(hashes)
    while count > 1:
        for position in range(count >> 1):
            left = first + 2 * position
            nodes[left >> 1] = node_hash(nodes[left], nodes[left + 1])
        first, count = first >> 1, count >> 1
    return nodes


def edge_node_reader(edge: Mapping[Tile, Sequence[bytes]]) -> NodeReader:
    """Return the NodeReader over the inner nodes of partial tiles: enough for the root of their tree, and no more."""
    by_level = {tile.height: nodes for tile, nodes in edge.items()}

    def read(level: int, index: int) -> bytes:
        height = level % HEIGHT
        return by_level[level - height][_place(height, index)]

    return read


def _place(height: int, index: int) -> int:
    """Return where a node stands among its tile's, which lie as in a heap: those at `height` from 2^(8-height) on."""
    return (FULL >> height) + index % (FULL >> height)
