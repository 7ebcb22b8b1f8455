"""slither, which knows a hundred kinds of defect, finds nothing in the contract that docs/contract.md does not name.

A campaign: slither brings an environment of its own (it needs web3 < 8). It reads what npm's compiler makes of the
sources with the settings of the deployed contract; it does not read the Solidity tests.
"""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from contracts import build
from tests.contracts.hardhat import replaced
from tests.support.peers import python_of

pytestmark = [pytest.mark.deep, pytest.mark.timeout(900)]

PAGE: Final = (build.ROOT / "docs" / "contract.md").read_text("utf-8")
ROW: Final = re.compile(r"^\| `([\w-]+)` \| (\w+) \| `(\w+)` \| (.+) \|$", re.MULTILINE)
SEALED_BY_OWNER: Final = """_requireOwner(logId);
        Head storage newest = _heads[logId];
        if (newest.isSealed)"""
OUTPUTS: Final = ("abi", "metadata", "devdoc", "userdoc", "evm.bytecode", "evm.deployedBytecode")


class Finding(NamedTuple):
    """One defect that slither suspects."""

    check: str
    impact: str
    where: str


def findings_in(folder: Path, replacements: Mapping[str, str] | None = None) -> set[Finding]:
    """Return what slither finds in the contract, some of whose texts may be replaced."""
    folder.mkdir()
    sources = {name: (build.ROOT / "contracts" / name).read_text("utf-8") for name in build.SOURCES}
    sources["CheckpointAnchor.sol"] = replaced(sources["CheckpointAnchor.sol"], replacements or {})
    for name, source in sources.items():
        (folder / name).write_text(source, encoding="utf-8")
    request = {
        "language": "Solidity",
        "sources": {name: {"content": source} for name, source in sources.items()},
        "settings": build.SETTINGS | {"outputSelection": {"*": {"*": OUTPUTS, "": ["ast"]}}},
    }
    (folder / "input.json").write_text(json.dumps(request), encoding="utf-8")
    compiler = build.write_wrapper(folder)
    command = [str(python_of("slither")), "-m", "slither", "input.json", "--json", "output.json"]
    command += ["--compile-force-framework", "solc-json", "--solc", str(compiler)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    # Without this line nothing was looked at.
    looked = re.search(r"analyzed \((\d+) contracts with (\d+) detectors\)", done.stderr)
    assert looked, done.stderr[-1000:]
    assert (int(looked[1]), int(looked[2]) >= 100) == (2, True), looked[0]
    answer: dict[str, Any] = json.loads((folder / "output.json").read_text("utf-8"))
    assert answer["success"] is True, answer["error"]
    return {
        Finding(found["check"], found["impact"], found["elements"][0]["name"])
        for found in answer["results"].get("detectors", [])
    }


def explained(page: str) -> dict[Finding, str]:
    """Return the findings that the page names, with the reason why each may stay."""
    return {Finding(check, impact, where): reason for check, impact, where, reason in ROW.findall(page)}


def test_every_finding_is_named_with_its_reason(tmp_path: Path) -> None:
    found = findings_in(tmp_path / "contract")
    named = explained(PAGE)
    assert not found - named.keys(), "fix it, or name it with its reason in docs/contract.md"
    assert not named.keys() - found, "docs/contract.md names what slither does not find any more"
    assert all(len(reason) > len("because") for reason in named.values())
    assert not [finding for finding in found if finding.impact in {"High", "Medium"}]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (
            "if (msg.sender != owner) revert NotOwner(logId, msg.sender, owner);",
            "if (tx.origin != owner) revert NotOwner(logId, msg.sender, owner);",
            Finding("tx-origin", "Medium", "_requireOwner"),
        ),
        (
            SEALED_BY_OWNER,
            "Head storage newest = _heads[logId]; selfdestruct(payable(msg.sender)); if (newest.isSealed)",
            Finding("suicidal", "High", "seal"),
        ),
    ],
    ids=["whoever began the transaction rules", "anyone removes the contract"],
)
def test_a_broken_contract_is_found(tmp_path: Path, old: str, new: str, wanted: Finding) -> None:
    found = findings_in(tmp_path / "broken", {old: new})
    assert wanted in found
    assert wanted not in explained(PAGE)
