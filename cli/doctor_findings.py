"""What a check of `certlog doctor` finds: a value, and how a check that fails becomes one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from certlog.errors import CertlogError
from certlog.sentences import Sentence

SUBJECTS: Final = (
    Sentence("anchoring"),
    Sentence("anchoring-key"),
    Sentence("chain"),
    Sentence("cosigners"),
    Sentence("database"),
    Sentence("disk"),
    Sentence("journal"),
    Sentence("keys"),
    Sentence("last-signed-head"),
    Sentence("machine"),
    Sentence("printing"),
    Sentence("reading"),
    Sentence("registry"),
    Sentence("settings"),
    Sentence("tiles"),
    Sentence("trust-root"),
    Sentence("worker"),
)
"""What is looked at."""


class Level(StrEnum):
    """How a finding is meant, from best to worst."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: what was looked at, one of SUBJECTS; programs get the English word.
        level: whether it is right.
        text: what was found.
        remedy: what to do; empty where nothing need be done.
    """

    subject: str
    level: Level
    text: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """Return it for programs, in English."""
        return {"subject": self.subject, "level": str(self.level), "text": self.text, "remedy": self.remedy}


def good(subject: str, text: str) -> Finding:
    """Return that something is right."""
    return Finding(subject, Level.GOOD, text)


def warning(subject: str, text: str, remedy: str = "") -> Finding:
    """Return what somebody should look at."""
    return Finding(subject, Level.WARNING, text, remedy)


def bad(subject: str, text: str, remedy: str = "") -> Finding:
    """Return what is wrong."""
    return Finding(subject, Level.BAD, text, remedy)


@dataclass(frozen=True, slots=True)
class Check:
    """A look at one thing."""

    subject: str
    look: Callable[[], Iterator[Finding]]


def examine(check: Check) -> Iterator[Finding]:
    """Make a check; what it cannot do is a finding, whose text has the remedy in it already."""
    try:
        yield from check.look()
    except CertlogError as error:
        text = error.args[0] if error.args and isinstance(error.args[0], str) else Sentence("failed")
        yield Finding(check.subject, Level.BAD, text)
