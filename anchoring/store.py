"""The read side of anchoring's database, for pages, the CLI and evidence; and the three things operators write.

It imports no chain library and reads no chain: it tells what the worker knew, and when. The worker's own
writes are in line_store.py.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, insert, or_, select, update

from anchoring import tables
from anchoring.batch import Halt, State, Target
from anchoring.database import Database, NotMadeYet, open_database
from anchoring.line_queries import line_is, line_of, standing_halt
from anchoring.rows import AnyRow, halt_from_row
from certlog.digests import RootHash
from certlog.errors import InvalidInput
from certlog.sentences import recalled
from storage.database import Address


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """One batch, as people and evidence need it. Blocks are None until the contract holds the root."""

    number: int
    state: State
    size: int
    root: RootHash
    note: str
    """The signed checkpoint, whole."""
    chain_id: int
    contract: str
    log_id: bytes
    tx_hash: bytes | None
    block_number: int | None
    block_time: int | None
    finalized_number: int | None
    sealed_at: int
    changed_at: int


@dataclass(frozen=True, slots=True)
class Poll:
    """What the worker last read of one line's chain. Without a good reading so far, the blocks are None."""

    chain_id: int
    contract: str
    log_id: bytes
    read_at: int | None
    latest_number: int | None
    latest_time: int | None
    finalized_number: int | None
    finalized_time: int | None
    head_size: int | None
    problem: str
    """Empty when the last look went well."""
    problem_at: int | None
    problem_kind: str
    """A ProblemKind, or empty."""
    halt: Halt | None


def of_lines(polls: Collection[Poll], lines: Collection[Target]) -> tuple[Poll, ...]:
    """Return the looks of these lines, in their order; of all of them where no line is known.

    A line without settings was left, with a chain that died: what was read of it last says nothing about now.
    """
    if not lines:
        return tuple(polls)
    places = [(line.chain_id, line.contract, line.log_id) for line in lines]
    found = {(poll.chain_id, poll.contract, poll.log_id): poll for poll in polls}
    return tuple(found[place] for place in places if place in found)


