"""The anchoring worker: looks, lets decision.py decide, performs one action, and starts over.

Each step reads everything afresh from the database, so that a crash anywhere is the same as a restart. Safety
does not rest on this class being alone: see the store's constraints and the contract. It knows no web3.

Start-up order: lock; database intact; sealed bytes still the log's; pins and contract head known; open attempts
sent again; only then the loop.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol

from anchoring.batch import (
    EMPTY_HEAD,
    Batch,
    HaltReason,
    State,
    Transaction,
)
from anchoring.database import Conflict, Fenced
from anchoring.decision import complaint, decide, objection, send_due
from anchoring.desk import Desk, prove
from anchoring.line import (
    Action,
    BumpBatch,
    BumpOpening,
    FinalizeBatch,
    Line,
    LoseBatch,
    MarkOpened,
    Observation,
    Plan,
    PrepareBatch,
    PrepareOpening,
    ProblemKind,
    RequeueBatch,
    SealBatch,
    SeeBatch,
    SendBatch,
    SendOpening,
    Stop,
    Wait,
)
from anchoring.line_store import LineStore
from anchoring.look import compare_with_log, look
from anchoring.ports import (
    Chain,
    CheckpointSource,
    Disagreement,
    LeaderLock,
    LockHeld,
    TransactionSigner,
)
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence


class Did(StrEnum):
    """What a step did."""

    WAITED = "waited"
    STARTED = "started"
    OPENING_PREPARED = "opening prepared"
    OPENING_SENT = "opening sent"
    OPENED = "log opened"
    SEALED = "sealed"
    PREPARED = "prepared"
    SENT = "sent"
    BUMPED = "bumped"
    REQUEUED = "requeued"
    SEEN = "seen"
    FINAL = "final"
    LOST = "lost"
    HALTED = "halted"
    UNAVAILABLE = "unavailable"
    OUTPACED = "outpaced"


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did, for logs and for tests."""

    did: Did
    detail: str = ""
    kind: ProblemKind | None = None
    """What the problem is about, where the detail is one."""


class StopEvent(Protocol):
    """Something that says when to stop; threading.Event is one."""

    def is_set(self) -> bool:
        """Tell whether to stop."""
        ...


