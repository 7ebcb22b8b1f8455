"""`npm ci` works from the lock alone, with an empty cache, and what it brings runs without install scripts."""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT
from tests.support.requires import require

BIN = Path(sys.executable).parent
NO_NETWORK = re.compile(
    r"code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|FETCH_ERROR)"
)
PROCESSOR = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@pytest.mark.timeout(300)
def test_npm_ci_installs_the_lock_with_an_empty_cache(tmp_path: Path) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / name, tmp_path)
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "npm_config_cache": str(tmp_path / "cache"),
    }
    command = [str(BIN / "npm"), "ci", "--no-progress"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    offline = done.returncode and NO_NETWORK.search(done.stderr)
    require(
        not offline, "a package registry that npm can reach", "npm config get registry tells where it looks"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "package-lock.json").read_bytes() == (ROOT / "package-lock.json").read_bytes()

    anvil = f"anvil-{platform.system().lower()}-{PROCESSOR[platform.machine()]}"
    program = tmp_path / "node_modules" / "@foundry-rs" / anvil / "bin" / "anvil"
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"anvil Version: 1\.7", version)


def test_node_of_the_environment_is_new_enough_for_hardhat() -> None:
    version = subprocess.run([BIN / "node", "--version"], capture_output=True, text=True, check=True).stdout
    assert int(version.removeprefix("v").split(".")[0]) >= 22
