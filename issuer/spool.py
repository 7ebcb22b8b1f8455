"""The drafts of one run that are right, in a file without a name: what is signed is what was checked.

Memory holds a few bytes of each. The file lies in the output folder and is gone when the process is, however it ends.
"""

import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import orjson

from certlog.canonical import canonicalize
from issuer.disk import cannot_write
from issuer.drafts import Draft
from issuer.problems import Place

_SIGNED_BEFORE: Final = 0
_NEW: Final = 1
_DROPPED: Final = 2


class _Spooled:
    """Where a draft comes from that was checked already: no mistake is told of it any more."""

    def place(self, name: str = "") -> Place:
        """Return no place."""
        return Place(0, name)

    def name_of(self, character: str) -> str:  # noqa: ARG002 - Source's signature
        """Return no name."""
        return ""


_SPOOLED: Final = _Spooled()


class Spool:
    """Drafts in the order in which they were added."""

    def __init__(self, folder: Path) -> None:
        """Begin an empty spool in a folder, which is made where it is missing.

        Raises:
            InvalidInput: the folder cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by __exit__
        except OSError as error:
            raise cannot_write(folder, error) from error
        self._folder = folder
        self._ends = array("q", [0])
        self._numbers: list[str] = []
        self._versions = array("H")
        self._states = bytearray()

    def __enter__(self) -> Self:
        """Hold it for a `with` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, which deletes it."""
        self._file.close()

    def __len__(self) -> int:
        """Return how many drafts there are."""
        return len(self._states) - self._states.count(_DROPPED)

    @property
    def new_count(self) -> int:
        """How many drafts are to be signed."""
        return self._states.count(_NEW)

    def add(self, draft: Draft, *, new: bool) -> int:
        """Keep a draft; `new` ones are to be signed, others were signed by an earlier run. Return its position."""
        record = canonicalize([draft.replace_reason, draft.content]) if new else b""
        try:
            self._ends.append(self._ends[-1] + self._file.write(record))
        except OSError as error:
            raise cannot_write(self._folder, error) from error
        self._numbers.append(draft.number)
        self._versions.append(draft.version)
        self._states.append(_NEW if new else _SIGNED_BEFORE)
        return len(self._states) - 1

    def drop(self, position: int) -> None:
        """Take a draft out again."""
        self._states[position] = _DROPPED

    def keys(self) -> Iterator[tuple[str, int]]:
        """Yield number and version of every draft, in order."""
        found = zip(self._numbers, self._versions, self._states, strict=True)
        return ((number, version) for number, version, state in found if state != _DROPPED)

    def to_sign(self) -> Iterator[Draft]:
        """Yield the new drafts, first versions first: a version names the hash of the one before."""
        for version in sorted(set(self._versions)):
            for i, found in enumerate(self._versions):
                if found == version and self._states[i] == _NEW:
                    yield self._read(i)

    def _read(self, i: int) -> Draft:
        start, end = self._ends[i], self._ends[i + 1]
        self._file.seek(start)
        reason, content = orjson.loads(self._file.read(end - start))
        return Draft(_SPOOLED, self._numbers[i], self._versions[i], content, reason)
