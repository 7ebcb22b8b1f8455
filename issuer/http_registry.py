"""Speaks to a registry over its HTTP API, as any third party would; only the standard library.

Short timeouts, one connection a request, answers read by the strict parser and capped. The token goes over TLS
only, or to this very machine.
"""

import http.client
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from certlog.certificate_id import id_prefix_matches
from certlog.digests import DocumentHash, digest_from_text
from certlog.documents import MAX_DOCUMENT_BYTES, SecuredDocument
from certlog.encoding import b64url
from certlog.errors import CertlogError, InvalidInput, NotTrusted, Unavailable
from certlog.sentences import Sentence
from certlog.slots import Slot
from certlog.strict_json import (
    JSONObject,
    get_int,
    get_list,
    get_object,
    get_str,
    parse_object,
)
from certlog.timestamps import parse_time
from issuer.registry_port import MAX_BATCH_BYTES, MAX_ITEMS, Item, Outcome, ReservedSlots, StatusView

TIMEOUT_SECONDS: Final = 10.0
BATCH_TIMEOUT_SECONDS: Final = 120.0
"""A batch of a thousand is appended in one durable transaction before it is answered."""

_MAX_ANSWER: Final = 4 * 1024 * 1024
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_OK: Final = 300
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class RegistryAddress:
    """Scheme, host and port of a registry."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def from_text(cls, text: str) -> "RegistryAddress":
        """Parse `https://HOST[:PORT]`; plain HTTP is for this machine only."""
        try:
            parts = urlsplit(text.strip())
            address = cls(parts.scheme, parts.hostname or "", parts.port)
        except ValueError as error:
            raise _bad_address(text) from error
        if parts.scheme not in ("http", "https") or not address.host or parts.path.strip("/"):
            raise _bad_address(text)
        if parts.query or parts.fragment or parts.username or not address.host.isascii():
            raise _bad_address(text)
        if parts.scheme == "http" and address.host not in _LOOPBACK:
            message = Sentence(
                "expected https, found {text!r}: the token would travel in clear", text=text[:80]
            )
            raise InvalidInput(message, code="bad-address")
        return address

    def to_text(self) -> str:
        """Return the address without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port else "")


@dataclass(frozen=True, slots=True)
class HttpRegistry:
    """A registry behind its HTTP API; implements issuer.registry_port.Registry; says why it refuses in `language`."""

    address: RegistryAddress
    token: str = field(default="", repr=False)
    language: str = "en"

    def origin(self) -> str:
        """Return the log's origin."""
        return get_str(self._json("GET", "/api/v1/log"), "origin")

    def reserve_slots(self, count: int) -> ReservedSlots:
        """Set slots aside, in as many requests as the API's limit asks for."""
        slots: list[Slot] = []
        expires: list[int] = []
        while len(slots) < count:
            body = b'{"count":%d}' % min(count - len(slots), MAX_ITEMS)
            answer = self._json("POST", "/api/v1/slots", body)
            given = [Slot.from_json(item) for item in get_list(answer, "slots")]
            if not given:
                raise Unavailable("the registry answered without a slot")
            slots += given
            expires.append(parse_time(get_str(answer, "expires")))
        return ReservedSlots(tuple(slots), min(expires))

    def submit(self, items: Sequence[Item]) -> tuple[Outcome, ...]:
        """Log at most MAX_ITEMS items in one request."""
        if not items:
            return ()
        body = b"".join(line_of(item) for item in items)
        if len(items) > MAX_ITEMS or len(body) > MAX_BATCH_BYTES:
            raise InvalidInput(
                Sentence(
                    "expected at most {max_items} items and {max_batch_bytes} bytes a batch",
                    max_items=MAX_ITEMS,
                    max_batch_bytes=MAX_BATCH_BYTES,
                )
            )
        answer = self._request("POST", "/api/v1/batches", body, "application/x-ndjson")
        lines = [line for line in answer.split(b"\n") if line]
        if len(lines) != len(items):
            raise Unavailable(
                Sentence(
                    "expected {items_count} answers, found {found}", items_count=len(items), found=len(lines)
                )
            )
        return tuple(_outcome(parse_object(line, max_bytes=_MAX_ANSWER)) for line in lines)

    def status(self, certificate: DocumentHash) -> StatusView:
        """Return the status that the registry shows for a logged certificate."""
        answer = self._json("GET", f"/api/v1/certificates/{b64url(certificate)}/status")
        last = answer.get("last")
        if last is not None and not isinstance(last, str):
            raise InvalidInput("expected a hash or null", place="/last")
        return StatusView(
            last=DocumentHash(digest_from_text(last)) if last else None,
            suspended=answer.get("suspended") is True,
            revoked=answer.get("revoked") is True,
        )

    def last_trust_statement(self, did: str) -> DocumentHash | None:
        """Return the hash of the last trust statement about a subject: what the next one names as previous."""
        last = self._json("GET", f"/api/v1/issuers/{quote(did, safe='')}/trust").get("last")
        if last is not None and not isinstance(last, str):
            raise InvalidInput("expected a hash or null", place="/last")
        return DocumentHash(digest_from_text(last)) if last else None

    def records_of(self, did: str) -> JSONObject:
        """Return `{issuer, operator}`: what the log says of a DID, as an issuer and as the operator."""
        return self._json("GET", f"/api/v1/issuers/{quote(did, safe='')}")

    def document(self, identifier: str) -> bytes:
        """Return the published document with this id; another document than asked for is refused."""
        data = self._request("GET", f"/api/v1/certificates/{quote(identifier)}/document")
        if not id_prefix_matches(identifier, SecuredDocument.parse(data).document_hash):
            raise InvalidInput(
                Sentence("the registry answered another document for {identifier}", identifier=identifier)
            )
        return data

    def _json(self, method: str, path: str, body: bytes | None = None) -> JSONObject:
        return parse_object(self._request(method, path, body), max_bytes=_MAX_ANSWER)

    def _request(
        self, method: str, path: str, body: bytes | None = None, media_type: str = "application/json"
    ) -> bytes:
        headers = {
            "Accept": "application/json",
            "Accept-Language": self.language,
            "User-Agent": "certlog-issuer",
        }
        if body is not None:
            headers |= {"Content-Type": media_type, "Authorization": f"Bearer {self.token}"}
        connection = self._connect(
            BATCH_TIMEOUT_SECONDS if body and len(body) > MAX_ITEMS else TIMEOUT_SECONDS
        )
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            data = response.read(max(_MAX_ANSWER, MAX_DOCUMENT_BYTES) + 1)
        except (OSError, http.client.HTTPException) as error:
            message = Sentence(
                "the registry at {address} does not answer ({reason}); try again later",
                address=self.address.to_text(),
                reason=_reason(error),
            )
            raise Unavailable(message) from error
        finally:
            connection.close()
        if len(data) > _MAX_ANSWER:
            raise Unavailable("the registry's answer is too large")
        if response.status >= _OK:
            raise _problem(response.status, data)
        return data

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if self.address.scheme == "http":
            return http.client.HTTPConnection(self.address.host, self.address.port, timeout=timeout)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            self.address.host, self.address.port, timeout=timeout, context=context
        )


