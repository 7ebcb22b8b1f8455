"""A thief writes at will in a live registry's database, and the verifier is asked after each edit: never wrongly green.

The thief has every table and no key. The worst that it can do is to make the registry answer nothing, or with an old
state; the last change of status is therefore older here than a status may be.
"""

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from certlog.documents import SecuredDocument
from certlog.errors import CertlogError
from registry.evidence import AnchoredHead
from registry.tables import metadata
from tests.registry.conftest import Template, copied
from tests.support.anchored_view import anchored_view, with_chain
from tests.support.deep import cases, tell
from tests.support.lived_registry import live
from tests.support.registry import RegistryWorld, open_world
from tests.support.row_bits import with_changed_bit
from verifier import check_status
from verifier.report import Verdict
from verifier.verify import verify

SQLITE: Final = pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
TWO_DAYS: Final = 2 * 86_400
TABLES: Final = tuple(table.name for table in metadata.sorted_tables)


class Robbed:
    """A registry, what is true of its certificates, and a copy of its database to go back to."""

    def __init__(self, world: RegistryWorld) -> None:
        self.world = world
        self.documents = live(world)
        world.clock.time += TWO_DAYS
        world.publisher.seal_batch(4)
        world.clock.time += 60
        with world.registry.database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT c.size, c.root, e.time FROM checkpoints c JOIN epochs e ON e.leaf_index = c.size - 1"
            ).all()
        # What the chain holds; the thief cannot change it.
        self.heads = tuple((row.size, row.root, row.time + 30) for row in rows)
        self.pins = with_chain(world.folder)
        self.view = anchored_view(self.heads, world.clock())
        self.truth = [self.ask(document) for document in self.documents]
        assert Counter(self.truth) == Counter({Verdict.VALID: 4, Verdict.SUPERSEDED: 1, Verdict.SUSPENDED: 1})
        world.place.damage("SELECT 1")  # no trigger stands in the thief's way
        world.close()
        self.file = world.place.file
        self.copy = self.file.with_suffix(".true")
        shutil.copyfile(self.file, self.copy)

    def ask(self, document: SecuredDocument) -> Verdict:
        """Return the verdict on the registry's evidence, by what the chain holds."""
        anchored = [AnchoredHead(size, root, ()) for size, root, _ in self.heads]
        evidence = self.world.registry.evidence(document.document_hash, anchored)
        return verify(evidence, self.pins, self.world.clock(), self.view, certificate=document).verdict

    def after(self, edits: Callable[[sqlite3.Connection], None]) -> Counter[str]:
        """Let the thief write, ask about every certificate, and put the database back; nothing may be wrongly green."""
        answers: Counter[str] = Counter()
        with closing(sqlite3.connect(self.file, isolation_level=None)) as database:
            database.execute("PRAGMA foreign_keys = OFF")
            edits(database)
        for document, truth in zip(self.documents, self.truth, strict=True):
            try:
                verdict: str = self.ask(document)
            except CertlogError as error:
                verdict = type(error).__name__
            answers[verdict] += 1
            assert verdict != Verdict.VALID or truth is Verdict.VALID, (
                "a certificate is green that is not valid"
            )
        self.world.registry.database.close()
        for leftover in self.file.parent.glob(f"{self.file.name}-*"):
            leftover.unlink()
        shutil.copyfile(self.copy, self.file)
        return answers


@pytest.fixture
def robbed(with_body: Template, tmp_path: Path) -> Iterator[Robbed]:
    with copied(with_body, tmp_path / "data", None) as place:
        world = open_world(tmp_path / "data", place)
        yield Robbed(world)
        world.close()


def edit(database: sqlite3.Connection, chance: random.Random) -> None:
    """Do one thing that a thief may try, by chance; what the database refuses is not done."""
    act = chance.choice((_flip, _flip, _move, _move, _delete, _copy, _hide, _cut_off, _forge))
    try:
        act(database, chance)
    except sqlite3.IntegrityError:
        return


def _row(
    database: sqlite3.Connection, chance: random.Random
) -> tuple[str, list[str], tuple[object, ...]] | None:
    table = chance.choice(TABLES)
    columns = [column.name for column in metadata.tables[table].columns]
    rows = database.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
    return (table, columns, chance.choice(rows)) if rows else None


def _update(
    database: sqlite3.Connection, table: str, row: dict[str, object], column: str, value: object
) -> None:
    keys = [key.name for key in metadata.tables[table].primary_key.columns]
    where = " AND ".join(f"{key} IS :{key}" for key in keys)
    database.execute(
        f"UPDATE {table} SET {column} = :thief WHERE {where}",
        {key: row[key] for key in keys} | {"thief": value},
    )


def _flip(database: sqlite3.Connection, chance: random.Random) -> None:
    """Change one bit anywhere."""
    found = _row(database, chance)
    if found is not None:
        table, columns, row = found
        column = chance.randrange(len(columns))
        changed = with_changed_bit(row[column], chance)
        if changed is not None:
            _update(database, table, dict(zip(columns, row, strict=True)), columns[column], changed)


def _move(database: sqlite3.Connection, chance: random.Random) -> None:
    """Give a row the value of another."""
    found, other = _row(database, chance), None
    if found is not None:
        table, columns, row = found
        other = chance.choice(database.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall())
        column = chance.randrange(len(columns))
        _update(database, table, dict(zip(columns, row, strict=True)), columns[column], other[column])


