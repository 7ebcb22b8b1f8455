"""Text forms of bytes: base64url and base64 (RFC 4648) and base58btc, each with exactly one accepted spelling."""

import base64
import binascii
from typing import Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Several characters at a time, in numbers that fit one digit of Python's: a third of the work.
_PAIRS: Final = tuple(high + low for high in _BASE58 for low in _BASE58)
_NO_CHARACTER: Final = 255
_VALUES: Final = bytes(
    _BASE58.index(chr(code)) if chr(code) in _BASE58 else _NO_CHARACTER for code in range(256)
)
_STEP: Final = 5

_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
# What the other alphabet or the padding would be becomes a character that base64 does not have.
_FROM_URL: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
# The last character of 2 or 3 carries bits of no byte, which must be zero: by length modulo 4, what it may be.
_LAST: Final = {
    0: frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
    2: frozenset(b"AQgw"),
    3: frozenset(b"AEIMQUYcgkosw048"),
}


def b64url(data: bytes) -> str:
    """Encode as base64url without padding (RFC 4648, 5)."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def b64url_decode(text: str, length: int | None = None) -> bytes:
    """Decode base64url without padding.

    Args:
        text: the encoded form; any second spelling of the same bytes is refused.
        length: the number of bytes wanted, where the format fixes it.

    Raises:
        InvalidInput: another alphabet, padding, stray trailing bits, or another length.
    """
    try:
        plain = text.encode("ascii")
        padded = plain.translate(_FROM_URL) + b"=" * (-len(plain) % 4)
        data = binascii.a2b_base64(padded, strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise InvalidInput("not base64url without padding", code="bad-base64") from error
    if plain and plain[-1] not in _LAST[len(plain) % 4]:
        raise InvalidInput("not the one base64url spelling of its bytes", code="bad-base64")
    return _of_length(data, length)


def b64(data: bytes) -> str:
    """Encode as base64 with padding (RFC 4648, 4), the form that C2SP notes use."""
    return base64.b64encode(data).decode("ascii")


def b64_decode(text: str, length: int | None = None) -> bytes:
    """Decode base64 with padding; strict like b64url_decode."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise InvalidInput("not base64", code="bad-base64") from error
    if b64(data) != text:
        raise InvalidInput("not the one base64 spelling of its bytes", code="bad-base64")
    return _of_length(data, length)


def base58btc(data: bytes) -> str:
    """Encode in Bitcoin's base 58 (the `z` form of multibase, without the prefix)."""
    number = int.from_bytes(data, "big")
    pairs: list[str] = []
    while number:
        number, rest = divmod(number, 58**4)
        high, low = divmod(rest, 58**2)
        pairs += (_PAIRS[low], _PAIRS[high])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(pairs)).lstrip("1")


def base58btc_decode(text: str, *, max_length: int) -> bytes:
    """Decode base58btc.

    Args:
        text: the encoded form.
        max_length: refuse more bytes than this before the quadratic conversion is paid for.
    """
    if len(text) > max_length * 2:
        raise InvalidInput(
            Sentence("expected at most {max_length} bytes of base58btc", max_length=max_length),
            code="bad-base58",
        )
    values = text.encode("utf-8").translate(_VALUES)
    if _NO_CHARACTER in values:
        raise InvalidInput("not base58btc", code="bad-base58")
    number, whole = 0, len(values) // _STEP * _STEP
    for i in range(0, whole, _STEP):
        v, w, x, y, z = values[i : i + _STEP]
        number = number * 58**_STEP + ((((v * 58 + w) * 58 + x) * 58 + y) * 58 + z)
    for value in values[whole:]:
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _of_length(data: bytes, length: int | None) -> bytes:
    if length is not None and len(data) != length:
        raise InvalidInput(
            Sentence("expected {length} bytes, found {found}", length=length, found=len(data)),
            code="wrong-length",
        )
    return data
