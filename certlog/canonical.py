"""Canonical JSON bytes (RFC 8785): the one byte string that is hashed and signed for a value.

The rfc8785 library is the reference. For plain values without floats and without characters beyond U+FFFF,
orjson's sorted compact output is the same bytes and far faster; a guard decides, and docs/adr/0016 says why.
"""

import gc
from typing import Final, cast

import orjson
import rfc8785

from certlog.errors import InvalidInput
from certlog.sentences import Sentence

MAX_DEPTH: Final = 100
"""Nesting that has a canonical form: three times what documents may have (strict_json.py), and recursion stays bounded
whatever the interpreter's own limit is."""

_FAST: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
"""Sorted by UTF-8, and integers beyond ±(2^53-1) refused; names that are no plain str are refused anyway."""

_PLAIN: Final = frozenset({dict, list, str, int, bool, type(None)})
"""Exact types that both libraries write alike: orjson also writes enums, dates and UUIDs, which are no JSON."""


def canonicalize(value: object) -> bytes:
    """Return the RFC 8785 bytes of a JSON value.

    Raises:
        InvalidInput: the value holds something that JSON or I-JSON cannot (NaN, a huge integer, a lone
            surrogate, a name that is not a string), or is nested deeper than 100.
    """
    data = plain_bytes(value)
    if data is not None:
        return data
    _bound_depth(value)
    try:
        return rfc8785.dumps(cast("dict[str, object]", value))  # type: ignore[arg-type] # its own alias
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise InvalidInput(
            Sentence("no canonical form: {error}", error=error), code="not-canonicalizable"
        ) from error


def plain_bytes(value: object, *, max_depth: int = MAX_DEPTH) -> bytes | None:
    """Return the RFC 8785 bytes of a plain value; None means only that this quick way does not serve.

    Args:
        value: plain is dict, list, str, int, bool and None, and nothing derived from them.
        max_depth: nesting below the value.
    """
    if not _is_plain(value, max_depth):
        return None
    try:
        data = orjson.dumps(value, option=_FAST)
    except orjson.JSONEncodeError:
        return None
    return data if _sorts_alike(data) else None


def _is_plain(value: object, max_depth: int = MAX_DEPTH) -> bool:
    """Tell whether a value consists of plain JSON types, without floats, and is not nested too deeply.

    A level of nesting at a time, and a whole level in two calls: gc.get_referents returns what lists and dicts hold
    (of a dict its values; its names too, where one is no str). Types are looked at before anything is opened.
    """
    level: list[object] = [value]
    for _ in range(max_depth + 1):
        if not _PLAIN.issuperset(map(type, level)):
            return False
        level = gc.get_referents(*level)
        if not level:
            return True
    return False


def _sorts_alike(data: bytes) -> bool:
    """Tell whether sorting by UTF-8 is sorting by UTF-16: without characters beyond U+FFFF it always is.

    Their UTF-8 begins with F0 to F4, bytes that nothing else contains.
    """
    if data.isascii():
        return True
    return not (b"\xf0" in data or b"\xf1" in data or b"\xf2" in data or b"\xf3" in data or b"\xf4" in data)


def _bound_depth(value: object) -> None:
    """Refuse deep nesting in a value of any types."""
    level, depth = [value], 0
    while level:
        if depth > MAX_DEPTH:
            raise _too_deep()
        containers = [item for item in level if isinstance(item, dict | list | tuple)]
        level = [x for c in containers for x in (c.values() if isinstance(c, dict) else c)]
        depth += 1


def _too_deep() -> InvalidInput:
    return InvalidInput(
        Sentence("no canonical form: nested deeper than {max_depth}", max_depth=MAX_DEPTH), code="too-deep"
    )
