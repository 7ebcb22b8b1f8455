"""PostgreSQL, through psycopg 3: snapshots that cannot write, and writers that take turns by an advisory lock.

A writer's first statement takes the lock; the isolation is READ COMMITTED, so every statement after it sees what the
writer before has committed. (A REPEATABLE READ snapshot would be taken before the wait, and be old after it.) The lock
belongs to the transaction: the server gives it back at commit, rollback, or when the connection is lost.
"""

import hashlib
import importlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from certlog.errors import Unavailable
from certlog.sentences import Sentence

DRIVER: Final = "postgresql+psycopg"
POOL_SIZE: Final = 4
POOL_MORE: Final = 4
"""At most 8 connections for one process; a thread that finds all in use waits."""

_WRITING: Final = "certlog_writing"
_WRITER: Final = "writer"
_WRITERS_ISOLATION: Final = "READ COMMITTED"
"""Each statement sees what was committed before it; any stronger level would see what was committed before the wait."""
_SCHEMES: Final = ("postgresql", DRIVER)
_MAX_IDLE: Final = 600
"""Seconds after which the server ends a transaction whose owner says nothing, so that its lock is free again."""

# What a server must keep so that "committed" means "survives a power cut".
_DURABLE: Final = {"fsync": "on", "full_page_writes": "on", "server_encoding": "UTF8"}

# Of each session: a peer that vanished, with the writers' lock in its hand, is noticed within a minute.
_SESSION: Final = {
    "client_encoding": "'UTF8'",
    "standard_conforming_strings": "on",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "idle_in_transaction_session_timeout": f"'{_MAX_IDLE}s'",
}
_CONNECT: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


def parse_url(text: str) -> URL:
    """Return the URL of a PostgreSQL database.

    Raises:
        ValueError: another scheme, no database named, or a password in it, which would be shown to whoever sees it.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        # The text is not repeated: it may hold a password.
        raise ValueError(Sentence("expected postgresql+psycopg://USER@HOST[:PORT]/DATABASE")) from error
    if url.drivername not in _SCHEMES or not url.database:
        raise ValueError(Sentence("expected postgresql+psycopg://USER@HOST[:PORT]/DATABASE"))
    if url.password is not None or any("password" in name for name in url.query):
        raise ValueError(
            Sentence(
                "a URL is no place for a password: put it into ~/.pgpass (mode 600), or name a file in PGPASSFILE"
            )
        )
    return url.set(drivername=DRIVER)


def lock_key(schema: str, purpose: str) -> int:
    """Return the 64-bit number of an advisory lock; the locks of two databases of one server never meet."""
    digest = hashlib.sha256(f"certlog {purpose} {schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class LockTaken(Unavailable):
    """Another process holds a lock that is meant for one."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """One schema of one PostgreSQL database; a storage.database.Kind."""

    name: str
    engine: Engine
    reading: Engine
    writing: Engine
    schema: str

    @classmethod
    def open(cls, url: URL, busy_timeout: float) -> "Postgres":
        """Open a database; a writer waits `busy_timeout` seconds for another.

        Raises:
            Unavailable: the driver is not installed, the server does not answer, or there is no schema to work in.
        """
        _require_driver()
        name = url.set(query={}).render_as_string(hide_password=True)
        engine = _engine(url, busy_timeout)
        schema = _schema(engine, name)
        reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        writing = engine.execution_options(isolation_level=_WRITERS_ISOLATION, **{_WRITING: True})
        # Everybody who writes these tables takes it, hence its number follows from where the tables are.
        _take_lock_first(engine, lock_key(schema, _WRITER), busy_timeout)
        return cls(name, engine, reading, writing, schema)

    def require_durable(self, connection: Connection) -> None:
        """Require the server's settings, and a snapshot that cannot write."""
        wanted = {"transaction_isolation": "repeatable read", "transaction_read_only": "on"}
        self._require(connection, _DURABLE | wanted)

    def damage(self, connection: Connection) -> str:
        """Find nothing: a server looks after its pages itself (data checksums), see docs/databases.md."""
        del connection
        return ""

    def require_one_writer(self, connection: Connection) -> None:
        """Require a transaction that sees each commit, waits for its own, and keeps everybody else out."""
        wanted = {"transaction_isolation": "read committed", "transaction_read_only": "off"}
        self._require(connection, wanted | {"synchronous_commit": "on"})
        key = lock_key(self.schema, _WRITER)
        with self.reading.connect() as second:
            free = second.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({key})").scalar_one()
        if free:
            message = Sentence(
                "PostgreSQL at {path} lets two writing transactions begin at once", path=self.name
            )
            raise Unavailable(message)

    def _require(self, connection: Connection, wanted: Mapping[str, str]) -> None:
        for name, value in wanted.items():
            found = connection.exec_driver_sql(f"SHOW {name}").scalar()
            if found != value:
                message = Sentence(
                    "PostgreSQL at {path} does not honour {name}: expected {value}, found {found}",
                    path=self.name,
                    name=name,
                    value=value,
                    found=found,
                )
                raise Unavailable(message)


