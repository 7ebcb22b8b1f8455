"""The tables of an issuer's journal, and how a journal of an earlier version becomes one of this."""

import sqlite3
from pathlib import Path
from typing import Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence

_VERSION: Final = 2

_TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE slots (
    list INTEGER NOT NULL, position INTEGER NOT NULL, expires INTEGER NOT NULL,
    PRIMARY KEY (list, position)) STRICT;
CREATE TABLE certificates (
    document_hash BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    issuer TEXT NOT NULL, number TEXT NOT NULL, version INTEGER NOT NULL, input_hash BLOB NOT NULL,
    list INTEGER NOT NULL, position INTEGER NOT NULL, document BLOB NOT NULL,
    pdf_name TEXT, pdf_sha256 BLOB, content TEXT NOT NULL, signed_at INTEGER NOT NULL,
    content_key BLOB, content_nonce BLOB,
    UNIQUE (issuer, number, version), UNIQUE (list, position)) STRICT;
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY, entry BLOB NOT NULL UNIQUE, certificate BLOB NOT NULL, action TEXT NOT NULL,
    log_index INTEGER, leaf_hash TEXT, refused_code TEXT, refused_detail TEXT,
    dropped INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE discarded (
    document_hash BLOB PRIMARY KEY, document BLOB NOT NULL, reason TEXT NOT NULL) STRICT;
"""


# From a journal of version 1, which knew public and withheld content only.
_FROM_VERSION_1: Final = """
ALTER TABLE certificates ADD COLUMN content TEXT NOT NULL DEFAULT 'withheld';
ALTER TABLE certificates ADD COLUMN content_key BLOB;
ALTER TABLE certificates ADD COLUMN content_nonce BLOB;
UPDATE certificates SET content = 'public' WHERE published = 1;
ALTER TABLE certificates DROP COLUMN published;
"""
# Made where they are missing: without them a journal of 100,000 certificates is gone through for each of them.
_INDEXES: Final = (
    "CREATE INDEX IF NOT EXISTS outbox_certificate ON outbox (certificate)",
    "CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (sequence) WHERE log_index IS NULL AND dropped = 0",
)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make a new connection ready: durable, held by this process alone, with the tables of this version.

    Raises:
        InvalidInput: the journal is of a later version.
    """
    connection.row_factory = sqlite3.Row
    # FULL: a certificate that was submitted must never be missing here after a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    # One run at a time: two would sign the same numbers for different slots.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version in (0, 1):
        for statement in (_FROM_VERSION_1 if version else _TABLES).split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    elif version != _VERSION:
        connection.execute("ROLLBACK")
        message = Sentence(
            "expected a journal of version {wanted}, found {version}", wanted=_VERSION, version=version
        )
        raise InvalidInput(message, place=str(path), code="other-journal")
    for index in _INDEXES:
        connection.execute(index)
    connection.execute("COMMIT")
