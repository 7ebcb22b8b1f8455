"""The issuer's own ledger: every signed byte, kept in SQLite beside the output before it is submitted anywhere.

Certificates are keyed by (issuer, number, version) with a hash of the input, so that a repeated run gives the
same bytes and a changed input is refused. Reserved slots are kept until used.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from certlog.digests import DocumentHash, digest_from_text
from certlog.encoding import b64url, b64url_decode
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.slots import Slot
from issuer.content_modes import SECRET_BYTES, ContentMode, number_tag
from issuer.disk import cannot_write
from issuer.journal_rows import INSERT, JournalRow, Key, NewPdf, Waiting, row_of, values_of
from issuer.journal_schema import prepare
from issuer.registry_port import Outcome

__all__ = [
    "JOURNAL_NAME",
    "KEYS_AT_ONCE",
    "Journal",
    "JournalRow",
    "Key",
    "NewPdf",
    "Waiting",
    "open_journal",
]

JOURNAL_NAME: Final = "journal.sqlite3"
_OWNER_ONLY: Final = 0o600
_NUMBER_KEY: Final = "number_key"

KEYS_AT_ONCE: Final = 500
"""Most numbers in one question: SQLite takes 32,766 values."""
WAITING_AT_ONCE: Final = 500
_WAITING: Final = (
    "SELECT sequence, entry, certificate, action, refused_code FROM outbox"
    " WHERE log_index IS NULL AND dropped = 0 AND sequence > ? ORDER BY sequence LIMIT ?"
)
_INSERT_ENTRY: Final = "INSERT INTO outbox (entry, certificate, action) VALUES (?, ?, ?)"


class Journal:
    """An open journal; one process at a time holds it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Use open_journal instead."""
        self._connection = connection
        self.path = path

    def __enter__(self) -> Self:
        """Hold the journal for a `with` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; what was not committed is gone."""
        self._connection.close()

    def pin(self, name: str, value: str) -> None:
        """Keep a value for ever: the log's origin.

        Raises:
            InvalidInput: the journal was begun with another value.
        """
        with self._writing():
            self._connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, value))
        found = self.pinned(name)
        if found != value:
            message = Sentence(
                "this folder's journal belongs to {name} {found!r}, found {value!r}; use another --out",
                name=name,
                found=found,
                value=value,
            )
            raise InvalidInput(message, place=str(self.path), code="other-journal")

    def pinned(self, name: str) -> str | None:
        """Return a kept value."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def number_secret(self, random_bytes: Callable[[int], bytes]) -> bytes:
        """Return the secret behind this journal's number tags, made when it is first asked for."""
        if self.pinned(_NUMBER_KEY) is None:
            self.pin(_NUMBER_KEY, b64url(random_bytes(SECRET_BYTES)))
        return b64url_decode(str(self.pinned(_NUMBER_KEY)), SECRET_BYTES)

    def number_tag(self, row: JournalRow) -> bytes | None:
        """Return what stands for a number that the registry cannot read; None where it can."""
        secret = self.pinned(_NUMBER_KEY)
        if row.mode is ContentMode.PUBLIC or secret is None:
            return None
        return number_tag(b64url_decode(secret, SECRET_BYTES), row.number, row.version)

    def find(self, issuer: str, number: str, version: int) -> JournalRow | None:
        """Return the certificate with this number and version."""
        where = "issuer = ? AND number = ? AND version = ?"
        return next(self._certificates(where, (issuer, number, version)), None)

    def latest(self, number: str) -> JournalRow | None:
        """Return the newest version of a number."""
        return next(self._certificates("number = ? ORDER BY version DESC", (number,)), None)

    def newest(self) -> Iterator[JournalRow]:
        """Yield the newest version of each number, in the order in which they were signed."""
        later = "SELECT 1 FROM certificates AS later WHERE later.issuer = certificates.issuer"
        newer = f"{later} AND later.number = certificates.number AND later.version > certificates.version"
        yield from self._certificates(f"NOT EXISTS ({newer}) ORDER BY rowid", ())

    def of_version(self, number: str, version: int) -> JournalRow | None:
        """Return one version of a number."""
        return next(self._certificates("number = ? AND version = ?", (number, version)), None)

    def with_id(self, identifier: str) -> JournalRow | None:
        """Return the certificate with this id."""
        return next(self._certificates("id = ?", (identifier,)), None)

    def of_hash(self, text: str) -> JournalRow:
        """Return the certificate with this document hash, in base64url.

        Raises:
            InvalidInput: this journal does not hold it.
        """
        row = self.certificate(DocumentHash(digest_from_text(text)))
        if row is None:
            message = Sentence(
                "this folder's journal does not hold the certificate with hash {text}", text=text
            )
            raise InvalidInput(message, place=str(self.path), code="unknown-certificate")
        return row

    def certificate(self, document_hash: DocumentHash) -> JournalRow | None:
        """Return the certificate with this document hash."""
        return next(self._certificates("document_hash = ?", (document_hash,)), None)

    def input_hashes(self, issuer: str, keys: Sequence[Key]) -> dict[Key, bytes]:
        """Return, of these (number, version), those that are signed, with the hash of what was asked for."""
        return {
            (row["number"], row["version"]): row["input_hash"]
            for row in self._bearing("input_hash", issuer, keys)
        }

    def rows_of(self, issuer: str, keys: Sequence[Key]) -> list[JournalRow]:
        """Return the certificates with these (number, version), in this order; at most KEYS_AT_ONCE of them.

        Raises:
            InvalidInput: one of them is not here.
        """
        found = {(row["number"], row["version"]): row_of(row) for row in self._bearing("*", issuer, keys)}
        for key in keys:
            if key not in found:
                message = Sentence("the journal lost {number!r}; restore it from a backup", number=key[0])
                raise InvalidInput(message, code="journal")
        return [found[key] for key in keys]

    def log_indices(self, certificates: Sequence[DocumentHash]) -> dict[DocumentHash, int]:
        """Return the positions of certificates in the log, where they are known."""
        marks = ", ".join("?" * len(certificates))
        query = (
            f"SELECT certificate, log_index FROM outbox WHERE certificate IN ({marks})"  # noqa: S608 # marks only
            " AND action = 'issue' AND log_index IS NOT NULL"
        )
        return {DocumentHash(row[0]): row[1] for row in self._connection.execute(query, tuple(certificates))}

    def _bearing(self, columns: str, issuer: str, keys: Sequence[Key]) -> Iterator[sqlite3.Row]:
        marks = ", ".join(["(?, ?)"] * len(keys))
        query = (
            f"SELECT number, version, {columns} FROM certificates"  # noqa: S608 # constants and marks only
            f" WHERE issuer = ? AND (number, version) IN (VALUES {marks})"
        )
        if keys:
            yield from self._connection.execute(query, (issuer, *(value for key in keys for value in key)))

    def certificates(self, hashes: Sequence[DocumentHash]) -> dict[DocumentHash, JournalRow]:
        """Return the certificates with these document hashes, at most KEYS_AT_ONCE."""
        marks = ", ".join("?" * len(hashes))
        return {row.document_hash: row for row in self._certificates(f"document_hash IN ({marks})", hashes)}

    def unprinted_count(self, issuer: str) -> int:
        """Return how many certificates have no PDF."""
        query = "SELECT count(*) FROM certificates WHERE issuer = ? AND pdf_sha256 IS NULL"
        return int(self._connection.execute(query, (issuer,)).fetchone()[0])

    def iter_unprinted(self, issuer: str) -> Iterator[JournalRow]:
        """Yield the certificates without a PDF; the journal may be written to meanwhile."""
        last = b""
        where = "issuer = ? AND pdf_sha256 IS NULL AND document_hash > ? ORDER BY document_hash LIMIT 100"
        while rows := list(self._certificates(where, (issuer, last))):
            yield from rows
            last = rows[-1].document_hash

    def keep_slots(self, slots: Iterable[Slot], expires: int) -> None:
        """Keep reserved slots, so that a run that stops does not waste them."""
        with self._writing():
            self._connection.executemany(
                "INSERT OR IGNORE INTO slots VALUES (?, ?, ?)", [(s.list, s.index, expires) for s in slots]
            )

    def free_slots(self, *, usable_at: int) -> tuple[Slot, ...]:
        """Return the reserved slots that no certificate has and that have not expired by `usable_at`."""
        rows = self._connection.execute(
            "SELECT list, position FROM slots WHERE expires > ? AND NOT EXISTS (SELECT 1 FROM certificates c"
            " WHERE c.list = slots.list AND c.position = slots.position) ORDER BY list, position",
            (usable_at,),
        )
        return tuple(Slot.of(*row) for row in rows)

    def add_certificates(self, rows: Sequence[tuple[JournalRow, bytes]]) -> None:
        """Keep signed certificates with their entries: all of them, or none; durable when this returns."""
        with self._writing():
            self._connection.executemany(INSERT, [values_of(row) for row, _ in rows])
            self._connection.executemany(
                _INSERT_ENTRY, [(entry, row.document_hash, "issue") for row, entry in rows]
            )

    def add_statement(self, entry: bytes, certificate: DocumentHash, action: str) -> None:
        """Keep a signed status entry; durable when this returns."""
        with self._writing():
            self._add_entry(entry, certificate, action)

    def add_pdfs(self, pdfs: Sequence[NewPdf]) -> None:
        """Keep names and hashes of PDFs with the signed entries that bind them; durable when this returns."""
        with self._writing():
            self._connection.executemany(
                "UPDATE certificates SET pdf_name = ?, pdf_sha256 = ? WHERE document_hash = ?",
                [(pdf.name, pdf.sha256, pdf.certificate) for pdf in pdfs],
            )
            self._connection.executemany(
                _INSERT_ENTRY, [(pdf.binding, pdf.certificate, "bindFile") for pdf in pdfs]
            )

    def waiting(self) -> tuple[Waiting, ...]:
        """Return all entries that are not known to be logged, in the order in which they were signed."""
        return tuple(self.iter_waiting())

    def iter_waiting(self) -> Iterator[Waiting]:
        """Yield the entries that are not known to be logged; the journal may be written to meanwhile."""
        last = 0
        while rows := self._connection.execute(_WAITING, (last, WAITING_AT_ONCE)).fetchall():
            for row in rows:
                yield Waiting(row[0], row[1], DocumentHash(row[2]), row[3], row[4] or "")
            last = rows[-1][0]

    def waiting_count(self) -> int:
        """Return how many entries are not known to be logged."""
        query = "SELECT count(*) FROM outbox WHERE log_index IS NULL AND dropped = 0"
        return int(self._connection.execute(query).fetchone()[0])

    def refused_certificates(self, codes: Sequence[str]) -> tuple[tuple[DocumentHash, str], ...]:
        """Return the waiting certificates that were refused for one of these reasons, with the reason."""
        marks = ", ".join("?" * len(codes))
        query = (
            "SELECT certificate, refused_code FROM outbox WHERE log_index IS NULL AND dropped = 0"  # noqa: S608 # marks only
            f" AND action = 'issue' AND refused_code IN ({marks}) ORDER BY sequence"
        )
        return tuple((DocumentHash(row[0]), row[1]) for row in self._connection.execute(query, tuple(codes)))

    def log_index(self, certificate: DocumentHash) -> int | None:
        """Return the position of a certificate in the log, once it is known."""
        query = "SELECT log_index FROM outbox WHERE certificate = ? AND action = 'issue'"
        row = self._connection.execute(query, (certificate,)).fetchone()
        return None if row is None else row[0]

    def keep_outcomes(self, outcomes: Iterable[tuple[int, Outcome]]) -> None:
        """Keep the registry's answers, by sequence."""
        with self._writing():
            self._connection.executemany(
                "UPDATE outbox SET log_index = ?, leaf_hash = ?, refused_code = ?, refused_detail = ?"
                " WHERE sequence = ? AND log_index IS NULL",
                [
                    (o.index, o.leaf_hash, o.code or None, o.detail or None, sequence)
                    for sequence, o in outcomes
                ],
            )

    def drop(self, sequence: int) -> None:
        """Stop submitting an entry that the registry will never take; it stays here."""
        with self._writing():
            self._connection.execute("UPDATE outbox SET dropped = 1 WHERE sequence = ?", (sequence,))

    def discard(self, certificate: DocumentHash, reason: str) -> None:
        """Put away a certificate that was never logged and never can be, so that it is signed anew.

        Its slot goes with it: the registry refused that too, and would refuse it again.
        """
        with self._writing():
            logged = "SELECT 1 FROM outbox WHERE certificate = ? AND log_index IS NOT NULL"
            if self._connection.execute(logged, (certificate,)).fetchone():
                raise InvalidInput("a logged certificate is never discarded", code="logged")
            self._connection.execute(
                "INSERT INTO discarded SELECT document_hash, document, ? FROM certificates WHERE document_hash = ?",
                (reason, certificate),
            )
            self._connection.execute(
                "DELETE FROM slots WHERE (list, position) IN"
                " (SELECT list, position FROM certificates WHERE document_hash = ?)",
                (certificate,),
            )
            self._connection.execute("DELETE FROM outbox WHERE certificate = ?", (certificate,))
            self._connection.execute("DELETE FROM certificates WHERE document_hash = ?", (certificate,))

    def _add_entry(self, entry: bytes, certificate: DocumentHash, action: str) -> None:
        self._connection.execute(_INSERT_ENTRY, (entry, certificate, action))

    def _certificates(self, where: str, values: Sequence[object]) -> Iterator[JournalRow]:
        query = f"SELECT * FROM certificates WHERE {where}"  # noqa: S608 # constants of this module
        for row in self._connection.execute(query, tuple(values)):
            yield row_of(row)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise _unusable(self.path, error) from error
            raise


