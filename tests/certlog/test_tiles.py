"""Tiles: their paths, which of them a tree has, and the bytes in them (c2sp.org/tlog-tiles)."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlog.entry import MAX_ENTRY_BYTES
from certlog.errors import InvalidInput, InvalidProof
from certlog.tiles import (
    FULL,
    MAX_BUNDLE_BYTES,
    TILE_BYTES,
    Tile,
    decode_bundle,
    encode_bundle,
    entries_path,
    hash_tile,
    new_tiles,
    parse_tile_path,
    right_edge,
    split_tile,
    tile_at,
    tile_path,
    tiles_of,
)
from certlog.tree import MAX_SIZE, MemoryTree, leaf_hash, root_at

SIZES: Final = st.one_of(st.integers(0, 70_000), st.integers(0, 40).map(lambda bit: 1 << bit))


def test_paths_are_those_of_the_specification() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path(1, 0, 1) == "tile/1/000.p/1"
    assert tile_path(2, 1000, 255) == "tile/2/x001/000.p/255"
    assert entries_path(999) == "tile/entries/999"
    assert entries_path(7, 112) == "tile/entries/007.p/112"


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    found = [tile for tile in tiles_of(70_000) if tile.level is not None]
    assert sum(tile.level == 0 and tile.is_full for tile in found) == 273
    assert [(t.level, t.width) for t in found if not t.is_full] == [(0, 112), (1, 17), (2, 1)]
    assert sum(tile.level == 1 and tile.is_full for tile in found) == 1
    assert {tile.path for tile in tiles_of(256)} == {"tile/entries/000", "tile/0/000", "tile/1/000.p/1"}
    assert list(tiles_of(0)) == []


@given(st.one_of(st.none(), st.integers(0, 7)), st.integers(0, 2**55), st.integers(1, FULL))
def test_every_tile_has_one_path_and_is_read_back_from_it(level: int | None, index: int, width: int) -> None:
    try:
        tile = Tile(level, index, width)
    except InvalidInput:
        assert (index * FULL + width) << 8 * (level or 0) > MAX_SIZE
    else:
        assert parse_tile_path(tile.path) == tile
        assert tile.full_path == tile.path.removesuffix(f".p/{width}")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile/8/000",
        "tile/00/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/x001/x000",
        "tile/0/001/x000",
        "tile/0/X001/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/1000",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/../0/000",
        "tile/0/%30%30%30",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/x999/x999/x999/x999/x999/x999/000",
        "tile/0/x999/x999/x999/x999/x999/999",
        "tile/7/128",
        "tile/7/000",
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_tile_path(path)
    assert refusal.value.code == "bad-tile-path"


@given(SIZES, SIZES)
def test_what_is_new_between_two_sizes_is_what_the_older_tree_has_not(one: int, other: int) -> None:
    old, new = sorted((min(one, 70_000), min(other, 70_000)))
    assert set(new_tiles(old, new)) == set(tiles_of(new)) - set(tiles_of(old))
    paths = [tile.path for tile in new_tiles(old, new)]
    assert len(paths) == len(set(paths))


def test_growing_by_one_adds_few_tiles_at_any_size() -> None:
    for size in (0, 1, 255, 256, 65_535, 65_536, 2**24 - 1, 2**62, MAX_SIZE - 1):
        assert 1 <= len(list(new_tiles(size, size + 1))) <= 9


@given(st.integers(1, MAX_SIZE))
def test_the_right_edge_covers_every_leaf_once(size: int) -> None:
    edge = sorted(right_edge(size), key=lambda tile: tile.start)
    assert sum(tile.width << tile.height for tile in edge) == size
    assert all(tile_at(size, tile.level, tile.index) == tile for tile in edge)


def test_a_place_that_the_tree_does_not_have_is_refused() -> None:
    assert tile_at(300, 0, 1) == Tile(0, 1, 44)
    assert tile_at(300, None, 0) == Tile(None, 0)
    for level, index in ((0, 2), (1, 1), (2, 0)):
        with pytest.raises(InvalidInput, match="no tree has"):
            tile_at(300, level, index)


def test_a_tile_holds_the_subtrees_that_the_specification_says() -> None:
    leaves = [leaf_hash(number.to_bytes(2, "big")) for number in range(600)]
    tree = MemoryTree(leaves)
    full = hash_tile(Tile(0, 1), tree.read)
    assert len(full) == TILE_BYTES
    assert split_tile(Tile(0, 1), full) == tuple(leaves[256:512])
    upper = split_tile(Tile(1, 0, 2), hash_tile(Tile(1, 0, 2), tree.read))
    assert upper == (MemoryTree(leaves[:256]).root(), MemoryTree(leaves[256:512]).root())
    for wrong in (b"", full[:-1], full + b"\0", full[:-32]):
        with pytest.raises(InvalidProof, match="tile/0/001: expected 256 hashes"):
            split_tile(Tile(0, 1), wrong)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=FULL))
def test_a_bundle_gives_back_its_entries_and_has_one_form(entries: list[bytes]) -> None:
    data = encode_bundle(entries)
    assert decode_bundle(data, len(entries)) == tuple(entries)
    assert len(data) <= MAX_BUNDLE_BYTES
    for wrong in (len(entries) - 1, len(entries) + 1):
        with pytest.raises(InvalidInput):
            decode_bundle(data, wrong)
    with pytest.raises(InvalidInput):
        decode_bundle(data[:-1], len(entries))
    with pytest.raises(InvalidInput):
        decode_bundle(data + b"\0", len(entries))


def test_the_length_stands_big_endian_before_each_entry() -> None:
    assert encode_bundle([b"ab", b"c" * 258]) == b"\x00\x02ab\x01\x02" + b"c" * 258


def test_a_bundle_is_bounded() -> None:
    largest = [b"x" * MAX_ENTRY_BYTES] * FULL
    assert len(encode_bundle(largest)) == MAX_BUNDLE_BYTES
    for refused in ([], [b"x"] * (FULL + 1), [b"x" * (MAX_ENTRY_BYTES + 1)]):
        with pytest.raises(InvalidInput, match="1 to 256 entries"):
            encode_bundle(refused)
    too_long = (MAX_ENTRY_BYTES + 1).to_bytes(2, "big") + b"x" * (MAX_ENTRY_BYTES + 1)
    with pytest.raises(InvalidInput, match="at most 8 KiB"):
        decode_bundle(too_long, 1)


def test_the_partial_tiles_of_any_size_lead_to_its_root() -> None:
    tree = MemoryTree(leaf_hash(number.to_bytes(2, "big")) for number in range(700))
    for size in (1, 2, 255, 256, 257, 511, 512, 700):
        held = {
            (tile.height, tile.index * FULL + at) for tile in right_edge(size) for at in range(tile.width)
        }
        asked: set[tuple[int, int]] = set()

        def read(level: int, index: int, asked: set[tuple[int, int]] = asked) -> bytes:
            low = level // 8 * 8
            asked.update((low, at) for at in range(index << level - low, (index + 1) << level - low))
            return tree.read(level, index)

        assert root_at(size, read) == tree.root(size)
        assert asked == held
