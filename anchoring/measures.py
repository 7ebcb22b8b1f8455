"""What can be measured of one line, from one read of anchoring's database. It asks no chain and changes nothing."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from anchoring import tables
from anchoring.batch import State, Target
from anchoring.database import Database
from anchoring.line import Spent
from anchoring.line_queries import line_is, standing_halt
from anchoring.line_rows import spent_on_day
from anchoring.rows import AnyRow


@dataclass(frozen=True, slots=True)
class LineMeasures:
    """The state of one line; times are seconds since 1970, None is "not yet"."""

    anchored_size: int
    """Entries of the newest FINAL batch."""
    anchored_at: int | None
    """Its block's time."""
    open_state: State | None
    open_since: int | None
    attempts: int
    """Signed transactions of the open batch: more than one were bumped."""
    halted: str
    """A HaltReason, or empty."""
    problem: str
    """A ProblemKind, or empty."""
    read_at: int | None
    latest_number: int | None
    latest_time: int | None
    finalized_number: int | None
    spent: Spent
    """By its account, in the UTC day."""


def measure_line(database: Database, target: Target, account: str, at: int) -> LineMeasures | None:
    """Return what stands in the database about a line and its account; None while no worker of it ever ran."""
    with database.reading() as connection:
        line = select(tables.lines.c.id).where(*line_is(target))
        line_id = connection.execute(line).scalar_one_or_none()
        spent = spent_on_day(connection, target.chain_id, account, at)
        return None if line_id is None else _measure(connection, line_id, spent)


def _measure(connection: Connection, line_id: int, spent: Spent) -> LineMeasures:
    batches = tables.batches.c
    of_line = (
        select(tables.batches).where(batches.line_id == line_id).order_by(batches.number.desc()).limit(1)
    )
    final = connection.execute(of_line.where(batches.state == State.FINAL)).first()
    under_way = connection.execute(of_line.where(batches.state != State.FINAL)).first()
    poll = connection.execute(select(tables.polls).where(tables.polls.c.line_id == line_id)).one()
    halt = connection.execute(standing_halt(line_id)).first()
    read = poll.read_at is not None
    return LineMeasures(
        anchored_size=final.size if final else 0,
        anchored_at=final.block_time if final else None,
        open_state=State(under_way.state) if under_way else None,
        open_since=under_way.sealed_at if under_way else None,
        attempts=_attempts(connection, under_way),
        halted=halt.reason if halt else "",
        problem=poll.problem_kind,
        read_at=poll.read_at,
        latest_number=poll.latest_number,
        latest_time=poll.latest_time,
        finalized_number=poll.finalized_number if read else None,
        spent=spent,
    )


def _attempts(connection: Connection, under_way: AnyRow | None) -> int:
    if under_way is None:
        return 0
    attempts, transactions = tables.attempts.c, tables.transactions.c
    query = (
        select(func.count())
        .select_from(tables.attempts)
        .join(tables.transactions, transactions.id == attempts.transaction_id)
        .where(transactions.batch_id == under_way.id)
    )
    return int(connection.execute(query).scalar_one())
