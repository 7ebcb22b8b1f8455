"""Messages that wait to be delivered: each a file, durable before anything else is done, few enough, and not for ever.

At least once: after a crash a message may be delivered again, with the same id.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from cli.files import replace_file

MAX_WAITING: Final = 1000
"""Messages; what comes when so many wait is refused and counted."""
MAX_AGE: Final = 7 * 24 * 3600
"""Seconds after which a message that nobody takes is given up."""
FIRST_PAUSE: Final = 60
LONGEST_PAUSE: Final = 6 * 3600
_SUFFIX: Final = ".json"


@dataclass(frozen=True, slots=True)
class Message:
    """One message for one channel.

    Attributes:
        number: its place in the order of all.
        id: the same in every attempt.
        channel: which channel delivers it.
        created: when it was made, seconds since the epoch.
        attempts: how often it was tried.
        due: when to try next.
        body: what to deliver.
    """

    number: int
    id: str
    channel: str
    created: int
    attempts: int
    due: int
    body: str


class Outbox:
    """The waiting messages of one monitor, in a folder of its own; one process at a time."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which is made when the first message is added."""
        self._folder: Final = folder

    def add(self, message_id: str, channel: str, body: str, *, now: int) -> bool:
        """Keep a message, durable when this returns; False where too many wait already.

        Raises:
            Unavailable: the folder cannot be written.
        """
        numbers = sorted(int(path.stem) for path in self._paths())
        if len(numbers) >= MAX_WAITING:
            return False
        number = numbers[-1] + 1 if numbers else 0
        self._write(Message(number, message_id, channel, now, 0, now, body))
        return True

    def waiting(self) -> list[Message]:
        """Return all messages, oldest first; a file that cannot be read is left alone."""
        return sorted(self._messages(), key=lambda message: message.number)

    def delivered(self, message: Message) -> None:
        """Forget a message."""
        try:
            self._path(message).unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(self._folder, error) from error

    def failed(self, message: Message, *, now: int) -> bool:
        """Put a message off, twice as long each time; True where it is given up instead."""
        if now - message.created > MAX_AGE:
            self.delivered(message)
            return True
        pause = min(FIRST_PAUSE * 2 ** min(message.attempts, 20), LONGEST_PAUSE)
        self._write(replace(message, attempts=message.attempts + 1, due=now + pause))
        return False

    def _messages(self) -> Iterator[Message]:
        for path in self._paths():
            try:
                value = json.loads(path.read_text("utf-8"))
                yield Message(int(path.stem), **value)
            except (OSError, ValueError, TypeError):
                continue

    def _paths(self) -> Iterator[Path]:
        return (path for path in self._folder.glob(f"*{_SUFFIX}") if path.stem.isdigit())

    def _path(self, message: Message) -> Path:
        return self._folder / f"{message.number:012}{_SUFFIX}"

    def _write(self, message: Message) -> None:
        value = {
            name: getattr(message, name) for name in ("id", "channel", "created", "attempts", "due", "body")
        }
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path(message), json.dumps(value, ensure_ascii=False).encode())
            descriptor = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)  # the name too: only then may the caller forget what the message says
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _unwritable(self._folder, error) from error


def _unwritable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(Sentence("cannot write {path}: {reason}", path=path, reason=error))
