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
from sqlalchemy import insert, select, text

from certlog.errors import Unavailable
from registry import schema
from registry.data_folder import DataFolder
from registry.database import Database
from registry.tables import api_tokens, metadata
from storage.database import Address, closed_at_end
from tests.support.databases import Place, new_place
from tests.support.postgres import Cluster

NOBODY = 65534


@pytest.fixture
def place(cluster: Cluster | None, tmp_path: Path) -> Iterator[Place]:
    with new_place(tmp_path / "registry.db", cluster) as place:
        yield place


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    with closed_at_end(Database(place.address, busy_timeout=5)) as database:
        with database.writing() as connection:
            connection.execute(text("CREATE TABLE counter (value INTEGER)"))
            connection.execute(text("INSERT INTO counter VALUES (0)"))
        yield database


def _count(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(text("SELECT value FROM counter")).scalar_one())


def _read_then_write(address: Address, start: Barrier, times: int) -> None:
    database = Database(address, busy_timeout=20)
    start.wait()
    for _ in range(times):
        with database.writing() as connection:
            value = connection.execute(text("SELECT value FROM counter")).scalar_one()
            connection.execute(text("UPDATE counter SET value = :new"), {"new": value + 1})
    database.close()


def test_what_is_committed_is_durable_by_the_settings_that_read_back(
    database: Database, place: Place
) -> None:
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "recursive_triggers")
    settings = ("transaction_isolation", "synchronous_commit", "fsync", "lock_timeout", "server_encoding")
    with database.writing() as connection:
        statements = place.choose(
            sqlite=[f"PRAGMA {name}" for name in pragmas], postgresql=[f"SHOW {name}" for name in settings]
        )
        found = [connection.exec_driver_sql(statement).scalar() for statement in statements]
    assert found == place.choose(
        sqlite=["wal", 2, 1, 5000, 1], postgresql=["read committed", "on", "on", "5s", "UTF8"]
    )


def test_a_database_that_does_not_honour_a_setting_is_refused(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.sqlite._PRAGMAS", {"journal_mode": ("DELETE", "wal")})
    monkeypatch.setattr("storage.postgres._DURABLE", {"fsync": "off"})
    message = "does not honour (journal_mode: expected wal, found delete|fsync: expected off, found on)"
    with pytest.raises(Unavailable, match=message):
        Database(place.address, busy_timeout=1)


def test_a_reading_transaction_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable, match="readonly|read-only"), database.reading() as connection:
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
    others = [context.Process(target=_read_then_write, args=(database.address, start, 40)) for _ in range(2)]
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
    impatient = Database(database.address, busy_timeout=0.1)
    message = "(database is locked|lock timeout).*nothing was changed"
    with database.writing(), pytest.raises(Unavailable, match=message):
        impatient.writing().__enter__()
    impatient.close()


def test_the_migrations_make_exactly_the_tables_that_the_program_uses(place: Place) -> None:
    with closed_at_end(Database(place.address, busy_timeout=1)) as database:
        with pytest.raises(Unavailable, match="has schema none, this program needs 0004"):
            schema.require_newest(database)
        schema.upgrade(database)
        schema.require_newest(database)
        with database.reading() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrations_can_be_undone_and_done_again(place: Place) -> None:
    left = place.choose(
        sqlite="SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger')",
        postgresql="SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
        "UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    )
    with closed_at_end(Database(place.address, busy_timeout=1)) as database:
        schema.upgrade(database)
        schema.downgrade(database, "base")
        with database.reading() as connection:
            assert list(connection.execute(text(left)).scalars()) == ["alembic_version"]
        schema.upgrade(database)
        schema.require_newest(database)


def test_what_is_looked_up_by_name_is_ordered_by_its_bytes(place: Place) -> None:
    """On a server that orders text as Vietnamese does: đ after d, capitals beside small letters."""
    names = ["Đ", "d", "đ", "D", "did:web:a", "e", "did:web:B"]
    with closed_at_end(Database(place.address, busy_timeout=1)) as database:
        schema.upgrade(database)
        with database.writing() as connection:
            rows = [{"prefix": f"{n}", "hash": b"", "did": did} for n, did in enumerate(names)]
            connection.execute(insert(api_tokens), [row | {"created_at": 0, "expires_at": 0} for row in rows])
            found = connection.execute(select(api_tokens.c.did).order_by(api_tokens.c.did)).scalars().all()
    assert found == sorted(names, key=str.encode)


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
