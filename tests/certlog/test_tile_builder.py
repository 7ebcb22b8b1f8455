"""Building the tiles of a log leaf by leaf: the same tiles and roots as the tree itself."""

import pytest

from certlog.tile_builder import TileBuilder
from certlog.tiles import hash_tile, tiles_of
from certlog.tree import EMPTY_ROOT, MemoryTree, leaf_hash


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 1000])
def test_the_tiles_and_the_root_are_the_trees(size: int) -> None:
    tree, builder, built = MemoryTree(), TileBuilder(), {}
    for number in range(size):
        leaf = leaf_hash(b"%d" % number)
        tree.append(leaf)
        built.update({tile: b"".join(hashes) for tile, hashes in builder.add(leaf)})
    built.update({tile: b"".join(hashes) for tile, hashes in builder.partial()})
    assert built == {tile: hash_tile(tile, tree.read) for tile in tiles_of(size) if tile.level is not None}
    assert (builder.size, builder.root()) == (size, tree.root())


def test_two_levels_are_completed_by_one_leaf() -> None:
    builder = TileBuilder()
    for number in range(65_535):
        builder.add(leaf_hash(b"%d" % number))
    assert [tile.path for tile, _ in builder.add(leaf_hash(b"last"))] == ["tile/0/255", "tile/1/000"]
    assert [tile.path for tile, _ in builder.partial()] == ["tile/2/000.p/1"]


def test_an_empty_log_has_no_tiles() -> None:
    assert list(TileBuilder().partial()) == []
    assert TileBuilder().root() == EMPTY_ROOT
