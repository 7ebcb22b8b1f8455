"""What the store asks of a line. Each statement is built once: in SQLAlchemy building costs more than running."""

from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Insert, Select, Update, and_, bindparam, func, insert, select, update

from anchoring import tables
from anchoring.batch import Purpose, State, Target

_DAY: Final = 86_400

_transactions, _attempts = tables.transactions.c, tables.attempts.c

ADD_LINE: Final[Insert] = insert(tables.lines)
ADD_POLL: Final[Insert] = insert(tables.polls)
ADD_BATCH: Final[Insert] = insert(tables.batches)
ADD_NONCE: Final[Insert] = insert(tables.nonces)
ADD_TRANSACTION: Final[Insert] = insert(tables.transactions)
ADD_ATTEMPT: Final[Insert] = insert(tables.attempts)
ADD_HALT: Final[Insert] = insert(tables.halts)
"""New rows: the columns are the parameters."""

_OF_TRANSACTION: Final = (
    _transactions.chain_id == bindparam("of_chain"),
    _transactions.account == bindparam("of_account"),
    _transactions.nonce == bindparam("of_nonce"),
)

TRANSACTION_ID: Final[Select[int]] = select(_transactions.id).where(*_OF_TRANSACTION)
"""Of a nonce: parameters of_chain, of_account, of_nonce."""

CHANGE_TRANSACTION: Final[Update] = update(tables.transactions).where(*_OF_TRANSACTION)
"""Of a nonce: parameters of_chain, of_account, of_nonce, and the columns that change."""

TRANSACTION_UNSENT: Final[Update] = (
    update(tables.transactions).where(_transactions.id == bindparam("transaction_id")).values(sent_at=None)
)
"""Parameter transaction_id."""

NEWEST_NUMBER: Final[Select[Any]] = select(func.max(tables.batches.c.number))
"""Of all lines."""

NEWEST_TRANSACTION: Final[Select[Any]] = (
    select(tables.transactions)
    .where(_transactions.batch_id == bindparam("batch_id"))
    .order_by(_transactions.id.desc())
    .limit(1)
)
"""Of a batch: parameter batch_id."""

ATTEMPTS: Final[Select[Any]] = (
    select(tables.attempts)
    .where(_attempts.transaction_id == bindparam("transaction_id"))
    .order_by(_attempts.id)
)
"""Of a transaction, oldest first: parameter transaction_id."""


