"""The tables, as SQLAlchemy Core metadata; migrations/ creates them and a test compares the two.

Log tables are insert-only (triggers refuse UPDATE and DELETE). `entries` is the truth; `nodes`, `certificates`,
`statements`, `bit_changes`, `issuer_records`, `epochs` and `status_leaves` are views of it that rebuild.py
derives again. Views are kept as history by log position, so that the state of any epoch can be read back.
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
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: Final = MetaData(naming_convention=NAMING)

# SQLite makes only INTEGER PRIMARY KEY the row's own key; other databases need 64 bits said.
Number: Final = BigInteger().with_variant(Integer, "sqlite")

# What is looked up or put in order is compared by its bytes on every database: a collation would differ from one
# system to the next, and an index made under one version of it can be wrong under another.
Name: Final = Text().with_variant(Text(collation="C"), "postgresql")


def _short(length: int) -> TypeEngine[str]:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


log_identity: Final = Table(
    "log_identity",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one_row"), primary_key=True),
    Column("origin", Text, nullable=False),
    Column("log_key", Text, nullable=False),
    Column("created_at", Number, nullable=False),
)

# The keys after the first, by rotation, each with the first size that it signs.
log_keys: Final = Table(
    "log_keys",
    metadata,
    Column("from_size", Number, primary_key=True, autoincrement=False),
    Column("log_key", Text, nullable=False, unique=True),
    Column("created_at", Number, nullable=False),
)

entries: Final = Table(
    "entries",
    metadata,
    Column("leaf_index", Number, primary_key=True, autoincrement=False),
    Column("leaf_hash", LargeBinary(32), nullable=False, unique=True),
    Column("type", _short(16), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("logged_at", Number, nullable=False),
    Index(None, "type", "leaf_index"),
)

# Complete subtrees of level >= 1; level 0 is entries.leaf_hash.
nodes: Final = Table(
    "nodes",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)

certificates: Final = Table(
    "certificates",
    metadata,
    Column("leaf_index", Number, ForeignKey("entries.leaf_index"), primary_key=True, autoincrement=False),
    Column("document_hash", LargeBinary(32), nullable=False, unique=True),
    Column("id", _short(20), nullable=False, unique=True),
    Column("issuer", Name, nullable=False),
    # Position of the slot in the row of all lists: list * LIST_SIZE + index.
    Column("slot", Number, nullable=False, unique=True),
)

# Certificates that their issuers publish in clear, as canonical bytes with proof.
documents: Final = Table(
    "documents",
    metadata,
    Column("document_hash", LargeBinary(32), ForeignKey("certificates.document_hash"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("issuer", Name, nullable=False),
    Column("number", Name, nullable=False),
    Column("version", Number, nullable=False),
    Column("stored_at", Number, nullable=False),
    UniqueConstraint("issuer", "number", "version"),
)

# Certificates whose content only the holder of a key can read; the key is never here. One for each, for ever.
sealed_documents: Final = Table(
    "sealed_documents",
    metadata,
    Column("document_hash", LargeBinary(32), ForeignKey("certificates.document_hash"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("stored_at", Number, nullable=False),
)

# In place of a number that the registry cannot read: the issuer's own HMAC of it (docs/formats.md, section 2.1).
number_tags: Final = Table(
    "number_tags",
    metadata,
    Column("document_hash", LargeBinary(32), ForeignKey("certificates.document_hash"), primary_key=True),
    Column("issuer", Name, nullable=False),
    Column("tag", LargeBinary(32), nullable=False),
    UniqueConstraint("issuer", "tag"),
)

# Status and trust statements: `certificate` is set for status, `subject` for trust.
statements: Final = Table(
    "statements",
    metadata,
    Column("leaf_index", Number, ForeignKey("entries.leaf_index"), primary_key=True, autoincrement=False),
    Column("document_hash", LargeBinary(32), nullable=False, unique=True),
    Column("type", _short(16), nullable=False),
    Column("certificate", LargeBinary(32), ForeignKey("certificates.document_hash")),
    Column("subject", Name),
    Column("signer", Name, nullable=False),
    CheckConstraint("(certificate IS NULL) <> (subject IS NULL)", name="one_target"),
    Index(None, "certificate", "leaf_index"),
    Index(None, "subject", "leaf_index"),
    Index(None, "signer", "leaf_index"),
)

# One row for each bit that an entry turned: purpose 0 = revocation, 1 = suspension.
bit_changes: Final = Table(
    "bit_changes",
    metadata,
    Column("purpose", Integer, primary_key=True, autoincrement=False),
    Column("slot", Number, primary_key=True, autoincrement=False),
    Column("leaf_index", Number, ForeignKey("entries.leaf_index"), primary_key=True, autoincrement=False),
    Column("value", Integer, nullable=False),
    Index(None, "leaf_index"),
)

# The issuer record as it reads after the trust entry at leaf_index.
issuer_records: Final = Table(
    "issuer_records",
    metadata,
    Column("did", Name, primary_key=True),
    Column("leaf_index", Number, ForeignKey("entries.leaf_index"), primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

epochs: Final = Table(
    "epochs",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("leaf_index", Number, ForeignKey("entries.leaf_index"), nullable=False, unique=True),
    Column("time", Number, nullable=False),
)

# Leaf hashes of the status tree that changed with an epoch: leaf 2k = revocation list k, 2k+1 = suspension.
status_leaves: Final = Table(
    "status_leaves",
    metadata,
    Column("leaf", Number, primary_key=True, autoincrement=False),
    Column("epoch", Number, ForeignKey("epochs.number"), primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)

checkpoints: Final = Table(
    "checkpoints",
    metadata,
    Column("size", Number, primary_key=True, autoincrement=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("note", Text, nullable=False),
    Column("signed_at", Number, nullable=False),
)

# What witnesses and auditors signed under our heads: one row for each head and cosigner (vkey text), verified before.
cosignatures: Final = Table(
    "cosignatures",
    metadata,
    Column("size", Number, ForeignKey("checkpoints.size"), primary_key=True, autoincrement=False),
    Column("cosigner", Name, primary_key=True),
    Column("signature", LargeBinary(72), nullable=False),
    Column("time", Number, nullable=False),
    Column("received_at", Number, nullable=False),
    Index(None, "cosigner", "size"),
)

# Anchoring batches: number -> the size that was fixed for it, once.
seals: Final = Table(
    "seals",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("size", Number, nullable=False, unique=True),
)

# Slots are handed out in order and never again: positions first .. first + amount - 1.
slot_reservations: Final = Table(
    "slot_reservations",
    metadata,
    Column("first", Number, primary_key=True, autoincrement=False),
    Column("amount", Number, nullable=False),
    Column("issuer", Name, nullable=False),
    Column("expires_at", Number, nullable=False),
    Index(None, "issuer", "expires_at"),
)

api_tokens: Final = Table(
    "api_tokens",
    metadata,
    Column("prefix", _short(16), primary_key=True),
    Column("hash", LargeBinary(32), nullable=False),
    Column("did", Name, nullable=False),
    Column("created_at", Number, nullable=False),
    Column("expires_at", Number, nullable=False),
    Column("revoked_at", Number),
)

INSERT_ONLY: Final = tuple(
    table.name
    for table in (
        log_identity,
        log_keys,
        entries,
        nodes,
        certificates,
        documents,
        sealed_documents,
        number_tags,
        statements,
        bit_changes,
        issuer_records,
        epochs,
        status_leaves,
        checkpoints,
        cosignatures,
        seals,
        slot_reservations,
    )
)
"""Tables whose rows are never changed: triggers refuse UPDATE and DELETE."""
