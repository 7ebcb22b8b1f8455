"""A backup of a random moment is put back, and the registry and the anchoring worker are started: every one halts.

A registry grows, is saved now and then, and grows on. Whatever save is put back, heads are out that it does not know:
the file of the last signed head says so at this machine, the contract's head says so where that file is lost too.
"""

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection

from anchoring import decision
from anchoring.batch import HaltReason, State
from certlog.tree import EMPTY_ROOT
from cli.reseed import Witnessed, highest_head
from registry.heads import HeadSigner, SignedCheckpoint, newest_checkpoint
from registry.last_signed_head import LastSignedHeadFile, SignedHead, SigningHalted
from tests.anchoring.test_halts import halted
from tests.anchoring.world import World, make_world
from tests.registry.conftest import Template, copied
from tests.support.certificates import SAMPLE_DID
from tests.support.controls import nothing
from tests.support.databases import Place
from tests.support.deep import cases, tell
from tests.support.postgres import Cluster
from tests.support.registry import RegistryWorld, as_submission, open_world

SAVES: Final = 5
DRILLS_EACH: Final = 5
"""Restores of one life: a life costs more than a restore."""
SQLITE: Final = pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)


@contextmanager
def living(with_body: Template, folder: Path, cluster: Cluster | None) -> Iterator[RegistryWorld]:
    """Open a registry of its own, started."""
    with copied(with_body, folder, cluster) as place:
        world = open_world(folder, place)
        world.publisher.start()
        try:
            yield world
        finally:
            world.close()


def grow(world: RegistryWorld, chance: random.Random) -> None:
    """Let a little happen: certificates, time, a checkpoint or a batch for the chain."""
    for _ in range(chance.randrange(3)):
        slot = world.slot()
        world.logged(as_submission(world.certificate(slot=slot), slot))
    world.clock.time += chance.choice((1, 61, 3601))
    if chance.random() < 0.7:
        world.publisher.tick()


def sign(world: RegistryWorld, number: int) -> SignedHead:
    """Seal a batch: a head that goes out into the world."""
    sealed = world.publisher.seal_batch(number)
    return SignedHead(sealed.size, sealed.root)


def saved_copy(world: RegistryWorld, number: int) -> Place:
    """Save the closed database under a name of its own; a later save would overwrite it."""
    copy = world.place.save()
    if copy.cluster is None:
        kept = copy.file.with_suffix(f".{number}")
        copy.file.rename(kept)
        return Place(kept)
    return copy


def life(world: RegistryWorld, chance: random.Random) -> tuple[list[Place], SignedHead]:
    """Live a life with saves at random moments; return them and the last head that went out after all of them."""
    saves = []
    for number in range(SAVES):
        for _ in range(chance.randint(1, 4)):
            grow(world, chance)
        world.close()
        saves.append(saved_copy(world, number))
        world.reopen()
    grow(world, chance)
    return saves, sign(world, 0)


def require_halted(world: RegistryWorld) -> None:
    """Require that no head is signed, by any way, now and after the registry has been used for a while."""
    before = newest_head(world)
    for go_on_first in (False, True):
        if go_on_first:
            go_on(world)
        for act in (world.publisher.start, lambda: world.publisher.seal_batch(7)):
            with pytest.raises(SigningHalted):
                act()
        # A tick at which nothing is due has nothing to refuse.
        with suppress(SigningHalted):
            world.publisher.tick()
    assert newest_head(world) == before


def newest_head(world: RegistryWorld) -> SignedCheckpoint | None:
    """Return the newest head that the database holds."""
    with world.registry.database.reading() as connection:
        return newest_checkpoint(connection)


def go_on(world: RegistryWorld) -> None:
    """Append to a restored log as if nothing had happened, until it is larger than it ever was."""
    slots = world.registry.reserve_slots(SAMPLE_DID, 30).slots
    world.submit(*(as_submission(world.certificate(slot=slot), slot, publish=False) for slot in slots))


