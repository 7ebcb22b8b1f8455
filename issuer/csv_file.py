"""CSV as spreadsheets write it (RFC 4180, in the encodings and with the separators in use), as a grid of text.

It is streamed: a file of 100,000 rows takes no more memory than one of ten. What its cells mean is not known here.
"""

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TextIO

from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from issuer.columns import CONFORMITY, Columns
from issuer.csv_encoding import CsvForm, find_encoding, find_separator
from issuer.grid import Grid, GridRow
from issuer.headings import no_table, table_of
from issuer.input_file import InputFile
from issuer.problems import Place, RowProblem
from issuer.table import Table

_HEADING_CHARACTERS: Final = 64 * 1024
MAX_RECORD: Final = 4 * 1024 * 1024
"""Characters of one row with all its cells; a hundred cells as long as a spreadsheet's longest fit."""
_SHOWN: Final = 80
RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the start of a formula; the same on the way out (issuer.refused_rows)."""


@dataclass(frozen=True, slots=True)
class CsvGrid:
    """A CSV file whose form is known; implements Grid."""

    file: InputFile
    form: CsvForm
    notices: tuple[RowProblem, ...] = ()
    sheet: str = ""

    def rows(self) -> Iterator[GridRow]:
        """Yield the filled rows with the numbers that a spreadsheet shows: an empty row counts, `sep=` does not."""
        for number, cells in enumerate(self._lines(), start=1):
            if any(cell.strip() for cell in cells):
                yield GridRow(number, tuple(map(_without_guard, cells)))

    def is_hidden(self, column: int) -> bool:  # noqa: ARG002 - Grid's signature
        """Return False: CSV hides nothing."""
        return False

    def _lines(self) -> Iterator[list[str]]:
        with (
            self.file.open() as raw,
            io.TextIOWrapper(raw, encoding=self.form.encoding, newline="") as text,
        ):
            lines = _Lines(text)
            reader = csv.reader(lines, delimiter=self.form.separator, strict=True)
            try:
                if self.form.hint:
                    next(reader, None)
                for cells in reader:
                    lines.begin_record()
                    yield cells
            except csv.Error as error:
                message = Sentence("not CSV: {found}", found=error)
                raise InvalidInput(message, place=str(reader.line_num), code="bad-csv") from error


class _Lines:
    """The lines of a text, never more than MAX_RECORD characters of them for one row: a quoted cell may hold lines."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._left = MAX_RECORD

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._left + 1)
        if not line:
            raise StopIteration
        self._left -= len(line)
        if self._left < 0:
            # As the reader says it of a cell that is too long.
            raise csv.Error(f"row larger than row limit ({MAX_RECORD})")
        return line

    def begin_record(self) -> None:
        """Count anew: what came before belongs to a row that is read."""
        self._left = MAX_RECORD


def open_csv(file: InputFile, columns: Columns, sheet: str = "") -> Grid | RowProblem:
    """Find out how a CSV file is written, and read it once to its end; what is wrong with it is returned.

    Args:
        file: the file.
        columns: whose headings decide about separator and encoding.
        sheet: what it is called in messages, where it is one of several.
    """
    encoding, position = find_encoding(file, columns.by_heading, columns.written)
    if not encoding:
        return RowProblem(Place(0, sheet=sheet), "not-utf8", {"found": str(position)})
    separator, hint = find_separator(_first_lines(file, encoding), columns.by_heading)
    form = CsvForm(encoding, separator, hint=hint, guessed=encoding == "cp1258")
    grid = CsvGrid(file, form, sheet=sheet)
    try:
        sample = _sample(grid)
    except InvalidInput as error:
        return RowProblem(Place(0, sheet=sheet), "bad-csv", {"line": error.place, "found": error.message})
    if form.guessed:
        notice = RowProblem(Place(0, sheet=sheet), "guessed-encoding", {"found": sample})
        return CsvGrid(file, form, (notice,), sheet)
    return grid


def _first_lines(file: InputFile, encoding: str) -> str:
    with file.open() as raw, io.TextIOWrapper(raw, encoding=encoding, newline=None) as text:
        return text.read(_HEADING_CHARACTERS)


def _sample(grid: CsvGrid) -> str:
    """Read all rows, and return a text outside ASCII for the person to look at."""
    sample = ""
    for row in grid.rows():
        if not sample and row.number > 1:
            sample = next((str(cell) for cell in row.cells if not str(cell).isascii()), "")
    return unicodedata.normalize("NFC", sample)[:_SHOWN]


def _without_guard(cell: str) -> str:
    """Return a cell without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(RISKY) else cell


def read_csv(data: bytes, columns: Columns = CONFORMITY) -> Table:
    """Read the bytes of a CSV file; what is wrong with its form is in the table's `problems`."""
    grid = open_csv(InputFile.of_bytes(data), columns)
    return no_table(grid, None, columns) if isinstance(grid, RowProblem) else table_of(grid, columns)
