"""A sheet as it stands in its file: rows of cells, before any heading is understood.

CSV and workbooks become grids; the table of an issuing file and the file of refused rows are made from one.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias

from issuer.problems import RowProblem

_NOTHING: Final[Mapping[int, str]] = MappingProxyType({})


class CellKind(StrEnum):
    """What a workbook says that a cell is, where it is not text."""

    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    BOOLEAN = "boolean"
    ERROR = "error"
    FORMULA = "formula"


@dataclass(frozen=True, slots=True)
class TypedCell:
    """A cell that is not plain text.

    Attributes:
        kind: what it is.
        shown: its text as far as the file tells it; for a formula the last calculated value, or nothing.
        value: what a copy of the cell holds: a number, date, truth value or text.
        format: the number's mark (issuer.workbook_marks); 0 for everything else.
    """

    kind: CellKind
    shown: str
    value: float | dt.date | dt.datetime | bool | str
    format: int = 0


Cell: TypeAlias = str | TypedCell


@dataclass(frozen=True, slots=True)
class GridRow:
    """One filled row.

    Attributes:
        number: as a spreadsheet shows it, the first is 1.
        cells: from column A on.
        hidden: a filter or a person has hidden it.
        merged: by column, the range that a cell shares with others.
    """

    number: int
    cells: tuple[Cell, ...]
    hidden: bool = False
    merged: Mapping[int, str] = field(default_factory=lambda: _NOTHING)


class Grid(Protocol):
    """A sheet that can be read from its beginning as often as needed, in bounded memory.

    Attributes:
        sheet: its name; "" for CSV.
        notices: what the person should know about how it was read, such as a guess.
    """

    @property
    def sheet(self) -> str: ...  # noqa: D102 - described above

    @property
    def notices(self) -> tuple[RowProblem, ...]: ...  # noqa: D102 - described above

    def rows(self) -> Iterator[GridRow]:
        """Yield the filled rows, the headings first.

        Raises:
            InvalidInput: from some row on, the file is not what its beginning said.
        """
        ...

    def is_hidden(self, column: int) -> bool:
        """Tell whether a column, counted from 0, is hidden."""
        ...


def text_of(cell: Cell) -> str:
    """Return a cell's text as far as the file tells it."""
    return cell if isinstance(cell, str) else cell.shown


def is_filled(cells: tuple[Cell, ...]) -> bool:
    """Tell whether a row holds anything but blanks."""
    return any(not isinstance(cell, str) or cell.strip() for cell in cells)


def column_letter(index: int) -> str:
    """Return the spreadsheet's letter of a column counted from 0: A … Z, AA …."""
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
