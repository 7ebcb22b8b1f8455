"""Anchoring's real SQLite database, asked without SQLAlchemy's connections and results: for thousands of lives.

The statements, the tables with their constraints, and SQLite itself are the product's own; what is left out is what
stands between a compiled statement and the driver. `test_quick_database.py` holds both ways against each other.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from anchoring.database import Conflict, Database, open_database

Values = dict[str, Any]
NOTHING: Final[Values] = {}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement's text, the names of its places, what stands in those that nobody fills, and its rows' type."""

    text: str
    places: tuple[str, ...]
    constants: Values
    row: Any

    def arguments(self, values: Values) -> list[Any]:
        """Return what to give to the driver."""
        constants = self.constants
        return [values[name] if name in values else constants[name] for name in self.places]


class OneValue(NamedTuple):
    """A row of one column."""

    value: Any


class Scalars(list[Any]):
    """The first value of each row."""

    def all(self) -> list[Any]:
        """Return all."""
        return self


class Result:
    """The rows of an answer."""

    def __init__(self, cursor: sqlite3.Cursor, row: Any) -> None:
        """Take them all."""
        self.rowcount: Final = cursor.rowcount
        self.inserted_primary_key: Final = (cursor.lastrowid,)
        self._rows: Final = [] if row is None else [row._make(each) for each in cursor.fetchall()]

    def __iter__(self) -> Iterator[Any]:
        """Go through them."""
        return iter(self._rows)

    def all(self) -> list[Any]:
        """Return all."""
        return self._rows

    def first(self) -> Any:
        """Return the first, or None."""
        return self._rows[0] if self._rows else None

    def one(self) -> Any:
        """Return the only one."""
        (row,) = self._rows
        return row

    def scalar(self) -> Any:
        """Return the first value of the first row, or None."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """Return the first value of the only row."""
        return self.one()[0]

    def scalars(self) -> "Scalars":
        """Return the first value of each row."""
        return Scalars(row[0] for row in self._rows)

    def mappings(self) -> list[dict[str, Any]]:
        """Return each row by the names of its columns."""
        return [row._asdict() for row in self._rows]


class QuickConnection:
    """What the store uses of a Connection."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        """Ask through this."""
        self._cursor: Final = raw.cursor()
        self._writes: bool | None = None
        self._dialect: Final = SQLiteDialect_pysqlite()
        self._known: Final[WeakKeyDictionary[Executable, dict[frozenset[str], Compiled]]] = (
            WeakKeyDictionary()
        )
        self._same: Final[dict[object, tuple[SQLCompiler, Any]]] = {}

    def execute(self, statement: Executable, values: Values | list[Values] = NOTHING) -> Result:
        """Run one statement, or one for each of many rows."""
        if isinstance(values, list):
            compiled = self._compiled(statement, values[0])
            self._cursor.executemany(compiled.text, [compiled.arguments(each) for each in values])
            return Result(self._cursor, None)
        compiled = self._compiled(statement, values)
        return Result(self._cursor.execute(compiled.text, compiled.arguments(values)), compiled.row)

    def exec_driver_sql(self, text: str) -> Result:
        """Run a statement of SQLite's own."""
        return Result(self._cursor.execute(text), OneValue)

    def begin(self, *, writes: bool) -> None:
        """Begin a transaction; one that reads cannot write."""
        if writes is not self._writes:
            self._cursor.execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
            self._writes = writes
        self._cursor.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    def run(self, text: str) -> None:
        """Run a statement without an answer."""
        self._cursor.execute(text)

    def _compiled(self, statement: Executable, values: Values) -> Compiled:
        """Compile a statement once: one that is kept is known by itself, one that is built anew by what it says."""
        names, of_statement = frozenset(values), self._known.get(statement)
        if of_statement is not None and names in of_statement:
            return of_statement[names]
        element = cast("ClauseElement", statement)
        key = element._generate_cache_key()
        assert key is not None
        same = (key.key, names)
        if same not in self._same:
            made = element._compiler(self._dialect, cache_key=key, column_keys=sorted(names))
            assert isinstance(made, SQLCompiler)
            assert not made.post_compile_params
            columns = [each.keyname for each in made._result_columns]
            self._same[same] = made, namedtuple("Row", columns, rename=True) if columns else None  # noqa: PYI024 - columns are found out here
        made, row = self._same[same]
        constants = dict(made.construct_params(extracted_parameters=key.bindparams, _check=False))
        compiled = Compiled(made.string, tuple(made.positiontup or ()), constants, row)
        self._known.setdefault(statement, {})[names] = compiled
        return compiled


class QuickDatabase(Database):
    """A database that a life is lived in; for one thread."""

    def __init__(self, real: Database) -> None:
        """Use the connection, with all its settings, of one that was opened and made."""
        self.__dict__.update(real.__dict__)
        self._real: Final = real
        self._version: Final = real.version()
        self._raw: Final = real.engine.raw_connection()
        driver = self._raw.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self._connection: Final = QuickConnection(driver)

    def version(self) -> str | None:
        """Return the version that it had when it was opened: no life changes it."""
        return self._version

    def reading(self) -> "Transaction":  # type: ignore[override]
        """See Database."""
        return Transaction(self._connection, writes=False)

    def writing(self) -> "Transaction":  # type: ignore[override]
        """See Database."""
        return Transaction(self._connection, writes=True)

    def close(self) -> None:
        """See Database."""
        self._raw.close()
        self._real.close()


class Transaction:
    """A transaction as Database opens it."""

    def __init__(self, connection: QuickConnection, *, writes: bool) -> None:
        """Prepare it."""
        self._connection: Final = connection
        self._writes: Final = writes

    def __enter__(self) -> Connection:
        """Begin it."""
        self._connection.begin(writes=self._writes)
        return cast("Connection", self._connection)

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        """End it: whatever was raised, nothing of it stays."""
        self._connection.run("COMMIT" if kind is None else "ROLLBACK")
        if kind is not None and issubclass(kind, sqlite3.IntegrityError):
            raise Conflict(f"another worker was first: {error}")


def open_quick_database(path: Path) -> QuickDatabase:
    """Make anchoring's database in a file, and open it so."""
    return QuickDatabase(open_database(path, create=True))
