"""Which kind of spreadsheet a file is, by its first bytes, and which of its sheets is meant: the way in for all.

Its name decides nothing: a workbook that is called .csv is read as the workbook that it is.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from issuer.calibration_columns import CALIBRATION
from issuer.columns import CONFORMITY, Columns
from issuer.csv_file import open_csv
from issuer.grid import Grid
from issuer.headings import count_known, no_table, table_of
from issuer.input_file import InputFile
from issuer.problems import Place, RowProblem
from issuer.result_columns import RESULTS
from issuer.table import MAX_FILE_BYTES, Table
from issuer.workbook import MAX_WORKBOOK_BYTES, WorkbookGrid, open_workbook

KINDS: Final = (CONFORMITY, CALIBRATION, RESULTS)
"""Every kind of sheet that there is."""
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""OLE2: .xls, and any workbook with a password."""


def read_spreadsheet(file: InputFile, columns: Columns = CONFORMITY, sheet: str | None = None) -> Table:
    """Read a CSV, XLSX or ODS file of one kind: see read_sheet."""
    return read_sheet(file, (columns,), sheet)


def read_sheet(
    file: InputFile, wanted: Sequence[Columns], sheet: str | None = None, label: str = ""
) -> Table:
    """Read a CSV, XLSX or ODS file; what is wrong with its form is in the table's `problems`.

    Args:
        file: the file.
        wanted: what its headings may be; the kind of which it has most is taken.
        sheet: name of the sheet; without it, the first one that can be seen and has such headings.
        label: what a CSV file is called in messages, where it is one of several.

    Raises:
        InvalidInput: larger than any file that is read.
        Unavailable: a workbook, and the extra that reads workbooks is not installed.
    """
    size, head = file.size(), file.head(len(_COMPOUND))
    packed = head.startswith(_ZIP)
    most = MAX_WORKBOOK_BYTES if packed else MAX_FILE_BYTES
    if size > most:
        message = Sentence("expected at most {wanted} bytes, found {found}", wanted=most, found=size)
        raise InvalidInput(message, place=file.name, code="too-large")
    if packed:
        return _read_workbook(file, wanted, sheet)
    grid = (
        RowProblem(Place(0), "other-workbook")
        if head == _COMPOUND
        else open_csv(file, _united(wanted), label)
    )
    return _table(grid, wanted)


def _read_workbook(file: InputFile, wanted: Sequence[Columns], sheet: str | None) -> Table:
    with ExitStack() as opened:
        try:
            return _table(_choose(open_workbook(opened.enter_context(file.open())), wanted, sheet), wanted)
        except InvalidInput as error:
            if error.code not in ("bad-workbook", "workbook-too-large"):
                raise
            return no_table(RowProblem(Place(0), error.code, {"found": error.message}), None, wanted[0])


def _table(grid: Grid | RowProblem, wanted: Sequence[Columns]) -> Table:
    if isinstance(grid, RowProblem):
        return no_table(grid, None, wanted[0])
    return table_of(grid, max(wanted, key=lambda columns: count_known(grid, columns)))


def _choose(grids: Iterable[WorkbookGrid], wanted: Sequence[Columns], sheet: str | None) -> Grid | RowProblem:
    """Return the sheet that is named, or the first whose headings are rather of a wanted kind than of another."""
    names: list[str] = []
    for grid in grids:
        names.append(grid.sheet)
        if sheet is not None:
            if grid.sheet == sheet:
                return grid
            continue
        counts = {columns: count_known(grid, columns) for columns in (*wanted, *KINDS)}
        most = max(counts.values())
        if most and any(counts[columns] == most for columns in wanted):
            return grid
    if sheet is not None:
        return RowProblem(Place(0), "no-such-sheet", {"found": sheet, "expected": ", ".join(names)})
    return RowProblem(Place(0), "no-sheet", {"found": ", ".join(names) or "-"})


def _united(wanted: Sequence[Columns]) -> Columns:
    """Return all columns together, for judging by headings how a file is written."""
    return Columns(tuple(column for columns in wanted for column in columns.all))
