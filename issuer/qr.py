"""The QR code of a certificate: a short address in capitals, error level Q, quiet zone 4.

Follows docs/formats.md section 2: the code only locates a certificate; it proves nothing.
"""

import io
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


def qr_svg(text: str) -> str:
    """Return the code as an SVG image, one unit a module, the quiet zone included."""
    code = segno.make(text, error=ERROR_LEVEL, boost_error=False, micro=False)
    out = io.BytesIO()
    code.save(out, kind="svg", scale=1, border=QUIET_ZONE, xmldecl=False, nl=False, light="#fff")
    return out.getvalue().decode()
