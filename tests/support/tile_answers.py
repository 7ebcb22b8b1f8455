"""How the vectors about tiles are answered: by certlog.tiles and certlog.tile_reader."""

from collections.abc import Callable
from typing import Any, Final

from certlog.digests import RootHash, digest_from_text
from certlog.encoding import b64url, b64url_decode
from certlog.tile_reader import tile_node_reader
from certlog.tiles import decode_bundle, new_tiles, parse_tile_path
from certlog.tree import inclusion_proof

Given = dict[str, Any]
Answer = dict[str, Any]


def tile_path(given: Given) -> Answer:
    """Read a path."""
    tile = parse_tile_path(given["path"])
    level = "entries" if tile.level is None else tile.level
    return {"level": level, "index": tile.index, "width": tile.width}


def tiles_between(given: Given) -> Answer:
    """Name the tiles that are new between two sizes."""
    return {"paths": [tile.path for tile in new_tiles(given["old"], given["new"])]}


def bundle(given: Given) -> Answer:
    """Read a bundle."""
    found = decode_bundle(b64url_decode(given["bundle"]), given["count"])
    return {"entries": [b64url(item) for item in found]}


class _Tiles:
    def __init__(self, tiles: Given) -> None:
        self._tiles = tiles

    def read(self, path: str) -> bytes:
        return b64url_decode(self._tiles[path])


def tile_proof(given: Given) -> Answer:
    """Make an inclusion proof out of tiles."""
    root = RootHash(digest_from_text(given["root"]))
    read = tile_node_reader(_Tiles(given["tiles"]), given["size"], root)
    return {"path": [b64url(digest) for digest in inclusion_proof(given["index"], given["size"], read)]}


KINDS: Final[dict[str, Callable[[Given], Answer]]] = {
    "tile-path": tile_path,
    "new-tiles": tiles_between,
    "bundle": bundle,
    "tile-proof": tile_proof,
}
