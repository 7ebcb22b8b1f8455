"""The tables of anchoring's own database, for SQLite and PostgreSQL alike. No behaviour here.

What must never happen is a constraint, not only code: a nonce has one owner, a batch number one row, and of a
line's batches at most one is between PREPARED and FINAL. Amounts of wei for one unit of gas fit 63 bits.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from anchoring.batch import GAS, IN_FLIGHT, Purpose, State

# SQLite gives out row ids only for INTEGER PRIMARY KEY; PostgreSQL gets a 64-bit identity.
_ID: Final = BigInteger().with_variant(Integer, "sqlite")
# What is looked up is compared by its bytes on every database, whatever collation a server prefers.
_NAME: Final = Text().with_variant(Text(collation="C"), "postgresql")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

lines: Final = Table(
    "lines",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("contract", _NAME, nullable=False),
    Column("log_id", LargeBinary, nullable=False),
    Column("origin", Text, nullable=False),
    Column("opened_at", BigInteger),
    Column("requested", BigInteger, nullable=False, server_default="0"),
    Column("served", BigInteger, nullable=False, server_default="0"),
    Column("created_at", BigInteger, nullable=False),
    Column("max_size", BigInteger),
    Column("fence", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("chain_id", "contract", "log_id"),
)
"""One line of batches for each target: a log in a contract on a chain. `fence` counts leaders.

A line that was left behind has `max_size`: what its log holds above that counts for nothing. It is the size from which
a successor goes on, or 0 where none does.
"""

batches: Final = Table(
    "batches",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("line_id", ForeignKey("lines.id"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("state", _NAME, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("old_size", BigInteger, nullable=False),
    Column("old_root", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("sealed_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("block_number", BigInteger),
    Column("block_time", BigInteger),
    Column("tx_hash", LargeBinary),
    Column("finalized_number", BigInteger),
    Column("gas", BigInteger, nullable=False, server_default=str(GAS)),
    UniqueConstraint("line_id", "number"),
    UniqueConstraint("line_id", "size"),
    CheckConstraint("old_size >= 0 AND size > old_size", name="grows"),
    CheckConstraint("length(old_root) = 32 AND length(root) = 32", name="roots"),
    CheckConstraint(_one_of("state", tuple(State)), name="state"),
)
"""One row for each batch; `version` and `state` guard every change (compare-and-swap)."""

_in_flight = batches.c.state.in_([str(state) for state in IN_FLIGHT])
Index(
    "ix_batches_one_in_flight",
    batches.c.line_id,
    unique=True,
    sqlite_where=_in_flight,
    postgresql_where=_in_flight,
)

nonces: Final = Table(
    "nonces",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("account", _NAME, primary_key=True),
    Column("next_nonce", BigInteger, nullable=False),
    CheckConstraint("next_nonce >= 0", name="not_negative"),
)
"""The next nonce of each account on each chain: ours, never the node's idea of what is pending."""

transactions: Final = Table(
    "transactions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("line_id", ForeignKey("lines.id"), nullable=False, index=True),
    Column("batch_id", ForeignKey("batches.id"), index=True),
    Column("purpose", Text, nullable=False),
    Column("chain_id", BigInteger, nullable=False),
    Column("account", _NAME, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("calldata", LargeBinary, nullable=False),
    Column("sent_at", BigInteger),
    Column("last_answer", Text, nullable=False, server_default=""),
    Column("gas", BigInteger, nullable=False, server_default=str(GAS)),
    Column("gas_used", BigInteger),
    Column("paid", BigInteger),
    UniqueConstraint("chain_id", "account", "nonce"),
    CheckConstraint(_one_of("purpose", tuple(Purpose)), name="purpose"),
    CheckConstraint("(batch_id IS NULL) = (purpose = 'open-log')", name="owner"),
)
"""One row for each nonce that was ever given out, what it was given to, and what it cost once that is known."""

attempts: Final = Table(
    "attempts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("transaction_id", ForeignKey("transactions.id"), nullable=False, index=True),
    Column("raw", LargeBinary, nullable=False),
    Column("tx_hash", LargeBinary, nullable=False, unique=True),
    Column("max_fee", BigInteger, nullable=False),
    Column("priority_fee", BigInteger),
    Column("created_at", BigInteger, nullable=False),
)
"""Signed transactions, stored before they may leave. Several for one nonce: fee bumps (T6)."""

halts: Final = Table(
    "halts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("line_id", ForeignKey("lines.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("batch_number", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("left_at", BigInteger),
    Column("left_because", Text),
    Column("detail_made", Text, nullable=False, server_default=""),
)
"""Every stop (T8), and how the operator left it. `detail_made`: how the English text was made, for other languages."""

_standing = halts.c.left_at.is_(None)
Index(
    "ix_halts_one_standing", halts.c.line_id, unique=True, sqlite_where=_standing, postgresql_where=_standing
)

repairs: Final = Table(
    "repairs",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("line_id", ForeignKey("lines.id"), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("what", Text, nullable=False),
    Column("because", Text, nullable=False),
)
"""What `certlog anchor recover` or `leave-line` changed, and why the operator said so. Never shortened."""

polls: Final = Table(
    "polls",
    metadata,
    Column("line_id", ForeignKey("lines.id"), primary_key=True),
    Column("read_at", BigInteger),
    Column("latest_number", BigInteger),
    Column("latest_time", BigInteger),
    Column("finalized_number", BigInteger, nullable=False, server_default="0"),
    Column("finalized_time", BigInteger),
    Column("head_size", BigInteger),
    Column("problem", Text, nullable=False, server_default=""),
    Column("problem_at", BigInteger),
    Column("problem_kind", Text, nullable=False, server_default=""),
    Column("problem_made", Text, nullable=False, server_default=""),
)
"""What the worker last read of each line's chain, and what it last complained of."""
