"""The registry's publisher as the source of batches: it keeps the promises that anchoring's port states."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from anchoring.batch import HaltReason
from anchoring.worker import Did
from certlog.entry import EpochEntry, parse_entry
from certlog.errors import InvalidInput
from certlog.tree import verify_consistency
from cli.anchoring import PublisherSource
from tests.anchoring.world import World
from tests.support.registry import RegistryWorld, make_world
from tests.support.signing import ed25519


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[RegistryWorld]:
    made = make_world(tmp_path / "registry")
    made.publisher.start()
    yield made
    made.close()


def test_batches_of_a_real_log_become_final(world: World, registry: RegistryWorld) -> None:
    worker = world.worker(source=PublisherSource(registry.publisher))
    world.run(worker, lambda step: step.did is Did.FINAL)
    registry.enrol()
    world.store.request_batch()
    world.run(worker, lambda step: step.did is Did.FINAL)
    second, first = world.store.batches()
    assert second.size > first.size
    anchored = world.chain.blocks[-1].state.logs[world.pins.target.log_id]
    assert (anchored.size, anchored.root) == (second.size, second.root)


def test_a_sealed_batch_ends_in_an_epoch_and_is_the_same_after_a_restart(registry: RegistryWorld) -> None:
    registry.enrol()
    sealed = PublisherSource(registry.publisher).seal(1)
    last = registry.registry.entry(sealed.size - 1)
    assert last is not None
    assert isinstance(parse_entry(last.data), EpochEntry)
    registry.enrol("did:web:khac.example.vn", ed25519("another issuer"))
    registry.reopen()
    assert PublisherSource(registry.publisher).seal(1) == sealed


def test_every_batch_extends_the_one_before_it(registry: RegistryWorld) -> None:
    source = PublisherSource(registry.publisher)
    first = source.seal(1)
    registry.enrol()
    second = source.seal(2)
    proof = source.consistency(first.size, second.size)
    verify_consistency(first.size, first.root, second.size, second.root, proof)
    assert source.latest_size() == second.size


def test_a_number_that_was_passed_is_refused_and_halts_a_worker_that_asks_for_it(
    world: World, registry: RegistryWorld
) -> None:
    source = PublisherSource(registry.publisher)
    source.seal(2)
    with pytest.raises(InvalidInput, match="batch 1 cannot be sealed: batch 2 is sealed already"):
        source.seal(1)
    step = world.run(world.worker(source=source), lambda step: step.did is Did.HALTED)[-1]
    assert step.detail.startswith(HaltReason.LOG_CONTRADICTS)
