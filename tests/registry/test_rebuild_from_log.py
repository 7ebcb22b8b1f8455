"""A database made from the log alone equals the one that was lost, on SQLite and PostgreSQL."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Row, Table, select

from certlog.checkpoint import open_checkpoint
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.tiles import tile_at
from certlog.trust import CompromiseKey
from certlog.trust_root import TrustRoot
from cli import rebuild as rebuild_module
from cli.rebuild import rebuild_command
from registry import rebuild_from_log
from registry.database import Database
from registry.heads import newest_checkpoint
from registry.opening import open_publisher, open_registry
from registry.rebuild import VIEWS, check
from registry.rebuild_from_log import LogToRebuild, rebuild
from registry.slots import reserve
from registry.tables import checkpoints, documents, entries, metadata, seals
from tests.support.certificates import SAMPLE_DID
from tests.support.controls import Control, nothing, require_failure, require_noticed
from tests.support.databases import Place, new_place
from tests.support.lived_registry import live, rotate_log_key
from tests.support.possession import added_key
from tests.support.postgres import Cluster
from tests.support.registry import RegistryWorld, as_submission
from tests.support.served_log import document_path, put
from tests.support.signing import ed25519

ELSEWHERE: Final = {"sealed_documents", "number_tags", "cosignatures", "slot_reservations", "api_tokens"}
"""Tables of what no log holds (docs/operations.md says what to do instead)."""
NOTED: Final = ("logged_at", "stored_at", "signed_at", "created_at")
"""Times that the registry noted for itself."""


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


@pytest.fixture
def rotated(enrolled: RegistryWorld) -> RegistryWorld:
    """Return a registry in which everything has happened, the log key was rotated twice, and auditors signed heads."""
    live(enrolled)
    rotate_log_key(enrolled, seed=2)
    enrolled.publisher.seal_batch(4)
    return enrolled


def sealed_in(world: RegistryWorld) -> tuple[tuple[int, str], ...]:
    """Return number and note of every batch, as the anchoring database has them."""
    notes = {row.size: row.note for row in rows(world.registry.database, checkpoints)}
    return tuple((row.number, notes[row.size]) for row in rows(world.registry.database, seals))


def rebuilt_after_rotations(
    rotated: RegistryWorld, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Require that every table is equal, that the check agrees, and that the log goes on under the newest key."""
    folder = replace(rotated.folder, path=new_folder(rotated, tmp_path))
    shutil.copytree(rotated.folder.tiles, folder.tiles)
    (folder.tiles / "checkpoint").write_text(rotated.registry.checkpoint())
    monkeypatch.setattr(rebuild_module, "_sealed", lambda _: sealed_in(rotated))
    result = run(place, folder.tiles, "--no-documents", "--data", folder.path)
    assert result.exit_code == 0, result.output
    new, old = Database(place.address, busy_timeout=1), rotated.registry.database
    try:
        sealed = {row.size for row in rows(old, seals)}
        for table in metadata.sorted_tables:
            if table.name in ELSEWHERE or table is documents:
                continue
            expected = rows(old, table, *NOTED)
            if table is checkpoints:
                expected = [row for row in expected if row.size in sealed]
            assert rows(new, table, *NOTED) == expected, table.name
            assert expected
        assert check(new, tmp_path / "scratch.db", rotated.settings.operator, rotated.origin)
    finally:
        new.close()
    surroundings = replace(
        rotated.surroundings,
        environ={} if place.url is None else {"CERTLOG_REGISTRY_DATABASE": place.url},
    )
    publisher = open_publisher(folder, surroundings)
    registry = open_registry(folder, surroundings)
    try:
        publisher.seal_batch(5)
        newest = registry.head()
        assert newest.size > max(sealed)
        open_checkpoint(newest.note, TrustRoot.parse(folder.trust_root.read_bytes()).log_keys[2].vkey)
    finally:
        publisher.database.close()
        registry.database.close()


def test_after_two_rotations_of_the_log_key_every_table_is_equal(
    rotated: RegistryWorld, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuilt_after_rotations(rotated, place, tmp_path, monkeypatch)


def test_the_present_key_alone_for_all_sizes_is_noticed(
    rotated: RegistryWorld, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write: Any = rebuild_from_log._write_keys  # what the defect spoils

    def present_alone(connection: Any, settings: Any, keys: Any, now: int) -> None:  # as _write_keys
        write(connection, settings, keys[-1:], now)

    def attempt() -> None:
        rebuilt_after_rotations(rotated, place, tmp_path, monkeypatch)

    require_failure(Control(rebuild_from_log, "_write_keys", present_alone, attempt), monkeypatch)


def test_an_older_trust_root_or_one_that_leaves_sizes_out_is_refused(
    rotated: RegistryWorld, place: Place, tmp_path: Path
) -> None:
    folder = new_folder(rotated, tmp_path)
    newest = TrustRoot.parse((folder / "trust-root.json").read_bytes())
    first, second, third = newest.log_keys
    older = replace(newest, log_keys=(first, replace(second, to_size=None)))
    (folder / "trust-root.json").write_bytes(older.to_bytes())
    with pytest.raises(NotTrusted, match="the trust root says that this one signs from now on"):
        run(place, rotated.folder.tiles, "--data", folder)
    gap = replace(newest, log_keys=(first, third))
    (folder / "trust-root.json").write_bytes(gap.to_bytes())
    with pytest.raises(InvalidInput, match="log keys leave sizes out"):
        run(place, rotated.folder.tiles, "--data", folder)


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
    keys = TrustRoot.parse(lost.folder.trust_root.read_bytes()).log_keys
    numbers = iter(range(9))

    def attempt() -> None:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        with new_place(folder / "registry.db", cluster) as place:
            database = Database(place.address, busy_timeout=1)
            try:
                log = LogToRebuild(keys, head.note, data[:-1])
                with pytest.raises(InvalidInput, match="entries lead to"):
                    rebuild(database, lost.settings, log, now=0)
            finally:
                database.close()

    require_noticed(Control(rebuild_from_log, "_require_root", nothing, attempt), monkeypatch)
