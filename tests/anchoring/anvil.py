"""A line on a real node, Anvil unless told otherwise: blocks come when the test says so, and each has its own log."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from anchoring.chain import EvmChain, JsonRpc
from anchoring.contract import ZERO_ADDRESS, artifact, log_id
from anchoring.database import Database, open_database
from anchoring.deploy import Owner, deploy
from anchoring.fees import FeePolicy
from anchoring.keystore import AccountSigner
from anchoring.line import Plan, Policy
from anchoring.line_store import LineStore
from anchoring.lock import FileLock
from anchoring.ports import Finality
from anchoring.settings import AnchoringSettings, make_settings
from anchoring.store import AnchorStore
from anchoring.worker import AnchorWorker, Did, Step
from tests.anchoring.fake_log import FakeLog
from tests.anchoring.world import KEY

CHAIN_ID = 1_337_001
ETHER = 10**18
SIGNER = AccountSigner(KEY)
OWNER_KEY = KEY[::-1]


def now() -> int:
    return int(time.time())


class Node(Protocol):
    """A test node: Anvil or Hardhat's."""

    @property
    def url(self) -> str:
        """The address for JSON-RPC."""

    def rpc(self, method: str, *params: object) -> Any:
        """Return the result of one call."""

    def fund(self, address: str, wei: int) -> None:
        """Set an account's balance."""


@dataclass
class AnvilWorld:
    """One line on one node; blocks come when the test says so."""

    folder: Path
    node: Node
    settings: AnchoringSettings
    log: FakeLog
    database: Database
    rpc: JsonRpc
    lock: FileLock

    def worker(self) -> AnchorWorker:
        """Make a worker from the database alone, as after a crash."""
        self.lock.release()
        store = LineStore(self.database, self.settings.target(), SIGNER.address, now=now())
        return AnchorWorker(
            store,
            Plan(self.settings.pins(), Policy(rebroadcast_after=1), self.settings.fees()),
            chain=EvmChain(self.rpc, self.settings.contract, self.settings.finality),
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

    def send(self, worker: AnchorWorker, nonce: int) -> None:
        """Let the prepared transaction leave, and see it; Anvil answers a moment before the block of it is there."""
        assert worker.step().did is Did.SENT
        deadline = time.monotonic() + 10
        while self.nonce() < nonce and time.monotonic() < deadline:
            time.sleep(0.002)
        assert worker.step().did is Did.SEEN

    def close(self) -> None:
        self.lock.release()
        self.rpc.close()
        self.database.close()

    def nonce(self) -> int:
        return int(self.node.rpc("eth_getTransactionCount", SIGNER.address, "latest"), 16)

    @property
    def store(self) -> AnchorStore:
        return AnchorStore(self.database)


def fund(node: Node) -> None:
    for account in (SIGNER.address, AccountSigner(OWNER_KEY).address):
        node.fund(account, 100 * ETHER)


def owner(node: Node, fees: FeePolicy = FeePolicy()) -> Owner:  # noqa: B008 - frozen
    return Owner(
        signer=AccountSigner(OWNER_KEY),
        fees=fees,
        now=now,
        sleep=lambda _seconds: node.rpc("evm_mine"),
        report=lambda _text: None,
        patience=30,
    )


def deploy_contract(
    node: Node,
    fees: FeePolicy = FeePolicy(),  # noqa: B008 - frozen
    finality: Finality = "tag",
    chain_id: int = CHAIN_ID,
) -> str:
    rpc = JsonRpc(node.url)
    chain = EvmChain(rpc, ZERO_ADDRESS, finality)
    deployed = deploy(chain, owner(node, fees), chain.at, chain_id=chain_id)
    rpc.close()
    assert deployed.code_hash == artifact().code_hash
    return deployed.address


def make_anvil_world(folder: Path, node: Node, contract: str, origin: str, **more: object) -> AnvilWorld:
    """Make a line of its own, whose log the worker will open; `more` is set beside the usual settings."""
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
        }
        | more,
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
    )
