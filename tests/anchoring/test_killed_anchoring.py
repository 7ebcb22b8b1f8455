"""A registry that anchors batch after batch while any of its processes is killed every few seconds, on real nodes.

At the end chain, database and log agree: every batch is final, once, with the root that the log's entries lead to.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from anchoring.batch import Head, State
from anchoring.chain import EvmChain, JsonRpc
from anchoring.keystore import create_keystore
from anchoring.local_node import LocalNode
from anchoring.ports import Finality
from anchoring.settings import AnchoringSettings, save_settings
from anchoring.store import AnchorStore, BatchSummary
from certlog.errors import Unavailable
from certlog.tree import root_at
from registry.log_tree import node_reader
from registry.opening import system_now
from tests.anchoring.anvil import CHAIN_ID, SIGNER, Node, deploy_contract, fund, make_anvil_world
from tests.anchoring.hardhat import HardhatNode
from tests.anchoring.world import KEY
from tests.support.databases import Place, new_place
from tests.support.deep import cases, tell
from tests.support.killing import family, kill_all
from tests.support.postgres import Cluster
from tests.support.registry import RegistryWorld, as_submission, make_world
from tests.support.repository import ROOT

PASSPHRASE: Final = "throw-away passphrase"
ASLEEP: Final = 6.0
"""Seconds for which a node says nothing at most: longer than the worker waits for an answer."""
PATIENCE: Final = 120.0
"""Seconds without a new final batch after which the campaign has failed."""


@dataclass
class Fire:
    """A served registry, its node, and who is killed."""

    world: RegistryWorld
    anchors: Place
    settings: AnchoringSettings
    node: LocalNode | HardhatNode
    chance: random.Random
    kills: int = 0
    served: "subprocess.Popen[bytes] | None" = None

    def run(self, wanted: int, kills: int) -> None:
        """Serve, submit and kill until so many batches are final, and so many kills made; then let it finish in peace.

        Nobody is killed before something moved since the last time: a machine that starts slowly would only start.
        """
        seen, since = 0, time.monotonic()
        before, next_kill = self.states(), float("inf")
        while (final := self.final()) < wanted or self.kills < kills:
            if final > seen:
                seen, since = final, time.monotonic()
            assert time.monotonic() - since < PATIENCE, f"stuck at {final} of {wanted} batches: {self.said()}"
            self.keep_serving()
            self.submit()
            if next_kill == float("inf") and self.states() != before:
                next_kill = time.monotonic() + self.chance.uniform(0, 4)
            if time.monotonic() > next_kill:
                self.kill_somebody()
                before, next_kill = self.states(), float("inf")
            time.sleep(0.3)
        deadline = time.monotonic() + PATIENCE
        while not self.stopped_when_all_is_final():
            assert time.monotonic() < deadline, self.said()
            self.keep_serving()
            time.sleep(0.3)

    def stopped_when_all_is_final(self) -> bool:
        """Stop where all is final, and look once more: another batch may have begun meanwhile."""
        if self.all_final():
            self.stop()
            return self.all_final()
        return False

    def keep_serving(self) -> None:
        if self.served is not None and self.served.poll() is None:
            return
        with (self.folder / "said").open("ab") as said:
            self.served = subprocess.Popen(
                [
                    *(sys.executable, "-m", "cli.main", "registry", "serve", "--data", str(self.folder)),
                    *("--port", str(_free_port()), "--workers", "1", "--threads", "2"),
                    *("--passphrase-file", str(self.folder / "pass")),
                ],
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def submit(self) -> None:
        """Log one more certificate, and ask for a batch."""
        with suppress(Unavailable):
            self.world.clock.time = system_now()
            slot = self.world.slot()
            self.world.logged(as_submission(self.world.certificate(slot=slot), slot, publish=False))
            store = AnchorStore.open(self.anchors.address)
            with closing(store.database):
                store.request_batch()

    def kill_somebody(self) -> None:
        """Kill a process of the family (parent, worker, web server, web worker), or the database's server.

        The node cannot be killed: what a test node forgets then was final. It falls asleep instead.
        """
        assert self.served is not None
        if self.served.poll() is not None:
            return
        cluster, members = self.anchors.cluster, family(self.served.pid)
        others = [self.sleep_node] if cluster is None else [self.sleep_node, partial(crash, cluster)]
        self.chance.choice([*(partial(kill, pid) for pid in members), *others])()
        self.kills += 1

    def sleep_node(self) -> None:
        os.kill(self.node.pid, signal.SIGSTOP)
        time.sleep(self.chance.uniform(1, ASLEEP))
        os.kill(self.node.pid, signal.SIGCONT)

    def stop(self) -> None:
        if self.served is not None:
            kill_all(self.served)

    def all_final(self) -> bool:
        states = self.states()
        return bool(states) and all(state is State.FINAL for _, state in states)

    def states(self) -> list[tuple[int, State]]:
        return [(batch.number, batch.state) for batch in self.batches()]

    def final(self) -> int:
        return sum(batch.state is State.FINAL for batch in self.batches())

    def batches(self) -> tuple[BatchSummary, ...]:
        with suppress(Unavailable):
            store = AnchorStore.find(self.anchors.address)
            if store is not None:
                with closing(store.database):
                    return store.batches()
        return ()

    def check(self) -> None:
        """Require that chain, database and log agree."""
        batches = self.batches()
        assert [batch.number for batch in batches] == list(range(len(batches), 0, -1))
        rpc = JsonRpc(self.node.url)
        chain = EvmChain(rpc, self.settings.contract, self.settings.finality)
        final = chain.finalized()
        with self.world.registry.database.reading() as connection:
            read = node_reader(connection)
            for batch in batches:
                assert batch.state is State.FINAL, f"batch {batch.number} is {batch.state}"
                assert batch.root == root_at(batch.size, read), f"batch {batch.number} is not the log's"
                found = chain.anchored_at(batch.log_id, Head(batch.size, batch.root), final)
                assert found is not None, f"batch {batch.number} is not on the chain"
                assert (found.block_number, found.block_time) == (batch.block_number, batch.block_time)
        sent = chain.transaction_count(SIGNER.address, chain.latest())
        rpc.close()
        assert sent == len(batches) + 1, f"{sent} transactions for {len(batches)} batches and an opening"

    @property
    def folder(self) -> Path:
        return self.world.folder.path

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CERTLOG_")}
        return kept | {"PYTHONPATH": str(ROOT)} | dict(self.world.surroundings.environ)

    def tell(self, capsys: pytest.CaptureFixture[str], node: str, cluster: Cluster | None) -> None:
        where = "SQLite" if cluster is None else "PostgreSQL"
        tell(
            capsys, f"{len(self.batches())} batches on {node} and {where}, {self.kills} kills, all final once"
        )

    def said(self) -> str:
        return (self.folder / "said").read_text()[-1500:]


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def crash(cluster: Cluster) -> None:
    """Let a server crash and start again from what it had made durable."""
    cluster.stop(signal.SIGQUIT)
    cluster.start()


@contextmanager
def mining(node: Node) -> Iterator[None]:
    """Make a block every fifth of a second meanwhile."""
    stop = threading.Event()

    def body() -> None:
        while not stop.wait(0.2):
            node.rpc("evm_mine")

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def on_fire(
    folder: Path, node: LocalNode | HardhatNode, cluster: Cluster | None, finality: Finality, seed: int
) -> Iterator[Fire]:
    fund(node)
    contract = deploy_contract(node, finality=finality)
    with (
        new_place(folder / "data" / "registry.db", cluster) as place,
        new_place(folder / "data" / "anchoring.db", cluster) as anchors,
    ):
        world = make_world(folder / "data", place, origin="registry.example.vn/fire")
        world.clock.time = system_now()
        world.enrol()
        (folder / "data" / "pass").write_text(PASSPHRASE + "\n")
        key = folder / "data" / "keys" / "anchorer.json"
        create_keystore(key, PASSPHRASE, random_bytes=partial(bytes.ljust, KEY), work_factor=2**12)
        scratch = folder / "scratch"
        scratch.mkdir()
        line = make_anvil_world(scratch, node, contract, world.origin, finality=finality)
        line.close()
        quick = {"poll": 0.1, "max_head_age": 10**6, "rebroadcast_after": 2, "database": anchors.url}
        settings = line.settings.model_copy(update=quick)
        save_settings(settings, world.folder.path)
        root = ["registry", "trust-root", "--data", str(world.folder.path)]
        made = Fire(world, anchors, settings, node, random.Random(seed))
        subprocess.run([sys.executable, "-m", "cli.main", *root], cwd=ROOT, env=made.environ, check=True)
        try:
            with mining(node):
                yield made
        finally:
            made.stop()
            world.close()


@pytest.mark.deep
@pytest.mark.timeout(0)
def test_batches_on_anvil_under_kills(
    tmp_path: Path, cluster: Cluster | None, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = cases(100)
    with (
        LocalNode(chain_id=CHAIN_ID, block_time=None) as node,
        on_fire(tmp_path, node, cluster, "tag", 1) as fire,
    ):
        fire.run(wanted, kills=max(1, wanted // 5))
        fire.check()
        fire.tell(capsys, "Anvil", cluster)


@pytest.mark.deep
@pytest.mark.timeout(0)
def test_batches_on_hardhat_under_kills(
    tmp_path: Path, cluster: Cluster | None, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted, folder = cases(20), tmp_path / "node"
    folder.mkdir()
    with HardhatNode(CHAIN_ID, folder) as node, on_fire(tmp_path, node, cluster, 3, 2) as fire:
        fire.run(wanted, kills=max(1, wanted // 5))
        fire.check()
        fire.tell(capsys, "Hardhat's node", cluster)


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
def test_a_batch_that_the_chain_does_not_hold_would_be_found(tmp_path: Path, cluster: Cluster | None) -> None:
    """Control: a row that is called final with another root."""
    with (
        LocalNode(chain_id=CHAIN_ID, block_time=None) as node,
        on_fire(tmp_path, node, cluster, "tag", 3) as fire,
    ):
        fire.run(1, kills=0)
        fire.check()
        fire.stop()
        fire.anchors.damage("UPDATE batches SET block_number = block_number + 1")
        with pytest.raises(AssertionError):
            fire.check()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
