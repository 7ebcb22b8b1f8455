"""A witness that works (c2sp.org/tlog-witness): it keeps the last head of one log and cosigns only what extends it.

In memory, or behind HTTP on a free port of loopback; with faults that a test can switch on.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from certlog.checkpoint import open_checkpoint
from certlog.digests import RootHash
from certlog.encoding import b64_decode
from certlog.errors import InvalidInput
from certlog.note import NoteSignature, VerifierKey, parse_note, signature_line
from certlog.tree import EMPTY_ROOT, verify_consistency
from registry.witnessing import SIZE_TYPE, WitnessAnswer
from tests.support.loopback import serving
from tests.support.signing import cosigner


@dataclass
class FakeWitness:
    """Implements registry.witnessing.WitnessLine; `asked` holds every body that came."""

    log_key: VerifierKey
    name: str = "witness.example.vn"
    now: Callable[[], int] = lambda: 1_700_000_000
    size: int = 0
    root: RootHash = EMPTY_ROOT
    asked: list[bytes] = field(default_factory=list)
    fault: Callable[[bytes], WitnessAnswer] | None = None

    @property
    def key(self) -> VerifierKey:
        return cosigner(self.name, time=0).verifier_key

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        self.asked.append(body)
        if self.fault is not None:
            return self.fault(body)
        header, _, note = body.decode().partition("\n\n")
        first, *lines = header.split("\n")
        old, proof = int(first.removeprefix("old ")), [b64_decode(line, 32) for line in lines]
        try:
            checkpoint = open_checkpoint(note, self.log_key)
        except InvalidInput:
            return WitnessAnswer(403, "text/plain", b"unknown key\n")
        if old > checkpoint.size:
            return WitnessAnswer(400, "text/plain", b"sizes\n")
        if old != self.size:
            return WitnessAnswer(409, SIZE_TYPE, f"{self.size}\n".encode())
        try:
            verify_consistency(old, self.root, checkpoint.size, checkpoint.root, proof)
        except InvalidInput:
            return WitnessAnswer(422, "text/plain", b"proof\n")
        self.size, self.root = checkpoint.size, checkpoint.root
        return WitnessAnswer(200, "text/plain", self.line(parse_note(note).text).encode())

    def line(self, text: str) -> str:
        """Return this witness's signature line under a checkpoint's text, whatever it knows."""
        signer = cosigner(self.name, time=self.now())
        return signature_line(NoteSignature(self.name, self.key.key_id, signer.sign(text.encode())))


@contextmanager
def served(answer: Callable[[BaseHTTPRequestHandler, bytes], None]) -> Iterator[str]:
    """Serve POST requests on a free port of loopback until the block ends; return the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer(self, self.rfile.read(int(self.headers.get("Content-Length", "0"))))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(Handler) as url:
        yield url


def send(handler: BaseHTTPRequestHandler, answer: WitnessAnswer) -> None:
    """Send an answer whole."""
    handler.send_response(answer.status)
    handler.send_header("Content-Type", answer.media_type)
    handler.send_header("Content-Length", str(len(answer.body)))
    handler.end_headers()
    handler.wfile.write(answer.body)


def drip(handler: BaseHTTPRequestHandler, seconds: float) -> None:
    """Send one byte of a header at a time, for a while."""
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)
