"""Signs what the monitor posts to a webhook, and checks it where it arrives: HMAC-SHA256 over id, time and body.

The form is that of Standard Webhooks (headers webhook-id, webhook-timestamp, webhook-signature; secrets `whsec_…`), so
that receivers have libraries for it. A receiver must also refuse an id that it has seen: within five minutes a message
can be sent again. Pure.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final

from certlog.encoding import b64, b64_decode
from certlog.errors import InvalidInput, NotTrusted
from certlog.sentences import Sentence

TOLERANCE: Final = 300
"""Seconds by which a message may be older than the receiver's clock, or newer."""
MAX_BODY_BYTES: Final = 64 * 1024
PREFIX: Final = "whsec_"
SECRET_BYTES: Final = (24, 64)
ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"

_VERSION: Final = "v1,"
_MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_SECONDS: Final = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_MAX_SIGNATURES: Final = 8


def parse_secret(text: str) -> bytes:
    """Read a secret: `whsec_` and 24 to 64 bytes in base64; surrounding white space is no part of it.

    Raises:
        InvalidInput: another form or length; the message never shows it.
    """
    least, most = SECRET_BYTES
    secret = b""
    try:
        secret = b64_decode(text.strip().removeprefix(PREFIX))
    except InvalidInput:
        secret = b""
    if not text.strip().startswith(PREFIX) or not least <= len(secret) <= most:
        message = Sentence(
            "expected a webhook secret: whsec_ and {least} to {most} random bytes in base64",
            least=least,
            most=most,
        )
        raise InvalidInput(message, code="bad-secret")
    return secret


def format_secret(secret: bytes) -> str:
    """Return a secret as text."""
    return PREFIX + b64(secret)


def signed_headers(secret: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a message.

    Args:
        secret: 24 to 64 bytes that sender and receiver share.
        message_id: the same in every attempt to deliver this message.
        timestamp: of this attempt, seconds since the epoch.
        body: the exact bytes that are sent.
    """
    signature = _VERSION + b64(_mac(secret, message_id, str(timestamp), body))
    return {ID: message_id, TIMESTAMP: str(timestamp), SIGNATURE: signature}


def check_webhook(secret: bytes, headers: Mapping[str, str], body: bytes, *, now: int) -> str:
    """Return the id of a message that is genuine and fresh.

    1. Size, id and time have their form.
    2. One of the signatures is of this secret, over this id, this time and this body.
    3. The time is within five minutes of `now`.
    4. What is left to the receiver: an id that it has seen in the last ten minutes is a replay.

    Args:
        secret: as parse_secret returns it.
        headers: of the request; names in any case.
        body: the exact bytes that came.
        now: the receiver's clock, seconds since the epoch.

    Raises:
        InvalidInput: 1 does not hold.
        NotTrusted: 2 or 3 does not hold: drop the message.
    """
    found = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = found.get(ID, ""), found.get(TIMESTAMP, "")
    if (
        len(body) > MAX_BODY_BYTES
        or not _MESSAGE_ID.fullmatch(message_id)
        or not _SECONDS.fullmatch(timestamp)
    ):
        raise InvalidInput("expected the headers webhook-id and webhook-timestamp", code="bad-webhook")  # 1
    expected = _mac(secret, message_id, timestamp, body)
    offered = found.get(SIGNATURE, "").split(" ")[:_MAX_SIGNATURES]
    if not any(_is(signature, expected) for signature in offered):  # 2
        raise NotTrusted(
            "the webhook's signature is not of this secret, id, time and body", code="bad-webhook"
        )
    if abs(now - int(timestamp)) > TOLERANCE:  # 3
        message = Sentence(
            "the webhook is dated {seconds} s from now: a replay?", seconds=int(timestamp) - now
        )
        raise NotTrusted(message, code="old-webhook")
    return message_id


def _mac(secret: bytes, message_id: str, timestamp: str, body: bytes) -> bytes:
    return hmac.digest(secret, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)


def _is(signature: str, expected: bytes) -> bool:
    return hmac.compare_digest(signature.encode(), (_VERSION + b64(expected)).encode())
