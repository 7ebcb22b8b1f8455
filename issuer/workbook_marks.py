"""What a workbook's cells are, beside their values: kind, number format, formula; hidden and merged parts of a sheet.

The values themselves come from calamine, which keeps the number and drops how it is shown. Marks are one byte a cell,
so that a sheet at the bound below fits in a few megabytes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence

MAX_CELLS: Final = 2_000_000
"""Cells between the first and the last that are filled: calamine makes room for all of them, about 32 bytes each."""
MAX_TEXT: Final = 48_000_000
"""Characters of all cells: one long text may be shared by many cells, and is copied for each."""
MAX_CELL_TEXT: Final = 32_767
"""The most that Excel allows in one cell."""
MAX_SHEETS: Final = 100
MAX_MERGED: Final = 1_000
"""Merged ranges of a sheet; each is a mistake to be told."""
_KEPT_TEXTS: Final = 10_000
_TEXT_SHOWN: Final = 200

EMPTY: Final = 0
TEXT: Final = 1
GENERAL: Final = 2
BOOLEAN: Final = 3
ERROR: Final = 4
ODD: Final = 5
"""A number whose format changes what is seen in another way than decimals: per cent, exponent, currency, a unit."""
THOUSANDS: Final = 6
DECIMALS: Final = 16
"""DECIMALS + n: a number shown with n decimals, n <= 30."""
ZEROS: Final = 64
"""ZEROS + n: an integer shown with at least n digits, n <= 30."""
_MOST: Final = 30
FORMULA: Final = 128
"""Added to a mark: the value was calculated, at a time that the file does not tell."""

_FIXED: Final = re.compile(r"(0+)(?:\.(0+))?", re.ASCII)
_GROUPED: Final = re.compile(r"#,##0", re.ASCII)
_DRESSING: Final = re.compile(r"^\[[A-Za-z0-9 ]+\]|_.|\*.|\\ ", re.ASCII)
# ECMA-376 part 1, 18.8.30: what has no code in the file; dates are told by calamine.
_BUILT_IN: Final[Mapping[int, int]] = {
    0: GENERAL, 1: DECIMALS, 2: DECIMALS + 2, 3: THOUSANDS, 49: GENERAL,
}  # fmt: skip


@dataclass(slots=True)
class SheetMarks:
    """The marks of one sheet; rows and columns count from 0.

    Attributes:
        rows: marks of each filled row, one byte a column.
        hidden_rows: rows that a filter or a person has hidden.
        hidden_columns: (first, last) of hidden columns.
        merged: (first row, first column, last row, last column).
        texts: the first few thousand formulas and errors, for showing them again.
    """

    rows: dict[int, bytes] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    texts: dict[tuple[int, int], str] = field(default_factory=dict)

    def keep_text(self, row: int, column: int, text: str) -> None:
        """Keep the beginning of a formula or the name of an error, unless there are very many."""
        if len(self.texts) < _KEPT_TEXTS:
            self.texts[row, column] = text[:_TEXT_SHOWN]

    def merge(self, top: int, left: int, bottom: int, right: int) -> None:
        """Add merged cells."""
        self.merged.append((top, left, bottom, right))
        if len(self.merged) > MAX_MERGED:
            raise bad(Sentence("more than {wanted} merged cells; unmerge them", wanted=MAX_MERGED))

    def hide_columns(self, first: int, last: int) -> None:
        """Add hidden columns."""
        self.hidden_columns.append((first, last))
        if len(self.hidden_columns) > MAX_MERGED:
            raise bad(Sentence("more than {wanted} groups of hidden columns", wanted=MAX_MERGED))

    def is_hidden(self, column: int) -> bool:
        """Tell whether a column is hidden."""
        return any(first <= column <= last for first, last in self.hidden_columns)


class Extent:
    """Counts what calamine would hold of a sheet, and refuses before it does."""

    def __init__(self, cells: int = MAX_CELLS, characters: int = MAX_TEXT) -> None:
        """Begin with nothing; this much is allowed."""
        self._cells, self._characters = cells, characters
        self._area = self._texts = 0
        self._first_row = self._last_row = self._first_column = self._last_column = -1

    def add(self, row: int, columns: tuple[int, int], characters: int, times: int = 1) -> None:
        """Count filled cells of a row, from a first to a last column, of a row that is there `times` times."""
        first, last = columns
        if self._first_row < 0:
            self._first_row, self._first_column, self._last_column = row, first, last
        self._last_row = max(self._last_row, row + times - 1)
        self._first_column = min(self._first_column, first)
        self._last_column = max(self._last_column, last)
        height, width = self._last_row - self._first_row + 1, self._last_column - self._first_column + 1
        self._area = height * width
        if self._area > self._cells:
            raise flood(
                Sentence(
                    "the filled cells span {height} rows and {width} columns, together more than {wanted} cells;"
                    " delete what stands far from the table",
                    height=height,
                    width=width,
                    wanted=MAX_CELLS,
                )
            )
        self._texts += characters * times
        if self._texts > self._characters:
            raise flood(
                Sentence("the cells hold more than {wanted} characters; split the file", wanted=MAX_TEXT)
            )

    def rest(self) -> "Extent":
        """Return what a further sheet may have, where all are held at once."""
        return Extent(self._cells - self._area, self._characters - self._texts)


def mark_of_format(number: int, code: str | None) -> int:
    """Return the mark of a number with a format, by its number and, where the file has it, its code."""
    if code is None:
        return _BUILT_IN.get(number, DECIMALS + 2 if number in (4, 39, 40) else ODD)
    section = _DRESSING.sub("", code.partition(";")[0]).strip()
    if section in ("General", "@", ""):
        return GENERAL
    if _GROUPED.fullmatch(section):
        return THOUSANDS
    if fixed := _FIXED.fullmatch(section):
        zeros, decimals = len(fixed[1]), len(fixed[2] or "")
        if zeros > 1 and not decimals and zeros <= _MOST:
            return ZEROS + zeros
        if zeros == 1 and decimals <= _MOST:
            return DECIMALS + decimals
    return ODD


def flood(message: Sentence) -> InvalidInput:
    """Return the error of a workbook that would take too much memory."""
    return InvalidInput(message, code="workbook-too-large")


def bad(message: Sentence) -> InvalidInput:
    """Return the error of a workbook that is not what it should be."""
    return InvalidInput(message, code="bad-workbook")
