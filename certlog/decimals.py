"""Measured values as decimal texts: exact values and significant digits, without a float anywhere."""

import re
from fractions import Fraction
from typing import Final

from certlog.errors import InvalidInput
from certlog.schemas.calibration import DECIMAL_PATTERN
from certlog.sentences import Sentence

_DECIMAL: Final = re.compile(DECIMAL_PATTERN, re.ASCII)


def is_decimal(text: str) -> bool:
    """Tell whether a text is a decimal number as certificates write it: a point, no thousands, no plus."""
    return _DECIMAL.fullmatch(text) is not None


def value_of(text: str, place: str = "") -> Fraction:
    """Return the exact value of a decimal text.

    Raises:
        InvalidInput: not a decimal number.
    """
    if not is_decimal(text):
        message = Sentence("expected a decimal number such as 20.05, found {found!r}", found=text)
        raise InvalidInput(message, place=place, code="decimal")
    return Fraction(text)


def significant_digits(text: str) -> int:
    """Return how many digits of a decimal text are significant; zeros that end an integer are taken as not.

    "0.025" has 2, "0.10" has 2, "1200" has 2, "0.0250" has 3. Requires a decimal text.
    """
    digits = re.split("[eE]", text.lstrip("-"))[0]
    if "." not in digits:
        return len(digits.strip("0"))
    return len(digits.replace(".", "").lstrip("0"))


def last_place(text: str) -> int:
    """Return the power of ten of the last digit written: "0.025" is -3, "12" is 0, "1.2e3" is 2."""
    digits, _, exponent = text.lower().partition("e")
    return int(exponent or "0") - len(digits.partition(".")[2])
