"""Which kind of spreadsheet a file is, by its first bytes, and which of its sheets is meant: the way in for all.

Its name decides nothing: a workbook that is called .csv is read as the workbook that it is.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from issuer.columns import CONFORMITY, Columns
from issuer.csv_file import open_csv
from issuer.grid import Grid
from issuer.headings import count_known, no_table, table_of
from issuer.input_file import InputFile
from issuer.problems import Place, RowProblem
from issuer.table import MAX_FILE_BYTES, Table
from issuer.workbook import MAX_WORKBOOK_BYTES, WorkbookGrid, open_workbook

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""OLE2: .xls, and any workbook with a password."""


def read_spreadsheet(file: InputFile, columns: Columns = CONFORMITY, sheet: str | None = None) -> Table:
    """Read a CSV, XLSX or ODS file; what is wrong with its form is in the table's `problems`.

    Args:
        file: the file.
        columns: what its headings may be.
        sheet: name of the sheet; without it, the first one that can be seen and has known headings.

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
        return _read_workbook(file, columns, sheet)
    grid = RowProblem(Place(0), "other-workbook") if head == _COMPOUND else open_csv(file, columns)
    return no_table(grid, None, columns) if isinstance(grid, RowProblem) else table_of(grid, columns)


def _read_workbook(file: InputFile, columns: Columns, sheet: str | None) -> Table:
    with ExitStack() as opened:
        try:
            grid = _choose(open_workbook(opened.enter_context(file.open())), columns, sheet)
            return no_table(grid, None, columns) if isinstance(grid, RowProblem) else table_of(grid, columns)
        except InvalidInput as error:
            if error.code not in ("bad-workbook", "workbook-too-large"):
                raise
            return no_table(RowProblem(Place(0), error.code, {"found": str(error.message)}), None, columns)


def _choose(grids: Iterable[WorkbookGrid], columns: Columns, sheet: str | None) -> Grid | RowProblem:
    names: list[str] = []
    for grid in grids:
        names.append(grid.sheet)
        if grid.sheet == sheet or (sheet is None and count_known(grid, columns)):
            return grid
    if sheet is not None:
        return RowProblem(Place(0), "no-such-sheet", {"found": sheet, "expected": ", ".join(names)})
    return RowProblem(Place(0), "no-sheet", {"found": ", ".join(names) or "-"})
