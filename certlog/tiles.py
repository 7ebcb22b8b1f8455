"""Tiles: a log as static files that any server or cache can hand out (c2sp.org/tlog-tiles; formats, section 4.1).

A tile is 256 hashes side by side, a bundle the entries under one tile of level 0. This module names them and reads
and writes their bytes; whether they are those of a signed checkpoint is for tile_reader.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from certlog.digests import DIGEST_BYTES
from certlog.entry import MAX_ENTRY_BYTES
from certlog.errors import InvalidInput, InvalidProof
from certlog.sentences import Sentence
from certlog.tree import MAX_SIZE, NodeReader

HEIGHT: Final = 8
"""Levels of the tree between two levels of tiles."""
FULL: Final = 1 << HEIGHT
"""Hashes in a full tile, entries in a full bundle."""
MAX_LEVEL: Final = 7
"""Highest level of a tile in a tree of less than 2^63 leaves."""
TILE_BYTES: Final = FULL * DIGEST_BYTES
"""Length of a full tile."""
MAX_BUNDLE_BYTES: Final = FULL * (2 + MAX_ENTRY_BYTES)
"""Length that no bundle, and so nothing in a log's tiles, exceeds."""

CHECKPOINT_PATH: Final = "checkpoint"
"""Where the newest checkpoint stands, beside `tile/`."""
TILE_TYPE: Final = "application/octet-stream"
CHECKPOINT_TYPE: Final = "text/plain; charset=utf-8"
KEPT_FOR_EVER: Final = "public, max-age=31536000, immutable"
"""How long caches may keep a tile or bundle: what stands at a path never changes."""
KEPT_A_SECOND: Final = "public, max-age=1"
"""How long caches may keep the checkpoint."""

