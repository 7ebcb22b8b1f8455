"""Alembic's entrance: runs the migrations on the connection that registry/schema.py hands over.

There is no alembic.ini and no offline mode: a migration runs in the caller's one writing transaction or not at all.
"""

from alembic import context
from sqlalchemy import Connection

from registry.tables import metadata


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])