class AnchorWorker:
    """Anchors one line of batches."""

    MAX_BACKOFF: Final = 60.0
    """Seconds between two tries at most, while something is unavailable."""
    MAX_ANSWER: Final = 500
    """Characters kept of what a node says."""

    def __init__(
        self,
        store: LineStore,
        plan: Plan,
        *,
        chain: Chain,
        source: CheckpointSource,
        signer: TransactionSigner,
        lock: LeaderLock,
        now: Callable[[], int],
    ) -> None:
        """Join the ports; nothing is read or sent yet.

        Args:
            store: the line's rows.
            plan: pins, policy and fees.
            chain: the chain that the line is anchored on.
            source: the log.
            signer: the anchorer's key.
            lock: held from the first step on, until run ends or stop is called.
            now: the clock, in seconds since the epoch.

        Raises:
            InvalidInput: the key is not the pinned account's.
        """
        if signer.address != plan.pins.account:
            raise InvalidInput(
                Sentence(
                    "expected the key of {account}, found that of {address}",
                    account=plan.pins.account,
                    address=signer.address,
                )
            )
        self._store: Final = store
        self._plan: Final = plan
        self._chain: Final = chain
        self._source: Final = source
        self._signer: Final = signer
        self._lock: Final = lock
        self._now: Final = now
        self._desk: Final = Desk(plan, chain, source, signer, now)
        self._started = False
        self._line: Line | None = None

    def run(
        self,
        stop: StopEvent,
        sleep: Callable[[float], object],
        *,
        poll: float = 2.0,
        report: Callable[[Step], object] = lambda _step: None,
    ) -> None:
        """Take steps until `stop` is set. Whatever is unavailable is tried again, ever more slowly.

        Args:
            stop: looked at before each step.
            sleep: waits so many seconds; the event's own `wait` ends at once when it is set.
            poll: seconds between two looks when nothing is to be done.
            report: told of every step.
        """
        backoff = poll
        try:
            while not stop.is_set():
                step = self.step()
                report(step)
                backoff = min(backoff * 2, self.MAX_BACKOFF) if step.did is Did.UNAVAILABLE else poll
                if step.did in _RESTING:
                    sleep(backoff)
        finally:
            self._lock.release()

    def step(self) -> Step:
        """Do the one thing that is to be done now, or say why nothing is.

        Raises:
            NotTrusted: the database contradicts itself; no step is taken then.
        """
        try:
            return self._step() if self._started else self._start()
        except Fenced as error:
            self._started = False
            return Step(Did.OUTPACED, str(error))
        except (Conflict, LockHeld) as error:
            return Step(Did.OUTPACED, str(error))
        except Unavailable as error:
            kind = ProblemKind.DISAGREEMENT if isinstance(error, Disagreement) else ProblemKind.UNAVAILABLE
            with suppress(Unavailable):
                self._store.record_problem(str(error), kind, at=self._now())
            return Step(Did.UNAVAILABLE, str(error), kind)

    def _start(self) -> Step:
        """Do the start-up, in the order that the module states; a step that is repeated until it succeeds."""
        self._lock.acquire()
        self._store.take_lead()
        self._store.check()
        line = self._line = self._store.line()
        if line.halt is not None:
            return Step(
                Did.HALTED, Sentence("{reason}: {detail}", reason=line.halt.reason, detail=line.halt.detail)
            )
        contradiction = compare_with_log(self._source, line.open_batch)
        if contradiction is not None:
            return self._halt(contradiction)
        seen = self._look(line)
        if isinstance(seen, Stop):
            return self._halt(seen)
        match objection(line, seen, self._plan.pins):
            case Stop() as stop:
                return self._halt(stop)
            case Wait(problem, kind):
                self._store.record_problem(problem, kind or ProblemKind.UNAVAILABLE, at=self._now())
                return Step(Did.UNAVAILABLE, problem, kind)
            case _:
                pass
        self._send_again(line, seen)
        self._started = True
        return Step(Did.STARTED)

    def _step(self) -> Step:
        self._lock.acquire()  # still ours? A server's lock ends with its connection.
        line = self._line = self._store.line()
        if line.halt is not None:
            self._started = False
            return Step(
                Did.HALTED, Sentence("{reason}: {detail}", reason=line.halt.reason, detail=line.halt.detail)
            )
        seen = self._look(line)
        if isinstance(seen, Stop):
            return self._halt(seen)
        now = self._now()
        step = self._perform(decide(line, seen, self._plan, now), line, seen)
        problem = Wait(step.detail, step.kind) if step.did is Did.WAITED and step.detail else None
        problem = problem or complaint(line, self._plan, now) or self._remark() or Wait()
        self._store.record_poll(seen, problem, at=now)
        return step

    def _remark(self) -> Wait | None:
        remark = self._chain.remark()
        if remark is None:
            return None
        kind = ProblemKind.DISAGREEMENT if remark.disagreement else ProblemKind.UNAVAILABLE
        return Wait(remark.text, kind)

    def _look(self, line: Line) -> Observation | Stop:
        return look(self._chain, self._source, line, self._plan.pins)

    def _perform(self, action: Action, line: Line, seen: Observation) -> Step:
        match action:
            case Wait(problem, kind):
                return Step(Did.WAITED, problem, kind)
            case Stop():
                return self._halt(action)
            case SealBatch():
                return self._seal(line, seen)
            case PrepareBatch(batch, first_nonce):
                return self._prepare(batch, first_nonce, seen)
            case BumpBatch(batch):
                return self._bump(batch, seen)
            case PrepareOpening() | SendOpening() | BumpOpening() | MarkOpened():
                return self._open(action, seen)
            case RequeueBatch(batch, gas):
                self._store.requeue(batch, batch.requeue(self._now(), gas=gas), seen.mined)
                return Step(Did.REQUEUED, Sentence("batch {number}", number=batch.number))
            case SendBatch() | SeeBatch() | FinalizeBatch() | LoseBatch():
                return self._move(action)

    def _open(
        self, action: PrepareOpening | SendOpening | BumpOpening | MarkOpened, seen: Observation
    ) -> Step:
        now = self._now()
        match action:
            case PrepareOpening():
                return self._prepare_opening(action, seen)
            case BumpOpening(transaction):
                return self._bump_opening(transaction, seen)
            case SendOpening(transaction):
                self._store.opening_sent(transaction, at=now, answer=self._send(transaction))
                return Step(Did.OPENING_SENT)
            case MarkOpened():
                self._store.mark_opened(seen.mined, at=now)
                return Step(Did.OPENED)

    def _move(self, action: SendBatch | SeeBatch | FinalizeBatch | LoseBatch) -> Step:
        """Perform and store one transition of the open batch."""
        did, moved = self._transition(action, self._now())
        self._store.move(action.batch, moved)
        return Step(did, Sentence("batch {number}", number=moved.number))

    def _transition(
        self, action: SendBatch | SeeBatch | FinalizeBatch | LoseBatch, now: int
    ) -> tuple[Did, Batch]:
        match action:
            case SendBatch(batch):  # T3
                return Did.SENT, batch.sent(now, self._send(batch.in_flight()))
            case SeeBatch(batch, inclusion):  # T4
                return Did.SEEN, batch.seen(inclusion, now)
            case FinalizeBatch(batch, inclusion, finalized_number):  # T5
                return Did.FINAL, batch.finalize(inclusion, finalized_number, now)
            case LoseBatch(batch):  # T7
                return Did.LOST, batch.lose(now)

    def _seal(self, line: Line, seen: Observation) -> Step:
        """T1: the log fixes and signs the head; its consistency is proven before it is stored.

        A head that was sealed for another line earlier does not answer those who asked for a batch since.
        """
        number = self._store.next_number()
        old = line.last_final.new if line.last_final else EMPTY_HEAD
        try:
            sealed = self._source.seal(number)
            prove(self._source, old, sealed.head)
            asked = line if sealed.size >= seen.log_size else replace(line, requested=line.served)
            self._store.add_sealed(number, sealed, asked, at=self._now())
        except InvalidInput as error:
            return self._contradicted(number, error)
        return Step(Did.SEALED, Sentence("batch {number}, {size} entries", number=number, size=sealed.size))

    def _contradicted(self, number: int, error: InvalidInput) -> Step:
        text = Sentence("batch {number}: {error}", number=number, error=error)
        return self._halt(Stop(HaltReason.LOG_CONTRADICTS, text))

    def _prepare(self, batch: Batch, first_nonce: int, seen: Observation) -> Step:
        """T2: what can fail comes first; then nonce, signature and raw bytes in one transaction."""
        try:
            draft = self._desk.anchor(batch, self._store.spent(self._now()), seen)
        except InvalidInput as error:
            return self._contradicted(batch.number, error)
        if isinstance(draft, Wait):
            return Step(Did.WAITED, draft.problem, draft.kind)
        self._store.prepare(batch, first_nonce=first_nonce, build=draft, at=self._now())
        return Step(Did.PREPARED, Sentence("batch {number}", number=batch.number))

    def _prepare_opening(self, action: PrepareOpening, seen: Observation) -> Step:
        draft = self._desk.opening(action.gas, self._store.spent(self._now()), seen)
        if isinstance(draft, Wait):
            return Step(Did.WAITED, draft.problem, draft.kind)
        self._store.prepare_opening(
            first_nonce=action.first_nonce, build=draft, after=action.after, mined=seen.mined
        )
        return Step(Did.REQUEUED if action.after else Did.OPENING_PREPARED)

    def _bump(self, batch: Batch, seen: Observation) -> Step:
        """T6: stored here, sent by the next step; over the day's limit, it is only sent again."""
        transaction = batch.in_flight()
        attempt = self._desk.bump(transaction, self._store.spent(self._now()), seen)
        if isinstance(attempt, Wait):
            if send_due(transaction, self._plan.policy, self._now()):
                return self._move(SendBatch(batch))
            return Step(Did.WAITED, attempt.problem, attempt.kind)
        self._store.bump(batch, batch.bump(attempt, self._now()))
        return Step(Did.BUMPED, Sentence("batch {number}", number=batch.number))

    def _bump_opening(self, transaction: Transaction, seen: Observation) -> Step:
        attempt = self._desk.bump(transaction, self._store.spent(self._now()), seen)
        if isinstance(attempt, Wait):
            return Step(Did.WAITED, attempt.problem, attempt.kind)
        self._store.bump_opening(transaction, transaction.bumped(attempt))
        return Step(Did.BUMPED)

    def _send(self, transaction: Transaction) -> str:
        """T3: let every stored attempt leave, newest first. No answer and every answer are the same: sent."""
        answers: list[str] = []
        for attempt in transaction.newest_first():
            try:
                answers.append(self._chain.send_raw(attempt.raw).message)
            except Unavailable as error:
                answers.append(Sentence("no answer: {error}", error=error))
        return "; ".join(answers)[: self.MAX_ANSWER]

    def _send_again(self, line: Line, seen: Observation) -> None:
        """At start-up: whatever may not have left, or may be forgotten by the node, leaves (again)."""
        now, batch = self._now(), line.open_batch
        if line.opening is not None and seen.head.anchorer is None:
            self._store.opening_sent(line.opening, at=now, answer=self._send(line.opening))
        if batch is None or batch.state is State.SEALED or seen.anchor is not None:
            return
        if batch.state is State.INCLUDED:
            self._move(LoseBatch(batch))
            batch = batch.lose(now)
        self._move(SendBatch(batch))

    def _halt(self, stop: Stop) -> Step:
        halt = self._store.halt(stop.reason, stop.detail, at=self._now(), read=self._line)
        self._started = False
        return Step(Did.HALTED, Sentence("{reason}: {detail}", reason=halt.reason, detail=halt.detail))


_RESTING: Final = frozenset({Did.WAITED, Did.HALTED, Did.UNAVAILABLE, Did.OUTPACED})
"""After these a worker rests; after any other it goes straight on."""
