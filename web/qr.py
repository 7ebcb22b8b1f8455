"""The QR code of a certificate's page, as on the printed certificate (docs/formats.md, section 2).

Capitals keep the code in alphanumeric mode, and therefore small; the page answers to them.
"""

import io
from typing import Final
from urllib.parse import urlsplit

import segno

QUIET_ZONE: Final = 4
MODULE_PIXELS: Final = 8


def page_address(public_url: str, identifier: str) -> str:
    """Return the address that the code holds: `HTTPS://HOST/C/<id>`.

    Only scheme and host are written in capitals; a path before /C/ keeps its case.
    """
    parts = urlsplit(public_url)
    return f"{parts.scheme.upper()}://{parts.netloc.upper()}{parts.path.rstrip('/')}/C/{identifier}"


def qr_svg(public_url: str, identifier: str) -> bytes:
    """Return the code as SVG: level Q, quiet zone of 4 modules, dark on white."""
    code = segno.make(page_address(public_url, identifier), error="q", micro=False, boost_error=False)
    target = io.BytesIO()
    code.save(target, kind="svg", border=QUIET_ZONE, scale=MODULE_PIXELS, light="#ffffff", xmldecl=False)
    return target.getvalue()
