"""What only a server can do to a registry: end a session, stop, be full, be another's; and what is never shown."""

import multiprocessing
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import event, make_url, text

from certlog.errors import InvalidInput, Unavailable
from registry.data_folder import DataFolder
from registry.database import Database
from registry.opening import Surroundings, initialise, migrate, open_registry
from registry.rebuild import check
from registry.settings import Settings, load_settings
from registry.submission import Submission
from storage import postgres as storage_postgres
from storage.database import Database as StoredDatabase
from storage.database import closed_at_end
from storage.postgres import lock_key, parse_url
from tests.registry import test_postgres as this
from tests.support.certificates import SAMPLE_DID
from tests.support.controls import Control, require_noticed
from tests.support.databases import Place, new_place
from tests.support.postgres import Cluster, running_cluster
from tests.support.registry import SETTINGS, START, RegistryWorld, as_submission, make_world, settings_text

ON_A_SERVER = pytest.mark.parametrize("cluster", ["postgresql"], indirect=True)


@pytest.fixture
def place(postgres: Cluster, tmp_path: Path) -> Iterator[Place]:
    with new_place(tmp_path / "unused.db", postgres) as place:
        yield place


def _batch(world: RegistryWorld, count: int) -> list[Submission]:
    slots = world.registry.reserve_slots(SAMPLE_DID, count).slots
    return [as_submission(world.certificate(slot=slot), slot, publish=False) for slot in slots]


def _end_session(world: RegistryWorld) -> None:
    assert world.place.cluster is not None
    assert world.place.cluster.end_sessions(world.place.name) > 0


def _append(
    path: Path,
    environ: Mapping[str, str],
    entries: list[bytes],
    start: Barrier,
    answers: "SimpleQueue[list[tuple[str, int | None]]]",
) -> None:
    registry = open_registry(DataFolder(path), Surroundings(environ, lambda: START))
    start.wait()
    found = [registry.submit([Submission(entry)])[0] for entry in entries]
    registry.database.close()
    answers.put([(outcome.status, outcome.index) for outcome in found])


@ON_A_SERVER
def test_four_processes_that_append_at_once_leave_no_gap_and_no_duplicate(
    enrolled: RegistryWorld, tmp_path: Path
) -> None:
    """Each sends its own certificates between some that all of them send."""
    items = [item.entry_bytes for item in _batch(enrolled, 50)]
    shared, own = items[:10], items[10:]
    context = multiprocessing.get_context("spawn")
    start, answers = context.Barrier(4), context.SimpleQueue()
    where = (enrolled.folder.path, enrolled.surroundings.environ)
    entries = [[e for pair in zip(own[n::4], shared, strict=True) for e in pair] for n in range(4)]
    others = [context.Process(target=_append, args=(*where, sent, start, answers)) for sent in entries]
    for other in others:
        other.start()
    found = [answer for _ in others for answer in answers.get()]
    for other in others:
        other.join()
    assert [other.exitcode for other in others] == [0] * 4
    assert sorted(index or 0 for status, index in found if status == "logged") == list(range(3, 53))
    assert sum(status == "exists" for status, _ in found) == 30
    scratch, settings = tmp_path / "scratch.db", enrolled.settings
    assert check(enrolled.registry.database, scratch, settings.operator, enrolled.origin) == 53


@ON_A_SERVER
def test_a_session_that_ends_while_appending_changes_nothing(enrolled: RegistryWorld) -> None:
    item, size = _batch(enrolled, 1)[0], enrolled.registry.size()
    with pytest.raises(Unavailable, match="nothing was changed"):
        _append_and_lose_the_session(enrolled)
    assert enrolled.registry.size() == size
    assert enrolled.submit(item)[0].status == "logged"


def _append_and_lose_the_session(world: RegistryWorld) -> None:
    with world.registry.writer.appending() as appending:
        appending.leaves.append("certificate", b"{}")
        _end_session(world)
        appending.flush()


@ON_A_SERVER
def test_a_session_that_ends_at_the_commit_leaves_the_answer_open_and_sending_again_is_safe(
    enrolled: RegistryWorld,
) -> None:
    item = _batch(enrolled, 1)[0]

    def end(_connection: object) -> None:
        _end_session(enrolled)

    event.listen(enrolled.registry.database.engine, "commit", end, once=True)
    with pytest.raises(Unavailable, match="whether this is stored is not known; send it again"):
        enrolled.submit(item)
    assert {outcome.status for outcome in enrolled.submit(item, item)} <= {"logged", "exists"}
    assert enrolled.registry.size() == 4


def test_a_stopped_server_means_try_again_and_a_started_one_goes_on(tmp_path: Path) -> None:
    """A server of its own: that of the other tests stays."""
    with running_cluster() as own, new_place(tmp_path / "unused.db", own) as place:
        world = make_world(tmp_path / "data", place)
        own.stop(signal.SIGQUIT)
        with pytest.raises(Unavailable, match="cannot be used now"):
            world.registry.size()
        with pytest.raises(Unavailable, match="cannot be used now"):
            world.enrol()
        own.start()
        world.enrol()
        assert world.registry.size() == 3
        world.close()


