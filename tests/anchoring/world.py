"""A worker's whole world: database file, fake chain, fake log, key and clock; and what must hold in the end.

`restart` makes a new worker from the database alone, which is all that a crash leaves.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from anchoring.batch import State, Target
from anchoring.database import Database, open_database
from anchoring.fees import FeePolicy
from anchoring.keystore import AccountSigner
from anchoring.line import Pins, Plan, Policy
from anchoring.line_store import LineStore
from anchoring.lines import MAIN, lock_name
from anchoring.lock import leader_lock
from anchoring.ports import Chain, CheckpointSource, LeaderLock, TransactionSigner
from anchoring.store import AnchorStore
from anchoring.worker import AnchorWorker, Did, Step
from tests.anchoring.fake_chain import CHAIN_ID, CODE_HASH, CONTRACT, Clock, FakeChain, own_log_id
from tests.anchoring.fake_log import ORIGIN, FakeLog
from tests.support.databases import Place

KEY: Final = hashlib.sha256(b"certlog test key: anchorer").digest()
POLICY: Final = Policy(max_delay=60, max_entries=1000, heartbeat=3600, rebroadcast_after=10, bump_after=60)
FEES: Final = FeePolicy()


def target(account: str) -> Target:
    return Target(CHAIN_ID, CONTRACT, own_log_id(account, ORIGIN), ORIGIN)


@dataclass
class World:
    """Everything outside the worker; it survives the worker's crashes."""

    folder: Path
    clock: Clock
    chain: FakeChain
    log: FakeLog
    signer: AccountSigner
    place: Place
    database: Database
    fees: FeePolicy = FEES
    policy: Policy = POLICY
    worker_class: type[AnchorWorker] = AnchorWorker
    line: str = MAIN
    lock_class: Callable[[], LeaderLock] | None = None
    """Makes locks; None: what the product takes for this database."""
    locks: list[LeaderLock] = field(default_factory=list)

    @property
    def pins(self) -> Pins:
        return Pins(target(self.signer.address), CODE_HASH, self.signer.address, owns_log=True)

    @property
    def store(self) -> AnchorStore:
        return AnchorStore(self.database)

    def line_store(self) -> LineStore:
        return LineStore(self.database, self.pins.target, self.signer.address, now=self.clock())

    def worker(
        self,
        *,
        store: LineStore | None = None,
        chain: Chain | None = None,
        source: CheckpointSource | None = None,
        signer: TransactionSigner | None = None,
        pins: Pins | None = None,
    ) -> AnchorWorker:
        """Make a worker from what is durable; parts may be replaced by faulty ones."""
        path = self.folder / lock_name(self.line)
        lock = self.lock_class() if self.lock_class else leader_lock(self.database, path)
        self.locks.append(lock)
        return self.worker_class(
            store or self.line_store(),
            Plan(pins or self.pins, self.policy, self.fees),
            chain=chain or self.chain,
            source=source or self.log,
            signer=signer or self.signer,
            lock=lock,
            now=self.clock,
        )

    def die(self) -> None:
        """Do what the kernel does when a process dies: drop its locks."""
        for lock in self.locks:
            lock.release()

    def save(self) -> Place:
        """Return a backup of the database as it is now."""
        self.die()
        self.database.close()
        return self.place.save()

    def restore(self, saved: Place) -> None:
        """Put a backup in the database's place, as an operator might; every worker has died."""
        self.die()
        self.database.close()
        self.place.restore(saved)
        self.database = open_database(self.place.address, create=False)

    def run(self, worker: AnchorWorker, until: Callable[[Step], bool], *, steps: int = 200) -> list[Step]:
        """Take steps, a block after each, until one is as wished."""
        taken = []
        for _ in range(steps):
            step = worker.step()
            taken.append(step)
            if until(step):
                return taken
            self.chain.mine()
        raise AssertionError(f"not reached in {steps} steps: {[str(step.did) for step in taken[-12:]]}")

    def anchor_one(self, worker: AnchorWorker | None = None) -> AnchorWorker:
        """Run until one more batch is final."""
        worker = worker or self.worker()
        self.run(worker, lambda step: step.did is Did.FINAL)
        return worker

    def check(self) -> None:
        """Require what must hold at any moment: nothing doubled, nothing falsely final, nothing foreign sent.

        Final is judged by the chain itself: a FINAL batch must be in a block that can no longer be reorganised.
        """
        border = self.chain.finalized()
        for batch in self.store.batches():
            sealed = self.log.seal(batch.number)
            assert (batch.size, batch.root, batch.note) == (sealed.size, sealed.root, sealed.note)
            if batch.state is State.FINAL:
                head = sealed.head
                found = self.chain.anchored_at(self.pins.target.log_id, head, border)
                assert found is not None, f"batch {batch.number} is FINAL and not in finalized state"
        executed = self.chain.executed(self.signer.address)
        assert all(ok for _, ok in executed), "a transaction was mined and refused: paid for nothing"
        calls = [tx.data for tx, _ in executed]
        assert len(calls) == len(set(calls)), "one call was mined twice"

    def check_all_final(self, *, at_least: int) -> None:
        """Require that nothing is left open and every batch cost exactly one transaction."""
        self.check()
        states = [batch.state for batch in self.store.batches()]
        assert len(states) >= at_least
        assert set(states) == {State.FINAL}
        assert len(self.chain.executed(self.signer.address)) == len(states) + 1  # and the opening


def make_world(folder: Path, place: Place | None = None, *, finality: int = 2) -> World:
    """Make a fresh world in a folder; `place` is where its database is, made already or not."""
    clock = Clock()
    log = FakeLog()
    log.append(3)
    place = place or Place(folder / "anchoring.db")
    return World(
        folder=folder,
        clock=clock,
        chain=FakeChain(clock, finality=finality),
        log=log,
        signer=AccountSigner(KEY),
        place=place,
        database=open_database(place.address, create=True),
    )
