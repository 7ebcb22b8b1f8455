"""The leader lock: flock on a file beside a SQLite database, or an advisory lock of a PostgreSQL server.

The kernel drops the first with the process, the server the second with the connection.

It keeps a second worker waiting, no more: if it failed, the store's constraints and the contract's
compare-and-swap would still let only one of two workers through.
"""

import fcntl
import os
from pathlib import Path
from typing import Final

from anchoring.database import Database
from anchoring.ports import LeaderLock, LockHeld
from certlog.errors import Unavailable
from certlog.sentences import Sentence
from storage.postgres import LockTaken, Postgres, SessionLock

_OWNER_ONLY: Final = 0o600


def leader_lock(database: Database, path: Path) -> LeaderLock:
    """Return the lock that every worker of one line asks for: the file for SQLite, its name for a server."""
    return ServerLock(database.kind, path.stem) if isinstance(database.kind, Postgres) else FileLock(path)


class ServerLock:
    """A LeaderLock held through a connection, among workers on any machine."""

    def __init__(self, kind: Postgres, line: str = "anchoring") -> None:
        """Name the database and the line; nothing is taken yet."""
        self._lock: Final = SessionLock(kind, f"{line} leader")

    def acquire(self) -> None:
        """Take the lock, or make sure that it is still held.

        Raises:
            LockHeld: another worker holds it.
            Unavailable: the server does not answer.
        """
        try:
            self._lock.acquire()
        except LockTaken as error:
            raise LockHeld(*error.args) from error

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        self._lock.release()


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
                Sentence("cannot open {path}: {reason}", path=self._path, reason=error)
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise LockHeld(Sentence("another anchoring worker holds {path}", path=self._path)) from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
