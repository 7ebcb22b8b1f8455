"""Strict JSON: what is accepted has one reading, and everything else is refused with its reason."""

import json
import sys
import time
import unicodedata
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlog.canonical import canonicalize
from certlog.errors import InvalidInput
from certlog.nesting import MAX_DEPTH
from certlog.strict_json import (
    MAX_INTEGER,
    JSONValue,
    check_text,
    check_value,
    get_int,
    get_int_or_null,
    get_items,
    get_list,
    get_object,
    get_str,
    members,
    parse,
    parse_canonical,
    parse_object,
)

LIMIT: Final = 1_000_000


def read(text: str) -> JSONValue:
    return parse(text.encode(), max_bytes=LIMIT)


@pytest.mark.parametrize("depth", range(1, 9))
@pytest.mark.parametrize("kind", ["object", "array"])
def test_a_name_that_appears_twice_is_refused_at_any_depth(depth: int, kind: str) -> None:
    text = '{"a":1,"b":2,"a":1}'
    for _ in range(depth - 1):
        text = f'{{"x":{text}}}' if kind == "object" else f"[{text}]"
    with pytest.raises(InvalidInput, match="'a' appears twice"):
        read(text)


def test_a_name_is_the_same_however_it_is_escaped() -> None:
    with pytest.raises(InvalidInput, match="'a' appears twice"):
        read('{"a":1,"\\u0061":2}')


@pytest.mark.parametrize("number", ["1.0", "1e0", "1E2", "-1.5", "0.1", "1e400", "-0.0", "20.00"])
def test_a_number_with_fraction_or_exponent_is_refused(number: str) -> None:
    with pytest.raises(InvalidInput, match="is not an integer; decimals are written as strings"):
        read(f'{{"n":{number}}}')


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_refused(word: str) -> None:
    with pytest.raises(InvalidInput, match=f"number {word} is not an integer"):
        read(f"[{word}]")


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**63, 10**400])
def test_an_integer_beyond_two_to_the_53_is_refused(number: int) -> None:
    with pytest.raises(InvalidInput, match=r"is outside ±\(2\^53-1\)"):
        read("1" + "0" * 400 if number == 10**400 else str(number))


def test_minus_zero_is_refused() -> None:
    with pytest.raises(InvalidInput, match="integer -0 is outside"):
        read("-0")


@pytest.mark.parametrize("number", [0, 1, -1, MAX_INTEGER, -MAX_INTEGER])
def test_integers_up_to_two_to_the_53_are_read_exactly(number: int) -> None:
    assert read(str(number)) == number


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_beyond_the_limit_is_refused(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    fits = opening * MAX_DEPTH + "0" + closing * MAX_DEPTH
    assert read(fits) is not None
    with pytest.raises(InvalidInput, match=f"nested deeper than {MAX_DEPTH}"):
        read(opening + fits + closing)


def test_nesting_of_a_hundred_thousand_levels_is_refused_without_harm() -> None:
    with pytest.raises(InvalidInput, match="nested") as refusal:
        read("[" * 100_000 + "]" * 100_000)
    assert refusal.value.code == "too-deep"


@pytest.mark.parametrize("text", ["[" * 100_000, '[{"a":' * 50_000, "[" * 100_000 + "]" * 100_000])
def test_deep_nesting_is_harmless_although_a_library_raised_the_interpreters_limit(text: str) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        with pytest.raises(InvalidInput, match="nested deeper than 32"):
            read(text)
    finally:
        sys.setrecursionlimit(limit)


def test_brackets_in_strings_do_not_nest() -> None:
    many = ["[[{{" * 20, "]]}}" * 20, '\\"[', "\\"] * 200
    data = json.dumps({"a": many, "b": [[1]] * 500}, separators=(",", ":")).encode()
    assert parse(data, max_bytes=100_000) == {"a": many, "b": [[1]] * 500}


def test_quotes_without_end_take_time_linear_in_their_number() -> None:
    # Were it quadratic, this would run into the time that every test is given.
    with pytest.raises(InvalidInput, match="not JSON"):
        read("[" + "[]," * 500 + '"' + '\\"' * 100_000)


def test_more_bytes_than_the_entrance_accepts_are_refused_before_they_are_read() -> None:
    with pytest.raises(InvalidInput, match="expected at most 5 bytes, found 6"):
        parse(b"[     ", max_bytes=5)
    assert parse(b"[   ]", max_bytes=5) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[1,]", "not JSON"),
        (b'{"a":1}{', "not JSON: Extra data"),
        (b"{'a':1}", "not JSON"),
        (b"[01]", "not JSON"),
        (b"[+1]", "not JSON"),
        (b"[.5]", "not JSON"),
        (b"[1 /* one */]", "not JSON"),
        (b'["\t"]', "not JSON: Invalid control character"),
        (b'["\\x41"]', "not JSON: Invalid"),
        (b"\xef\xbb\xbf{}", "not JSON: Unexpected UTF-8 BOM"),
        (b"\xa0[]", "not UTF-8 at byte 0"),
        (b'["\xc3\x28"]', "not UTF-8 at byte 2"),
        (b'["\xed\xa0\x80"]', "not UTF-8 at byte 2"),
        (b"[\xc2\xa0]", "not JSON"),
        ("[]".encode("utf-16"), "not UTF-8"),
    ],
)
def test_what_is_not_json_in_utf8_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        parse(data, max_bytes=LIMIT)


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\udc00\\ud800"', '{"\\udfff":1}', '["a\\ud83dz"]'])
def test_a_lone_surrogate_is_refused_in_text_and_in_names(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"character U\+D[89A-F][0-9A-F]{2} at position"):
        read(text)


