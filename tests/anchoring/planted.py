"""Planted defects for the simulation, each of which must be found within 1,000 lives. All else is the true code."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, update

from anchoring import tables
from anchoring.batch import Batch, SealedHead, Transaction, seal
from anchoring.line import Line, Observation, Stop
from anchoring.line_store import LineStore
from anchoring.look import look
from anchoring.ports import Block, UnsignedTransaction
from anchoring.rows import batch_to_row
from anchoring.worker import AnchorWorker, Did, Step
from certlog.errors import Unavailable
from tests.anchoring.fake_chain import CONTRACT
from tests.anchoring.sim_world import ADDRESS, SimChain
from tests.anchoring.simulation import Mutant


class FinalAtOneConfirmation(SimChain):
    """Whatever the newest block holds is called final."""

    def finalized(self) -> Block:
        """See Chain."""
        return self.latest()


def at_one_confirmation(chain: SimChain) -> SimChain:
    """Return a view of the same chain that calls every block final."""
    view = FinalAtOneConfirmation.__new__(FinalAtOneConfirmation)
    view.__dict__ = chain.__dict__
    return view


class StateBeforeFinalizedHead(AnchorWorker):
    """The contract is read first and the finalized block afterwards: it may be of another history by then."""

    def _look(self, line: Line) -> Observation | Stop:
        batch, early = line.open_batch, None
        if batch is not None:
            log_id = self._plan.pins.target.log_id
            early = self._chain.anchored_at(log_id, batch.new, self._chain.latest())
        seen = super()._look(line)
        if isinstance(seen, Stop) or early is None or early.block_number > seen.finalized.number:
            return seen
        return replace(seen, final_anchor=early)


class NewNonceOnError(AnchorWorker):
    """An unanswered send is tried again as a new transaction."""

    def _send(self, transaction: Transaction) -> str:
        answer = super()._send(transaction)
        if not answer.startswith("no answer"):
            return answer
        fees, nonce = transaction.newest.fees, transaction.nonce + 1
        again = UnsignedTransaction(
            transaction.chain_id, nonce, CONTRACT, transaction.calldata, transaction.gas, fees
        )
        try:
            return self._chain.send_raw(self._signer.sign(again, self._now()).raw).message
        except Unavailable:
            return answer


class UnsavedBump(AnchorWorker):
    """A bump leaves without being stored."""

    def _bump(self, batch: Batch, seen: Observation) -> Step:
        attempt = self._desk.bump(batch.in_flight(), self._store.spent(self._now()), seen)
        if hasattr(attempt, "raw"):
            self._chain.send_raw(attempt.raw)
        return Step(Did.BUMPED)


class SkippedPins(AnchorWorker):
    """Whatever chain and code the node states are taken for the pinned ones."""

    def _look(self, line: Line) -> Observation | Stop:
        pins = self._plan.pins
        believed = replace(
            pins,
            target=replace(pins.target, chain_id=self._chain.chain_id()),
            code_hash=self._chain.code_hash(),
        )
        return look(self._chain, self._source, line, believed)


class NoFence(LineStore):
    """Not a defect yet: without the fence the compare-and-swap must be enough."""

    def _require_lead(self, connection: Connection) -> None:
        del connection


class NoCompareAndSwap(NoFence):
    """A transition is written over whatever state the batch has come to."""

    def swap(self, connection: Connection, old: Batch, new: Batch) -> int:
        batches = tables.batches.c
        mine = (batches.line_id == self.line_id, batches.number == old.number)
        connection.execute(update(tables.batches).where(*mine).values(**batch_to_row(new)))
        return int(connection.execute(tables.batches.select().where(*mine)).one().id)


class LockOnly(NoCompareAndSwap):
    """The lock alone keeps two workers apart: nothing asks whether a batch is open already."""

    def add_sealed(self, number: int, sealed: SealedHead, line: Line, *, at: int) -> Batch:
        """Seal on what was read, whatever it has come to."""
        batch = seal(number, line.last_final, sealed, origin=self._target.origin, at=at)
        row = {"line_id": self.line_id, **batch_to_row(batch)}
        with self._database.writing() as connection:
            mine = (tables.batches.c.line_id == self.line_id, tables.batches.c.number == number)
            if connection.execute(update(tables.batches).where(*mine).values(**row)).rowcount == 0:
                connection.execute(tables.batches.insert().values(**row))
            served = update(tables.lines).where(tables.lines.c.id == self.line_id)
            connection.execute(served.values(served=line.requested))
        return batch


class NonceFromPending(LineStore):
    """The next nonce is what a node calls pending."""

    def _take_nonce(self, connection: Connection, first_nonce: int) -> int:
        super()._take_nonce(connection, first_nonce)
        return SimChain.newest.pending(ADDRESS)


DEFECTS: Final[Mapping[str, Mutant]] = {
    "final at one confirmation": Mutant(view=at_one_confirmation),
    "state before the finalized head": Mutant(worker=StateBeforeFinalizedHead),
    "a new nonce on an error": Mutant(worker=NewNonceOnError),
    "a bump that is not saved": Mutant(worker=UnsavedBump),
    "no compare-and-swap": Mutant(store=NoCompareAndSwap, story="two workers"),
    "the lock as the only safety": Mutant(store=LockOnly, story="two workers"),
    "the nonce from pending": Mutant(store=NonceFromPending, story="restored"),
    "no check of the pins": Mutant(worker=SkippedPins),
}
ENOUGH: Final[Mapping[str, Mutant]] = {
    "the compare-and-swap without the fence": Mutant(store=NoFence, story="two workers"),
}
"""Two layers hold each other up: with one of them alone nothing may happen."""
