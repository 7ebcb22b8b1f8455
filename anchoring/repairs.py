"""Reads what a repair must know, and writes it: one transaction, under the lead, with its reason kept for good."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, insert, select, update

from anchoring import tables
from anchoring.batch import Batch, HaltReason, Head, SealedHead
from anchoring.checks import check_pins
from anchoring.contract import successor_id
from anchoring.desk import prove
from anchoring.facts import Facts, LogFacts, Seal
from anchoring.line import Line, Pins
from anchoring.line_store import LineStore
from anchoring.ports import Block, Chain, SealedBatches
from anchoring.recovery import Adopt, CountUp, Repair, Requeue
from anchoring.rows import batch_to_row
from certlog.digests import RootHash
from certlog.errors import InvalidInput

MOST_SEALS: Final = 100_000
"""Batches that are asked for one by one: some two years of a batch every ten minutes."""


def gather(chain: Chain, log: SealedBatches, line: Line, pins: Pins, finals: Iterable[Batch] = ()) -> Facts:
    """Read chain and log, with the worker stopped.

    Args:
        chain: the line's.
        log: the registry's.
        line: as last read.
        pins: what must hold on the wire.
        finals: the line's FINAL batches, newest first; only as many are read as are gone from the chain.

    Raises:
        InvalidInput: not the pinned chain or contract, or the log's own heads do not follow each other.
        Unavailable: no answer came, or nodes disagree.
    """
    wrong = check_pins(chain.chain_id(), chain.code_hash(), pins)
    if wrong is not None:
        raise InvalidInput(wrong.detail, code=str(wrong.reason))
    finalized, log_id, batch = chain.finalized(), pins.target.log_id, line.open_batch
    latest = chain.latest()
    sealed = _sealed_since(log, line.last_final) if _goes_by_seals(line) else []
    held, oldest = _newest_held(chain, log_id, finals, finalized)
    return Facts(
        finalized=finalized,
        final_head=chain.head(log_id, finalized),
        head=chain.head(log_id, latest),
        final_nonce=chain.transaction_count(pins.account, finalized),
        nonce=chain.transaction_count(pins.account, latest),
        seals=tuple(
            Seal(number, head, chain.anchored_at(log_id, head.head, finalized)) for number, head in sealed
        ),
        anchored=batch is not None and chain.anchored_at(log_id, batch.new, latest) is not None,
        held=held,
        reopens=_reopens(chain, pins, oldest, finalized) if oldest and held is None else None,
        log=_log_facts(log, line),
    )


def _newest_held(
    chain: Chain, log_id: bytes, finals: Iterable[Batch], finalized: Block
) -> tuple[Batch | None, Batch | None]:
    """Return the newest batch that the contract holds, and the last that was asked for: the oldest, if none is held."""
    asked = None
    for batch in finals:
        asked = batch
        if chain.anchored_at(log_id, batch.new, finalized) is not None:
            return batch, batch
    return None, asked


def _reopens(chain: Chain, pins: Pins, oldest: Batch, finalized: Block) -> Head | None:
    """Return the head that gave a successor its id, if its predecessor still holds it; the id itself proves it."""
    old, head = pins.predecessor, oldest.new
    if old is None or successor_id(old, head.size, head.root) != pins.target.log_id:
        return None
    return head if chain.anchored_at(old, head, finalized) is not None else None


def _goes_by_seals(line: Line) -> bool:
    return line.halt is not None and line.halt.reason is HaltReason.FOREIGN_HEAD


def _sealed_since(log: SealedBatches, last: Batch | None) -> list[tuple[int, SealedHead]]:
    """Return what the log sealed after a batch; each head is proven to follow the one before."""
    first = last.number + 1 if last else 1
    sealed = [each for each in log.sealed_batches() if each[0] >= first][-MOST_SEALS:]
    previous = last.new if last else None
    for _, head in sealed:
        if previous is not None:
            prove(log, previous, head.head)
        previous = head.head
    return sealed


def _log_facts(log: SealedBatches, line: Line) -> LogFacts:
    size = log.latest_size()

    def root(batch: Batch | None) -> RootHash | None:
        return None if batch is None or batch.new.size > size else log.root(batch.new.size)

    batch = line.open_batch
    notes = {number: head.note for number, head in log.sealed_batches()} if batch else {}
    note = notes.get(batch.number) if batch else None
    return LogFacts(size, root(line.last_final), root(batch), note)


class Repairs:
    """Performs repairs on one line. Its holder has the leader lock and has taken the lead."""

    def __init__(self, store: LineStore, pins: Pins) -> None:
        """Write through this store."""
        self._store: Final = store
        self._pins: Final = pins

    def perform(self, repair: Repair, *, what: str, because: str, at: int) -> None:
        """Write the repair, leave the halt and keep why; all of it or nothing.

        Raises:
            InvalidInput: no reason was given.
            Conflict: the line changed since it was read.
        """
        if not because.strip():
            raise InvalidInput("say why the line is repaired: the reason is kept", code="no-reason")
        with self._store.leading() as connection:
            self._leave_halt(connection, because, at)
            match repair:
                case Requeue(old, new, next_nonce):
                    self._store.swap(connection, old, new)
                    self._count_up(connection, next_nonce)
                case CountUp(next_nonce):
                    self._count_up(connection, next_nonce)
                case Adopt():
                    self._adopt(connection, repair)
            row = {"line_id": self._store.line_id, "at": at, "what": what, "because": because}
            connection.execute(insert(tables.repairs).values(**row))

    def _adopt(self, connection: Connection, repair: Adopt) -> None:
        unfinished = repair.open_batch
        for batch in repair.batches:
            if unfinished is not None and batch.number == unfinished.number:
                self._store.swap(connection, unfinished, batch)
                continue
            row = {"line_id": self._store.line_id, **batch_to_row(batch)}
            connection.execute(insert(tables.batches).values(**row))
        lines = tables.lines.c
        opened = update(tables.lines).where(lines.id == self._store.line_id, lines.opened_at.is_(None))
        connection.execute(opened.values(opened_at=repair.batches[0].changed_at))
        self._count_up(connection, repair.next_nonce)

    def _leave_halt(self, connection: Connection, because: str, at: int) -> None:
        halts = tables.halts.c
        left = update(tables.halts).where(halts.line_id == self._store.line_id, halts.left_at.is_(None))
        connection.execute(left.values(left_at=at, left_because=because))

    def _count_up(self, connection: Connection, next_nonce: int) -> None:
        """Move the counter up; a nonce that was given out is never given out again."""
        chain_id, account = self._pins.target.chain_id, self._pins.account
        nonces = tables.nonces.c
        mine = (nonces.chain_id == chain_id, nonces.account == account)
        known = connection.execute(select(nonces.next_nonce).where(*mine)).scalar()
        if known is None:
            row = {"chain_id": chain_id, "account": account, "next_nonce": next_nonce}
            connection.execute(insert(tables.nonces).values(**row))
        elif known < next_nonce:
            connection.execute(update(tables.nonces).where(*mine).values(next_nonce=next_nonce))
