"""Reads one tree of a log for `certlog omission make`: from the tiles of a folder or an address, or entry by entry.

Nothing is believed: what comes out must lead to the root of the statement's head, or the proof does not verify.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from certlog.checkpoint import Checkpoint
from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.tile_reader import MissingTile, TileReader, TileSource, read_bundle
from certlog.tiles import FULL, tile_at
from certlog.tree import MemoryTree, leaf_hash
from verifier.make_omission import LogView
from verifier.registry_client import RegistryAddress

_KEPT_BUNDLES: Final = 64
MAX_WHOLE: Final = 65_536
"""Entries that are fetched one by one and kept; larger logs are read from tiles."""
_BUNDLE: Final = None
"""The level of entry bundles, in tile_at."""


@dataclass(frozen=True)
class FolderTiles:
    """The tiles of a log in a folder, such as a mirror."""

    folder: Path

    def read(self, path: str) -> bytes:
        """Return the bytes at a path below the folder."""
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError as error:
            raise MissingTile(
                Sentence("no tile {path} in {folder}", path=path, folder=self.folder)
            ) from error
        except OSError as error:
            raise Unavailable(Sentence("cannot read {path}: {reason}", path=path, reason=error)) from error


@dataclass(frozen=True)
class ServedTiles:
    """The tiles of a log at an address."""

    address: RegistryAddress

    def read(self, path: str) -> bytes:
        """Return the bytes that are served at a path."""
        data = self.address.fetch_tile(path)
        if data is None:
            raise MissingTile(Sentence("no tile {path} at {url}", path=path, url=self.address.url))
        return data


class TiledLog:
    """A LogView over tiles."""

    def __init__(self, source: TileSource, head: Checkpoint) -> None:
        """Take the tiles, and the head whose tree is read."""
        self._source = source
        self._size = head.size
        self.node: Final = TileReader(source, head.size, head.root).read
        self._bundle = lru_cache(maxsize=_KEPT_BUNDLES)(self._read_bundle)

    def entry(self, index: int) -> bytes:
        """Return the leaf data at an index."""
        return self._bundle(index // FULL)[index % FULL]

    def _read_bundle(self, number: int) -> tuple[bytes, ...]:
        return read_bundle(self._source, tile_at(self._size, _BUNDLE, number))


class WholeLog:
    """A LogView over every entry, fetched one by one: for small logs, and registries without tiles."""

    def __init__(self, fetch: Callable[[int], bytes | None], head: Checkpoint) -> None:
        """Take how an entry is fetched, and the head whose tree is read.

        Raises:
            Unavailable: the log is too large for this, or an entry is not served.
        """
        if head.size > MAX_WHOLE:
            message = Sentence(
                "no tiles are served, and {size} entries are too many to fetch one by one: give a mirror with --log",
                size=head.size,
            )
            raise Unavailable(message)
        self._entries = [_present(fetch(index), index) for index in range(head.size)]
        self.node: Final = MemoryTree(leaf_hash(data) for data in self._entries).read

    def entry(self, index: int) -> bytes:
        """Return the leaf data at an index."""
        return self._entries[index]


def open_log(place: str, head: Checkpoint) -> LogView:
    """Open a log at an address or in a folder, as its tree stood at a head.

    Raises:
        Unavailable: it cannot be read.
        InvalidInput: its tiles do not lead to the head's root.
    """
    if not place.lower().startswith(("http://", "https://")):
        return TiledLog(FolderTiles(Path(place)), head)
    address = RegistryAddress.of(place)
    served = ServedTiles(address)
    try:
        served.read(tile_at(head.size, 0, 0).path)
    except MissingTile:
        return WholeLog(address.fetch_entry, head)
    return TiledLog(served, head)


def _present(data: bytes | None, index: int) -> bytes:
    if data is None:
        raise Unavailable(Sentence("entry {index} is not served", index=index))
    return data
