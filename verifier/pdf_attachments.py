"""The certificate and evidence attached inside a PDF (ISO 32000-2, 7.11.4), extracted within bounds.

A PDF is untrusted: only the two attachments are read, and inflation stops at the formats' own limits. What stands on
the pages is not looked at: only a file binding speaks for it.
"""

import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from certlog.documents import MAX_DOCUMENT_BYTES
from certlog.errors import InvalidInput, Unavailable
from certlog.evidence import MAX_EVIDENCE_BYTES
from certlog.sentences import Sentence

if TYPE_CHECKING:
    import pikepdf

CERTIFICATE_NAME: Final = "certificate.json"
EVIDENCE_SUFFIX: Final = ".certlog.json"
MAX_PDF_BYTES: Final = 32 * 1024 * 1024
MAX_ATTACHMENTS: Final = 100
MAX_STRUCTURE_BYTES: Final = 8 * 1024 * 1024
"""What one compressed table of objects may inflate to: a megabyte of PDF could otherwise fill a gigabyte."""

_MAX_FILTERS: Final = 2
_SEAL: Final = b"/ByteRange"
"""Stands in every signature (ISO 32000-2, 12.8.1), never inside a compressed object."""


@dataclass(frozen=True, slots=True)
class Attachments:
    """The bytes of the attached certificate and evidence; None for what is not attached."""

    certificate: bytes | None
    evidence: bytes | None


def read_attachments(data: bytes) -> Attachments:
    """Return what a PDF carries for verification.

    Raises:
        InvalidInput: not a readable PDF, encrypted, too large, or an attachment beyond its format's limit.
        Unavailable: the PDF library is not installed.
    """
    if len(data) > MAX_PDF_BYTES:
        raise InvalidInput(
            Sentence(
                "expected a PDF of at most {max_pdf_bytes} bytes, found {found}",
                max_pdf_bytes=MAX_PDF_BYTES,
                found=len(data),
            ),
            code="too-large",
        )
    try:
        import pikepdf  # noqa: PLC0415 - only whoever hands in a PDF pays for it, or needs it
    except ImportError as error:
        message = "reading a PDF needs pikepdf; install it with: pip install 'certlog[pdf]'"
        raise Unavailable(message) from error
    _bound_inflation()
    try:
        with pikepdf.open(BytesIO(data)) as pdf:
            return _attachments_of(pdf)
    except pikepdf.PasswordError as error:
        raise InvalidInput("the PDF is encrypted: save a copy without password", code="bad-pdf") from error
    except pikepdf.PdfError as error:
        raise InvalidInput(Sentence("not a readable PDF: {error}", error=error), code="bad-pdf") from error


def with_evidence(data: bytes, evidence: bytes) -> bytes | None:
    """Return a PDF that carries evidence with another in its place.

    None where the PDF carries none, or is signed: its seal covers its bytes, and a sealed file is never rewritten.

    Raises:
        InvalidInput: as read_attachments.
    """
    if read_attachments(data).evidence is None or _SEAL in data:
        return None
    import pikepdf  # noqa: PLC0415 - as above

    with pikepdf.open(BytesIO(data)) as pdf:
        form = pdf.Root.get("/AcroForm")
        if form is not None and "/SigFlags" in form:
            return None
        name = next(name for name in pdf.attachments if name.endswith(EVIDENCE_SUFFIX))
        old = pdf.attachments[name].obj
        stream = old["/EF"]["/F"]
        stream.write(evidence)
        parameters = stream.get("/Params")
        if parameters is not None:
            for key in ("/CheckSum", "/Size", "/ModDate"):
                if key in parameters:
                    del parameters[key]
            parameters["/Size"] = len(evidence)
        target = BytesIO()
        pdf.save(target, deterministic_id=True)
    return target.getvalue()


def _bound_inflation() -> None:
    """Bound what the library itself inflates to find its way through a file: tables and streams of objects.

    The limits are the process's own. Whoever makes PDFs in it writes streams and inflates none.
    """
    from pikepdf import settings  # noqa: PLC0415 - as above

    settings.set_qpdf_limits(
        max_stream_filters=_MAX_FILTERS,
        flate_max_memory=MAX_STRUCTURE_BYTES,
        png_max_memory=MAX_STRUCTURE_BYTES,
        run_length_max_memory=MAX_STRUCTURE_BYTES,
        tiff_max_memory=MAX_STRUCTURE_BYTES,
    )


def _attachments_of(pdf: "pikepdf.Pdf") -> Attachments:
    names = list(pdf.attachments)
    if len(names) > MAX_ATTACHMENTS:
        raise InvalidInput(
            Sentence(
                "expected at most {max_attachments} attachments, found {found}",
                max_attachments=MAX_ATTACHMENTS,
                found=len(names),
            ),
            code="bad-pdf",
        )
    certificates = [name for name in names if name == CERTIFICATE_NAME]
    evidence = [name for name in names if name.endswith(EVIDENCE_SUFFIX)]
    if len(evidence) > 1:
        raise InvalidInput(
            Sentence("expected one attached evidence file, found {found}", found=len(evidence)),
            code="bad-pdf",
        )
    return Attachments(
        _read(pdf, certificates[0], MAX_DOCUMENT_BYTES) if certificates else None,
        _read(pdf, evidence[0], MAX_EVIDENCE_BYTES) if evidence else None,
    )


def _read(pdf: "pikepdf.Pdf", name: str, most: int) -> bytes:
    stream = pdf.attachments[name].get_file().obj
    raw, applied = bytes(stream.read_raw_bytes()), str(stream.get("/Filter", ""))
    match applied:
        case "":
            data = raw
        case "/FlateDecode" if "/DecodeParms" not in stream:
            data = _inflate(raw, most, name)
        case _:
            raise InvalidInput(
                Sentence("attachment {name!r} uses the filter {applied}", name=name, applied=applied[:40]),
                code="bad-pdf",
            )
    if len(data) > most:
        raise InvalidInput(
            Sentence("attachment {name!r} has more than {most} bytes", name=name, most=most), code="too-large"
        )
    return data


def _inflate(raw: bytes, most: int, name: str) -> bytes:
    inflate = zlib.decompressobj()
    try:
        return inflate.decompress(raw, most + 1)
    except zlib.error as error:
        raise InvalidInput(
            Sentence("attachment {name!r} cannot be inflated", name=name), code="bad-pdf"
        ) from error
