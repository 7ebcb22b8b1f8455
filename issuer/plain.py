"""Reads nested plain objects (JSON, or what a spreadsheet was folded into) member by member, collecting mistakes.

Nothing here knows what a certificate is. A value that is missing or wrong is None to the caller and reported once,
at its path: `results/0/rows/3/1`.
"""

import datetime as dt
import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from certlog.errors import InvalidInput
from certlog.strict_json import JSONObject, JSONValue, check_text
from issuer.columns import fold
from issuer.drafts import Source
from issuer.problems import RowProblem

_ISO_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")
_SHOWN: Final = 60
SHORT: Final = 200
LONG: Final = 2000


@dataclass(frozen=True, slots=True)
class Findings:
    """The mistakes of one object, each at its place in the file."""

    source: Source
    problems: list[RowProblem] = field(default_factory=list)

    def report(self, path: str, code: str, **values: str) -> None:
        """Record a mistake."""
        self.problems.append(RowProblem(self.source.place(path), code, values))


class PlainReader:
    """The members of one object, each read by the method that fits it; what no method asked for is unknown."""

    def __init__(self, value: JSONObject, findings: Findings, path: str = "") -> None:
        """Read `value`, which stands at `path`."""
        self._value = value
        self._findings = findings
        self._path = path
        self._asked: set[str] = set()

    def report(self, name: str, code: str, **values: str) -> None:
        """Record a mistake in a member."""
        self._findings.report(self.path(name), code, **values)

    def path(self, name: str) -> str:
        """Return the path of a member."""
        return "/".join(part for part in (self._path, name) if part)

    def has(self, name: str) -> bool:
        """Tell whether a member is there."""
        self._asked.add(name)
        return name in self._value

    def text(self, name: str, *, required: bool = False, longest: int = SHORT) -> str | None:
        """Return a text; an absent or empty one is reported where it is required."""
        found = self._text(name, self._get(name), name)
        if found is None and required and not self._get(name):
            self.report(name, "empty")
        if found is not None and len(found) > longest:
            self.report(name, "too-long", found=str(len(found)), expected=str(longest))
            return None
        return found

    def local(self, name: str, *, required: bool = False, longest: int = LONG) -> list[JSONValue] | None:
        """Return a text and its translation (`name`, `name_en`) as JSON-LD language values."""
        vi = self.text(name, required=required, longest=longest)
        en = self.text(f"{name}_en", longest=longest)
        if vi is None:
            if en is not None and not required and not self._get(name):
                self.report(f"{name}_en", "needs-column", expected=name)
            return None
        values: list[JSONValue] = [{"@language": "vi", "@value": vi}]
        return [*values, {"@language": "en", "@value": en}] if en else values

    def date(self, name: str, *, required: bool = False) -> str | None:
        """Return a date as YYYY-MM-DD; day first or ISO 8601 is understood, month first never."""
        found = self.text(name, required=required)
        if found is None:
            return None
        if match := _ISO_DATE.fullmatch(found):
            year, month, day = map(int, match.groups())
        elif match := _DAY_FIRST.fullmatch(found):
            year, month, day = int(match[4]), int(match[3]), int(match[1])
        else:
            self.report(name, "bad-date", found=found[:_SHOWN])
            return None
        try:
            return dt.date(year, month, day).isoformat()
        except ValueError:
            self.report(name, "no-such-date", found=found)
            return None

    def word(self, name: str, words: Mapping[str, str], *, required: bool = False) -> str | None:
        """Return the value that a word of a closed list stands for; case and accents do not matter."""
        found = self.text(name, required=required)
        if found is None:
            return None
        value = _by_fold(tuple(words.items())).get(fold(found))
        if value is None:
            self.report(name, "unknown-word", found=found[:_SHOWN], expected=", ".join(words))
        return value

    def integer(self, name: str, low: int, high: int) -> int | None:
        """Return an integer between two bounds, written as a number or as text."""
        found = self._get(name)
        if found is None or found == "":
            return None
        text = str(found)
        right = not isinstance(found, bool | list | dict) and text.isascii() and text.isdecimal()
        if right and len(text) <= len(str(high)) and low <= int(text) <= high:
            return int(text)
        self.report(name, "not-a-number", found=text[:_SHOWN], low=str(low), high=str(high))
        return None

    def truth(self, name: str) -> bool:
        """Return a true or false, also as a word; absent is false."""
        found = self._get(name)
        if isinstance(found, bool):
            return found
        return self.word(name, _TRUTHS) == "true"

    def texts(self, name: str, *, required: bool = False) -> tuple[str, ...]:
        """Return a list of texts; one text alone is a list of one."""
        found = self._get(name)
        items = found if isinstance(found, list) else [] if found is None else [found]
        if required and not items:
            self.report(name, "empty")
        texts = [self._text(name, item, f"{name}/{i}") for i, item in enumerate(items)]
        return tuple(text for text in texts if text is not None)

    def rows(self, name: str) -> list[list[str]]:
        """Return a list of lists of texts."""
        found = self._get(name)
        rows = found if isinstance(found, list) else []
        if not rows:
            self.report(name, "empty")
        result = []
        for i, row in enumerate(rows):
            if not isinstance(row, list):
                self.report(f"{name}/{i}", "not-text")
                continue
            texts = [self._text(name, cell, f"{name}/{i}/{j}", needed=True) for j, cell in enumerate(row)]
            result.append([text or "" for text in texts])
        return result

    def objects(self, name: str, *, required: bool = False, short: str = "") -> "tuple[PlainReader, ...]":
        """Return a list of objects; with `short`, a text stands for an object with that one member."""
        found = self._get(name)
        items = found if isinstance(found, list) else [] if found is None else [found]
        if required and not items:
            self.report(name, "empty")
        readers = []
        for i, item in enumerate(items):
            value: JSONValue = {short: item} if short and isinstance(item, str) else item
            path = f"{name}/{i}" if isinstance(found, list) else name
            if isinstance(value, dict):
                readers.append(PlainReader(value, self._findings, self.path(path)))
            else:
                self.report(path, "not-text")
        return tuple(readers)

    def refuse_others(self) -> None:
        """Report every member that nothing asked for, with the nearest name that something did."""
        known = sorted(self._asked)
        for name in sorted(set(self._value) - self._asked):
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            self.report(name, "unknown-column", found=name[:_SHOWN], near=near[0] if near else known[0])

    def _get(self, name: str) -> JSONValue:
        self._asked.add(name)
        return self._value.get(name)

    def _text(self, name: str, found: JSONValue, path: str, *, needed: bool = False) -> str | None:
        self._asked.add(name)
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found)
        if found is None or isinstance(found, str):
            text = (
                unicodedata.normalize("NFC", found or "").replace("\N{NO-BREAK SPACE}", " ").strip(" \t\r\n")
            )
            if needed and not text:
                self.report(path, "empty")
            return text if text and self._is_clean(text, path) else None
        self.report(path, "not-text")
        return None

    def _is_clean(self, text: str, path: str) -> bool:
        try:
            check_text(text)
        except InvalidInput as error:
            self.report(path, "refused-content", found=error.message)
            return False
        return True


@cache
def _by_fold(words: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """One table for each closed list, of which there are few."""
    return {fold(word): value for word, value in words}


def without_none(**members: "JSONValue | Sequence[JSONValue] | None") -> JSONObject:
    """Return an object of the members that have a value: absent optionals are left out, never null."""
    return {
        name: value if isinstance(value, str | int | dict | list) else list(value)
        for name, value in members.items()
        if value is not None and value not in ([], ())
    }


_TRUTHS: Final = {
    "true": "true",
    "false": "false",
    "có": "true",
    "không": "false",
    "yes": "true",
    "no": "false",
}
