"""Alembic's entry point: runs the migrations on the connection that anchoring/database.py hands over."""

from alembic import context

from anchoring.database import VERSION_TABLE
from anchoring.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    # The caller's one transaction holds every step: a half-made database cannot exist.
    transactional_ddl=True,
)
context.run_migrations()
