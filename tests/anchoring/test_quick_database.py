"""The quick way to the simulation's database does what SQLAlchemy's does: the same lives, row for row."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from anchoring import tables
from anchoring.database import Conflict, Database, open_database
from tests.anchoring.quick_database import QuickDatabase, open_quick_database
from tests.anchoring.sim_world import save_rows
from tests.anchoring.simulation import STORIES, Story

SEEDS = {random.Random(seed).choice(STORIES): seed for seed in range(40)}
"""A seed for each story."""
LINE = {"chain_id": 1, "contract": "0x", "log_id": b"\x01", "origin": "o", "created_at": 1}


@contextmanager
def closing_database(database: Database) -> Iterator[Database]:
    try:
        yield database
    finally:
        database.close()


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[QuickDatabase]:
    database = open_quick_database(tmp_path / "quick.db")
    yield database
    database.close()


def test_lives_are_the_same_row_for_row(tmp_path: Path, quick: QuickDatabase) -> None:
    with closing_database(open_database(tmp_path / "usual.db", create=True)) as usual:
        for told, seed in SEEDS.items():
            counts, rows = [], []
            for database in (usual, quick):
                story = Story(database, seed)
                counts.append(story.run())
                rows.append(save_rows(database))
                assert story.story == told
            assert counts[0] == counts[1]
            assert rows[0] == rows[1]
            assert rows[0]["batches"]
    assert set(SEEDS) == set(STORIES)


def test_a_reading_transaction_cannot_write(quick: QuickDatabase) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"), quick.reading() as connection:
        connection.execute(insert(tables.lines), LINE)


def test_a_refused_constraint_is_a_conflict_and_leaves_nothing(quick: QuickDatabase) -> None:
    with quick.writing() as connection:
        connection.execute(insert(tables.lines), LINE)
    rows = [LINE | {"log_id": b"\x02"}, LINE]
    with pytest.raises(Conflict, match="UNIQUE"), quick.writing() as connection:
        connection.execute(insert(tables.lines), rows)
    with quick.reading() as connection:
        assert connection.execute(select(tables.lines.c.log_id)).scalars().all() == [b"\x01"]


def test_a_statement_that_is_built_anew_gets_its_own_values(quick: QuickDatabase) -> None:
    with quick.writing() as connection:
        for at in (1, 2):
            connection.execute(insert(tables.lines), LINE | {"log_id": bytes([at]), "created_at": at})
    with quick.reading() as connection:
        for at in (1, 2):
            query = select(tables.lines.c.log_id).where(tables.lines.c.created_at == at)
            assert connection.execute(query).scalar_one() == bytes([at])
