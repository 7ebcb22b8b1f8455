"""Anchoring's database, SQLite or PostgreSQL: storage.database.Database with anchoring's tables. It knows no row."""

from pathlib import Path
from typing import Final

from sqlalchemy.exc import IntegrityError

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from storage.database import Address, closed_at_end, closed_if_it_fails
from storage.database import Database as StoredDatabase
from storage.migrations import Migrations

VERSION_TABLE: Final = "anchoring_alembic_version"
BUSY_TIMEOUT: Final = 10.0
"""Seconds that a writer waits for another one."""

_MIGRATIONS: Final = Migrations(Path(__file__).parent / "migrations", VERSION_TABLE)


class Conflict(Unavailable):
    """Someone else changed the row first: read again and decide again. Nothing was written."""


class Fenced(Conflict):
    """Another worker has taken the lead since: this one may write nothing until it has the lock again."""


class NotMadeYet(Unavailable):
    """There is no database of anchoring yet: the worker, which makes it, never ran."""


class Database(StoredDatabase):
    """One opened database. `reading` and `writing` are the only ways in; both translate foreign errors."""

    def conflict(self, error: IntegrityError) -> Exception:
        """A refused constraint means that another worker was first."""
        return Conflict(Sentence("another worker was first: {reason}", reason=error.orig))

    def migrate(self) -> None:
        """Bring the tables up to the newest version, in one transaction."""
        with self.writing() as connection:
            _MIGRATIONS.upgrade(connection)

    def downgrade(self, revision: str) -> None:
        """Undo migrations down to a revision ("base" for all), in one transaction."""
        with self.writing() as connection:
            _MIGRATIONS.downgrade(connection, revision)

    def version(self) -> str | None:
        """Return the version of the tables, or None where there are none yet."""
        with self.reading() as connection:
            return _MIGRATIONS.current(connection)

    def require_newest(self) -> None:
        """Require the tables that this program knows.

        Raises:
            NotMadeYet: there are none.
            Unavailable: they are older or newer; the message says what to run.
        """
        newest, found = _MIGRATIONS.newest(), self.version()
        if found is None:
            raise NotMadeYet(_not_yet(self.name))
        if found != newest:
            with self.reading() as connection:
                _MIGRATIONS.require_known(connection)
            message = Sentence(
                "{database} has tables of version {found}, this program needs {newest}; start certlog registry serve "
                "of this version once: it brings them up to date",
                database=self.name,
                newest=newest,
                found=found,
            )
            raise Unavailable(message)

    def check(self) -> None:
        """Require an undamaged database with the tables of this program.

        Raises:
            Unavailable: damaged, or made by another version.
        """
        self.require_newest()
        with self.reading() as connection:
            damage = self.kind.damage(connection)
        if damage:
            message = Sentence(
                "{database} is damaged: {damage}; do not restore an old copy, see docs",
                database=self.name,
                damage=damage,
            )
            raise Unavailable(message)


def open_database(address: Address, *, create: bool, busy_timeout: float = BUSY_TIMEOUT) -> Database:
    """Open anchoring's database.

    Args:
        address: the file, or the URL of a PostgreSQL database.
        create: make it, or bring its tables up to date; readers such as web workers say False.
        busy_timeout: seconds that a writer waits for another.

    Raises:
        NotMadeYet: there is none.
        Unavailable: not usable, of another version, or it does not honour a setting on which durability rests.
    """
    if not create and isinstance(address, Path) and not address.is_file():
        raise NotMadeYet(_not_yet(address))
    database = Database(address, busy_timeout=busy_timeout)
    with closed_if_it_fails(database):
        if create:
            database.require_one_writer()
            database.migrate()
        else:
            database.require_newest()
    return database


def migrate_database(address: Address, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
    """Bring the tables of a database up to date, where it has any; for the parent of all that will read them.

    Raises:
        Unavailable: not usable, or its tables are newer than this program.
    """
    if isinstance(address, Path) and not address.is_file():
        return
    with closed_at_end(Database(address, busy_timeout=busy_timeout)) as database:
        if database.version() not in (None, _MIGRATIONS.newest()):
            database.migrate()


def _not_yet(name: object) -> Sentence:
    return Sentence(
        "{path} does not exist yet; it is made by: certlog anchor run, or certlog registry serve", path=name
    )
