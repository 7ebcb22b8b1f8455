"""Fee bumps, limits by day, fencing of leaders, kinds of problems, and what was repaired."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None

_GAS: Final = "400000"
"""The limit of every transaction that was signed before this version."""


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("lines", sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("batches", sa.Column("gas", sa.BigInteger(), server_default=_GAS, nullable=False))
    op.add_column("transactions", sa.Column("gas", sa.BigInteger(), server_default=_GAS, nullable=False))
    op.add_column("transactions", sa.Column("gas_used", sa.BigInteger(), nullable=True))
    op.add_column("transactions", sa.Column("paid", sa.BigInteger(), nullable=True))
    op.add_column("polls", sa.Column("problem_kind", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "repairs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name="fk_repairs_line_id"),
        sa.PrimaryKeyConstraint("id", name="pk_repairs"),
    )
    op.create_index("ix_repairs_line_id", "repairs", ["line_id"], unique=False)


def downgrade() -> None:
    """Drop what was added."""
    op.drop_index("ix_repairs_line_id", "repairs")
    op.drop_table("repairs")
    op.drop_column("polls", "problem_kind")
    op.drop_column("transactions", "paid")
    op.drop_column("transactions", "gas_used")
    op.drop_column("transactions", "gas")
    op.drop_column("batches", "gas")
    op.drop_column("lines", "fence")
