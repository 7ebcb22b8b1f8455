"""Files that a person names: read whole within a bound (the verifier's own reader), replaced whole or not at all."""

import os
from pathlib import Path

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from verifier.inputs import read_file

__all__ = ["read_file", "replace_file"]


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
