"""Single lines of the worker that no other case leans on: each test was written for a defect that went unnoticed."""

from dataclasses import replace

import pytest

from anchoring.batch import HaltReason, State
from anchoring.line_store import LineStore
from anchoring.worker import Did
from certlog.errors import NotTrusted
from tests.anchoring.fake_chain import with_head
from tests.anchoring.test_halts import FOREIGN
from tests.anchoring.world import World


def test_a_start_that_halts_sends_nothing_again(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.SENT)
    world.chain.evict()
    world.die()
    world.chain.change_state(lambda state: with_head(state, world.pins.target.log_id, FOREIGN))
    step = world.worker().step()
    assert step.did is Did.HALTED
    assert step.detail.startswith(HaltReason.FOREIGN_HEAD)
    assert not world.chain.mempool


def test_a_start_beside_a_node_that_is_behind_sends_nothing_again(world: World) -> None:
    worker = world.anchor_one()
    world.store.request_batch()
    world.run(worker, lambda step: step.did is Did.SENT)
    world.chain.evict()
    world.die()
    blocks = world.chain.blocks
    world.chain.blocks = blocks[:-4]
    step = world.worker().step()
    assert (step.did, "the node is behind" in step.detail) == (Did.UNAVAILABLE, True)
    assert not world.chain.mempool
    world.die()
    world.chain.blocks = blocks
    world.anchor_one(world.worker())


def test_no_nonce_is_given_out_before_earlier_transactions_are_final(world: World) -> None:
    worker = world.anchor_one()
    account = world.signer.address
    world.store.request_batch()
    world.run(worker, lambda step: step.did is Did.SEALED)
    blocks = world.chain.blocks
    world.chain.blocks = [
        replace(block, state=replace(block.state, nonces=block.state.nonces | {account: 1}))
        if block.header.number <= world.chain.finalized().number
        else block
        for block in blocks
    ]
    step = worker.step()
    assert (step.did, "earlier transactions to be final" in step.detail) == (Did.WAITED, True)
    assert world.store.batches()[0].state is State.SEALED


def test_another_note_of_the_sealed_head_halts_the_start(world: World) -> None:
    worker = world.worker()
    world.run(worker, lambda step: step.did is Did.SEALED)
    world.die()
    world.log._notes = {size: f"{note}\n" for size, note in world.log._notes.items()}
    step = world.worker().step()
    assert (step.did, step.detail.startswith(HaltReason.LOG_CONTRADICTS)) == (Did.HALTED, True)


class DamagedStore(LineStore):
    """A store whose own check finds damage."""

    def check(self) -> None:
        raise NotTrusted("batch 0 is damaged")


def test_a_damaged_store_stops_the_start(world: World) -> None:
    store = DamagedStore(world.database, world.pins.target, world.signer.address, now=world.clock())
    worker = world.worker(store=store)
    with pytest.raises(NotTrusted, match="batch 0 is damaged"):
        worker.step()
    assert not world.chain.mempool
