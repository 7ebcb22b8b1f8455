"""Keys of the log that rotations brought, and the sizes from which they sign; insert-only.

Revision ID: 0004
Revises: 0003
"""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from alembic import op

from registry.migrations.guards import refuse_changes

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table and its guard."""
    op.create_table(
        "log_keys",
        sa.Column("from_size", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("log_key", sa.Text, nullable=False),
        sa.Column("created_at", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("from_size", name="pk_log_keys"),
        sa.UniqueConstraint("log_key", name="uq_log_keys_log_key"),
    )
    refuse_changes("log_keys")


def downgrade() -> None:
    """Drop the table; its triggers go with it."""
    op.drop_table("log_keys")
