"""The real worker, adapter and contract on Anvil: a life, restarts, a stopped node, a reorganisation, fees."""

import time
from pathlib import Path

from anchoring.batch import State
from anchoring.line_store import LineStore
from anchoring.local_node import LocalNode
from anchoring.settings import make_settings
from anchoring.worker import Did
from tests.anchoring.anvil import (
    CHAIN_ID,
    ETHER,
    SIGNER,
    AnvilWorld,
    deploy_contract,
    fund,
    make_anvil_world,
    now,
)
from tests.anchoring.fake_log import ORIGIN


def test_batches_are_sealed_sent_seen_and_final(anvil: AnvilWorld) -> None:
    worker = anvil.worker()
    anvil.run_to(worker, Did.FINAL)
    anvil.log.append(40)
    anvil.store.request_batch()
    anvil.run_to(worker, Did.FINAL)
    first, second = reversed(anvil.store.batches())
    assert (first.size, second.size, second.state) == (4, 45, State.FINAL)
    assert second.tx_hash is not None
    receipt = anvil.node.rpc("eth_getTransactionReceipt", "0x" + second.tx_hash.hex())
    assert (receipt["status"], int(receipt["blockNumber"], 16)) == ("0x1", second.block_number)
    assert int(receipt["gasUsed"], 16) < 80_000


def test_a_worker_that_dies_after_any_step_is_followed_by_one_that_finishes(anvil: AnvilWorld) -> None:
    before = anvil.nonce()
    for _ in range(60):
        if any(batch.state is State.FINAL for batch in anvil.store.batches()):
            break
        worker = anvil.worker()
        assert worker.step().did is Did.STARTED
        worker.step()
        anvil.node.rpc("evm_mine")
    assert [batch.state for batch in anvil.store.batches()] == [State.FINAL]
    assert anvil.nonce() - before == 2  # the opening and one anchor


def test_a_reorganised_anchor_is_anchored_again_with_the_same_nonce(anvil: AnvilWorld) -> None:
    worker = anvil.worker()
    anvil.run_to(worker, Did.PREPARED)
    before = anvil.nonce() + 1
    anvil.send(worker, before)
    anvil.node.rpc("anvil_reorg", 1, [])
    assert anvil.nonce() == before - 1
    anvil.run_to(worker, Did.LOST, steps=2)
    assert worker.step().did is Did.SENT
    anvil.run_to(worker, Did.FINAL)
    assert anvil.nonce() == before


def test_legacy_transactions_are_anchored_too(anvil: AnvilWorld) -> None:
    anvil.settings = make_settings(anvil.settings.model_dump() | {"transactions": "legacy"}, "test")
    anvil.run_to(anvil.worker(), Did.FINAL)
    final = anvil.store.latest_final()
    assert final is not None
    assert final.tx_hash is not None
    sent = anvil.node.rpc("eth_getTransactionByHash", "0x" + final.tx_hash.hex())
    assert sent["type"] == "0x0"


def test_an_account_without_ether_is_said_and_anchors_once_it_has_some(anvil: AnvilWorld) -> None:
    worker = anvil.worker()
    anvil.run_to(worker, Did.PREPARED)
    anvil.node.fund(SIGNER.address, 0)
    assert worker.step().did is Did.SENT
    batch = LineStore(anvil.database, anvil.settings.target(), SIGNER.address, now=now()).line().open_batch
    assert batch is not None
    assert "nsufficient funds" in batch.in_flight().last_answer
    anvil.node.fund(SIGNER.address, 100 * ETHER)
    time.sleep(1.1)  # rebroadcast_after
    anvil.run_to(worker, Did.FINAL)


def test_another_chain_id_halts_before_anything_is_sent(anvil: AnvilWorld) -> None:
    before = anvil.nonce()
    anvil.settings = make_settings(anvil.settings.model_dump() | {"chain_id": 1}, "test")
    step = anvil.worker().step()
    assert (step.did, "the node states 1337001" in step.detail) == (Did.HALTED, True)
    assert anvil.nonce() == before


def test_another_contract_halts_before_anything_is_sent(anvil: AnvilWorld) -> None:
    anvil.settings = make_settings(anvil.settings.model_dump() | {"contract": "0x" + "11" * 20}, "test")
    step = anvil.worker().step()
    assert (step.did, step.detail.startswith("wrong-code")) == (Did.HALTED, True)


def test_a_node_that_stops_and_comes_back_loses_nothing(tmp_path: Path) -> None:
    node = LocalNode(chain_id=CHAIN_ID, state=tmp_path / "state.json")
    with node:
        fund(node)
        contract = deploy_contract(node)
        port = node.port
        world = make_anvil_world(tmp_path, node, contract, ORIGIN)
        worker = world.worker()
        world.run_to(worker, Did.SENT)
    step = worker.step()
    assert (step.did, "Connection refused" in step.detail) == (Did.UNAVAILABLE, True)
    poll = world.store.last_poll()
    assert poll is not None
    assert "Connection refused" in poll.problem
    assert world.store.batches()[0].state is State.BROADCAST
    with LocalNode(chain_id=CHAIN_ID, state=tmp_path / "state.json", port=port) as world.node:
        world.run_to(worker, Did.FINAL)
    assert [batch.state for batch in world.store.batches()] == [State.FINAL]
    world.close()
