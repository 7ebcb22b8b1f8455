"""Numbers in the query of an address, read as strictly as everything else."""

from typing import Final

from flask import request

from certlog.errors import InvalidInput
from certlog.sentences import Sentence

MAX_DIGITS: Final = 15


def query_number(name: str) -> int:
    """Return a number of the query: decimal digits only.

    Raises:
        InvalidInput: missing, given twice, or anything else than digits.
    """
    given = request.args.getlist(name)
    text = given[0] if len(given) == 1 else ""
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS):
        message = Sentence(
            "expected one number, found {found!r}", found=", ".join(given)[:40] or Sentence("none")
        )
        raise InvalidInput(message, place=f"query: /{name}", code="bad-number")
    return int(text)
