"""One bounded HTTP request to one address: resolved once, no redirect, no proxy, an end to time and size.

For what this machine sends on its own: to witnesses, and to webhooks, which must not reach inner addresses.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from certlog.errors import NotTrusted, Unavailable
from certlog.sentences import Sentence
from verifier.hang_up import hanging_up_after
from verifier.web_address import port_of, split_address
from verifier.whole_answer import require_whole

_CHUNK: Final = 16 * 1024
_EMBEDDING: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)
"""Networks of IPv6 whose addresses lead on to an IPv4 address that they hold: NAT64, 6to4, Teredo, compatible."""

Resolve = Callable[[str, int], list[str]]
"""From a host and a port to its numeric addresses; raises OSError where there are none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may cost: seconds for the whole of it, and bytes of the answer."""

    seconds: float
    most: int


@dataclass(frozen=True, slots=True)
class Received:
    """An answer: status, media type without parameters, and the whole body."""

    status: int
    media_type: str
    body: bytes


def system_resolve(host: str, port: int) -> list[str]:
    """Ask the system for a host's addresses, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def is_global(address: str) -> bool:
    """Tell whether an address is of the public internet and leads nowhere else."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return is_global(str(parsed.ipv4_mapped))
        if any(parsed in network for network in _EMBEDDING):
            return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    limits: Limits,
    *,
    inner_hosts: frozenset[str] | None = frozenset(),
    resolve: Resolve = system_resolve,
) -> Received:
    """Post a body and return the answer, whatever its status.

    1. The host is resolved once; what is connected to is one of these very addresses.
    2. Every address must be global, unless exactly this host is allowed to be an inner one.
    3. No redirect is followed, no proxy of the environment is used, and TLS checks the host's name.

    Args:
        url: http(s)://HOST[:PORT]/PATH.
        body: what to send.
        headers: beside Host and Content-Length.
        limits: of time and size.
        inner_hosts: hosts that may have inner addresses; None allows any, for addresses that the operator set.
        resolve: how to look a host up.

    Raises:
        InvalidInput: not such an address.
        NotTrusted: 2 does not hold; nothing was sent.
        Unavailable: no answer, or one that is too long or too slow.
    """
    parts = split_address(url)
    host, port = parts.hostname or "", port_of(parts)
    shown = f"{parts.scheme}://{parts.netloc}"
    try:
        addresses = resolve(host, port)  # 1
        if inner_hosts is not None and host not in inner_hosts:  # 2
            _require_global(shown, addresses)
        connection = _connection(parts.scheme, host, port, addresses[0], limits.seconds)
        try:
            deadline = time.monotonic() + limits.seconds
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            with hanging_up_after(limits.seconds, connection):
                connection.request("POST", path, body, dict(headers))
                response = connection.getresponse()
                received = _read(response, limits.most, deadline, shown)
            return Received(response.status, response.headers.get_content_type(), received)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        cause = error if str(error) else type(error).__name__
        raise Unavailable(Sentence("{shown}: {cause}", shown=shown, cause=cause)) from error


def _require_global(shown: str, addresses: list[str]) -> None:
    inner = next((address for address in addresses if not is_global(address)), None)
    if inner is not None:
        message = Sentence(
            "{shown} is the inner address {address}; nothing was sent: allow exactly this host if that is meant",
            shown=shown,
            address=inner,
        )
        raise NotTrusted(message, code="inner-address")


def _connection(
    scheme: str, host: str, port: int, address: str, seconds: float
) -> http.client.HTTPConnection:
    connection: _Pinned | _PinnedTls
    if scheme == "https":
        context = ssl.create_default_context()
        connection = _PinnedTls(host, port, timeout=seconds, context=context)
    else:
        connection = _Pinned(host, port, timeout=seconds)
    connection.pinned = address
    return connection


class _Pinned(http.client.HTTPConnection):
    """Connects to one numeric address, whatever the host's name would lead to by now."""

    pinned = ""

    def connect(self) -> None:
        """Connect to the pinned address."""
        self.sock = socket.create_connection((self.pinned, self.port), self.timeout)


class _PinnedTls(http.client.HTTPSConnection):
    """The same with TLS, whose certificate must be of the host."""

    pinned = ""

    def connect(self) -> None:
        """Connect to the pinned address, then prove the host's name."""
        plain = socket.create_connection((self.pinned, self.port), self.timeout)
        context: ssl.SSLContext = self._context  # type: ignore[attr-defined]  # where http.client itself keeps it
        self.sock = context.wrap_socket(plain, server_hostname=self.host)


def _read(response: http.client.HTTPResponse, most: int, deadline: float, shown: str) -> bytes:
    received = bytearray()
    while chunk := response.read1(_CHUNK):
        received += chunk
        if len(received) > most or time.monotonic() > deadline:
            raise Unavailable(Sentence("{shown}: the answer is too large or too slow", shown=shown))
    require_whole(response)
    return bytes(received)
