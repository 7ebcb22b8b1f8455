"""What to say when the issuing body's own disk refuses to be written: another folder, or room and another try."""

import errno
import sqlite3
from pathlib import Path
from typing import Final

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def cannot_write(path: Path, error: OSError | sqlite3.Error) -> InvalidInput | Unavailable:
    """Return the error for a file that could not be written; the caller raises it from `error`.

    A full disk is Unavailable: with room, the same command goes on where it stopped.
    """
    if isinstance(error, OSError):
        full = error.errno in _FULL
    else:
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    if full:
        return Unavailable(
            Sentence(
                "cannot write {path}: {reason}; make room and run the same command again, nothing is lost",
                path=path,
                reason=error,
            )
        )
    return InvalidInput(
        Sentence(
            "cannot write {path}: {reason}; choose a folder that you may write to", path=path, reason=error
        ),
        code="not-writable",
    )
