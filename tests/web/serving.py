"""Runs the real web server, as `certlog registry serve` does, over a data folder."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Final

ROOT: Final = Path(__file__).resolve().parents[2]


@contextmanager
def gunicorn(
    folder: Path,
    listener: socket.socket,
    *,
    output: IO[bytes] | None = None,
    words: Sequence[str] = (),
) -> Iterator[None]:
    """Run the real server on a socket that is open already: no port can be taken in between.

    Args:
        folder: the data folder.
        listener: the open socket.
        output: where what it writes out goes; None: where the tests' own goes.
        words: more of its options.
    """
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "web.wsgi:make_app()",
        "--worker-class=gthread",
        "--threads=4",
    ]
    command += [f"--bind=fd://{listener.fileno()}", "--no-control-socket", "--log-level=warning", *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GUNICORN")}
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment | {"CERTLOG_DATA": str(folder)},
        pass_fds=[listener.fileno()],
        stdout=output,
        stderr=output,
    )
    try:
        wait_until_healthy(listener.getsockname()[1], server)
        yield
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until_healthy(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("the server did not become healthy")
