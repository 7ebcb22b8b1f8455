"""A table of rows as it was read from a file, before any value is understood."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from issuer.columns import CONFORMITY, Columns
from issuer.grid import Grid
from issuer.problems import Place, RowProblem

MAX_FILE_BYTES: Final = 256 * 1024 * 1024
"""A spreadsheet is streamed; only JSON is held in memory, and has a lower bound of its own."""
MAX_ROWS: Final = 100_000
"""Rows in one file; more are issued in several files."""
MAX_PROBLEMS: Final = 10_000
"""Beyond these a file is not read on: it is another file than was meant, or one mistake in every row."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column as the file has it: its text, and the spreadsheet's letter (empty for JSON)."""

    text: str
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        number: its number in the file.
        cells: texts by English column name; absent columns have no cell.
        problems: what is wrong with its form; a column named in one has no cell, and one without a column means
            that the row was not read.
    """

    number: int
    cells: Mapping[str, str]
    problems: tuple[RowProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """All rows, the headings that they stand under, and what was already wrong with the file's form.

    Attributes:
        headings: by English column name.
        rows: may be read from the file anew each time that they are asked for.
        problems: of the file and its headings.
        sheet: name of the sheet; "" for files that have none.
        columns: what the headings may be.
        grid: the sheet as it stands in the file; None for JSON.
    """

    headings: Mapping[str, Heading]
    rows: Iterable[Row]
    problems: tuple[RowProblem, ...] = ()
    sheet: str = ""
    columns: Columns = CONFORMITY
    grid: Grid | None = None

    def place(self, row: int, column: str = "") -> Place:
        """Return the place of a cell, for a message."""
        heading = self.headings.get(column, Heading(column))
        return Place(row, column, heading.text, heading.letter, self.sheet)
