"""Tiles in a folder: what any web server can serve, and what is durable before it is promised.

A file appears under its name whole and synced, or not at all; one that stands is never written over with other bytes.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.tile_reader import MissingTile, TileConflict
from certlog.tiles import MAX_BUNDLE_BYTES, Tile

_DRAFT: Final = ".new"
_FOLDER_MODE: Final = 0o755
_FILE_MODE: Final = 0o644
"""Tiles are public: a web server that runs as another user may read them where the folders above allow it."""


class TileFolder:
    """Implements registry.tile_store.TileStore in one folder, which the first write makes."""

    def __init__(self, path: Path) -> None:
        """Remember the place; nothing is opened yet."""
        self._path: Final = path
        self.name: Final = str(path)

    def read(self, path: str) -> bytes:
        """Return the bytes at a path, at most one more than any tile has."""
        try:
            with (self._path / path).open("rb") as file:
                data = file.read(MAX_BUNDLE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise MissingTile(Sentence("{folder} holds no {path}", folder=self.name, path=path)) from error
        except OSError as error:
            message = Sentence("cannot read {path}: {reason}", path=self._path / path, reason=error)
            raise Unavailable(message) from error
        return data

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files that never change: each synced, then named, then the folders that name them synced."""
        touched: set[Path] = set()
        for path, data in files.items():
            target = self._path / path
            try:
                found = self.read(path)
            except MissingTile:
                self._put(target, data, touched)
            else:
                if found != data:
                    message = Sentence(
                        "{path} is there with other bytes than those to be written", path=target
                    )
                    raise TileConflict(message)
                # It may stand from a writer that died before it had synced the folder.
                touched.add(target.parent)
        self._sync(touched)

    def replace(self, path: str, data: bytes, *, instead_of: bytes | None) -> None:
        """Put other bytes at a path, where what stands there is still `instead_of`."""
        try:
            found: bytes | None = self.read(path)
        except MissingTile:
            found = None
        if found != instead_of:
            message = Sentence("{path} was changed by another program meanwhile", path=self._path / path)
            raise TileConflict(message)
        touched: set[Path] = set()
        self._put(self._path / path, data, touched)
        self._sync(touched)

    def forget_partial(self, tile: Tile) -> None:
        """Remove the partial forms of a tile that is full now; what cannot be removed stays and does no harm."""
        shutil.rmtree(self._path / f"{tile.full_path}.p", ignore_errors=True)

    def _put(self, target: Path, data: bytes, touched: set[Path]) -> None:
        draft = target.with_name(target.name + _DRAFT)
        try:
            self._make_folder(target.parent, touched)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        except OSError as error:
            raise self._unwritable(target, error) from error
        touched.add(target.parent)

    def _make_folder(self, folder: Path, touched: set[Path]) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent, touched)
        folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        touched.add(folder.parent)

    def _sync(self, folders: set[Path]) -> None:
        """Make the names durable (POSIX promises a rename only once its folder is synced)."""
        for folder in sorted(folders):
            try:
                descriptor = os.open(folder, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            except OSError as error:
                raise self._unwritable(folder, error) from error

    @staticmethod
    def _unwritable(path: Path, error: OSError) -> Unavailable:
        message = Sentence(
            "cannot write {path}: {reason}; no head is signed until it can be written",
            path=path,
            reason=error,
        )
        return Unavailable(message)