def test_a_server_that_is_full_means_try_again(postgres: Cluster, place: Place) -> None:
    postgres.sql(f"ALTER DATABASE {place.name} CONNECTION LIMIT 2")
    with closed_at_end(Database(place.address, busy_timeout=1)) as database:
        with database.reading(), database.reading(), pytest.raises(Unavailable, match="too many connections"):
            database.reading().__enter__()
        with database.reading() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_process_uses_a_bounded_number_of_connections(place: Place) -> None:
    with closed_at_end(Database(place.address, busy_timeout=0.2)) as database:
        opened = [database.reading() for _ in range(storage_postgres.POOL_SIZE + storage_postgres.POOL_MORE)]
        for one in opened:
            one.__enter__()
        with pytest.raises(Unavailable, match="QueuePool limit of size 4 overflow 4 reached"):
            database.reading().__enter__()
        for one in opened:
            one.__exit__(None, None, None)


def test_a_writer_that_waited_sees_what_the_other_has_committed(place: Place) -> None:
    """It asked for the lock before the other's commit, and reads the end of the log after it."""
    with (
        closed_at_end(StoredDatabase(place.address, busy_timeout=10)) as first,
        closed_at_end(StoredDatabase(place.address, busy_timeout=10)) as second,
    ):
        with first.writing() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS ends (size INTEGER)"))
            connection.execute(text("DELETE FROM ends"))
        seen: list[int] = []

        def read() -> None:
            with second.writing() as connection:
                seen.append(connection.execute(text("SELECT count(*) FROM ends")).scalar_one())

        waiting = threading.Thread(target=read)
        with first.writing() as connection:
            waiting.start()
            _wait_for_waiter(place)
            connection.execute(text("INSERT INTO ends VALUES (1)"))
        waiting.join()
        assert seen == [1]


def _wait_for_waiter(place: Place) -> None:
    assert place.cluster is not None
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while place.cluster.sql(waiting, place.name)[0][0] == 0:
        pass


