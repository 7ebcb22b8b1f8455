"""GZIP by hand (RFC 1951, fixed Huffman codes), so that vectors do not depend on a machine's zlib build."""

import zlib
from collections.abc import Iterator
from typing import Final

from certlog.encoding import b64url

_HEADER: Final = bytes.fromhex("1f8b08000000000000ff")
_LONGEST_MATCH: Final = 258
_END_OF_BLOCK: Final = 256
# Symbols below, bits of a code, first code, first symbol: the table of RFC 1951, 3.2.6.
_FIXED_CODES: Final = ((144, 8, 0x30, 0), (256, 9, 0x190, 144), (280, 7, 0, 256), (288, 8, 0xC0, 280))


def gzip(data: bytes) -> bytes:
    """Return a GZIP member of data: literals, and repetitions of the byte before."""
    bits = "110" + "".join(_code(symbol) for symbol in _symbols(data)) + _code(_END_OF_BLOCK)
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
    _, length, first, start = next(row for row in _FIXED_CODES if symbol < row[0])
    distance = "00000" if symbol > _END_OF_BLOCK else ""
    return f"{first + symbol - start:0{length}b}" + distance
