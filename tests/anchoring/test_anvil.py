"""The real worker, the real adapter and the real contract on Anvil: a life, restarts, a stopped node, a reorg, fees."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from anchoring.batch import State
from anchoring.chain import EvmChain, JsonRpc
from anchoring.contract import ZERO_ADDRESS, artifact, log_id
from anchoring.database import Database, open_database
from anchoring.deploy import Owner, deploy, open_log
from anchoring.fees import FeePolicy
from anchoring.keystore import AccountSigner
from anchoring.line import Policy
from anchoring.line_store import LineStore
from anchoring.local_node import LocalNode
from anchoring.lock import FileLock
from anchoring.settings import AnchoringSettings, make_settings
from anchoring.store import AnchorStore
from anchoring.worker import AnchorWorker, Did, Plan, Step
from certlog.errors import InvalidInput, NotTrusted
from tests.anchoring.fake_log import ORIGIN, FakeLog
from tests.anchoring.world import KEY

CHAIN_ID = 1_337_001
ETHER = 10**18
SIGNER = AccountSigner(KEY)
OWNER = AccountSigner(KEY[::-1])


def now() -> int:
    return int(time.time())


@dataclass
class AnvilWorld:
    """One line on one Anvil node; blocks come when the test says so."""

    folder: Path
    node: LocalNode
    settings: AnchoringSettings
    log: FakeLog
    database: Database
    rpc: JsonRpc
    lock: FileLock
    fees: FeePolicy

    def worker(self) -> AnchorWorker:
        """Make a worker from the database alone, as after a crash."""
        self.lock.release()
        store = LineStore(self.database, self.settings.target(), SIGNER.address, now=now())
        return AnchorWorker(
            store,
            Plan(self.settings.pins(), Policy(rebroadcast_after=1), self.fees),
            chain=EvmChain(self.rpc, self.settings.contract, "tag"),
            source=self.log,
            signer=SIGNER,
            lock=self.lock,
            now=now,
        )

    def run_to(self, worker: AnchorWorker, wanted: Did, *, steps: int = 60) -> list[Step]:
        """Take steps, a block after each, until one is as wished."""
        taken = []
        for _ in range(steps):
            taken.append(worker.step())
            if taken[-1].did is wanted:
                return taken
            self.node.rpc("evm_mine")
        raise AssertionError([str(step) for step in taken[-8:]])

    def close(self) -> None:
        self.lock.release()
        self.rpc.close()
        self.database.close()

    def nonce(self) -> int:
        return int(self.node.rpc("eth_getTransactionCount", SIGNER.address, "latest"), 16)

    @property
    def store(self) -> AnchorStore:
        return AnchorStore(self.database)


@pytest.fixture(scope="module")
def node() -> Iterator[LocalNode]:
    with LocalNode(chain_id=CHAIN_ID, block_time=None) as started:
        fund(started)
        yield started


def fund(node: LocalNode) -> None:
    for account in (SIGNER.address, OWNER.address):
        node.fund(account, 100 * ETHER)


def owner(node: LocalNode) -> Owner:
    return Owner(
        signer=OWNER,
        fees=FeePolicy(),
        now=now,
        sleep=lambda _seconds: node.rpc("evm_mine"),
        report=lambda _text: None,
        patience=30,
    )


def deploy_contract(node: LocalNode) -> str:
    rpc = JsonRpc(node.url)
    chain = EvmChain(rpc, ZERO_ADDRESS, "tag")
    deployed = deploy(chain, owner(node), chain.at, chain_id=CHAIN_ID)
    rpc.close()
    assert deployed.code_hash == artifact().code_hash
    return deployed.address


@pytest.fixture(scope="module")
def contract(node: LocalNode) -> str:
    return deploy_contract(node)


def make_world(folder: Path, node: LocalNode, contract: str, origin: str) -> AnvilWorld:
    """Make a line of its own, whose log the worker will open."""
    settings = make_settings(
        {
            "origin": origin,
            "endpoint": node.url,
            "chain_id": CHAIN_ID,
            "chain_class": "local",
            "contract": contract,
            "code_hash": "0x" + artifact().code_hash.hex(),
            "log_id": "0x" + log_id(SIGNER.address, origin).hex(),
            "account": SIGNER.address,
        },
        "test",
    )
    log = FakeLog(origin)
    log.append(3)
    return AnvilWorld(
        folder=folder,
        node=node,
        settings=settings,
        log=log,
        database=open_database(folder / "anchoring.db", create=True),
        rpc=JsonRpc(node.url),
        lock=FileLock(folder / "anchoring.lock"),
        fees=FeePolicy(),
    )


@pytest.fixture
def world(
    tmp_path: Path, node: LocalNode, contract: str, request: pytest.FixtureRequest
) -> Iterator[AnvilWorld]:
    """Return a line whose origin is made of the test's name."""
    origin = f"{ORIGIN}/{request.node.originalname.replace('_', '-')}"[:200]
    made = make_world(tmp_path, node, contract, origin)
    yield made
    made.close()


