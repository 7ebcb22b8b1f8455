"""Text forms of bytes: base64url and base64 (RFC 4648) and base58btc, each with exactly one accepted spelling."""

import base64
import binascii
from typing import Final

from certlog.errors import InvalidInput
from certlog.sentences import Sentence

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_VALUE: Final = {character: value for value, character in enumerate(_BASE58)}


def b64url(data: bytes) -> str:
    """Encode as base64url without padding (RFC 4648, 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64url_decode(text: str, length: int | None = None) -> bytes:
    """Decode base64url without padding.

    Args:
        text: the encoded form; any second spelling of the same bytes is refused.
        length: the number of bytes wanted, where the format fixes it.

    Raises:
        InvalidInput: another alphabet, padding, stray trailing bits, or another length.
    """
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise InvalidInput("not base64url without padding", code="bad-base64") from error
    if b64url(data) != text:
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
    characters: list[str] = []
    while number:
        number, remainder = divmod(number, 58)
        characters.append(_BASE58[remainder])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(characters))


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
    number = 0
    for character in text:
        if character not in _BASE58_VALUE:
            raise InvalidInput("not base58btc", code="bad-base58")
        number = number * 58 + _BASE58_VALUE[character]
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _of_length(data: bytes, length: int | None) -> bytes:
    if length is not None and len(data) != length:
        raise InvalidInput(
            Sentence("expected {length} bytes, found {found}", length=length, found=len(data)),
            code="wrong-length",
        )
    return data
