"""A token from the command line: a key is made in it, owns the log, and the worker process anchors with another one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from anchoring.local_node import LocalNode
from anchoring.settings import load_settings, make_settings, save_settings
from certlog.errors import InvalidInput
from cli.anchor import anchor
from tests.anchoring.anvil import CHAIN_ID, ETHER
from tests.anchoring.test_anvil_commands import ROOT, wait_for_final
from tests.anchoring.test_settings import VALUES
from tests.support.registry import make_world as make_registry
from tests.support.softhsm import LABEL, PIN


def run(*arguments: object) -> str:
    return CliRunner().invoke(anchor, [str(each) for each in arguments], catch_exceptions=False).stdout


def token(module: Path, key: str, pin: Path) -> list[object]:
    where: list[object] = ["--pkcs11-module", module, "--pkcs11-token", LABEL, "--pkcs11-key", key]
    return [*where, "--passphrase-file", pin]


def test_keys_in_a_token_own_a_log_and_anchor_it(
    tmp_path: Path,
    token_module: Path,
    anvil_node: LocalNode,
    anvil_contract: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cli.anchor_options.time.sleep", lambda _seconds: anvil_node.rpc("evm_mine"))
    registry = make_registry(tmp_path / "data", origin="registry.example.vn/token")
    registry.close()
    data, pin = registry.folder.path, tmp_path / "pin"
    pin.write_text(PIN + "\n")
    owner, anchorer = (run("keygen", *token(token_module, key, pin)).strip() for key in ("owner", "anchorer"))
    for account in (owner, anchorer):
        anvil_node.fund(account, ETHER)
    chain = ["--endpoint", anvil_node.url, "--chain-id", CHAIN_ID, "--contract", anvil_contract]
    log = ["--data", data, "--origin", registry.origin, "--class", "local", "--anchorer", anchorer]
    run("open-log", *chain, *log, "--legacy", *token(token_module, "owner", pin))
    named = {
        "pkcs11_module": str(token_module),
        "pkcs11_token": LABEL,
        "pkcs11_key": "anchorer",
        "poll": 0.05,
    }
    save_settings(load_settings(data).model_copy(update=named), data)
    assert anchored_by_a_process(data, anvil_node) == ["FINAL"]


def anchored_by_a_process(data: Path, node: LocalNode) -> list[str]:
    """Run the worker; its PIN comes through a pipe."""
    reading, writing = os.pipe()
    os.write(writing, PIN.encode() + b"\n")
    os.close(writing)
    told = ["anchor", "run", "--data", str(data), "--passphrase-fd", str(reading)]
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", *told],
        cwd=ROOT,
        pass_fds=(reading,),
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(reading)
    try:
        wait_for_final(data, node, process)
        process.terminate()
        said = process.communicate(timeout=20)[0]
    finally:
        process.kill()
        process.wait()
    assert PIN not in said
    return [batch["state"] for batch in json.loads(run("status", "--data", data, "--json"))["batches"]]


@pytest.mark.parametrize(
    "told",
    [
        [],
        ["--keystore", "a", "--pkcs11-module", "m", "--pkcs11-token", "t", "--pkcs11-key", "k"],
        ["--pkcs11-module", "m"],
    ],
)
def test_exactly_one_whole_key_must_be_named(told: list[str]) -> None:
    with pytest.raises(InvalidInput, match="--pkcs11-module, --pkcs11-token and --pkcs11-key"):
        run("deploy", "--endpoint", "http://127.0.0.1:1", "--chain-id", 1, *told)


@pytest.mark.parametrize("missing", ["pkcs11_module", "pkcs11_token", "pkcs11_key"])
def test_settings_name_a_whole_token_or_none(missing: str) -> None:
    token = {"pkcs11_module": "/m.so", "pkcs11_token": "t", "pkcs11_key": "k"}
    assert make_settings(VALUES | token, "here").pkcs11_key == "k"
    with pytest.raises(InvalidInput, match="a token needs pkcs11_module, pkcs11_token and pkcs11_key"):
        make_settings(VALUES | {name: value for name, value in token.items() if name != missing}, "here")
