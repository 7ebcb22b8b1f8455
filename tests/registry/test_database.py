"""The database keeps its promises: durable settings, one writer, readers that cannot write, exact migrations."""

import multiprocessing
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from certlog.errors import Unavailable
from registry import schema
from registry.data_folder import DataFolder
from registry.database import Database
from registry.tables import metadata

NOBODY = 65534


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "registry.db", busy_timeout=5)
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    yield database
    database.close()


def _count(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(text("SELECT value FROM counter")).scalar_one())


def _read_then_write(path: Path, start: Barrier, times: int) -> None:
    database = Database(path, busy_timeout=20)
    start.wait()
    for _ in range(times):
        with database.writing() as connection:
            value = connection.execute(text("SELECT value FROM counter")).scalar_one()
            connection.execute(text("UPDATE counter SET value = :new"), {"new": value + 1})
    database.close()


def test_what_is_committed_is_durable_by_the_settings_that_read_back(database: Database) -> None:
    with database.reading() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "recursive_triggers")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    assert found == ["wal", 2, 1, 5000, 1]


def test_a_database_that_does_not_honour_a_setting_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.database._PRAGMAS", {"journal_mode": ("DELETE", "wal")})
    with pytest.raises(Unavailable, match="does not honour journal_mode: expected wal, found delete"):
        Database(tmp_path / "registry.db", busy_timeout=1)


def test_a_reading_transaction_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable, match="readonly"), database.reading() as connection:
        connection.execute(text("UPDATE counter SET value = 9"))
    assert _count(database) == 0


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        _write_then_fail(database)
    assert _count(database) == 0


def _write_then_fail(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE counter SET value = 9"))
        raise ZeroDivisionError


def test_threads_and_processes_that_read_then_write_lose_nothing_and_see_no_lock_error(
    database: Database,
) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    others = [context.Process(target=_read_then_write, args=(database.path, start, 40)) for _ in range(2)]
    for other in others:
        other.start()
    threads = [threading.Thread(target=_add, args=(database, 40)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.join()
    assert [other.exitcode for other in others] == [0, 0]
    assert _count(database) == 5 * 40


def _add(database: Database, times: int) -> None:
    for _ in range(times):
        with database.writing() as connection:
            value = connection.execute(text("SELECT value FROM counter")).scalar_one()
            connection.execute(text("UPDATE counter SET value = :new"), {"new": value + 1})


def test_a_writer_that_waits_too_long_is_told_to_try_again(database: Database) -> None:
    impatient = Database(database.path, busy_timeout=0.1)
    with database.writing(), pytest.raises(Unavailable, match="database is locked.*nothing was changed"):
        impatient.writing().__enter__()
    impatient.close()


def test_the_migrations_make_exactly_the_tables_that_the_program_uses(tmp_path: Path) -> None:
    database = Database(tmp_path / "new.db", busy_timeout=1)
    with pytest.raises(Unavailable, match="has schema none, this program needs 0002"):
        schema.require_newest(database)
    schema.upgrade(database)
    schema.require_newest(database)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_migrations_can_be_undone_and_done_again(tmp_path: Path) -> None:
    database = Database(tmp_path / "new.db", busy_timeout=1)
    schema.upgrade(database)
    schema.downgrade(database, "base")
    with database.reading() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger')"))
        assert list(names.scalars()) == ["alembic_version"]
    schema.upgrade(database)
    schema.require_newest(database)
    database.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to act as another user")
def test_a_read_only_folder_is_named_with_a_remedy() -> None:
    path = Path(tempfile.mkdtemp())
    try:
        path.chmod(0o755)
        os.seteuid(NOBODY)
        with pytest.raises(Unavailable, match=r"is read-only for this user; .* change its owner or mode"):
            DataFolder(path).require_writable()
    finally:
        os.seteuid(0)
        shutil.rmtree(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=r"cannot make the data folder .*: Not a directory"):
        DataFolder(tmp_path / "file" / "data").create()
