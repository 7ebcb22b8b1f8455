"""Vectors of tiles: their paths, which of them a tree has, bundles, and a node out of tiles."""

from collections.abc import Iterator
from typing import Any, Final

from certlog.encoding import b64url
from certlog.strict_json import JSONObject, JSONValue
from certlog.tiles import FULL, Tile, encode_bundle, entries_path, hash_tile, new_tiles, tile_path, tiles_of
from certlog.tree import MAX_SIZE, MemoryTree, leaf_hash
from tools.vectors.case import Case, accepted, refused

SIZE: Final = 300
TREE: Final = MemoryTree(leaf_hash(f"leaf {number}".encode()) for number in range(SIZE))


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield from _paths()
    yield from _new()
    yield from _bundles()
    yield from _proofs()


def _paths() -> Iterator[Case]:
    for name, path, tile in (
        ("level-0", tile_path(0, 0), Tile(0, 0)),
        ("three-groups", tile_path(1, 1_234_067), Tile(1, 1_234_067)),
        ("partial", tile_path(2, 1000, 255), Tile(2, 1000, 255)),
        ("bundle", entries_path(273, 112), Tile(None, 273, 112)),
        ("last-of-all", tile_path(7, 0, 127), Tile(7, 0, 127)),
    ):
        level: JSONValue = "entries" if tile.level is None else tile.level
        wanted: JSONObject = {"level": level, "index": tile.index, "width": tile.width}
        yield accepted("tile-path", name, "A path and what it names.", {"path": path}, wanted)
    for name, about, path in (
        ("level-8", "No tree of less than 2^63 leaves has it.", "tile/8/000"),
        ("level-leading-zero", "A level with a leading zero.", "tile/00/000"),
        ("short-group", "A group of one digit.", "tile/0/0"),
        ("leading-empty-group", "A second spelling of index 1.", "tile/0/x000/001"),
        ("last-group-with-x", "The last group has no x.", "tile/0/x001/x000"),
        ("first-group-without-x", "All groups but the last have one.", "tile/0/001/000"),
        ("width-0", "An empty tile is not served.", "tile/0/000.p/0"),
        ("width-256", "A full tile has no width.", "tile/0/000.p/256"),
        ("width-leading-zero", "A width with a leading zero.", "tile/0/000.p/01"),
        ("leading-slash", "A path is relative to the prefix.", "/tile/0/000"),
        ("dots", "A path that climbs.", "tile/0/../0/000"),
        ("line-end", "A line end after it.", "tile/0/000\n"),
        ("beyond-every-tree", "It would begin after 2^63 leaves.", "tile/7/128"),
    ):
        yield refused("tile-path", name, about, {"path": path}, "bad-tile-path")


def _new() -> Iterator[Case]:
    for old, new in ((0, 1), (0, 256), (255, 257), (256, 256), (300, 70_000 - 65_536), (65_535, 65_536)):
        paths: list[JSONValue] = [tile.path for tile in new_tiles(old, new)]
        about = f"What a tree of {new} leaves has and one of {old} has not."
        yield accepted("new-tiles", f"{old}-to-{new}", about, {"old": old, "new": new}, {"paths": paths})
    yield accepted(
        "new-tiles",
        "the-largest-tree",
        "One leaf more, up to the largest size.",
        {"old": MAX_SIZE - 1, "new": MAX_SIZE},
        {"paths": [tile.path for tile in new_tiles(MAX_SIZE - 1, MAX_SIZE)]},
    )


def _bundles() -> Iterator[Case]:
    entries = [b"", b"a", b"b" * 300]
    good = encode_bundle(entries)
    wanted: JSONObject = {"entries": [b64url(entry) for entry in entries]}
    given: JSONObject = {"bundle": b64url(good), "count": 3}
    yield accepted("bundle", "three-entries", "Each entry behind its length.", given, wanted)
    longest = b"c" * 8192
    yield accepted(
        "bundle",
        "longest-entry",
        "An entry of 8 KiB.",
        {"bundle": b64url(encode_bundle([longest])), "count": 1},
        {"entries": [b64url(longest)]},
    )
    for name, about, data, count in (
        ("one-missing", "An entry fewer than the width.", good, 4),
        ("one-too-many", "An entry more than the width.", good, 2),
        ("cut", "The last entry is cut.", good[:-1], 3),
        ("cut-in-length", "A length of one byte.", good + b"\0", 4),
        ("trailing-byte", "A byte after the last entry.", good + b"\0", 3),
        ("little-endian", "A length in the other order.", b"\x01\x00a", 1),
        ("too-long", "An entry of more than 8 KiB.", b"\x20\x01" + b"c" * 8193, 1),
    ):
        yield refused("bundle", name, about, {"bundle": b64url(data), "count": count}, "bad-bundle")


def _tiles(**changed: bytes) -> JSONObject:
    tiles = {tile.path: hash_tile(tile, TREE.read) for tile in tiles_of(SIZE) if tile.level is not None}
    return {
        path: b64url(changed.get(path.replace("/", "_").replace(".", "_"), data))
        for path, data in tiles.items()
    }


def _proofs() -> Iterator[Case]:
    good: Any = {"tiles": _tiles(), "size": SIZE, "root": b64url(TREE.root())}
    for index in (0, 255, 256, 299):
        wanted: JSONObject = {"path": [b64url(digest) for digest in TREE.inclusion(index)]}
        about = f"The inclusion proof of leaf {index} of {SIZE} out of tiles."
        yield accepted("tile-proof", f"leaf-{index}-of-{SIZE}", about, good | {"index": index}, wanted)
    full, partial = hash_tile(Tile(0, 0), TREE.read), hash_tile(Tile(0, 1, SIZE - FULL), TREE.read)
    flipped = bytes([full[0] ^ 1]) + full[1:]
    for name, about, index, tiles in (
        ("full-tile-altered", "A bit of a full tile.", 1, _tiles(tile_0_000=flipped)),
        (
            "partial-tile-altered",
            "Two hashes at the edge changed places.",
            299,
            _tiles(tile_0_001_p_44=partial[32:64] + partial[:32] + partial[64:]),
        ),
        ("tile-cut", "A tile without its last hash.", 1, _tiles(tile_0_000=full[:-32])),
        ("tile-too-long", "A tile with one hash more.", 299, _tiles(tile_0_001_p_44=partial + partial[:32])),
        ("upper-tile-altered", "The hash of another full tile.", 1, _tiles(tile_1_000_p_1=bytes(32))),
    ):
        yield refused("tile-proof", name, about, good | {"tiles": tiles, "index": index}, "bad-tile")
    yield refused(
        "tile-proof",
        "other-root",
        "Another root.",
        good | {"root": b64url(TREE.root(299)), "index": 1},
        "bad-tile",
    )
