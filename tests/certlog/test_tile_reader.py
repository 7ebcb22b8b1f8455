"""Reading a log out of tiles: every proof as from the tree itself, and nothing that does not lead to the root."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest

from certlog.digests import RootHash
from certlog.errors import InvalidInput, InvalidProof, Unavailable
from certlog.tile_reader import (
    MissingTile,
    TileReader,
    read_bundle,
    read_tile,
    require_leaves,
    tile_node_reader,
)
from certlog.tiles import FULL, Tile, encode_bundle, hash_tile, right_edge, tile_at, tiles_of
from certlog.tree import MemoryTree, consistency_proof, inclusion_proof, leaf_hash, root_at

ENTRIES: Final = [b"entry %d" % number for number in range(1300)]
TREE: Final = MemoryTree(leaf_hash(entry) for entry in ENTRIES)
SIZES: Final = (1, 2, 255, 256, 257, 300, 511, 512, 513, 1024, 1300)


@dataclass
class Folder:
    """Tiles in memory: a TileSource that works, and counts how often it is asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def read(self, path: str) -> bytes:
        """Return a tile."""
        self.asked.append(path)
        try:
            return self.files[path]
        except KeyError:
            message = f"no {path}"
            raise MissingTile(message) from None


def content(tile: Tile) -> bytes:
    """Return what a tile of the test's log holds."""
    if tile.level is None:
        return encode_bundle(ENTRIES[tile.start : tile.end])
    return hash_tile(tile, TREE.read)


def folder_of(size: int) -> Folder:
    """Return the tiles of the test's log at a size."""
    return Folder({tile.path: content(tile) for tile in tiles_of(size)})


@pytest.mark.parametrize("size", SIZES)
def test_proofs_out_of_tiles_are_those_of_the_tree(size: int) -> None:
    read = tile_node_reader(folder_of(size), size, TREE.root(size))
    assert root_at(size, read) == TREE.root(size)
    for index in {0, size // 2, size - 1}:
        assert inclusion_proof(index, size, read) == TREE.inclusion(index, size)
    for old in {1, size // 3, size // 2, size - 1, size} - {0}:
        assert consistency_proof(old, size, read) == TREE.consistency(old, size)


def test_every_node_of_a_tree_is_found_in_its_tiles() -> None:
    read = tile_node_reader(folder_of(1300), 1300, TREE.root())
    for level in range(11):
        for index in range(1300 >> level):
            assert read(level, index) == TREE.read(level, index)


def test_no_changed_bit_of_any_tile_comes_out() -> None:
    size, chance = 1300, random.Random(5)
    whole = folder_of(size)
    for tile in tiles_of(size):
        if tile.level is None:
            continue
        for _ in range(4):
            changed = bytearray(whole.files[tile.path])
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
            reader = TileReader(Folder(whole.files | {tile.path: bytes(changed)}), size, TREE.root())
            with pytest.raises(InvalidProof) as refusal:
                reader.hashes(tile)
            assert refusal.value.code == "bad-tile"
            assert tile.path in refusal.value.place


def test_tiles_of_another_log_are_refused() -> None:
    other = MemoryTree(leaf_hash(b"other %d" % number) for number in range(300))
    source = Folder({t.path: hash_tile(t, other.read) for t in tiles_of(300) if t.level is not None})
    with pytest.raises(InvalidProof, match="right edge of size 300"):
        tile_node_reader(source, 300, TREE.root(300))(0, 299)
    with pytest.raises(InvalidProof, match="right edge"):
        tile_node_reader(folder_of(300), 300, RootHash(bytes(32)))(0, 0)


def test_a_full_tile_exchanged_for_another_is_named() -> None:
    source = folder_of(1300)
    source.files["tile/0/001"] = source.files["tile/0/002"]
    reader = TileReader(source, 1300, TREE.root())
    assert reader.read(8, 1) == TREE.read(8, 1)
    with pytest.raises(InvalidProof, match="the one above it has") as refusal:
        reader.read(0, 256)
    assert refusal.value.place == "tile/0/001"


def test_a_partial_tile_that_was_deleted_is_read_from_the_full_one() -> None:
    source = Folder(folder_of(300).files | folder_of(1300).files)
    for path in ("tile/0/001.p/44", "tile/entries/001.p/44"):
        del source.files[path]
    read = tile_node_reader(source, 300, TREE.root(300))
    assert inclusion_proof(299, 300, read) == TREE.inclusion(299, 300)
    assert read_bundle(source, tile_at(300, None, 1)) == tuple(ENTRIES[256:300])


def test_a_missing_tile_is_told_from_one_that_cannot_be_asked_for() -> None:
    source = folder_of(600)
    del source.files["tile/0/000"]
    with pytest.raises(MissingTile, match="tile/0/000"):
        tile_node_reader(source, 600, TREE.root(600))(0, 3)
    with pytest.raises(MissingTile):
        read_tile(Folder(), Tile(0, 0, 3))

    class Unreachable:
        def read(self, path: str) -> bytes:
            raise Unavailable(path)

    with pytest.raises(Unavailable) as refusal:
        tile_node_reader(Unreachable(), 600, TREE.root(600))(0, 3)
    assert not isinstance(refusal.value, MissingTile)


def test_a_tile_is_read_once_for_many_proofs() -> None:
    source = folder_of(1300)
    read = tile_node_reader(source, 1300, TREE.root())
    for index in range(1300):
        inclusion_proof(index, 1300, read)
    assert len(source.asked) == len(set(source.asked)) == 5 + len(right_edge(1300))


def test_entries_are_those_of_their_hashes_or_named() -> None:
    source = folder_of(1300)
    reader = TileReader(source, 1300, TREE.root())
    for index in range(6):
        bundle = tile_at(1300, None, index)
        entries = read_bundle(source, bundle)
        require_leaves(bundle, entries, reader.hashes(tile_at(1300, 0, index)))
    changed = list(read_bundle(source, Tile(None, 2)))
    changed[7] = b"another"
    with pytest.raises(InvalidProof, match="entry 519: expected leaf hash") as refusal:
        require_leaves(Tile(None, 2), changed, reader.hashes(Tile(0, 2)))
    assert (refusal.value.place, refusal.value.code) == ("tile/entries/002", "bad-bundle")


def damaged_bundles() -> Iterator[bytes]:
    """Yield forms of a bundle of two entries that are none."""
    good = encode_bundle([b"one", b"two"])
    yield from (good[:length] for length in range(len(good)))
    yield good + b"\0\0"
    yield b"\xff\xff" + good[2:]


def test_a_damaged_bundle_is_refused_at_its_path() -> None:
    for data in damaged_bundles():
        with pytest.raises(InvalidInput, match="tile/entries/000.p/2") as refusal:
            read_bundle(Folder({"tile/entries/000.p/2": data}), Tile(None, 0, 2))
        assert refusal.value.code == "bad-bundle"
    assert FULL == 256
