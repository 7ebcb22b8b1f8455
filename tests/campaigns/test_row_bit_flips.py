"""One bit is changed in a row of a real registry's database: `certlog registry check` names it, every time.

Only what proves nothing to anyone is left out, and listed here: times that the registry noted for itself, slots that
wait to be used, tokens, and the issuers' number tags, which only they can compute.
"""

import itertools
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from certlog.errors import CertlogError
from registry import kept_rows, rebuild
from registry.opening import open_registry
from registry.rebuild import check
from registry.tables import metadata
from storage.database import closed_at_end
from tests.registry.conftest import Template, copied
from tests.support.deep import cases, tell
from tests.support.lived_registry import live
from tests.support.registry import RegistryWorld, open_world
from tests.support.row_bits import with_changed_bit

SQLITE: Final = pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)

UNPROVEN: Final = {
    ("entries", "logged_at"),
    ("documents", "stored_at"),
    ("sealed_documents", "stored_at"),
    ("number_tags", "tag"),
    ("checkpoints", "signed_at"),
    ("cosignatures", "received_at"),
    ("log_identity", "created_at"),
    ("log_keys", "created_at"),
    ("seals", "number"),
}
"""Columns whose value follows from nothing that is logged or signed. Of a batch's number the anchoring worker notices:
it asks for the same batch again and halts where the answer is another (`log-contradicts`)."""
UNPROVEN_TABLES: Final = {"slot_reservations", "api_tokens"}


class Rows:
    """A registry's rows, and the means to change one bit of one and to put it back."""

    def __init__(self, world: RegistryWorld, scratch: Path) -> None:
        self.world = world
        self.scratch = scratch
        self.number = itertools.count()
        world.place.damage("SELECT 1")  # the triggers that keep rows from being changed are gone
        self.database = sqlite3.connect(world.place.file, isolation_level=None)
        self.database.execute("PRAGMA foreign_keys = OFF")
        self.columns = [
            (table.name, column.name)
            for table in metadata.sorted_tables
            for column in table.columns
            if table.name not in UNPROVEN_TABLES and (table.name, column.name) not in UNPROVEN
        ]

    def check(self) -> None:
        """Do what `certlog registry check` does."""
        scratch = self.scratch / f"scratch-{next(self.number)}.db"
        with closed_at_end(open_registry(self.world.folder, self.world.surroundings).database) as database:
            check(database, scratch, self.world.settings.operator, self.world.origin)

    def draw(self, chance: random.Random) -> "Change | None":
        """Choose a bit; None where the column holds nothing here."""
        table, column = chance.choice(self.columns)
        keys = [key.name for key in metadata.tables[table].primary_key.columns]
        rows = self.database.execute(f"SELECT {', '.join(keys)}, {column} FROM {table}").fetchall()
        if not rows:
            return None
        *key, value = chance.choice(rows)
        changed = with_changed_bit(value, chance)
        return (
            None
            if changed is None
            else Change(table, column, dict(zip(keys, key, strict=True)), value, changed)
        )

    def put(self, change: "Change", *, back: bool = False) -> bool:
        """Write a change, or undo it; tell whether the database itself refused it."""
        key = dict(change.key)
        if back and change.column in key:
            key[change.column] = change.changed
        where = " AND ".join(f"{name} IS :{name}" for name in key)
        values = {**key, "new_value": change.value if back else change.changed}
        statement = f"UPDATE {change.table} SET {change.column} = :new_value WHERE {where}"
        try:
            return self.database.execute(statement, values).rowcount == 0
        except sqlite3.IntegrityError:
            return True


class Change:
    """One bit of one row."""

    def __init__(
        self, table: str, column: str, key: dict[str, object], value: object, changed: object
    ) -> None:
        self.table, self.column, self.key, self.value, self.changed = table, column, key, value, changed

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {self.key}: {self.value!r} became {self.changed!r}"


@pytest.fixture
def rows(with_body: Template, tmp_path: Path) -> Iterator[Rows]:
    with copied(with_body, tmp_path / "data", None) as place:
        world = open_world(tmp_path / "data", place)
        live(world)
        found = Rows(world, tmp_path)
        found.check()
        with closing(found.database):
            yield found
        world.close()


def flip(rows: Rows, *, flips: int, seed: int) -> Counter[str]:
    """Change one bit at a time; return in which tables, having required that each was found."""
    chance, found = random.Random(seed), Counter[str]()
    while found.total() < flips:
        change = rows.draw(chance)
        if change is None:
            continue
        if not rows.put(change):
            try:
                rows.check()
            except CertlogError:
                pass
            else:
                raise AssertionError(f"nobody notices: {change}")
            assert not rows.put(change, back=True)
        found[change.table] += 1
        if not found.total() % 50:
            rows.check()  # it is the bit that was found, and nothing else
    return found


@SQLITE
def test_every_changed_bit_of_a_row_is_named_by_the_check(rows: Rows) -> None:
    assert flip(rows, flips=10, seed=1).total() == 10
    rows.check()


@SQLITE
@pytest.mark.deep
def test_four_thousand_changed_bits_of_rows_are_named(rows: Rows, capsys: pytest.CaptureFixture[str]) -> None:
    found = flip(rows, flips=cases(4000), seed=2)
    rows.check()
    tell(capsys, f"single bits changed in database rows, each found: {dict(sorted(found.items()))}")


def test_every_column_that_the_campaign_leaves_out_exists() -> None:
    known = {(table.name, column.name) for table in metadata.sorted_tables for column in table.columns}
    assert known >= UNPROVEN
    assert {table for table, _ in known} >= UNPROVEN_TABLES


@SQLITE
@pytest.mark.parametrize("holder", [rebuild, kept_rows])
def test_a_check_that_looks_at_half_of_it_is_noticed(
    rows: Rows, holder: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "_compare" if holder is rebuild else "_wrong"
    monkeypatch.setattr(holder, name, lambda *_: ())
    with pytest.raises(AssertionError, match="nobody notices"):
        flip(rows, flips=60, seed=3)
