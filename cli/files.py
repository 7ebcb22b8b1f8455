"""Files that a person names: read whole within a bound (the verifier's own reader), replaced whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from verifier.inputs import read_file

__all__ = ["read_as", "read_file", "replace_file"]

_Read = TypeVar("_Read")


def read_as(kind: Sentence, parse: Callable[[bytes], _Read], path: Path, *, most: int | None = None) -> _Read:
    """Read a file that must be of one kind.

    Args:
        kind: what it must be and where one gets it, for who named another file.
        parse: reads the bytes of that kind.
        path: the file.
        most: how many bytes it may have; the reader's own bound where it is not given.

    Raises:
        InvalidInput: it is none; the message names the file, the kind, and what was found.
        Unavailable: it cannot be read.
    """
    data = read_file(path) if most is None else read_file(path, most)
    try:
        return parse(data)
    except InvalidInput as error:
        message = Sentence("expected {kind}; {error}", kind=kind, error=error)
        raise InvalidInput(message, place=str(path), code=error.code) from error


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
