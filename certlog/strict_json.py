"""Strict JSON: one reading of every accepted byte string, so that signer and verifier see the same values.

Follows RFC 8259 and I-JSON (RFC 7493), and narrows them: no duplicate names, no floats, integers within
±(2^53-1), text in NFC without control, bidirectional or zero-width characters. It never normalises.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final, NoReturn, TypeAlias, TypeVar, cast

import orjson

from certlog.canonical import canonicalize, plain_bytes
from certlog.errors import InvalidInput
from certlog.nesting import MAX_DEPTH, bound_nesting
from certlog.sentences import Sentence

JSONValue: TypeAlias = "dict[str, JSONValue] | list[JSONValue] | str | int | bool | None"
JSONObject: TypeAlias = dict[str, "JSONValue"]

_T = TypeVar("_T")

MAX_INTEGER: Final = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly (RFC 7493, 2.2)."""

_LONGEST_INTEGER: Final = len(str(-MAX_INTEGER))
_SHOWN: Final = 80
"""Characters of a member's name that an error shows."""

# Characters that change how text looks without being seen: C0 and C1 controls, soft hyphen, Arabic letter
# mark, Mongolian vowel separator, zero-width characters and directional marks, line and paragraph
# separators, bidirectional embeddings and isolates, invisible operators, BOM, interlinear annotation,
# and tag characters. Listed by number, so that the rule does not move with a Unicode version.
_FORBIDDEN: Final = re.compile(
    "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff"
    "\\ufff9-\\ufffb\\ud800-\\udfff\\U000e0000-\\U000e007f]"
)


_PRINTABLE_ASCII: Final = bytes(range(0x20, 0x7F))
# Letters (Vietnamese ones among them) and signs that are in NFC wherever they stand (quick check "yes", UAX #15,
# section 9), and none of the forbidden characters.
_LATIN: Final = re.compile("[\u00a0-\u00ac\u00ae-\u02ff\u1e00-\u1eff\u2010-\u2027]*")


def parse(data: bytes, *, max_bytes: int) -> JSONValue:
    """Read one JSON value.

    Args:
        data: UTF-8 bytes.
        max_bytes: the most that this entrance accepts.

    Raises:
        InvalidInput: too large, not UTF-8, not JSON, or outside the narrowed rules of this module.
    """
    if len(data) > max_bytes:
        raise InvalidInput(
            Sentence(
                "expected at most {max_bytes} bytes, found {found}", max_bytes=max_bytes, found=len(data)
            ),
            code="too-large",
        )
    quick = _parse_quickly(data)
    if quick is not None:
        return quick
    try:
        text = data.decode("utf-8")
        bound_nesting(text)
        value = json.loads(
            text,
            object_pairs_hook=_unique_names,
            parse_float=_refuse_float,
            parse_constant=_refuse_float,
            parse_int=_bounded_integer,
        )
    except UnicodeDecodeError as error:
        raise InvalidInput(
            Sentence("not UTF-8 at byte {position}", position=error.start), code="not-utf8"
        ) from error
    except json.JSONDecodeError as error:
        where = Sentence("line {line} column {column}", line=error.lineno, column=error.colno)
        raise InvalidInput(
            Sentence("not JSON: {problem}", problem=Sentence(error.msg)), place=where, code="not-json"
        ) from error
    if _strings_are_plain(text):
        _check_depth(value)
    else:
        _check_value(value, [])
    return cast("JSONValue", value)


def parse_object(data: bytes, *, max_bytes: int) -> JSONObject:
    """Read one JSON object; like parse, and the top value must be an object."""
    value = parse(data, max_bytes=max_bytes)
    if not isinstance(value, dict):
        raise InvalidInput(Sentence("expected an object, found {kind}", kind=_kind(value)), code="not-object")
    return value


def parse_canonical(data: bytes, *, max_bytes: int) -> JSONObject:
    """Read one JSON object that must equal its own canonical bytes (RFC 8785)."""
    if len(data) <= max_bytes and isinstance(quick := _parse_quickly(data), dict):
        return quick
    value = parse_object(data, max_bytes=max_bytes)
    if canonicalize(value) != data:
        raise InvalidInput("the bytes are not in canonical form (RFC 8785)", code="not-canonical")
    return value


def _parse_quickly(data: bytes) -> JSONValue:
    """Return the value of canonical bytes that obey every rule; null means: read them the long way.

    Bytes that a value's canonical form gives back hold no name twice, no float and no second spelling of anything,
    whichever reader made the value; so the fastest one reads, and the text is looked at once, as a whole.
    """
    try:
        value: JSONValue = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if plain_bytes(value, max_depth=MAX_DEPTH) != data or not _bytes_are_plain(data):
        return None
    return value