def own_account(chain_id: int, account: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that select an account's nonce."""
    nonces = tables.nonces.c
    return (nonces.chain_id == chain_id, nonces.account == account)


@cache
def line_of(target: Target) -> Select[Any]:
    """Return the query for a target's row of `lines`."""
    return select(tables.lines).where(*line_is(target))


def line_is(target: Target) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that select a target's row of `lines`."""
    lines = tables.lines.c
    return (
        lines.chain_id == target.chain_id,
        lines.contract == target.contract,
        lines.log_id == target.log_id,
    )


@cache
def standing_halt(line_id: int) -> Select[Any]:
    """Return the query for the halt that a line has not left."""
    return select(tables.halts).where(tables.halts.c.line_id == line_id, tables.halts.c.left_at.is_(None))


@cache
def change_line(line_id: int) -> Update:
    """Return a change of a line: the columns that change are the parameters."""
    return update(tables.lines).where(tables.lines.c.id == line_id)


@cache
def lead_taken(line_id: int) -> Update:
    """Return the change that makes another leader of a line."""
    return change_line(line_id).values(fence=tables.lines.c.fence + 1)


@cache
def newest_number(line_id: int) -> Select[Any]:
    """Return the query for the highest number of a line's batches."""
    return NEWEST_NUMBER.where(tables.batches.c.line_id == line_id)


@cache
def batch_id(line_id: int) -> Select[int]:
    """Return the query for a batch's row id: parameter of_number."""
    batches = tables.batches.c
    return select(batches.id).where(batches.line_id == line_id, batches.number == bindparam("of_number"))


@cache
def next_nonce(chain_id: int, account: str) -> Select[int]:
    """Return the query for an account's next nonce."""
    return select(tables.nonces.c.next_nonce).where(*own_account(chain_id, account))


@cache
def nonce_taken(chain_id: int, account: str) -> Update:
    """Return the compare-and-swap of an account's next nonce: parameters known and next_nonce."""
    nonces = tables.nonces.c
    mine = own_account(chain_id, account)
    return update(tables.nonces).where(*mine, nonces.next_nonce == bindparam("known"))


@cache
def line_row(line_id: int, chain_id: int, account: str) -> Select[Any]:
    """Return the query for a line with its last poll's finalized block and its account's next nonce."""
    lines, polls, nonces = tables.lines.c, tables.polls.c, tables.nonces.c
    return (
        select(tables.lines, polls.finalized_number, polls.read_at, nonces.next_nonce)
        .join(tables.polls, polls.line_id == lines.id)
        .outerjoin(tables.nonces, and_(*own_account(chain_id, account)))
        .where(lines.id == line_id)
    )


@cache
def batches_of(line_id: int) -> Select[Any]:
    """Return the query for all batches of a line."""
    return select(tables.batches).where(tables.batches.c.line_id == line_id)


@cache
def newest_two(line_id: int) -> Select[Any]:
    """Return the query for the open batch and the last FINAL one."""
    return batches_of(line_id).order_by(tables.batches.c.number.desc()).limit(2)


@cache
def opening_of(line_id: int) -> Select[Any]:
    """Return the query for a line's newest openLog transaction."""
    return (
        select(tables.transactions)
        .where(_transactions.line_id == line_id, _transactions.purpose == Purpose.OPEN_LOG)
        .order_by(_transactions.id.desc())
        .limit(1)
    )


@cache
def fence_of(line_id: int) -> Select[int]:
    """Return the query for the number of a line's last leader."""
    return select(tables.lines.c.fence).where(tables.lines.c.id == line_id)


@cache
def finalized_of(line_id: int) -> Select[int]:
    """Return the query for the highest finalized block that was read."""
    return select(tables.polls.c.finalized_number).where(tables.polls.c.line_id == line_id)


@cache
def poll_of(line_id: int) -> Update:
    """Return the change of what was last read: the columns that change are the parameters."""
    return update(tables.polls).where(tables.polls.c.line_id == line_id)


@cache
def swap_of(line_id: int) -> Update:
    """Return the compare-and-swap of a batch: parameters old_number, old_state, old_version, and the batch's columns.

    A standing halt forbids it.
    """
    batches = tables.batches.c
    standing = (
        select(tables.halts.c.id)
        .where(tables.halts.c.line_id == line_id, tables.halts.c.left_at.is_(None))
        .exists()
    )
    return update(tables.batches).where(
        batches.line_id == line_id,
        batches.number == bindparam("old_number"),
        batches.state == bindparam("old_state"),
        batches.version == bindparam("old_version"),
        ~standing,
    )


@cache
def unfinished_of(line_id: int) -> Select[Any]:
    """Return the query for a batch that is not FINAL."""
    return batches_of(line_id).where(tables.batches.c.state != State.FINAL)


@cache
def spending_of(chain_id: int, account: str) -> Select[Any]:
    """Return the query for what an account signed in a UTC day (parameter day), which is the newest attempt's."""
    signed_at, max_fee = func.max(_attempts.created_at), func.max(_attempts.max_fee)
    cost = (_transactions.gas, _transactions.gas_used, _transactions.paid)
    return (
        select(*cost, max_fee.label("max_fee"))
        .join(tables.attempts, _attempts.transaction_id == _transactions.id)
        .where(_transactions.chain_id == chain_id, _transactions.account == account)
        .group_by(_transactions.id, *cost)
        .having(signed_at >= bindparam("day"), signed_at < bindparam("day") + _DAY)
    )
