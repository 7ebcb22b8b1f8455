"""Brings the tables of one program to the version that it knows, with Alembic, and says when they are not there.

Migrations run inside the caller's one writing transaction, so that a half-made database cannot exist. There is no
alembic.ini and no offline mode.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from certlog.errors import Unavailable
from certlog.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Migrations:
    """One program's migrations, and the table that remembers which of them have run."""

    folder: Path
    version_table: str

    def newest(self) -> str | None:
        """Return the version that this program knows."""
        return _newest(self.folder)

    def current(self, connection: Connection) -> str | None:
        """Return the version of the tables, or None where there are none."""
        options = {"version_table": self.version_table}
        return MigrationContext.configure(connection, opts=options).get_current_revision()

    def upgrade(self, connection: Connection, revision: str = "head") -> None:
        """Run every missing migration.

        Raises:
            Unavailable: the tables are newer than this program.
        """
        self.require_known(connection)
        command.upgrade(self._config(connection), revision)

    def downgrade(self, connection: Connection, revision: str) -> None:
        """Undo migrations down to a revision ("base" for all)."""
        command.downgrade(self._config(connection), revision)

    def require_known(self, connection: Connection) -> None:
        """Require tables of this or an older version, or none.

        Raises:
            Unavailable: they are of a version that this program has never heard of.
        """
        found = self.current(connection)
        known = [script.revision for script in self._script().walk_revisions()]
        if found is not None and found not in known:
            message = Sentence(
                "the tables are of version {found}, this program knows up to {newest}; install the version of "
                "Certlog that made them, or a newer one",
                found=found,
                newest=self.newest(),
            )
            raise Unavailable(message)

    def made(self, connection: Connection, table: str) -> bool:
        """Tell whether a table exists where this connection looks."""
        return inspect(connection).has_table(table)

    def _script(self) -> ScriptDirectory:
        return ScriptDirectory(str(self.folder))

    def _config(self, connection: Connection) -> Config:
        config = Config()
        config.set_main_option("script_location", str(self.folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        return config


@cache
def _newest(folder: Path) -> str | None:
    """Read the scripts once: they are part of the program."""
    return ScriptDirectory(str(folder)).get_current_head()
