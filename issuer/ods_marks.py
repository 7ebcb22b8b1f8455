"""ODS (OpenDocument 1.3 part 3) behind its values: sheets, shown numbers, formulas, what is hidden or merged.

As for XLSX: it runs before calamine, which holds every sheet of the file at once and makes room for repeated cells.
How a number is shown is taken from the shown text, which this format keeps beside the value.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from certlog.sentences import Sentence
from issuer.workbook_marks import (
    BOOLEAN,
    DECIMALS,
    FORMULA,
    GENERAL,
    MAX_CELL_TEXT,
    MAX_SHEETS,
    ODD,
    TEXT,
    ZEROS,
    Extent,
    SheetMarks,
    bad,
)
from issuer.workbook_xml import scan
from issuer.workbook_zip import WorkbookZip

_CONTENT: Final = "content.xml"
_MAX_REPEAT: Final = 2**31 - 1
_DIGITS: Final = 10
_SHOWN: Final = re.compile(r"-?([0-9]{1,30})(?:[.,]([0-9]{1,30}))?", re.ASCII)
_CELLS: Final = ("table-cell", "covered-table-cell")


class OdsMarks:
    """The marks of an ODS file's sheets, by name, in the order of the file; and those that are hidden."""

    def __init__(self, archive: WorkbookZip) -> None:
        """Read the marks of all sheets, once their extent is known to be bounded."""
        reader = _ContentReader()
        scan(archive.pieces(_CONTENT), reader.start, reader.end, reader.text)
        self.sheets = reader.sheets
        self.hidden = frozenset(
            name for name, style in reader.styles.items() if style in reader.hidden_styles
        )


