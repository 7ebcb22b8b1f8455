"""The committed artifact is what the sources compile to, on two roads, and what a chain runs."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eth_abi.abi import encode

from anchoring import contract
from certlog import tree
from contracts import build
from tests.contracts.hardhat import CompiledProject
from tests.support.chain import LocalChain


def committed() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(build.ARTIFACT.read_text("utf-8"))
    return found


def test_the_solidity_tests_pass(tested_project: CompiledProject) -> None:
    result = tested_project.result
    sys.stdout.write(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "34 passing" in result.stdout
    assert "failing" not in result.stdout


def test_hardhat_compiles_to_the_committed_bytes(
    tested_project: CompiledProject,
) -> None:
    built = (
        tested_project.project.folder
        / "cache/hardhat-artifacts/contracts/CheckpointAnchor.sol/CheckpointAnchor.json"
    )
    found, wanted = json.loads(built.read_text("utf-8")), committed()
    for member in ("abi", "bytecode", "deployedBytecode"):
        assert found[member] == wanted[member], f"{member} differs; mend it with: python contracts/build.py"


def test_py_solc_x_compiles_to_the_committed_bytes() -> None:
    assert build.to_text(build.compile_contract(build.ROOT / "contracts")) == build.ARTIFACT.read_text(
        "utf-8"
    )


def run_build(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(build.ROOT / "contracts" / "build.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_check_notices_a_changed_source(tmp_path: Path) -> None:
    shutil.copytree(build.ROOT / "contracts", tmp_path / "contracts")
    source = tmp_path / "contracts" / "CheckpointAnchor.sol"
    source.write_text(
        source.read_text("utf-8").replace("SIZE_LIMIT = 1 << 63", "SIZE_LIMIT = 1 << 62"), "utf-8"
    )
    result = run_build("--check", "--contracts", str(tmp_path / "contracts"))
    assert result.returncode == 1
    assert "is not what the sources compile to; mend it with: python contracts/build.py" in result.stderr


def test_a_warning_of_the_compiler_ends_the_build(tmp_path: Path) -> None:
    shutil.copytree(build.ROOT / "contracts", tmp_path / "contracts")
    source = tmp_path / "contracts" / "CheckpointAnchor.sol"
    source.write_text(
        source.read_text("utf-8").replace("uint256 used = 0;", "uint256 used = 0; uint256 idle;"), "utf-8"
    )
    result = run_build(
        "--contracts", str(tmp_path / "contracts"), "--output", str(tmp_path / "artifact.json")
    )
    assert result.returncode == 1
    assert "Unused local variable" in result.stderr
    assert not (tmp_path / "artifact.json").exists()


def test_the_settings_are_the_designs() -> None:
    settings = committed()["compiler"]["settings"]
    assert settings["evmVersion"] == "paris"
    assert settings["optimizer"]["enabled"] is True
    assert settings["metadata"]["bytecodeHash"] == "none"


def test_the_chain_runs_the_committed_code(chain: LocalChain) -> None:
    code = bytes.fromhex(chain.rpc("eth_getCode", chain.address, "latest")[2:])
    assert code == contract.artifact().runtime
    assert contract.keccak256(code) == contract.artifact().code_hash


def test_no_function_takes_ether_and_nothing_but_the_interface_is_there() -> None:
    kinds = {item["type"] for item in contract.artifact().abi}
    payable = [item for item in contract.artifact().abi if item.get("stateMutability") == "payable"]
    assert kinds == {"function", "event", "error"}
    assert not payable


def test_selectors_are_those_of_the_abi() -> None:
    """Checked with another encoder's hash: the selector of a well-known signature, and all of ours."""
    assert contract.keccak256(b"transfer(address,uint256)")[:4].hex() == "a9059cbb"
    for item in contract.artifact().abi:
        signature = f"{item['name']}({','.join(value['type'] for value in item['inputs'])})"
        digest = contract.keccak256(signature.encode())
        wanted = {
            "function": lambda name, digest: contract.artifact().functions[name] == digest[:4],
            "error": lambda name, digest: contract.artifact().errors[digest[:4]]["name"] == name,
            "event": lambda name, digest: contract.artifact().events[name] == digest,
        }
        assert wanted[item["type"]](item["name"], digest), signature


def test_calls_are_encoded_as_eth_abi_does() -> None:
    a, b, c = (tree.leaf_hash(bytes([i])) for i in range(3))
    who = "0x" + "1a" * 20
    cases: list[tuple[bytes, list[str], list[object]]] = [
        (contract.open_log_call("x", who), ["bytes32", "address"], [contract.origin_hash("x"), who]),
        (
            contract.anchor_call(a, (5, b), (2**64 - 1, c), [a, b]),
            ["bytes32", "uint64", "bytes32", "uint64", "bytes32", "bytes32[]"],
            [a, 5, b, 2**64 - 1, c, [a, b]],
        ),
        (contract.set_anchorer_call(a, who), ["bytes32", "address"], [a, who]),
        (contract.offer_log_call(a, who), ["bytes32", "address"], [a, who]),
        (contract.accept_log_call(a), ["bytes32"], [a]),
        (contract.seal_call(a), ["bytes32"], [a]),
        (
            contract.open_successor_call(a, 9, b, who),
            ["bytes32", "uint64", "bytes32", "address"],
            [a, 9, b, who],
        ),
        (contract.anchored_at_call(a, 9, b), ["bytes32", "uint64", "bytes32"], [a, 9, b]),
        (contract.head_call(a), ["bytes32"], [a]),
        (contract.ownership_call(a), ["bytes32"], [a]),
        (contract.successor_of_call(a), ["bytes32"], [a]),
        (
            contract.verify_inclusion_call(a, 4, 9, b, [c]),
            ["bytes32", "uint64", "uint64", "bytes32", "bytes32[]"],
            [a, 4, 9, b, [c]],
        ),
    ]
    for data, types, values in cases:
        assert data[4:] == encode(types, values)
    assert {data[:4] for data, _, _ in cases} == set(contract.artifact().functions.values())
