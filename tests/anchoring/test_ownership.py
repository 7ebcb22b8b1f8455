"""An owner's commands on a real Anvil: another anchorer, another owner, an end, a successor."""

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from anchoring.contract import log_id, successor_id
from anchoring.keystore import AccountSigner, create_keystore
from anchoring.local_node import LocalNode
from anchoring.worker import Did
from certlog.errors import InvalidInput, NotTrusted
from cli.anchor import anchor
from tests.anchoring.anvil import CHAIN_ID, ETHER, SIGNER, AnvilWorld
from tests.anchoring.world import KEY

PASSPHRASE = "throw-away passphrase"
OTHER_KEY = hashlib.sha256(b"certlog test key: next").digest()
OTHER = AccountSigner(OTHER_KEY)


@dataclass
class Desk:
    """Where an owner sits: a keystore for each key, and the log of one test."""

    folder: Path
    world: AnvilWorld

    def run(self, command: str, *arguments: object, key: str = "owner") -> str:
        told = [
            *("--endpoint", self.world.node.url, "--chain-id", CHAIN_ID),
            *("--contract", self.world.settings.contract, "--log-id", self.world.settings.log_id),
            *("--keystore", self.folder / f"{key}.json", "--passphrase-file", self.folder / "pass"),
        ]
        words = [command, *(str(each) for each in (*told, *arguments))]
        return CliRunner().invoke(anchor, words, catch_exceptions=False).stdout

    @property
    def log_id(self) -> bytes:
        return bytes.fromhex(self.world.settings.log_id[2:])


@pytest.fixture
def desk(tmp_path: Path, anvil: AnvilWorld, anvil_node: LocalNode, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk whose log is open, by the anchorer itself, with one final batch."""
    monkeypatch.setattr("cli.anchor_options.time.sleep", lambda _seconds: anvil_node.rpc("evm_mine"))
    anvil_node.fund(OTHER.address, ETHER)
    (tmp_path / "pass").write_text(PASSPHRASE + "\n")
    for name, key in (("owner", KEY), ("next", OTHER_KEY)):
        path = tmp_path / f"{name}.json"
        create_keystore(path, PASSPHRASE, random_bytes=partial(bytes.ljust, key), work_factor=2**12)
    anvil.run_to(anvil.worker(), Did.FINAL)
    return Desk(tmp_path, anvil)


def test_another_anchorer_is_named_once_and_the_old_one_halts(desk: Desk) -> None:
    for _ in range(2):
        assert f"{OTHER.address} appends now" in desk.run("set-anchorer", "--anchorer", OTHER.address)
    steps = desk.world.run_to(desk.world.worker(), Did.HALTED)
    assert steps[-1].detail.startswith("not-anchorer")


def test_an_owner_changes_in_two_steps_and_only_the_offered_key_takes_it(desk: Desk) -> None:
    with pytest.raises(NotTrusted, match="is offered to nobody"):
        desk.run("accept-log", key="next")
    with pytest.raises(NotTrusted, match=f"belongs to {SIGNER.address}, the key is that of {OTHER.address}"):
        desk.run("offer-log", "--new-owner", OTHER.address, key="next")
    desk.run("offer-log", "--new-owner", OTHER.address)
    for _ in range(2):
        assert f"belongs to {OTHER.address}" in desk.run("accept-log", key="next")
    with pytest.raises(NotTrusted, match="belongs to"):
        desk.run("set-anchorer", "--anchorer", SIGNER.address)
    assert "appends now" in desk.run("set-anchorer", "--anchorer", OTHER.address, key="next")


def test_a_sealed_log_takes_no_anchorer_and_still_a_successor(desk: Desk) -> None:
    for _ in range(2):
        assert "sealed" in desk.run("seal-log")
    with pytest.raises(NotTrusted, match="is sealed for good"):
        desk.run("set-anchorer", "--anchorer", OTHER.address)
    batch = desk.world.store.latest_final()
    assert batch is not None
    told = ("--size", batch.size, "--root", batch.root.hex(), "--anchorer", OTHER.address)
    expected = successor_id(desk.log_id, batch.size, batch.root).hex()
    for _ in range(2):
        assert f"log 0x{expected}" in desk.run("open-successor", *told)


def test_a_successor_begins_with_an_anchored_head_and_there_is_only_one(desk: Desk) -> None:
    first = desk.world.store.latest_final()
    desk.world.log.append(2)
    desk.world.store.request_batch()
    desk.world.run_to(desk.world.worker(), Did.FINAL)
    second = desk.world.store.latest_final()
    assert first is not None
    assert second is not None
    to_other = ("--anchorer", OTHER.address)
    with pytest.raises(InvalidInput, match="was never anchored"):
        desk.run("open-successor", "--size", first.size, "--root", "00" * 32, *to_other)
    desk.run("open-successor", "--size", first.size, "--root", first.root.hex(), *to_other)
    with pytest.raises(NotTrusted, match="begins with another head"):
        desk.run("open-successor", "--size", second.size, "--root", second.root.hex(), *to_other)


def test_a_log_that_is_not_open_is_said_before_anything_is_sent(desk: Desk) -> None:
    absent = "0x" + log_id(OTHER.address, "nowhere.example.vn").hex()
    desk.world.settings = desk.world.settings.model_copy(update={"log_id": absent})
    for command, more in (
        ("set-anchorer", ("--anchorer", OTHER.address)),
        ("accept-log", ()),
        ("seal-log", ()),
    ):
        with pytest.raises(InvalidInput, match="is not open in"):
            desk.run(command, *more)
