"""The check of a whole log against what was signed: when it is due, and what was found last.

It reads everything, so it runs at start after a restore, once a day, and on demand; in between, only what is new and
the right edge of the tiles are read again.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from certlog.canonical import canonicalize
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.strict_json import get_int, members, parse_object
from registry.database import Database
from registry.last_signed_head import SignedHead, SigningHalted
from registry.tile_check import Damage, examine, mend
from registry.tile_store import TileStore

INTERVAL: Final = 86_400
"""Seconds after which the whole log is read again."""
_MAX_BYTES: Final = 1024


class FullCheck:
    """Checks one log whole. The record of it is a small file beside the database, and is in no backup."""

    def __init__(self, record: Path, database: Database, store: TileStore, now: Callable[[], int]) -> None:
        """Take the record's place, the log, its tiles and the clock."""
        self._record = record
        self._database = database
        self.store: Final = store
        self._now = now

    def due(self, head: SignedHead) -> bool:
        """Tell whether the whole log should be read: never was here, a day ago, or when it was longer than it is."""
        try:
            found = members(
                parse_object(self._record.read_bytes(), max_bytes=_MAX_BYTES), required=("size", "time")
            )
            size, time = get_int(found, "size"), get_int(found, "time")
        except (OSError, InvalidInput):
            return True
        return size > head.size or not 0 <= self._now() - time < INTERVAL

    def run(self, head: SignedHead) -> int:
        """Read the whole log and its tiles; write anew tiles that are missing; return how many.

        Raises:
            SigningHalted: something is damaged; the message names the first place and what helps.
            Unavailable: the store cannot be asked or written.
        """
        with self._database.reading() as connection:
            damages = examine(connection, head, self.store)
            serious = [damage for damage in damages if damage.side != "tiles" or not damage.missing]
            if serious:
                raise SigningHalted(_told(serious))
            mended = mend(connection, self.store, damages)
        self.note(head)
        return mended

    def note(self, head: SignedHead) -> None:
        """Note that everything up to a head was found whole just now."""
        draft = self._record.with_suffix(".new")
        try:
            draft.write_bytes(canonicalize({"size": head.size, "time": self._now()}))
            draft.replace(self._record)
        except OSError as error:
            message = Sentence("cannot write {path}: {reason}", path=self._record, reason=error)
            raise Unavailable(message) from error


def _told(damages: Sequence[Damage]) -> Sentence:
    return Sentence(
        "{place}: {problem} ({count} such places); see certlog registry tiles check",
        place=damages[0].place,
        problem=damages[0].problem,
        count=len(damages),
    )