class _ContentReader:
    """Follows the tags of content.xml (9.1); tables inside a cell are refused."""

    def __init__(self) -> None:
        self.sheets: dict[str, SheetMarks] = {}
        self.styles: dict[str, str] = {}
        self.hidden_styles: set[str] = set()
        self._extent = Extent()
        self._style = ""
        self._marks: SheetMarks | None = None
        self._row = self._column = 0
        self._repeat_row = 1
        self._line = bytearray()
        self._length = 0
        self._cell: Mapping[str, str] | None = None
        self._depth = 0
        self._shown: list[str] = []
        self._shown_length = 0
        self._has_text = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._cell is not None:
            self._start_inside(name, attributes)
        elif name == "style":
            self._style = attributes.get("style:name", "")
        elif name == "table-properties" and attributes.get("table:display") == "false":
            self.hidden_styles.add(self._style)
        elif name == "table":
            self._start_table(attributes)
        elif self._marks is None:
            return
        elif name == "table-column":
            self._start_column(attributes)
        elif name == "table-row":
            self._start_row(attributes)
        elif name in _CELLS:
            self._cell, self._depth = attributes, 0
            self._shown, self._shown_length, self._has_text = [], 0, False

    def end(self, name: str) -> None:
        if self._cell is not None:
            if self._depth:
                self._depth -= 1
            else:
                self._end_cell(self._cell)
                self._cell = None
        elif name == "table-row" and self._marks is not None:
            self._end_row(self._marks)
        elif name == "table":
            self._marks = None

    def text(self, data: str) -> None:
        if self._cell is not None and self._depth:
            self._lengthen(len(data))
            self._shown.append(data)

    def _lengthen(self, characters: int) -> None:
        self._shown_length += characters
        if self._shown_length > MAX_CELL_TEXT:
            raise bad(Sentence("a cell holds more than {wanted} characters", wanted=MAX_CELL_TEXT))

    def _start_inside(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "table":
            raise bad(Sentence("there is a table inside a cell"))
        if name == "s":
            # One tag stands for so many spaces (6.1.3), and calamine writes them out.
            for spaces in (key for key in attributes if key.rpartition(":")[2] == "c"):
                self._lengthen(_repeat(attributes, spaces))
        self._depth += 1
        self._has_text = self._has_text or (name == "p" and self._depth == 1)

    def _start_table(self, attributes: Mapping[str, str]) -> None:
        name = attributes.get("table:name", "")
        if self._marks is not None or not name or name in self.sheets or len(self.sheets) >= MAX_SHEETS:
            raise bad(Sentence("the list of sheets is not understood"))
        self._marks = self.sheets[name] = SheetMarks()
        self.styles[name] = attributes.get("table:style-name", "")
        self._extent = self._extent.rest()
        self._row = self._column = 0

    def _start_column(self, attributes: Mapping[str, str]) -> None:
        repeat = _repeat(attributes, "table:number-columns-repeated")
        if self._marks is not None and attributes.get("table:visibility", "visible") != "visible":
            self._marks.hide_columns(self._column, self._column + repeat - 1)
        self._column += repeat

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        self._repeat_row = _repeat(attributes, "table:number-rows-repeated")
        self._column, self._line, self._length = 0, bytearray(), 0
        if self._marks is not None and attributes.get("table:visibility", "visible") != "visible":
            # Far below the last filled row, a hidden rest of the sheet hides nothing.
            self._marks.hidden_rows.update(range(self._row, self._row + min(self._repeat_row, 100_000)))

    def _end_row(self, marks: SheetMarks) -> None:
        if self._line:
            first = next(i for i, mark in enumerate(self._line) if mark)
            self._extent.add(self._row, (first, len(self._line) - 1), self._length, self._repeat_row)
            line = bytes(self._line)
            for row in range(self._row, self._row + self._repeat_row):
                marks.rows[row] = line
        self._row += self._repeat_row

    def _end_cell(self, attributes: Mapping[str, str]) -> None:
        repeat = _repeat(attributes, "table:number-columns-repeated")
        mark = self._mark(attributes)
        if mark:
            self._extent.add(self._row, (self._column, self._column + repeat - 1), 0)
            self._line.extend(bytes(self._column - len(self._line)))
            self._line.extend(bytes((mark,)) * repeat)
            # calamine copies text and attributes, the formula too, for each cell that this one stands for.
            self._length += (self._shown_length + sum(map(len, attributes.values()))) * repeat
        self._keep_more(attributes)
        self._column += repeat

    def _mark(self, attributes: Mapping[str, str]) -> int:
        formula = FORMULA if "table:formula" in attributes else 0
        kind = attributes.get("office:value-type", "")
        if kind in ("float", "percentage", "currency"):
            return formula | _mark_of_shown(attributes.get("office:value", ""), "".join(self._shown), kind)
        if kind == "boolean":
            return formula | BOOLEAN
        return formula | TEXT if kind or self._has_text or formula else 0

    def _keep_more(self, attributes: Mapping[str, str]) -> None:
        if self._marks is None:
            return
        if "table:formula" in attributes:
            text = attributes["table:formula"].partition(":")[2] or attributes["table:formula"]
            self._marks.keep_text(self._row, self._column, text)
        wide = _repeat(attributes, "table:number-columns-spanned")
        high = _repeat(attributes, "table:number-rows-spanned")
        if wide > 1 or high > 1:
            self._marks.merged.append(
                (self._row, self._column, self._row + high - 1, self._column + wide - 1)
            )


def _mark_of_shown(value: str, shown: str, kind: str) -> int:
    """Return how a number is shown; ODD where the text says something else than the number."""
    found = _SHOWN.fullmatch(shown.strip())
    try:
        same = found is not None and Decimal(value) == Decimal(shown.strip().replace(",", "."))
    except InvalidOperation:
        same = False
    if found is None:
        return ODD
    if len(found[1]) > 1 and found[1].startswith("0"):
        return ZEROS + len(found[1]) if same and not found[2] else ODD
    if found[2] is None:
        return GENERAL if same and kind == "float" else DECIMALS
    return DECIMALS + len(found[2])


def _repeat(attributes: Mapping[str, str], name: str) -> int:
    text = attributes.get(name, "1")
    if not text.isascii() or not text.isdecimal() or len(text) > _DIGITS or not 1 <= int(text) <= _MAX_REPEAT:
        raise bad(Sentence("expected a number of repetitions, found {found!r}", found=text[:20]))
    return int(text)
