"""Text forms of bytes: each value has one spelling, and every other spelling is refused."""

import itertools
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlog.encoding import b64, b64_decode, b64url, b64url_decode, base58btc, base58btc_decode
from certlog.errors import InvalidInput

URL_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.binary(max_size=80))
def test_every_text_form_gives_its_bytes_back(data: bytes) -> None:
    assert b64url_decode(b64url(data)) == data
    assert b64_decode(b64(data)) == data
    assert base58btc_decode(base58btc(data), max_length=80) == data


@pytest.mark.parametrize(
    ("data", "url", "padded", "base58"),
    [
        (b"", "", "", ""),
        (b"\0", "AA", "AA==", "1"),
        (b"\0\0\x01", "AAAB", "AAAB", "112"),
        (b"\xff\xef", "_-8", "/+8=", "LUe"),
        (b"Hello World!", "SGVsbG8gV29ybGQh", "SGVsbG8gV29ybGQh", "2NEpo7TZRRrLZSi2U"),
        (bytes.fromhex("0000287fb4cd"), "AAAof7TN", "AAAof7TN", "11233QC4"),
    ],
)
def test_known_values_are_written_as_published(data: bytes, url: str, padded: str, base58: str) -> None:
    assert (b64url(data), b64(data), base58btc(data)) == (url, padded, base58)


def test_of_all_spellings_of_two_bytes_exactly_one_is_read() -> None:
    accepted = []
    for letters in itertools.product("AQgw_-/+=", repeat=3):
        try:
            accepted.append((b64url_decode("".join(letters)), "".join(letters)))
        except InvalidInput:
            continue
    assert accepted
    assert len({data for data, _ in accepted}) == len(accepted)
    assert all(b64url(data) == text for data, text in accepted)


@pytest.mark.parametrize(
    "text", ["AA==", "A", "AAA=", "AB", "AAF", "A/+8", "AA\n", " AA", "AA AA", "A.AA", "ÄÄ", "AA\0"]
)
def test_base64url_of_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="base64url") as refusal:
        b64url_decode(text)
    assert refusal.value.code == "bad-base64"


@pytest.mark.parametrize(
    "text", ["AA", "AB==", "A===", "AAA", "A-_8", "AA==\n", "AA= =", "AA==AA==", "====", "ÄÄ=="]
)
def test_base64_of_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="base64") as refusal:
        b64_decode(text)
    assert refusal.value.code == "bad-base64"


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "2 ", "é", "+", "z\n"])
def test_a_character_outside_base58btc_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="not base58btc"):
        base58btc_decode(text, max_length=64)


def test_a_long_base58_text_is_refused_before_it_is_converted() -> None:
    with pytest.raises(InvalidInput, match="expected at most 64 bytes of base58btc"):
        base58btc_decode("2" * 129, max_length=64)


def test_another_length_than_the_format_fixes_is_refused() -> None:
    assert b64url_decode("AAAA", 3) == bytes(3)
    with pytest.raises(InvalidInput, match="expected 32 bytes, found 3"):
        b64url_decode("AAAA", 32)
    with pytest.raises(InvalidInput, match="expected 0 bytes, found 3"):
        b64_decode("AAAA", 0)


@pytest.mark.parametrize("last", URL_ALPHABET)
def test_stray_bits_after_the_last_byte_are_refused(last: str) -> None:
    # 32 bytes end in a character that holds 4 bits of data: 16 of 64 letters can stand there.
    text = "A" * 42 + last
    if URL_ALPHABET.index(last) % 4 == 0:
        assert len(b64url_decode(text, 32)) == 32
    else:
        with pytest.raises(InvalidInput, match="not the one base64url spelling"):
            b64url_decode(text, 32)
