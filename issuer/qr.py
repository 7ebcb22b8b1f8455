"""The QR code of a certificate: a short address in capitals, error level Q, quiet zone 4.

Follows docs/formats.md section 2: the code only locates a certificate; it proves nothing.
"""

import io
from itertools import groupby
from typing import Final

import segno

ERROR_LEVEL: Final = "q"
QUIET_ZONE: Final = 4
"""Modules of white around the code, as ISO/IEC 18004 asks."""


def certificate_address(base: str, identifier: str) -> str:
    """Return where the code leads: `HTTPS://HOST/C/<ID>`, in capitals for the compact alphanumeric mode.

    Args:
        base: the registry's public address, scheme and host (and port for a local one).
        identifier: the 20-character certificate id.
    """
    return f"{base.rstrip('/')}/c/{identifier}".upper()


def code_text(address: str, key_text: str = "") -> str:
    """Return what the code holds: the address, and behind `#` the key of sealed content.

    A fragment is never sent to a server: who has the paper can read the content, the registry cannot.
    """
    return f"{address}#{key_text}" if key_text else address


def qr_svg(text: str, error_level: str = ERROR_LEVEL) -> str:
    """Return the code as an SVG image, one unit a module, the quiet zone included."""
    code = _code(text, error_level)
    out = io.BytesIO()
    code.save(out, kind="svg", scale=1, border=QUIET_ZONE, xmldecl=False, nl=False, light="#fff")
    return out.getvalue().decode()


def qr_modules(text: str, error_level: str = ERROR_LEVEL) -> int:
    """Return how many modules wide the code is, the quiet zone included."""
    return int(_code(text, error_level).symbol_size(border=QUIET_ZONE)[0])


def qr_operators(text: str, side: float) -> bytes:
    """Return the operators of a PDF content stream that draw the code, in vectors, on white.

    It stands in a square whose lower left corner is the origin: whoever stamps a page moves it with `cm`, and puts
    the whole between `q` and `Q`.

    Args:
        text: what the code holds.
        side: the width in points (1/72 inch), the quiet zone included.
    """
    rows = list(_code(text, ERROR_LEVEL).matrix_iter(border=QUIET_ZONE))
    scale = f"{side / len(rows):.6f}"
    lines = [f"{scale} 0 0 {scale} 0 0 cm", "1 g", f"0 0 {len(rows)} {len(rows)} re f", "0 g"]
    for y, row in enumerate(reversed(rows)):
        x = 0
        for dark, run in groupby(row):
            width = len(list(run))
            if dark:
                lines.append(f"{x} {y} {width} 1 re")
            x += width
    return ("\n".join(lines) + "\nf\n").encode()


def _code(text: str, error_level: str) -> segno.QRCode:
    return segno.make(text, error=error_level, boost_error=False, micro=False)