def test_batches_are_sealed_sent_seen_and_final(world: AnvilWorld) -> None:
    worker = world.worker()
    world.run_to(worker, Did.FINAL)
    world.log.append(40)
    world.store.request_batch()
    world.run_to(worker, Did.FINAL)
    first, second = reversed(world.store.batches())
    assert (first.size, second.size, second.state) == (4, 45, State.FINAL)
    assert second.tx_hash is not None
    receipt = world.node.rpc("eth_getTransactionReceipt", "0x" + second.tx_hash.hex())
    assert (receipt["status"], int(receipt["blockNumber"], 16)) == ("0x1", second.block_number)
    assert int(receipt["gasUsed"], 16) < 80_000


def test_a_worker_that_dies_after_any_step_is_followed_by_one_that_finishes(world: AnvilWorld) -> None:
    before = world.nonce()
    for _ in range(60):
        if any(batch.state is State.FINAL for batch in world.store.batches()):
            break
        worker = world.worker()
        assert worker.step().did is Did.STARTED
        worker.step()
        world.node.rpc("evm_mine")
    assert [batch.state for batch in world.store.batches()] == [State.FINAL]
    assert world.nonce() - before == 2  # the opening and one anchor


def test_a_reorganised_anchor_is_anchored_again_with_the_same_nonce(world: AnvilWorld) -> None:
    worker = world.worker()
    world.run_to(worker, Did.PREPARED)
    assert worker.step().did is Did.SENT
    assert worker.step().did is Did.SEEN
    before = world.nonce()
    world.node.rpc("anvil_reorg", 1, [])
    assert world.nonce() == before - 1
    world.run_to(worker, Did.LOST, steps=2)
    assert worker.step().did is Did.SENT
    world.run_to(worker, Did.FINAL)
    assert world.nonce() == before


def test_legacy_transactions_are_anchored_too(world: AnvilWorld) -> None:
    world.fees = FeePolicy(legacy=True)
    world.run_to(world.worker(), Did.FINAL)
    final = world.store.latest_final()
    assert final is not None
    assert final.tx_hash is not None
    sent = world.node.rpc("eth_getTransactionByHash", "0x" + final.tx_hash.hex())
    assert sent["type"] == "0x0"


def test_an_account_without_ether_is_said_and_anchors_once_it_has_some(world: AnvilWorld) -> None:
    worker = world.worker()
    world.run_to(worker, Did.PREPARED)
    world.node.fund(SIGNER.address, 0)
    assert worker.step().did is Did.SENT
    batch = LineStore(world.database, world.settings.target(), SIGNER.address, now=now()).line().open_batch
    assert batch is not None
    assert "nsufficient funds" in batch.in_flight().last_answer
    world.node.fund(SIGNER.address, 100 * ETHER)
    time.sleep(1.1)  # rebroadcast_after
    world.run_to(worker, Did.FINAL)


def test_another_chain_id_halts_before_anything_is_sent(world: AnvilWorld) -> None:
    before = world.nonce()
    world.settings = make_settings(world.settings.model_dump() | {"chain_id": 1}, "test")
    step = world.worker().step()
    assert (step.did, "the node states 1337001" in step.detail) == (Did.HALTED, True)
    assert world.nonce() == before


def test_another_contract_halts_before_anything_is_sent(world: AnvilWorld) -> None:
    world.settings = make_settings(world.settings.model_dump() | {"contract": "0x" + "11" * 20}, "test")
    step = world.worker().step()
    assert (step.did, step.detail.startswith("wrong-code")) == (Did.HALTED, True)


def test_an_owner_opens_a_log_for_another_anchorer_and_may_repeat_it(node: LocalNode, contract: str) -> None:
    rpc = JsonRpc(node.url)
    chain = EvmChain(rpc, contract, "tag")
    told = {"chain_id": CHAIN_ID, "contract": contract, "origin": "owner.example.vn"}
    opened = open_log(chain, owner(node), anchorer=SIGNER.address, **told)  # type: ignore[arg-type]
    assert chain.head(opened, chain.finalized()).anchorer == SIGNER.address
    assert open_log(chain, owner(node), anchorer=SIGNER.address, **told) == opened  # type: ignore[arg-type]
    with pytest.raises(NotTrusted, match="is open with anchorer"):
        open_log(chain, owner(node), anchorer=OWNER.address, **told)  # type: ignore[arg-type]
    rpc.close()


def test_a_contract_is_not_deployed_on_another_chain_than_meant(node: LocalNode) -> None:
    rpc = JsonRpc(node.url)
    chain = EvmChain(rpc, ZERO_ADDRESS, "tag")
    with pytest.raises(InvalidInput, match="expected chain id 1, the node states 1337001"):
        deploy(chain, owner(node), chain.at, chain_id=1)
    rpc.close()


def test_a_node_that_stops_and_comes_back_loses_nothing(tmp_path: Path) -> None:
    node = LocalNode(chain_id=CHAIN_ID, state=tmp_path / "state.json")
    with node:
        fund(node)
        contract = deploy_contract(node)
        port = node.port
        world = make_world(tmp_path, node, contract, ORIGIN)
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
