"""Hands out transactions of a database, SQLite or PostgreSQL: read-only snapshots, or writers one at a time.

What is committed survives a power cut: each kind (sqlite.py, postgres.py) proves, when it is opened, that it is set
so. Errors of the driver are translated here, once. It knows no table.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from storage.postgres import Postgres
from storage.sqlite import Sqlite

Address = Path | URL
"""Where a database is: a file for SQLite, a URL without password for PostgreSQL."""


class Kind(Protocol):
    """One kind of database, opened."""

    @property
    def name(self) -> str:
        """What people call this database, without any secret."""

    @property
    def engine(self) -> Engine:
        """The connections."""

    @property
    def reading(self) -> Engine:
        """Each transaction begun through it is one consistent snapshot that cannot write."""

    @property
    def writing(self) -> Engine:
        """Each transaction begun through it is the only writer, and has seen nothing from before it became that."""

    def require_durable(self, connection: Connection) -> None:
        """Require the settings on which durability and isolation rest, as a reading transaction sees them.

        Raises:
            Unavailable: one is not honoured.
        """

    def damage(self, connection: Connection) -> str:
        """Return what the database itself finds wrong with its pages, or nothing."""

    def require_one_writer(self, connection: Connection) -> None:
        """Require that no second writer may begin while this writing transaction is open.

        Raises:
            Unavailable: one may.
        """


@dataclass
class _Progress:
    committing: bool = False


class Database:
    """One database. Thread-safe; open it after fork, not before."""

    def __init__(self, address: Address, *, busy_timeout: float) -> None:
        """Open it and prove that it will keep what it is told; a SQLite file is made if missing.

        Args:
            address: a file, or the URL of a PostgreSQL database.
            busy_timeout: seconds that a writer waits for another.

        Raises:
            Unavailable: it cannot be opened, or does not honour a setting on which durability rests.
        """
        self.address: Final = address
        self.kind: Final[Kind] = _open(address, busy_timeout)
        self.name: Final = self.kind.name
        self._one_writer = threading.Lock()
        with closed_if_it_fails(self), self.reading() as connection:
            self.kind.require_durable(connection)

    @property
    def engine(self) -> Engine:
        """The connections of both sorts of transactions."""
        return self.kind.engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent snapshot; writing in it fails."""
        with self._translated(_Progress()), self.kind.reading.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only writer; when the block ends without an error everything in it is durable, else nothing is."""
        progress = _Progress()
        with (
            self._translated(progress),
            self._one_writer,
            self.kind.writing.connect() as connection,
            connection.begin(),
        ):
            yield connection
            progress.committing = True

    def require_one_writer(self) -> None:
        """Prove that writers take turns; for whoever will write.

        Raises:
            Unavailable: two may write at once.
        """
        with self.writing() as connection:
            self.kind.require_one_writer(connection)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def conflict(self, error: IntegrityError) -> Exception:
        """Return what a refused constraint means to the owner of the tables; itself where it is a defect."""
        return error

    @contextmanager
    def _translated(self, progress: _Progress) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            meant = self.conflict(error)
            if meant is error:
                raise
            raise meant from error
        except DataError as error:
            message = Sentence("the database cannot hold or look for this: {reason}", reason=_reason(error))
            raise InvalidInput(message, code="bad-text") from error
        except (DBAPIError, PoolTimeout) as error:
            raise Unavailable(self._unavailable(error, progress)) from error

    def _unavailable(self, error: DBAPIError | PoolTimeout, progress: _Progress) -> Sentence:
        if progress.committing:
            return Sentence(
                "the database {path} failed while it committed ({reason}): whether this is stored is not known; "
                "send it again, nothing is doubled",
                path=self.name,
                reason=_reason(error),
            )
        return Sentence(
            "the database {path} cannot be used now ({reason}); nothing was changed",
            path=self.name,
            reason=_reason(error),
        )


DatabaseT = TypeVar("DatabaseT", bound=Database)


@contextmanager
def closed_at_end(database: DatabaseT) -> Iterator[DatabaseT]:
    """Close every connection when the block ends."""
    try:
        yield database
    finally:
        database.close()


@contextmanager
def closed_if_it_fails(database: Database) -> Iterator[None]:
    """Close every connection when the block fails: whoever asked for the database then never gets it."""
    try:
        yield
    except BaseException:
        database.close()
        raise


def _open(address: Address, busy_timeout: float) -> Kind:
    if isinstance(address, URL):
        return Postgres.open(address, busy_timeout)
    return Sqlite.open(address, busy_timeout)


def _reason(error: DBAPIError | PoolTimeout) -> str:
    """Return the driver's own words in one line."""
    said = error.orig if isinstance(error, DBAPIError) else error.args[0]
    return " ".join(str(said).split())
