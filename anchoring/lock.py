"""The leader lock on one machine: flock on a file beside the database; the kernel drops it with the process.

It keeps a second worker waiting, no more: if it failed, the store's constraints and the contract's
compare-and-swap would still let only one of two workers through.
"""

import fcntl
import os
from pathlib import Path
from typing import Final

from anchoring.ports import LockHeld
from certlog.errors import Unavailable
from certlog.sentences import Sentence

_OWNER_ONLY: Final = 0o600


class FileLock:
    """A LeaderLock held through an open file."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is opened yet."""
        self._path: Final = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, or return at once when this object holds it already.

        Raises:
            LockHeld: another worker holds it.
            Unavailable: the file cannot be made.
        """
        if self._descriptor is not None:
            return
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        except OSError as error:
            raise Unavailable(
                Sentence("cannot open {path}: {reason}", path=self._path, reason=error.strerror)
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise LockHeld(
                Sentence("another anchoring worker holds {path}; this one waits", path=self._path)
            ) from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
