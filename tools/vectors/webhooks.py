"""Vectors of the monitor's webhook: what is genuine and fresh, and everything that is not."""

from collections.abc import Iterator
from typing import Final

from certlog.digests import sha256
from certlog.strict_json import JSONObject
from tools.vectors.case import Case, accepted, refused
from verifier.webhook_signature import ID, SIGNATURE, TIMESTAMP, format_secret, signed_headers

KIND: Final = "webhook"
SECRET: Final = sha256(b"certlog test webhook secret")
AT: Final = 1_795_316_400
BODY: Final = '{"alarms":[{"code":"not-mine","index":7,"what":"Chứng nhận không do tôi cấp"}],"v":1}'


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield accepted(KIND, "genuine", "Genuine and fresh.", _given(), {"id": "msg-1"})
    for name, about, at in (
        ("five-minutes-old", "Five minutes old.", AT + 300),
        ("ahead", "The receiver's clock is late.", AT - 300),
    ):
        yield accepted(KIND, name, about, _given(at=at), {"id": "msg-1"})
    two = "v1,AAAA " + _headers()[SIGNATURE]
    yield accepted(
        KIND,
        "two-signatures",
        "One of two secrets, while it is changed.",
        _given(signature=two),
        {"id": "msg-1"},
    )
    changes: tuple[tuple[str, str, JSONObject], ...] = (
        ("changed-body", "Another body.", {"body": BODY.replace("7", "8")}),
        ("changed-id", "Another id.", {"id": "msg-2"}),
        ("changed-time", "A fresher time than the one that was signed.", {"timestamp": str(AT + 1)}),
        ("other-secret", "Another secret.", {"secret": format_secret(sha256(b"another"))}),
        (
            "other-version",
            "A version of signatures that nobody knows.",
            {"signature": _headers()[SIGNATURE].replace("v1", "v0")},
        ),
        ("no-signature", "No signature.", {"signature": ""}),
        (
            "moved-dot",
            "A dot between id and time that stands elsewhere.",
            {"id": "msg-1-", "timestamp": str(AT)},
        ),
    )
    for name, about, change in changes:
        yield refused(KIND, name, about, _given() | change, "bad-webhook")
    yield refused(KIND, "replayed", "Sent again after five minutes.", _given(at=AT + 301), "old-webhook")
    yield refused(
        KIND, "from-the-future", "Dated more than five minutes ahead.", _given(at=AT - 301), "old-webhook"
    )
    yield refused(
        KIND,
        "second-spelling",
        "A time with a zero before it.",
        {**_given(), "timestamp": f"0{AT}"},
        "bad-webhook",
    )


def _headers() -> dict[str, str]:
    return signed_headers(SECRET, "msg-1", AT, BODY.encode())


def _given(*, at: int = AT, signature: str | None = None) -> JSONObject:
    headers = _headers()
    return {
        "secret": format_secret(SECRET),
        "id": headers[ID],
        "timestamp": headers[TIMESTAMP],
        "signature": headers[SIGNATURE] if signature is None else signature,
        "body": BODY,
        "at": at,
    }
