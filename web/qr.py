"""The QR code of a certificate's page: the very address that issuers print (issuer.qr), drawn to scale for a page."""

import io

import segno

from issuer.qr import ERROR_LEVEL, QUIET_ZONE, certificate_address


def qr_svg(public_url: str, identifier: str) -> bytes:
    """Return the code as SVG that scales to any size: dark on white, quiet zone included."""
    address = certificate_address(public_url, identifier)
    code = segno.make(address, error=ERROR_LEVEL, micro=False, boost_error=False)
    target = io.BytesIO()
    code.save(target, kind="svg", border=QUIET_ZONE, light="#ffffff", xmldecl=False, omitsize=True)
    return target.getvalue()