_LENGTH: Final = 2
_PATH: Final = re.compile(
    r"tile/(?P<level>[0-7]|entries)/(?P<index>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """Names one tile or bundle: `width` hashes (or entries) from number `index`·256 on.

    Attributes:
        level: 0 .. 7, or None for a bundle of entries.
        index: its place in its level.
        width: 1 .. 256; below 256 it is partial.
    """

    level: int | None
    index: int
    width: int = FULL

    def __post_init__(self) -> None:
        """Refuse what no tree of less than 2^63 leaves has."""
        in_range = 0 <= self.height <= HEIGHT * MAX_LEVEL and self.index >= 0 and 1 <= self.width <= FULL
        if not in_range or self.end > MAX_SIZE:
            raise InvalidInput(
                Sentence(
                    "no tree has a tile of level {level}, index {index}, width {width}",
                    level="entries" if self.level is None else self.level,
                    index=self.index,
                    width=self.width,
                ),
                code="bad-tile-path",
            )

    @property
    def path(self) -> str:
        """Its path below the log's prefix."""
        level = "entries" if self.level is None else self.level
        partial = "" if self.width == FULL else f".p/{self.width}"
        return f"tile/{level}/{_index_text(self.index)}{partial}"

    @property
    def is_full(self) -> bool:
        """Whether it will never grow."""
        return self.width == FULL

    @property
    def full_path(self) -> str:
        """The path of the full tile at the same place: what a partial one becomes."""
        return self.path.partition(".p/")[0]

    @property
    def height(self) -> int:
        """The level of the tree at which its hashes stand; 0 for a bundle."""
        return HEIGHT * (self.level or 0)

    @property
    def start(self) -> int:
        """Index of the first entry under it."""
        return self.index * FULL << self.height

    @property
    def end(self) -> int:
        """Index of the first entry after it; a tree of at least this size has the tile."""
        return (self.index * FULL + self.width) << self.height


def tile_path(level: int, index: int, width: int = FULL) -> str:
    """Return the path of a hash tile, such as `tile/1/x001/x234/067.p/8`."""
    return Tile(level, index, width).path


def entries_path(index: int, width: int = FULL) -> str:
    """Return the path of a bundle of entries, such as `tile/entries/000`."""
    return Tile(None, index, width).path


def parse_tile_path(text: str) -> Tile:
    """Read a path; every tile has exactly one.

    Raises:
        InvalidInput: another form, a second spelling, or a tile that no tree has ("bad-tile-path").
    """
    found = _PATH.fullmatch(text)
    if found is not None:
        level, width = found["level"], found["width"]
        tile = Tile(
            None if level == "entries" else int(level),
            int(found["index"].replace("x", "").replace("/", "")),
            FULL if width is None else int(width),
        )
        if tile.path == text:
            return tile
    raise InvalidInput(
        Sentence(
            "expected a path such as tile/0/x001/234 or tile/entries/000.p/17, found {found!r}",
            found=text[:80],
        ),
        code="bad-tile-path",
    )


def tile_at(size: int, level: int | None, index: int) -> Tile:
    """Return the tile at a place as a tree of `size` leaves has it: full, or as wide as it is by then.

    Raises:
        InvalidInput: such a tree has nothing there.
    """
    count = size >> (HEIGHT * (level or 0))
    return Tile(level, index, min(FULL, count - index * FULL))


def new_tiles(old: int, new: int) -> Iterator[Tile]:
    """Yield the tiles and bundles that a tree of `new` leaves has and one of `old` leaves has not.

    A bundle comes before the hashes of its entries, a level before the one above it. Requires 0 <= old <= new < 2^63.
    """
    for level in (None, *range(MAX_LEVEL + 1)):
        shift = HEIGHT * (level or 0)
        before, count = old >> shift, new >> shift
        if before == count:
            continue  # and so is every level above
        for index in range(before >> HEIGHT, (count + FULL - 1) >> HEIGHT):
            yield Tile(level, index, min(FULL, count - index * FULL))


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield every tile and bundle of a tree of `size` leaves."""
    return new_tiles(0, size)


def right_edge(size: int) -> tuple[Tile, ...]:
    """Return the partial hash tiles of a tree, lowest level first: together they lead to its root."""
    widths = ((level, size >> (HEIGHT * level)) for level in range(MAX_LEVEL + 1))
    return tuple(Tile(level, count >> HEIGHT, count % FULL) for level, count in widths if count % FULL)


def hash_tile(tile: Tile, read: NodeReader) -> bytes:
    """Return the content of a hash tile, read from a tree that has it; of a bundle, that of the tile beside it."""
    first = tile.index * FULL
    return b"".join(read(tile.height, first + position) for position in range(tile.width))


def split_tile(tile: Tile, data: bytes) -> tuple[bytes, ...]:
    """Return the hashes of a tile's content.

    Raises:
        InvalidProof: another length than the tile's width ("bad-tile").
    """
    if len(data) != tile.width * DIGEST_BYTES:
        message = Sentence(
            "expected {count} hashes of 32 bytes, found {found} bytes", count=tile.width, found=len(data)
        )
        raise InvalidProof(message, place=tile.path, code="bad-tile")
    return tuple(data[start : start + DIGEST_BYTES] for start in range(0, len(data), DIGEST_BYTES))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return a bundle: each entry behind its length in two bytes, big-endian.

    Raises:
        InvalidInput: not 1 .. 256 entries of at most 8 KiB.
    """
    if not 1 <= len(entries) <= FULL or max(map(len, entries)) > MAX_ENTRY_BYTES:
        raise InvalidInput("a bundle holds 1 to 256 entries of at most 8 KiB", code="bad-bundle")
    return b"".join(len(entry).to_bytes(_LENGTH, "big") + entry for entry in entries)


def decode_bundle(data: bytes, count: int) -> tuple[bytes, ...]:
    """Return the entries of a bundle, which must be `count`, and nothing else.

    Raises:
        InvalidInput: fewer or more, or an entry that is cut or longer than 8 KiB ("bad-bundle").
    """
    entries: list[bytes] = []
    position = 0
    while len(entries) < count:
        start = position + _LENGTH
        length = int.from_bytes(data[position:start], "big")
        position = start + length
        if position > len(data) or length > MAX_ENTRY_BYTES:
            message = Sentence(
                "entry {number} of the bundle: expected {length} bytes, at most 8 KiB, found {found}",
                number=len(entries),
                found=max(0, len(data) - start),
                length=length,
            )
            raise InvalidInput(message, code="bad-bundle")
        entries.append(data[start:position])
    if position != len(data):
        message = Sentence(
            "expected a bundle of {count} entries, found {found} bytes after them",
            count=count,
            found=len(data) - position,
        )
        raise InvalidInput(message, code="bad-bundle")
    return tuple(entries)


def _index_text(index: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
