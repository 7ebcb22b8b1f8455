"""From a grid to the table of an issuing file: which column is under which heading, and the texts below.

Headings may be Vietnamese or English, in any order and case. Nothing is guessed: an unknown, doubled or hidden column,
a row with more cells than headings, a cell that is not what it seems are reported with their place.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from issuer.cell_text import Refusal, text_or_refusal
from issuer.columns import PROBLEM_HEADING, Column, Columns, fold
from issuer.csv_encoding import letters_lost
from issuer.grid import Cell, Grid, GridRow, column_letter, is_filled, text_of
from issuer.problems import Place, RowProblem
from issuer.table import MAX_ROWS, Heading, Row, Table

_IGNORED: Final = fold(PROBLEM_HEADING)


def table_of(grid: Grid, columns: Columns) -> Table:
    """Understand the headings of a grid; its rows are read when they are asked for."""
    heading_row = next(grid.rows(), None)
    if heading_row is None:
        return no_table(RowProblem(Place(0, sheet=grid.sheet), "no-rows"), grid, columns)
    headings = [text_of(cell).strip() for cell in heading_row.cells]
    while not headings[-1]:  # spreadsheets add empty columns at the right
        headings.pop()
    found = [columns.by_heading.get(fold(heading)) for heading in headings]
    if not any(found):
        code = "letters-lost" if letters_lost(headings, columns.written) else "no-headings"
        return no_table(RowProblem(Place(heading_row.number, sheet=grid.sheet), code), grid, columns)
    problems = tuple(_heading_problems(grid, heading_row.number, headings, found, columns))
    kept = {column.name: i for i, column in reversed(list(enumerate(found))) if column}
    places = {name: Heading(headings[i], column_letter(i)) for name, i in kept.items()}
    rows = _Rows(grid, columns, kept, places, len(headings))
    table = Table(places, rows, problems, grid.sheet, columns, grid)
    counted = _count(grid)
    if counted == 0:
        return no_table(RowProblem(Place(0, sheet=grid.sheet), "no-rows"), grid, columns)
    if counted > MAX_ROWS:
        values = {"expected": str(MAX_ROWS)}
        return no_table(RowProblem(Place(0, sheet=grid.sheet), "too-many-rows", values), grid, columns)
    return table


def count_known(grid: Grid, columns: Columns) -> int:
    """Return how many cells of the first row are headings of these columns."""
    first = next(grid.rows(), None)
    return 0 if first is None else sum(fold(text_of(cell)) in columns.by_heading for cell in first.cells)


def no_table(problem: RowProblem, grid: Grid | None, columns: Columns) -> Table:
    """Return a table without rows, which says why."""
    return Table({}, (), (problem,), grid.sheet if grid else "", columns, grid)


def _count(grid: Grid) -> int:
    """Return the number of rows below the headings, or one more than are allowed."""
    count = -1
    for _ in grid.rows():
        count += 1
        if count > MAX_ROWS:
            break
    return count


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows below the headings, read from the grid each time that they are gone through."""

    grid: Grid
    columns: Columns
    kept: Mapping[str, int]
    places: Mapping[str, Heading]
    width: int

    def __iter__(self) -> Iterator[Row]:
        rows = self.grid.rows()
        next(rows, None)
        for row in rows:
            yield self._row(row)

    def _row(self, row: GridRow) -> Row:
        broken = self._form(row)
        if broken is not None:
            return Row(row.number, {}, (broken,))
        cells: dict[str, str] = {}
        problems: list[RowProblem] = []
        for name, i in self.kept.items():
            found = self._cell(row, i, self.columns.by_name[name])
            if isinstance(found, str):
                cells[name] = found
            else:
                problems.append(RowProblem(self._place(row.number, name), found.code, found.values))
        return Row(row.number, cells, tuple(problems))

    def _form(self, row: GridRow) -> RowProblem | None:
        """Return what is wrong with a row as a whole."""
        place = Place(row.number, sheet=self.grid.sheet)
        if row.hidden:
            return RowProblem(place, "hidden-row")
        surplus = is_filled(row.cells[self.width :])
        if not surplus and len(row.cells) >= self.width:
            return None
        values = {"found": str(len(row.cells)), "expected": str(self.width)}
        return RowProblem(place, "too-many-fields" if surplus else "too-few-fields", values)

    def _cell(self, row: GridRow, i: int, column: Column) -> str | Refusal:
        if i in row.merged:
            return Refusal("merged-cell", row.merged[i])
        cell: Cell = row.cells[i]
        return cell if isinstance(cell, str) else text_or_refusal(cell, column)

    def _place(self, row: int, name: str) -> Place:
        heading = self.places[name]
        return Place(row, name, heading.text, heading.letter, self.grid.sheet)


def _heading_problems(
    grid: Grid, row: int, headings: Sequence[str], found: Sequence[Column | None], columns: Columns
) -> Iterator[RowProblem]:
    seen: set[str] = set()
    for i, (heading, column) in enumerate(zip(headings, found, strict=True)):
        place = Place(row, column.name if column else "", heading, column_letter(i), grid.sheet)
        if column is None and not heading:
            yield RowProblem(place, "empty-heading")
        elif column is None and fold(heading) != _IGNORED:
            yield RowProblem(place, "unknown-column", {"found": heading, "near": _nearest(heading, columns)})
        elif column is not None and column.name in seen:
            yield RowProblem(place, "duplicate-column", {"found": heading})
        elif column is not None:
            seen.add(column.name)
            if grid.is_hidden(i):
                yield RowProblem(place, "hidden-column")
    for column in columns.all:
        if column.required and column.name not in seen:
            expected = f"{column.vi} / {column.name}"
            place = Place(row, column.name, sheet=grid.sheet)
            yield RowProblem(place, "missing-column", {"expected": expected})


def _nearest(heading: str, columns: Columns) -> str:
    near = difflib.get_close_matches(fold(heading), columns.by_heading, n=1, cutoff=0.5)
    return columns.by_heading[near[0]].vi if near else columns.all[0].vi
