"""Canonical JSON bytes (RFC 8785): the one byte string that is hashed and signed for a value.

The rfc8785 library is the reference. For values whose names are ASCII and whose numbers are integers
within ±(2^53-1), orjson's sorted compact output is the same bytes and far faster; a guard decides.
"""

from typing import Final, cast

import orjson
import rfc8785

from certlog.errors import InvalidInput

MAX_DEPTH: Final = 100
"""Nesting that has a canonical form: three times what documents may have (strict_json.py), and recursion stays bounded
whatever the interpreter's own limit is."""

_MAX_INTEGER: Final = 2**53 - 1


def canonicalize(value: object) -> bytes:
    """Return the RFC 8785 bytes of a JSON value.

    Raises:
        InvalidInput: the value holds something that JSON or I-JSON cannot (NaN, a huge integer, a lone
            surrogate, a name that is not a string), or is nested deeper than 100.
    """
    try:
        if _fast_path_is_exact(value):
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        return rfc8785.dumps(cast("dict[str, object]", value))  # type: ignore[arg-type] # its own alias
    except (rfc8785.CanonicalizationError, orjson.JSONEncodeError, UnicodeError) as error:
        raise InvalidInput(f"no canonical form: {error}", code="not-canonicalizable") from error


def _fast_path_is_exact(value: object) -> bool:
    """Tell whether orjson's sorted output is RFC 8785's; a level of nesting at a time, all of them.

    It differs for floats, for integers beyond 2^53 and, since it sorts names by UTF-8 and RFC 8785 sorts by
    UTF-16, for some names outside ASCII. Exact types only: orjson writes enums and dates, RFC 8785 does not.

    Raises:
        InvalidInput: nested too deeply; whichever way is taken then would recurse as deep.
    """
    exact, level, depth = True, [value], 0
    while level:
        if depth > MAX_DEPTH:
            raise InvalidInput(f"no canonical form: nested deeper than {MAX_DEPTH}", code="too-deep")
        inner: list[object] = []
        for item in level:
            kind = type(item)
            if kind is str or item is None or kind is bool:
                continue
            if kind is int:
                exact = exact and -_MAX_INTEGER <= cast("int", item) <= _MAX_INTEGER
            elif isinstance(item, dict):
                exact = exact and kind is dict and all(type(k) is str and k.isascii() for k in item)
                inner.extend(item.values())
            elif isinstance(item, list | tuple):
                exact = exact and kind is list
                inner.extend(item)
            else:
                exact = False
        level, depth = inner, depth + 1
    return exact
