"""The demo's server, `certlog registry serve` as a child process, and a look at its pages over HTTP."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from certlog.errors import Unavailable
from certlog.sentences import Sentence

STOP_SECONDS: Final = 20.0
HTTP_SECONDS: Final = 10


class ServeProcess:
    """One `certlog registry serve`, in its own process group; what it says goes to a file."""

    def __init__(self, data: Path, port: int, passphrase_file: Path, log: Path) -> None:
        """Prepare, without starting.

        Args:
            data: the registry's data folder.
            port: of the pages and the API.
            passphrase_file: opens the anchoring key.
            log: where its output goes, after what is there.
        """
        words = ("registry", "serve", "--data", data, "--port", port, "--passphrase-file", passphrase_file)
        command = [sys.executable, "-m", "cli.main", *map(str, words)]
        # Tied to this process by the kernel: a killed demo leaves no server behind.
        self._command = [sys.executable, "-m", "cli.exec_child", str(os.getpid()), *command]
        self._log = log
        self._output: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def alive(self) -> bool:
        """Tell whether it runs."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        """Start it."""
        self._output = self._log.open("ab")
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            # Its own group: Ctrl-C at the terminal reaches the demo alone, which then stops the parts in order.
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, and whatever it started."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if self._output is not None:
            self._output.close()

    def last_words(self) -> str:
        """Return the last lines that it said."""
        try:
            return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-8:])
        except OSError as error:
            raise Unavailable(Sentence("cannot read {log}: {reason}", log=self._log, reason=error)) from error


def get(address: str) -> bytes:
    """Fetch one of the demo's own pages.

    Raises:
        Unavailable: no answer, or an error as answer.
    """
    try:
        with urllib.request.urlopen(address, timeout=HTTP_SECONDS) as answer:  # noqa: S310 - our own http address
            return bytes(answer.read())
    except (urllib.error.URLError, OSError) as error:
        raise Unavailable(Sentence("{address}: {error}", address=address, error=error)) from error


def get_json(address: str) -> dict[str, Any]:
    """Fetch and read one of the demo's own JSON resources."""
    return dict(json.loads(get(address)))
