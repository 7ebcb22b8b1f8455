"""Where the log's public files are kept: the port that the registry writes tiles through, and reads them back.

One folder on this machine (storage.tile_folder), or object storage (storage.tile_bucket). Web workers read through it.
"""

from collections.abc import Mapping
from typing import Protocol

from certlog.tiles import Tile


class TileStore(Protocol):
    """Holds tiles and bundles, which never change, and the checkpoint, which does. Thread-safe.

    It is also a certlog.tile_reader.TileSource.
    """

    @property
    def name(self) -> str:
        """What people call this place; no secret is in it."""

    def read(self, path: str) -> bytes:
        """Return the bytes at a path such as `tile/0/000` or `checkpoint`, unverified.

        Of a file that is longer than any tile, MAX_BUNDLE_BYTES + 1 of them.

        Raises:
            MissingTile: there is nothing at this path.
            Unavailable: it could not be found out.
        """
        ...

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files that never change: all of them durable when this returns. Torn ones are never seen.

        A path that holds the same bytes already is left as it is.

        Raises:
            TileConflict: a path holds other bytes; these are not touched.
            Unavailable: something could not be written; what was written stays, and writing it again does no harm.
        """
        ...

    def replace(self, path: str, data: bytes, *, instead_of: bytes | None) -> None:
        """Put other bytes at a path, durably when this returns, only where `instead_of` (None: nothing) still stands.

        Raises:
            TileConflict: something else stands there.
            Unavailable: it could not be done, or it is not known whether it was.
        """
        ...

    def forget_partial(self, tile: Tile) -> None:
        """Remove the partial forms of a tile whose full form is durable. What cannot be removed does no harm."""
        ...
