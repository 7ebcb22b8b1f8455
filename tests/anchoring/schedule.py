"""Random lives of the real worker: faults at every call, blocks, reorganisations, evictions, new entries, crashes.

After each step what must hold is checked; at the end the trouble stops and everything must become final. A failed
check names its seed, which repeats the same life.
"""

import random
from dataclasses import dataclass

from anchoring.batch import State
from anchoring.worker import AnchorWorker, Did
from tests.anchoring.fake_chain import FakeChain
from tests.anchoring.faults import Crash, RandomFaults, faulty_worker
from tests.anchoring.world import World

STORMY_STEPS = 60
CALM_STEPS = 80


class Violation(AssertionError):
    """Something that must never happen did."""


@dataclass(frozen=True)
class Life:
    """What one schedule came to."""

    batches: int
    crashes: int


def run_life(world: World, seed: int, *, chain: FakeChain | None = None) -> Life:
    """Run one life.

    Args:
        world: a fresh world.
        seed: repeats the life.
        chain: what the worker sees instead of the honest chain, for planted defects.

    Raises:
        Violation: lost, doubled, falsely final, stuck or halted without cause.
    """
    chance = random.Random(seed)
    faults = RandomFaults(chance)
    crashes = 0
    worker = faulty_worker(world, faults, chain=chain)
    for _ in range(STORMY_STEPS):
        _let_the_world_turn(world, chance)
        try:
            _step(world, worker, seed)
        except Crash:
            crashes += 1
            worker = _restart(world, faults, chain)
    faults.calm = True
    worker = _restart(world, faults, chain)
    world.store.request_batch()
    for _ in range(CALM_STEPS):
        world.chain.mine()
        world.clock.now += 5
        _step(world, worker, seed)
    _check_end(world, seed)
    return Life(len(world.store.batches()), crashes)


def _step(world: World, worker: AnchorWorker, seed: int) -> None:
    step = worker.step()
    if step.did is Did.HALTED:
        raise Violation(f"seed {seed}: halted without cause: {step.detail}")
    try:
        world.check()
    except AssertionError as error:
        raise Violation(f"seed {seed}: {error}") from error


def _check_end(world: World, seed: int) -> None:
    batches = world.store.batches()
    stuck = [batch.number for batch in batches if batch.state is not State.FINAL]
    if stuck or not batches:
        raise Violation(f"seed {seed}: stuck: batches {stuck} of {len(batches)}")
    try:
        world.check_all_final(at_least=1)
    except AssertionError as error:
        raise Violation(f"seed {seed}: {error}") from error


def _let_the_world_turn(world: World, chance: random.Random) -> None:
    draw = chance.random()
    if draw < 0.55:
        world.chain.mine()
    elif draw < 0.65:
        world.chain.reorganise(chance.randint(1, world.chain.finality), forget=chance.random() < 0.7)
    elif draw < 0.70:
        world.chain.evict()
    elif draw < 0.85:
        world.log.append(chance.randint(1, 5))
    if chance.random() < 0.3:
        world.clock.now += chance.randint(1, 40)
    if chance.random() < 0.1:
        world.store.request_batch()


def _restart(world: World, faults: RandomFaults, chain: FakeChain | None) -> AnchorWorker:
    world.die()
    while True:
        try:
            return faulty_worker(world, faults, chain=chain)
        except Crash:
            world.die()
