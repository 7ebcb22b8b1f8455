"""Recomputes the log's root from its first byte, a tile's worth of entries at a time, and compares the stored nodes.

What a registry does before it trusts its own past again: at start after a restore, every night, on demand.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from certlog.digests import DIGEST_BYTES, LeafHash, RootHash
from certlog.sentences import Sentence
from certlog.tile_builder import TileBuilder
from certlog.tile_reader import inner_nodes
from certlog.tiles import FULL, HEIGHT, Tile, tile_at
from certlog.tree import leaf_hash
from registry.last_signed_head import SigningHalted
from registry.tile_content import require_entry, stored_entries, stored_nodes


def recompute_root(connection: Connection, size: int) -> RootHash:
    """Return the root of the first `size` entries, every byte of them hashed again, every stored node compared.

    Raises:
        SigningHalted: an entry or node is missing or altered; the message names the first.
    """
    builder = TileBuilder()
    for number in range((size + FULL - 1) // FULL):
        bundle = tile_at(size, None, number)
        for at, row in enumerate(stored_entries(connection, bundle)):
            leaf = leaf_hash(require_entry(bundle.start + at, row))
            for tile, hashes in builder.add(leaf):
                _require_nodes(connection, tile, hashes)
    for tile, hashes in builder.partial():
        _require_nodes(connection, tile, hashes)
    return builder.root()


def wrong_node(connection: Connection, tile: Tile, hashes: Sequence[bytes]) -> tuple[int, int] | None:
    """Return the (level, index) of the first stored inner node that is not what the hashes of a tile lead to."""
    nodes = inner_nodes(hashes)
    for up in range(1, HEIGHT + 1):
        count, first = len(hashes) >> up, tile.index * FULL >> up
        if not count:
            break
        expected = nodes[FULL >> up : (FULL >> up) + count]
        found = stored_nodes(connection, tile.height + up, first, count)
        if found != expected:
            at = next(at for at in range(count) if found[at] != expected[at])
            return tile.height + up, first + at
    return None


def _require_nodes(connection: Connection, tile: Tile, hashes: Sequence[bytes]) -> None:
    wrong = wrong_node(connection, tile, hashes)
    if wrong is not None:
        level, position = wrong
        message = Sentence(
            "node level {level} index {position}: missing, or not the hash of what it covers",
            level=level,
            position=position,
        )
        raise SigningHalted(message)


def leaf_or_nothing(data: bytes | None) -> LeafHash:
    """Return an entry's leaf hash, and for a missing entry zeros, which no entry has."""
    return LeafHash(bytes(DIGEST_BYTES)) if data is None else leaf_hash(data)
