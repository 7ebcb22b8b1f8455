"""Rows to values and back: the one place that knows both the tables and the state machine's types."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row

from anchoring.batch import (
    Attempt,
    Batch,
    Fees,
    Halt,
    HaltReason,
    Head,
    Inclusion,
    Purpose,
    State,
    Transaction,
)
from anchoring.line_queries import ATTEMPTS
from certlog.digests import RootHash
from certlog.sentences import kept, recalled

AnyRow: TypeAlias = Row[Any]


def batch_from_row(row: AnyRow, transaction: Transaction | None) -> Batch:
    """Return the batch of a row of `batches`."""
    return Batch(
        number=row.number,
        state=State(row.state),
        version=row.version,
        old=Head(row.old_size, RootHash(row.old_root)),
        new=Head(row.size, RootHash(row.root)),
        note=row.note,
        sealed_at=row.sealed_at,
        transaction=transaction,
        inclusion=_inclusion(row),
        finalized_number=row.finalized_number,
        changed_at=row.changed_at,
        gas=row.gas,
    )


def batch_to_row(batch: Batch) -> dict[str, object]:
    """Return the columns of `batches` for a batch, without its line."""
    inclusion = batch.inclusion
    return {
        "number": batch.number,
        "state": str(batch.state),
        "version": batch.version,
        "old_size": batch.old.size,
        "old_root": batch.old.root,
        "size": batch.new.size,
        "root": batch.new.root,
        "note": batch.note,
        "sealed_at": batch.sealed_at,
        "changed_at": batch.changed_at,
        "block_number": inclusion.block_number if inclusion else None,
        "block_time": inclusion.block_time if inclusion else None,
        "tx_hash": inclusion.tx_hash if inclusion else None,
        "finalized_number": batch.finalized_number,
        "gas": batch.gas,
    }


def read_transaction(connection: Connection, row: AnyRow | None) -> Transaction | None:
    """Return the transaction of a row of `transactions` with its attempts, oldest first."""
    if row is None:
        return None
    return Transaction(
        purpose=Purpose(row.purpose),
        chain_id=row.chain_id,
        account=row.account,
        nonce=row.nonce,
        calldata=row.calldata,
        attempts=_attempts(connection.execute(ATTEMPTS, {"transaction_id": row.id}).all()),
        gas=row.gas,
        sent_at=row.sent_at,
        last_answer=row.last_answer,
    )


def transaction_to_row(transaction: Transaction) -> dict[str, object]:
    """Return the columns of `transactions`, without its line, batch and attempts."""
    return {
        "purpose": str(transaction.purpose),
        "chain_id": transaction.chain_id,
        "account": transaction.account,
        "nonce": transaction.nonce,
        "calldata": transaction.calldata,
        "gas": transaction.gas,
        "sent_at": transaction.sent_at,
        "last_answer": transaction.last_answer,
    }


def attempt_to_row(attempt: Attempt) -> dict[str, object]:
    """Return the columns of `attempts`, without its transaction."""
    return {
        "raw": attempt.raw,
        "tx_hash": attempt.tx_hash,
        "max_fee": attempt.fees.max_fee,
        "priority_fee": attempt.fees.priority_fee,
        "created_at": attempt.created_at,
    }


def halt_from_row(row: AnyRow | None) -> Halt | None:
    """Return the halt of a row of `halts`."""
    if row is None:
        return None
    return Halt(HaltReason(row.reason), recalled(row.detail, row.detail_made), row.at, row.batch_number)


def halt_to_row(halt: Halt) -> dict[str, object]:
    """Return the columns of `halts` for a halt that stands, without its line."""
    return {
        "reason": str(halt.reason),
        "detail": str(halt.detail),
        "detail_made": kept(halt.detail),
        "batch_number": halt.batch_number,
        "at": halt.at,
    }


def _attempts(rows: Sequence[AnyRow]) -> tuple[Attempt, ...]:
    return tuple(
        Attempt(row.raw, row.tx_hash, Fees(row.max_fee, row.priority_fee), row.created_at) for row in rows
    )


def _inclusion(row: AnyRow) -> Inclusion | None:
    if row.block_number is None:
        return None
    return Inclusion(row.block_number, row.block_time, row.tx_hash)
