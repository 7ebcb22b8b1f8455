"""Reorganisations on Anvil, 128 blocks deep at most: nothing falsely final, no new nonce; beyond finality it halts."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from anchoring.batch import State
from anchoring.chain import EvmChain
from anchoring.local_node import LocalNode
from anchoring.worker import AnchorWorker, Did
from tests.anchoring.anvil import CHAIN_ID, AnvilWorld, deploy_contract, fund, make_anvil_world
from tests.anchoring.fake_log import ORIGIN
from tests.support.deep import cases, tell

SLOTS: Final = 70
"""Anvil calls what is two of these epochs old final: 140 blocks, deeper than any reorganisation below."""
FINAL_AFTER: Final = 2 * SLOTS
CAMPAIGN: Final = cases(1_000)
DEEPEST: Final = (96, 128)
_deep = (pytest.mark.deep, pytest.mark.timeout(3600))


class SlowlyFinal(LocalNode):
    """An Anvil whose finality is far away, as a public chain's is."""

    def _options(self) -> list[str]:
        options = super()._options()
        at = options.index("--slots-in-an-epoch")
        # A state that Anvil wrote to disk comes back from a reorganisation without the contracts' code: all in memory.
        return [*options[: at + 1], str(SLOTS), *options[at + 2 :], "--prune-history", str(4 * FINAL_AFTER)]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[AnvilWorld]:
    """Return a line whose log is open, on a node of its own."""
    with SlowlyFinal(chain_id=CHAIN_ID, block_time=None) as node:
        fund(node)
        made = make_anvil_world(tmp_path, node, deploy_contract(node), ORIGIN)
        # A reorganisation takes time back, too: after many, the chain's clock is far behind the machine's.
        made.settings = made.settings.model_copy(update={"max_head_age": 10**6})
        worker = made.worker()
        made.run_to(worker, Did.OPENING_SENT)
        mine(made, FINAL_AFTER + 1)
        made.run_to(worker, Did.OPENED)
        yield made
        made.close()


def mine(line: AnvilWorld, blocks: int) -> None:
    line.node.rpc("anvil_mine", hex(blocks))


def include(line: AnvilWorld, worker: AnchorWorker) -> None:
    """Bring a new batch into the newest block; Anvil makes one for each transaction."""
    line.store.request_batch()
    line.run_to(worker, Did.PREPARED)
    line.send(worker, line.nonce() + 1)


def finish(line: AnvilWorld, worker: AnchorWorker) -> None:
    """Let the open batch become final."""
    mine(line, FINAL_AFTER + 1)
    line.run_to(worker, Did.FINAL, steps=10)


def require_truly_final(line: AnvilWorld) -> None:
    """Ask the node itself, at its own finalized block, about every FINAL batch."""
    chain = EvmChain(line.rpc, line.settings.contract, line.settings.finality)
    border, log_id = chain.finalized(), line.settings.target().log_id
    for batch in line.store.batches():
        held = chain.anchored_at(log_id, line.log.seal(batch.number).head, border)
        assert (batch.state is State.FINAL) <= (held is not None), f"batch {batch.number} is falsely final"


def reorganise(line: AnvilWorld, worker: AnchorWorker, depth: int) -> None:
    """Take the open batch's block away, `depth` blocks deep, and see it anchored again with the same nonce."""
    mine(line, depth - 1)
    assert worker.step().did is Did.WAITED
    nonce = line.nonce()
    line.node.rpc("anvil_reorg", depth, [])
    assert line.nonce() == nonce - 1, "the anchor is gone from the chain"
    assert line.node.rpc("txpool_status")["pending"] == "0x0", "and from the mempool"
    assert worker.step().did is Did.LOST
    line.send(worker, nonce)
    assert line.nonce() == nonce


@pytest.mark.parametrize(
    ("count", "deepest"),
    [(6, ()), pytest.param(CAMPAIGN, DEEPEST, marks=_deep)],
    ids=["sample", "campaign"],
)
def test_a_reorganised_anchor_is_anchored_again_with_the_same_nonce_at_any_depth(
    line: AnvilWorld, count: int, deepest: tuple[int, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(count)
    depths = [1 + index % 64 for index in range(count)]
    chance.shuffle(depths)
    depths += deepest
    before, batches, worker = line.nonce(), len(line.store.batches()), line.worker()
    worker.step()
    include(line, worker)
    for index, depth in enumerate(depths, 1):
        reorganise(line, worker, depth)
        if index % 20 == 0:
            require_truly_final(line)
            finish(line, worker)
            require_truly_final(line)
            include(line, worker)
    finish(line, worker)
    require_truly_final(line)
    made = len(line.store.batches()) - batches
    assert line.nonce() - before == made, "one transaction for each batch"
    tell(
        capsys,
        f"reorganisations: {len(depths)} of 1 to {max(depths)} blocks, {made} batches, 0 falsely final",
    )


@pytest.mark.parametrize("depth", [FINAL_AFTER + 10, pytest.param(FINAL_AFTER + 100, marks=_deep)])
def test_beyond_the_finality_border_the_line_halts_and_sends_nothing(line: AnvilWorld, depth: int) -> None:
    worker = line.worker()
    worker.step()
    include(line, worker)
    finish(line, worker)
    line.node.rpc("anvil_reorg", depth, [])
    nonce = line.nonce()
    for _ in range(4):
        step = worker.step()
        assert step.did is Did.HALTED
        assert step.detail.startswith("finality-violation")
        mine(line, 1)
    assert (line.nonce(), line.node.rpc("txpool_status")["pending"]) == (nonce, "0x0")


def test_a_worker_that_calls_two_confirmations_final_is_noticed(line: AnvilWorld) -> None:
    line.settings = line.settings.model_copy(update={"finality": 1})
    worker = line.worker()
    worker.step()
    include(line, worker)
    with pytest.raises(AssertionError):
        reorganise(line, worker, 3)