class SessionLock:
    """An advisory lock that one process holds for long, on a connection of its own, and loses with it."""

    def __init__(self, kind: Postgres, purpose: str) -> None:
        """Name the lock; nothing is taken yet."""
        self._kind: Final = kind
        self._purpose: Final = purpose
        self._held: Connection | None = None

    def acquire(self) -> None:
        """Take the lock, or make sure that it is still held.

        Raises:
            Unavailable: another process holds it, or the server does not answer.
        """
        try:
            if self._held is not None:
                self._held.exec_driver_sql("SELECT 1")
                return
            self._held = self._take()
        except DBAPIError as error:
            self.release()
            message = Sentence(
                "the database {path} cannot be used now ({reason}); nothing was changed",
                path=self._kind.name,
                reason=" ".join(str(error.orig).split()),
            )
            raise Unavailable(message) from error

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        held, self._held = self._held, None
        if held is not None:
            # Said as well as left: the server notices the end of a session a moment later, and a successor waits.
            with suppress(SQLAlchemyError):
                key = lock_key(self._kind.schema, self._purpose)
                held.exec_driver_sql(f"SELECT pg_advisory_unlock({key})")
            # Not back to the pool: the lock belongs to the session, and ends with it.
            held.invalidate()
            held.close()

    def _take(self) -> Connection:
        key = lock_key(self._kind.schema, self._purpose)
        connection = self._kind.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            if connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({key})").scalar_one():
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
        message = Sentence(
            "another process holds the lock {purpose!r} in {path}",
            purpose=self._purpose,
            path=self._kind.name,
        )
        raise LockTaken(message)


def _require_driver() -> None:
    try:
        importlib.import_module("psycopg")
    except ImportError as error:
        message = Sentence(
            "PostgreSQL needs psycopg, which is not installed: pip install 'certlog[postgres]'"
        )
        raise Unavailable(message) from error


def _engine(url: URL, busy_timeout: float) -> Engine:
    engine = create_engine(
        url,
        connect_args=_CONNECT,
        pool_pre_ping=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_MORE,
        pool_timeout=busy_timeout,
    )
    settings = _SESSION | {"lock_timeout": f"'{int(busy_timeout * 1000)}ms'"}
    statement = "; ".join(f"SET {name} = {value}" for name, value in settings.items())

    @event.listens_for(engine, "connect")
    def set_session(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        connection.commit()

    return engine


def _take_lock_first(engine: Engine, lock: int, busy_timeout: float) -> None:
    """Make "nothing is read before the lock is held" true by construction."""
    first = (
        f"SET LOCAL lock_timeout = '{int(busy_timeout * 1000)}ms'; SET LOCAL synchronous_commit = on; "
        f"SELECT pg_advisory_xact_lock({lock})"
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(_WRITING):
            connection.exec_driver_sql(first)


def _schema(engine: Engine, name: str) -> str:
    """Return the schema in which unqualified names are looked up and made."""
    try:
        with engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        message = Sentence("the database {path} cannot be opened ({reason})", path=name, reason=reason)
        raise Unavailable(message) from error
    if found is None:
        engine.dispose()
        message = Sentence(
            "{path}: the schema named in search_path does not exist; make it with CREATE SCHEMA, see docs/databases.md",
            path=name,
        )
        raise Unavailable(message)
    return str(found)
