"""The doctor: says what is right, finds what is not, changes nothing."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from anchoring.keystore import create_keystore
from anchoring.local_node import LocalNode
from anchoring.settings import load_settings, save_settings
from cli.doctor import doctor
from cli.doctor_findings import Finding, Level
from tests.anchoring.anchored import Anchored, anchored_registry
from tests.anchoring.anvil import ETHER, SIGNER
from tests.anchoring.world import KEY


@pytest.fixture
def anchored(
    tmp_path: Path, anvil_node: LocalNode, anvil_contract: str, request: pytest.FixtureRequest
) -> Iterator[Anchored]:
    """Return a registry with two anchored batches, and its anchoring key."""
    with anchored_registry(tmp_path / "data", anvil_node, anvil_contract, request.node.name) as made:
        keystore = made.folder.path / "keys" / "anchorer.json"
        create_keystore(keystore, "throw-away", random_bytes=lambda _: KEY, work_factor=2**12)
        yield made


def ask(folder: Path) -> tuple[int, list[Finding]]:
    result = CliRunner().invoke(doctor, ["--data", str(folder), "--json"])
    found = [
        Finding(one["subject"], Level(one["level"]), one["text"], one["remedy"])
        for one in json.loads(result.stdout)
    ]
    return result.exit_code, found


def trouble(folder: Path) -> dict[str, str]:
    """Return what is wrong or to be looked at, by subject, but for what every test registry has."""
    _, found = ask(folder)
    usual = ("without encryption", "file names are in", "GiB free", "it names no chain")
    return {
        one.subject: one.text
        for one in found
        if one.level is not Level.GOOD and not any(word in one.text for word in usual)
    }


def test_nothing_is_wrong_with_a_registry_that_anchors(anchored: Anchored) -> None:
    status, found = ask(anchored.folder.path)
    assert (status, trouble(anchored.folder.path)) == (0, {})
    subjects = {finding.subject for finding in found}
    wanted = {"machine", "disk", "settings", "keys", "database", "last-signed-head", "worker", "trust-root"}
    assert subjects == wanted | {"anchoring", "anchoring-key", "chain", "tiles"}


def test_the_doctor_changes_nothing(anchored: Anchored) -> None:
    def state() -> dict[str, bytes]:
        files = (path for path in anchored.folder.path.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files if not path.name.endswith(("-wal", "-shm"))}

    ask(anchored.folder.path)
    before = state()
    ask(anchored.folder.path)
    assert state() == before


def test_a_lost_head_file_and_a_readable_key_are_found(anchored: Anchored) -> None:
    anchored.folder.last_signed_head.unlink()
    anchored.folder.list_key.chmod(0o644)
    found = trouble(anchored.folder.path)
    assert "is lost, so nothing is signed" in found["last-signed-head"]
    assert "can be read by others" in found["keys"]
    assert ask(anchored.folder.path)[0] == 1


def test_anchoring_that_is_silent_is_found(anchored: Anchored, monkeypatch: pytest.MonkeyPatch) -> None:
    later = int(time.time()) + 660
    monkeypatch.setattr("cli.doctor._now", lambda: later)
    status, found = ask(anchored.folder.path)
    silent = [one for one in found if "nothing was heard of its worker for 11 minutes" in one.text]
    assert (status, len(silent), "certlog registry serve" in silent[0].remedy) == (1, 1, True)


def test_a_worker_that_does_not_run_is_found(anchored: Anchored, monkeypatch: pytest.MonkeyPatch) -> None:
    later = anchored.world.clock.time + 3 * 3600
    monkeypatch.setattr("cli.doctor._now", lambda: later)
    assert "the last epoch is 18" in trouble(anchored.folder.path)["worker"]


def test_a_clock_that_is_behind_is_found(anchored: Anchored, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = anchored.world.clock.time - 3600
    monkeypatch.setattr("cli.doctor._now", lambda: earlier)
    assert "behind the last epoch" in trouble(anchored.folder.path)["worker"]


def test_an_empty_account_another_contract_and_a_missing_key_are_found(anchored: Anchored) -> None:
    settings = load_settings(anchored.folder.path)
    anchored.node.fund(SIGNER.address, 0)
    (anchored.folder.path / "keys" / "anchorer.json").unlink()
    save_settings(settings.model_copy(update={"code_hash": "0x" + "11" * 32}), anchored.folder.path)
    _, found = ask(anchored.folder.path)
    anchored.node.fund(SIGNER.address, 100 * ETHER)
    texts = [finding.text for finding in found if finding.level is Level.BAD]
    assert any("can pay for about 0 anchors" in text for text in texts)
    assert any("expected code 0x1111" in text for text in texts)
    assert any("anchorer.json is missing" in text for text in texts)


def test_a_dead_node_and_a_damaged_database_are_findings_and_not_crashes(
    anchored: Anchored, tmp_path: Path
) -> None:
    copy = shutil.copytree(anchored.folder.path, tmp_path / "copy")
    settings = load_settings(copy)
    save_settings(settings.model_copy(update={"endpoints": ("http://127.0.0.1:9",)}), copy)
    (copy / "registry.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    found = trouble(copy)
    assert "did not answer" in found["chain"]
    assert "cannot be used" in found["database"]


def test_a_chain_that_cannot_be_read_names_the_setting_to_look_at(anchored: Anchored, tmp_path: Path) -> None:
    copy = shutil.copytree(anchored.folder.path, tmp_path / "copy")
    right, path = load_settings(copy), copy / "anchoring.toml"
    dead, deader = "http://127.0.0.1:9", "http://127.0.0.1:10"
    cases: list[tuple[dict[str, object], str, str]] = [
        ({"endpoints": (dead,)}, "did not answer", f"correct endpoints in {path}"),
        ({"endpoints": (dead, deader)}, "0 of 2 nodes", f"correct endpoints and quorum in {path}"),
        ({"chain_id": 5}, "expected chain id 5", f"correct endpoints or chain_id in {path}"),
    ]
    for changes, text, remedy in cases:
        save_settings(right.model_copy(update=changes), copy)
        found = next(one for one in ask(copy)[1] if one.subject == "chain")
        assert (found.level, text in found.text, remedy in found.remedy) == (Level.BAD, True, True)
