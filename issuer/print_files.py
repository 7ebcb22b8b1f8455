"""The PDF files of issued certificates: made once, written whole, bound by a signed statement, never rewritten.

A body may seal a PDF (PAdES) after it was made; such a file is left alone, and bound anew with `bind`.
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certlog.attested import file_media_type
from certlog.errors import InvalidInput
from certlog.schemas.attested import TYPE, XML
from certlog.sentences import Sentence
from issuer.disk import cannot_write
from issuer.journal import Journal, JournalRow, NewPdf
from issuer.key_file import IssuerKey
from issuer.pdf import MEDIA_TYPE, MakePdf
from issuer.statements import file_binding, sign_statement
from issuer.submit import Progress

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.-]+", re.ASCII)
_MAX_STEM: Final = 80
KEPT_AT_ONCE: Final = 20
"""PDFs that the journal notes in one durable write: less than a second's printing is made again after a power cut."""


@dataclass(frozen=True, slots=True)
class Printing:
    """Makes the PDFs of one output folder.

    Attributes:
        key: the issuer's key, which signs the bindings.
        origin: the log's origin.
        journal: where hashes and bindings are kept.
        folder: where the files go.
        make_pdf: sets a page.
        now: the clock.
    """

    key: IssuerKey
    origin: str
    journal: Journal
    folder: Path
    make_pdf: MakePdf
    now: Callable[[], int]

    def print_all(self, rows: Iterable[JournalRow], total: int, progress: Progress) -> None:
        """Make the PDF of each certificate that has none, and sign the statement that binds its bytes.

        The file is durable before the journal names it. A file that was made before is made again only if it
        is gone, and then must come out the same.

        Raises:
            InvalidInput: the folder cannot be written, or another file stands in the way.
        """
        progress("print", 0, total)
        made: list[NewPdf] = []
        for done, row in enumerate(rows, start=1):
            path = self.folder / pdf_name(row)
            if row.pdf_sha256 is None:
                made.append(self._print(row, path))
            elif not path.exists():
                _write(path, _same_again(row, self.make_pdf))
            if len(made) == KEPT_AT_ONCE or (made and done == total):
                self.journal.add_pdfs(made)
                made = []
            progress("print", done, total)

    def _print(self, row: JournalRow, path: Path) -> NewPdf:
        secured = row.secured()
        data = self.make_pdf(secured, row.signed_at, row.key_text)
        _write(path, data)
        media_type = file_media_type(secured.content) or MEDIA_TYPE
        digest, now = hashlib.sha256(data).digest(), self.now()
        binding = file_binding(
            row.document_hash, self.key.did, digest, media_type, previous=None, effective=now
        )
        entry = sign_statement(binding, self.key, self.origin, now)
        return NewPdf(row.document_hash, path.name, digest, entry.to_bytes())


def remove_pdf(row: JournalRow, folder: Path) -> None:
    """Remove the PDF of a certificate that will never be logged, unless it was changed since."""
    path = folder / str(row.pdf_name)
    if row.pdf_name and path.is_file() and hashlib.sha256(path.read_bytes()).digest() == row.pdf_sha256:
        path.unlink()


def pdf_name(row: JournalRow) -> str:
    """Return the file name: the number in plain letters, then the id, which no other certificate has.

    A DCC stays XML; every other file is a PDF.
    """
    # Millions of certificates are of another kind: those are not parsed for their name.
    attested = TYPE.encode() in row.document and file_media_type(row.secured().content) == XML
    suffix = ".xml" if attested else ".pdf"
    plain = unicodedata.normalize("NFD", row.number.replace("đ", "d").replace("Đ", "D"))
    stem = _UNSAFE.sub("-", "".join(c for c in plain if not unicodedata.combining(c)))
    return f"{stem.strip('-.')[:_MAX_STEM] or 'certificate'}_{row.id}{suffix}"


def _same_again(row: JournalRow, make_pdf: MakePdf) -> bytes:
    data = make_pdf(row.secured(), row.signed_at, row.key_text)
    if hashlib.sha256(data).digest() != row.pdf_sha256:
        message = Sentence(
            "the PDF of {number!r} is gone and this version of the program makes another one; "
            "restore it from a backup, or bind a new file with `bind`",
            number=row.number,
        )
        raise InvalidInput(message, code="pdf-gone")
    return data


def _write(path: Path, data: bytes) -> None:
    """Write a whole file or none; a different file of this name is left alone and reported."""
    temporary = path.with_suffix(".part")
    try:
        if path.exists():
            if path.read_bytes() != data:
                message = Sentence("{path} exists with other content; move it away", path=path)
                raise InvalidInput(message, code="exists")
            return
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
