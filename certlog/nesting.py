"""How deeply JSON may be nested, told from its text before any reader recurses into it.

It serves JSON of others' formats, too: answers of chain nodes, for one. It parses nothing.
"""

import re
from typing import Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence

MAX_DEPTH: Final = 32
"""Nesting allowed below the top value: our deepest format uses 9, and recursion stays bounded."""

_FEW_CONTAINERS: Final = 400
"""So many arrays and objects cannot nest deeper than any interpreter bears; only texts with more are scanned."""

# A string (its end may be missing: then the text is no JSON anyway) is passed over whole, in time linear in its length.
_BRACKET_OR_STRING: Final = re.compile(r'"(?:[^"\\]+|\\.)*+"?|[\[{\]}]', re.DOTALL)


def bound_nesting(text: str) -> None:
    """Refuse deep nesting before a reader recurses into it; for JSON of others' formats, too.

    The interpreter's own limit is no bound: a library may raise it (py_ecc, which web3 imports, does, to 100,000),
    and then such a text ends the process instead of raising RecursionError.

    Raises:
        InvalidInput: nested deeper than 32.
    """
    if text.count("[") + text.count("{") <= _FEW_CONTAINERS:
        return
    depth = 0
    for token in _BRACKET_OR_STRING.finditer(text):
        character = token[0][0]
        depth += 1 if character in "[{" else -1 if character in "]}" else 0
        if depth > MAX_DEPTH + 1:
            raise InvalidInput(
                Sentence("nested deeper than {max_depth}", max_depth=MAX_DEPTH), code="too-deep"
            )
