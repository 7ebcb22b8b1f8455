"""Rows that more than one method of the store writes: a line, its transactions, problems, what a day cost."""

from typing import Final

from sqlalchemy import ColumnElement, Connection, insert, select, update

from anchoring import tables
from anchoring.batch import Batch, Target, Transaction
from anchoring.database import Conflict
from anchoring.line import ProblemKind, Spent
from anchoring.line_queries import spending_of
from anchoring.rows import attempt_to_row, transaction_to_row
from anchoring.store import line_is
from certlog.checkpoint import Checkpoint, read_checkpoint
from certlog.errors import CertlogError, InvalidInput, NotTrusted
from certlog.sentences import Sentence

DAY: Final = 86_400


def same_day(first: int, second: int) -> bool:
    """Tell whether two times are of one UTC day."""
    return day_of(first) == day_of(second)


def day_of(at: int) -> int:
    """Return when the UTC day of a time began."""
    return at - at % DAY


def spent_on_day(connection: Connection, line_id: int, at: int) -> Spent:
    """Sum up the UTC day of `at`; a transaction without a receipt counts at its limit."""
    rows = connection.execute(spending_of(line_id), {"day": day_of(at)}).all()
    gas = [row.gas if row.gas_used is None else row.gas_used for row in rows]
    wei = [used * row.max_fee if row.paid is None else row.paid for used, row in zip(gas, rows, strict=True)]
    return Spent(sum(gas), sum(wei))


def problem_values(problem: str, kind: ProblemKind | None, at: int) -> dict[str, object]:
    """Return the columns of `polls` for a problem, or for none."""
    return {
        "problem": problem,
        "problem_at": at if problem else None,
        "problem_kind": str(kind or ""),
    }


def same_nonce(transaction: Transaction) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that select a transaction's row."""
    columns = tables.transactions.c
    return (
        columns.chain_id == transaction.chain_id,
        columns.account == transaction.account,
        columns.nonce == transaction.nonce,
    )


def add_transaction(
    connection: Connection, line_id: int, transaction: Transaction, batch_id: int | None
) -> None:
    """Store a new nonce's transaction with its attempts, for a batch, or for the opening of the log."""
    values = {"line_id": line_id, "batch_id": batch_id, **transaction_to_row(transaction)}
    key = connection.execute(insert(tables.transactions).values(**values)).inserted_primary_key
    if key is None:
        raise Conflict("the database gave no id to a transaction")
    for attempt in transaction.attempts:
        row = attempt_to_row(attempt)
        connection.execute(insert(tables.attempts).values(transaction_id=key[0], **row))


def add_attempt(connection: Connection, transaction: Transaction) -> None:
    """Store a transaction's newest attempt, which has not left yet."""
    transactions = tables.transactions.c
    query = select(transactions.id).where(*same_nonce(transaction))
    key = connection.execute(query).scalar_one()
    row = attempt_to_row(transaction.newest)
    connection.execute(insert(tables.attempts).values(transaction_id=key, **row))
    change = update(tables.transactions).where(transactions.id == key)
    connection.execute(change.values(sent_at=None))


def store_sending(connection: Connection, transaction: Transaction) -> None:
    """Keep when a transaction's attempts left, and what was answered."""
    change = update(tables.transactions).where(*same_nonce(transaction))
    connection.execute(change.values(sent_at=transaction.sent_at, last_answer=transaction.last_answer))


def store_cost(
    connection: Connection, transaction: Transaction, gas_used: int | None, paid: int | None
) -> None:
    """Keep what a receipt told; a later look that found none takes nothing away."""
    if gas_used is not None:
        change = update(tables.transactions).where(*same_nonce(transaction))
        connection.execute(change.values(gas_used=gas_used, paid=paid))


def find_or_make_line(connection: Connection, target: Target, now: int) -> int:
    """Return the row id of a target's line.

    Raises:
        InvalidInput: the database, or the line, is another log's.
    """
    found = connection.execute(select(tables.lines).where(*line_is(target))).first()
    if found is None:
        _require_one_log(connection, target)
        made = connection.execute(
            insert(tables.lines).values(
                chain_id=target.chain_id,
                contract=target.contract,
                log_id=target.log_id,
                origin=target.origin,
                created_at=now,
            )
        )
        line_id = int(made.inserted_primary_key[0]) if made.inserted_primary_key else 0
        connection.execute(insert(tables.polls).values(line_id=line_id))
        return line_id
    if found.origin != target.origin:
        message = Sentence(
            "log {log_id} was set up for origin {origin!r}, not {expected!r}",
            log_id=target.log_id.hex(),
            origin=found.origin,
            expected=target.origin,
        )
        raise InvalidInput(message, code="wrong-origin")
    return int(found.id)


def _require_one_log(connection: Connection, target: Target) -> None:
    """Require that nobody anchors another log here: batches of all lines are numbered as the one log seals them."""
    origins = select(tables.lines.c.origin).where(tables.lines.c.origin != target.origin).limit(1)
    other = connection.execute(origins).scalar()
    if other is not None:
        message = Sentence(
            "this database anchors the log {other!r}; anchor {origin!r} in another database, or in another schema",
            other=other,
            origin=target.origin,
        )
        raise InvalidInput(message, code="other-log")


def check_batch(batch: Batch, previous: Batch | None, origin: str) -> None:
    """Require that a stored batch says what its signed checkpoint says, and follows the one before it."""
    place = Sentence("batch {number} in anchoring's database", number=batch.number)
    try:
        stated = read_checkpoint(batch.note)
    except CertlogError as error:
        raise NotTrusted(
            Sentence("{place} has no readable checkpoint: {error}", place=place, error=error), code="damaged"
        ) from error
    if stated != Checkpoint(origin, batch.new.size, batch.new.root):
        raise NotTrusted(
            Sentence("{place} is not what its signed checkpoint says", place=place), code="damaged"
        )
    if previous is not None and not batch.old.same_as(previous.new):
        raise NotTrusted(
            Sentence("{place} does not follow batch {number}", place=place, number=previous.number),
            code="damaged",
        )
