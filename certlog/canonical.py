"""Canonical JSON bytes (RFC 8785): the one byte string that is hashed and signed for a value.

The rfc8785 library is the reference. For values whose names are ASCII and whose numbers are integers
within ±(2^53-1), orjson's sorted compact output is the same bytes and far faster; a guard decides.
"""

from typing import Final, cast

import orjson
import rfc8785

from certlog.errors import InvalidInput

_MAX_INTEGER: Final = 2**53 - 1


def canonicalize(value: object) -> bytes:
    """Return the RFC 8785 bytes of a JSON value.

    Raises:
        InvalidInput: the value holds something that JSON or I-JSON cannot (NaN, a huge integer, a lone
            surrogate, a name that is not a string).
    """
    try:
        if _fast_path_is_exact(value):
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        return rfc8785.dumps(cast("dict[str, object]", value))  # type: ignore[arg-type] # its own alias
    except (rfc8785.CanonicalizationError, orjson.JSONEncodeError, RecursionError, UnicodeError) as error:
        raise InvalidInput(f"no canonical form: {error}", code="not-canonicalizable") from error


def _fast_path_is_exact(value: object) -> bool:
    """Tell whether orjson's sorted output is RFC 8785's.

    It differs for floats, for integers beyond 2^53 and, since it sorts names by UTF-8 and RFC 8785 sorts by
    UTF-16, for some names outside ASCII. Exact types only: orjson writes enums and dates, RFC 8785 does not.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return -_MAX_INTEGER <= cast("int", value) <= _MAX_INTEGER
    if kind is dict:
        items = cast("dict[object, object]", value).items()
        return all(type(k) is str and k.isascii() and _fast_path_is_exact(v) for k, v in items)
    if kind is list:
        return all(_fast_path_is_exact(item) for item in cast("list[object]", value))
    return False
