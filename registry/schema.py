"""Brings a database to the newest schema, and says when it is not there.

Only `certlog registry init` and the start of `certlog registry serve` migrate; web workers and helpers only check.
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from registry.database import Database

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def upgrade(database: Database, revision: str = "head") -> None:
    """Run every missing migration, all in one transaction."""
    with database.writing() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Undo migrations down to a revision ("base" for all), all in one transaction."""
    with database.writing() as connection:
        command.downgrade(_config(connection), revision)


def require_newest(database: Database) -> None:
    """Require that the tables are those that this program knows.

    Raises:
        Unavailable: the schema is older or newer; the message says what to run.
    """
    wanted = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    with database.reading() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != wanted:
        message = Sentence(
            "the database {path} has schema {found}, this program needs {wanted}; start `certlog "
            "registry serve` of this version once to migrate it",
            path=database.path,
            found=found or Sentence("none"),
            wanted=wanted,
        )
        raise Unavailable(message)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
