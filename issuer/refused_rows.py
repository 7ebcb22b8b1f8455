"""The rows that were not issued, as a file to correct and hand in again: same headings, same cells, and what is wrong.

A CSV file keeps its encoding and separator, a workbook becomes XLSX. No cell of it can start a formula: CSV cells get
the apostrophe that spreadsheets know (and issuer.csv_file takes off again), XLSX cells are written with their type.
"""

import csv
import datetime as dt
import importlib
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from issuer.columns import PROBLEM_HEADING, fold
from issuer.csv_encoding import CsvForm
from issuer.csv_file import RISKY, CsvGrid
from issuer.drafts import Draft
from issuer.grid import Cell, CellKind, Grid, TypedCell, text_of
from issuer.problems import Language, RowProblem
from issuer.table import Table
from issuer.template import at_midnight
from issuer.workbook_marks import DECIMALS, GENERAL, ODD, ZEROS

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_PLAIN: Final = CsvForm("utf-8-sig", ",")
_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")
_WIDTH: Final = 18
_PROBLEM_WIDTH: Final = 80


@dataclass(frozen=True, slots=True)
class RefusedSheet:
    """What goes back of one sheet.

    Attributes:
        grid: the sheet as it was read.
        texts: what is wrong, by row.
        rows: which rows go back; None: all.
    """

    grid: Grid
    texts: Mapping[int, Sequence[str]]
    rows: AbstractSet[int] | None

    def lines(self) -> Iterator[tuple[Cell, ...]]:
        """Yield the headings and the refused rows, each with the added cell in its column."""
        width, old = 0, -1
        for row in self.grid.rows():
            first = not width
            if first:
                headings = [fold(text_of(cell)) for cell in row.cells]
                width = len(headings)
                old = headings.index(fold(PROBLEM_HEADING)) if fold(PROBLEM_HEADING) in headings else -1
            elif self.rows is not None and row.number not in self.rows:
                continue
            cells = [*row.cells, *[""] * (width - len(row.cells))]
            kept = [cell for i, cell in enumerate(cells[:width]) if i != old]
            added = PROBLEM_HEADING if first else "\n".join(self.texts.get(row.number, ()))
            yield (
                *kept,
                added,
                *cells[width:],
            )  # surplus cells stay surplus, behind the column that tells of them


def refused_sheets(
    tables: Sequence[Table], good: Sequence[Draft], problems: Sequence[RowProblem], language: Language
) -> tuple[RefusedSheet, ...]:
    """Choose what goes back: rows with a problem, all where it concerns the headings; results with their certificate.

    Args:
        tables: the sheets that were read.
        good: the drafts that were right when the file was read.
        problems: what was found in it, then and later.
        language: of the added column.
    """
    texts: dict[str, dict[int, list[str]]] = {}
    for problem in problems:
        texts.setdefault(problem.place.sheet, {}).setdefault(problem.place.row, []).append(
            problem.text(language)
        )
    rows: list[AbstractSet[int] | None] = [_wrong_rows(table, texts.get(table.sheet, {})) for table in tables]
    if len(tables) > 1:
        rows = list(_with_their_certificates(tables, good, rows[0]))
    return tuple(
        RefusedSheet(table.grid, texts.get(table.sheet, {}), chosen)
        for table, chosen in zip(tables, rows, strict=True)
        if table.grid is not None
    )


def _wrong_rows(table: Table, texts: Mapping[int, object]) -> AbstractSet[int] | None:
    headings = next(table.grid.rows(), None) if table.grid is not None else None
    return None if headings is None or any(row <= headings.number for row in texts) else frozenset(texts)


def _with_their_certificates(
    tables: Sequence[Table], good: Sequence[Draft], wrong: AbstractSet[int] | None
) -> Iterator[AbstractSet[int]]:
    certificates = {row.number: row.cells.get("number", "").strip() for row in tables[0].rows}
    issued = {draft.source.place().row for draft in good} - (certificates.keys() if wrong is None else wrong)
    yield certificates.keys() - issued
    numbers = {certificates[row] for row in issued}
    for table in tables[1:]:
        yield {row.number for row in table.rows if row.cells.get("number", "").strip() not in numbers}