def _delete(database: sqlite3.Connection, chance: random.Random) -> None:
    """Delete rows of a table."""
    table = chance.choice(TABLES)
    database.execute(f"DELETE FROM {table} WHERE random() % 3 = 0")


def _copy(database: sqlite3.Connection, chance: random.Random) -> None:
    """Insert a row again, with one value changed."""
    found = _row(database, chance)
    if found is not None:
        table, columns, row = found
        at = chance.randrange(len(columns))
        values = [with_changed_bit(value, chance) if i == at else value for i, value in enumerate(row)]
        marks = ", ".join("?" for _ in columns)
        database.execute(f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})", values)


def _hide(database: sqlite3.Connection, chance: random.Random) -> None:
    """Hide what ends or suspends certificates: the bits, the statements, the hashes of the lists."""
    acts = (
        "DELETE FROM bit_changes",
        "UPDATE bit_changes SET value = 0",
        "DELETE FROM statements WHERE type = 'status'",
        "UPDATE statements SET certificate = zeroblob(32) WHERE type = 'status'",
        "DELETE FROM status_leaves WHERE epoch > 0",
        "UPDATE status_leaves SET hash = (SELECT hash FROM status_leaves ORDER BY epoch, leaf LIMIT 1)",
        "UPDATE entries SET type = 'trust' WHERE type = 'status'",
    )
    for act in chance.sample(acts, chance.randint(1, len(acts))):
        try:
            database.execute(act)
        except sqlite3.IntegrityError:
            continue


def _cut_off(database: sqlite3.Connection, chance: random.Random) -> None:
    """Set the registry back: forget heads, epochs or everything from some entry on."""
    newest = database.execute("SELECT max(leaf_index) FROM entries").fetchone()[0] or 1
    size = chance.randint(1, newest)
    tables = ("entries", "certificates", "statements", "bit_changes", "issuer_records", "epochs")
    wanted = tables if chance.random() < 0.4 else chance.sample(tables, 2)
    database.execute("DELETE FROM checkpoints WHERE size > ?", [size])
    for table in wanted:
        database.execute(f"DELETE FROM {table} WHERE leaf_index >= ?", [size])


def _forge(database: sqlite3.Connection, chance: random.Random) -> None:
    """Put another's head, document, record or note in the place of the true one."""
    acts = (
        "UPDATE checkpoints SET note = (SELECT note FROM checkpoints ORDER BY size LIMIT 1)",
        "UPDATE checkpoints SET root = (SELECT root FROM checkpoints ORDER BY size LIMIT 1)",
        "UPDATE epochs SET time = time + 172800",
        "UPDATE epochs SET leaf_index = leaf_index + 1",
        "UPDATE documents SET data = (SELECT data FROM documents LIMIT 1)",
        "UPDATE certificates SET issuer = 'did:web:khac.example.vn'",
        "UPDATE certificates SET slot = slot + 7",
        "UPDATE issuer_records SET data = (SELECT data FROM issuer_records ORDER BY leaf_index DESC LIMIT 1)",
        "UPDATE entries SET data = (SELECT data FROM entries WHERE type = 'epoch' LIMIT 1) WHERE type = 'status'",
    )
    for act in chance.sample(acts, chance.randint(1, 3)):
        try:
            database.execute(act)
        except sqlite3.IntegrityError:
            continue


def rob(robbed: Robbed, *, edits: int, seed: int) -> Counter[str]:
    """Run random edits, some of them several at once; return the verdicts that were given."""
    answers: Counter[str] = Counter()
    for number in range(edits):
        chance = random.Random(f"{seed} {number}")

        def several(database: sqlite3.Connection, chance: random.Random = chance) -> None:
            for _ in range(chance.choice((1, 1, 1, 2, 4))):
                edit(database, chance)

        answers += robbed.after(several)
    return answers


@SQLITE
def test_no_edit_of_the_database_makes_a_certificate_green_that_is_not_valid(robbed: Robbed) -> None:
    answers = rob(robbed, edits=15, seed=1)
    assert answers[Verdict.VALID] > 0
    assert answers.total() == 15 * len(robbed.documents)


@SQLITE
@pytest.mark.deep
def test_a_thousand_edits_of_the_database_make_nothing_wrongly_green(
    robbed: Robbed, capsys: pytest.CaptureFixture[str]
) -> None:
    edits = cases(1000)
    answers = rob(robbed, edits=edits, seed=2)
    given = ", ".join(f"{count} {verdict}" for verdict, count in answers.most_common())
    tell(capsys, f"{edits} edits of a live registry's database, nothing wrongly green: {given}")


@SQLITE
def test_a_verifier_that_proves_no_list_is_noticed(robbed: Robbed, monkeypatch: pytest.MonkeyPatch) -> None:
    def hide(database: sqlite3.Connection) -> None:
        database.execute("DELETE FROM bit_changes")
        database.execute("DELETE FROM statements WHERE type = 'status'")

    assert robbed.after(hide)[Verdict.VALID] == 0
    monkeypatch.setattr(check_status, "verify_inclusion", lambda *_: None)
    with pytest.raises(AssertionError, match="is green that is not valid"):
        robbed.after(hide)
