"""What the database itself refuses, its settings, its migrations, and its read side."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from anchoring import tables
from anchoring.batch import GAS, Fees, HaltReason, Purpose, State, Transaction
from anchoring.database import VERSION_TABLE, Conflict, migrate_database, open_database
from anchoring.line import ProblemKind
from anchoring.line_store import LineStore
from anchoring.store import AnchorStore
from anchoring.worker import Did
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.sentences import Sentence
from cli.anchor_text import poll_lines
from tests.anchoring.world import World, make_world
from web.translation import said


def sealed(world: World) -> LineStore:
    world.run(world.worker(), lambda step: step.did is Did.SEALED)
    return world.line_store()


def test_the_migrations_make_exactly_the_tables_of_the_code(world: World) -> None:
    with world.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, tables.metadata) == []


def test_the_database_is_opened_to_survive_a_power_loss(world: World) -> None:
    wanted: dict[str, object] = world.place.choose(
        sqlite={"PRAGMA journal_mode": "wal", "PRAGMA synchronous": 2, "PRAGMA foreign_keys": 1},
        postgresql={"SHOW fsync": "on", "SHOW synchronous_commit": "on", "SHOW full_page_writes": "on"},
    )
    with world.database.writing() as connection:
        assert {name: connection.exec_driver_sql(name).scalar() for name in wanted} == wanted


def test_the_tables_can_be_dropped_and_made_again(world: World) -> None:
    world.database.downgrade("base")
    with pytest.raises(Unavailable, match="does not exist yet"):
        open_database(world.place.address, create=False)
    assert AnchorStore.find(world.place.address) is None
    world.database.migrate()
    assert world.store.batches() == ()


def test_another_logs_database_is_refused(world: World) -> None:
    world.line_store()
    other = replace(world.pins.target, origin="other.example.vn", log_id=bytes(32))
    with pytest.raises(InvalidInput, match="this database anchors the log 'registry.example.vn'"):
        LineStore(world.database, other, world.signer.address, now=1)


def test_a_reading_transaction_cannot_write(world: World) -> None:
    with pytest.raises(Unavailable, match="readonly|read-only"), world.database.reading() as connection:
        connection.execute(text("DELETE FROM batches"))


def test_two_writing_transactions_cannot_begin_at_once(world: World) -> None:
    impatient = open_database(world.place.address, create=False, busy_timeout=0.05)
    with (
        world.database.writing(),
        pytest.raises(Unavailable, match="locked|lock timeout"),
        impatient.writing() as connection,
    ):
        connection.execute(text("UPDATE lines SET requested = 7"))
    impatient.close()


def test_a_failed_writing_transaction_leaves_nothing(world: World) -> None:
    world.line_store()

    def fail_half_way() -> None:
        with world.database.writing() as connection:
            connection.execute(text("UPDATE lines SET requested = 7"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert world.line_store().line().requested == 0


def test_a_reader_does_not_make_the_database(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not exist yet"):
        AnchorStore.open(tmp_path / "anchoring.db")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="unable to open database file"):
        open_database(tmp_path / "absent" / "anchoring.db", create=True)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "anchoring.db"
    path.write_bytes(b"not a database, but long enough to look like something else entirely" * 20)
    with pytest.raises(Unavailable, match="not a database"):
        open_database(path, create=True)


def test_tables_of_another_version_are_refused(world: World) -> None:
    store = world.line_store()
    with world.database.writing() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="tables are of version 9999, this program knows up to 0004"):
        store.check()


def test_a_change_from_an_old_version_is_refused_and_changes_nothing(world: World) -> None:
    store = sealed(world)
    batch = store.line().open_batch
    assert batch is not None
    first = prepare(world, store)
    with pytest.raises(Conflict, match="no longer SEALED at version 0"):
        prepare(world, store, batch_version=0)
    after = store.line()
    assert after.open_batch == first.line().open_batch
    assert after.next_nonce == 2


def test_a_change_from_an_old_version_of_the_same_state_is_refused(world: World) -> None:
    world.run(world.worker(), lambda step: step.did is Did.SENT)
    store = world.line_store()
    store.take_lead()
    batch = store.line().open_batch
    assert batch is not None
    store.move(batch, batch.sent(world.clock(), "once"))
    with pytest.raises(Conflict, match=f"no longer BROADCAST at version {batch.version}"):
        store.move(batch, batch.sent(world.clock(), "twice"))
    again = store.line().open_batch
    assert again is not None
    assert again.in_flight().last_answer == "once"


def prepare(world: World, store: LineStore, *, batch_version: int | None = None) -> LineStore:
    batch = store.line().open_batch
    assert batch is not None
    if batch_version is not None:
        batch = replace(batch, state=State.SEALED, version=batch_version, transaction=None)
    worker = world.worker(store=store)
    store.take_lead()

    def build(nonce: int) -> Transaction:
        return worker._desk._sign(Purpose.ANCHOR, nonce, b"call", Fees(1, 1), GAS)

    store.prepare(batch, first_nonce=0, build=build, at=world.clock())
    return store


def test_a_second_batch_in_flight_is_refused_by_the_database(world: World) -> None:
    prepare(world, sealed(world))
    copy = (
        "INSERT INTO batches SELECT id + 1, line_id, number + 1, state, version, old_size, old_root, size + 1"
    )
    rest = ", root, note, sealed_at, changed_at, NULL, NULL, NULL, NULL, gas FROM batches"
    with (
        pytest.raises(Conflict, match="batches.line_id|ix_batches_one_in_flight"),
        world.database.writing() as connection,
    ):
        connection.execute(text(copy + rest))


def test_a_nonce_has_one_owner(world: World) -> None:
    prepare(world, sealed(world))
    again = "INSERT INTO transactions SELECT id + 10, line_id, batch_id, purpose, chain_id, account, nonce"
    with (
        pytest.raises(Conflict, match=r"transactions.nonce|uq_transactions_chain_id_account_nonce"),
        world.database.writing() as connection,
    ):
        connection.execute(
            text(again + ", calldata, sent_at, last_answer, gas, NULL, NULL FROM transactions")
        )


def test_a_batch_that_does_not_match_its_checkpoint_stops_the_start(world: World) -> None:
    store = sealed(world)
    with world.database.writing() as connection:
        connection.execute(text("UPDATE batches SET size = size + 1"))
    with pytest.raises(NotTrusted, match="batch 1 .* is not what its signed checkpoint says"):
        store.check()


def test_batches_that_are_not_one_chain_stop_the_start(world: World) -> None:
    worker = world.anchor_one()
    world.store.request_batch()
    world.anchor_one(worker)
    with world.database.writing() as connection:
        connection.execute(text("UPDATE batches SET old_size = old_size - 1 WHERE number = 2"))
    with pytest.raises(NotTrusted, match="batch 2 .* does not follow batch 1"):
        world.line_store().check()


@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
def test_a_damaged_file_stops_the_start(world: World) -> None:
    world.anchor_one()
    world.die()
    world.database.close()
    path = world.place.file
    with sqlite3.connect(path) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'batches'").fetchone()[0]
    connection.close()
    data = bytearray(path.read_bytes())
    data[(page - 1) * 4096 + 8 : page * 4096] = bytes(4096 - 8)
    path.write_bytes(data)
    world.database = open_database(path, create=True)
    with pytest.raises(Unavailable, match="damaged|malformed"):
        world.line_store().check()


def test_a_target_keeps_its_origin(world: World) -> None:
    world.line_store()
    other = replace(world.pins.target, origin="other.example.vn")
    with pytest.raises(InvalidInput, match="was set up for origin 'registry.example.vn'"):
        LineStore(world.database, other, world.signer.address, now=1)


def test_a_line_that_begins_later_begins_with_the_newest_batch(world: World) -> None:
    worker = world.anchor_one()
    world.store.request_batch()
    world.anchor_one(worker)
    second = LineStore(world.database, replace(world.pins.target, chain_id=9), world.signer.address, now=1)
    assert second.next_number() == 2
    assert world.line_store().next_number() == 3


def test_batches_are_listed_newest_first_and_by_pages(world: World) -> None:
    worker = world.anchor_one()
    for _ in range(2):
        world.store.request_batch()
        world.anchor_one(worker)
    numbers = [batch.number for batch in world.store.batches()]
    assert numbers == [3, 2, 1]
    assert [batch.number for batch in world.store.batches(limit=1)] == [3]
    assert [batch.number for batch in world.store.batches(limit=5, before=3)] == [2, 1]


def test_the_first_and_the_newest_final_batch_that_hold_an_entry_are_found(world: World) -> None:
    worker = world.anchor_one()
    size = world.store.batches()[0].size
    world.log.append(3)
    world.store.request_batch()
    world.anchor_one(worker)
    found = [world.store.final_heads(wanted) for wanted in (1, size, size + 1, size + 100)]
    assert [[batch.number for batch in batches] for batches in found] == [[1, 2], [1, 2], [2], []]


def test_an_unfinished_batch_is_neither_latest_final_nor_covering(world: World) -> None:
    sealed(world)
    assert world.store.latest_final() is None
    assert world.store.final_heads(1) == ()
    assert [batch.state for batch in world.store.batches()] == [State.SEALED]


def test_the_last_poll_says_what_was_read_and_when(world: World) -> None:
    world.anchor_one()
    poll = world.store.last_poll()
    assert poll is not None
    final = world.chain.finalized()
    assert (poll.finalized_number, poll.finalized_time) == (final.number, final.time)
    assert poll.read_at == world.clock()
    assert poll.head_size == world.store.batches()[0].size


def test_before_any_worker_there_is_no_poll(world: World) -> None:
    assert world.store.last_poll() is None
    assert world.store.batches() == ()


def test_a_fresh_database_is_migrated_when_it_is_made(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    assert world.store.batches() == ()
    world.database.close()


def test_what_the_driver_says_is_reported_as_unavailable(world: World) -> None:
    with pytest.raises(Unavailable) as caught, world.database.reading() as connection:
        connection.execute(text("SELECT * FROM nothing"))
    assert isinstance(caught.value.__cause__, DBAPIError)


def stored_words(world: World) -> tuple[str, str]:
    """Return a problem and a halt as a reader of Vietnamese is told of them."""
    store = world.line_store()
    store.take_lead()
    gone = Unavailable(Sentence("no answer: {error}", error=Unavailable("connection refused")))
    store.record_problem(str(gone), ProblemKind.UNAVAILABLE, at=1)
    store.halt(
        HaltReason.WRONG_CHAIN,
        Sentence("expected chain id {chain_id}, the node states {found}", chain_id=1, found=5),
        at=1,
    )
    return words_of(world)


def words_of(world: World) -> tuple[str, str]:
    poll = world.store.last_poll()
    assert poll is not None
    assert poll.halt is not None
    lines = [said(line, "vi") for line in poll_lines(poll)]
    return lines[1], lines[-1]


def test_what_the_worker_stored_is_told_in_the_readers_language(world: World) -> None:
    halt, problem = stored_words(world)
    assert "cần chain id 1, nút nêu 5" in halt
    assert "không có câu trả lời: connection refused" in problem


def test_what_an_earlier_version_stored_stays_readable(world: World) -> None:
    stored_words(world)
    world.database.downgrade("0003")
    world.database.migrate()
    halt, problem = words_of(world)
    assert "expected chain id 1, the node states 5" in halt
    assert "no answer: connection refused" in problem


def test_readers_of_tables_of_an_earlier_version_say_what_brings_them_up_to_date(world: World) -> None:
    stored_words(world)
    world.database.downgrade("0003")
    with pytest.raises(Unavailable, match=r"version 0003.* start certlog registry serve"):
        AnchorStore.open(world.place.address)
    migrate_database(world.place.address)
    with closing(AnchorStore.open(world.place.address).database) as database:
        assert AnchorStore(database).polls()


def test_the_worker_reads_a_standing_halt_as_it_was_made(world: World) -> None:
    stored_words(world)
    step = world.worker().step()
    assert step.did is Did.HALTED
    assert "the node states 5" in step.detail
    assert "the node states" not in said(step.detail, "vi")
