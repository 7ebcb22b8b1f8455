"""Sets pages with typst and the bundled fonts: PDF/A, byte for byte the same from the same texts, on any machine.

typst is large and imported only when a page is set, here and nowhere else. It gets data, never markup; it reads
this package's templates and the fonts, and nothing else.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence

if TYPE_CHECKING:
    import typst

STANDARD: Final = "a-3b"
_FONT_PACKAGES: Final = ("fontpkg_be_vietnam_pro", "fontpkg_noto_sans")
_SPECIMEN: Final = b'#set text(font: ("Be Vietnam Pro", "Noto Sans"))\n#sys.inputs.text'


def typeset(template: str, texts: Mapping[str, str], timestamp: int, about: str) -> bytes:
    """Return a PDF.

    Args:
        template: the name of a file in issuer/templates.
        texts: what the template reads from sys.inputs.
        timestamp: the time that the PDF says it was made, in seconds since the epoch.
        about: which certificates these are, for the message of an error.

    Raises:
        InvalidInput: a text cannot be set.
        Unavailable: typst or the fonts are not installed.
    """
    typst = _typst()
    # A real folder: this application is installed unpacked, and typst reads from the file system.
    folder = Path(str(resources.files("issuer") / "templates"))
    try:
        pdf: bytes = typst.compile(
            folder / template,
            root=folder,
            font_paths=_fonts(),
            sys_inputs=dict(texts),
            pdf_standards=STANDARD,
            timestamp=timestamp,
        )
    except typst.TypstError as error:
        message = Sentence("the PDF of {about} cannot be made: {error}", about=about, error=error.message)
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
        typst.compile(_SPECIMEN, font_paths=_fonts(), sys_inputs=inputs, pdf_standards=STANDARD)
    except typst.TypstError:
        return False
    return True


def _typst() -> ModuleType:
    try:
        import typst  # noqa: PLC0415 # 80 MB that only this module needs
    except ModuleNotFoundError as error:
        raise Unavailable(Sentence("PDFs cannot be made here: install certlog[pdf]")) from error
    return typst


@lru_cache(maxsize=1)
def _fonts() -> "typst.Fonts":
    """Load the bundled fonts once a process: searching costs more than setting a page."""
    try:
        folders = [Path(str(resources.files(package) / "files")) for package in _FONT_PACKAGES]
    except ModuleNotFoundError as error:
        raise Unavailable(Sentence("the fonts are missing: install certlog[pdf]")) from error
    # Noto Sans has what Be Vietnam Pro lacks and certificates need (Ω, μ, Φ, digits of one width), typst's own fonts
    # a few signs more (⌀). The machine's fonts stay out: the same certificate must give the same bytes elsewhere.
    fonts: typst.Fonts = _typst().Fonts(
        include_system_fonts=False, include_embedded_fonts=True, font_paths=folders
    )
    return fonts
