"""Rows that more than one method of the store writes: a line, its transactions, problems, what a day cost."""

from typing import Final

from sqlalchemy import Connection, select

from anchoring import tables
from anchoring.batch import Batch, Target, Transaction
from anchoring.database import Conflict
from anchoring.line import ProblemKind, Spent
from anchoring.line_queries import (
    ADD_ATTEMPT,
    ADD_LINE,
    ADD_POLL,
    ADD_TRANSACTION,
    CHANGE_TRANSACTION,
    TRANSACTION_ID,
    TRANSACTION_UNSENT,
    line_of,
    spending_of,
)
from anchoring.rows import attempt_to_row, transaction_to_row
from certlog.checkpoint import Checkpoint, read_checkpoint
from certlog.errors import CertlogError, InvalidInput, NotTrusted
from certlog.sentences import Sentence, kept

DAY: Final = 86_400


def same_day(first: int, second: int) -> bool:
    """Tell whether two times are of one UTC day."""
    return day_of(first) == day_of(second)


def day_of(at: int) -> int:
    """Return when the UTC day of a time began."""
    return at - at % DAY


def spent_on_day(connection: Connection, chain_id: int, account: str, at: int) -> Spent:
    """Sum up an account's UTC day of `at`, in whatever log; a transaction without a receipt counts at its limit."""
    rows = connection.execute(spending_of(chain_id, account), {"day": day_of(at)}).all()
    gas = [row.gas if row.gas_used is None else row.gas_used for row in rows]
    wei = [used * row.max_fee if row.paid is None else row.paid for used, row in zip(gas, rows, strict=True)]
    return Spent(sum(gas), sum(wei))


def problem_values(problem: str, kind: ProblemKind | None, at: int) -> dict[str, object]:
    """Return the columns of `polls` for a problem, or for none."""
    return {
        "problem": str(problem),
        "problem_made": kept(problem),
        "problem_at": at if problem else None,
        "problem_kind": str(kind or ""),
    }


def of_nonce(transaction: Transaction) -> dict[str, object]:
    """Return the parameters that select a transaction's row."""
    return {
        "of_chain": transaction.chain_id,
        "of_account": transaction.account,
        "of_nonce": transaction.nonce,
    }


def add_transaction(
    connection: Connection, line_id: int, transaction: Transaction, batch_id: int | None
) -> None:
    """Store a new nonce's transaction with its attempts, for a batch, or for the opening of the log."""
    values = {"line_id": line_id, "batch_id": batch_id, **transaction_to_row(transaction)}
    key = connection.execute(ADD_TRANSACTION, values).inserted_primary_key
    if key is None:
        raise Conflict("the database gave no id to a transaction")
    for attempt in transaction.attempts:
        connection.execute(ADD_ATTEMPT, {"transaction_id": key[0], **attempt_to_row(attempt)})


def add_attempt(connection: Connection, transaction: Transaction) -> None:
    """Store a transaction's newest attempt, which has not left yet."""
    key = connection.execute(TRANSACTION_ID, of_nonce(transaction)).scalar_one()
    connection.execute(ADD_ATTEMPT, {"transaction_id": key, **attempt_to_row(transaction.newest)})
    connection.execute(TRANSACTION_UNSENT, {"transaction_id": key})


def store_sending(connection: Connection, transaction: Transaction) -> None:
    """Keep when a transaction's attempts left, and what was answered."""
    values = {"sent_at": transaction.sent_at, "last_answer": transaction.last_answer}
    connection.execute(CHANGE_TRANSACTION, {**values, **of_nonce(transaction)})


def store_cost(
    connection: Connection, transaction: Transaction, gas_used: int | None, paid: int | None
) -> None:
    """Keep what a receipt told; a later look that found none takes nothing away."""
    if gas_used is not None:
        connection.execute(CHANGE_TRANSACTION, {"gas_used": gas_used, "paid": paid, **of_nonce(transaction)})


def find_or_make_line(connection: Connection, target: Target, now: int) -> int:
    """Return the row id of a target's line.

    Raises:
        InvalidInput: the database, or the line, is another log's, or the line was left for good.
    """
    found = connection.execute(line_of(target)).first()
    if found is None:
        _require_one_log(connection, target)
        row = {
            "chain_id": target.chain_id,
            "contract": target.contract,
            "log_id": target.log_id,
            "origin": target.origin,
            "created_at": now,
        }
        made = connection.execute(ADD_LINE, row)
        line_id = int(made.inserted_primary_key[0]) if made.inserted_primary_key else 0
        connection.execute(ADD_POLL, {"line_id": line_id})
        return line_id
    if found.origin != target.origin:
        message = Sentence(
            "log {log_id} was set up for origin {origin!r}, not {expected!r}",
            log_id=target.log_id.hex(),
            origin=found.origin,
            expected=target.origin,
        )
        raise InvalidInput(message, code="wrong-origin")
    if found.max_size == 0:
        message = Sentence(
            "log {log_id} in {contract} was left for good: nothing that is anchored there counts any more",
            log_id=target.log_id.hex(),
            contract=target.contract,
        )
        raise InvalidInput(message, code="left")
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
