"""What stands in the log's tiles, out of the database: each entry's bytes hashed again on the way.

The database is what tiles are made from, never the other way round.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, select

from certlog.digests import same
from certlog.sentences import Sentence
from certlog.tiles import FULL, Tile, encode_bundle
from certlog.tree import leaf_hash
from registry.last_signed_head import SigningHalted
from registry.tables import entries, nodes


def tile_contents(connection: Connection, tiles: Iterable[Tile]) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the bytes of each tile or bundle.

    Raises:
        SigningHalted: an entry or node is missing, or an entry's bytes do not have the hash stored with them.
    """
    for tile in tiles:
        yield tile.path, _bundle(connection, tile) if tile.level is None else _hashes(connection, tile)


def stored_nodes(connection: Connection, level: int, first: int, count: int) -> list[bytes]:
    """Return `count` hashes of one level of the stored tree, level 0 too; b"" for those that are missing."""
    if level:
        query = select(nodes.c.position, nodes.c.hash).where(
            nodes.c.level == level, nodes.c.position.between(first, first + count - 1)
        )
    else:
        query = select(entries.c.leaf_index, entries.c.leaf_hash).where(
            entries.c.leaf_index.between(first, first + count - 1)
        )
    found = {position: bytes(digest) for position, digest in connection.execute(query)}
    return [found.get(position, b"") for position in range(first, first + count)]


def stored_entries(connection: Connection, bundle: Tile) -> list[tuple[bytes, bytes] | None]:
    """Return the (bytes, stored leaf hash) of a bundle's entries; None for those that are missing."""
    query = select(entries.c.leaf_index, entries.c.data, entries.c.leaf_hash).where(
        entries.c.leaf_index.between(bundle.start, bundle.end - 1)
    )
    found = {index: (bytes(data), bytes(digest)) for index, data, digest in connection.execute(query)}
    return [found.get(index) for index in range(bundle.start, bundle.end)]


def require_entry(index: int, row: tuple[bytes, bytes] | None) -> bytes:
    """Return an entry's bytes, which must have the leaf hash that is stored with them.

    Raises:
        SigningHalted: it is missing or altered.
    """
    if row is None or not same(leaf_hash(row[0]), row[1]):
        message = Sentence(
            "entry {expected}: missing, or its bytes do not have the hash that was stored with them",
            expected=index,
        )
        raise SigningHalted(message)
    return row[0]


def _bundle(connection: Connection, bundle: Tile) -> bytes:
    rows = stored_entries(connection, bundle)
    return encode_bundle([require_entry(bundle.start + at, row) for at, row in enumerate(rows)])


def _hashes(connection: Connection, tile: Tile) -> bytes:
    found: Sequence[bytes] = stored_nodes(connection, tile.height, tile.index * FULL, tile.width)
    for at, digest in enumerate(found):
        if not digest:
            message = Sentence(
                "node level {level} index {position}: missing, or not the hash of what it covers",
                level=tile.height,
                position=tile.index * FULL + at,
            )
            raise SigningHalted(message)
    return b"".join(found)
