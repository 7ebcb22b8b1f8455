"""The quick look at a whole text and the careful look at each string give one answer."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlog import strict_json
from certlog.canonical import canonicalize
from certlog.errors import InvalidInput
from certlog.nesting import MAX_DEPTH, bound_nesting
from certlog.strict_json import check_value, parse, parse_canonical

# Characters around the text rules: plain, Vietnamese, combining marks, controls, directional marks, line ends.
_CHARACTERS = (
    'aZ9 "\\/ếẫđ\u0323\u0302\u0338=<\u200b\u202e\ufeff\u00ad\u0007\u007f\n\u2028가\u1100\u1161\U0001f600'
)
_TEXTS = st.text(alphabet=_CHARACTERS, max_size=6)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


def outcome(data: bytes) -> tuple[str, Any]:
    try:
        return "accepted", parse(data, max_bytes=10_000)
    except InvalidInput as error:
        return "refused", error.code


@given(value=_VALUES, escaped=st.booleans())
def test_both_ways_to_check_strings_agree(value: Any, escaped: bool) -> None:
    data = json.dumps(value, ensure_ascii=escaped, separators=(",", ":")).encode()
    quick = outcome(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strict_json, "_bytes_are_plain", lambda _data: False)
        assert outcome(data) == quick
        patch.setattr(strict_json, "_strings_are_plain", lambda _text: False)
        assert outcome(data) == quick


@pytest.mark.parametrize("plain", [True, False])
def test_depth_is_bounded_alike_whichever_way_strings_are_checked(plain: bool) -> None:
    text = '"a"' if plain else '"\\u0061"'
    deepest = ("[" * MAX_DEPTH + text + "]" * MAX_DEPTH).encode()
    assert outcome(deepest)[0] == "accepted"
    assert outcome(b"[" + deepest + b"]") == ("refused", "too-deep")


@pytest.mark.parametrize("value", [{"a": "ê\u0323"}, {"ê\u0323": 1}, {"a": "x\u202e"}, {"x\u200b": 1}])
def test_text_that_looks_like_another_is_refused_as_it_stands_escaped_and_in_memory(value: Any) -> None:
    code = "not-nfc" if "ê" in str(value) else "forbidden-character"
    for escaped in (False, True):
        assert outcome(json.dumps(value, ensure_ascii=escaped).encode()) == ("refused", code)
    canonical = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    for read in (lambda: parse_canonical(canonical, max_bytes=100), lambda: check_value(value)):
        with pytest.raises(InvalidInput) as refusal:
            read()
        assert refusal.value.code == code


def test_canonical_bytes_are_counted_too() -> None:
    assert parse_canonical(b'{"a":1}', max_bytes=7) == {"a": 1}
    with pytest.raises(InvalidInput, match="expected at most 6 bytes, found 7"):
        parse_canonical(b'{"a":1}', max_bytes=6)


@pytest.mark.parametrize(("deep", "refused"), [(MAX_DEPTH + 1, False), (MAX_DEPTH + 2, True)])
def test_nesting_is_bounded_before_a_reader_recurses(deep: int, refused: bool) -> None:
    text = "[" + "{}," * 500 + "[" * (deep - 1) + "]" * (deep - 1) + "]"
    if not refused:
        bound_nesting(text)
        return
    with pytest.raises(InvalidInput, match="nested deeper than 32"):
        bound_nesting(text)


def test_the_letters_known_at_sight_combine_with_nothing_and_are_allowed() -> None:
    latin = [chr(code) for code in range(0x110000) if strict_json._LATIN.fullmatch(chr(code))]
    assert "ệ" in latin
    assert len(latin) > 800
    # The second character of a canonical decomposition is what combines with the one before it.
    decompositions = (unicodedata.decomposition(chr(code)) for code in range(0x110000))
    second = {text.partition(" ")[2] for text in decompositions if not text.startswith("<")}
    for letter in latin:
        assert unicodedata.is_normalized("NFC", letter)
        assert unicodedata.combining(letter) == 0
        assert f"{ord(letter):04X}" not in second
        assert not strict_json._FORBIDDEN.search(letter)


@pytest.mark.parametrize(
    "text", ["e\u0301", "a\u0300b", "\u00ad", "\u200b", "\u2028", "\x7f", "\u1ebf\u0323", "\u212b"]
)
def test_among_latin_letters_what_combines_or_hides_is_still_refused(text: str) -> None:
    data = canonicalize({"a": f"Chứng nhận {text}"})
    assert not strict_json._bytes_are_plain(data)
    with pytest.raises(InvalidInput):
        parse(data, max_bytes=1000)
