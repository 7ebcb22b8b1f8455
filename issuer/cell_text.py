"""The text of a cell that a workbook did not keep as text: what a person sees there, or why it cannot be told.

Nothing is invented: a number is taken as it is shown where the file says how, and refused where zeros, digits or the
decimal sign would depend on the computer that shows it.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from issuer.columns import Column, Holds
from issuer.grid import CellKind, TypedCell
from issuer.workbook_marks import DECIMALS, GENERAL, ODD, THOUSANDS, ZEROS

_EXACT: Final = 1e15
"""Spreadsheets keep 15 digits; those of a longer code are lost."""
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a cell has no text: a code of issuer.problems and its values."""

    code: str
    found: str
    expected: str = ""

    @property
    def values(self) -> dict[str, str]:
        """Return the values of the message."""
        return {"found": self.found[:_SHOWN], "expected": self.expected[:_SHOWN]}


def text_or_refusal(cell: TypedCell, column: Column) -> str | Refusal:
    """Return the text of a cell under a column."""
    match cell.kind:
        case CellKind.FORMULA:
            return Refusal("formula-cell", str(cell.value))
        case CellKind.ERROR:
            return Refusal("spreadsheet-error", cell.shown)
        case CellKind.BOOLEAN:
            return Refusal("boolean-cell", cell.shown)
        case CellKind.TIME:
            return Refusal("date-cell", cell.shown)
        case CellKind.DATE:
            return _date(cell, column)
        case CellKind.NUMBER:
            return _number(cell, column)


def plain_number(value: float) -> str:
    """Return a number without exponent and without zeros that it does not need."""
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)


def _date(cell: TypedCell, column: Column) -> str | Refusal:
    if column.holds is not Holds.DATE:
        return Refusal("date-cell", cell.shown)
    return Refusal("bad-date", cell.shown) if isinstance(cell.value, dt.datetime) else cell.shown


def _number(cell: TypedCell, column: Column) -> str | Refusal:
    value = float(cell.value) if isinstance(cell.value, int | float) else 0.0
    if column.holds is Holds.DATE:
        return Refusal("bad-date", cell.shown)
    if not abs(value) < _EXACT:
        return Refusal("scientific", repr(value))
    if cell.format == ODD:
        return Refusal("number-format", cell.shown)
    if column.holds is Holds.MEASURED:
        return _measured(value, cell)
    return _whole(value, cell)


def _measured(value: float, cell: TypedCell) -> str | Refusal:
    """Return a measured value with exactly the decimals that its cell shows."""
    if not DECIMALS <= cell.format < ZEROS:
        return Refusal("loose-number", cell.shown)
    exact = Decimal(repr(value))
    shown = f"{exact:.{cell.format - DECIMALS}f}"
    if Decimal(shown) != exact:
        return Refusal("hidden-digits", shown, repr(value))
    return shown.removeprefix("-") if not exact else shown


def _whole(value: float, cell: TypedCell) -> str | Refusal:
    if not value.is_integer() or DECIMALS < cell.format < ZEROS:
        return Refusal("number-cell", cell.shown)
    text = str(int(value))
    if cell.format in (GENERAL, THOUSANDS, DECIMALS):
        return text
    return text.zfill(cell.format - ZEROS)