def write_refused(path: Path, sheets: Sequence[RefusedSheet]) -> int:
    """Write the rows that go back.

    Args:
        path: where to; ".xlsx" makes a workbook, everything else CSV: a further sheet goes into a file of its own,
            whose name has "-2" at its end.
        sheets: from refused_sheets.

    Returns:
        The number of rows of the first sheet.

    Raises:
        InvalidInput: it cannot be written there.
        Unavailable: a workbook, and the extra that writes workbooks is not installed.
    """
    try:
        if path.suffix.lower() == ".xlsx":
            return _write_workbook(path, sheets)
        counts = []
        for i, sheet in enumerate(sheets, start=1):
            name = path if i == 1 else path.with_stem(f"{path.stem}-{i}")
            form = sheet.grid.form if isinstance(sheet.grid, CsvGrid) else _PLAIN
            counts.append(_write_csv(name, form, sheet.lines()))
        return counts[0]
    except OSError as error:
        message = Sentence("cannot write {path}: {reason}", path=path, reason=error)
        raise InvalidInput(message, code="not-writable") from error


def _write_csv(path: Path, form: CsvForm, rows: Iterable[tuple[Cell, ...]]) -> int:
    count = -1
    with (
        path.open("wb") as raw,
        io.TextIOWrapper(raw, encoding=form.encoding, errors="replace", newline="") as file,
    ):
        if form.hint:
            file.write(f"sep={form.separator}\r\n")
        writer = csv.writer(file, delimiter=form.separator)
        for cells in rows:
            writer.writerow([_for_csv(cell, form.encoding) for cell in cells])
            count += 1
    return count


def _for_csv(cell: Cell, encoding: str) -> str:
    text = str(cell.value) if isinstance(cell, TypedCell) and cell.kind is CellKind.FORMULA else text_of(cell)
    guarded = f"'{text}" if text.startswith(RISKY) else text
    return "".join(map(_for_windows, guarded)) if encoding == "cp1258" else guarded


def _for_windows(character: str) -> str:
    """Return a Vietnamese letter as the code page of Windows has it: its tone mark apart."""
    parts = unicodedata.normalize("NFD", character)
    tones = "".join(part for part in parts if part in _TONES)
    return unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES)) + tones


def _write_workbook(path: Path, sheets: Sequence[RefusedSheet]) -> int:
    try:
        xlsxwriter = importlib.import_module("xlsxwriter")
    except ImportError as error:
        message = Sentence(
            "writing workbooks needs the extra “xlsx”: pip install 'certlog[xlsx]'; or name a .csv file"
        )
        raise Unavailable(message) from error
    book: Workbook = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    try:
        formats = _Formats(book)
        counts = [_write_page(book, sheet, i, formats) for i, sheet in enumerate(sheets, start=1)]
        return counts[0]
    finally:
        book.close()


def _write_page(book: "Workbook", sheet: RefusedSheet, position: int, formats: "_Formats") -> int:
    page = book.add_worksheet(sheet.grid.sheet or f"Sheet{position}")
    page.freeze_panes(1, 0)
    count = -1
    for count, cells in enumerate(sheet.lines()):
        if count == 0:
            page.set_column(0, len(cells) - 2, _WIDTH)
            page.set_column(len(cells) - 1, len(cells) - 1, _PROBLEM_WIDTH)
        for column, cell in enumerate(cells):
            _write_cell(page, count, column, cell, formats)
    return count


class _Formats:
    """The number formats of a workbook, each made once."""

    def __init__(self, book: "Workbook") -> None:
        self._book = book
        self._made: dict[str, Format] = {}

    def get(self, code: str) -> "Format":
        if code not in self._made:
            self._made[code] = self._book.add_format({"num_format": code})
        return self._made[code]


def _write_cell(page: "Worksheet", row: int, column: int, cell: Cell, formats: _Formats) -> None:
    """Write one cell as what it was, so that it is told again unless it is corrected."""
    if isinstance(cell, str):
        if cell:
            page.write_string(row, column, cell, formats.get("@"))
        return
    match cell.value:
        case bool():
            page.write_boolean(row, column, cell.value)
        case float() if cell.kind is CellKind.NUMBER:
            page.write_number(row, column, cell.value, formats.get(_code_of(cell.format)))
        case dt.datetime():
            page.write_datetime(row, column, cell.value, formats.get("dd/mm/yyyy hh:mm:ss"))
        case dt.date():
            page.write_datetime(row, column, at_midnight(cell.value), formats.get("dd/mm/yyyy"))
        case _:
            page.write_string(row, column, str(cell.value), formats.get("@"))


def _code_of(mark: int) -> str:
    """Return a number format that has the mark."""
    if mark == ODD:
        return "0.00E+00"
    if DECIMALS <= mark < ZEROS:
        decimals = mark - DECIMALS
        return f"0.{'0' * decimals}" if decimals else "0"
    if mark > ZEROS:
        return "0" * (mark - ZEROS)
    return "General" if mark == GENERAL else "#,##0"
