"""XLSX (ECMA-376) behind its values: sheets, number formats, formulas, what is hidden or merged; and its true extent.

It reads the same parts as calamine before calamine does, and refuses what that reader would make room for without
need: cells far away, one long text shared by very many cells. It returns no values.
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from certlog.sentences import Sentence
from issuer.workbook_marks import (
    BOOLEAN,
    ERROR,
    FORMULA,
    GENERAL,
    MAX_CELL_TEXT,
    MAX_CELLS,
    MAX_SHEETS,
    MAX_TEXT,
    TEXT,
    Extent,
    SheetMarks,
    bad,
    flood,
    mark_of_format,
)
from issuer.workbook_xml import scan
from issuer.workbook_zip import WorkbookZip

_BOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_STRINGS: Final = "xl/sharedStrings.xml"
_STYLES: Final = "xl/styles.xml"
_MAX_ROWS: Final = 1_048_576
_MAX_COLUMNS: Final = 16_384
_MAX_FORMATS: Final = 65_535
_MAX_RELATIONS: Final = 1_000
_SMALL: Final = 8 * 1024 * 1024
"""Parts that list things and hold no cells; what they define is held in memory, here or by calamine."""
_DIGITS: Final = 10
"""Digits that hold every number of a sheet."""
_TRUE: Final = ("1", "true", "on")


@dataclass(frozen=True, slots=True)
class XlsxSheet:
    """One sheet of the book: its name, the part that holds it, and whether it can be seen."""

    name: str
    part: str
    visible: bool


class XlsxMarks:
    """The marks of an XLSX file's sheets."""

    def __init__(self, archive: WorkbookZip) -> None:
        """Read the list of sheets, the number formats and the lengths of shared texts."""
        self._archive = archive
        self.sheets = _sheets(archive)
        names = archive.names()
        self._formats = _formats(archive) if _STYLES in names else ()
        self._lengths = _lengths(archive) if _STRINGS in names else array("I")

    def marks(self, sheet: XlsxSheet) -> SheetMarks:
        """Read the marks of one sheet, once its extent is known to be bounded."""
        reader = _SheetReader(self._formats, self._lengths)
        scan(self._archive.pieces(sheet.part), reader.start, reader.end, reader.text)
        return reader.finish()


