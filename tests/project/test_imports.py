"""Imports point one way: here it is shown that the contracts of pyproject.toml notice when one does not.

`make test` runs the contracts on the project itself.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("anchoring", "certlog", "cli", "issuer", "registry", "storage", "verifier", "web")
LINT = Path(sys.executable).parent / "lint-imports"


def planted(folder: Path, module: str, source: str) -> subprocess.CompletedProcess[str]:
    """Run the project's contracts on empty packages of the same names and one module that breaks a rule."""
    for package in PACKAGES:
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    (folder / module).write_text(source, encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return subprocess.run(
        [LINT, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_contracts_hold_for_empty_packages(tmp_path: Path) -> None:
    done = planted(tmp_path, "certlog/empty.py", "")
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("certlog/wrong.py", "import verifier"),
        ("issuer/wrong.py", "import registry"),
        ("issuer/wrong.py", "import flask"),
        ("issuer/wrong.py", "import web3"),
        ("registry/wrong.py", "import anchoring"),
        ("anchoring/wrong.py", "import registry"),
        ("verifier/wrong.py", "import anchoring"),
        ("verifier/wrong.py", "import sqlalchemy"),
        ("verifier/wrong.py", "import web3"),
        ("web/wrong.py", "import cli"),
        ("web/wrong.py", "import web3"),
        ("registry/wrong.py", "import typst"),
    ],
)
def test_a_planted_import_breaks_a_contract(module: str, source: str, tmp_path: Path) -> None:
    done = planted(tmp_path, module, source)
    assert done.returncode == 1, done.stdout
    assert "1 broken" in done.stdout


def test_a_web_worker_may_not_reach_web3_through_anchoring(tmp_path: Path) -> None:
    done = planted(tmp_path, "web/worker.py", "import anchoring.chain")
    assert done.returncode == 0, done.stdout
    (tmp_path / "anchoring" / "chain.py").write_text("import web3", encoding="utf-8")
    again = subprocess.run([LINT, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 1, again.stdout
    assert "web.worker -> anchoring.chain" in again.stdout
