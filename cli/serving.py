"""`certlog registry serve`: one parent that starts the web server and the worker, watches both and stops both.

The parent binds the port, so that a used one is refused before anything starts, and hands the socket to gunicorn. If
one child ends, the other is stopped: half a registry is not left running.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from certlog.errors import Unavailable
from certlog.sentences import Sentence

STOP_SECONDS: Final = 20.0
"""How long a child may take to finish what it is doing before it is killed."""
READY_SECONDS: Final = 60.0
_LOOK: Final = 0.1


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Where and how to serve; `passphrases` open the anchoring keys, None serves without anchoring."""

    folder: Path
    host: str
    port: int
    workers: int
    threads: int
    passphrases: tuple[str, ...] | None = field(repr=False)
    metrics_port: int | None = None
    log_format: str = "text"


def serve(
    options: ServeOptions, environ: Mapping[str, str], stop: threading.Event, tell: Callable[[str], object]
) -> None:
    """Run web server and worker until `stop` is set; nothing of them is left when this returns.

    Raises:
        Unavailable: the port cannot be used, or a child ended by itself.
    """
    with ExitStack() as stack:
        listening = stack.enter_context(bind(options.host, options.port))
        address = _address(listening)
        children = Children({**environ, "CERTLOG_DATA": str(options.folder)})
        stack.callback(children.stop)
        children.start(
            Sentence("worker"),
            _worker_command(options),
            given=None if options.passphrases is None else "\n".join(options.passphrases),
        )
        children.start(
            Sentence("web server"), _web_command(options, listening.fileno()), keep=listening.fileno()
        )
        listening.close()
        _wait_until_ready(address, children, stop)
        if not stop.is_set():
            tell(Sentence("serving {address} (Ctrl-C stops)", address=f"http://{address[0]}:{address[1]}"))
        while not stop.wait(_LOOK):
            children.require_running()


class Children:
    """The processes that this one started; each dies with it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Start none yet; all get this environment."""
        self._environ = dict(environ)
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(
        self, name: str, command: Sequence[str], *, given: str | None = None, keep: int | None = None
    ) -> None:
        """Start one.

        Args:
            name: for messages.
            command: program and arguments.
            given: a secret for its standard input.
            keep: an open file descriptor that it inherits.
        """
        # A session of its own: Ctrl-C reaches the parent only, which then stops its children in order.
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.exec_child", str(os.getpid()), *command],
            env=self._environ,
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            pass_fds=() if keep is None else (keep,),
            start_new_session=True,
        )
        self._running.append((name, process))
        if given is not None and process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.write(given.encode() + b"\n")
                process.stdin.close()

    def require_running(self) -> None:
        """Require that every child still runs.

        Raises:
            Unavailable: one has ended; its own last words stand above.
        """
        for name, process in self._running:
            status = process.poll()
            if status is not None:
                message = Sentence(
                    "the {name} ended by itself (status {status}), as it says above; all is stopped",
                    name=name,
                    status=status,
                )
                raise Unavailable(message)

    def stop(self) -> None:
        """Ask every child to end, last started first, and kill whoever does not; returns when all are gone."""
        for _, process in reversed(self._running):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        for _, process in self._running:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running = []


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address, not listening yet.

    Raises:
        Unavailable: the port is used or not allowed, or the host is not this machine's.
    """
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        message = Sentence(
            "cannot serve on {host}: {reason}; choose another with --host", host=host, reason=error
        )
        raise Unavailable(message) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(where)
    except OSError as error:
        bound.close()
        message = Sentence(
            "cannot serve on {host} port {port}: {reason}; choose another with --port",
            host=host,
            port=port,
            reason=error,
        )
        raise Unavailable(message) from error
    return bound


def _worker_command(options: ServeOptions) -> list[str]:
    command = [sys.executable, "-m", "cli.main", "registry", "worker", "--data", str(options.folder)]
    command += ["--log", options.log_format]
    if options.metrics_port is not None:
        command += ["--metrics-port", str(options.metrics_port)]
    return command if options.passphrases is None else [*command, "--passphrase-stdin"]


def _web_command(options: ServeOptions, descriptor: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn"),
        *("--worker-class", "gthread"),
        *("--workers", str(options.workers), "--threads", str(options.threads)),
        *("--bind", f"fd://{descriptor}"),
        *("--graceful-timeout", "10", "--log-level", "warning", "--no-control-socket"),
        *("--config", "python:web.gunicorn_conf"),
        "web.wsgi:make_app()",
    ]


def _address(bound: socket.socket) -> tuple[str, int]:
    found = bound.getsockname()
    return str(found[0]), int(found[1])


def _wait_until_ready(address: tuple[str, int], children: Children, stop: threading.Event) -> None:
    """Wait until the web server answers anything and the first head is signed (healthz answers 200)."""
    end = time.monotonic() + READY_SECONDS
    while not stop.is_set() and not _answers(address):
        children.require_running()
        if time.monotonic() > end:
            message = Sentence(
                "the web server does not answer within {ready_seconds:.0f} seconds",
                ready_seconds=READY_SECONDS,
            )
            raise Unavailable(message)
        stop.wait(_LOOK)


def _answers(address: tuple[str, int]) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])  # noqa: S104 # read, not bound
    connection = http.client.HTTPConnection(host, address[1], timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
