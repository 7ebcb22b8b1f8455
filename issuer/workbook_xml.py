"""XML of a workbook's parts, read as a stream of events by expat: no tree, no entities, nothing fetched.

Bounds: a DOCTYPE is refused (entities, external files), and so are deep nesting and a single tag, comment or text
that would have to be held whole. Names are compared without their prefix, as the reader that comes after does.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias
from xml.parsers import expat

from certlog.errors import InvalidInput
from certlog.sentences import Sentence

MAX_DEPTH: Final = 64
MAX_TOKEN: Final = 1024 * 1024
"""Bytes of one tag, comment or run of text; a cell holds at most 32,767 characters."""

Start: TypeAlias = Callable[[str, Mapping[str, str]], None]
End: TypeAlias = Callable[[str], None]
Text: TypeAlias = Callable[[str], None]


def scan(pieces: Iterable[bytes], start: Start, end: End, text: Text) -> None:
    """Feed a part to three functions: a tag's beginning with its attributes, its end, and text between.

    Args:
        pieces: the bytes of the part.
        start: gets the tag's name without prefix, and the attributes with theirs.
        end: gets the tag's name without prefix.
        text: gets text, in as many pieces as it comes.

    Raises:
        InvalidInput: not well-formed, a DOCTYPE, or beyond the bounds.
    """
    guard = _Guard(start, end, text)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.XmlDeclHandler = _require_utf8
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = guard.start
    parser.EndElementHandler = guard.end
    parser.CharacterDataHandler = guard.text
    fed = 0
    try:
        for piece in pieces:
            parser.Parse(piece, False)  # noqa: FBT003 - expat's signature
            fed += len(piece)
            if fed - parser.CurrentByteIndex > MAX_TOKEN + len(piece):
                raise _bad(Sentence("a tag or comment is longer than {wanted} bytes", wanted=MAX_TOKEN))
        parser.Parse(b"", True)  # noqa: FBT003 - as above
    except expat.ExpatError as error:
        raise _bad(Sentence("not well-formed XML: {found}", found=error)) from error


class _Guard:
    def __init__(self, start: Start, end: End, text: Text) -> None:
        self._start, self._end, self._text = start, end, text
        self._depth = 0
        self._run = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._run = 0
        if self._depth > MAX_DEPTH:
            raise _bad(Sentence("tags are nested deeper than {wanted}", wanted=MAX_DEPTH))
        self._start(self._local(name), attributes)

    def end(self, name: str) -> None:
        self._depth -= 1
        self._run = 0
        self._end(self._local(name))

    def text(self, data: str) -> None:
        self._run += len(data)
        if self._run > MAX_TOKEN:
            raise _bad(Sentence("a text is longer than {wanted} characters", wanted=MAX_TOKEN))
        self._text(data)

    def _local(self, name: str) -> str:
        if ":" not in name:
            return name
        return name.rpartition(":")[2]


def _require_utf8(_version: str, encoding: str | None, _standalone: int) -> None:
    """Another encoding might be understood in another way by the reader that comes after."""
    if encoding is not None and encoding.lower() != "utf-8":
        raise _bad(Sentence("expected XML in UTF-8, found {found!r}", found=encoding[:20]))


def _refuse_doctype(*_: object) -> None:
    raise _bad(Sentence("XML with a DOCTYPE is refused: no spreadsheet program writes one"))


def _bad(message: Sentence) -> InvalidInput:
    return InvalidInput(message, code="bad-workbook")
