"""The real worker on Hardhat's node: finality by depth, type 0 and type 2, gas that is free, a chain before London."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from anchoring.batch import State
from anchoring.fees import FREE_GAS, FeePolicy
from anchoring.keystore import AccountSigner, create_keystore
from anchoring.settings import load_settings
from anchoring.worker import Did
from cli.anchor import anchor
from tests.anchoring.anvil import (
    CHAIN_ID,
    OWNER_KEY,
    SIGNER,
    AnvilWorld,
    deploy_contract,
    fund,
    make_anvil_world,
)
from tests.anchoring.fake_log import ORIGIN
from tests.anchoring.hardhat import HardhatNode

DEPTH: Final = 3
LEGACY: Final[dict[str, object]] = {"transactions": "legacy"}
FREE: Final[dict[str, object]] = {"priority_fee": 0, "gas_price": 0}


@dataclass(frozen=True)
class Kind:
    """A kind of chain, and the settings that suit it."""

    network: dict[str, object]
    deploying: FeePolicy
    settings: dict[str, object]
    type: str
    funded: bool = True


KINDS: Final = {
    "EIP-1559": Kind({}, FeePolicy(), {}, "0x2"),
    "before London": Kind({"hardfork": "berlin"}, FeePolicy(legacy=True), LEGACY, "0x0"),
    "free gas": Kind({"initialBaseFeePerGas": 0}, FREE_GAS, FREE, "0x2", funded=False),
    "free gas, type 0": Kind(
        {"initialBaseFeePerGas": 0}, FeePolicy(legacy=True, gas_price=0), LEGACY | FREE, "0x0", funded=False
    ),
}


@dataclass
class HardhatWorld:
    """A line on a Hardhat node of some kind."""

    world: AnvilWorld
    kind: Kind

    def block(self) -> int:
        return int(self.world.node.rpc("eth_blockNumber"), 16)


@pytest.fixture(params=KINDS, scope="module")
def hardhat(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HardhatWorld]:
    """Return a line on a node of each kind, with the contract deployed."""
    kind, folder = KINDS[request.param], tmp_path_factory.mktemp("hardhat")
    with HardhatNode(CHAIN_ID, folder, **kind.network) as node:
        if kind.funded:
            fund(node)
        contract = deploy_contract(node, kind.deploying, DEPTH)
        world = make_anvil_world(folder, node, contract, ORIGIN, finality=DEPTH, **kind.settings)
        yield HardhatWorld(world, kind)
        world.close()


def test_batches_become_final_by_depth(hardhat: HardhatWorld) -> None:
    world = hardhat.world
    worker = world.worker()
    world.run_to(worker, Did.SEEN)
    seen = world.store.batches()[0]
    assert seen.state is State.INCLUDED
    while hardhat.block() < (seen.block_number or 0) + DEPTH:
        assert worker.step().did is not Did.FINAL
        world.node.rpc("evm_mine")
    assert worker.step().did is Did.FINAL
    world.log.append(40)
    world.store.request_batch()
    world.run_to(world.worker(), Did.FINAL)
    assert [batch.size for batch in world.store.batches()] == [45, 4]


def test_transactions_have_the_type_and_price_of_the_settings(hardhat: HardhatWorld) -> None:
    final = hardhat.world.store.latest_final()
    assert final is not None
    assert final.tx_hash is not None
    sent: dict[str, Any] = hardhat.world.node.rpc("eth_getTransactionByHash", "0x" + final.tx_hash.hex())
    assert sent["type"] == hardhat.kind.type
    assert (int(sent["gasPrice"], 16) == 0) is not hardhat.kind.funded
    for account in (SIGNER, AccountSigner(OWNER_KEY)):
        balance = int(hardhat.world.node.rpc("eth_getBalance", account.address, "latest"), 16)
        assert (balance > 0) is hardhat.kind.funded


def test_a_chain_before_london_says_what_to_set(tmp_path: Path) -> None:
    with HardhatNode(CHAIN_ID, tmp_path, hardfork="berlin") as node:
        fund(node)
        contract = deploy_contract(node, FeePolicy(legacy=True), DEPTH)
        world = make_anvil_world(tmp_path, node, contract, ORIGIN)
        by_tag = world.worker().step()
        assert (by_tag.did, "finalized" in by_tag.detail) == (Did.UNAVAILABLE, True)
        world.close()
        (tmp_path / "anchoring.db").unlink()
        world = make_anvil_world(tmp_path, node, contract, ORIGIN, finality=DEPTH)
        refused = world.run_to(world.worker(), Did.UNAVAILABLE)[-1]
        assert 'transactions = "legacy"' in refused.detail
        world.close()


def test_the_owner_deploys_and_opens_a_log_where_gas_is_free(tmp_path: Path) -> None:
    data, node_folder = tmp_path / "data", tmp_path / "node"
    data.mkdir()
    node_folder.mkdir()
    (tmp_path / "pass").write_text("throw-away passphrase\n", "utf-8")
    key = tmp_path / "owner.json"
    create_keystore(key, "throw-away passphrase", random_bytes=lambda _: OWNER_KEY, work_factor=2**12)
    with HardhatNode(CHAIN_ID, node_folder, initialBaseFeePerGas=0) as node:
        chain = [
            "--endpoint",
            node.url,
            "--chain-id",
            str(CHAIN_ID),
            "--finality",
            "1",
            "--legacy",
            "--free-gas",
        ]
        chain += ["--keystore", str(key), "--passphrase-file", str(tmp_path / "pass")]
        with mining(node):
            deployed = CliRunner().invoke(anchor, ["deploy", *chain], catch_exceptions=False)
            contract = deployed.stdout.split()[1]
            log = ["--data", str(data), "--contract", contract, "--origin", ORIGIN, "--class", "local"]
            log += ["--anchorer", SIGNER.address]
            CliRunner().invoke(anchor, ["open-log", *chain, *log], catch_exceptions=False)
    saved = load_settings(data)
    assert (saved.finality, saved.transactions, saved.gas_price, saved.priority_fee) == (1, "legacy", 0, 0)


@contextmanager
def mining(node: HardhatNode) -> Iterator[None]:
    """Let blocks come by themselves for a while."""
    node.rpc("evm_setIntervalMining", 200)
    yield
    node.rpc("evm_setIntervalMining", 0)
