"""Drafts as they come: a file of 100,000 rows is understood a chunk at a time, by several processes if wanted.

Nothing is kept of the file but its certificates' numbers. Which file formats there are is not known here.
"""

import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Protocol, TypeAlias

from issuer.body import Body
from issuer.drafts import Draft, Drafts
from issuer.problems import Place, RowProblem
from issuer.rows import iter_rows
from issuer.table import MAX_PROBLEMS, Row, Table

Found: TypeAlias = tuple[Draft | None, Sequence[RowProblem]]
"""What one row gave: a draft, or why there is none."""

ROWS_AT_ONCE: Final = 500
FEW_ROWS: Final = 2000
"""So many rows are understood sooner than another process is started."""


class DraftStream(Protocol):
    """Drafts that are read from a file when they are asked for; reading again starts at the file's beginning."""

    def read(self) -> Iterator[Found]:
        """Yield what each row gave, in the order of the file; bounded memory, at most MAX_PROBLEMS problems."""
        ...


@dataclass(frozen=True, slots=True)
class KeptDrafts:
    """A small file's drafts, all in memory already; implements DraftStream."""

    drafts: Drafts

    def read(self) -> Iterator[Found]:
        """Yield the problems, then the drafts."""
        yield None, self.drafts.problems
        yield from ((draft, ()) for draft in self.drafts.good)


@dataclass(frozen=True, slots=True)
class TableDrafts:
    """The drafts of a table's rows; implements DraftStream.

    Attributes:
        table: its rows are read from the file each time.
        body: the certification body.
        did: the DID that will sign.
        jobs: processes that understand rows; 1 is this one alone.
    """

    table: Table
    body: Body
    did: str
    jobs: int = 1

    def read(self) -> Iterator[Found]:
        """Yield the problems of the file and its headings, then what each row gave."""
        yield None, self.table.problems
        if self.jobs == 1 or self.is_small():
            yield from iter_rows(self.table, self.body, self.did)
        else:
            yield from _bounded(_without_doubles(self._in_processes()), self.table.sheet)

    def is_small(self) -> bool:
        """Tell whether so few rows are better held in memory and understood here."""
        return sum(1 for _ in islice(self.table.rows, FEW_ROWS)) < FEW_ROWS

    def _in_processes(self) -> Iterator[Found]:
        """Hand out chunks of rows in the order of the file; a few are under way, and none is forgotten."""
        form = replace(self.table, rows=(), grid=None)
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.jobs, spawn, _begin, (form, self.body, self.did)) as pool:
            under_way: deque[Future[list[Found]]] = deque()
            rows = iter(self.table.rows)
            while chunk := list(islice(rows, ROWS_AT_ONCE)):
                under_way.append(pool.submit(_understand, chunk))
                if len(under_way) > 2 * self.jobs:
                    yield from under_way.popleft().result()
            while under_way:
                yield from under_way.popleft().result()


_reading: list[tuple[Table, Body, str]] = []


def _begin(form: Table, body: Body, did: str) -> None:
    """Start a helping process: what every chunk needs is sent once."""
    _reading.append((form, body, did))


def _understand(rows: Sequence[Row]) -> list[Found]:
    form, body, did = _reading[0]
    return list(iter_rows(replace(form, rows=rows), body, did))


def _without_doubles(found: Iterator[Found]) -> Iterator[Found]:
    """Refuse a number and version that an earlier row bears; a helping process sees its own rows only."""
    first: dict[tuple[str, int], int] = {}
    for draft, problems in found:
        if draft is None:
            yield draft, problems
            continue
        place = draft.source.place("number")
        earlier = first.setdefault((draft.number, draft.version), place.row)
        if earlier == place.row:
            yield draft, problems
        else:
            values = {"found": draft.number, "version": str(draft.version), "first": str(earlier)}
            yield None, (*problems, RowProblem(place, "duplicate-number", values))


def _bounded(found: Iterator[Found], sheet: str) -> Iterator[Found]:
    """Stop reading a file that has more than MAX_PROBLEMS."""
    count = 0
    for draft, problems in found:
        yield draft, problems
        count += len(problems)
        if count > MAX_PROBLEMS:
            row = problems[-1].place.row
            values = {"found": str(MAX_PROBLEMS), "row": str(row)}
            yield None, (RowProblem(Place(0, sheet=sheet), "too-many-problems", values),)
            return
