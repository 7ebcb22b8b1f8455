"""A small JSON-RPC 2.0 client over plain HTTP, and strict readers of the two Ethereum value forms.

Source: the Ethereum JSON-RPC specification (execution-apis). It follows no redirect, bounds time and size, and
turns every trouble into Unavailable: it never answers with an invented value.
"""

import json
import re
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from certlog.errors import InvalidInput, Unavailable
from certlog.nesting import bound_nesting
from certlog.sentences import Sentence
from verifier.hang_up import hanging_up_after
from verifier.web_address import split_address
from verifier.whole_answer import require_whole

if TYPE_CHECKING:
    import http.client

MAX_RESPONSE_BYTES: Final = 2 * 1024 * 1024
"""A block header is a few KiB and contract code at most 48 KiB in hex; anything larger is no answer."""
MAX_BATCH: Final = 100
"""Providers commonly refuse larger batches."""

_CHUNK: Final = 64 * 1024
_QUANTITY: Final = re.compile(r"0x(0|[1-9a-f][0-9a-f]{0,15})", re.ASCII)
_DATA: Final = re.compile(r"0x([0-9a-f]{2})*", re.ASCII)


class Call(NamedTuple):
    """One method with its parameters."""

    method: str
    params: tuple[object, ...]


class Endpoint:
    """One JSON-RPC endpoint, with one connection that is kept open until `close`."""

    def __init__(self, url: str, *, timeout: float) -> None:
        """Prepare, without connecting.

        Args:
            url: http or https; nothing else is spoken.
            timeout: seconds that one batch may take, connecting included.

        Raises:
            InvalidInput: not an http(s) URL with a host.
        """
        parts = split_address(url)
        self.url = url
        self._timeout = timeout
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._connection = _connection(parts.scheme, parts.hostname or "", parts.port, timeout)

    @property
    def name(self) -> str:
        """The URL without path and query, which may hold an access key."""
        return shown(self.url)

    def batch(self, calls: Sequence[Call]) -> list[object]:
        """Return the results of some calls, in their order.

        Raises:
            Unavailable: no answer in time, an error for any of the calls, or an answer of another form.
        """
        results: list[object] = []
        for start in range(0, len(calls), MAX_BATCH):
            results += self._exchange(calls[start : start + MAX_BATCH])
        return results

    def close(self) -> None:
        """Close the connection; the endpoint may be used again."""
        self._connection.close()

    def _exchange(self, calls: Sequence[Call]) -> list[object]:
        import http.client  # noqa: PLC0415 - as in _connection

        request = [
            {"jsonrpc": "2.0", "id": i, "method": call.method, "params": list(call.params)}
            for i, call in enumerate(calls)
        ]
        try:
            text = self._post(json.dumps(request).encode()).decode()
            bound_nesting(text)
            answer = json.loads(text)
        except (ValueError, InvalidInput) as error:
            raise Unavailable(Sentence("{name}: the answer is not JSON", name=self.name)) from error
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Unavailable(Sentence("{name}: {cause}", name=self.name, cause=_cause(error))) from error
        return [self._result(answer, i, len(calls)) for i in range(len(calls))]

    def _post(self, body: bytes) -> bytes:
        deadline = time.monotonic() + self._timeout
        with hanging_up_after(self._timeout, self._connection):
            self._connection.request("POST", self._path, body, {"Content-Type": "application/json"})
            response = self._connection.getresponse()
        if response.status != HTTPStatus.OK:
            self._connection.close()
            raise Unavailable(
                Sentence(
                    "{name}: expected status 200, found {status}", name=self.name, status=response.status
                )
            )
        received = bytearray()
        while chunk := response.read1(_CHUNK):
            received += chunk
            if len(received) > MAX_RESPONSE_BYTES or time.monotonic() > deadline:
                self._connection.close()
                raise Unavailable(Sentence("{name}: the answer is too large or too slow", name=self.name))
        require_whole(response)
        # read1 leaves a fully read response open (Python 3.11), and the connection would refuse its next request.
        response.close()
        return bytes(received)

    def _result(self, answer: object, number: int, count: int) -> object:
        items = answer if isinstance(answer, list) else []
        mine = [item for item in items if isinstance(item, dict) and _is_number(item.get("id"), number)]
        if len(items) != count or len(mine) != 1:
            raise Unavailable(
                Sentence("{name}: expected {count} answers, one for each call", name=self.name, count=count)
            )
        if "result" not in mine[0]:
            error = mine[0].get("error")
            message = error.get("message") if isinstance(error, dict) else None
            raise Unavailable(
                Sentence(
                    "{name}: answered with an error: {message!r}", name=self.name, message=str(message)[:200]
                )
            )
        return mine[0]["result"]


def quantity(value: object, what: str) -> int:
    """Return a QUANTITY (hex, no leading zero, at most 64 bits).

    Raises:
        Unavailable: another form.
    """
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise Unavailable(
            Sentence("{what}: expected a hex quantity, found {value!r}", what=what, value=str(value)[:40])
        )
    return int(value, 16)


def data(value: object, what: str, *, length: int | None = None) -> bytes:
    """Return DATA (hex bytes), of exactly `length` bytes where given.

    Raises:
        Unavailable: another form or length.
    """
    text = value.lower() if isinstance(value, str) else ""
    if not _DATA.fullmatch(text) or (length is not None and len(text) != 2 + 2 * length):
        wanted = Sentence("bytes") if length is None else Sentence("{length} bytes", length=length)
        raise Unavailable(
            Sentence(
                "{what}: expected {wanted} in hex, found {value!r}",
                what=what,
                wanted=wanted,
                value=str(value)[:40],
            )
        )
    return bytes.fromhex(text[2:])


def shown(url: str) -> str:
    """Return a URL as far as it may be shown: providers put access keys into the path."""
    parts = split_address(url)
    return f"{parts.scheme}://{parts.netloc}"


def _connection(scheme: str, host: str, port: int | None, timeout: float) -> "http.client.HTTPConnection":
    import http.client  # noqa: PLC0415 - an offline verification must start at once
    import ssl  # noqa: PLC0415 - as above

    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=timeout)


def _is_number(value: object, number: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value == number


def _cause(error: Exception) -> Exception | str:
    return error if str(error) else type(error).__name__
