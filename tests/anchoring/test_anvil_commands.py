"""What an owner does once, on a real Anvil: deploying, opening a log, and the commands for both."""

import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from anchoring.chain import EvmChain, JsonRpc
from anchoring.contract import ZERO_ADDRESS, artifact
from anchoring.deploy import deploy, open_log
from anchoring.keystore import AccountSigner, create_keystore
from anchoring.local_node import LocalNode
from anchoring.settings import load_settings, save_settings
from anchoring.worker import Did
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from cli.anchor import anchor
from tests.anchoring.anvil import CHAIN_ID, OWNER_KEY, SIGNER, make_anvil_world, owner
from tests.anchoring.fake_log import ORIGIN
from tests.anchoring.world import KEY
from tests.support.registry import make_world as make_registry

PASSPHRASE = "throw-away passphrase"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def options(tmp_path: Path, anvil_node: LocalNode) -> dict[str, str]:
    """Return what both commands are told: the node, the chain and the owner's key."""
    (tmp_path / "pass").write_text(PASSPHRASE + "\n", "utf-8")
    key = tmp_path / "owner.json"
    create_keystore(key, PASSPHRASE, random_bytes=lambda _: OWNER_KEY, work_factor=2**12)
    return {
        "--endpoint": anvil_node.url,
        "--chain-id": str(CHAIN_ID),
        "--keystore": str(key),
        "--passphrase-file": str(tmp_path / "pass"),
    }


def run(command: str, options: dict[str, str], *flags: str) -> str:
    arguments = [*flags, *(part for pair in options.items() for part in pair)]
    return CliRunner().invoke(anchor, [command, *arguments], catch_exceptions=False).stdout


def log_options(folder: Path, contract: str) -> dict[str, str]:
    return {
        "--data": str(folder),
        "--contract": contract,
        "--origin": ORIGIN,
        "--class": "local",
        "--anchorer": SIGNER.address,
    }


def test_an_owner_opens_a_log_for_another_anchorer_and_may_repeat_it(
    anvil_node: LocalNode, anvil_contract: str
) -> None:
    rpc = JsonRpc(anvil_node.url)
    chain, by = EvmChain(rpc, anvil_contract, "tag"), owner(anvil_node)

    def open_for(anchorer: str) -> bytes:
        return open_log(
            chain,
            by,
            chain_id=CHAIN_ID,
            contract=anvil_contract,
            origin="owner.example.vn",
            anchorer=anchorer,
        )

    opened = open_for(SIGNER.address)
    assert chain.head(opened, chain.finalized()).anchorer == SIGNER.address
    assert open_for(SIGNER.address) == opened
    with pytest.raises(NotTrusted, match="is open with anchorer"):
        open_for(AccountSigner(OWNER_KEY).address)
    rpc.close()


def test_a_contract_is_not_deployed_on_another_chain_than_meant(anvil_node: LocalNode) -> None:
    rpc = JsonRpc(anvil_node.url)
    chain = EvmChain(rpc, ZERO_ADDRESS, "tag")
    with pytest.raises(InvalidInput, match="expected chain id 1, the node states 1337001"):
        deploy(chain, owner(anvil_node), chain.at, chain_id=1)
    rpc.close()


def test_the_commands_deploy_open_and_write_settings_that_the_worker_accepts(
    tmp_path: Path, anvil_node: LocalNode, options: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.anchor_options.time.sleep", lambda _seconds: anvil_node.rpc("evm_mine"))
    said = run("deploy", options).split()
    assert said[-1] == f"0x{artifact().code_hash.hex()}"
    contract = said[1]
    for _ in range(2):
        assert "wrote" in run("open-log", options | log_options(tmp_path, contract))
    world = make_anvil_world(tmp_path, anvil_node, contract, ORIGIN)
    world.settings = load_settings(tmp_path)
    assert not world.settings.pins().owns_log
    world.run_to(world.worker(), Did.FINAL)
    world.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"--chain-id": "1"}, "expected chain id 1, the node states 1337001"),
        ({"--contract": "0x" + "11" * 20}, "expected CheckpointAnchor"),
        ({"--contract": "0x11"}, "40 hex digits"),
    ],
)
def test_opening_a_log_in_the_wrong_place_is_refused_and_writes_nothing(
    tmp_path: Path, anvil_contract: str, options: dict[str, str], change: dict[str, str], words: str
) -> None:
    told = options | log_options(tmp_path, anvil_contract) | change
    with pytest.raises(InvalidInput, match=words):
        run("open-log", told)
    assert not (tmp_path / "anchoring.toml").exists()


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_sent(
    tmp_path: Path, anvil_node: LocalNode, anvil_contract: str, options: dict[str, str]
) -> None:
    account = AccountSigner(OWNER_KEY).address
    before = anvil_node.rpc("eth_getTransactionCount", account, "latest")
    with pytest.raises(Unavailable, match="cannot write in .*absent"):
        run("open-log", options | log_options(tmp_path / "absent", anvil_contract))
    assert anvil_node.rpc("eth_getTransactionCount", account, "latest") == before


def test_the_worker_process_anchors_a_real_registry_and_stops_on_a_signal(
    tmp_path: Path, anvil_node: LocalNode, anvil_contract: str
) -> None:
    registry = make_registry(tmp_path)
    folder = registry.folder.path
    registry.close()
    (tmp_path / "pass").write_text(PASSPHRASE + "\n", "utf-8")
    create_keystore(
        folder / "keys" / "anchorer.json", PASSPHRASE, random_bytes=lambda _: KEY, work_factor=2**12
    )
    world = make_anvil_world(tmp_path, anvil_node, anvil_contract, registry.origin)
    save_settings(world.settings.model_copy(update={"poll": 0.05, "max_head_age": 3600}), folder)
    world.close()
    told = ["anchor", "run", "--data", str(folder), "--passphrase-file", str(tmp_path / "pass")]
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", *told], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        wait_for_final(folder, anvil_node, process)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)[0]
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert "anchoring: final: batch 1" in said


def wait_for_final(folder: Path, node: LocalNode, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        node.rpc("evm_mine")
        time.sleep(0.1)
        with suppress(Unavailable):  # the database is not made yet
            shown = json.loads(run("status", {"--data": str(folder)}, "--json"))
            if [batch["state"] for batch in shown["batches"]] == ["FINAL"]:
                return
    raise AssertionError("no batch became final")
