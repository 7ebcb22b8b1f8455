"""An end to the wait for an answer's first lines: a socket's own timeout begins anew with every byte.

A server that sends one byte a second would otherwise hold a verification for as long as it likes.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import http.client


@contextmanager
def hanging_up_after(seconds: float, connection: "http.client.HTTPConnection") -> Iterator[None]:
    """Hang up if the block has not ended in time.

    Raises:
        TimeoutError: it has not, whatever the block made of the end of its connection.
    """
    late = threading.Event()

    def hang_up() -> None:
        late.set()
        if connection.sock is not None:
            with suppress(OSError):
                # Not the method of a TLS socket, which would go on to read what follows in clear.
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if late.is_set():
            # A header cut short reads like a whole one.
            message = "timed out"
            raise TimeoutError(message)
