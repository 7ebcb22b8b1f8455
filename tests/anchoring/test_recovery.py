"""A lost or restored registry asks the chain what was anchored: the real contract on Anvil, a real registry."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from anchoring.database import open_database
from anchoring.local_node import LocalNode
from anchoring.settings import DATABASE_NAME, load_settings, save_settings
from anchoring.store import AnchorStore
from anchoring.worker import Did
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from cli.anchor_recover import recover
from cli.anchoring import open_worker
from cli.backup import NAMES, put_back
from registry.data_folder import DataFolder
from registry.last_signed_head import LastSignedHeadFile, SigningHalted
from storage.archive import read_archive, write_archive
from storage.database import closed_at_end
from tests.anchoring.anchored import Anchored, anchored_registry
from tests.anchoring.anvil import SIGNER, now
from tests.support.registry import open_world


@pytest.fixture
def anchored(
    tmp_path: Path, anvil_node: LocalNode, anvil_contract: str, request: pytest.FixtureRequest
) -> Iterator[Anchored]:
    """Return a registry with two anchored batches."""
    with anchored_registry(tmp_path / "data", anvil_node, anvil_contract, request.node.name) as made:
        yield made


def put(anchored: Anchored, backup: Path, name: str) -> DataFolder:
    folder = DataFolder(backup.with_name(name))
    put_back(backup, folder, anchored.folder.path / "keys", None)
    return folder


def test_a_backup_that_holds_what_is_anchored_goes_on_from_the_chains_head(anchored: Anchored) -> None:
    anchored.issue()
    backup = anchored.backup("new")
    folder = put(anchored, backup, "restored")
    anchored.reseed(folder, "--chain")
    restored = Anchored(open_world(folder.path), anchored.node)
    restored.world.clock.time = now()
    restored.world.publisher.start()
    restored.anchor()
    assert restored.world.registry.head().size > anchored.world.registry.head().size
    restored.world.close()


def test_a_backup_by_an_older_version_is_restored(anchored: Anchored) -> None:
    backup = anchored.backup("new")
    scratch = backup.with_name("scratch")
    scratch.mkdir()
    contents = read_archive(backup, scratch, NAMES)
    with closed_at_end(open_database(scratch / DATABASE_NAME, create=False)) as older:
        older.downgrade("0003")
    old = backup.with_name("old.tar")
    files = {path.name: path for path in scratch.iterdir() if path.name in contents.files}
    write_archive(old, files, origin=contents.origin, made=contents.made, size=contents.size)
    folder = put(anchored, old, "restored")
    with closed_at_end(AnchorStore.open(folder.path / DATABASE_NAME).database) as database:
        assert [batch.number for batch in AnchorStore(database).batches()] == [2, 1]


def test_a_backup_that_is_behind_the_chain_refuses_and_says_what_is_missing(anchored: Anchored) -> None:
    size = anchored.world.registry.size()
    backup = anchored.backup("old")
    anchored.issue()
    anchored.anchor()
    folder = put(anchored, backup, "restored")
    with pytest.raises(
        Unavailable, match=f"the chain at block .* this database {size}: entries {size} to .* are missing"
    ):
        anchored.reseed(folder, "--chain")
    restored = open_world(folder.path)
    with pytest.raises(SigningHalted, match="reseed-head"):
        restored.publisher.start()
    restored.close()


def test_a_restored_anchoring_database_that_is_behind_halts(anchored: Anchored) -> None:
    backup = anchored.backup("old")
    head = anchored.world.registry.head()
    anchored.issue()
    anchored.anchor()
    folder = put(anchored, backup, "restored")
    restored = Anchored(open_world(folder.path), anchored.node)
    restored.world.clock.time = now()
    # Somebody who takes the backup's word for it still gets nowhere: the contract knows better.
    anchored.reseed(folder, "--size", str(head.size), "--root", head.root.hex())
    restored.world.publisher.start()
    step = restored.run(Did.FINAL)
    assert (step.did, "foreign-head" in step.detail) == (Did.HALTED, True)
    restored.world.close()


def test_a_database_of_another_history_is_refused(anchored: Anchored) -> None:
    folder = put(anchored, anchored.backup("new"), "restored")
    checkpoint = folder.path / "mirror.txt"
    checkpoint.write_text(anchored.world.registry.checkpoint())
    anchored.reseed(folder, "--chain", "--checkpoint", str(checkpoint))
    head = anchored.world.registry.head()
    with pytest.raises(NotTrusted, match="two histories"):
        anchored.reseed(folder, "--size", str(head.size), "--root", "11" * 32)
    assert LastSignedHeadFile(folder.last_signed_head, anchored.world.origin).read().size == head.size


def test_half_a_head_and_nobody_asked_are_refused(anchored: Anchored) -> None:
    with pytest.raises(InvalidInput, match="belong together"):
        anchored.reseed(anchored.folder, "--size", "3")
    with pytest.raises(InvalidInput, match="name somebody who may hold a head"):
        anchored.reseed(anchored.folder)


def test_another_contract_and_another_chain_are_not_believed(anchored: Anchored) -> None:
    anchored.folder.last_signed_head.unlink()
    right = load_settings(anchored.folder.path)
    for wrong, match in (
        ({"code_hash": "0x" + "11" * 32}, "expected code 0x1111"),
        ({"chain_id": 5}, "chain"),
    ):
        save_settings(right.model_copy(update=wrong), anchored.folder.path)
        with pytest.raises((InvalidInput, NotTrusted, Unavailable), match=match):
            anchored.reseed(anchored.folder, "--chain")
    assert not anchored.folder.last_signed_head.exists()


def test_a_lost_anchoring_database_is_rebuilt_from_chain_and_log_by_the_command(anchored: Anchored) -> None:
    for leftover in anchored.folder.path.glob("anchoring.db*"):
        leftover.unlink()
    step = anchored.run(Did.FINAL)
    assert (step.did, "foreign-head" in step.detail) == (Did.HALTED, True)
    arguments = ["--data", str(anchored.folder.path), "--because", "the disk is gone"]
    asked = CliRunner().invoke(recover, arguments, input="n\n")
    assert asked.exit_code != 0
    assert "Batches 1 to 2 are taken over as FINAL" in asked.output
    assert anchored.run(Did.FINAL).did is Did.HALTED
    done = CliRunner().invoke(recover, [*arguments, "--yes"], catch_exceptions=False)
    assert "repaired" in done.output
    anchored.issue()
    anchored.anchor()
    with closed_at_end(AnchorStore.open(anchored.folder.path / "anchoring.db").database) as database:
        batches = AnchorStore(database).batches()
    assert [(batch.number, batch.state) for batch in batches] == [(3, "FINAL"), (2, "FINAL"), (1, "FINAL")]


def test_a_running_worker_must_be_stopped_first(anchored: Anchored) -> None:
    arguments = ["--data", str(anchored.folder.path), "--because", "x", "--yes"]
    with open_worker(anchored.folder.path, anchored.world.publisher, SIGNER, now) as (worker, _):
        worker.step()
        with pytest.raises(Unavailable, match="stop the anchoring worker first"):
            CliRunner().invoke(recover, arguments, catch_exceptions=False)
    with pytest.raises(InvalidInput, match="not halted"):
        CliRunner().invoke(recover, arguments, catch_exceptions=False)
