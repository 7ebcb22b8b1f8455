"""A mirror of a log that grows while it is audited: what was verified is kept, and never fetched again.

A file that has changed on this disk is found when it is verified again, thrown away and fetched anew: damage here is
never taken for the log's.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.tile_reader import MissingTile
from verifier.log_source import FolderSource, LogSource

AT_ONCE: Final = 8
"""Files that are fetched at the same time; twice as many wait to be looked at."""


class Mirror:
    """A folder in front of a source; without a folder, the source alone."""

    def __init__(self, source: LogSource, folder: Path | None) -> None:
        """Take the source and the folder, which need not exist yet."""
        self.source: Final = source
        self._folder: Final = folder
        self._kept = None if folder is None else FolderSource(folder)

    def read(self, path: str) -> bytes:
        """Return a file of the mirror, or else of the source; unverified."""
        if self._kept is not None:
            try:
                return self._kept.read(path)
            except MissingTile:
                pass
        return self.source.read(path)

    def read_fresh(self, path: str) -> bytes:
        """Return a file of the source, whatever the mirror holds; unverified."""
        return self.source.read(path)

    def holds(self, path: str) -> bool:
        """Tell whether the mirror has a file."""
        return self._folder is not None and (self._folder / path).is_file()

    def keep(self, path: str, data: bytes) -> None:
        """Keep a file that was verified, whole or not at all.

        Raises:
            Unavailable: the folder cannot be written.
        """
        if self._folder is None:
            return
        target = self._folder / path
        beside = target.with_name(f".{target.name}.new")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(data)
            beside.replace(target)
        except OSError as error:
            raise Unavailable(Sentence("cannot write {path}: {reason}", path=target, reason=error)) from error

    def discard(self, path: str) -> bool:
        """Throw a file away that does not verify; tell whether there was one, so that it is worth asking again."""
        if not self.holds(path):
            return False
        try:
            (Path() if self._folder is None else self._folder / path).unlink()
        except OSError as error:
            raise Unavailable(Sentence("cannot remove {path}: {reason}", path=path, reason=error)) from error
        return True

    def read_ahead(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | Unavailable]]:
        """Yield (path, content or why not) in order, several being fetched at once."""
        waiting: deque[tuple[str, Future[bytes]]] = deque()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for path in paths:
                waiting.append((path, pool.submit(self.read, path)))
                if len(waiting) >= 2 * AT_ONCE:
                    yield _result(*waiting.popleft())
            while waiting:
                yield _result(*waiting.popleft())


def _result(path: str, future: Future[bytes]) -> tuple[str, bytes | Unavailable]:
    try:
        return path, future.result()
    except Unavailable as error:
        return path, error
