"""Delivers the monitor's messages to a webhook: signed (verifier/webhook_signature.py), to public addresses only.

The address is resolved once and inner addresses are refused, unless exactly this host was allowed; without that, only
https is spoken. No redirect is followed. Any status of 200 to 299 counts as delivered.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from cli.outgoing import Limits, post
from verifier.webhook_signature import format_secret, parse_secret, signed_headers

LIMITS: Final = Limits(seconds=5, most=64 * 1024)
_SECRET_BYTES: Final = 32
_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook: its address, the secret, and the hosts that may have inner addresses."""

    url: str
    secret: bytes = field(repr=False)
    inner_hosts: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse an address without TLS, unless its host was allowed to be an inner one."""
        parts = urlsplit(self.url)
        if parts.scheme != "https" and (parts.hostname or "") not in self.inner_hosts:
            message = Sentence("expected an https address of a webhook, found {url!r}", url=self.url[:80])
            raise InvalidInput(message, code="bad-url")

    def send(self, message_id: str, body: str, *, now: int) -> None:
        """Deliver one message.

        Raises:
            NotTrusted: the host has an inner address that was not allowed; nothing was sent.
            Unavailable: it was not taken.
        """
        data = body.encode()
        headers = {"Content-Type": "application/json", **signed_headers(self.secret, message_id, now, data)}
        answer = post(self.url, data, headers, LIMITS, inner_hosts=self.inner_hosts)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - the statuses that mean "taken"
            raise Unavailable(Sentence("the webhook answered {status}", status=answer.status))


def read_secret(path: Path) -> bytes:
    """Read the secret's file, which is for its owner only; make it, with a new secret, where there is none.

    Raises:
        InvalidInput: others can read it, or it holds no secret.
        Unavailable: it cannot be read or made.
    """
    try:
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(format_secret(os.urandom(_SECRET_BYTES)) + "\n")
        if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            raise InvalidInput(
                Sentence("others can read {path}: chmod 600 {path}", path=path), code="open-secret"
            )
        return parse_secret(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(Sentence("cannot read {path}: {reason}", path=path, reason=error)) from error
