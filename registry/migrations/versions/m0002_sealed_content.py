"""Sealed content, and the tags that stand for numbers which the registry cannot read; both insert-only.

Revision ID: 0002
Revises: 0001
"""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from alembic import op

from registry.migrations.guards import refuse_changes

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_HASH: Final = sa.LargeBinary(32)
_NAME: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TABLES: Final = ("sealed_documents", "number_tags")


def upgrade() -> None:
    """Create both tables, then their guards."""
    op.create_table(
        "sealed_documents",
        _certificate("sealed_documents"),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("sha256", _HASH, nullable=False),
        sa.Column("stored_at", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("document_hash", name="pk_sealed_documents"),
    )
    op.create_table(
        "number_tags",
        _certificate("number_tags"),
        sa.Column("issuer", _NAME, nullable=False),
        sa.Column("tag", _HASH, nullable=False),
        sa.PrimaryKeyConstraint("document_hash", name="pk_number_tags"),
        sa.UniqueConstraint("issuer", "tag", name="uq_number_tags_issuer_tag"),
    )
    for table in _TABLES:
        refuse_changes(table)


def downgrade() -> None:
    """Drop both tables; their triggers go with them."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _certificate(table: str) -> sa.Column[bytes]:
    key = sa.ForeignKey("certificates.document_hash", name=f"fk_{table}_document_hash")
    return sa.Column("document_hash", _HASH, key, nullable=False)
