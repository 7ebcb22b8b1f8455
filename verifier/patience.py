"""How long a log may keep its reader waiting in all: every answer has a time limit, but a log has many files.

Only time in which an answer is awaited counts: a reader that computes owes nothing. What has come earns more time, so
that a large log is read to its end, and one that lets its files drip is not waited for without end.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.tile_reader import MissingTile
from verifier.log_source import LogSource

_MEBIBYTE: Final = 1 << 20


class OutOfPatience(Unavailable):
    """The log is too slow to be read now; what was read of it accuses nobody."""


@dataclass(frozen=True, slots=True)
class Patience:
    """The time that a log has for all answers of one reading, in seconds.

    Attributes:
        seconds: whatever it gives.
        each_file: more, for each file that came: a long way there and back.
        each_mebibyte: more, for each MiB that came: a slow line.
    """

    seconds: float = 300
    each_file: float = 0.25
    each_mebibyte: float = 2

    @classmethod
    def within(cls, seconds: int | None) -> "Patience":
        """Return a fixed time, or the usual patience (None)."""
        return cls() if seconds is None else cls(seconds, 0, 0)

    def allowed(self, files: int, octets: int) -> float:
        """Return the seconds that a log may have taken for what it gave."""
        return self.seconds + files * self.each_file + octets / _MEBIBYTE * self.each_mebibyte


class PatientSource:
    """A LogSource in front of another one, of which it asks nothing more once that has been too slow."""

    def __init__(
        self, source: LogSource, patience: Patience, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the source, how long to wait, and a clock in seconds that never goes back."""
        self._source: Final = source
        self._patience: Final = patience
        self._clock: Final = clock
        self._turn: Final = threading.Lock()
        self._reading = 0
        self.begin()

    @property
    def name(self) -> str:
        """The source's."""
        return self._source.name

    @property
    def is_the_log(self) -> bool:
        """As the source."""
        return self._source.is_the_log

    def begin(self) -> None:
        """Forget what was waited before: another reading begins, and no answer is awaited."""
        with self._turn:
            self._waited, self._since = 0.0, self._clock()
            self._files = self._octets = 0

    def read(self, path: str) -> bytes:
        """Return a file of the source.

        Raises:
            OutOfPatience: the source has taken longer than it may.
            MissingTile, Unavailable: as the source says.
        """
        try:
            with self._awaited():
                data = self._source.read(path)
        except MissingTile:
            self._earned(0)  # a certificate that is not published, for one
            raise
        self._earned(len(data))
        return data

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    @contextmanager
    def _awaited(self) -> Iterator[None]:
        """Count the time in which at least one answer is awaited; of several threads, once."""
        with self._turn:
            self._count()
            self._require_patience()
            self._reading += 1
        try:
            yield
        finally:
            with self._turn:
                self._count()
                self._reading -= 1

    def _earned(self, octets: int) -> None:
        with self._turn:
            self._files += 1
            self._octets += octets

    def _count(self) -> None:
        now = self._clock()
        if self._reading:
            self._waited += now - self._since
        self._since = now

    def _require_patience(self) -> None:
        if self._waited <= self._patience.allowed(self._files, self._octets):
            return
        message = Sentence(
            "{source} is too slow: {files} files, {size} KiB in all, took {seconds} s, and no more was asked for. Run "
            "the same command again with more time, --within SECONDS; what a mirror holds (certlog audit --mirror) is "
            "not fetched again",
            source=self.name,
            files=self._files,
            size=self._octets // 1024,
            seconds=round(self._waited),
        )
        raise OutOfPatience(message)
