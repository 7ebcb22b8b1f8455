"""Times as whole seconds since 1970-01-01T00:00:00Z, and the one text form that documents use.

The form is RFC 3339 narrowed: `YYYY-MM-DDTHH:MM:SS` then `Z` or `±HH:MM`, no fractions, no leap second.
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:[0-5]\d)", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def parse_time(text: str, place: str = "") -> int:
    """Return the seconds since the epoch of a time with offset.

    Raises:
        InvalidInput: another form, no offset, no such moment, or one outside the years 1 to 9999 of UTC.
    """
    if not _TIME.fullmatch(text) or text.endswith("-00:00"):
        raise _bad(Sentence("YYYY-MM-DDTHH:MM:SS followed by Z or an offset such as +07:00"), text, place)
    try:
        return _seconds_of(text)
    except (ValueError, OverflowError) as error:
        raise _bad(Sentence("a time that exists"), text, place) from error


@lru_cache(maxsize=256)
def _seconds_of(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


def parse_utc(text: str, place: str = "") -> int:
    """Return the seconds of a time in the one form that format_time writes: what the log itself states.

    Raises:
        InvalidInput: an offset other than Z, or whatever parse_time refuses.
    """
    if not text.endswith("Z"):
        raise _bad(Sentence("YYYY-MM-DDTHH:MM:SSZ"), text, place)
    return parse_time(text, place)


def format_time(seconds: int) -> str:
    """Return the UTC text form of seconds since the epoch."""
    return _text_of(seconds)


@lru_cache(maxsize=256)
def _text_of(seconds: int) -> str:
    # Kept, since thousands of certificates are signed within a second.
    # isoformat, since strftime's %Y does not pad the year to four digits everywhere.
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00") + "Z"


def parse_date(text: str, place: str = "") -> date:
    """Return the calendar date of `YYYY-MM-DD`."""
    if not _DATE.fullmatch(text):
        raise _bad(Sentence("a date YYYY-MM-DD"), text, place)
    try:
        return _date_of(text)
    except ValueError as error:
        raise _bad(Sentence("a date that exists"), text, place) from error


@lru_cache(maxsize=256)
def _date_of(text: str) -> date:
    return date.fromisoformat(text)


def _bad(expected: str, found: str, place: str) -> InvalidInput:
    return InvalidInput(
        Sentence("expected {expected}, found {found!r}", expected=expected, found=found[:40]),
        place=place,
        code="bad-time",
    )