def open_journal(folder: Path, *, create: bool = True) -> Journal:
    """Open the journal of an output folder, making both where `create` allows it.

    Raises:
        InvalidInput: the folder cannot be written, holds no journal, or one of another program version.
        Unavailable: another process holds the journal.
    """
    path = folder / JOURNAL_NAME
    try:
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        elif not path.exists():
            message = Sentence(
                "there is no journal in {folder}; it is where `issue` wrote its output", folder=folder
            )
            raise InvalidInput(message, code="no-journal")
        _keep_private(path)
        connection = sqlite3.connect(path, isolation_level=None, timeout=0.5)
    except (OSError, sqlite3.OperationalError) as error:
        raise _unusable(path, error) from error
    try:
        prepare(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _unusable(path, error) from error
    except InvalidInput:
        connection.close()
        raise
    return Journal(connection, path)


def _keep_private(path: Path) -> None:
    """Let only its owner read the journal, which holds the keys of sealed content; SQLite's side files follow it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY))
    if path.stat().st_mode & ~_OWNER_ONLY & 0o777:
        path.chmod(_OWNER_ONLY)


def _unusable(path: Path, error: OSError | sqlite3.Error) -> InvalidInput | Unavailable:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return Unavailable(Sentence("another run is using {path}; wait until it ends", path=path))
    return cannot_write(path, error)
