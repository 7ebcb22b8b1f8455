"""A database made from the log alone equals the one that was lost, on SQLite and PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Row, Table, select

from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.tiles import tile_at
from certlog.trust import CompromiseKey
from cli.rebuild import rebuild_command
from registry import rebuild_from_log
from registry.database import Database
from registry.heads import newest_checkpoint
from registry.rebuild import VIEWS, check
from registry.rebuild_from_log import LogToRebuild, rebuild
from registry.slots import reserve
from registry.tables import documents, entries
from tests.support.certificates import SAMPLE_DID
from tests.support.controls import Control, nothing, require_noticed
from tests.support.databases import Place, new_place
from tests.support.possession import added_key
from tests.support.postgres import Cluster
from tests.support.registry import RegistryWorld, as_submission
from tests.support.served_log import document_path, put
from tests.support.signing import ed25519


@pytest.fixture
def lost(enrolled: RegistryWorld) -> RegistryWorld:
    """Return a registry with statuses, a compromise, documents in clear and withheld, ending in an epoch."""
    world, thief = enrolled, ed25519("stolen key")
    world.logged(world.trust(added_key(thief.public_key)))
    world.publisher.start()
    slots = world.registry.reserve_slots(SAMPLE_DID, 5).slots
    certificates = [world.certificate(slot=slot) for slot in slots[:4]]
    for number, (document, slot) in enumerate(zip(certificates, slots, strict=False)):
        world.logged(as_submission(document, slot, publish=number % 2 == 0))
        if number % 2 == 0:
            put(world.folder.path / "tiles", document_path(document), document.to_bytes())
    world.logged(world.status(certificates[0], StatusAction.SUSPEND))
    since = world.logged(world.status(certificates[1], StatusAction.WITHDRAW, signer=thief))
    world.publisher.seal_batch(0)
    world.logged(world.trust(CompromiseKey(thief.public_key, since)))
    world.publisher.seal_batch(1)
    return world


@pytest.fixture
def place(cluster: Cluster | None, tmp_path: Path) -> Iterator[Place]:
    """Return an empty place for the new database."""
    with new_place(tmp_path / "new" / "registry.db", cluster) as found:
        yield found


def new_folder(world: RegistryWorld, tmp_path: Path) -> Path:
    """Return a data folder with the settings and keys of a lost registry, and without its database."""
    folder = tmp_path / "new"
    folder.mkdir()
    shutil.copytree(world.folder.path / "keys", folder / "keys")
    for name in ("settings.toml", "trust-root.json", "last-signed-head.json"):
        shutil.copy(world.folder.path / name, folder / name)
    return folder


def run(place: Place, *arguments: str | Path) -> Result:
    """Run `certlog rebuild`."""
    environ = {"CERTLOG_LANG": "en"} | ({} if place.url is None else {"CERTLOG_REGISTRY_DATABASE": place.url})
    runner = CliRunner(env=environ)
    return runner.invoke(rebuild_command, [str(word) for word in arguments], catch_exceptions=False)


def rows(database: Database, table: Table, *without: str) -> list[Row[Any]]:
    """Return every row of a table, but for some columns."""
    columns = [column for column in table.columns if column.name not in without]
    with database.reading() as connection:
        return list(connection.execute(select(*columns).order_by(*table.primary_key.columns)))


def test_it_equals_the_one_that_was_lost(lost: RegistryWorld, place: Place, tmp_path: Path) -> None:
    folder = new_folder(lost, tmp_path)
    result = run(place, lost.folder.tiles, "--data", folder)
    assert result.exit_code == 0
    new, old = Database(place.address, busy_timeout=1), lost.registry.database
    try:
        for table in VIEWS:
            assert rows(new, table) == rows(old, table), table.name
        assert rows(new, entries, "logged_at") == rows(old, entries, "logged_at")
        assert rows(new, documents, "stored_at") == rows(old, documents, "stored_at")
        assert len(rows(new, documents)) == 2
        assert (
            check(new, tmp_path / "scratch.db", lost.settings.operator, lost.origin) == lost.registry.size()
        )
    finally:
        new.close()
    # It is not written a second time.
    with pytest.raises(InvalidInput, match="already"):
        run(place, lost.folder.tiles, "--data", folder)


def test_what_is_left_of_a_broken_database_is_enough(
    lost: RegistryWorld, place: Place, tmp_path: Path
) -> None:
    lost.place.damage("UPDATE bit_changes SET value = 1 - value")
    lost.place.damage("DELETE FROM statements")
    lost.place.damage("DELETE FROM nodes WHERE level = 1")
    folder = new_folder(lost, tmp_path)
    source = str(lost.place.url or lost.place.file)
    assert run(place, source, "--from-database", "--data", folder).exit_code == 0
    new = Database(place.address, busy_timeout=1)
    try:
        assert (
            check(new, tmp_path / "scratch.db", lost.settings.operator, lost.origin) == lost.registry.size()
        )
    finally:
        new.close()


def test_a_log_that_is_not_right_is_not_made_a_database(
    lost: RegistryWorld, place: Place, tmp_path: Path
) -> None:
    folder = new_folder(lost, tmp_path)
    lost.place.damage("UPDATE entries SET data = x'7B7D' WHERE leaf_index = 8")
    with pytest.raises((NotTrusted, Unavailable)):
        run(place, str(lost.place.url or lost.place.file), "--from-database", "--data", folder)
    path = lost.folder.tiles / tile_at(lost.registry.size(), None, 0).path
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(NotTrusted, match="nothing was written"):
        run(place, lost.folder.tiles, "--data", folder)


def test_slots_are_never_handed_out_again(lost: RegistryWorld, place: Place, tmp_path: Path) -> None:
    folder = new_folder(lost, tmp_path)
    assert run(place, lost.folder.tiles, "--data", folder).exit_code == 0
    new = Database(place.address, busy_timeout=1)
    try:
        with new.writing() as connection:
            found = reserve(connection, SAMPLE_DID, 1, expires_at=10, now=0, max_unused=9)
    finally:
        new.close()
    assert found.slots == (Slot(0, 4),)


def test_without_the_root_a_cut_log_would_be_written(
    lost: RegistryWorld, cluster: Cluster | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lost.registry.database.reading() as connection:
        head = newest_checkpoint(connection)
    assert head is not None
    data = [bytes(row.data) for row in rows(lost.registry.database, entries)]
    numbers = iter(range(9))

    def attempt() -> None:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        with new_place(folder / "registry.db", cluster) as place:
            database = Database(place.address, busy_timeout=1)
            try:
                log = LogToRebuild("key", head.note, data[:-1])
                with pytest.raises(InvalidInput, match="entries lead to"):
                    rebuild(database, lost.settings, log, now=0)
            finally:
                database.close()

    require_noticed(Control(rebuild_from_log, "_require_root", nothing, attempt), monkeypatch)