def line_of(item: Item) -> bytes:
    """Return the line of a batch: entry and document are JSON already and are not read again."""
    content = b"" if item.document is None else b'"document":' + item.document + b","
    content += _member(b"sealed", item.sealed) + _member(b"numberTag", item.number_tag)
    return b"{" + content + b'"entry":' + item.entry + b"}\n"


def _member(name: bytes, data: bytes | None) -> bytes:
    return b"" if data is None else b'"' + name + b'":"' + b64url(data).encode() + b'",'


def _outcome(answer: JSONObject) -> Outcome:
    match answer.get("status"):
        case "logged" | "exists" as status:
            return Outcome(status, index=get_int(answer, "index"), leaf_hash=get_str(answer, "leafHash"))
        case "refused":
            problem = get_object(answer, "problem")
            return Outcome("refused", code=_text(problem, "code", "refused"), detail=_detail(problem))
        case _:
            raise Unavailable("the registry's answer is not understood")


def _problem(status: int, data: bytes) -> CertlogError:
    try:
        problem = parse_object(data, max_bytes=_MAX_ANSWER)
    except InvalidInput:
        problem = {}
    detail = _detail(problem) or Sentence(
        "HTTP status {status}, and no reason; is the address the registry's?", status=status
    )
    if status == _UNAUTHORIZED:
        message = "the registry refused the token: it is wrong, expired or withdrawn; ask its operator for a new one"
        return NotTrusted(message, code="token-refused")
    if status == _FORBIDDEN:
        return NotTrusted(
            Sentence("the registry refused: {detail}", detail=detail), code=_text(problem, "code", "refused")
        )
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        return Unavailable(Sentence("the registry cannot do this now: {detail}", detail=detail))
    return InvalidInput(
        Sentence("the registry refused: {detail}", detail=detail), code=_text(problem, "code", "refused")
    )


def _detail(problem: JSONObject) -> str:
    place, detail = _text(problem, "place", ""), _text(problem, "detail", "")
    return f"{place}: {detail}" if place and detail else detail


def _text(problem: JSONObject, name: str, default: str) -> str:
    found = problem.get(name)
    # Shown in a terminal: the parser already refused control characters.
    return found[:500] if isinstance(found, str) else default


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return Sentence("time ran out")
    return Sentence(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _bad_address(text: str) -> InvalidInput:
    message = Sentence("expected the registry's address as https://HOST, found {text!r}", text=text[:80])
    return InvalidInput(message, code="bad-address")
