"""What a person hands in, brought to the verifier's terms: evidence, certificate and file.

Reads files that the person named and nothing else. Everything is bounded before it is parsed.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from certlog.certificate_id import ID_LENGTH, parse_id
from certlog.documents import MAX_DOCUMENT_BYTES, SecuredDocument
from certlog.errors import InvalidInput, Unavailable
from certlog.evidence import MAX_EVIDENCE_BYTES, Evidence
from certlog.sentences import Sentence
from certlog.strict_json import parse_object
from verifier.check_file import File
from verifier.pdf_attachments import EVIDENCE_SUFFIX, MAX_PDF_BYTES, read_attachments

_MAX_FILE_BYTES: Final = MAX_PDF_BYTES
MAX_FILE_BYTES: Final = 64 * 1024 * 1024
"""More than any file of ours; each format has its own, smaller bound."""
CERTIFICATE_SUFFIX: Final = ".certificate.json"
"""What the certificate is called that lies beside a file which cannot carry it."""
_MEDIA_TYPES: Final = {".pdf": "application/pdf", ".xml": "application/xml"}


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What was handed in; None for what was not there.

    Attributes:
        evidence: the evidence file, or the one beside or inside the file.
        certificate: the certificate, where it came apart from the evidence.
        file: the file whose visible page is in question.
        named: the id at the end of the file's name, which only says where to look; "" if there is none.
    """

    evidence: Evidence | None = None
    certificate: SecuredDocument | None = None
    file: File | None = None
    named: str = ""

    @property
    def document(self) -> SecuredDocument | None:
        """The certificate in hand, wherever it came from."""
        return self.certificate or (self.evidence.certificate if self.evidence else None)


def read_path(path: Path, *, evidence_path: Path | None = None) -> HandedIn:
    """Read an evidence file, a certificate (JSON), a PDF, or another bound file.

    A PDF's certificate is its attachment; its evidence is, in this order, the file named by `evidence_path`, the side
    file beside it (`X.certlog.json` for `X.pdf`), or its attachment. A file that cannot carry its certificate (XML,
    or a PDF that was sealed before) has it beside it, as `X.certificate.json`, or else its id at the end of its name.

    Raises:
        InvalidInput: a file that is none of these, or is damaged; the message names it.
        Unavailable: a file that cannot be read.
    """
    data = read_file(path, _MAX_FILE_BYTES)
    side = _read_side_file(path, evidence_path)
    if data.startswith(b"%PDF-"):
        return _complete(read_pdf(data, side, alone=True), path)
    if path.suffix.lower() in _MEDIA_TYPES:
        file = File.of(data, _MEDIA_TYPES[path.suffix.lower()])
        return _complete(HandedIn(evidence=_parse_evidence(side), file=file), path)
    try:
        return read_json(data, side)
    except InvalidInput as error:
        raise InvalidInput(str(error), place=str(path), code=error.code) from error


def read_pdf(data: bytes, side_evidence: bytes | None = None, *, alone: bool = False) -> HandedIn:
    """Read a PDF's bytes: its attached certificate and evidence, and the file itself for check 10.

    Args:
        data: the PDF.
        side_evidence: its evidence, where that came apart from it.
        alone: take a PDF that carries nothing, whose certificate is looked for elsewhere.
    """
    attached = read_attachments(data)
    evidence = side_evidence if side_evidence is not None else attached.evidence
    certificate = None if attached.certificate is None else SecuredDocument.parse(attached.certificate)
    if certificate is None and evidence is None and not alone:
        message = "the PDF carries no certificate; hand in its evidence file too"
        raise InvalidInput(message, code="no-certificate")
    return HandedIn(_parse_evidence(evidence), certificate, File.of(data, _MEDIA_TYPES[".pdf"]))


def _complete(found: HandedIn, path: Path) -> HandedIn:
    """Look beside a file for the certificate that it does not carry, and at the end of its name for the id."""
    if found.document is not None:
        return found
    beside = path.with_suffix(CERTIFICATE_SUFFIX)
    if beside.is_file():
        return replace(found, certificate=SecuredDocument.parse(read_file(beside, MAX_DOCUMENT_BYTES)))
    try:
        named = parse_id(path.stem[-ID_LENGTH:])
    except InvalidInput:
        named = ""
    if found.evidence is None and not named:
        message = Sentence(
            "the file carries no certificate: keep {beside} beside it, or hand in its evidence file too",
            beside=beside.name,
        )
        raise InvalidInput(message, place=str(path), code="no-certificate")
    return replace(found, named=named)


def read_json(data: bytes, side_evidence: bytes | None = None) -> HandedIn:
    """Read an evidence file, or a certificate with the evidence beside it."""
    if not data.lstrip().startswith(b"{"):
        message = "expected a PDF, an evidence file (.certlog.json) or a certificate (JSON)"
        raise InvalidInput(message, code="unknown-file")
    obj = parse_object(data, max_bytes=MAX_EVIDENCE_BYTES)
    if "heads" in obj:
        return HandedIn(evidence=Evidence.parse(data))
    if "proof" not in obj:
        message = "expected an evidence file (.certlog.json) or a certificate with its proof"
        raise InvalidInput(message, code="unknown-file")
    certificate = SecuredDocument.parse(data, max_bytes=MAX_DOCUMENT_BYTES)
    return HandedIn(_parse_evidence(side_evidence), certificate)


def looks_like_path(target: str) -> bool:
    """Tell a file name from a certificate id: an id has neither dots nor slashes."""
    return any(character in target for character in "./\\")


def _read_side_file(path: Path, evidence_path: Path | None) -> bytes | None:
    if evidence_path is not None:
        return read_file(evidence_path, MAX_EVIDENCE_BYTES)
    beside = path.with_suffix(EVIDENCE_SUFFIX)
    return read_file(beside, MAX_EVIDENCE_BYTES) if beside != path and beside.is_file() else None


def _parse_evidence(data: bytes | None) -> Evidence | None:
    return None if data is None else Evidence.parse(data)


def read_file(path: Path, most: int = MAX_FILE_BYTES) -> bytes:
    """Return a file's bytes.

    Raises:
        InvalidInput: there is no such file, or it is larger than `most` bytes.
        Unavailable: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except FileNotFoundError as error:
        raise InvalidInput(Sentence("no such file: {path}", path=path), code="no-file") from error
    except OSError as error:
        raise Unavailable(Sentence("cannot read {path}: {reason}", path=path, reason=error)) from error
    if len(data) > most:
        raise InvalidInput(
            Sentence("{path}: expected at most {most} bytes", path=path, most=most), code="too-large"
        )
    return data
