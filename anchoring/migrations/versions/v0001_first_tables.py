"""First tables: lines, batches, nonces, transactions, attempts, halts, polls."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None
branch_labels: Final = None
depends_on: Final = None

_IN_FLIGHT: Final = "state IN ('PREPARED', 'BROADCAST', 'INCLUDED')"
_STANDING: Final = "left_at IS NULL"


def upgrade() -> None:
    """Make the tables."""
    _create_lines()
    _create_nonces()
    _create_batches()
    _create_halts()
    _create_polls()
    _create_transactions()
    _create_attempts()


def downgrade() -> None:
    """Drop the tables and everything in them."""
    op.drop_table("attempts")
    op.drop_table("transactions")
    op.drop_table("polls")
    op.drop_table("halts")
    op.drop_table("batches")
    op.drop_table("nonces")
    op.drop_table("lines")


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _name() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _create_lines() -> None:
    op.create_table(
        "lines",
        sa.Column("id", _id(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("contract", _name(), nullable=False),
        sa.Column("log_id", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("requested", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("served", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lines"),
        sa.UniqueConstraint("chain_id", "contract", "log_id", name="uq_lines_chain_id_contract_log_id"),
    )


def _create_nonces() -> None:
    op.create_table(
        "nonces",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("account", _name(), nullable=False),
        sa.Column("next_nonce", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("next_nonce >= 0", name="ck_nonces_not_negative"),
        sa.PrimaryKeyConstraint("chain_id", "account", name="pk_nonces"),
    )


def _create_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", _id(), nullable=False),
        sa.Column("line_id", _id(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", _name(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("old_size", sa.BigInteger(), nullable=False),
        sa.Column("old_root", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_time", sa.BigInteger(), nullable=True),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=True),
        sa.Column("finalized_number", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('SEALED', 'PREPARED', 'BROADCAST', 'INCLUDED', 'FINAL')", name="ck_batches_state"
        ),
        sa.CheckConstraint("length(old_root) = 32 AND length(root) = 32", name="ck_batches_roots"),
        sa.CheckConstraint("old_size >= 0 AND size > old_size", name="ck_batches_grows"),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name="fk_batches_line_id"),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
        sa.UniqueConstraint("line_id", "number", name="uq_batches_line_id_number"),
        sa.UniqueConstraint("line_id", "size", name="uq_batches_line_id_size"),
    )
    op.create_index(
        "ix_batches_one_in_flight",
        "batches",
        ["line_id"],
        unique=True,
        sqlite_where=sa.text(_IN_FLIGHT),
        postgresql_where=sa.text(_IN_FLIGHT),
    )


def _create_halts() -> None:
    op.create_table(
        "halts",
        sa.Column("id", _id(), nullable=False),
        sa.Column("line_id", _id(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("batch_number", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("left_because", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name="fk_halts_line_id"),
        sa.PrimaryKeyConstraint("id", name="pk_halts"),
    )
    op.create_index(
        "ix_halts_one_standing",
        "halts",
        ["line_id"],
        unique=True,
        sqlite_where=sa.text(_STANDING),
        postgresql_where=sa.text(_STANDING),
    )


def _create_polls() -> None:
    op.create_table(
        "polls",
        sa.Column("line_id", _id(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("latest_number", sa.BigInteger(), nullable=True),
        sa.Column("latest_time", sa.BigInteger(), nullable=True),
        sa.Column("finalized_number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("finalized_time", sa.BigInteger(), nullable=True),
        sa.Column("head_size", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("problem_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name="fk_polls_line_id"),
        sa.PrimaryKeyConstraint("line_id", name="pk_polls"),
    )


def _create_transactions() -> None:
    op.create_table(
        "transactions",
        sa.Column("id", _id(), nullable=False),
        sa.Column("line_id", _id(), nullable=False),
        sa.Column("batch_id", _id(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("account", _name(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("calldata", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("last_answer", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(batch_id IS NULL) = (purpose = 'open-log')", name="ck_transactions_owner"),
        sa.CheckConstraint("purpose IN ('open-log', 'anchor')", name="ck_transactions_purpose"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_transactions_batch_id"),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name="fk_transactions_line_id"),
        sa.PrimaryKeyConstraint("id", name="pk_transactions"),
        sa.UniqueConstraint("chain_id", "account", "nonce", name="uq_transactions_chain_id_account_nonce"),
    )
    op.create_index("ix_transactions_batch_id", "transactions", ["batch_id"], unique=False)
    op.create_index("ix_transactions_line_id", "transactions", ["line_id"], unique=False)


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", _id(), nullable=False),
        sa.Column("transaction_id", _id(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("max_fee", sa.BigInteger(), nullable=False),
        sa.Column("priority_fee", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["transaction_id"], ["transactions.id"], name="fk_attempts_transaction_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.UniqueConstraint("tx_hash", name="uq_attempts_tx_hash"),
    )
    op.create_index("ix_attempts_transaction_id", "attempts", ["transaction_id"], unique=False)
