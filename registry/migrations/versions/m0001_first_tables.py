"""The first tables, and the triggers that make the log tables insert-only.

Revision ID: 0001
Revises:
"""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from alembic import op

from registry.migrations.guards import drop_functions, refuse_changes, require_order

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_HASH: Final = sa.LargeBinary(32)
# As registry/tables.py: PostgreSQL orders and compares these by their bytes, as SQLite does.
_NAME: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _short(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


_INSERT_ONLY: Final = (
    "log_identity",
    "entries",
    "nodes",
    "certificates",
    "documents",
    "statements",
    "bit_changes",
    "issuer_records",
    "epochs",
    "status_leaves",
    "checkpoints",
    "seals",
    "slot_reservations",
)

# table -> (column, why): rows come in order and without gap, or in rising order.
_GAPLESS: Final = {"entries": "leaf_index", "epochs": "number"}
_RISING: Final = {"checkpoints": "size", "seals": "number", "slot_reservations": "first"}


def upgrade() -> None:
    """Create every table, then its guards."""
    _create_log()
    _create_certificates()
    _create_statements()
    _create_epochs()
    _create_heads()
    _create_slots_and_tokens()
    for table in _INSERT_ONLY:
        refuse_changes(table)
    for table, column in _GAPLESS.items():
        require_order(table, column, "= 1 +")
    for table, column in _RISING.items():
        require_order(table, column, ">")


def downgrade() -> None:
    """Drop every table; its triggers go with it."""
    for table in ("api_tokens", *reversed(_INSERT_ONLY)):
        op.drop_table(table)
    drop_functions(*_GAPLESS, *_RISING)


def _create_log() -> None:
    op.create_table(
        "log_identity",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="ck_log_identity_one_row")),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("log_key", sa.Text, nullable=False),
        sa.Column("created_at", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_identity"),
    )
    op.create_table(
        "entries",
        sa.Column("leaf_index", _NUMBER, autoincrement=False),
        sa.Column("leaf_hash", _HASH, nullable=False),
        sa.Column("type", _short(16), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("logged_at", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name="pk_entries"),
        sa.UniqueConstraint("leaf_hash", name="uq_entries_leaf_hash"),
    )
    op.create_index("ix_entries_type_leaf_index", "entries", ["type", "leaf_index"])
    op.create_table(
        "nodes",
        sa.Column("level", sa.Integer, autoincrement=False),
        sa.Column("position", _NUMBER, autoincrement=False),
        sa.Column("hash", _HASH, nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name="pk_nodes"),
        sqlite_with_rowid=False,
    )


def _create_certificates() -> None:
    op.create_table(
        "certificates",
        _leaf_index("certificates"),
        sa.Column("document_hash", _HASH, nullable=False),
        sa.Column("id", _short(20), nullable=False),
        sa.Column("issuer", _NAME, nullable=False),
        sa.Column("slot", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name="pk_certificates"),
        sa.UniqueConstraint("document_hash", name="uq_certificates_document_hash"),
        sa.UniqueConstraint("id", name="uq_certificates_id"),
        sa.UniqueConstraint("slot", name="uq_certificates_slot"),
    )
    op.create_table(
        "documents",
        sa.Column("document_hash", _HASH),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("issuer", _NAME, nullable=False),
        sa.Column("number", _NAME, nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("stored_at", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("document_hash", name="pk_documents"),
        sa.ForeignKeyConstraint(
            ["document_hash"], ["certificates.document_hash"], name="fk_documents_document_hash"
        ),
        sa.UniqueConstraint("issuer", "number", "version", name="uq_documents_issuer_number_version"),
    )


def _create_statements() -> None:
    op.create_table(
        "statements",
        _leaf_index("statements"),
        sa.Column("document_hash", _HASH, nullable=False),
        sa.Column("type", _short(16), nullable=False),
        sa.Column("certificate", _HASH),
        sa.Column("subject", _NAME),
        sa.Column("signer", _NAME, nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name="pk_statements"),
        sa.UniqueConstraint("document_hash", name="uq_statements_document_hash"),
        sa.ForeignKeyConstraint(
            ["certificate"], ["certificates.document_hash"], name="fk_statements_certificate"
        ),
        sa.CheckConstraint("(certificate IS NULL) <> (subject IS NULL)", name="ck_statements_one_target"),
    )
    for column in ("certificate", "subject", "signer"):
        op.create_index(f"ix_statements_{column}_leaf_index", "statements", [column, "leaf_index"])
    op.create_table(
        "bit_changes",
        sa.Column("purpose", sa.Integer, autoincrement=False),
        sa.Column("slot", _NUMBER, autoincrement=False),
        _leaf_index("bit_changes"),
        sa.Column("value", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("purpose", "slot", "leaf_index", name="pk_bit_changes"),
    )
    op.create_index("ix_bit_changes_leaf_index", "bit_changes", ["leaf_index"])
    op.create_table(
        "issuer_records",
        sa.Column("did", _NAME),
        _leaf_index("issuer_records"),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("did", "leaf_index", name="pk_issuer_records"),
    )


def _create_epochs() -> None:
    op.create_table(
        "epochs",
        sa.Column("number", _NUMBER, autoincrement=False),
        _leaf_index("epochs"),
        sa.Column("time", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_epochs"),
        sa.UniqueConstraint("leaf_index", name="uq_epochs_leaf_index"),
    )
    op.create_table(
        "status_leaves",
        sa.Column("leaf", _NUMBER, autoincrement=False),
        sa.Column("epoch", _NUMBER, autoincrement=False),
        sa.Column("hash", _HASH, nullable=False),
        sa.PrimaryKeyConstraint("leaf", "epoch", name="pk_status_leaves"),
        sa.ForeignKeyConstraint(["epoch"], ["epochs.number"], name="fk_status_leaves_epoch"),
    )


def _create_heads() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("size", _NUMBER, autoincrement=False),
        sa.Column("root", _HASH, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("signed_at", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_checkpoints"),
    )
    op.create_table(
        "seals",
        sa.Column("number", _NUMBER, autoincrement=False),
        sa.Column("size", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_seals"),
        sa.UniqueConstraint("size", name="uq_seals_size"),
    )


def _create_slots_and_tokens() -> None:
    op.create_table(
        "slot_reservations",
        sa.Column("first", _NUMBER, autoincrement=False),
        sa.Column("amount", _NUMBER, nullable=False),
        sa.Column("issuer", _NAME, nullable=False),
        sa.Column("expires_at", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("first", name="pk_slot_reservations"),
    )
    op.create_index("ix_slot_reservations_issuer_expires_at", "slot_reservations", ["issuer", "expires_at"])
    op.create_table(
        "api_tokens",
        sa.Column("prefix", _short(16)),
        sa.Column("hash", _HASH, nullable=False),
        sa.Column("did", _NAME, nullable=False),
        sa.Column("created_at", _NUMBER, nullable=False),
        sa.Column("expires_at", _NUMBER, nullable=False),
        sa.Column("revoked_at", _NUMBER),
        sa.PrimaryKeyConstraint("prefix", name="pk_api_tokens"),
    )


def _leaf_index(table: str) -> sa.Column[int]:
    key = sa.ForeignKey("entries.leaf_index", name=f"fk_{table}_leaf_index")
    return sa.Column("leaf_index", _NUMBER, key, autoincrement=False, nullable=False)
