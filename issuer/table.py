"""A table of rows as it was read from a file, before any value is understood."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from issuer.problems import Place, RowProblem

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
MAX_ROWS: Final = 50_000
"""Rows in one file: about an hour of making PDFs; more are issued in several files."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column as the file has it: its text, and the spreadsheet's letter (empty for JSON)."""

    text: str
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, and cells by English column name; absent columns have no cell."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """All rows, the headings that they stand under, and what was already wrong with the file's form."""

    headings: Mapping[str, Heading]
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...] = ()

    def place(self, row: int, column: str = "") -> Place:
        """Return the place of a cell, for a message."""
        heading = self.headings.get(column, Heading(column))
        return Place(row, column, heading.text, heading.letter)
