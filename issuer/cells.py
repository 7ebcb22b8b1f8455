"""Reads the cells of one row: cleans them, understands single values, and collects what is wrong.

Spelling is mended here and only here: text is put into NFC, blanks at the ends and no-break spaces go. What is
signed later is never changed again. A column that had a problem is None to the checks that follow, so that one
mistake is reported once.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from certlog.errors import InvalidInput
from certlog.strict_json import check_text
from issuer.columns import LIST_SEPARATOR, Column, Holds, fold
from issuer.problems import RowProblem
from issuer.table import Row, Table

_ISO_DATE: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DAY_FIRST: Final = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})", re.ASCII)
_SCIENTIFIC: Final = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+", re.ASCII)
_HIDDEN: Final = re.compile(r"character (U\+[0-9A-F]+) at position (\d+)")
_SPREADSHEET_ERRORS: Final = ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!")
_SHOWN: Final = 60


class CellReader:
    """The cells of one row, each read by the method that fits its column.

    A method returns None for an empty cell and for one that was reported; `failed` tells which.
    """

    def __init__(self, table: Table, row: Row, unusable: AbstractSet[str] = frozenset()) -> None:
        """Clean every cell of the row; `problems` grows as cells are read.

        Args:
            table: where headings are looked up.
            row: the row to read.
            unusable: columns that were already reported at the file's headings.
        """
        self.row = row.number
        self.failed = set(unusable) | {problem.place.column for problem in row.problems}
        self.problems = [problem for problem in row.problems if problem.place.column not in unusable]
        self._table = table
        self._columns = table.columns.by_name
        self._texts = {
            name: text
            for name in row.cells
            if name not in unusable and (text := self._clean(name, row.cells[name]))
        }

    def report(self, column: str, code: str, **values: str) -> None:
        """Record a problem of a column."""
        self.failed.add(column)
        self.problems.append(RowProblem(self._table.place(self.row, column), code, values))

    def heading(self, column: str) -> str:
        """Return how the file calls a column."""
        return self._table.place(self.row, column).heading or self._columns[column].vi

    def holds(self, column: str) -> Holds:
        """Return what a column's cells mean."""
        return self._columns[column].holds

    def text(self, column: str) -> str | None:
        """Return the text of a cell; an empty cell of a required column is reported."""
        found = self._texts.get(column)
        if found is None and self._columns[column].required and column not in self.failed:
            self.report(column, "empty")
        return found

    def texts(self, column: str) -> tuple[str, ...]:
        """Return the values of a cell that takes several, separated by `|`."""
        found = self.text(column)
        if found is None:
            return ()
        items = tuple(item.strip() for item in found.split(LIST_SEPARATOR))
        longest = self._columns[column].longest
        if not all(items):
            self.report(column, "empty-item")
            return ()
        too_long = max(map(len, items))
        if too_long > longest:
            self.report(column, "too-long", found=str(too_long), expected=str(longest))
            return ()
        return items

    def word(self, column: str, words: Mapping[str, str]) -> str | None:
        """Return the value that a word of a closed list stands for; case and accents do not matter."""
        found = self.text(column)
        if found is None:
            return None
        by_fold = {fold(word): value for word, value in words.items()}
        value = by_fold.get(fold(found))
        if value is None:
            self.report(column, "unknown-word", found=found[:_SHOWN], expected=", ".join(words))
        return value

    def number(self, column: str, low: int, high: int) -> int | None:
        """Return an integer between two bounds."""
        found = self.text(column)
        if found is None:
            return None
        if (
            found.isascii()
            and found.isdecimal()
            and len(found) <= len(str(high))
            and low <= int(found) <= high
        ):
            return int(found)
        self.report(column, "not-a-number", found=found[:_SHOWN], low=str(low), high=str(high))
        return None

    def date(self, column: str) -> dt.date | None:
        """Return a date: ISO 8601, or day first as in Viet Nam; never month first, never two-digit years."""
        found = self.text(column)
        if found is None:
            return None
        if match := _ISO_DATE.fullmatch(found):
            year, month, day = map(int, match.groups())
        elif match := _DAY_FIRST.fullmatch(found):
            year, month, day = int(match[4]), int(match[3]), int(match[1])
        else:
            self.report(column, "bad-date", found=found[:_SHOWN])
            return None
        try:
            return dt.date(year, month, day)
        except ValueError:
            self.report(column, "no-such-date", found=found)
            return None

    def _clean(self, column: str, raw: str) -> str | None:
        text = unicodedata.normalize("NFC", raw).replace("\N{NO-BREAK SPACE}", " ").strip(" \t\r\n")
        if not text:
            return None
        if text.startswith("="):
            self.report(column, "formula", found=text[:_SHOWN])
        elif error := next((error for error in _SPREADSHEET_ERRORS if error in text), None):
            self.report(column, "spreadsheet-error", found=error)
        elif self._is_clean(column, text) and self._fits(self._columns[column], text):
            return text
        return None

    def _is_clean(self, column: str, text: str) -> bool:
        try:
            check_text(text)
        except InvalidInput as error:
            found = _HIDDEN.search(error.message)
            position = str(int(found[2]) + 1) if found else "?"
            self.report(column, "hidden-character", found=found[1] if found else "?", position=position)
            return False
        return True

    def _fits(self, column: Column, text: str) -> bool:
        if column.many or len(text) <= column.longest:
            return True
        self.report(column.name, "too-long", found=str(len(text)), expected=str(column.longest))
        return False


def is_scientific(text: str) -> bool:
    """Tell whether a spreadsheet took a long code of digits for a number, and lost some of them."""
    return _SCIENTIFIC.fullmatch(text) is not None
