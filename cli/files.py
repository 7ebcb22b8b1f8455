"""Small files that a person names: read whole within a bound, or replaced whole or not at all."""

import os
from pathlib import Path
from typing import Final

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
"""More than any file of ours; each format has its own, smaller bound."""


def read_file(path: Path, most: int = MAX_FILE_BYTES) -> bytes:
    """Return a file's bytes.

    Raises:
        InvalidInput: there is no such file, or it is larger than `most` bytes.
        Unavailable: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except FileNotFoundError as error:
        raise InvalidInput(Sentence("no such file: {path}", path=path), code="no-file") from error
    except OSError as error:
        raise Unavailable(Sentence("cannot read {path}: {reason}", path=path, reason=error)) from error
    if len(data) > most:
        raise InvalidInput(
            Sentence("{path}: expected at most {most} bytes", path=path, most=most), code="too-large"
        )
    return data


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: a crash leaves the old one.

    Raises:
        Unavailable: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Unavailable(Sentence("cannot write {path}: {reason}", path=path, reason=error)) from error
