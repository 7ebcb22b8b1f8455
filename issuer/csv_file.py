"""CSV as spreadsheets write it (RFC 4180, UTF-8 with or without a byte order mark), read into a table.

Headings may be Vietnamese or English, in any order and case. Nothing is guessed: another encoding, an unknown
or doubled column, a row with more cells than headings are reported with their place.
"""

import csv
import difflib
import io
from collections.abc import Iterator, Sequence
from typing import Final

from certlog.errors import InvalidInput
from issuer.columns import BY_HEADING, COLUMNS, Column, fold
from issuer.problems import Place, RowProblem
from issuer.table import MAX_ROWS, Heading, Row, Table

_HEADING_ROW: Final = 1
_SEPARATORS: Final = ",;\t"


def read_csv(data: bytes) -> Table:
    """Read the bytes of a CSV file; what is wrong with its form is in the table's `problems`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _only(RowProblem(Place(0), "not-utf8", {"found": str(error.start)}))
    try:
        lines = list(_lines(text))
    except InvalidInput as error:
        return _only(RowProblem(Place(0), "bad-csv", {"line": error.place, "found": error.message}))
    if len(lines) > MAX_ROWS + 1:
        return _only(RowProblem(Place(0), "too-many-rows", {"expected": str(MAX_ROWS)}))
    if len(lines) < _HEADING_ROW + 1:
        return _only(RowProblem(Place(0), "no-rows"))
    return _table(lines)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the filled rows with the numbers that a spreadsheet shows (an empty row counts)."""
    heading = text.partition("\n")[0]
    # The spreadsheet's regional setting decides the separator: the one that the headings have most of.
    separator = max(_SEPARATORS, key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for number, cells in enumerate(reader, start=_HEADING_ROW):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise InvalidInput(str(error), place=str(reader.line_num), code="bad-csv") from error


def _table(lines: Sequence[tuple[int, list[str]]]) -> Table:
    heading_row, headings = lines[0]
    while not headings[-1].strip():  # spreadsheets add empty columns at the right
        headings = headings[:-1]
    columns = [BY_HEADING.get(fold(heading)) for heading in headings]
    if not any(columns):
        return _only(RowProblem(Place(heading_row), "no-headings"))
    problems = list(_heading_problems(heading_row, headings, columns))
    kept = {column.name: i for i, column in reversed(list(enumerate(columns))) if column}
    rows: list[Row] = []
    for number, cells in lines[1:]:
        surplus = len(cells) > len(headings) and any(cell.strip() for cell in cells[len(headings) :])
        if surplus or len(cells) < len(headings):
            values = {"found": str(len(cells)), "expected": str(len(headings))}
            code = "too-many-fields" if surplus else "too-few-fields"
            problems.append(RowProblem(Place(number), code, values))
        else:
            rows.append(Row(number, {name: cells[i] for name, i in kept.items()}))
    places = {name: Heading(headings[i].strip(), column_letter(i)) for name, i in kept.items()}
    return Table(places, tuple(rows), tuple(problems))


def _heading_problems(
    row: int, headings: Sequence[str], columns: Sequence[Column | None]
) -> Iterator[RowProblem]:
    seen: set[str] = set()
    for i, (heading, column) in enumerate(zip(headings, columns, strict=True)):
        place = Place(row, column.name if column else "", heading.strip(), column_letter(i))
        if column is None and not heading.strip():
            yield RowProblem(place, "empty-heading")
        elif column is None:
            yield RowProblem(place, "unknown-column", {"found": heading.strip(), "near": _nearest(heading)})
        elif column.name in seen:
            yield RowProblem(place, "duplicate-column", {"found": heading.strip()})
        else:
            seen.add(column.name)
    for column in COLUMNS:
        if column.required and column.name not in seen:
            expected = f"{column.vi} / {column.name}"
            yield RowProblem(Place(row, column.name), "missing-column", {"expected": expected})


def _nearest(heading: str) -> str:
    near = difflib.get_close_matches(fold(heading), BY_HEADING, n=1, cutoff=0.5)
    return BY_HEADING[near[0]].vi if near else COLUMNS[0].vi


def column_letter(index: int) -> str:
    """Return the spreadsheet's letter of a column counted from 0: A … Z, AA …."""
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _only(problem: RowProblem) -> Table:
    return Table({}, (), (problem,))