def restore_drill(world: RegistryWorld, saved: Place, last: SignedHead) -> None:
    """Put one save back.

    1. The head file is as it was: the registry halts.
    2. The head file is lost too: it halts until somebody names a head.
    3. The head that the chain holds is named: it halts, since it lacks entries of it.
    """
    path = world.folder.last_signed_head
    world.close()
    kept = path.read_bytes()
    world.place.restore(saved)
    world.reopen()
    world.numbers = itertools.count(5000)
    # In the same second the epoch that was lost would be made again, byte for byte: no history but the signed one.
    world.clock.time += 1
    require_halted(world)  # 1
    path.unlink()
    require_halted(world)  # 2
    witnessed = Witnessed(last, "the chain")
    if last.size > world.registry.size():
        assert highest_head(world.registry.database, [witnessed]) == witnessed
    LastSignedHeadFile(path, world.origin).reseed(last)
    require_halted(world)  # 3
    path.write_bytes(kept)


def registry_drills(with_body: Template, folder: Path, cluster: Cluster | None, *, drills: int) -> int:
    """Run drills; return their number."""
    done = 0
    for seed in itertools.count():
        if done >= drills:
            break
        chance = random.Random(seed)
        with living(with_body, folder / f"life-{seed}", cluster) as world:
            saves, last = life(world, chance)
            world.close()
            for number in chance.sample(range(SAVES), min(DRILLS_EACH, drills - done)):
                again = Place(saves[number].file, cluster, saves[number].name)
                restore_drill(world, again, last)
                done += 1
    return done


def anchoring_drill(world: World, chance: random.Random) -> None:
    """Save an anchoring database at a random step, anchor at least one batch more, put the save back: it halts."""
    worker = world.worker()
    for _ in range(chance.randint(0, 40)):
        worker.step()
        if chance.random() < 0.8:
            world.chain.mine()
        world.clock.now += chance.randint(1, 30)
        world.log.append(chance.randrange(3))
        if chance.random() < 0.2:
            world.store.request_batch()
    before = len(world.store.batches())
    saved = world.save()
    worker = world.worker()
    while len(world.store.batches()) <= before or world.store.batches()[-1].state is not State.FINAL:
        world.store.request_batch()
        world.anchor_one(worker)
    world.restore(saved)
    halted(world, world.worker(), HaltReason.FOREIGN_HEAD)


def anchoring_drills(folder: Path, *, drills: int) -> int:
    """Run drills; return their number."""
    for seed in range(drills):
        place = folder / str(seed)
        place.mkdir()
        world = make_world(place)
        try:
            anchoring_drill(world, random.Random(seed))
        finally:
            world.die()
            world.database.close()
    return drills


def test_a_registry_that_is_restored_to_a_random_moment_halts(
    with_body: Template, tmp_path: Path, cluster: Cluster | None
) -> None:
    drills = DRILLS_EACH if cluster is None else 1
    assert registry_drills(with_body, tmp_path, cluster, drills=drills) == drills


def test_an_anchoring_database_that_is_restored_to_a_random_moment_halts(tmp_path: Path) -> None:
    assert anchoring_drills(tmp_path, drills=3) == 3


@pytest.mark.deep
@SQLITE
def test_two_hundred_restores_to_a_random_moment_halt(
    with_body: Template, tmp_path: Path, cluster: Cluster | None, capsys: pytest.CaptureFixture[str]
) -> None:
    drills = cases(200)
    restored = registry_drills(with_body, tmp_path, cluster, drills=drills)
    anchoring = anchoring_drills(tmp_path, drills=drills)
    tell(capsys, f"{restored} restored registries and {anchoring} restored anchoring databases: all halted")


@SQLITE
def test_a_signer_that_believes_the_database_is_noticed(
    with_body: Template, tmp_path: Path, cluster: Cluster | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def believes(_: HeadSigner, connection: Connection) -> SignedHead:
        newest = newest_checkpoint(connection)
        return SignedHead(0, EMPTY_ROOT) if newest is None else SignedHead(newest.size, newest.root)

    monkeypatch.setattr(HeadSigner, "_last_head", believes)
    monkeypatch.setattr(HeadSigner, "_swap", nothing)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        registry_drills(with_body, tmp_path, cluster, drills=1)


def test_a_worker_that_takes_any_head_for_its_own_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision, "check_head", nothing)
    with pytest.raises(AssertionError):
        anchoring_drills(tmp_path, drills=1)