def test_an_escaped_surrogate_pair_is_one_character() -> None:
    assert read('"\\ud83d\\ude00"') == "😀"


def test_text_that_is_not_nfc_is_refused_and_never_normalised() -> None:
    decomposed = unicodedata.normalize("NFD", "Trung tâm")
    with pytest.raises(InvalidInput, match=r"^/name: text is not in Unicode NFC form$"):
        read(json.dumps({"name": decomposed}))
    with pytest.raises(InvalidInput, match="text is not in Unicode NFC form"):
        read(json.dumps({decomposed: 1}))
    assert read('{"name":"Trung tâm"}') == {"name": "Trung tâm"}


# Written again from docs/formats.md rather than taken from the module, so that the two must agree.
FORBIDDEN_RANGES: Final = (
    (0x0000, 0x001F),
    (0x007F, 0x009F),
    (0x00AD, 0x00AD),
    (0x061C, 0x061C),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x2028, 0x202E),
    (0x2060, 0x206F),
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB),
    (0xD800, 0xDFFF),
    (0xE0000, 0xE007F),
)


def accepts(character: str) -> bool:
    try:
        check_text(character)
    except InvalidInput:
        return False
    return True


def test_each_code_point_of_unicode_is_judged_as_the_formats_page_says() -> None:
    forbidden = {code for first, last in FORBIDDEN_RANGES for code in range(first, last + 1)}
    wrong = []
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        wanted = code not in forbidden and unicodedata.is_normalized("NFC", character)
        if accepts(character) != wanted:
            wrong.append(f"U+{code:04X}")
    assert wrong == []


def test_every_control_direction_and_invisible_character_of_unicode_is_forbidden() -> None:
    # Mutant control for the table above: categories and classes of Unicode itself, not a list of ours.
    hidden = {"Cc", "Zl", "Zp", "Cs"}
    directions = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in hidden or unicodedata.bidirectional(character) in directions:
            assert not accepts(character), f"U+{code:04X}"


def test_a_forbidden_character_is_named_with_its_place_and_position() -> None:
    with pytest.raises(InvalidInput, match=r"^/a/1: character U\+202E at position 3 is not allowed in text$"):
        read('{"a":["","abc\\u202edef"]}')


def test_a_long_name_over_many_items_costs_no_more_than_its_bytes() -> None:
    # A place made into text for each of half a million items, with a name of a megabyte in it, took half a minute.
    # The escape makes the reader look at each string.
    data = b'{"\\u0061' + b"a" * 2**20 + b'":[' + b"0," * (2**19 - 20) + b"0]}"
    begun = time.process_time()
    parse(data, max_bytes=2**21)
    assert time.process_time() - begun < 6


def test_an_error_shows_no_more_than_the_beginning_of_a_long_name() -> None:
    name = "a" * 1000
    with pytest.raises(InvalidInput, match=rf"^/{'a' * 80}/0: integer"):
        check_value({name: [2**60]})
    with pytest.raises(InvalidInput, match=rf"^member '{'a' * 80}' appears twice$"):
        read(f'{{"{name}":1,"{name}":2}}')
    with pytest.raises(InvalidInput, match=rf"^unknown member '{'a' * 80}'$"):
        members({name: 1}, required=())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, st.booleans())
def test_what_is_accepted_is_read_alike_by_canonical_bytes(value: object, ascii_only: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        first = parse(data, max_bytes=LIMIT)
    except InvalidInput:
        return
    canonical = canonicalize(first)
    assert parse(canonical, max_bytes=LIMIT) == first == value
    assert canonicalize(parse(canonical, max_bytes=LIMIT)) == canonical


@given(
    st.binary(max_size=40)
    | st.text(alphabet='{}[]":,\\u0123456789eE+-. \nantrulfs', max_size=40).map(str.encode)
)
def test_no_bytes_raise_anything_else_than_invalid_input(data: bytes) -> None:
    try:
        value = parse(data, max_bytes=LIMIT)
    except InvalidInput:
        return
    assert json.loads(data) == value


@pytest.mark.parametrize("text", ["[]", '"a"', "1", "null", "true"])
def test_a_top_value_that_is_no_object_is_refused_where_an_object_is_wanted(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^expected an object, found "):
        parse_object(text.encode(), max_bytes=LIMIT)


@pytest.mark.parametrize("text", ['{"b":1,"a":2}', '{"a": 1}', '{"a":1}\n', '{"a":"\\u00e2"}', '{"a":"\\/"}'])
def test_bytes_that_are_not_their_own_canonical_form_are_refused(text: str) -> None:
    assert parse_object(text.encode(), max_bytes=LIMIT)
    with pytest.raises(InvalidInput, match="not in canonical form"):
        parse_canonical(text.encode(), max_bytes=LIMIT)


def test_canonical_bytes_are_accepted() -> None:
    data = '{"a":{"b":[1,null,true]},"â":"\\n"}'.encode()
    with pytest.raises(InvalidInput, match=r"^/â: character U\+000A"):
        parse_canonical(data, max_bytes=LIMIT)
    assert parse_canonical('{"a":{"b":[1,null,true]},"â":""}'.encode(), max_bytes=LIMIT)


def test_a_value_built_in_memory_is_held_to_the_same_rules() -> None:
    check_value({"a": ["văn bản", 1, None, True]})
    nested: JSONValue = 0
    for _ in range(MAX_DEPTH + 1):
        nested = [nested]
    with pytest.raises(InvalidInput, match="nested deeper"):
        check_value(nested)
    with pytest.raises(InvalidInput, match=r"^/x/a: integer is outside"):
        check_value({"a": 2**53}, "/x")
    with pytest.raises(InvalidInput, match=r"^/a: float is not allowed"):
        check_value({"a": 1.5})  # type: ignore[dict-item] # the refusal is the point
    with pytest.raises(InvalidInput, match="member names are strings"):
        check_value({1: "a"})  # type: ignore[dict-item] # the refusal is the point


def test_a_closed_object_refuses_missing_and_unknown_members() -> None:
    assert members({"a": 1, "b": 2}, required=("a",), optional=("b",)) == {"a": 1, "b": 2}
    with pytest.raises(InvalidInput, match=r"^/x: member 'a' is missing$"):
        members({"b": 2}, required=("a",), optional=("b",), place="/x")
    with pytest.raises(InvalidInput, match=r"^unknown member 'c'$"):
        members({"a": 1, "c": 3}, required=("a",), optional=("b",))
    with pytest.raises(InvalidInput, match="expected an object, found an array"):
        members([], required=())


def test_a_member_of_another_type_is_named_with_its_place() -> None:
    obj: dict[str, JSONValue] = {"s": "a", "i": 3, "n": None, "o": {}, "l": [], "b": True, "m": -1}
    assert (get_str(obj, "s"), get_int(obj, "i"), get_object(obj, "o"), get_list(obj, "l")) == (
        "a",
        3,
        {},
        [],
    )
    assert get_int_or_null(obj, "n") is None
    assert get_int_or_null(obj, "i") == 3
    for name in ("i", "n", "o", "l", "b", "absent"):
        with pytest.raises(InvalidInput, match=f"^/p/{name}: expected a string, found "):
            get_str(obj, name, "/p")
    for name in ("s", "n", "o", "l", "b", "m", "absent"):
        with pytest.raises(InvalidInput, match=f"^/p/{name}: expected an integer >= 0, found "):
            get_int(obj, name, "/p")
    with pytest.raises(InvalidInput, match=r"^/absent: expected an integer >= 0, found null or nothing$"):
        get_int_or_null(obj, "absent")
    with pytest.raises(InvalidInput, match=r"^/l: expected an object, found an array$"):
        get_object(obj, "l")
    with pytest.raises(InvalidInput, match=r"^/o: expected an array, found an object$"):
        get_list(obj, "o")


def test_items_are_read_each_with_its_place_and_counted() -> None:
    def read_item(value: JSONValue, place: str) -> str:
        return f"{place}={value}"

    assert get_items({"l": ["a", "b"]}, "l", "/p", read_item, most=2) == ("/p/l/0=a", "/p/l/1=b")
    with pytest.raises(InvalidInput, match=r"^/p/l: expected at most 1 items, found 2$"):
        get_items({"l": ["a", "b"]}, "l", "/p", read_item, most=1)
