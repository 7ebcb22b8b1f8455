"""What can be wrong in an issuing file, said in Vietnamese and English: row, column, finding, remedy.

A problem is a value, so that all of a file are collected; the texts are data, so that none is missing in one
language.
"""

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from issuer.problem_texts import TEXTS

Language: TypeAlias = Literal["vi", "en"]

_SHEET: Final = {"vi": "Trang tính", "en": "Sheet"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in its file.

    Attributes:
        row: row as a spreadsheet counts (the heading is row 1), or the position in a JSON list; 0 = the file.
        column: English column name, or "" for the whole row.
        heading: the heading as it stands in the file.
        letter: the spreadsheet's letter of the column; empty for JSON.
        sheet: name of the sheet; empty for files that have none.
    """

    row: int
    column: str = ""
    heading: str = ""
    letter: str = ""
    sheet: str = ""

    @property
    def cell(self) -> str:
        """Return the cell as spreadsheets name it, such as C7; "" where there is none."""
        return f"{self.letter}{self.row}" if self.letter else ""

    @property
    def order(self) -> tuple[str, int, bool, int, str]:
        """What to sort by: sheet, row, column as the spreadsheet has it, then what concerns the whole row."""
        return self.sheet, self.row, not self.letter, len(self.letter), self.letter

    def text(self, language: Language) -> str:
        """Return the place in words."""
        sheet = f"{_SHEET[language]} “{printable(self.sheet)}”" if self.sheet else ""
        if not self.row:
            return sheet or {"vi": "Tệp", "en": "File"}[language]
        words = {"vi": ("Hàng", "cột"), "en": ("Row", "column")}[language]
        row = f"{sheet}, {words[0].lower()} {self.row}" if sheet else f"{words[0]} {self.row}"
        if not self.column and not self.heading:
            return f"{row}, {words[1]} {self.letter}" if self.letter else row
        heading = printable(self.heading or self.column)
        return (
            f"{row}, {words[1]} {self.letter} ({heading})" if self.letter else f"{row}, {words[1]} {heading}"
        )


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing that is wrong, at one place."""

    place: Place
    code: str
    values: dict[str, str] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """Return the whole message: place, finding, remedy."""
        vi, en = TEXTS[self.code]
        sentence = vi if language == "vi" else en
        values = {name: printable(value) for name, value in self.values.items()}
        return f"{self.place.text(language)}: {sentence.format(**values)}"


def printable(text: str) -> str:
    """Return text that a terminal shows and does not obey: what a file held may be anything."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
