"""The composition root: what a web worker opens, what it refuses, and what it must never load."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from certlog.errors import InvalidInput, Unavailable
from certlog.trust_root import LogKey
from tests.support.signing import log_signer
from tests.web.real import RealRegistry, make_real_registry
from web.wiring import WebSettings, data_folder, open_services, read_trust_root, read_web_settings

NEVER_IN_A_WEB_WORKER = ("web3", "eth_account", "typst", "pikepdf", "hexbytes")


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealRegistry]:
    """Return a registry's data folder."""
    made = make_real_registry(tmp_path / "data", clock=1_795_316_400)
    yield made
    made.close()


def test_a_web_worker_loads_neither_chain_client_nor_typesetter(real: RealRegistry) -> None:
    program = (
        "import sys; from web.wsgi import make_app; app = make_app(); client = app.test_client()\n"
        "for path in ('/', '/log', '/trust', '/docs', '/c/WERC8GMRZGE196QVYK49', '/openapi.json', '/healthz'):\n"
        "    client.get(path)\n"
        f"print(sorted(set({NEVER_IN_A_WEB_WORKER!r}) & set(sys.modules)))"
    )
    environment = {"CERTLOG_DATA": str(real.world.folder.path), "PYTHONPATH": "."}
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
        env=environment,
    )
    assert loaded.stdout.strip() == "[]"


def test_a_web_worker_never_needs_the_log_key(real: RealRegistry) -> None:
    real.world.folder.log_key.unlink()
    assert open_services(real.world.folder, real.world.surroundings).trust_root.origin == real.world.origin


def test_without_a_data_folder_the_message_says_how_to_name_one() -> None:
    with pytest.raises(InvalidInput, match="set CERTLOG_DATA to the data folder"):
        data_folder({})


def test_a_missing_trust_root_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"trust-root.json does not exist"):
        read_trust_root(tmp_path / "trust-root.json")


def test_a_trust_root_that_is_a_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot read"):
        read_trust_root(tmp_path)


def test_a_trust_root_of_another_log_is_refused(real: RealRegistry) -> None:
    path = real.world.folder.trust_root
    key = LogKey(log_signer("khac.example.vn").verifier_key, 0, None)
    path.write_bytes(replace(read_trust_root(path), origin="khac.example.vn", log_keys=(key,)).to_bytes())
    with pytest.raises(InvalidInput, match="is of the log 'khac.example.vn'"):
        open_services(real.world.folder, real.world.surroundings)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[web]\nproxy_hops = 9\n", "expected a number from 0 to 5, found 9"),
        ("[web]\nproxy_hops = true\n", "expected a number from 0 to 5, found True"),
        ("[web]\nproxy_hop = 1\n", "unknown setting 'proxy_hop'"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidInput, match=problem):
        read_web_settings(path)


def test_the_number_of_proxies_is_read(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("[web]\nproxy_hops = 2\n", "utf-8")
    assert read_web_settings(path) == WebSettings(2)
