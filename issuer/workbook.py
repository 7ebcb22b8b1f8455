"""XLSX and ODS workbooks as grids: marks first, which refuse what would flood memory, then calamine for the values.

Only here is calamine imported, and only once a workbook is read (extra "xlsx"). A cell that the two readers see
differently ends the reading: the file was made to be understood in two ways.
"""

import datetime as dt
import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from issuer.cell_text import plain_number
from issuer.grid import Cell, CellKind, GridRow, TypedCell, column_letter
from issuer.ods_marks import OdsMarks
from issuer.problems import RowProblem
from issuer.workbook_marks import BOOLEAN, EMPTY, ERROR, FORMULA, SheetMarks, bad
from issuer.workbook_zip import WorkbookZip
from issuer.xlsx_marks import XlsxMarks

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

MAX_WORKBOOK_BYTES: Final = 64 * 1024 * 1024
"""The packed file; calamine holds it in memory."""
_NO_ROWS: Final[Mapping[int, str]] = {}


@dataclass(frozen=True, slots=True)
class WorkbookGrid:
    """One sheet of a workbook; implements Grid."""

    sheet: str
    marks: SheetMarks
    values: "CalamineSheet"
    notices: tuple[RowProblem, ...] = ()

    def rows(self) -> Iterator[GridRow]:
        """Yield the filled rows."""
        start = self.values.start
        if start is None:
            return
        width = start[1] + self.values.width
        for index, values in enumerate(self.values.iter_rows()):
            marks = self.marks.rows.get(index, b"")
            if not marks and not any(value != "" for value in values):
                continue
            cells = self._cells(index, [*[""] * start[1], *values], marks.ljust(width, b"\0"))
            if any(not isinstance(cell, str) or cell.strip() for cell in cells):
                yield GridRow(index + 1, cells, index in self.marks.hidden_rows, self._merged(index, width))

    def is_hidden(self, column: int) -> bool:
        """Tell whether a column, counted from 0, is hidden."""
        return self.marks.is_hidden(column)

    def _cells(self, row: int, values: Sequence[object], marks: bytes) -> tuple[Cell, ...]:
        return tuple(
            value
            if isinstance(value, str) and mark < BOOLEAN and (value == "" or mark)
            else self._cell(row, i, value, mark)
            for i, (value, mark) in enumerate(zip(values, marks, strict=True))
        )

    def _cell(self, row: int, column: int, value: object, mark: int) -> Cell:
        if mark == EMPTY:
            raise bad(
                Sentence("two readers differ about the cell {cell}", cell=f"{column_letter(column)}{row + 1}")
            )
        kept = self.marks.texts.get((row, column), "")
        if mark & ~FORMULA == ERROR:
            return TypedCell(CellKind.ERROR, kept or "#N/A", kept or "#N/A")
        if mark & FORMULA:
            return TypedCell(CellKind.FORMULA, _shown(value), kept or "=…")
        match value:
            case bool():
                return TypedCell(CellKind.BOOLEAN, str(value).upper(), value)
            case int() | float():
                return TypedCell(CellKind.NUMBER, plain_number(float(value)), float(value), mark)
            case dt.datetime() | dt.date():
                return TypedCell(CellKind.DATE, _shown(value), value)
            case str():
                return value
            case _:
                return TypedCell(CellKind.TIME, str(value), str(value))

    def _merged(self, row: int, width: int) -> Mapping[int, str]:
        found = {
            column: f"{column_letter(left)}{top + 1}:{column_letter(right)}{bottom + 1}"
            for top, left, bottom, right in self.marks.merged
            if top <= row <= bottom
            for column in range(left, min(right + 1, width))
        }
        return found or _NO_ROWS


def open_workbook(file: BinaryIO) -> Iterator[WorkbookGrid]:
    """Yield the sheets of a workbook that can be seen, in its order; each is read when it is reached.

    Raises:
        InvalidInput: not a workbook, or one that is refused ("bad-workbook", "workbook-too-large").
        Unavailable: the extra that reads workbooks is not installed.
    """
    archive = WorkbookZip(file)
    names = archive.names()
    if "xl/workbook.xml" in names and "content.xml" not in names:
        yield from _xlsx_sheets(archive, file)
    elif "content.xml" in names and not any(name.casefold().startswith("xl/") for name in names):
        yield from _ods_sheets(archive, file)
    else:
        raise bad(Sentence("expected an XLSX or ODS workbook, found another ZIP file"))


def _xlsx_sheets(archive: WorkbookZip, file: BinaryIO) -> Iterator[WorkbookGrid]:
    marks = XlsxMarks(archive)
    book: CalamineWorkbook | None = None
    for sheet in marks.sheets:
        if sheet.visible:
            found = marks.marks(sheet)
            book = book or _calamine(file)
            yield WorkbookGrid(sheet.name, found, _values(book, sheet.name))


def _ods_sheets(archive: WorkbookZip, file: BinaryIO) -> Iterator[WorkbookGrid]:
    marks = OdsMarks(archive)
    book = _calamine(file)
    for name, found in marks.sheets.items():
        if name not in marks.hidden:
            yield WorkbookGrid(name, found, _values(book, name))


def _calamine(file: BinaryIO) -> "CalamineWorkbook":
    try:
        calamine = importlib.import_module("python_calamine")
    except ImportError as error:
        message = Sentence(
            "reading workbooks needs the extra “xlsx”: pip install 'certlog[xlsx]'; or save it as CSV UTF-8"
        )
        raise Unavailable(message) from error
    file.seek(0)
    try:
        book: CalamineWorkbook = calamine.CalamineWorkbook.from_filelike(file)
    except calamine.CalamineError as error:
        raise bad(Sentence("{found}", found=error)) from error
    return book


def _values(book: "CalamineWorkbook", name: str) -> "CalamineSheet":
    calamine = importlib.import_module("python_calamine")
    try:
        return book.get_sheet_by_name(name)
    except calamine.CalamineError as error:
        raise bad(Sentence("{found}", found=error)) from error


def _shown(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    return plain_number(value) if isinstance(value, float) else str(value)
