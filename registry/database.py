"""Opens the database and hands out transactions: read-only snapshots, or writers one at a time.

SQLite in WAL mode with synchronous=FULL: what is committed survives a power cut. Every writing transaction is
BEGIN IMMEDIATE, because a reader that turns writer fails at once however long the busy timeout. It knows no table.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, event
from sqlalchemy import create_engine as sqlalchemy_engine
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from certlog.errors import Unavailable
from certlog.sentences import Sentence

_WRITING: Final = "certlog_writing"

# name -> (value to set, value that must read back)
_PRAGMAS: Final = {
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
    "foreign_keys": ("ON", 1),
    # Without it INSERT OR REPLACE deletes rows behind the back of the triggers that forbid deletion.
    "recursive_triggers": ("ON", 1),
    "trusted_schema": ("OFF", 0),
}


class Database:
    """One SQLite file. Thread-safe; open it after fork, not before."""

    def __init__(self, path: Path, *, busy_timeout: float) -> None:
        """Open the file (it is made if missing) and prove that it will keep what it is told.

        Args:
            path: the database file.
            busy_timeout: seconds that a writer waits for another process.

        Raises:
            Unavailable: the file cannot be opened, or the library does not honour a pragma.
        """
        self.path: Final = path
        self.engine: Final = _engine(path, busy_timeout)
        self._one_writer = threading.Lock()
        self._assert_settings(busy_timeout)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent snapshot; writing in it fails."""
        with self._translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only writer; when the block ends without an error everything in it is durable, else nothing is."""
        with self._translated(), self._one_writer, self.engine.connect() as opened:
            connection = opened.execution_options(**{_WRITING: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            message = Sentence(
                "the database {path} cannot be used now ({reason}); nothing was changed",
                path=self.path,
                reason=error.orig,
            )
            raise Unavailable(message) from error

    def _assert_settings(self, busy_timeout: float) -> None:
        wanted: dict[str, object] = {name: value for name, (_, value) in _PRAGMAS.items()}
        wanted["busy_timeout"] = int(busy_timeout * 1000)
        with self.reading() as connection:
            for name, value in wanted.items():
                found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                if found != value:
                    message = Sentence(
                        "SQLite at {path} does not honour {name}: expected {value}, found {found}",
                        path=self.path,
                        name=name,
                        value=value,
                        found=found,
                    )
                    raise Unavailable(message)
        self._assert_immediate()

    def _assert_immediate(self) -> None:
        """While one writing transaction is open, and has written nothing yet, no second may begin."""
        with self.writing(), self.engine.connect() as second:
            raw = second.connection.cursor()
            raw.execute("PRAGMA busy_timeout = 0")
            try:
                raw.execute("BEGIN IMMEDIATE")
            except self.engine.dialect.loaded_dbapi.OperationalError:
                second.invalidate()
                return
            raw.execute("ROLLBACK")
            second.invalidate()
        message = Sentence("SQLite at {path} lets two writing transactions begin at once", path=self.path)
        raise Unavailable(message)


def _engine(path: Path, busy_timeout: float) -> Engine:
    url = URL.create("sqlite+pysqlite", database=str(path))
    engine = sqlalchemy_engine(url, connect_args={"timeout": busy_timeout, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for name, (value, _) in _PRAGMAS.items():
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # query_only makes "every writing transaction is IMMEDIATE" true by construction: a transaction
        # that did not say so cannot write.
        writing = bool(connection.get_execution_options().get(_WRITING))
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writing else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine
