"""Makes the printed certificate: PDF/A-3, the signed document attached, byte for byte the same each time.

typst does the setting and is imported only when a PDF is made. It gets data, never markup, from a certificate;
it reads this package's template and the bundled fonts, and nothing else.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final, Protocol

from certlog.canonical import canonicalize
from certlog.certificate_id import certificate_id, format_id
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from issuer.print_fields import print_fields
from issuer.qr import certificate_address, code_text, qr_svg

if TYPE_CHECKING:
    import typst

ATTACHMENT_NAME: Final = "certificate.json"
MEDIA_TYPE: Final = "application/pdf"
_FONT_PACKAGES: Final = ("fontpkg_be_vietnam_pro", "fontpkg_noto_sans")
_TEMPLATE: Final = "certificate.typ"
_STANDARD: Final = "a-3b"
_SPECIMEN: Final = b'#set text(font: ("Be Vietnam Pro", "Noto Sans"))\n#sys.inputs.text'


class MakePdf(Protocol):
    """Makes the PDF of a signed certificate."""

    def __call__(self, secured: SecuredDocument, signed_at: int, key_text: str = "") -> bytes:
        """Return the PDF; the same arguments give the same bytes, in any process.

        Args:
            secured: the certificate.
            signed_at: when it was signed, in seconds since the epoch.
            key_text: the key of its sealed content, which goes into the printed code and nowhere else; "" if
                the content is not sealed.
        """


@dataclass(frozen=True, slots=True)
class PdfMaker:
    """Makes PDFs whose codes lead to one registry; implements MakePdf.

    Attributes:
        public_address: scheme and host that people reach the registry under.
    """

    public_address: str

    def __call__(self, secured: SecuredDocument, signed_at: int, key_text: str = "") -> bytes:
        """Return the PDF; the same document, time and key give the same bytes."""
        identifier = certificate_id(secured.document_hash)
        address = certificate_address(self.public_address, identifier)
        inputs = {
            "fields": canonicalize(print_fields(secured.content, sealed=bool(key_text))).decode(),
            "certificate": secured.to_bytes().decode(),
            "qr": qr_svg(code_text(address, key_text)),
            "address": address,
            "shown": format_id(identifier),
        }
        return _compile(inputs, signed_at)


def _compile(inputs: dict[str, str], timestamp: int) -> bytes:
    typst = _typst()
    template = _template()
    try:
        pdf: bytes = typst.compile(
            template,
            root=template.parent,
            font_paths=_fonts(),
            sys_inputs=inputs,
            pdf_standards=_STANDARD,
            timestamp=timestamp,
        )
    except typst.TypstError as error:
        message = Sentence(
            "the PDF of {shown} cannot be made: {error}", shown=inputs["shown"], error=error.message
        )
        raise InvalidInput(message, code="no-pdf") from error
    return pdf


def find_unprintable(text: str) -> str:
    """Return the characters of a text that no font at hand has, each once; implements FindUnprintable.

    PDF/A wants a shape for every character, so the page setter itself is asked: all at once, then one by one.
    """
    characters = "".join(sorted(set(text)))
    if _has_shapes(characters):
        return ""
    return "".join(character for character in characters if not _has_shapes(character))


def _has_shapes(text: str) -> bool:
    typst, inputs = _typst(), {"text": text}
    try:
        typst.compile(_SPECIMEN, font_paths=_fonts(), sys_inputs=inputs, pdf_standards=_STANDARD)
    except typst.TypstError:
        return False
    return True


def _typst() -> ModuleType:
    try:
        import typst  # noqa: PLC0415 # 80 MB that only this module needs
    except ModuleNotFoundError as error:
        raise Unavailable("PDFs cannot be made here: install certlog[pdf]") from error
    return typst


def _template() -> Path:
    # A real folder: this application is installed unpacked, and typst reads from the file system.
    return Path(str(resources.files("issuer") / "templates" / _TEMPLATE))


@lru_cache(maxsize=1)
def _fonts() -> "typst.Fonts":
    """Load the bundled fonts once: searching costs more than setting a page."""
    try:
        folders = [Path(str(resources.files(package) / "files")) for package in _FONT_PACKAGES]
    except ModuleNotFoundError as error:
        message = "the fonts are missing: install certlog[pdf]"
        raise Unavailable(message) from error
    # Noto Sans has what Be Vietnam Pro lacks and certificates need (Ω, μ, Φ, digits of one width), typst's own fonts
    # a few signs more (⌀). The machine's fonts stay out: the same certificate must give the same bytes elsewhere.
    fonts: typst.Fonts = _typst().Fonts(
        include_system_fonts=False, include_embedded_fonts=True, font_paths=folders
    )
    return fonts
