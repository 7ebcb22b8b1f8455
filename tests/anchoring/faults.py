"""Faults at every seam of the worker: crashes before and after each call, lost requests and replies, stale nodes.

A `Plan` is asked at each call and says what goes wrong. The wrapped object is the real one.
"""

import random
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, TypeAlias, cast

from anchoring.batch import Head
from anchoring.line_store import LineStore
from anchoring.ports import Anchor, Block, CheckpointSource, TransactionSigner
from anchoring.worker import AnchorWorker
from certlog.errors import Unavailable
from tests.anchoring.fake_chain import FakeChain
from tests.anchoring.world import World


class Crash(BaseException):
    """The process dies at this point."""


class Fault(Enum):
    NONE = auto()
    CRASH_BEFORE = auto()
    CRASH_AFTER = auto()
    LOST_REQUEST = auto()
    LOST_REPLY = auto()
    STALE = auto()


Plan: TypeAlias = Callable[[str], Fault]
"""Takes "chain.send_raw" or "store.move" and says what happens to that call."""

REMOTE: Final = ("chain.", "source.", "signer.")
STALE_ANSWERS: Final = ("chain.latest", "chain.finalized")


class Faulty:
    """Forwards every call to a real object, unless the plan has it otherwise."""

    def __init__(self, wrapped: object, name: str, plan: Plan) -> None:
        self._wrapped = wrapped
        self._name = name
        self._plan = plan

    def __getattr__(self, attribute: str) -> object:
        value = getattr(self._wrapped, attribute)
        if not callable(value):
            return value
        return lambda *args, **kwargs: self._call(attribute, value, args, kwargs)

    def _call(
        self,
        attribute: str,
        method: Callable[..., object],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> object:
        fault = self._plan(f"{self._name}.{attribute}")
        if fault is Fault.CRASH_BEFORE:
            raise Crash(attribute)
        if fault is Fault.LOST_REQUEST:
            raise Unavailable("connection refused")
        answer = method(*args, **kwargs)
        if fault is Fault.CRASH_AFTER:
            raise Crash(attribute)
        if fault is Fault.LOST_REPLY:
            raise Unavailable("timed out")
        if fault is Fault.STALE:
            blocks = cast("FakeChain", self._wrapped).blocks
            return blocks[max(0, cast("Block", answer).number - 2)].header
        return answer


WITH_EFFECT: Final = frozenset({
    "chain.send_raw",
    "signer.sign",
    "source.seal",
    "store.add_sealed",
    "store.bump",
    "store.bump_opening",
    "store.mark_opened",
    "store.move",
    "store.opening_sent",
    "store.prepare",
    "store.prepare_opening",
    "store.record_poll",
    "store.requeue",
    "store.take_lead",
})  # fmt: skip
"""Calls that leave something behind: a crash at any other is a crash after the one before it."""


class CrashAt:
    """Crashes once, at the n-th point; every call with an effect has a point before and one after."""

    def __init__(self, point: int) -> None:
        self._left = point
        self.crashed = False

    def __call__(self, call: str) -> Fault:
        if call not in WITH_EFFECT:
            return Fault.NONE
        left, self._left = self._left, self._left - 2
        if left not in (0, 1):
            return Fault.NONE
        self.crashed = True
        return Fault.CRASH_BEFORE if left == 0 else Fault.CRASH_AFTER


class RandomFaults:
    """Each call may fail in each way that it can; `calm` ends the trouble."""

    def __init__(self, chance: random.Random, *, crash: float = 0.01, remote: float = 0.05) -> None:
        self._chance = chance
        self._crash = crash
        self._remote = remote
        self.calm = False

    def __call__(self, call: str) -> Fault:
        if self.calm:
            return Fault.NONE
        draw = self._chance.random()
        if draw < self._crash:
            return self._chance.choice((Fault.CRASH_BEFORE, Fault.CRASH_AFTER))
        if not call.startswith(REMOTE) or draw > self._crash + self._remote:
            return Fault.NONE
        kinds = [Fault.LOST_REQUEST, Fault.LOST_REPLY]
        if call in STALE_ANSWERS:
            kinds.append(Fault.STALE)
        return self._chance.choice(kinds)


class FinalAtOneConfirmation(FakeChain):
    """Planted defect: whatever the newest block holds is called final."""

    def finalized(self) -> Block:
        return self.latest()


class StateOfNewestBlock(FakeChain):
    """Planted defect: state is read at the newest block, whichever block was asked for."""

    def anchored_at(self, log_id: bytes, head: Head, at: Block) -> Anchor | None:
        del at
        return super().anchored_at(log_id, head, self.latest())


def defective(kind: type[FakeChain], chain: FakeChain) -> FakeChain:
    """Return a chain port with a planted defect that shares the honest chain's world."""
    view = kind.__new__(kind)
    view.__dict__ = chain.__dict__
    return view


def faulty_worker(world: World, plan: Plan, *, chain: FakeChain | None = None) -> AnchorWorker:
    """Return a worker whose every port may fail as planned."""
    return world.worker(
        store=cast("LineStore", Faulty(world.line_store(), "store", plan)),
        chain=cast("FakeChain", Faulty(chain or world.chain, "chain", plan)),
        source=cast("CheckpointSource", Faulty(world.log, "source", plan)),
        signer=cast("TransactionSigner", Faulty(world.signer, "signer", plan)),
    )
