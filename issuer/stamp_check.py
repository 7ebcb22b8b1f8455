"""Sees a page as a reader does: renders it (PDFium) and reads the codes on it (ZXing). It changes nothing."""

from dataclasses import dataclass
from typing import Any, Final

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence

SCALE: Final = 200 / 72
"""Pixels a point: 200 dots an inch, what a common scanner gives."""
MAX_PIXELS: Final = 64_000_000
"""A1 at this scale."""
_PAPER: Final = 190
"""Of 255: paper, or a tint on it; a darker field is part of the layout."""
_SAME_SHADE: Final = 12
"""Of 255: what compressed pictures add to plain paper."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in points; `top` is the smaller number where y runs downwards."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page in shades of grey, row by row from the top."""

    pixels: bytes
    width: int
    height: int

    @property
    def width_points(self) -> float:
        """Width of what is seen."""
        return self.width / SCALE

    @property
    def height_points(self) -> float:
        """Height of what is seen."""
        return self.height / SCALE

    def is_blank(self, box: Box) -> bool:
        """Tell whether a part of the page (points from its top left) has one light shade."""
        left, right = max(0, int(box.left * SCALE)), min(self.width, int(box.right * SCALE) + 1)
        top, bottom = max(0, int(box.top * SCALE)), min(self.height, int(box.bottom * SCALE) + 1)
        if box.left < 0 or box.top < 0 or right <= left or bottom <= top:
            return False
        rows = [self.pixels[y * self.width + left : y * self.width + right] for y in range(top, bottom)]
        darkest, lightest = min(map(min, rows)), max(map(max, rows))
        return darkest >= _PAPER and lightest - darkest <= _SAME_SHADE


def render_page(data: bytes, index: int) -> PageImage:
    """Return a page of a PDF as it is seen, its annotations and form fields included.

    Raises:
        InvalidInput: it cannot be rendered, or is larger than MAX_PIXELS.
        Unavailable: pypdfium2 is not installed.
    """
    pypdfium2 = _pdfium()
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise InvalidInput(
            Sentence("the PDF cannot be shown: {error}", error=error), code="bad-pdf"
        ) from None
    try:
        page = document[index]
        width, height = page.get_size()
        if width * height * SCALE * SCALE > MAX_PIXELS:
            raise InvalidInput(Sentence("the page is too large to be looked at"), code="bad-pdf")
        bitmap = page.render(scale=SCALE, grayscale=True)
        stride, buffer = bitmap.stride, bytes(bitmap.buffer)
        rows = (buffer[y * stride : y * stride + bitmap.width] for y in range(bitmap.height))
        return PageImage(b"".join(rows), bitmap.width, bitmap.height)
    except (pypdfium2.PdfiumError, ValueError) as error:
        # ValueError: what it says of a page whose visible part is not on it.
        raise InvalidInput(
            Sentence("the PDF cannot be shown: {error}", error=error), code="bad-pdf"
        ) from None
    finally:
        document.close()


def codes_on(image: PageImage) -> list[str]:
    """Return the texts of all codes on a page, each as often as it is there.

    Raises:
        Unavailable: zxing-cpp is not installed.
    """
    view = memoryview(image.pixels).cast("B", shape=[image.height, image.width])
    return [code.text for code in _zxing().read_barcodes(view)]


def _pdfium() -> Any:  # noqa: ANN401 # the package has no types
    try:
        import pypdfium2  # noqa: PLC0415 # an extra: only whoever stamps needs it
    except ModuleNotFoundError as error:
        raise _without_extra() from error
    return pypdfium2


def _zxing() -> Any:  # noqa: ANN401 # as above
    try:
        import zxingcpp  # noqa: PLC0415 # as above
    except ModuleNotFoundError as error:
        raise _without_extra() from error
    return zxingcpp


def _without_extra() -> Unavailable:
    return Unavailable(Sentence("codes cannot be stamped here: install certlog[stamp]"))