def check_text(text: str, place: str = "") -> None:
    """Refuse text that could be shown as something else than it is.

    Raises:
        InvalidInput: not NFC, or a character that is invisible or changes direction.
    """
    _check_text(text, [], place)


def check_value(value: JSONValue, place: str = "") -> None:
    """Apply every rule of this module to a value that was built in memory rather than parsed."""
    data = plain_bytes(value, max_depth=MAX_DEPTH)
    if data is None or not _bytes_are_plain(data):
        _check_value(value, [], place)


def members(
    value: JSONValue, *, required: Iterable[str], optional: Iterable[str] = (), place: str = ""
) -> JSONObject:
    """Require an object with exactly these members: the closed-schema rule of docs/formats.md.

    Returns:
        The same object, now known to be one.
    """
    if not isinstance(value, dict):
        raise InvalidInput(
            Sentence("expected an object, found {kind}", kind=_kind(value)), place=place, code="not-object"
        )
    wanted = set(required)
    if value.keys() == wanted:
        return value
    missing = sorted(wanted - value.keys())
    if missing:
        raise InvalidInput(
            Sentence("member {missing!r} is missing", missing=missing[0]), place=place, code="missing-member"
        )
    unknown = sorted(value.keys() - wanted - set(optional))
    if unknown:
        raise InvalidInput(
            Sentence("unknown member {unknown!r}", unknown=unknown[0][:_SHOWN]),
            place=place,
            code="unknown-member",
        )
    return value


def get_str(value: JSONObject, name: str, place: str = "") -> str:
    """Return a member that must be a string."""
    found = value.get(name)
    if not isinstance(found, str):
        raise _wrong_kind(Sentence("a string"), found, f"{place}/{name}")
    return found


def get_int(value: JSONObject, name: str, place: str = "") -> int:
    """Return a member that must be an integer >= 0 (no format of ours has negative integers)."""
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise _wrong_kind(Sentence("an integer >= 0"), found, f"{place}/{name}")
    return found


def get_int_or_null(value: JSONObject, name: str, place: str = "") -> int | None:
    """Return a member that must be null or an integer >= 0."""
    return None if name in value and value[name] is None else get_int(value, name, place)


def get_object(value: JSONObject, name: str, place: str = "") -> JSONObject:
    """Return a member that must be an object."""
    found = value.get(name)
    if not isinstance(found, dict):
        raise _wrong_kind(Sentence("an object"), found, f"{place}/{name}")
    return found


def get_list(value: JSONObject, name: str, place: str = "") -> list[JSONValue]:
    """Return a member that must be an array."""
    found = value.get(name)
    if not isinstance(found, list):
        raise _wrong_kind(Sentence("an array"), found, f"{place}/{name}")
    return found


def get_items(
    value: JSONObject, name: str, place: str, read: Callable[[JSONValue, str], _T], *, most: int
) -> tuple[_T, ...]:
    """Return an array member, each item read by `read(item, place)`.

    Args:
        value: the object.
        name: the member.
        place: where the object is.
        read: turns one item into a value, or raises InvalidInput.
        most: how many items are allowed.
    """
    items = get_list(value, name, place)
    if len(items) > most:
        message = Sentence("expected at most {most} items, found {found}", most=most, found=len(items))
        raise InvalidInput(message, place=f"{place}/{name}", code="too-many")
    return tuple(read(item, f"{place}/{name}/{i}") for i, item in enumerate(items))


def as_text(value: JSONValue, place: str) -> str:
    """Return a value that must be a string; for use with get_items."""
    if not isinstance(value, str):
        raise _wrong_kind(Sentence("a string"), value, place)
    return value


def _wrong_kind(expected: str, found: JSONValue, place: str) -> InvalidInput:
    return InvalidInput(
        Sentence("expected {expected}, found {kind}", expected=expected, kind=_kind(found)),
        place=place,
        code="wrong-type",
    )


def _kind(value: JSONValue) -> str:
    match value:
        case None:
            return Sentence("null or nothing")
        case bool():
            return Sentence("a boolean")
        case str():
            return Sentence("a string")
        case int():
            return (
                Sentence("the number {value}", value=value)
                if abs(value) <= MAX_INTEGER
                else Sentence("a number")
            )
        case list():
            return Sentence("an array")
        case dict():
            return Sentence("an object")


