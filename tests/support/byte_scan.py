"""Looks for seeded text in bytes, in every form in which a program may have written it.

A text that is compressed or encrypted is not found: what is scanned must be taken where it is neither.
"""

import base64
import json
import math
from collections.abc import Iterator, Mapping
from urllib.parse import quote


def found_in(places: Mapping[str, bytes], seeds: Mapping[str, bytes]) -> list[tuple[str, str, str]]:
    """Return (place, seed, form) for each form of each seed that occurs in a place."""
    return [
        (place, name, form)
        for place, data in places.items()
        for name, seed in seeds.items()
        for form, needle in forms(seed)
        if needle in data
    ]


def forms(seed: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield every form of a seed: as it is, as hex, base64 at any offset, and, where it is text, as text."""
    yield "raw", seed
    yield "hex", seed.hex().encode()
    yield "HEX", seed.hex().upper().encode()
    for offset in range(3):
        yield from _base64(seed, offset)
    try:
        text = seed.decode("utf-8")
    except UnicodeDecodeError:
        return
    for encoding in ("utf-16-le", "utf-16-be"):
        yield encoding, text.encode(encoding)
    yield "JSON", json.dumps(text)[1:-1].encode()
    yield "percent", quote(text).encode()
    yield "upper case", text.upper().encode()
    yield "lower case", text.lower().encode()


def _base64(seed: bytes, offset: int) -> Iterator[tuple[str, bytes]]:
    """The characters that do not depend on what stands before and after the seed."""
    first = math.ceil(offset * 8 / 6)
    last = (offset + len(seed)) * 8 // 6
    for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
        yield f"{name} {offset}", encode(bytes(offset) + seed + bytes(3))[first:last]
