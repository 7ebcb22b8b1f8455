"""A cloud's key service, as far as signing goes: DER signatures over digests, s in either half, no parity.

It works as AWS KMS, Google Cloud KMS and Azure Key Vault do for ECC_SECG_P256K1, behind HTTP on loopback.
"""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from anchoring.digest_signer import CURVE_ORDER, Form
from certlog.errors import Unavailable


class KeyService:
    """Signs digests with one key that it never gives out; every second signature has s in the upper half."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256K1())
        self.signed = 0
        self.broken = False

    def public_point(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, digest: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()))))
        self.signed += 1
        low = min(s, CURVE_ORDER - s)
        return encode_dss_signature(r, CURVE_ORDER - low if self.signed % 2 else low)


@dataclass
class KmsKey:
    """A DigestKey that asks a key service over HTTP: what an adapter for a real one looks like."""

    url: str
    public_key: bytes

    @property
    def form(self) -> Form:
        return "der"

    def sign_digest(self, digest: bytes) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - loopback, this test's own server
            self.url, json.dumps({"Message": digest.hex(), "MessageType": "DIGEST"}).encode()
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - as above
                return bytes.fromhex(json.load(answer)["Signature"])
        except (OSError, ValueError, KeyError) as error:
            raise Unavailable(f"the key service did not sign: {error}") from error


@contextmanager
def serving(service: KeyService) -> Iterator[KmsKey]:
    """Serve a key service on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if service.broken:
                self.send_error(503)
                return
            signature = service.sign(bytes.fromhex(body["Message"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"Signature": signature.hex()}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield KmsKey(f"http://127.0.0.1:{server.server_address[1]}/", service.public_point())
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
