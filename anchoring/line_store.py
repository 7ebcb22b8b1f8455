"""The worker's side of the database: one line, and one transaction for each arrow of the state machine.

Every change of a batch is a compare-and-swap on (state, version), which a standing halt also blocks; a loser
gets Conflict, reads again and decides again. Every write is fenced: it fails when another worker has taken the lead
since. What a method did is durable when it returns. No chain here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Select

from anchoring import tables
from anchoring.batch import (
    Batch,
    Halt,
    HaltReason,
    SealedHead,
    State,
    Target,
    Transaction,
    seal,
)
from anchoring.database import Conflict, Database, Fenced
from anchoring.line import Line, Mined, Observation, ProblemKind, Spent, Wait
from anchoring.line_queries import (
    ADD_BATCH,
    ADD_HALT,
    ADD_NONCE,
    NEWEST_NUMBER,
    NEWEST_TRANSACTION,
    batch_id,
    batches_of,
    change_line,
    fence_of,
    finalized_of,
    lead_taken,
    line_row,
    newest_number,
    newest_two,
    next_nonce,
    nonce_taken,
    opening_of,
    poll_of,
    standing_halt,
    swap_of,
    unfinished_of,
)
from anchoring.line_rows import (
    add_attempt,
    add_transaction,
    check_batch,
    find_or_make_line,
    problem_values,
    spent_on_day,
    store_cost,
    store_sending,
)
from anchoring.rows import (
    AnyRow,
    batch_from_row,
    batch_to_row,
    halt_from_row,
    halt_to_row,
    read_transaction,
)
from certlog.sentences import Sentence

Build = Callable[[int], Transaction]
"""Makes the signed transaction for a nonce; called inside the transaction that gives the nonce out."""


class LineStore:
    """One target's batches, nonces and halts."""

    def __init__(self, database: Database, target: Target, account: str, *, now: int) -> None:
        """Find the line of this target, or make it.

        Args:
            database: opened with create=True.
            target: where this line's batches go.
            account: the address whose nonces are given out.
            now: the time now.
        """
        self._database: Final = database
        self._target: Final = target
        self._account: Final = account
        self._fence: int | None = None
        with database.writing() as connection:
            self.line_id: Final = find_or_make_line(connection, target, now)

    def take_lead(self) -> int:
        """Become the only worker that may write this line: whoever led before is fenced off from now on.

        For the holder of the leader lock. Returns the number of this leadership.
        """
        with self._database.writing() as connection:
            connection.execute(lead_taken(self.line_id))
            fence = connection.execute(fence_of(self.line_id)).scalar_one()
        self._fence = int(fence)
        return self._fence

    def check(self) -> None:
        """Require an undamaged database whose batches are one chain and agree with their signed checkpoints.

        Raises:
            Unavailable: damaged, or tables of another version.
            NotTrusted: rows contradict each other or the checkpoints stored beside them.
        """
        self._database.check()
        query = batches_of(self.line_id).order_by(tables.batches.c.number)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        previous: Batch | None = None
        for row in rows:
            batch = batch_from_row(row, None)
            check_batch(batch, previous, self._target.origin)
            previous = batch

    def line(self) -> Line:
        """Return everything known about the line, from one consistent read."""
        with self._database.reading() as connection:
            row = connection.execute(self._line_row()).one()
            opened = row.opened_at is not None
            rows = connection.execute(newest_two(self.line_id)).all()
            open_row = rows[0] if rows and rows[0].state != State.FINAL else None
            final_row = next((each for each in rows if each.state == State.FINAL), None)
            return Line(
                opened=opened,
                opening=None if opened else read_transaction(connection, self._opening_row(connection)),
                next_nonce=row.next_nonce,
                open_batch=self._with_transaction(connection, open_row) if open_row else None,
                last_final=batch_from_row(final_row, None) if final_row else None,
                halt=halt_from_row(connection.execute(standing_halt(self.line_id)).first()),
                requested=row.requested,
                served=row.served,
                finalized_number=row.finalized_number,
                finalized_at=row.read_at,
            )

    def finals(self) -> Iterator[Batch]:
        """Yield the FINAL batches, newest first, without their transactions; each is read when it is asked for."""
        number = tables.batches.c.number
        query = batches_of(self.line_id).where(tables.batches.c.state == State.FINAL).order_by(number.desc())
        below: int | None = None
        while True:
            with self._database.reading() as connection:
                older = query if below is None else query.where(number < below)
                row = connection.execute(older.limit(1)).first()
            if row is None:
                return
            yield batch_from_row(row, None)
            below = row.number

    def spent(self, at: int) -> Spent:
        """Return what the account's transactions of a time's UTC day cost so far on this chain, in whatever log."""
        with self._database.reading() as connection:
            return spent_on_day(connection, self._target.chain_id, self._account, at)

    def next_number(self) -> int:
        """Return the number to ask the log for: the newest that it sealed for another line, or the next one.

        Lines share the heads that they anchor, and none waits for another: one that is slower, or begins later, leaves
        out what lies between.
        """
        with self._database.reading() as connection:
            own = connection.execute(newest_number(self.line_id)).scalar()
            newest = connection.execute(NEWEST_NUMBER).scalar()
        return max(int(own or 0) + 1, int(newest or 1))

    def add_sealed(self, number: int, sealed: SealedHead, line: Line, *, at: int) -> Batch:
        """T1: store batch `number`. The requests that `line` had seen are served by it."""
        batch = seal(number, line.last_final, sealed, origin=self._target.origin, at=at)
        with self.leading() as connection:
            self._require_going(connection)
            if connection.execute(unfinished_of(self.line_id)).first():
                raise Conflict(Sentence("another worker sealed a batch before batch {number}", number=number))
            connection.execute(ADD_BATCH, {"line_id": self.line_id, **batch_to_row(batch)})
            connection.execute(change_line(self.line_id), {"served": line.requested})
        return batch

    def prepare(self, batch: Batch, *, first_nonce: int, build: Build, at: int) -> Batch:
        """T2: give out the next nonce, sign, store the raw bytes, count the nonce up: all of it or nothing.

        Args:
            batch: a SEALED batch as last read.
            first_nonce: the account's finalized transaction count, for an account never used before.
            build: signs for the nonce that it is given.
            at: the time now.
        """
        with self.leading() as connection:
            transaction = build(self._take_nonce(connection, first_nonce))
            prepared = batch.prepare(transaction, at)
            batch_id = self.swap(connection, batch, prepared)
            add_transaction(connection, self.line_id, transaction, batch_id)
        return prepared

    def prepare_opening(
        self,
        *,
        first_nonce: int,
        build: Build,
        after: Transaction | None = None,
        mined: Mined | None = None,
    ) -> Transaction:
        """Store a signed openLog transaction, as T2 for a batch; a second one `after` the newest, with its cost."""
        with self.leading() as connection:
            self._require_going(connection)
            row = self._opening_row(connection)
            if (row.nonce if row else None) != (after.nonce if after else None):
                raise Conflict("another worker prepared the opening of the log")
            if after is not None and mined is not None:
                store_cost(connection, after, mined.gas_used, mined.paid)
            transaction = build(self._take_nonce(connection, first_nonce))
            add_transaction(connection, self.line_id, transaction, None)
        return transaction

    def move(self, old: Batch, new: Batch) -> None:
        """Store one transition (T3, T4, T5, T7, requeue): `new` must be made from `old` by a method of Batch."""
        with self.leading() as connection:
            self.swap(connection, old, new)
            if new.transaction is not None:
                store_sending(connection, new.transaction)
            if new.inclusion is not None and old.transaction is not None:
                store_cost(connection, old.transaction, new.inclusion.gas_used, new.inclusion.paid)

    def requeue(self, old: Batch, new: Batch, mined: Mined | None) -> None:
        """Store that a batch's nonce is spent for nothing, and what that cost."""
        with self.leading() as connection:
            self.swap(connection, old, new)
            if mined is not None:
                store_cost(connection, old.in_flight(), mined.gas_used, mined.paid)

    def bump(self, old: Batch, new: Batch) -> None:
        """T6: store one more attempt of the same nonce, before it may leave."""
        with self.leading() as connection:
            self.swap(connection, old, new)
            add_attempt(connection, new.in_flight())

    def bump_opening(self, old: Transaction, new: Transaction) -> None:
        """T6 of the openLog transaction."""
        with self.leading() as connection:
            row = self._opening_row(connection)
            known = read_transaction(connection, row)
            if known is None or known.attempts != old.attempts:
                raise Conflict("another worker offered more for the opening of the log")
            add_attempt(connection, new)

    def opening_sent(self, transaction: Transaction, *, at: int, answer: str) -> None:
        """Remember that the stored openLog transaction left."""
        with self.leading() as connection:
            store_sending(connection, replace(transaction, sent_at=at, last_answer=answer))

    def mark_opened(self, mined: Mined | None = None, *, at: int) -> None:
        """Remember for good that the log is open in finalized state, and what opening it cost."""
        with self.leading() as connection:
            connection.execute(change_line(self.line_id), {"opened_at": at})
            opening = read_transaction(connection, self._opening_row(connection))
            if opening is not None and mined is not None:
                store_cost(connection, opening, mined.gas_used, mined.paid)

    def halt(self, reason: HaltReason, detail: str, *, at: int, read: Line | None = None) -> Halt:
        """T8: stop the line until the operator lets it go on. A second halt leaves the first one standing.

        Args:
            reason: why.
            detail: what was expected and found.
            at: the time now.
            read: the line on which the finding rests; another state since then is no reason to halt.

        Raises:
            Conflict: the line has moved on since it was read.
        """
        with self.leading() as connection:
            standing = halt_from_row(connection.execute(standing_halt(self.line_id)).first())
            if standing is not None:
                return standing
            if read is not None:
                self._require_unmoved(connection, read)
            row = connection.execute(unfinished_of(self.line_id)).first()
            halt = Halt(reason, detail, at, row.number if row else None)
            connection.execute(ADD_HALT, {"line_id": self.line_id, **halt_to_row(halt)})
        return halt

    def record_poll(self, seen: Observation, problem: Wait, *, at: int) -> None:
        """Keep what was read and what was complained of; the highest finalized block never goes down."""
        values: dict[str, object] = problem_values(problem.problem, problem.kind, at)
        reading = {
            "read_at": at,
            "latest_number": seen.latest.number,
            "latest_time": seen.latest.time,
            "finalized_number": seen.finalized.number,
            "finalized_time": seen.finalized.time,
            "head_size": seen.head.size,
        }
        with self.leading() as connection:
            known = connection.execute(finalized_of(self.line_id)).scalar() or 0
            if seen.finalized.number >= known:
                values |= reading
            connection.execute(poll_of(self.line_id), values)

    def record_problem(self, problem: str, kind: ProblemKind, *, at: int) -> None:
        """Keep why the last look failed; the last good reading stays."""
        with self.leading() as connection:
            connection.execute(poll_of(self.line_id), problem_values(problem, kind, at))

    @contextmanager
    def leading(self) -> Iterator[Connection]:
        """Open a writing transaction of the leader; inside it nobody else can take the lead.

        Raises:
            Fenced: another worker has taken the lead, or this one never did.
        """
        with self._database.writing() as connection:
            self._require_lead(connection)
            yield connection

    def _require_lead(self, connection: Connection) -> None:
        current = connection.execute(fence_of(self.line_id)).scalar_one()
        if current != self._fence:
            message = Sentence(
                "leader {current} writes this line now, this worker is leader {fence}",
                current=current,
                fence=self._fence,
            )
            raise Fenced(message)

    def _require_unmoved(self, connection: Connection, read: Line) -> None:
        newest = connection.execute(newest_two(self.line_id)).first()
        known = read.open_batch or read.last_final
        found = (newest.number, newest.version) if newest else None
        if found != ((known.number, known.version) if known else None):
            raise Conflict("the line moved on while its chain was looked at")

    def _line_row(self) -> Select[Any]:
        return line_row(self.line_id, self._target.chain_id, self._account)

    def _opening_row(self, connection: Connection) -> AnyRow | None:
        return connection.execute(opening_of(self.line_id)).first()

    def _with_transaction(self, connection: Connection, row: AnyRow) -> Batch:
        """Join a batch and its newest transaction; a SEALED one has none, whatever it had before a requeue."""
        if row.state == State.SEALED:
            return batch_from_row(row, None)
        found = connection.execute(NEWEST_TRANSACTION, {"batch_id": row.id}).first()
        return batch_from_row(row, read_transaction(connection, found))

    def _take_nonce(self, connection: Connection, first_nonce: int) -> int:
        chain_id, account = self._target.chain_id, self._account
        known = connection.execute(next_nonce(chain_id, account)).scalar()
        if known is None:
            row = {"chain_id": chain_id, "account": account, "next_nonce": first_nonce + 1}
            connection.execute(ADD_NONCE, row)
            return first_nonce
        values = {"known": known, "next_nonce": known + 1}
        if connection.execute(nonce_taken(chain_id, account), values).rowcount != 1:
            raise Conflict(Sentence("another worker took nonce {known}", known=known))
        return int(known)

    def swap(self, connection: Connection, old: Batch, new: Batch) -> int:
        """Compare and swap one batch; return its row id."""
        guard = {"old_number": old.number, "old_state": str(old.state), "old_version": old.version}
        if connection.execute(swap_of(self.line_id), batch_to_row(new) | guard).rowcount != 1:
            raise Conflict(
                Sentence(
                    "batch {number} is no longer {state} at version {version}",
                    number=old.number,
                    state=old.state,
                    version=old.version,
                )
            )
        query = batch_id(self.line_id)
        return int(connection.execute(query, {"of_number": old.number}).scalar_one())

    def _require_going(self, connection: Connection) -> None:
        if connection.execute(standing_halt(self.line_id)).first() is not None:
            raise Conflict("the line was halted meanwhile")