class _SheetReader:
    """Follows the tags of a worksheet part (18.3.1)."""

    def __init__(self, formats: tuple[int, ...], lengths: "array[int]") -> None:
        self._marks = SheetMarks()
        self._extent = Extent()
        self._formats, self._lengths = formats, lengths
        self._letters: dict[str, int] = {}
        self._styles: dict[str, int] = {}
        self._label = ""
        self._line = bytearray()
        self._row = self._column = -1
        self._kind, self._style = "n", 0
        self._inside = ""
        self._filled = self._calculated = False
        self._text: list[str] = []
        self._length = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self._start_cell(attributes)
        elif name in ("v", "t", "f"):
            self._inside, self._text = name, []
            self._filled = self._filled or name != "f"
            self._calculated = self._calculated or name == "f"
        elif name == "row":
            self._start_row(attributes)
        elif name == "col" and attributes.get("hidden") in _TRUE:
            first, last = (
                _number(attributes.get("min"), _MAX_COLUMNS),
                _number(attributes.get("max"), _MAX_COLUMNS),
            )
            self._marks.hide_columns(first - 1, last - 1)
        elif name == "mergeCell":
            first_cell, _, last_cell = attributes.get("ref", "").partition(":")
            top, left = self._position(first_cell)
            self._marks.merge(top, left, *self._position(last_cell or first_cell))

    def end(self, name: str) -> None:
        if name == "c":
            self._end_cell()
        elif name in ("v", "t", "f") and self._inside:
            self._end_value()
        elif name == "row":
            self._end_row()

    def text(self, data: str) -> None:
        if self._inside:
            self._text.append(data)

    def finish(self) -> SheetMarks:
        return self._marks

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        row = _number(attributes["r"], _MAX_ROWS) - 1 if "r" in attributes else self._row + 1
        if row <= self._row:
            raise bad(Sentence("row {row} comes after row {before}", row=row + 1, before=self._row + 1))
        self._row, self._column, self._line = row, -1, bytearray()
        self._label = str(row + 1)
        if attributes.get("hidden") in _TRUE:
            self._marks.hidden_rows.add(row)

    def _end_row(self) -> None:
        if self._line:
            self._marks.rows[self._row] = bytes(self._line)

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        row, column = self._position(attributes["r"]) if "r" in attributes else (self._row, self._column + 1)
        if row != self._row or column <= self._column:
            raise bad(Sentence("the cell {name} stands out of order", name=attributes.get("r", "")))
        self._column = column
        self._kind = attributes.get("t", "n")
        self._style = self._style_of(attributes.get("s", "0"))
        self._filled = self._calculated = False
        self._length = 0

    def _end_value(self) -> None:
        text, inside = "".join(self._text), self._inside
        self._inside = ""
        if inside == "f":
            self._marks.keep_text(self._row, self._column, f"={text}")
        elif inside == "v" and self._kind == "s":
            self._length += self._lengths[_number(text.strip(), len(self._lengths) - 1, least=0)]
        else:
            self._length += len(text)
        if inside == "v" and self._kind == "e":
            self._marks.keep_text(self._row, self._column, text)
        if self._length > MAX_CELL_TEXT:
            raise bad(Sentence("a cell holds more than {wanted} characters", wanted=MAX_CELL_TEXT))

    def _end_cell(self) -> None:
        if not self._filled and not self._calculated:
            return
        self._extent.add(self._row, (self._column, self._column), self._length)
        self._line.extend(bytes(self._column + 1 - len(self._line)))
        self._line[self._column] = self._mark() | (FORMULA if self._calculated else 0)

    def _mark(self) -> int:
        match self._kind:
            case "s" | "str" | "inlineStr" | "d":
                return TEXT
            case "b":
                return BOOLEAN
            case "e":
                return ERROR
            case _:
                return self._formats[self._style] if self._style < len(self._formats) else GENERAL

    def _position(self, reference: str) -> tuple[int, int]:
        letters = reference.rstrip("0123456789")
        column = self._letters.get(letters)
        if column is None:
            column = self._letters[letters] = _column_index(letters)
        label = reference[len(letters) :]
        # Nearly every cell is in the row that it stands in: no need to read its number again.
        return self._row if label == self._label else _number(label, _MAX_ROWS) - 1, column

    def _style_of(self, text: str) -> int:
        style = self._styles.get(text)
        if style is None:
            style = self._styles[text] = _number(text, len(self._formats) or 1, least=0)
        return style


def _column_index(letters: str) -> int:
    index = 0
    if not letters.isascii() or not letters.isalpha() or not letters.isupper() or len(letters) > len("XFD"):
        raise bad(Sentence("a cell has the odd name {name!r}", name=letters[:10]))
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    if index > _MAX_COLUMNS:
        raise bad(Sentence("a cell has the odd name {name!r}", name=letters))
    return index - 1


def _number(text: str | None, most: int, least: int = 1) -> int:
    found = text or ""
    if (
        not found.isascii()
        or not found.isdecimal()
        or len(found) > _DIGITS
        or not least <= int(found) <= most
    ):
        raise bad(
            Sentence(
                "expected a number from {low} to {high}, found {found!r}",
                low=least,
                high=most,
                found=found[:20],
            )
        )
    return int(found)


def _sheets(archive: WorkbookZip) -> tuple[XlsxSheet, ...]:
    """Return the worksheets in the order of the book; what a name leads to must be plain, and one part."""
    parts = _relations(archive)
    found: list[XlsxSheet] = []

    def start(name: str, attributes: Mapping[str, str]) -> None:
        if name != "sheet":
            return
        links = [value for key, value in attributes.items() if key.rpartition(":")[2] == "id"]
        title = attributes.get("name", "")
        if len(links) != 1 or not title or any(sheet.name == title for sheet in found):
            raise bad(Sentence("the list of sheets is not understood"))
        kind, part = parts.get(links[0], ("", ""))
        if kind.endswith("/worksheet"):
            found.append(XlsxSheet(title, part, attributes.get("state", "visible") == "visible"))
        if len(found) > MAX_SHEETS:
            raise bad(Sentence("more than {wanted} sheets", wanted=MAX_SHEETS))

    scan(_small(archive, _BOOK), start, _nothing, _nothing)
    for sheet in found:
        if sheet.part not in archive.names():
            raise bad(Sentence("the part {name} is missing", name=sheet.part))
    return tuple(found)


