"""What a monitor says: alarms, about which somebody must do something, and notices, which somebody may expect."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from certlog.canonical import canonicalize
from certlog.digests import sha256
from certlog.encoding import b64url
from certlog.strict_json import JSONObject
from certlog.timestamps import format_time

_ID_LETTERS: Final = 22


class Concern(StrEnum):
    """What a monitor watches for (docs/monitoring.md says what to do about each)."""

    BAD_CHECKPOINT = "bad-checkpoint"
    TWO_HISTORIES = "two-histories"
    ROLLED_BACK = "rolled-back"
    WRONG_ENTRIES = "wrong-entries"
    INVALID_ENTRY = "invalid-entry"
    UNREACHABLE = "unreachable"
    STALE_HEAD = "stale-head"
    LATE_ANCHOR = "late-anchor"
    OTHER_ANCHOR = "other-anchor"
    NOT_MINE = "not-mine"
    ABOUT_ME = "about-me"
    MY_CERTIFICATE = "my-certificate"


NOTICES: Final = frozenset({Concern.ABOUT_ME, Concern.MY_CERTIFICATE})
"""What may be quite right: the operator added my key; I withdrew my certificate."""
LASTING: Final = frozenset(Concern) - NOTICES - {Concern.INVALID_ENTRY, Concern.NOT_MINE}
"""What lasts until it ends, so that a loop says it when it begins and once a day."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that a monitor says.

    Attributes:
        concern: its kind.
        index: the entry that it is about, or the size of the log.
        what: the whole of it in one Sentence.
        at: when it was found, seconds since the epoch.
        code: for an invalid entry, the fault's own code.
    """

    concern: Concern
    index: int
    what: str
    at: int
    code: str = ""

    @property
    def is_notice(self) -> bool:
        """Whether it may be quite right."""
        return self.concern in NOTICES

    @property
    def id(self) -> str:
        """What tells it from others: the same thing found again has the same id, whenever it is found."""
        said = [str(self.concern), self.index, self.code, str(self.what)]
        return b64url(sha256(canonicalize({"said": said})))[:_ID_LETTERS]

    def to_json(self) -> JSONObject:
        """Return it for programs, in English."""
        return {
            "id": self.id,
            "level": "notice" if self.is_notice else "alarm",
            "concern": str(self.concern),
            "code": self.code or str(self.concern),
            "index": self.index,
            "at": format_time(self.at),
            "what": str(self.what),
        }
