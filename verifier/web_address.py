"""Addresses that the verifier may contact: http(s)://HOST[:PORT][/PATH], without a user name."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

from certlog.errors import InvalidInput
from certlog.sentences import Sentence

DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def split_address(url: str) -> SplitResult:
    """Return the parts of an address; its port, if any, is a number.

    Raises:
        InvalidInput: another scheme, no host, a user name, or a text that is no address.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in DEFAULT_PORTS and parts.hostname and "@" not in parts.netloc and port_of(parts)
    except ValueError:
        good = False
        parts = SplitResult("", "", "", "", "")
    if not good:
        raise InvalidInput(
            Sentence("expected an http or https URL without user name, found {url!r}", url=url[:60]),
            code="bad-url",
        )
    return parts


def port_of(parts: SplitResult) -> int:
    """Return the port that an address names, or its scheme's own."""
    return DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