def _unique_names(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise InvalidInput(
                    Sentence("member {name!r} appears twice", name=name[:_SHOWN]), code="duplicate-member"
                )
            seen.add(name)
    return result


def _refuse_float(text: str) -> NoReturn:
    raise InvalidInput(
        Sentence("number {text} is not an integer; decimals are written as strings", text=text[:40]),
        code="float",
    )


def _bounded_integer(text: str) -> int:
    # A longer text than any allowed integer's must not reach int(), whose cost grows with the length.
    if len(text) > _LONGEST_INTEGER or abs(int(text)) > MAX_INTEGER or text == "-0":
        raise InvalidInput(
            Sentence("integer {text} is outside ±(2^53-1)", text=text[:20]), code="integer-range"
        )
    return int(text)


def _bytes_are_plain(data: bytes) -> bool:
    """Tell the same as _strings_are_plain of canonical bytes; text in Latin letters shows it at a glance.

    What is left without the printable ASCII are letters and signs that combine with nothing, and nothing else.
    """
    rest = data.translate(None, _PRINTABLE_ASCII)
    if b"\\" not in data and _LATIN.fullmatch(rest.decode()):
        return True
    return _strings_are_plain(data.decode())


def _strings_are_plain(text: str) -> bool:
    """Tell at once that every string in a JSON text obeys the text rules; False only means: look at each.

    Without a backslash every string is a piece of the text itself, and pieces of an NFC text are NFC (UAX #15,
    section 1.1). An escaped quote or backslash changes nothing in this: what follows it follows the same character.
    Line ends between members make it False, too: canonical bytes have none.
    """
    if "\\" in text and "\\" in text.replace("\\\\", "").replace('\\"', ""):
        return False
    # No forbidden character is printable to Python, which refuses some that are allowed (a no-break space), too.
    if not text.isprintable() and _FORBIDDEN.search(text):
        return False
    return unicodedata.is_normalized("NFC", text)


def _check_depth(value: object) -> None:
    """Apply the depth rule alone, a level at a time: level 0 is the value itself."""
    level, depth = [value], 0
    while level:
        if depth > MAX_DEPTH:
            raise InvalidInput(
                Sentence("nested deeper than {max_depth}", max_depth=MAX_DEPTH), code="too-deep"
            )
        containers = [item for item in level if isinstance(item, dict | list)]
        level = [x for c in containers for x in (c.values() if isinstance(c, dict) else c)]
        depth += 1


def _check_value(value: object, path: list[str | int], place: str = "") -> None:
    """Check a value at `path` below `place`; the path becomes text only for an error, since it may be long."""
    if len(path) > MAX_DEPTH:
        raise InvalidInput(
            Sentence("nested deeper than {max_depth}", max_depth=MAX_DEPTH),
            place=_pointer(place, path),
            code="too-deep",
        )
    match value:
        case None | bool():
            pass
        case str():
            _check_text(value, path, place)
        case int():
            if abs(value) > MAX_INTEGER:
                message = "integer is outside ±(2^53-1)"
                raise InvalidInput(message, place=_pointer(place, path), code="integer-range")
        case dict():
            _check_members(value, path, place)
        case list() | tuple():
            for position, item in enumerate(value):
                path.append(position)
                _check_value(item, path, place)
                path.pop()
        case _:
            message = Sentence("{kind} is not allowed", kind=type(value).__name__)
            raise InvalidInput(message, place=_pointer(place, path), code="wrong-type")


def _check_members(value: dict[object, object], path: list[str | int], place: str) -> None:
    for name, member in value.items():
        if not isinstance(name, str):
            raise InvalidInput("member names are strings", place=_pointer(place, path), code="wrong-type")
        _check_text(name, path, place)
        path.append(name)
        _check_value(member, path, place)
        path.pop()


def _check_text(text: str, path: list[str | int], place: str) -> None:
    if text.isascii() and text.isprintable():
        return
    found = _FORBIDDEN.search(text)
    if found:
        message = Sentence(
            "character U+{code_point:04X} at position {position} is not allowed in text",
            code_point=ord(found.group()),
            position=found.start(),
        )
        raise InvalidInput(message, place=_pointer(place, path), code="forbidden-character")
    if not unicodedata.is_normalized("NFC", text):
        message = Sentence("text is not in Unicode NFC form")
        raise InvalidInput(message, place=_pointer(place, path), code="not-nfc")


def _pointer(place: str, path: list[str | int]) -> str:
    return place + "".join(f"/{step[:_SHOWN] if isinstance(step, str) else step}" for step in path)
