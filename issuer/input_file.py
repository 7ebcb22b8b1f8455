"""A file that is to be issued, which can be read from its start as often as needed.

Nothing is kept of it in memory: a large spreadsheet is read once to find its mistakes and again to issue.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from certlog.errors import InvalidInput
from certlog.sentences import Sentence


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file's name, for messages and for its format, and how to open it.

    Attributes:
        name: last part of its path.
        open: opens it at its start; whoever opens it closes it.
    """

    name: str
    open: Callable[[], BinaryIO]

    @classmethod
    def of_bytes(cls, data: bytes, name: str = "") -> "InputFile":
        """Return a file that is already in memory."""
        return cls(name, lambda: io.BytesIO(data))

    @classmethod
    def at(cls, path: Path) -> "InputFile":
        """Return a file on disk; opening it raises InvalidInput where it cannot be read."""
        return cls(path.name, lambda: _open(path))

    def size(self) -> int:
        """Return its number of bytes."""
        with self.open() as file:
            return file.seek(0, io.SEEK_END)

    def head(self, count: int) -> bytes:
        """Return its first bytes, at most `count`."""
        with self.open() as file:
            return file.read(count)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        message = Sentence("cannot read {path}: {reason}", path=path, reason=error)
        raise InvalidInput(message, code="not-readable") from error
