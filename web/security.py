"""Headers of every answer, and the limits of every request.

No script runs and nothing is loaded from elsewhere: the policy starts from 'none' and allows our own styles, fonts,
pictures and forms. No setting loosens it. The page of sealed content alone may run our own script, which may ask this
server only. Transport security is promised only where the request was secure.
"""

from typing import Final

from flask import Flask, Response, g, request

MAX_BODY: Final = 16 * 1024 * 1024
"""The largest body of any endpoint: a batch of a thousand entries."""
MAX_FORM_MEMORY: Final = 64 * 1024
MAX_FORM_PARTS: Final = 20

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
OWN_SCRIPT_POLICY: Final = (
    f"{CONTENT_SECURITY_POLICY}; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'"
)
"""For the one page whose script opens sealed content: no inline script, no eval, no markup made from text."""
PERMISSIONS_POLICY: Final = (
    "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), payment=(), usb=()"
)
ALWAYS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
TWO_YEARS: Final = 63_072_000


def install_security(app: Flask) -> None:
    """Set the limits and add the headers to every answer, errors and files included."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_FORM_MEMORY
    app.config["MAX_FORM_PARTS"] = MAX_FORM_PARTS
    app.after_request(_add_headers)


def allow_own_script() -> None:
    """Give the answer to this request OWN_SCRIPT_POLICY."""
    g.certlog_policy = OWN_SCRIPT_POLICY


def share_with_other_sites(response: Response) -> Response:
    """Let pages of other sites read a public answer; only for reading, and never with credentials."""
    if request.method in ("GET", "HEAD"):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Content-Disposition"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _add_headers(response: Response) -> Response:
    for name, value in ALWAYS.items():
        response.headers[name] = value
    if "certlog_policy" in g:
        response.headers["Content-Security-Policy"] = g.certlog_policy
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={TWO_YEARS}"
    return response
