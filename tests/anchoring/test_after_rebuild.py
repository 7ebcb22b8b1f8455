"""Anchoring goes on after `certlog rebuild`: what was sealed comes back from the anchoring database."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from anchoring.batch import HaltReason, State
from anchoring.worker import Did
from certlog.checkpoint import Checkpoint, sign_checkpoint
from certlog.digests import RootHash
from certlog.errors import InvalidInput
from cli import rebuild as rebuild_module
from cli.anchoring import PublisherSource
from cli.rebuild import rebuild_command
from registry import rebuild_from_log
from registry.keys import LogSigner, load_key
from tests.anchoring.world import World
from tests.support.controls import Control, require_failure
from tests.support.registry import RegistryWorld, make_world, open_world
from tests.support.signing import ed25519


@dataclass
class Anchored:
    """A registry whose batches a world's worker anchors."""

    registry: RegistryWorld
    folder: Path

    def rebuild(self) -> None:
        """Lose the database, and make it again from the registry's own tiles."""
        self.registry.close()
        (self.folder / "registry.db").replace(self.folder / "lost.db")
        for beside in self.folder.glob("registry.db-*"):
            beside.unlink()
        tiles = self.folder / "tiles"
        done = CliRunner().invoke(
            rebuild_command, [str(tiles), "--data", str(self.folder)], catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        clock = self.registry.clock.time
        self.registry = open_world(self.folder)
        self.registry.clock.time = clock + 60
        self.registry.publisher.start()

    @property
    def source(self) -> PublisherSource:
        return PublisherSource(self.registry.publisher)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Anchored]:
    folder = tmp_path / "registry"
    found = Anchored(make_world(folder), folder)
    found.registry.publisher.start()
    found.registry.enrol()
    yield found
    found.registry.close()
    shutil.rmtree(folder)


def test_it_goes_on_where_every_batch_was_final(world: World, log: Anchored) -> None:
    world.run(world.worker(source=log.source), lambda step: step.did is Did.FINAL)
    (first,) = world.store.batches()
    world.die()
    log.rebuild()
    world.store.request_batch()
    world.run(world.worker(source=log.source), lambda step: step.did is Did.FINAL)
    second = world.store.batches()[0]
    assert second.number == first.number + 1
    assert second.size > first.size
    assert all(batch.state is State.FINAL for batch in world.store.batches())


def sent(world: World, log: Anchored) -> None:
    """Send a batch that is not final yet, and lose the registry's database."""
    world.run(world.worker(source=log.source), lambda step: step.did is Did.SENT)
    world.die()


@pytest.mark.parametrize("grown", [False, True])
def test_a_batch_that_was_on_its_way_goes_on(
    grown: bool,
    world: World,
    log: Anchored,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The test's anchoring database is not in the registry's folder.
    monkeypatch.setattr(rebuild_module, "database_address", lambda _folder: world.place.address)
    sent(world, log)
    if grown:
        log.registry.enrol("did:web:khac.example.vn", ed25519("another issuer"))
        log.registry.publisher.tick()
    log.rebuild()
    worker = world.worker(source=log.source)
    world.run(worker, lambda step: step.did is Did.FINAL)
    world.store.request_batch()
    world.run(worker, lambda step: step.did is Did.FINAL)
    assert [batch.state for batch in world.store.batches()] == [State.FINAL, State.FINAL]


def test_without_the_anchoring_database_an_open_batch_halts_it(world: World, log: Anchored) -> None:
    sent(world, log)
    (first,) = world.store.batches()
    log.rebuild()
    step = world.run(world.worker(source=log.source), lambda step: step.did is Did.HALTED)[-1]
    assert step.detail.startswith(HaltReason.LOG_CONTRADICTS)
    assert f"batch {first.number} was sealed at size {first.size}; the log now answers size" in step.detail


@pytest.mark.parametrize("more", [0, 5])
def test_what_was_sealed_and_the_source_does_not_hold_is_not_passed_over(
    more: int, log: Anchored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another root, or a size beyond the source: nothing is written, and a right source is taken afterwards."""
    log.registry.publisher.tick()
    head = Checkpoint(
        log.registry.origin, log.registry.registry.head().size - 1 + more, RootHash(b"\x07" * 32)
    )
    note = sign_checkpoint(head, LogSigner(log.registry.origin, load_key(log.registry.folder.log_key)))
    with monkeypatch.context() as patched:
        patched.setattr(rebuild_module, "_sealed", lambda _folder: ((1, note),))
        with pytest.raises(InvalidInput, match="was sealed for anchoring at size"):
            log.rebuild()
    (log.folder / "lost.db").rename(log.folder / "registry.db")
    log.registry = open_world(log.folder)
    log.rebuild()


def test_without_the_comparison_another_history_would_be_written(
    log: Anchored, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attempt() -> None:
        test_what_was_sealed_and_the_source_does_not_hold_is_not_passed_over(0, log, monkeypatch)

    require_failure(Control(rebuild_from_log, "same", lambda *_: True, attempt), monkeypatch)
