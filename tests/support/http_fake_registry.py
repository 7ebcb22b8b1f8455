"""The fake registry behind HTTP on a free loopback port, with the paths and bodies of the real API."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from certlog.canonical import canonicalize
from certlog.certificate_id import certificate_id
from certlog.digests import DocumentHash, digest_from_text
from certlog.encoding import b64url, b64url_decode
from certlog.entry import CertificateEntry, parse_entry
from certlog.errors import InvalidInput
from certlog.strict_json import JSONObject, get_int, get_object, get_str, parse_object
from certlog.timestamps import format_time
from issuer.registry_port import Item, Outcome
from tests.support.fake_registry import FakeRegistry

TOKEN = "the-token-of-the-tests"
_MAX_BODY = 32 * 1024 * 1024


@dataclass
class HttpFake:
    """A running server: its address, its registry, the requests that it saw, and how it misbehaves."""

    address: str
    registry: FakeRegistry
    requests: list[tuple[str, str]] = field(default_factory=list)
    instead: Callable[[str], tuple[int, bytes]] | None = None
    """Gives every answer, in place of the registry."""
    stop_at: str = ""
    """A path at which the connection is closed without an answer."""


@contextmanager
def serving(registry: FakeRegistry) -> Iterator[HttpFake]:
    """Serve a fake registry while the block runs."""

    class Handler(_Handler):
        """Bound to this registry, so that several may be served at once."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake = HttpFake(f"http://127.0.0.1:{server.server_address[1]}", registry)
    Handler.fake = fake
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    fake: ClassVar[HttpFake]

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        self._serve(self.headers.get("Authorization", ""))

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self, authorization: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.fake.requests.append((self.command, self.path))
        if self.path == self.fake.stop_at:
            self.close_connection = True
            return
        if self.fake.instead is not None:
            status, data = self.fake.instead(self.path)
        elif self.command == "POST" and authorization != f"Bearer {TOKEN}":
            status, data = _problem(401, "unauthorized", "no such token")
        else:
            try:
                status, data = self._answer(body)
            except InvalidInput as error:
                status, data = _problem(404 if error.code == "not-found" else 422, error.code, error.message)
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _answer(self, body: bytes) -> tuple[int, bytes]:
        registry, parts = self.fake.registry, self.path.strip("/").split("/")[2:]
        match (self.command, *parts):
            case ("GET", "log"):
                return 200, canonicalize({"origin": registry.origin(), "size": len(registry.entries)})
            case ("POST", "slots"):
                reserved = registry.reserve_slots(get_int(parse_object(body, max_bytes=_MAX_BODY), "count"))
                slots = [slot.to_json() for slot in reserved.slots]
                return 201, canonicalize({"slots": slots, "expires": format_time(reserved.expires)})
            case ("POST", "batches"):
                lines = [parse_object(line, max_bytes=_MAX_BODY) for line in body.rstrip(b"\n").split(b"\n")]
                items = [_item(line) for line in lines]
                answers = zip(items, registry.submit(items), strict=True)
                return 200, b"".join(_line(i, *answer) for i, answer in enumerate(answers, start=1))
            case ("GET", "certificates", name, "status"):
                view = registry.status(DocumentHash(digest_from_text(name)))
                last = None if view.last is None else b64url(view.last)
                return 200, canonicalize({"last": last, "suspended": view.suspended, "revoked": view.revoked})
            case ("GET", "certificates", name, "document"):
                return 200, registry.document(name)
            case _:
                return _problem(404, "not-found", self.path)


def _item(line: JSONObject) -> Item:
    document = canonicalize(get_object(line, "document")) if "document" in line else None
    sealed = b64url_decode(get_str(line, "sealed")) if "sealed" in line else None
    tag = b64url_decode(get_str(line, "numberTag")) if "numberTag" in line else None
    return Item(canonicalize(get_object(line, "entry")), document, sealed, tag)


def _line(number: int, item: Item, outcome: Outcome) -> bytes:
    answer: dict[str, object] = {"line": number, "status": outcome.status}
    if outcome.status == "refused":
        answer["problem"] = json.loads(_problem(422, outcome.code, outcome.detail)[1])
    else:
        entry = parse_entry(item.entry)
        answer |= {"index": outcome.index, "leafHash": outcome.leaf_hash}
        answer["id"] = certificate_id(entry.document_hash) if isinstance(entry, CertificateEntry) else None
    return json.dumps(answer, ensure_ascii=False).encode() + b"\n"


def _problem(status: int, code: str, detail: str) -> tuple[int, bytes]:
    problem = {"type": "about:blank", "title": "problem", "status": status, "code": code, "detail": detail}
    return status, json.dumps(problem, ensure_ascii=False).encode()
