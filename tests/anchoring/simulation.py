"""Lives of the real worker under all that can happen to it at once, and the judge of what it may do: `make sim N=5000`.

A life is a storm and then a calm. In the storm each call may crash, get lost or be answered by a node that lags; blocks
come, are reorganised up to the finality border, forget transactions; fees rise and fall. One of five stories is told
besides: `plain`; `two workers` whose lock fails, and who act between each other's calls; `restored`, an old backup;
`second key`, somebody with the anchorer's key or another anchorer; `other chain`, a node on the wrong one. In the calm
the operator does what docs/anchoring.md says, and everything must become final. The seed repeats a life exactly.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, cast

from sqlalchemy import select

from anchoring import tables
from anchoring.batch import HaltReason, Head, IllegalTransition, State
from anchoring.database import Database
from anchoring.fees import FeePolicy
from anchoring.line_store import LineStore
from anchoring.ports import Chain, CheckpointSource, TransactionSigner
from anchoring.recovery import explain, find_repair
from anchoring.repairs import Repairs, gather
from anchoring.worker import AnchorWorker, Did, Step
from certlog.digests import RootHash
from certlog.errors import InvalidInput, NotTrusted
from tests.anchoring.fake_chain import BASE_FEE, CHAIN_ID, CODE_HASH, ChainState, with_head
from tests.anchoring.faults import Crash, Fault, Faulty, RandomFaults
from tests.anchoring.schedule import Violation
from tests.anchoring.sim_world import ADDRESS, SimChain, SimLock, put_rows, save_rows, sim_world

STORM: Final = 45
CALM: Final = 120
STORIES: Final = ("plain", "plain", "two workers", "restored", "second key", "other chain")

ALLOWED: Final = {
    "restored": {HaltReason.FOREIGN_HEAD, HaltReason.NONCE_TAKEN},
    "second key": {
        HaltReason.FOREIGN_HEAD,
        HaltReason.NONCE_TAKEN,
        HaltReason.NOT_ANCHORER,
        HaltReason.REVERTED,
    },
    "other chain": {HaltReason.WRONG_CHAIN, HaltReason.WRONG_CODE},
}
"""For which reasons a line may halt in a story; in any other story, for none."""


@dataclass
class Tally:
    """What many lives came to."""

    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """One line for each number."""
        return ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))


@dataclass(frozen=True)
class Mutant:
    """A planted defect: what the worker is given instead of the true parts."""

    worker: type[AnchorWorker] = AnchorWorker
    store: type[LineStore] = LineStore
    view: Callable[[SimChain], Chain] = lambda chain: chain
    story: str | None = None
    """The story in which it shows; None: any."""


TRUE: Final = Mutant()


class Story:
    """One life."""

    def __init__(self, database: Database, seed: int, mutant: Mutant = TRUE) -> None:
        """Prepare; `seed` decides everything."""
        self.seed: Final = seed
        self.chance: Final = random.Random(seed)
        self.story: Final = mutant.story or self.chance.choice(STORIES)
        self.world: Final = sim_world(database, self.chance.randint(1, 4))
        self.world.worker_class = mutant.worker
        self.store: Final = mutant.store
        self.world.fees = FeePolicy(max_fee=self.chance.choice((4, 20, 500)) * BASE_FEE)
        self.world.policy = replace(self.world.policy, bump_after=self.chance.choice((12, 40)))
        self.chain: Final = cast("SimChain", self.world.chain)
        self.view: Final = mutant.view(self.chain)
        self.faults: Final = RandomFaults(self.chance, crash=0.008, remote=0.04)
        self.counts: Final[Counter[str]] = Counter()
        self.others: list[AnchorWorker] = []
        self.busy = False
        self.happened = False
        """Whether what the story tells has happened, so that a halt has its cause."""
        self.backup: dict[str, list[dict[str, object]]] | None = None
        self.junk = False
        """Whether the contract holds what no repair may take over: a foreign head, or another anchorer."""
        self.judged = 0
        self.pins: Final = self.world.pins
        self.reader: Final = self.world.line_store()
        self.last = Did.WAITED

    def run(self) -> Counter[str]:
        """Live it.

        Raises:
            Violation: lost, doubled, falsely final, stuck, sent unstored, or halted without cause.
        """
        if self.story == "two workers":
            SimLock.broken = True
        self.others = [self.hire()]
        if self.story == "two workers":
            self.others.append(self.hire())
        for turn in range(STORM):
            self.turn_world()
            self.tell(turn)
            self.step(self.chance.randrange(len(self.others)))
        self.calm()
        return self.counts

    def hire(self) -> AnchorWorker:
        """Make a worker from what is durable, each of whose calls may fail; making one may fail too."""
        world = self.world
        while True:
            try:
                return world.worker(
                    pins=self.pins,
                    store=cast("LineStore", Faulty(self.open_store(), "store", self.fault)),
                    chain=cast("Chain", Faulty(self.view, "chain", self.fault)),
                    source=cast("CheckpointSource", Faulty(world.log, "source", self.fault)),
                    signer=cast("TransactionSigner", Faulty(world.signer, "signer", self.fault)),
                )
            except Crash:
                self.counts["crashes"] += 1

    def open_store(self) -> LineStore:
        """Open the line as the worker of this life does."""
        world = self.world
        return self.store(world.database, self.pins.target, ADDRESS, now=world.clock())

    def fault(self, call: str) -> Fault:
        """Decide what goes wrong with a call; before it, time may pass, and the other worker may act."""
        if not self.faults.calm and call.startswith(("chain.", "store.")):
            if self.chance.random() < 0.012:
                self.pause()
            if self.story == "two workers" and not self.busy and self.chance.random() < 0.04:
                self.interrupt()
        return self.faults(call)

    def pause(self) -> None:
        """Let a process sleep for some blocks, in the middle of what it does."""
        self.counts["pauses"] += 1
        if self.chance.random() < 0.5:
            self.reorganise()
        for _ in range(self.chance.randint(1, 8)):
            self.turn_chain()

    def interrupt(self) -> None:
        """Let another worker do a step in the middle of this one's."""
        self.busy = True
        self.counts["interleaved"] += 1
        try:
            self.step(self.chance.randrange(len(self.others)))
        finally:
            self.busy = False

    def step(self, who: int) -> None:
        """Let one worker do a step, and judge it."""
        try:
            step = self.others[who].step()
        except Crash:
            self.counts["crashes"] += 1
            self.others[who]._lock.release()
            self.others[who] = self.hire()
            self.judge_sent()
            return
        except (NotTrusted, InvalidInput, IllegalTransition) as error:
            raise self.violation(f"the worker gave up: {error}") from error
        self.counts[step.did] += 1
        self.last = step.did
        self.judge(step)

    def judge(self, step: Step) -> None:
        """Require what must hold after any step."""
        self.judge_sent()
        if step.did is Did.HALTED:
            reason = HaltReason(step.detail.split(":")[0])
            if not self.happened or reason not in ALLOWED[self.story]:
                raise self.violation(f"halted without cause: {step.detail}")
        if step.did is Did.FINAL or self.counts["steps"] % 16 == 0:
            self.judge_final()
        self.counts["steps"] += 1

    def judge_sent(self) -> None:
        """Require that nothing has left that is not stored, and nothing at all went to another chain."""
        new, self.judged = self.chain.received[self.judged :], len(self.chain.received)
        if not new:
            return
        with self.world.database.reading() as connection:
            stored = set(connection.execute(select(tables.attempts.c.raw)).scalars())
        forgotten = self.backup is not None and self.happened
        if not forgotten and not stored.issuperset(new):
            raise self.violation("a transaction left that is not stored")
        if self.chain.id != CHAIN_ID or self.chain.code != CODE_HASH:
            raise self.violation("something was sent to another chain or contract")

    def judge_final(self) -> None:
        """Require that what is FINAL is in finalized state, and that no call was mined twice, or for nothing."""
        border, log_id = self.chain.finalized(), self.pins.target.log_id
        for batch in self.world.store.batches():
            sealed = self.world.log.seal(batch.number)
            if (batch.size, batch.root, batch.note) != (sealed.size, sealed.root, sealed.note):
                raise self.violation(f"batch {batch.number} is not what the log sealed")
            if batch.state is State.FINAL and self.chain.anchored_at(log_id, sealed.head, border) is None:
                raise self.violation(f"batch {batch.number} is falsely final")
        executed = self.chain.executed(ADDRESS)
        calls = [tx.data for tx, _ in executed]
        if len(calls) != len(set(calls)):
            raise self.violation("one call was mined twice")
        if self.story != "second key" and not all(succeeded for _, succeeded in executed):
            raise self.violation("a transaction was mined and refused")

    def calm(self) -> None:
        """End the trouble, do as the operator is told, and require that everything becomes final."""
        self.faults.calm, SimLock.broken, self.chain.base_fee = True, False, BASE_FEE
        for worker in self.others:
            worker._lock.release()
        self.others = [self.hire()]
        self.world.store.request_batch()
        for _ in range(CALM):
            self.mend()
            self.chain.mine()
            self.world.clock.now += 5
            self.step(0)
            if self.finished():
                break
        self.judge_final()
        if not self.finished():
            raise self.violation(f"stuck: {[(b.number, b.state) for b in self.world.store.batches()]}")
        self.counts["batches"] += len(self.world.store.batches())

    def finished(self) -> bool:
        """Tell whether all is final, or the line is halted for what only its owner mends."""
        line = self.reader.line()
        if line.halt is not None and self.junk:
            self.counts[f"left halted: {line.halt.reason}"] += 1
            return True
        return line.halt is None and line.opened and line.open_batch is None and line.requested == line.served

    def mend(self) -> None:
        """Do what the page says where a line was halted."""
        if self.story == "other chain":
            self.chain.id, self.chain.code = CHAIN_ID, CODE_HASH
        line = self.reader.line()
        if line.halt is not None and self.story == "other chain":
            self.world.store.leave_halt(self.pins.target, because="as a life says", at=1)
            self.counts["resumed"] += 1
            self.happened = False
        elif line.halt is not None and not self.junk:
            self.recover()

    def recover(self) -> None:
        """Let `certlog anchor recover` repair the line, once all is final; it has to be possible."""
        for _ in range(self.chain.finality + 1):
            self.chain.mine()
        world, store = self.world, self.open_store()
        store.take_lead()
        facts = gather(self.chain, world.log, store.line(), self.pins)
        try:
            repair = find_repair(store.line(), facts, self.pins, world.clock())
        except InvalidInput as error:
            if error.code != "resume":
                raise self.violation(f"not recovered: {error}") from error
            world.store.leave_halt(self.pins.target, because="as it says", at=1)
            self.counts["resumed"] += 1
            return
        Repairs(store, self.pins).perform(repair, what=explain(repair), because="a life", at=world.clock())
        self.counts[f"recovered: {type(repair).__name__}"] += 1
        self.happened = False

    # What happens

    def turn_chain(self) -> None:
        """Let something happen to the chain."""
        draw = self.chance.random()
        if draw < 0.75:
            self.chain.mine()
        elif draw < 0.92:
            self.reorganise()
        else:
            self.chain.evict()
            self.counts["evictions"] += 1
        if self.chance.random() < 0.1:
            self.chain.base_fee = self.chance.choice((1, 1, 2, 3, 8, 100)) * BASE_FEE

    def reorganise(self) -> None:
        """Replace newest blocks, up to the finality border."""
        depth = self.chance.randint(1, self.chain.finality)
        self.chain.reorganise(depth, forget=self.chance.random() < 0.7)
        self.counts["reorganisations"] += 1

    def turn_world(self) -> None:
        """Let something happen anywhere."""
        draw = self.chance.random()
        if draw < 0.75:
            self.turn_chain()
        elif draw < 0.9:
            self.world.log.append(self.chance.randint(1, 5))
        if self.chance.random() < 0.4:
            self.world.clock.now += self.chance.randint(1, 40)
        if self.chance.random() < 0.12:
            self.world.store.request_batch()

    def tell(self, turn: int) -> None:
        """Let happen what the story is about."""
        if self.story == "restored":
            self.restore()
        elif self.happened or turn < STORM // 3 or self.chance.random() > 0.1:
            return
        elif self.story == "second key":
            self.happened = self.use_key()
        elif self.story == "other chain":
            self.happened = True
            if self.chance.random() < 0.5:
                self.chain.id = 1
            else:
                self.chain.code = b"\x00" * 32

    def restore(self) -> None:
        """Save a backup once, and put it back once; every worker has died then.

        Both like the moments that hurt: saved when a batch was just sealed, put back when it was just sent.
        """
        if self.backup is None:
            if self.chance.random() < (0.6 if self.last is Did.SEALED else 0.03):
                self.backup = save_rows(self.world.database)
        elif not self.happened and self.chance.random() < (0.4 if self.last is Did.SENT else 0.05):
            self.happened = True
            for worker in self.others:
                worker._lock.release()
            put_rows(self.world.database, self.backup)
            self.others = [self.hire()]
            self.counts["restored"] += 1

    def use_key(self) -> bool:
        """Let somebody else use the key, append, or become the anchorer; False while the log is not open."""
        log_id = self.pins.target.log_id
        if self.chain.head(log_id, self.chain.finalized()).anchorer is None:
            return False
        kind = self.chance.randrange(3)
        self.junk = kind > 0

        def change(state: ChainState) -> ChainState:
            if kind == 0:
                nonces = state.nonces | {ADDRESS: state.nonces.get(ADDRESS, 0) + 1}
                return replace(state, nonces=nonces)
            if kind == 1:
                junk = Head(state.logs[log_id].size + 1000, RootHash(b"\x47" * 32))
                return with_head(state, log_id, junk)
            other = replace(state.logs[log_id], anchorer="0x" + "22" * 20)
            return replace(state, logs=state.logs | {log_id: other})

        self.chain.change_state(change)
        # What somebody else did is final before anything is reorganised: nothing would bring it back.
        for _ in range(self.chain.finality):
            self.chain.mine()
        return True

    def violation(self, what: str) -> Violation:
        """Name the life."""
        return Violation(f"seed {self.seed} ({self.story}): {what}")


def judge_lives(database: Database, seeds: range) -> Tally:
    """Run lives of the true worker, add up what happened, and name each violation."""
    tally = Tally()
    for seed in seeds:
        try:
            tally.counts += Story(database, seed).run()
        except Violation as violation:
            tally.violations.append(str(violation))
        tally.counts["lives"] += 1
    return tally


def find(database: Database, mutant: Mutant, most: int) -> tuple[int, str] | None:
    """Return after how many lives a defect was found, and by what; None when it was not."""
    for seed in range(most):
        try:
            Story(database, seed, mutant).run()
        except Violation as violation:
            return seed + 1, str(violation)
    return None
