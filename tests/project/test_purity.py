"""certlog/ knows nothing of the world: no files, network, clock, environment or randomness."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.purity import impurities, package_impurities

ROOT = Path(__file__).resolve().parent.parent.parent

# Packages that no user of the formats should have to load.
HEAVY = ("alembic", "flask", "requests", "sqlalchemy", "typst", "urllib3", "web3")

PLANTED = {
    "import os": "imports os",
    "import time": "imports time",
    "import random": "imports random",
    "import secrets": "imports secrets",
    "import socket": "imports socket",
    "import http.client": "imports http.client",
    "import registry": "imports registry",
    "from pathlib import Path": "imports Path from pathlib",
    "from . import keys": "imports keys from .",
    "from gzip import open": "imports open from gzip",
    "from cryptography import x509": "imports x509 from cryptography",
    "data = open('key').read()": "uses open",
    "read = open": "uses open",
    "import datetime\nat = datetime.datetime.now()": "uses .now",
    "import datetime\nat = datetime.date.today()": "uses .today",
    "from datetime import datetime\nat = datetime.fromtimestamp(0)": "uses .fromtimestamp",
    "import json\njson.load(file)": "uses .load",
    "import gzip\ngzip.compress(b'')": "without mtime",
    "from cryptography.hazmat.primitives.asymmetric import ec\nec.generate_private_key(c)": "generate_private_key",
    "import nacl.bindings\nnacl.bindings.randombytes(32)": "uses .randombytes",
    "from nacl.bindings import randombytes": "imports randombytes",
    "def f():\n    global cache\n    cache = 1": "changes the module's cache",
    "exec('import os')": "uses exec",
    "__import__('os')": "uses __import__",
}


def test_certlog_is_pure() -> None:
    assert package_impurities(ROOT / "certlog") == []


@pytest.mark.parametrize("source", PLANTED)
def test_a_planted_impurity_is_found(source: str) -> None:
    found = impurities(source, "planted.py")
    assert len(found) == 1
    assert PLANTED[source] in found[0]


def test_what_is_pure_is_let_through() -> None:
    source = """
import gzip, hashlib, json
from collections.abc import Callable
from datetime import UTC, datetime
from certlog.digests import sha256
data = gzip.compress(json.dumps({}).encode(), mtime=0)
at = datetime.fromtimestamp(0, tz=UTC).astimezone(UTC)
same = datetime.fromtimestamp(0, UTC)
"""
    assert impurities(source, "pure.py") == []


def test_a_planted_file_in_a_package_is_found(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "clock.py").write_text("\nimport time\n", encoding="utf-8")
    assert package_impurities(tmp_path) == ["clock.py:2: imports time"]


def test_importing_all_of_certlog_loads_no_server_database_or_chain_client() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "certlog").rglob("*.py"))
        if path.name != "__init__.py"
    ]
    program = f"import importlib, sys\nfor n in {names!r}: importlib.import_module(n)\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    loaded = {line.split(".")[0] for line in done.stdout.splitlines()}
    assert "certlog" in loaded
    assert loaded.isdisjoint(HEAVY)