def _relations(archive: WorkbookZip) -> dict[str, tuple[str, str]]:
    """Return type and part by id; shared texts and styles must lie where calamine looks for them."""
    found: dict[str, tuple[str, str]] = {}

    def start(name: str, attributes: Mapping[str, str]) -> None:
        if name != "Relationship":
            return
        identifier, kind, target = (attributes.get(key, "") for key in ("Id", "Type", "Target"))
        if identifier in found:
            raise bad(Sentence("the relation {name} is there twice", name=identifier))
        part = target.lstrip("/") if target.startswith(("/xl/", "xl/")) else f"xl/{target}"
        wanted = {"/sharedStrings": _STRINGS, "/styles": _STYLES}.get(f"/{kind.rpartition('/')[2]}", part)
        odd = any(step in ("", ".", "..") for step in part.split("/")) or "%" in part
        if kind.endswith(("/worksheet", "/sharedStrings", "/styles")) and (odd or part != wanted):
            raise bad(Sentence("the part {name} is in an odd place", name=target))
        found[identifier] = (kind, part)
        if len(found) > _MAX_RELATIONS:
            raise bad(Sentence("more than {wanted} relations", wanted=_MAX_RELATIONS))

    scan(_small(archive, _RELATIONS), start, _nothing, _nothing)
    return found


def _formats(archive: WorkbookZip) -> tuple[int, ...]:
    """Return the mark of each cell style (18.8): its number format's."""
    codes: dict[int, str] = {}
    marks: list[int] = []
    inside: list[str] = []

    def start(name: str, attributes: Mapping[str, str]) -> None:
        inside.append(name)
        if name == "numFmt":
            codes[_number(attributes.get("numFmtId"), _MAX_FORMATS, least=0)] = attributes.get(
                "formatCode", ""
            )
        elif name == "xf" and "cellXfs" in inside:
            number = _number(attributes.get("numFmtId", "0"), _MAX_FORMATS, least=0)
            marks.append(mark_of_format(number, codes.get(number)))
            if len(marks) > _MAX_FORMATS:
                raise bad(Sentence("more than {wanted} cell styles", wanted=_MAX_FORMATS))

    def end(_name: str) -> None:
        inside.pop()

    scan(_small(archive, _STYLES), start, end, _nothing)
    return tuple(marks)


def _lengths(archive: WorkbookZip) -> "array[int]":
    """Return how long each shared text is (18.4.8)."""
    lengths = array("I")
    length = total = 0

    def start(name: str, _attributes: Mapping[str, str]) -> None:
        nonlocal length
        if name == "si":
            length = 0

    def end(name: str) -> None:
        if name == "si":
            lengths.append(length)
            if len(lengths) > MAX_CELLS:
                raise flood(Sentence("more than {wanted} shared texts", wanted=MAX_CELLS))

    def text(data: str) -> None:
        nonlocal length, total
        length += len(data)
        total += len(data)
        if total > MAX_TEXT:
            raise flood(Sentence("the shared texts hold more than {wanted} characters", wanted=MAX_TEXT))

    scan(archive.pieces(_STRINGS), start, end, text)
    return lengths


def _small(archive: WorkbookZip, name: str) -> Iterator[bytes]:
    """Yield the bytes of a part that has no reason to be large."""
    found = 0
    for piece in archive.pieces(name):
        found += len(piece)
        if found > _SMALL:
            raise flood(Sentence("{name} is larger than {wanted} bytes", name=name, wanted=_SMALL))
        yield piece


def _nothing(*_: object) -> None:
    """Take an event that does not matter here."""