class AnchorStore:
    """Answers from the database. Each method is one consistent read."""

    def __init__(self, database: Database) -> None:
        """Read from an opened database."""
        self.database: Final = database

    @classmethod
    def open(cls, address: Address, *, create: bool = False) -> "AnchorStore":
        """Open anchoring's database; `create` makes it or brings its tables up to date.

        Raises:
            Unavailable: nothing there yet, or not usable.
        """
        return cls(open_database(address, create=create))

    @classmethod
    def find(cls, address: Address) -> "AnchorStore | None":
        """Open anchoring's database for reading, or return None where no worker has made it yet.

        Raises:
            Unavailable: there is one, and it is not usable.
        """
        try:
            return cls.open(address)
        except NotMadeYet:
            return None

    def batches(self, *, limit: int | None = None, before: int | None = None) -> tuple[BatchSummary, ...]:
        """Return the batches of every line that count, newest first.

        Args:
            limit: at most so many; None for all.
            before: only batches with a smaller number, for paging.
        """
        query = _summaries().where(_counts())
        if before is not None:
            query = query.where(tables.batches.c.number < before)
        if limit is not None:
            query = query.limit(limit)
        with self.database.reading() as connection:
            return tuple(_summary(row) for row in connection.execute(query))

    def latest_final(self, target: Target | None = None) -> BatchSummary | None:
        """Return the newest FINAL batch, of one line or of any, or None before the first."""
        query = _summaries().where(tables.batches.c.state == State.FINAL, _counts()).limit(1)
        if target is not None:
            query = query.where(*line_is(target))
        with self.database.reading() as connection:
            row = connection.execute(query).first()
        return _summary(row) if row else None

    def final_heads(self, size: int) -> tuple[BatchSummary, ...]:
        """Return of every line the first and the newest FINAL batch of at least `size` entries, smallest first."""
        columns = tables.batches.c
        with self.database.reading() as connection:
            which = (columns.state == State.FINAL, columns.size >= size, _counts())
            ends = (
                select(
                    columns.line_id,
                    func.min(columns.size).label("first"),
                    func.max(columns.size).label("last"),
                )
                .join(tables.lines, tables.lines.c.id == columns.line_id)
                .where(*which)
                .group_by(columns.line_id)
                .subquery()
            )
            query = (
                _summaries()
                .join(ends, ends.c.line_id == columns.line_id)
                .where(*which, or_(columns.size == ends.c.first, columns.size == ends.c.last))
                .order_by(None)
                .order_by(columns.size, columns.line_id)
            )
            return tuple(_summary(row) for row in connection.execute(query))

    def polls(self) -> tuple[Poll, ...]:
        """Return the last look at every line's chain, the most recent first; not at logs that were left behind."""
        with self.database.reading() as connection:
            query = (
                select(tables.lines, tables.polls)
                .join(tables.polls, tables.polls.c.line_id == tables.lines.c.id)
                .where(tables.lines.c.max_size.is_(None))
                .order_by(tables.polls.c.read_at.desc(), tables.lines.c.id)
            )
            return tuple(_poll(connection, row) for row in connection.execute(query).all())

    def poll(self, target: Target) -> Poll | None:
        """Return the last look at one line's chain, or None when no worker of it ever ran."""
        wanted = (target.chain_id, target.contract, target.log_id)
        return next(
            (poll for poll in self.polls() if (poll.chain_id, poll.contract, poll.log_id) == wanted), None
        )

    def last_poll(self) -> Poll | None:
        """Return the most recent look at a chain, or None when no worker ever ran."""
        return next(iter(self.polls()), None)

    def request_batch(self) -> None:
        """Ask every line to anchor what the log holds now, whatever the policy. Durable on return."""
        with self.database.writing() as connection:
            connection.execute(_REQUEST)

    def leave_halt(self, target: Target, *, because: str, at: int) -> Halt:
        """Leave a halt on the operator's word; the worker repeats every check of its start-up.

        Raises:
            InvalidInput: that line is not halted, or no reason was given.
        """
        if not because.strip():
            raise InvalidInput("say why the line may go on: the reason is kept", code="no-reason")
        with self.database.writing() as connection:
            line = connection.execute(line_of(target)).first()
            row = connection.execute(standing_halt(line.id)).first() if line else None
            halt = halt_from_row(row)
            if row is None or halt is None:
                raise InvalidInput("this line is not halted: there is nothing to leave", code="not-halted")
            change = update(tables.halts).where(tables.halts.c.id == row.id)
            connection.execute(change.values(left_at=at, left_because=because))
        return halt

    def leave_line(self, target: Target, *, because: str, at: int) -> None:
        """End a line for good: what it holds counts for nothing any more, and its halt is over. Harmless to repeat.

        Its rows stay, and the numbers of its batches, which are the log's: other lines go on from there.

        Raises:
            InvalidInput: no worker of that line ever ran, or no reason was given.
        """
        if not because.strip():
            raise InvalidInput("say why the line is left: the reason is kept", code="no-reason")
        with self.database.writing() as connection:
            line = connection.execute(line_of(target)).first()
            if line is None:
                raise InvalidInput(
                    "no worker of this line ever ran: there is nothing to leave", code="no-line"
                )
            connection.execute(update(tables.lines).where(tables.lines.c.id == line.id).values(max_size=0))
            halts = tables.halts.c
            over = update(tables.halts).where(halts.line_id == line.id, halts.left_at.is_(None))
            connection.execute(over.values(left_at=at, left_because=because))
            kept = {"line_id": line.id, "at": at, "what": "the line was left for good", "because": because}
            connection.execute(insert(tables.repairs).values(**kept))


_REQUEST: Final = update(tables.lines).values(requested=tables.lines.c.requested + 1)


def _counts() -> ColumnElement[bool]:
    """Leave out what a log holds above the head from which its successor goes on."""
    most = tables.lines.c.max_size
    return or_(most.is_(None), tables.batches.c.size <= most)


@cache
def _summaries() -> Select[Any]:
    lines, batches = tables.lines.c, tables.batches.c
    return (
        select(tables.batches, lines.chain_id, lines.contract, lines.log_id)
        .join(tables.lines, lines.id == batches.line_id)
        .order_by(batches.number.desc(), batches.line_id)
    )


def _summary(row: AnyRow) -> BatchSummary:
    return BatchSummary(
        number=row.number,
        state=State(row.state),
        size=row.size,
        root=RootHash(row.root),
        note=row.note,
        chain_id=row.chain_id,
        contract=row.contract,
        log_id=row.log_id,
        tx_hash=row.tx_hash,
        block_number=row.block_number,
        block_time=row.block_time,
        finalized_number=row.finalized_number,
        sealed_at=row.sealed_at,
        changed_at=row.changed_at,
    )


def _poll(connection: Connection, row: AnyRow) -> Poll:
    return Poll(
        chain_id=row.chain_id,
        contract=row.contract,
        log_id=row.log_id,
        read_at=row.read_at,
        latest_number=row.latest_number,
        latest_time=row.latest_time,
        finalized_number=row.finalized_number if row.read_at is not None else None,
        finalized_time=row.finalized_time,
        head_size=row.head_size,
        problem=recalled(row.problem, row.problem_made),
        problem_at=row.problem_at,
        problem_kind=row.problem_kind,
        halt=halt_from_row(connection.execute(standing_halt(row.line_id)).first()),
    )
