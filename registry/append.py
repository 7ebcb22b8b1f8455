"""Appends to the log: admission and every row of an entry in one writing transaction, one writer at a time.

Refusals are answers, not failures: a refused item writes nothing and the others of its batch go on. An answer is
returned only after the commit, so whoever holds one holds an entry that survives a power cut.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from sqlalchemy import Connection, insert

from certlog.credential import number_of, version_of
from certlog.digests import LeafHash, sha256
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput, NotTrusted
from certlog.status import CertificateStatus
from certlog.trust import Enrol, TrustStatement
from registry.admission import LoggedCertificate, admit_certificate, admit_publication, admit_status
from registry.database import Database
from registry.log_state import DatabaseState
from registry.log_tree import LeafAppender
from registry.lookalikes import require_distinct
from registry.submission import Candidate, NewCertificate, NewStatus, NewTrust
from registry.tables import certificates, documents, number_tags, sealed_documents
from registry.trust_ledger import TrustLedger
from registry.views import certificate_row, write_status, write_trust

Refusal = InvalidInput | NotTrusted
Write = Callable[[], int]
"""Writes what was admitted; returns its index."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one submission.

    Attributes:
        status: "logged" now, "exists" since an earlier submission of the same entry, or "refused".
        index: its position, unless refused.
        leaf_hash: its leaf hash, unless the bytes could not be read.
        id: the certificate id, for certificate entries that could be read.
        problem: why it was refused.
    """

    status: Literal["logged", "exists", "refused"]
    index: int | None = None
    leaf_hash: LeafHash | None = None
    id: str | None = None
    problem: Refusal | None = None


class Appending:
    """One writing transaction at the end of the log. Call `flush` before it ends."""

    def __init__(self, connection: Connection, ledger: TrustLedger, now: int) -> None:
        """Look at the end of the log as this transaction sees it."""
        self.connection: Final = connection
        self.now: Final = now
        self.ledger: Final = ledger
        self.trust: Final = ledger.at_end(connection)
        self.leaves: Final = LeafAppender(connection, now)
        self._state = DatabaseState(connection, self.trust, self.leaves, now)
        self._certificates: list[dict[str, object]] = []
        self._documents: list[dict[str, object]] = []
        self._sealed: list[dict[str, object]] = []
        self._tags: list[dict[str, object]] = []

    def prefetch(self, candidates: Sequence[Candidate]) -> None:
        """Read what the checks of these candidates need."""
        self._state.prefetch(candidates)

    def submit(self, candidate: Candidate) -> Outcome:
        """Admit and append one prefetched candidate, or say why not."""
        identifier = candidate.id if isinstance(candidate, NewCertificate) else None
        logged = self._state.entry_index(candidate.leaf_hash)
        try:
            write = self._admit(candidate) if logged is None else self._admit_publication(candidate, logged)
        except (InvalidInput, NotTrusted) as problem:
            return Outcome("refused", None, candidate.leaf_hash, identifier, problem)
        # Outside the try: what is admitted is written, or the whole transaction fails.
        index = write()
        self._state.note_entry(candidate.leaf_hash, index)
        return Outcome("logged" if logged is None else "exists", index, candidate.leaf_hash, identifier)

    def flush(self) -> None:
        """Write the rows that were kept back for one bulk insert."""
        self.leaves.flush()
        waiting = (
            (certificates, self._certificates),
            (documents, self._documents),
            (sealed_documents, self._sealed),
            (number_tags, self._tags),
        )
        for table, rows in waiting:
            if rows:
                self.connection.execute(insert(table), rows)
                rows.clear()

    def _admit(self, candidate: Candidate) -> Write:
        match candidate:
            case NewCertificate():
                admit_certificate(candidate, self._state)
                return partial(self._write_certificate, candidate)
            case NewStatus():
                # Its certificate, and earlier statements about it, may stand in this very batch.
                self.flush()
                after = admit_status(candidate, self._state, self.now)
                return partial(self._write_status, candidate, after)
            case NewTrust():
                self.flush()
                self._require_distinct(candidate)
                # The replay is the admission: it checks everything else, and changes nothing if it refuses.
                statement = self.trust.apply(self._state.size, candidate.document)
                return partial(self._write_trust, candidate, statement)

    def _require_distinct(self, candidate: NewTrust) -> None:
        statement = TrustStatement.from_json(candidate.document.content)
        if isinstance(statement.change, Enrol):
            require_distinct(statement.subject, statement.change, self.trust.records)

    def _admit_publication(self, candidate: Candidate, logged: int) -> Write:
        """Admit the content of a certificate that was logged without it; anything else changes nothing."""
        if not isinstance(candidate, NewCertificate):
            return lambda: logged
        if self._state.is_published(candidate.entry.document_hash):
            candidate = replace(candidate, document=None)
        admit_publication(candidate, logged, self._state)
        return partial(self._write_content, candidate, logged)

    def _write_certificate(self, new: NewCertificate) -> int:
        index, _ = self.leaves.append("certificate", new.data)
        self._certificates.append(certificate_row(index, new.entry, new.id))
        issuer, slot = new.proof.did, new.entry.slot
        self._state.note_certificate(LoggedCertificate(index, new.entry.document_hash, new.id, issuer, slot))
        return self._write_content(new, index)

    def _write_content(self, new: NewCertificate, index: int) -> int:
        document_hash = new.entry.document_hash
        if new.document is not None:
            self._documents.append(_document_row(new.document, new.document_bytes, self.now))
            self._state.note_document(new.document, new.proof.did)
        if new.sealed is not None and self._state.sealed_hash(document_hash) is None:
            digest = sha256(new.sealed)
            self._sealed.append(
                {
                    "document_hash": document_hash,
                    "data": new.sealed,
                    "sha256": digest,
                    "stored_at": self.now,
                }
            )
            self._state.note_sealed(document_hash, digest)
        if new.number_tag is not None and not self._state.is_tagged(document_hash):
            tag, issuer = new.number_tag, new.proof.did
            self._tags.append({"document_hash": document_hash, "issuer": issuer, "tag": tag})
            self._state.note_tag(document_hash, issuer, tag)
        return index

    def _write_status(self, new: NewStatus, after: CertificateStatus) -> int:
        index, _ = self.leaves.append("status", new.data)
        self.leaves.flush()
        write_status(self.connection, index, new.document, new.statement.certificate, after)
        self._state.note_status(new.statement.certificate, after)
        return index

    def _write_trust(self, new: NewTrust, statement: TrustStatement) -> int:
        index, _ = self.leaves.append("trust", new.data)
        self.ledger.appended(index)
        self.leaves.flush()
        write_trust(self.connection, index, new.document, statement, self.trust)
        self._state.forget_statuses()
        return index


class LogWriter:
    """The only way to append, for one process; processes take turns through the database's own lock."""

    def __init__(self, database: Database, ledger: TrustLedger, now: Callable[[], int]) -> None:
        """Take the database, this process's trust ledger and the clock."""
        self._database = database
        self._ledger = ledger
        self._now = now
        self._turn = threading.Lock()

    @contextmanager
    def appending(self) -> Iterator[Appending]:
        """One transaction; when the block ends without an error, everything appended in it is durable."""
        with self._turn:
            try:
                with self._database.writing() as connection:
                    appending = Appending(connection, self._ledger, self._now())
                    yield appending
                    appending.flush()
            except BaseException:
                # The ledger may have followed statements that were rolled back.
                self._ledger.forget()
                raise

    def append(self, candidates: Sequence[Candidate]) -> list[Outcome]:
        """Answer each candidate, in order, in one transaction."""
        answers: list[Outcome] = []
        with self.appending() as appending:
            appending.prefetch(candidates)
            answers.extend(appending.submit(candidate) for candidate in candidates)
        # After the block: nothing is answered that is not committed.
        return answers


def _document_row(document: SecuredDocument, data: bytes | None, now: int) -> dict[str, object]:
    return {
        "document_hash": document.document_hash,
        "data": data or document.to_bytes(),
        "issuer": document.proof.did,
        "number": number_of(document.content),
        "version": version_of(document.content),
        "stored_at": now,
    }
