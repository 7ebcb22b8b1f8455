"""Reads the XML of a calibration certificate from anywhere: a hostile file costs little and reaches nothing.

A first pass (expat) stops at a document type before anything of it is looked at, and counts; only then a tree is built
(lxml, XML 1.0 with namespaces), without entities, network, external files or XInclude. It knows nothing of DCC.
"""

from types import ModuleType
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias
from xml.parsers import expat

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence

if TYPE_CHECKING:
    from lxml.etree import XMLParser, _Element

Element: TypeAlias = "_Element"

MAX_XML_BYTES: Final = 8 * 1024 * 1024
"""An attached picture or PDF (base64) fits; libxml2 itself takes at most 10 MB in one text."""
MAX_DEPTH: Final = 64
"""A DCC of PTB's examples is 20 deep."""
MAX_ELEMENTS: Final = 20_000
"""A DCC has hundreds: long series of values are one element each."""
MAX_ATTRIBUTES: Final = 40_000
MAX_ATTRIBUTE: Final = 1000
MAX_NAME: Final = 200
MAX_NAMESPACES: Final = 1000

_INCLUDES: Final = frozenset({"http://www.w3.org/2001/XInclude", "http://www.w3.org/2003/XInclude"})
_ENCODINGS: Final = frozenset({"utf-8", "us-ascii"})
"""What a document may say of its encoding; others could hide a document type from whoever looks at bytes."""


def parse_xml(data: bytes, place: str) -> Element:
    """Return the root of an untrusted XML document.

    1. at most MAX_XML_BYTES, UTF-8; 2. no document type, no entity, no inclusion; depth, elements and attributes
    within bounds; 3. well formed, with namespaces.

    Args:
        data: all bytes of the file.
        place: the file's name, for messages.

    Raises:
        InvalidInput: any of these does not hold.
        Unavailable: lxml is not installed.
    """
    _require_utf8(data, place)  # 1
    _FirstPass(place).read(data)  # 2
    etree = lxml_etree()
    parser = safe_parser(etree)
    try:
        root: Element = etree.fromstring(data, parser)  # 3
    except etree.XMLSyntaxError as error:
        raise _not_well_formed(str(error.msg), place) from None
    if (
        root.getroottree().docinfo.internalDTD is not None
    ):  # the first pass refused it; never rely on one parser
        _refuse_document_type(place)
    return root


def safe_parser(etree: ModuleType) -> "XMLParser":
    """Return a parser that expands, loads and fetches nothing, with libxml2's own limits on."""
    parser: XMLParser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        strip_cdata=False,
    )
    return parser


def lxml_etree() -> ModuleType:
    """Return lxml.etree.

    Raises:
        Unavailable: it is not installed.
    """
    try:
        from lxml import etree  # noqa: PLC0415 # an extra: only whoever imports DCC files needs it
    except ModuleNotFoundError as error:
        raise Unavailable(Sentence("DCC files cannot be read here: install certlog[dcc]")) from error
    module: ModuleType = etree
    return module


def _require_utf8(data: bytes, place: str) -> None:
    if len(data) > MAX_XML_BYTES:
        message = Sentence(
            "expected at most {most} bytes, found {found}", most=MAX_XML_BYTES, found=len(data)
        )
        raise InvalidInput(message, place=place, code="too-large")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        _refuse_encoding("", place)
    if b"\0" in data:
        _refuse_encoding("", place)


class _FirstPass:
    """Counts what a document holds, and stops it at the first thing that has no place in a certificate."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._depth = self._elements = self._attributes = self._namespaces = 0

    def read(self, data: bytes) -> None:
        # Read as UTF-8 whatever it says of itself; what it says then decides whether it goes on.
        parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartNamespaceDeclHandler = self._namespace
        try:
            # At once: a long token that came in pieces would be read again with each of them.
            parser.Parse(data, True)  # noqa: FBT003 # expat takes no name for it
        except expat.ExpatError as error:
            raise _not_well_formed(str(error), self._place) from None

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            _refuse_encoding(encoding[:40], self._place)

    def _doctype(self, *_: object) -> None:
        _refuse_document_type(self._place)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        self._attributes += len(attributes)
        if name.rpartition(" ")[0] in _INCLUDES:
            message = Sentence("XInclude is refused: a certificate is one file")
            raise InvalidInput(message, place=self._place, code="xml-include")
        self._bound("levels", self._depth, MAX_DEPTH)
        self._bound("elements", self._elements, MAX_ELEMENTS)
        self._bound("attributes", self._attributes, MAX_ATTRIBUTES)
        for attribute, value in attributes.items():
            self._bound("characters in a name", len(attribute), MAX_NAME)
            self._bound("characters in an attribute", len(value), MAX_ATTRIBUTE)

    def _namespace(self, prefix: str | None, address: str | None) -> None:
        self._namespaces += 1
        self._bound("namespaces", self._namespaces, MAX_NAMESPACES)
        self._bound("characters in a name", len(f"{prefix}{address}"), 2 * MAX_NAME)

    def _end(self, _name: str) -> None:
        self._depth -= 1

    def _bound(self, what: str, found: int, most: int) -> None:
        if found > most:
            message = Sentence(
                "more than {most} {what}: no calibration certificate has that", most=most, what=Sentence(what)
            )
            raise InvalidInput(message, place=self._place, code="xml-bounds")


def _refuse_encoding(found: str, place: str) -> NoReturn:
    message = Sentence("expected XML in UTF-8, found {found}", found=found or Sentence("other bytes"))
    raise InvalidInput(message, place=place, code="xml-encoding")


def _refuse_document_type(place: str) -> NoReturn:
    message = Sentence(
        "a document type (DOCTYPE) is refused: it could name entities and other files; remove it"
    )
    raise InvalidInput(message, place=place, code="xml-doctype")


def _not_well_formed(reason: str, place: str) -> InvalidInput:
    message = Sentence("not well-formed XML: {reason}", reason=reason)
    return InvalidInput(message, place=place, code="xml-syntax")
