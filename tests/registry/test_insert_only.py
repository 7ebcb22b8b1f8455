"""The log tables cannot be changed, whatever the program does: triggers refuse, also INSERT OR REPLACE."""

from dataclasses import replace

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from certlog.cosignature import Cosignature
from certlog.status import StatusAction
from registry.cosignatures import keep
from registry.tables import INSERT_ONLY, log_keys, metadata
from tests.support.registry import RegistryWorld, as_submission
from tests.support.signing import cosigner


@pytest.fixture
def full(enrolled: RegistryWorld) -> RegistryWorld:
    """Return a registry with at least one row in every log table."""
    slot = enrolled.slot()
    document = enrolled.certificate(slot=slot)
    enrolled.logged(as_submission(document, slot))
    enrolled.logged(enrolled.status(document, StatusAction.SUSPEND))
    sealed = enrolled.slot()
    item = as_submission(enrolled.certificate(slot=sealed), sealed, publish=False)
    enrolled.logged(replace(item, sealed=bytes(64), number_tag=bytes(32)))
    size = enrolled.publisher.seal_batch(0).size
    found = Cosignature(cosigner("w", time=1).verifier_key, 1, bytes(72))
    keep(enrolled.registry.database, size, [found], now=1)
    row = {"from_size": size + 1, "log_key": "x", "created_at": 1}
    with enrolled.registry.database.writing() as connection:
        connection.execute(insert(log_keys).values(row))
    return enrolled


def _execute(world: RegistryWorld, statement: str) -> None:
    with world.registry.database.writing() as connection:
        connection.execute(text(world.place.sql(statement)))


@pytest.mark.parametrize("table", INSERT_ONLY)
def test_rows_of_a_log_table_are_never_changed_deleted_or_replaced(full: RegistryWorld, table: str) -> None:
    column = metadata.tables[table].columns.keys()[-1]
    unchanged = f"SET {column} = EXCLUDED.{column}"
    statements = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    statements += full.place.choose(
        sqlite=[f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"],
        postgresql=[
            f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ON CONSTRAINT pk_{table} DO UPDATE {unchanged}",
            f"TRUNCATE {table} CASCADE",
        ],
    )
    for statement in statements:
        with pytest.raises(IntegrityError, match=f"{table}|is insert-only: truncate"):
            _execute(full, statement)


@pytest.mark.parametrize("cluster", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", ["entries", "documents"])
def test_a_change_that_meets_no_row_is_refused_by_a_server_all_the_same(
    full: RegistryWorld, table: str
) -> None:
    with pytest.raises(IntegrityError, match=f"{table} is insert-only: delete refused"):
        _execute(full, f"DELETE FROM {table} WHERE false")


def test_an_entry_cannot_leave_a_gap_or_go_before_the_end(full: RegistryWorld) -> None:
    size = full.registry.size()
    for index in (size + 1, size - 1, 0):
        with pytest.raises(IntegrityError, match="entries"):
            _execute(full, f"INSERT INTO entries VALUES ({index}, x'00', 'trust', x'00', 0)")
    _execute(full, f"INSERT INTO entries VALUES ({size}, x'00', 'trust', x'00', 0)")


def test_a_checkpoint_smaller_than_the_newest_cannot_be_stored(full: RegistryWorld) -> None:
    with pytest.raises(IntegrityError, match="checkpoints: rows come in order"):
        _execute(full, "INSERT INTO checkpoints VALUES (1, x'00', '', 0)")
