"""Where a log's static files are read: a folder (tiles of a registry, a mirror) or a web address. Nothing is believed.

Paths are those of C2SP's tlog-tiles and of the registry's own public files. GET only, no redirect is followed, and
time and size of every answer are bounded.
"""

import http.client
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.tile_reader import MissingTile
from certlog.tiles import MAX_BUNDLE_BYTES
from verifier.hang_up import hanging_up_after
from verifier.registry_client import RegistryAddress
from verifier.whole_answer import require_whole

TIMEOUT: Final = 20.0
"""Seconds for one file."""
ATTEMPTS: Final = 4
_CHUNK: Final = 64 * 1024
_PAUSE: Final = 0.5
_TRY_AGAIN: Final = (429, 502, 503, 504)


class LogSource(Protocol):
    """Holds the files of one log, by path."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def is_the_log(self) -> bool:
        """Whether a missing file is the log's own fault; of a folder it may only mean an unfinished copy."""

    def read(self, path: str) -> bytes:
        """Return the bytes at a path such as `tile/0/000`, unverified, at most MAX_BUNDLE_BYTES of them.

        Raises:
            MissingTile: there is nothing at this path.
            Unavailable: it could not be found out.
        """
        ...

    def close(self) -> None:
        """Let go of connections; the source may be used again."""


class FolderSource:
    """A folder that is laid out like the log's web address."""

    is_the_log: Final = False

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self._folder: Final = folder

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._folder)

    def read(self, path: str) -> bytes:
        """Return a file."""
        try:
            with (self._folder / path).open("rb") as file:
                data = file.read(MAX_BUNDLE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise MissingTile(Sentence("{folder} has no {path}", folder=self._folder, path=path)) from error
        except OSError as error:
            message = Sentence("cannot read {path}: {reason}", path=self._folder / path, reason=error)
            raise Unavailable(message) from error
        if len(data) > MAX_BUNDLE_BYTES:
            raise Unavailable(Sentence("{path} is too large", path=self._folder / path))
        return data

    def close(self) -> None:
        """Do nothing: every file was closed."""


class WebSource:
    """A log's web address. Connections stay open and are shared by threads, one at a time."""

    is_the_log: Final = True

    def __init__(self, url: str, *, sleep: Callable[[float], object] = time.sleep) -> None:
        """Take http(s)://HOST[:PORT][/PATH] and how to wait before an attempt is repeated.

        Raises:
            InvalidInput: another form.
        """
        self._address: Final = RegistryAddress.of(url)
        self._sleep: Final = sleep
        self._turn: Final = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []

    @property
    def name(self) -> str:
        """The address."""
        return self._address.url

    def read(self, path: str) -> bytes:
        """Fetch a file; what fails for a moment is tried again a few times."""
        problem = Unavailable("")
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(_PAUSE * 2**attempt)
            try:
                status, data = self._exchange(f"{self._address.path}/{path}")
            except (OSError, http.client.HTTPException) as error:
                why = error if str(error) else type(error).__name__
                problem = Unavailable(Sentence("{url}: {error}", url=self.name, error=why))
                continue
            if status == http.client.OK:
                return data
            if status == http.client.NOT_FOUND:
                raise MissingTile(Sentence("{url} has no {path}", url=self.name, path=path))
            problem = Unavailable(
                Sentence(
                    "{url}{path}: expected status 200, found {status}",
                    url=self.name,
                    path=f"/{path}",
                    status=status,
                )
            )
            if status not in _TRY_AGAIN:
                break
        raise problem

    def close(self) -> None:
        """Close every connection."""
        with self._turn:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _exchange(self, path: str) -> tuple[int, bytes]:
        """Use a connection that waits, or a new one; only one that ended well is used again."""
        with self._turn:
            connection = self._idle.pop() if self._idle else self._connect()
        try:
            answer = self._answer(connection, path)
        except BaseException:
            connection.close()
            raise
        with self._turn:
            self._idle.append(connection)
        return answer

    def _answer(self, connection: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
        deadline = time.monotonic() + TIMEOUT
        with hanging_up_after(TIMEOUT, connection):
            connection.request("GET", path, headers={"Accept": "*/*"})
            response = connection.getresponse()
        received = bytearray()
        while chunk := response.read1(_CHUNK):
            received += chunk
            if len(received) > MAX_BUNDLE_BYTES or time.monotonic() > deadline:
                raise Unavailable(Sentence("{url}: the answer is too large or too slow", url=self.name))
        require_whole(response)
        # read1 leaves a fully read response open (Python 3.11), and the connection would refuse its next request.
        response.close()
        return response.status, bytes(received)

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._address.host, self._address.port
        if self._address.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)


def log_source(target: str) -> LogSource:
    """Return the source that a person named: a web address or a folder."""
    if target.lower().startswith(("http://", "https://")):
        return WebSource(target)
    return FolderSource(Path(target))
