"""GZIP by hand (RFC 1951, fixed Huffman codes), so that vectors do not depend on a machine's zlib build."""

import zlib
from collections.abc import Iterator
from typing import Final

from certlog.encoding import b64url

_HEADER: Final = bytes.fromhex("1f8b08000000000000ff")
_LONGEST_MATCH: Final = 258


def gzip(data: bytes) -> bytes:
    """Return a GZIP member of data: literals, and repetitions of the byte before."""
    bits = "110" + "".join(_code(symbol) for symbol in _symbols(data)) + _code(256)
    bits += "0" * (-len(bits) % 8)
    body = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    return _HEADER + body + zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")


def encoded_list(data: bytes) -> str:
    """Return the W3C encodedList of any bytes, of the right size or not."""
    return "u" + b64url(gzip(data))


def _symbols(data: bytes) -> Iterator[int]:
    """Yield literals (0-255), 285 for 258 more of the byte before, 264 for 10 more."""
    position = 0
    while position < len(data):
        byte = data[position]
        run = len(data) - position - len(data[position:].lstrip(bytes([byte])))
        yield byte
        position += 1
        left = run - 1
        for symbol, length in ((285, _LONGEST_MATCH), (264, 10)):
            while left >= length:
                yield symbol
                left -= length
                position += length


def _code(symbol: int) -> str:
    """Return the bits of a symbol, in the order in which they are packed; a match has distance 1."""
    # The ranges are the table of RFC 1951, 3.2.6.
    if symbol < 144:  # noqa: PLR2004
        return f"{0x30 + symbol:08b}"
    if symbol < 256:  # noqa: PLR2004
        return f"{0x190 + symbol - 144:09b}"
    distance = "00000" if symbol > 256 else ""  # noqa: PLR2004
    if symbol < 280:  # noqa: PLR2004
        return f"{symbol - 256:07b}" + distance
    return f"{0xC0 + symbol - 280:08b}" + distance
