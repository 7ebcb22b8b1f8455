"""Anchoring's database: SQLite opened so that a commit survives a power loss, and its migrations.

WAL, synchronous=FULL, foreign keys; every writing transaction is BEGIN IMMEDIATE, because a reader that turns
writer fails at once however long the busy timeout. It is asserted when the database opens. It knows no row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry

from certlog.errors import Unavailable
from certlog.sentences import Sentence

VERSION_TABLE: Final = "anchoring_alembic_version"
BUSY_TIMEOUT: Final = 10.0
"""Seconds that a writer waits for another one."""

_WRITING: Final = "anchoring_writing"
_PRAGMAS: Final = (("journal_mode", "WAL", "wal"), ("synchronous", "FULL", 2), ("foreign_keys", "ON", 1))


class Conflict(Unavailable):
    """Someone else changed the row first: read again and decide again. Nothing was written."""


class Database:
    """One opened database. `reading` and `writing` are the only ways in; both translate foreign errors."""

    def __init__(self, engine: Engine) -> None:
        """Wrap an engine made by open_database."""
        self.engine: Final = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state and cannot write."""
        with _translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open the one writing transaction: durable as a whole when the block ends, or undone as a whole."""
        with _translated(), self.engine.connect() as connection:
            connection.execution_options(**{_WRITING: True})
            with connection.begin():
                yield connection

    def migrate(self) -> None:
        """Bring the tables up to the newest version, in one transaction."""
        with self.writing() as connection:
            config = _alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def check(self) -> None:
        """Require an undamaged database with the tables of this program.

        Raises:
            Unavailable: damaged, or made by another version.
        """
        newest = ScriptDirectory.from_config(_alembic_config()).get_current_head()
        with self.reading() as connection:
            options = {"version_table": VERSION_TABLE}
            found = MigrationContext.configure(connection, opts=options).get_current_revision()
            if found != newest:
                message = Sentence(
                    "{database}: expected tables of version {newest}, found {found}",
                    database=self.engine.url.database,
                    newest=newest,
                    found=found,
                )
                raise Unavailable(message)
            damage = connection.exec_driver_sql("PRAGMA quick_check").scalars().all()
        if damage != ["ok"]:
            message = Sentence(
                "{database} is damaged: {damage}; do not restore an old copy, see docs",
                database=self.engine.url.database,
                damage=damage[0],
            )
            raise Unavailable(message)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(path: Path, *, create: bool, busy_timeout: float = BUSY_TIMEOUT) -> Database:
    """Open anchoring's database.

    Args:
        path: the file.
        create: make it, or bring its tables up to date; readers such as web workers say False.
        busy_timeout: seconds that a writer waits for another.

    Raises:
        Unavailable: no such file, not writable, not SQLite, or SQLite does not honour a setting.
    """
    if not create and not path.is_file():
        message = Sentence(
            "{path} does not exist yet; it is made by: certlog anchor run, or certlog registry serve",
            path=path,
        )
        raise Unavailable(message)
    database = Database(_engine(path, busy_timeout))
    _assert_pragmas(database, path)
    if create:
        database.migrate()
    return database


def _engine(path: Path, busy_timeout: float) -> Engine:
    url = URL.create("sqlite+pysqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": busy_timeout, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for name, value, _ in _PRAGMAS:
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # query_only makes it true by construction that only IMMEDIATE transactions write.
        writing = bool(connection.get_execution_options().get(_WRITING))
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writing else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _assert_pragmas(database: Database, path: Path) -> None:
    with database.reading() as connection:
        for name, _, wanted in _PRAGMAS:
            found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            if found != wanted:
                message = Sentence(
                    "SQLite at {path} does not honour {name}: expected {wanted}, found {found}",
                    path=path,
                    name=name,
                    wanted=wanted,
                    found=found,
                )
                raise Unavailable(message)


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        message = Sentence("another worker was first: {reason}", reason=error.orig)
        raise Conflict(message) from error
    except DatabaseError as error:
        message = Sentence(
            "anchoring's database cannot be used now ({reason}); nothing was changed", reason=error.orig
        )
        raise Unavailable(message) from error
