"""Cosignatures of witnesses and auditors under our heads; insert-only.

Revision ID: 0003
Revises: 0002
"""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from alembic import op

from registry.migrations.guards import refuse_changes

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table, its index and its guard."""
    head = sa.ForeignKey("checkpoints.size", name="fk_cosignatures_size")
    op.create_table(
        "cosignatures",
        sa.Column("size", _NUMBER, head, autoincrement=False, nullable=False),
        sa.Column("cosigner", _NAME, nullable=False),
        sa.Column("signature", sa.LargeBinary(72), nullable=False),
        sa.Column("time", _NUMBER, nullable=False),
        sa.Column("received_at", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("size", "cosigner", name="pk_cosignatures"),
    )
    op.create_index("ix_cosignatures_cosigner_size", "cosignatures", ["cosigner", "size"])
    refuse_changes("cosignatures")


def downgrade() -> None:
    """Drop the table; its triggers go with it."""
    op.drop_table("cosignatures")
