"""Brings a database to the newest schema, and says when it is not there.

Only `certlog registry init` and the start of `certlog registry serve` migrate; web workers and helpers only check.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from registry.database import Database
from registry.tables import log_identity
from storage.migrations import Migrations

MIGRATIONS: Final = Migrations(Path(__file__).parent / "migrations", "alembic_version")


def upgrade(database: Database, revision: str = "head") -> bool:
    """Run every missing migration, all in one transaction; tell whether there were any."""
    with database.writing() as connection:
        before = MIGRATIONS.current(connection)
        MIGRATIONS.upgrade(connection, revision)
        return MIGRATIONS.current(connection) != before


def downgrade(database: Database, revision: str) -> None:
    """Undo migrations down to a revision ("base" for all), all in one transaction."""
    with database.writing() as connection:
        MIGRATIONS.downgrade(connection, revision)


def origin_of(connection: Connection) -> str | None:
    """Return the origin of the log that is kept here, whatever the version of its tables; None where there is none."""
    if not MIGRATIONS.made(connection, log_identity.name):
        return None
    return connection.execute(select(log_identity.c.origin)).scalar_one_or_none()


def require_newest(database: Database) -> None:
    """Require that the tables are those that this program knows.

    Raises:
        Unavailable: the schema is older or newer; the message says what to run.
    """
    wanted = MIGRATIONS.newest()
    with database.reading() as connection:
        MIGRATIONS.require_known(connection)
        found = MIGRATIONS.current(connection)
    if found != wanted:
        message = Sentence(
            "the database {path} has schema {found}, this program needs {wanted}; "
            "start `certlog registry serve` of this version once to migrate it",
            path=database.name,
            found=found or Sentence("none"),
            wanted=wanted,
        )
        raise Unavailable(message)
