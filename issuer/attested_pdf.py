"""Looks over a PDF in the body's own layout before it becomes a certificate: whole, plain, and whether it is sealed.

ISO 32000-2. What could show one page today and another tomorrow (scripts, dynamic forms, actions) is refused. Nothing
is changed here, and nothing on the pages is judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence

if TYPE_CHECKING:
    import pikepdf

MAX_PDF_BYTES: Final = 32 * 1024 * 1024
"""The most that a verifier reads."""
MAX_PAGES: Final = 500
MAX_OBJECTS: Final = 200_000
MAX_INFLATED: Final = 64 * 1024 * 1024
ATTACHMENT_NAME: Final = "certificate.json"

_ACTIONS: Final = {
    "/JavaScript": "JavaScript",
    "/Launch": "Launch",
    "/SubmitForm": "SubmitForm",
    "/ImportData": "ImportData",
    "/Rendition": "Rendition",
    "/RichMediaExecute": "RichMedia",
}
_WITHOUT_ATTACHMENTS: Final = ("1", "2")
"""Parts of ISO 19005: PDF/A-1 and -2 forbid what PDF/A-3 allows."""


@dataclass(frozen=True, slots=True)
class PdfFacts:
    """What was found out about a PDF.

    Attributes:
        pages: how many it has.
        signed: whether it bears a signature, which any rewriting would break.
        takes_attachment: whether the certificate may be attached (PDF/A-1 and -2 forbid it).
    """

    pages: int
    signed: bool
    takes_attachment: bool


def inspect_pdf(data: bytes, place: str) -> PdfFacts:
    """Check a PDF that is to be bound.

    Args:
        data: its bytes.
        place: its name, for messages.

    Raises:
        InvalidInput: too large, not a PDF, damaged, encrypted, or with scripts or actions in it.
        Unavailable: pikepdf is not installed.
    """
    if len(data) > MAX_PDF_BYTES:
        message = Sentence(
            "expected at most {most} bytes, found {found}", most=MAX_PDF_BYTES, found=len(data)
        )
        raise InvalidInput(message, place=place, code="too-large")
    if not data.startswith(b"%PDF-"):
        raise InvalidInput(Sentence("not a PDF"), place=place, code="bad-pdf")
    with open_pdf(data, place) as pdf:
        import pikepdf  # noqa: PLC0415 # open_pdf imported it

        try:
            return _facts(pdf, place)
        except pikepdf.PdfError as error:
            # Objects are read when they are looked at.
            raise damaged(error, place) from None


def _facts(pdf: "pikepdf.Pdf", place: str) -> PdfFacts:
    if ATTACHMENT_NAME in pdf.attachments:
        message = Sentence("it carries a {name} already: it was stamped before", name=ATTACHMENT_NAME)
        raise InvalidInput(message, place=place, code="pdf-stamped")
    pages = len(pdf.pages)
    if not 0 < pages <= MAX_PAGES or len(pdf.objects) > MAX_OBJECTS:
        message = Sentence("expected 1 to {most} pages, found {found}", most=MAX_PAGES, found=pages)
        raise InvalidInput(message, place=place, code="bad-pdf")
    signed = False
    for item in _dictionaries(pdf):
        _refuse_active(item, place)
        signed = signed or _is_signature(item)
    return PdfFacts(pages, signed, not _forbids_attachments(pdf))


def open_pdf(data: bytes, place: str) -> "pikepdf.Pdf":
    """Open a PDF without mending it.

    Raises:
        InvalidInput: damaged or encrypted.
        Unavailable: pikepdf is not installed.
    """
    try:
        import pikepdf  # noqa: PLC0415 # an extra: only whoever has PDFs of its own needs it
        from pikepdf import settings  # noqa: PLC0415 # as above
    except ModuleNotFoundError as error:
        raise Unavailable(Sentence("PDF files cannot be read here: install certlog[pdf]")) from error
    settings.set_qpdf_limits(flate_max_memory=MAX_INFLATED, run_length_max_memory=MAX_INFLATED)
    try:
        # No recovery: what a reader has to guess, another reader guesses otherwise.
        pdf = pikepdf.open(BytesIO(data), attempt_recovery=False)
    except pikepdf.PasswordError:
        message = Sentence("it is encrypted: save a copy without password and restrictions")
        raise InvalidInput(message, place=place, code="pdf-encrypted") from None
    except pikepdf.PdfError as error:
        raise damaged(error, place) from None
    if pdf.is_encrypted:
        pdf.close()
        message = Sentence("it is encrypted: save a copy without password and restrictions")
        raise InvalidInput(message, place=place, code="pdf-encrypted")
    return pdf


def damaged(error: object, place: str) -> InvalidInput:
    """Return what is said of a PDF that is not understood, wherever that is noticed."""
    message = Sentence("it is damaged: {error}; save it anew from the program that made it", error=error)
    return InvalidInput(message, place=place, code="bad-pdf")


def _dictionaries(pdf: "pikepdf.Pdf") -> Iterator["pikepdf.Object"]:
    """Yield every dictionary of a PDF, those inside others too."""
    import pikepdf  # noqa: PLC0415 # open_pdf imported it

    left: list[pikepdf.Object] = list(pdf.objects)
    left.append(pdf.trailer)
    while left:
        item = left.pop()
        if isinstance(item, pikepdf.Stream):
            item = item.stream_dict
        if isinstance(item, pikepdf.Dictionary):
            yield item
            left += [value for value in item.values() if _is_inside(value)]
        elif isinstance(item, pikepdf.Array):
            left += [value for value in item if _is_inside(value)]


def _is_inside(value: object) -> bool:
    import pikepdf  # noqa: PLC0415 # as above

    # What is referred to is an object of its own and comes by itself; so the walk ends.
    return isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect


def _refuse_active(item: "pikepdf.Object", place: str) -> None:
    action = _ACTIONS.get(str(item.get("/S", "")))
    if action is None and "/JS" in item:
        action = "JavaScript"
    if action is None and "/XFA" in item:
        action = "XFA"
    if action is None and item.get("/Subtype") in ("/RichMedia", "/3D", "/Movie", "/Screen"):
        action = str(item.get("/Subtype")).strip("/")
    if action is not None:
        message = Sentence(
            "it holds {action}, which could change what is seen: print it to a plain PDF", action=action
        )
        raise InvalidInput(message, place=place, code="pdf-active")


def _is_signature(item: "pikepdf.Object") -> bool:
    return "/ByteRange" in item or (item.get("/FT") == "/Sig" and "/V" in item) or "/DocMDP" in item


def _forbids_attachments(pdf: "pikepdf.Pdf") -> bool:
    return pdf.open_metadata().pdfa_status[:1] in _WITHOUT_ATTACHMENTS
