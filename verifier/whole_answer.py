"""An answer that ends before its announced length is no answer: a connection that broke accuses nobody.

http.client's read1, which bounds the time of a read, returns b"" at the end of a connection as at the end of a body.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import http.client


def require_whole(response: "http.client.HTTPResponse") -> None:
    """Require that a response whose body was read to its end is as long as its Content-Length said.

    A chunked body needs no such look: read1 itself raises there. A body of no announced length ends where it ends.

    Raises:
        http.client.IncompleteRead: bytes are missing.
    """
    if response.length:
        import http.client  # noqa: PLC0415 - an offline verification must start at once

        raise http.client.IncompleteRead(b"", response.length)
