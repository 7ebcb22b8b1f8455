"""What an issuing body has signed, from its journals: for whoever watches the log for what it has not.

The journal is opened for reading only; while the issuer's own tool holds it, this waits a little and then says so.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from certlog.digests import DocumentHash
from certlog.entry import StatementEntry, parse_entry
from certlog.errors import CertlogError, InvalidInput, Unavailable
from certlog.sentences import Sentence
from issuer.journal import JOURNAL_NAME

WAIT: Final = 15.0
"""Seconds to wait for a run of the issuer's tool."""


def made_documents(folders: Iterable[Path]) -> Mapping[str, frozenset[DocumentHash]]:
    """Return, for each DID, the hashes of all documents that the journals in these folders hold.

    Certificates and statements, submitted or not, discarded ones too: whatever was signed may be logged.

    Raises:
        InvalidInput: a folder without a journal, or a damaged one.
        Unavailable: a journal is in use.
    """
    found: defaultdict[str, set[DocumentHash]] = defaultdict(set)
    for folder in folders:
        for did, digest in _read(folder / JOURNAL_NAME):
            found[did].add(digest)
    return {did: frozenset(digests) for did, digests in found.items()}


def _read(path: Path) -> list[tuple[str, DocumentHash]]:
    if not path.is_file():
        message = Sentence(
            "there is no journal at {path}; name the --out folder of certlog issuer", path=path
        )
        raise InvalidInput(message, code="no-journal")
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=WAIT)) as connection:
            certificates = connection.execute("SELECT issuer, document_hash FROM certificates").fetchall()
            entries = connection.execute("SELECT entry FROM outbox WHERE action <> 'issue'").fetchall()
            discarded = connection.execute("SELECT document_hash FROM discarded").fetchall()
    except sqlite3.OperationalError as error:
        message = Sentence("cannot read {path} now: {reason}", path=path, reason=error)
        raise Unavailable(message) from error
    except sqlite3.DatabaseError as error:
        message = Sentence("{path} is damaged: {reason}", path=path, reason=error)
        raise InvalidInput(message, code="bad-journal") from error
    made = [(str(did), DocumentHash(digest)) for did, digest in certificates]
    bodies = {did for did, _ in made}
    made += [(did, DocumentHash(digest)) for did in bodies for (digest,) in discarded]
    return made + [statement for (entry,) in entries if (statement := _statement(entry)) is not None]


def _statement(entry: bytes) -> tuple[str, DocumentHash] | None:
    try:
        parsed = parse_entry(entry)
    except CertlogError as error:
        message = Sentence("the journal holds an entry that cannot be read: {error}", error=error)
        raise InvalidInput(message, code="bad-journal") from error
    if not isinstance(parsed, StatementEntry):
        return None
    return parsed.document.proof.did, parsed.document.document_hash
