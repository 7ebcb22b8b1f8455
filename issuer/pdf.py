"""Makes the printed certificate: PDF/A-3, the signed document attached, byte for byte the same each time.

What it says is issuer/print_fields.py's, how it looks templates/certificate.typ's. A maker is small and has no state
of its own, so that each of several processes can have one.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from certlog.canonical import canonicalize
from certlog.certificate_id import certificate_id, format_id
from certlog.documents import SecuredDocument
from issuer.print_fields import print_fields
from issuer.print_typesetter import find_unprintable, typeset
from issuer.qr import certificate_address, code_text, qr_svg

__all__ = ["ATTACHMENT_NAME", "MEDIA_TYPE", "MakePdf", "PdfMaker", "find_unprintable"]

ATTACHMENT_NAME: Final = "certificate.json"
MEDIA_TYPE: Final = "application/pdf"
_TEMPLATE: Final = "certificate.typ"


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
        texts = {
            "fields": canonicalize(print_fields(secured.content, sealed=bool(key_text))).decode(),
            "certificate": secured.to_bytes().decode(),
            "qr": qr_svg(code_text(address, key_text)),
            "address": address,
            "shown": format_id(identifier),
        }
        return typeset(_TEMPLATE, texts, signed_at, about=format_id(identifier))
