"""The files of a log in memory, as a registry serves them, and as somebody may have changed them; a fake LogFiles."""

from dataclasses import dataclass, field

from certlog.canonical import canonicalize
from certlog.errors import Unavailable
from certlog.tile_reader import MissingTile
from certlog.tiles import encode_bundle, hash_tile, tiles_of
from tests.support.small_log import SmallLog


def files_of(log: SmallLog, size: int | None = None) -> dict[str, bytes]:
    """Return every file of a log's first `size` entries: tiles, bundles and the checkpoint."""
    size = log.size if size is None else size
    entries = [canonicalize(entry.to_json()) for entry in log.entries]
    files = {}
    for tile in tiles_of(size):
        end = tile.start + tile.width
        is_bundle = tile.level is None
        files[tile.path] = (
            encode_bundle(entries[tile.start : end]) if is_bundle else hash_tile(tile, log.tree.read)
        )
    files["checkpoint"] = log.note(size).encode()
    return files


@dataclass
class MemoryFiles:
    """Serves `served`; keeps what it is told to keep, and counts what is fetched."""

    served: dict[str, bytes]
    kept: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    is_down: bool = False

    def read(self, path: str) -> bytes:
        return self.kept[path] if path in self.kept else self.read_fresh(path)

    def read_fresh(self, path: str) -> bytes:
        if self.is_down:
            raise Unavailable("down")
        self.fetched.append(path)
        if path not in self.served:
            raise MissingTile(f"no {path}")
        return self.served[path]

    def keep(self, path: str, data: bytes) -> None:
        self.kept[path] = data

    def discard(self, path: str) -> bool:
        return self.kept.pop(path, None) is not None
