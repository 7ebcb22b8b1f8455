"""Stamps a certificate's code on a PDF in the body's own layout: a vector QR in a free corner, then read back.

The page under the code must be blank, the code must read as what it should, and every code that the page had before
must still be there; else nothing is stamped. A file that bears a signature is never rewritten (attested_pdf.py tells).
"""

import enum
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from issuer.attested_pdf import ATTACHMENT_NAME, damaged, open_pdf
from issuer.qr import qr_operators
from issuer.stamp_check import Box, PageImage, codes_on, render_page

if TYPE_CHECKING:
    import pikepdf

POINTS_PER_MM: Final = 72 / 25.4
DEFAULT_SIZE_MM: Final = 25.0
SMALLEST_MM: Final = 20.0
LARGEST_MM: Final = 60.0
MARGIN_MM: Final = 8.0
MAX_PAGE_POINTS: Final = 4000.0
"""A little more than A0."""


class Corner(enum.Enum):
    """Where on the page, as a reader sees it; AUTO takes the first free one in this order."""

    AUTO = "auto"
    BOTTOM_RIGHT = "bottom-right"
    BOTTOM_LEFT = "bottom-left"
    TOP_RIGHT = "top-right"
    TOP_LEFT = "top-left"


_TRIED: Final = (Corner.BOTTOM_RIGHT, Corner.BOTTOM_LEFT, Corner.TOP_RIGHT, Corner.TOP_LEFT)


@dataclass(frozen=True, slots=True)
class StampPlace:
    """Where the code goes.

    Attributes:
        page: 1 for the first, -1 for the last.
        corner: which corner of what is seen.
        size_mm: side of the code, with its white border.
    """

    page: int = -1
    corner: Corner = Corner.AUTO
    size_mm: float = DEFAULT_SIZE_MM

    def __post_init__(self) -> None:
        """Refuse a size that cannot be read or hides a page."""
        if not SMALLEST_MM <= self.size_mm <= LARGEST_MM or self.page == 0:
            message = Sentence("expected a page and {least} to {most} mm", least=SMALLEST_MM, most=LARGEST_MM)
            raise InvalidInput(message, code="bad-stamp")


def stamp(data: bytes, text: str, stamp_place: StampPlace, place: str, *, attach: bytes | None) -> bytes:
    """Return a PDF with a code on it; the same arguments give the same bytes.

    1. Find the page and a corner that is blank. 2. Draw the code, attach the certificate. 3. Read the page again:
    the code says what it should, and every other code is still there.

    Args:
        data: a PDF that inspect_pdf passed and that bears no signature.
        text: what the code holds.
        stamp_place: where it goes.
        place: the file's name, for messages.
        attach: the signed certificate, or None where the file takes no attachment.

    Raises:
        InvalidInput: no such page, no room, or the code cannot be read back.
        Unavailable: the extra [stamp] is not installed.
    """
    with open_pdf(data, place) as pdf:
        index = _page_index(len(pdf.pages), stamp_place.page, place)
        before = render_page(data, index)
        box = _free_box(pdf.pages[index], before, stamp_place, place)  # 1
        _draw(pdf.pages[index], text, box)  # 2
        if attach is not None:
            _attach(pdf, attach, place)
        out = BytesIO()
        pdf.save(out, deterministic_id=True, fix_metadata_version=False)
    stamped = out.getvalue()
    _require_readable(before, render_page(stamped, index), text, place)  # 3
    return stamped


def _page_index(pages: int, wanted: int, place: str) -> int:
    index = wanted - 1 if wanted > 0 else pages + wanted
    if not 0 <= index < pages:
        message = Sentence("it has {pages} pages; there is no page {wanted}", pages=pages, wanted=wanted)
        raise InvalidInput(message, place=place, code="bad-stamp")
    return index


def _free_box(page: "pikepdf.Page", image: PageImage, wanted: StampPlace, place: str) -> Box:
    """Return the rectangle of the code in the page's own coordinates."""
    corners = _TRIED if wanted.corner is Corner.AUTO else (wanted.corner,)
    for corner in corners:
        seen = _seen_box(image, corner, wanted.size_mm)
        if image.is_blank(seen):
            return _in_page(page, seen, place)
    names = ", ".join(corner.value for corner in corners)
    message = Sentence(
        "no room for the code at {names} of this page: name another page or corner, or a smaller size",
        names=names,
    )
    raise InvalidInput(message, place=place, code="no-room")


def _seen_box(image: PageImage, corner: Corner, size_mm: float) -> Box:
    """Return a corner's square in points from the top left of what is seen."""
    size, margin = size_mm * POINTS_PER_MM, MARGIN_MM * POINTS_PER_MM
    left = image.width_points - margin - size if corner.value.endswith("right") else margin
    top = image.height_points - margin - size if corner.value.startswith("bottom") else margin
    return Box(left, top, left + size, top + size)


def _in_page(page: "pikepdf.Page", seen: Box, place: str) -> Box:
    """Turn a box as it is seen into the page's own coordinates: its visible part and its rotation."""
    try:
        x0, y0, x1, y1 = (float(value) for value in page.cropbox)
        rotation, user_unit = int(page.rotation) % 360, float(page.obj.get("/UserUnit", 1))
    except (TypeError, ValueError) as error:
        raise damaged(error, place) from None
    width, height = x1 - x0, y1 - y0
    if max(width, height) > MAX_PAGE_POINTS or user_unit != 1:
        message = Sentence("expected a page of at most {most} points, in points", most=int(MAX_PAGE_POINTS))
        raise InvalidInput(message, place=place, code="bad-pdf")
    if rotation % 90:
        raise damaged(f"/Rotate {rotation}", place)
    turned = {
        0: (seen.left, height - seen.bottom, seen.right, height - seen.top),
        90: (seen.top, seen.left, seen.bottom, seen.right),
        180: (width - seen.right, seen.top, width - seen.left, seen.bottom),
        270: (width - seen.bottom, height - seen.right, width - seen.top, height - seen.left),
    }[rotation]
    left, bottom, right, top = turned
    return Box(x0 + left, y0 + bottom, x0 + right, y0 + top)


def _draw(page: "pikepdf.Page", text: str, box: Box) -> None:
    """Append the code to what the page draws, whose state is put back first."""
    side = box.right - box.left
    move = f"q\n1 0 0 1 {box.left:.4f} {box.top:.4f} cm\n".encode()
    page.contents_add(b"q\n", prepend=True)
    page.contents_add(b"\nQ\n" + move + qr_operators(text, side) + b"Q\n")


def _attach(pdf: "pikepdf.Pdf", certificate: bytes, place: str) -> None:
    import pikepdf  # noqa: PLC0415 # open_pdf imported it

    described = pikepdf.AttachedFileSpec(
        pdf,
        certificate,
        description="",
        filename=ATTACHMENT_NAME,
        mime_type="application/json",
        creation_date="",
        mod_date="",
    )
    described.obj["/AFRelationship"] = pikepdf.Name("/Data")
    try:
        pdf.attachments[ATTACHMENT_NAME] = described
    except pikepdf.PdfError as error:
        # Other attachments are read only now.
        raise damaged(error, place) from None


def _require_readable(before: PageImage, after: PageImage, text: str, place: str) -> None:
    wanted = sorted([*codes_on(before), text])
    found = sorted(codes_on(after))
    if found != wanted:
        lost = text not in found
        message = (
            Sentence("the code cannot be read back there") if lost else Sentence("another code suffers there")
        )
        raise InvalidInput(
            Sentence("{message}: name another page or corner, or a larger size", message=message),
            place=place,
            code="code-unreadable",
        )