def test_a_snapshot_taken_before_the_lock_would_be_noticed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: with the isolation that readers have, a writer that waited sees an end that is no longer the end."""
    control = Control(
        storage_postgres,
        "_WRITERS_ISOLATION",
        "REPEATABLE READ",
        lambda: this.test_a_writer_that_waited_sees_what_the_other_has_committed(place),
    )
    require_noticed(control, monkeypatch)


def test_writers_that_take_no_turns_are_noticed_when_the_database_is_opened(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_postgres, "_take_lock_first", lambda *_: None)
    with pytest.raises(
        Unavailable, match="does not honour synchronous_commit|two writing transactions begin"
    ):
        Database(place.address, busy_timeout=1)


def test_two_logs_share_a_database_in_schemas_of_their_own(
    postgres: Cluster, place: Place, tmp_path: Path
) -> None:
    worlds = []
    for name in ("tinh_a", "tinh_b"):
        postgres.sql(f"CREATE SCHEMA {name} AUTHORIZATION certlog", place.name)
        url = f"{place.url}&options=-csearch_path%3D{name}"
        settings = Settings.model_validate(SETTINGS | {"database": url, "origin": f"{name[-1]}.example.vn"})
        surroundings = Surroundings({}, lambda: START)
        initialise(DataFolder(tmp_path / name), settings, surroundings)
        worlds.append(open_registry(DataFolder(tmp_path / name), surroundings))
    with worlds[0].database.writing(), worlds[1].database.writing():
        pass
    assert [world.log_key().split("+")[0] for world in worlds] == ["a.example.vn", "b.example.vn"]
    for world in worlds:
        world.database.close()


def test_a_schema_that_does_not_exist_is_said(place: Place) -> None:
    with pytest.raises(Unavailable, match="schema named in search_path does not exist; make it with CREATE"):
        Database(make_url(f"{place.url}&options=-csearch_path%3Dnowhere"), busy_timeout=1)


@ON_A_SERVER
def test_a_database_that_holds_a_log_is_not_made_again(world: RegistryWorld, tmp_path: Path) -> None:
    settings = Settings.model_validate(SETTINGS | {"database": world.place.url})
    with pytest.raises(
        InvalidInput, match="holds the log 'registry.example.vn' already; nothing was changed"
    ):
        initialise(DataFolder(tmp_path / "again"), settings, world.surroundings)
    assert not (tmp_path / "again").exists()


@ON_A_SERVER
def test_an_empty_or_foreign_database_is_refused_and_left_as_it_is(
    world: RegistryWorld, place: Place
) -> None:
    elsewhere = Surroundings({"CERTLOG_REGISTRY_DATABASE": place.url or ""})
    for use in (migrate, open_registry):
        with pytest.raises(Unavailable, match="holds no log|has schema none"):
            use(world.folder, elsewhere)
    assert place.cluster is not None
    assert place.cluster.sql("SELECT relname FROM pg_class WHERE relname = 'entries'", place.name) == []
    other = Surroundings({**world.surroundings.environ, "CERTLOG_REGISTRY_ORIGIN": "other.example.vn"})
    for use in (migrate, open_registry):
        with pytest.raises(Unavailable, match="is of the log 'registry.example.vn', the settings say 'other"):
            use(world.folder, other)


@ON_A_SERVER
def test_tables_of_a_newer_version_are_refused(world: RegistryWorld) -> None:
    with world.registry.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (migrate, open_registry):
        with pytest.raises(Unavailable, match="are of version 9999, this program knows up to 00"):
            use(world.folder, world.surroundings)


@ON_A_SERVER
def test_a_role_that_may_only_add_rows_is_enough_to_serve(postgres: Cluster, enrolled: RegistryWorld) -> None:
    """docs/databases.md: the tables belong to another role, which migrates."""
    name = enrolled.place.name
    postgres.sql(f"DROP ROLE IF EXISTS {name}_web")
    postgres.sql(f"CREATE ROLE {name}_web LOGIN")
    for grant in (
        "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT UPDATE ON api_tokens TO {role}",
    ):
        postgres.sql(grant.format(role=f"{name}_web"), name)
    environ = {"CERTLOG_REGISTRY_DATABASE": postgres.url(name, f"{name}_web")}
    migrate(enrolled.folder, Surroundings(environ, enrolled.clock))
    registry = open_registry(enrolled.folder, Surroundings(environ, enrolled.clock))
    assert registry.submit(_batch(enrolled, 2))[1].index == 4
    with (
        pytest.raises(Unavailable, match="must be owner of table entries"),
        registry.database.writing() as one,
    ):
        one.execute(text("ALTER TABLE entries DISABLE TRIGGER ALL"))
    registry.database.close()
    postgres.sql(f"DROP OWNED BY {name}_web", name)
    postgres.sql(f"DROP ROLE {name}_web")


@ON_A_SERVER
def test_a_web_worker_on_another_machine_needs_neither_log_key_nor_head_file(
    enrolled: RegistryWorld, tmp_path: Path
) -> None:
    other = DataFolder(tmp_path / "other")
    other.create()
    for name in ("settings.toml", "trust-root.json", "keys/list.key"):
        shutil.copy(enrolled.folder.path / name, other.path / name)
    registry = open_registry(other, enrolled.surroundings)
    assert registry.submit(_batch(enrolled, 1))[0].index == 3
    registry.database.close()
    assert enrolled.registry.size() == 4


@ON_A_SERVER
@pytest.mark.parametrize("character", ["\0", "a\0b"])
def test_text_that_a_server_cannot_look_for_is_the_senders_mistake(
    world: RegistryWorld, character: str
) -> None:
    with pytest.raises(InvalidInput, match="cannot hold or look for this"):
        world.registry.issuer_record(f"did:web:{character}")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql+psycopg://certlog:hunter2@db/registry", "a URL is no place for a password"),
        ("postgresql://db/registry?password=hunter2", "a URL is no place for a password"),
        ("postgresql://db/registry?sslpassword=hunter2", "a URL is no place for a password"),
        ("mysql://certlog:hunter2@db/registry", r"expected postgresql\+psycopg://USER@HOST"),
        ("postgresql://certlog:hunter2@db:port/registry", r"expected postgresql\+psycopg://USER@HOST"),
        ("postgresql://db", r"expected postgresql\+psycopg://USER@HOST"),
        ("hunter2", r"expected postgresql\+psycopg://USER@HOST"),
    ],
)
def test_a_url_with_a_password_or_of_another_kind_is_refused_and_not_repeated(
    tmp_path: Path, url: str, message: str
) -> None:
    (tmp_path / "settings.toml").write_text(settings_text(database=url))
    with pytest.raises(InvalidInput, match=message) as caught:
        load_settings(tmp_path / "settings.toml", {})
    assert "hunter2" not in str(caught.value)


def test_a_password_of_the_environment_is_not_shown(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    for url in (postgres.url("nowhere"), "postgresql+psycopg://certlog@127.0.0.1:1/registry"):
        with pytest.raises(Unavailable) as caught:
            Database(parse_url(url), busy_timeout=1)
        assert "hunter2" not in str(caught.value)
        assert str(caught.value).count("\n") == 0


def test_the_number_of_a_lock_follows_from_where_the_tables_are() -> None:
    keys = {
        lock_key(where, what) for where in ("public", "tinh_a") for what in ("writer", "anchoring leader")
    }
    assert len(keys) == 4
    assert all(-(2**63) <= key < 2**63 for key in keys)
