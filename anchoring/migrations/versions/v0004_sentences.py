"""How problems and halts were made, beside their English text, so that the reader's language decides."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Add the columns; what was stored before stays English."""
    op.add_column("halts", sa.Column("detail_made", sa.Text(), server_default="", nullable=False))
    op.add_column("polls", sa.Column("problem_made", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Drop them; the texts stay."""
    op.drop_column("polls", "problem_made")
    op.drop_column("halts", "detail_made")
