"""An empty workbook to fill in: headings, lists to choose from, and a page that explains every column.

Cells for codes and measured values are text from the start, so that no zero is lost; dates are dates.
"""

import datetime as dt
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from issuer.calibration_words import BASIS_WORDS, DISTRIBUTION_WORDS, PLACE_WORDS, STAGE_WORDS, VERDICT_WORDS
from issuer.columns import CONFORMITY, Column, Columns, Holds
from issuer.words import KIND_WORDS, LANGUAGE_WORDS, MARK_WORDS, REASON_WORDS, SCHEME_WORDS

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

HELP_SHEET: Final = "Hướng dẫn - Help"
_HELP_HEADINGS: Final = (
    "Tiêu đề cột / Heading",
    "Bắt buộc / Required",
    "Giải thích",
    "Explanation",
    "name (JSON)",
)
_PREPARED_ROWS: Final = 1_000
_MADE: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""Written into every template: the same input gives the same file."""
_TITLE_CHARACTERS: Final = 32
_MESSAGE_CHARACTERS: Final = 255


@dataclass(frozen=True, slots=True)
class TemplateSheet:
    """One sheet: its name, its columns, the words to choose from by column, and rows that are already filled."""

    name: str
    columns: Columns
    choices: Mapping[str, Sequence[str]]
    rows: Sequence[Mapping[str, str | dt.date]] = ()


def _vietnamese(words: Mapping[str, str]) -> tuple[str, ...]:
    """Return one word for each meaning: the first, which is the Vietnamese one."""
    first: dict[str, str] = {}
    for word, meaning in words.items():
        first.setdefault(meaning, word)
    return tuple(first.values())


CONFORMITY_SHEET: Final = TemplateSheet(
    "Giấy chứng nhận",
    CONFORMITY,
    {
        "kind": _vietnamese(KIND_WORDS),
        "scheme_type": tuple(SCHEME_WORDS),
        "method": tuple("12345678"),
        "mark": tuple(MARK_WORDS),
        "replace_reason": _vietnamese(REASON_WORDS),
        "language": _vietnamese(LANGUAGE_WORDS),
    },
)


CALIBRATION_CHOICES: Final = {
    "place": _vietnamese(PLACE_WORDS),
    "adjusted": ("có", "không"),
    "verdict": _vietnamese(VERDICT_WORDS),
    "group": ("1", "2"),
    "recalibration_basis": _vietnamese(BASIS_WORDS),
    "replace_reason": _vietnamese(REASON_WORDS),
    "language": _vietnamese(LANGUAGE_WORDS),
}
RESULTS_CHOICES: Final = {
    "stage": _vietnamese(STAGE_WORDS),
    "distribution": _vietnamese(DISTRIBUTION_WORDS),
}


def write_template(path: Path, sheets: Sequence[TemplateSheet]) -> None:
    """Write a workbook with these sheets and the page that explains them.

    Raises:
        InvalidInput: there is such a file already, or it cannot be written.
        Unavailable: the extra that writes workbooks is not installed.
    """
    try:
        xlsxwriter = importlib.import_module("xlsxwriter")
    except ImportError as error:
        message = Sentence("writing workbooks needs the extra “xlsx”: pip install 'certlog[xlsx]'")
        raise Unavailable(message) from error
    try:
        with path.open("xb") as file, xlsxwriter.Workbook(file) as book:
            book.set_properties({"created": _MADE})
            for sheet in sheets:
                _write_sheet(book, sheet)
            _write_help(book, sheets)
    except FileExistsError as error:
        raise InvalidInput(
            Sentence("{path} exists; it is not overwritten", path=path), code="exists"
        ) from error
    except OSError as error:
        message = Sentence("cannot write {path}: {reason}", path=path, reason=error)
        raise InvalidInput(message, code="not-writable") from error


def at_midnight(date: dt.date) -> dt.datetime:
    """Return a date as workbooks keep it."""
    return dt.datetime.combine(date, dt.time())


def _write_sheet(book: "Workbook", sheet: TemplateSheet) -> None:
    page = book.add_worksheet(sheet.name)
    page.freeze_panes(1, 1)
    text, date = book.add_format({"num_format": "@"}), book.add_format({"num_format": "dd/mm/yyyy"})
    required = book.add_format({"bold": True, "text_wrap": True, "bg_color": "#FCE4D6", "border": 1})
    optional = book.add_format({"text_wrap": True, "bg_color": "#F2F2F2", "border": 1})
    for i, column in enumerate(sheet.columns.all):
        cell_format = date if column.holds is Holds.DATE else text
        page.write_string(0, i, column.vi, required if column.required else optional)
        page.set_column(i, i, max(12, min(36, len(column.vi) + 4)), cell_format)
        _help_at_cells(page, i, column, sheet.choices.get(column.name, ()))
        for number, row in enumerate(sheet.rows, start=1):
            _write_value(page, number, i, row.get(column.name, ""), cell_format)


def _write_value(
    page: "Worksheet", row: int, column: int, value: str | dt.date, cell_format: "Format"
) -> None:
    if isinstance(value, dt.date):
        page.write_datetime(row, column, at_midnight(value), cell_format)
    elif value:
        page.write_string(row, column, value, cell_format)


def _help_at_cells(page: "Worksheet", index: int, column: Column, choices: Sequence[str]) -> None:
    """Show what a column means at its cells; choices are a list, but other words are left to the issuing tool."""
    help_text = {
        "input_title": column.vi[:_TITLE_CHARACTERS],
        "input_message": f"{column.help_vi}\n{column.help_en}"[:_MESSAGE_CHARACTERS],
    }
    rule: dict[str, object] = {"validate": "any", **help_text}
    if choices:
        rule = {"validate": "list", "source": list(choices), "error_type": "warning", **help_text}
    page.data_validation(1, index, _PREPARED_ROWS, index, rule)


def _write_help(book: "Workbook", sheets: Sequence[TemplateSheet]) -> None:
    page = book.add_worksheet(HELP_SHEET)
    page.freeze_panes(1, 0)
    bold = book.add_format({"bold": True, "bg_color": "#DDEBF7"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for i, (heading, width) in enumerate(zip(_HELP_HEADINGS, (34, 20, 60, 60, 24), strict=True)):
        page.write_string(0, i, heading, bold)
        page.set_column(i, i, width, wrapped)
    row = 1
    for sheet in sheets:
        page.write_string(row, 0, sheet.name, bold)
        for column in sheet.columns.all:
            row += 1
            needed = "bắt buộc / required" if column.required else ""
            cells = (column.vi, needed, column.help_vi, column.help_en, column.name)
            for i, cell in enumerate(cells):
                page.write_string(row, i, cell, wrapped)
        row += 2
