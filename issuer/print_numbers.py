"""Measured values as they are printed: the signed digits, decimal signs under each other, a true minus sign.

The decimal sign stays the point that was signed, in both languages: paper, page and data must compare character
for character (docs/adr/0012). Nothing is rounded or padded with zeros: a last zero is a statement of resolution.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from certlog.strict_json import JSONObject, JSONValue

MINUS: Final = "\N{MINUS SIGN}"
_RAISED: Final = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")
_WORDS: Final = 18
_NUMBER: Final = re.compile(r"(-?)([0-9]+)(\.[0-9]+)?(?:[eE]([+-]?[0-9]+))?")


@dataclass(frozen=True, slots=True)
class _Parts:
    sign: str
    whole: str
    fraction: str
    power: str

    @classmethod
    def of(cls, text: str) -> "_Parts | None":
        found = _NUMBER.fullmatch(text)
        if found is None:
            return None
        sign, whole, fraction, power = (part or "" for part in found.groups())
        return cls(MINUS if sign else "", whole, fraction, _power(power))

    def text(self) -> str:
        return self.sign + self.whole + self.fraction + self.power


def printed_number(text: str) -> str:
    """Return a number for people, `1.5e6` as `1.5 × 10⁶`; other text stays as it is."""
    parts = _Parts.of(text)
    return parts.text() if parts else text


def aligned(texts: Sequence[str]) -> list[JSONValue]:
    """Return the cells of a column of numbers; each with the invisible digits that put the decimal signs in line.

    Digits are equally wide, so cells of the same signs and digits, seen or not, are equally wide too.
    """
    all_parts = [_Parts.of(text) for text in texts]
    numbers = [parts for parts in all_parts if parts]
    cells = zip(texts, all_parts, strict=True)
    return [_cell(parts, numbers) if parts else text for text, parts in cells]


def widest(cells: Sequence[JSONValue]) -> int:
    """Return how many characters the widest of some cells takes, invisible ones included; text may be broken."""
    return max((_width(cell) for cell in cells), default=0)


def _width(cell: JSONValue) -> int:
    return sum(map(len, map(str, cell.values()))) if isinstance(cell, dict) else min(len(str(cell)), _WORDS)


def _power(exponent: str) -> str:
    return f" × 10{exponent.lstrip('+').translate(_RAISED)}" if exponent else ""


def _cell(parts: _Parts, column: Sequence[_Parts]) -> JSONObject:
    signs, whole, fraction = (
        max(len(getattr(other, name)) for other in column) for name in ("sign", "whole", "fraction")
    )
    missing = fraction - len(parts.fraction)
    point = "." * (missing > 0 and not parts.fraction)
    power = max((other.power for other in column), key=len)
    return {
        "before": MINUS * (signs - len(parts.sign)) + "0" * (whole - len(parts.whole)),
        "seen": parts.text(),
        "after": point + "0" * (missing - len(point)) + ("" if parts.power else power),
    }
