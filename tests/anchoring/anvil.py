"""A line on a real Anvil node: blocks come when the test says so, and every test has a log of its own."""

import time
from dataclasses import dataclass
from pathlib import Path

from anchoring.chain import EvmChain, JsonRpc
from anchoring.contract import ZERO_ADDRESS, artifact, log_id
from anchoring.database import Database, open_database
from anchoring.deploy import Owner, deploy
from anchoring.fees import FeePolicy
from anchoring.keystore import AccountSigner
from anchoring.line import Policy
from anchoring.line_store import LineStore
from anchoring.local_node import LocalNode
from anchoring.lock import FileLock
from anchoring.settings import AnchoringSettings, make_settings
from anchoring.store import AnchorStore
from anchoring.worker import AnchorWorker, Did, Plan, Step
from tests.anchoring.fake_log import FakeLog
from tests.anchoring.world import KEY

CHAIN_ID = 1_337_001
ETHER = 10**18
SIGNER = AccountSigner(KEY)
OWNER_KEY = KEY[::-1]


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


def fund(node: LocalNode) -> None:
    for account in (SIGNER.address, AccountSigner(OWNER_KEY).address):
        node.fund(account, 100 * ETHER)


def owner(node: LocalNode) -> Owner:
    return Owner(
        signer=AccountSigner(OWNER_KEY),
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


def make_anvil_world(folder: Path, node: LocalNode, contract: str, origin: str) -> AnvilWorld:
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
