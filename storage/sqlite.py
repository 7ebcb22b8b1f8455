"""SQLite, opened so that a commit survives a power cut: WAL and synchronous=FULL.

Every writing transaction is BEGIN IMMEDIATE, because a reader that turns writer fails at once however long the busy
timeout; every other has query_only set, so that this is true by construction.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
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


@dataclass(frozen=True, slots=True)
class Sqlite:
    """One SQLite file; a storage.database.Kind."""

    name: str
    engine: Engine
    reading: Engine
    writing: Engine
    busy_timeout: float

    @classmethod
    def open(cls, path: Path, busy_timeout: float) -> "Sqlite":
        """Open a file, or make it; a writer waits `busy_timeout` seconds for another."""
        engine = _engine(path, busy_timeout)
        return cls(str(path), engine, engine, engine.execution_options(**{_WRITING: True}), busy_timeout)

    def require_durable(self, connection: Connection) -> None:
        """Require that every pragma is honoured."""
        wanted: dict[str, object] = {name: value for name, (_, value) in _PRAGMAS.items()}
        wanted["busy_timeout"] = int(self.busy_timeout * 1000)
        for name, value in wanted.items():
            found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            if found != value:
                message = Sentence(
                    "SQLite at {path} does not honour {name}: expected {value}, found {found}",
                    path=self.name,
                    name=name,
                    value=value,
                    found=found,
                )
                raise Unavailable(message)

    def damage(self, connection: Connection) -> str:
        """Let SQLite look at its file."""
        found = connection.exec_driver_sql("PRAGMA quick_check").scalars().all()
        return "" if found == ["ok"] else str(found[0])

    def require_one_writer(self, connection: Connection) -> None:
        """Require that BEGIN IMMEDIATE fails elsewhere although this transaction has written nothing yet."""
        del connection
        with self.engine.connect() as second:
            raw = second.connection.cursor()
            raw.execute("PRAGMA busy_timeout = 0")
            try:
                raw.execute("BEGIN IMMEDIATE")
            except self.engine.dialect.loaded_dbapi.OperationalError:
                return
            finally:
                second.invalidate()
        raise Unavailable(
            Sentence("SQLite at {path} lets two writing transactions begin at once", path=self.name)
        )


def _engine(path: Path, busy_timeout: float) -> Engine:
    url = URL.create("sqlite+pysqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": busy_timeout, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for name, (value, _) in _PRAGMAS.items():
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = bool(connection.get_execution_options().get(_WRITING))
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writing else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine
