"""Canonical bytes: RFC 8785's own vectors, and the fast path equal to the reference wherever it is taken."""

import struct
import sys
from enum import StrEnum
from typing import Final

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from certlog import canonical
from certlog.canonical import MAX_DEPTH, canonicalize
from certlog.errors import InvalidInput
from tests.support.fixtures import fixtures_dir
from tests.support.official import official_json

NAMES: Final = ("arrays", "french", "structures", "unicode", "values", "weird")


@pytest.mark.parametrize("name", NAMES)
def test_the_published_documents_become_the_published_bytes(name: str) -> None:
    document = official_json(f"jcs-rfc8785/testdata/input/{name}.json")
    wanted = fixtures_dir(f"jcs-rfc8785/testdata/output/{name}.json").read_bytes()
    assert canonicalize(document) == wanted
    wanted_hex = fixtures_dir(f"jcs-rfc8785/testdata/outhex/{name}.txt").read_text(encoding="ascii")
    assert canonicalize(document) == bytes.fromhex(wanted_hex)


def test_the_numbers_of_appendix_b_are_written_as_published() -> None:
    cases = official_json("jcs-rfc8785/rfc8785-appendix-b.json")
    assert len(cases) == 24
    for case in cases:
        number = struct.unpack(">d", bytes.fromhex(case["ieee754"]))[0]
        if case["json"] is None:
            with pytest.raises(InvalidInput, match="no canonical form"):
                canonicalize(number)
        else:
            assert canonicalize(number) == case["json"].encode(), case["ieee754"]


numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
text = st.text() | st.text(alphabet='\ue000\U00010000\ufb33aé"\\\x00\x1f\x7f\u2028')
json_values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(text, inner, max_size=5),
    max_leaves=20,
)


@given(json_values)
def test_every_value_has_the_bytes_of_the_reference_library(value: object) -> None:
    try:
        wanted = rfc8785.dumps(value)  # type: ignore[arg-type] # its own alias of JSON values
    except UnicodeEncodeError:
        with pytest.raises(InvalidInput, match="no canonical form"):
            canonicalize(value)
        return
    assert canonicalize(value) == wanted


# Values for which orjson's sorted output is not RFC 8785's: each must send the guard to the reference.
TRAPS: Final = (
    {"\U00010000": 1, "\ue000": 2},
    [1.0],
    [1e21],
    [5e-324],
    {"é": 1, "z": 2, "\U0001f600": 3, "\ufb33": 4},
    {"a": [{"b": [None, "x", 0.5]}]},
    {"a": (1.0, "tuples are arrays")},
)


@pytest.mark.parametrize("value", TRAPS)
def test_the_guard_sends_what_the_fast_path_writes_otherwise_to_the_reference(value: object) -> None:
    assert canonicalize(value) == rfc8785.dumps(value)  # type: ignore[arg-type] # its own alias


def test_without_the_guard_a_trap_would_be_written_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    # Mutant control: the test above can fail.
    monkeypatch.setattr(canonical, "_is_plain", lambda *_: True)
    monkeypatch.setattr(canonical, "_sorts_alike", lambda _: True)
    differing = [value for value in TRAPS if canonicalize(value) != rfc8785.dumps(value)]
    assert {"\U00010000": 1, "\ue000": 2} in differing
    assert [1.0] in differing


def test_the_fast_path_is_taken_for_our_own_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(value: object) -> bytes:
        raise AssertionError(value)

    monkeypatch.setattr(rfc8785, "dumps", refuse)
    assert (
        canonicalize({"b": ["văn bản", 1, None, True], "a": {}})
        == '{"a":{},"b":["văn bản",1,null,true]}'.encode()
    )


def test_a_float_that_is_no_number_is_never_written_as_null() -> None:
    assert orjson.dumps([float("nan")]) == b"[null]"
    with pytest.raises(InvalidInput, match="no canonical form"):
        canonicalize({"a": [{"b": [[float("nan")]]}]})


@given(json_values, st.lists(st.booleans(), min_size=1, max_size=30))
def test_a_float_is_found_however_deep_it_lies(value: object, wrapping: list[bool]) -> None:
    inner: object = [value, 0.5]
    for as_list in wrapping:
        inner = ["x", inner] if as_list else {"é": inner, "b": None}
    assert not canonical._is_plain(inner)


class Colour(StrEnum):
    RED = "red"


def test_a_type_that_only_one_library_writes_never_takes_the_fast_path() -> None:
    assert orjson.dumps(Colour.RED) == canonicalize(Colour.RED) == b'"red"'
    with pytest.raises(InvalidInput, match="no canonical form"):
        canonicalize({"a": b"bytes"})
    with pytest.raises(InvalidInput, match="no canonical form"):
        canonicalize({1: "a"})


@pytest.mark.parametrize(
    "value", [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {"\udfff": 1}, [{1, 2}]]
)
def test_what_json_cannot_hold_exactly_has_no_canonical_form(value: object) -> None:
    with pytest.raises(InvalidInput, match="no canonical form") as refusal:
        canonicalize(value)
    assert refusal.value.code == "not-canonicalizable"


def test_endless_nesting_has_no_canonical_form() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(InvalidInput, match="no canonical form"):
        canonicalize(value)


def test_deep_nesting_is_refused_whatever_the_interpreters_limit_is() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        for deeper in (lambda inner: [inner, 1.5], lambda inner: {"a": inner}):
            value: object = 1
            for _ in range(100_000):
                value = deeper(value)
            with pytest.raises(InvalidInput, match="^no canonical form: nested deeper than 100$"):
                canonicalize(value)
    finally:
        sys.setrecursionlimit(limit)


def test_nesting_up_to_the_limit_has_a_form() -> None:
    value: object = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    assert canonicalize(value) == b"[" * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH
    with pytest.raises(InvalidInput, match="nested deeper than 100"):
        canonicalize([value])


@pytest.mark.parametrize("beyond", ["\U00010000", "\U00050000", "\U00090000", "\U000d0000", "\U00100000"])
def test_names_of_every_plane_are_sorted_by_utf16(beyond: str) -> None:
    value = {"\uffee": 1, beyond: 2}
    assert canonicalize(value) == rfc8785.dumps(value)
    assert canonicalize(value).decode().startswith(f'{{"{beyond}"')


def test_deep_nesting_of_tuples_is_refused_too() -> None:
    value: object = 1.5
    for _ in range(5_000):
        value = (value,)
    with pytest.raises(InvalidInput, match="^no canonical form: nested deeper than 100$"):
        canonicalize(value)
