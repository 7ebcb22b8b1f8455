"""Vectors of sealed content: what opens, and everything that must not."""

from collections.abc import Iterator
from typing import Final

from certlog.canonical import canonicalize
from certlog.digests import DocumentHash, sha256
from certlog.documents import SecuredDocument
from certlog.encoding import b64url
from certlog.sealed import TAG_BYTES, seal
from certlog.strict_json import JSONObject
from tests.support.signing import ed25519, p256
from tools.vectors.case import Case, accepted, refused
from tools.vectors.documents import signed

KIND: Final = "sealed"
KEY: Final = sha256(b"certlog test content key")[:16]
NONCE: Final = sha256(b"certlog test nonce")[:12]


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    document = signed(ed25519("issuer"))
    blob = _sealed(document)
    yield _accepted("eddsa", "A certificate signed with Ed25519, sealed.", document)
    yield _accepted("ecdsa", "A certificate signed with P-256, sealed.", signed(p256("issuer")))
    other_key = bytes([KEY[0] ^ 1]) + KEY[1:]
    yield _refused(
        "other-key", "One bit of the key is wrong.", document, blob, "wrong-content-key", key=other_key
    )
    for name, about, place in (
        ("changed-nonce", "One bit of the nonce is wrong.", 0),
        ("changed-content", "One bit of the ciphertext is wrong.", 40),
        ("changed-tag", "One bit of the tag is wrong.", -1),
    ):
        yield _refused(name, about, document, _flipped(blob, place), "wrong-content-key")
    yield _refused("cut", "The last byte is missing.", document, blob[:-1], "wrong-content-key")
    yield _refused(
        "empty", "Nonce and tag around nothing.", document, blob[:12] + blob[-TAG_BYTES:], "bad-sealed"
    )
    yield from _inside(document)


def _inside(document: SecuredDocument) -> Iterator[Case]:
    """What opens with the key and is not what was logged: the sealing itself proves nothing about the content."""
    other = signed(ed25519("issuer"), document.content | {"certificateNumber": "ANOTHER"})
    blob = seal(other.to_bytes(), document.document_hash, key=KEY, nonce=NONCE)
    yield _refused(
        "other-document", "Another certificate sealed for this hash.", document, blob, "other-document"
    )
    yield _refused(
        "other-hash", "Sealed for another document's hash.", other, _sealed(document), "wrong-content-key"
    )
    spaced = document.to_bytes().replace(b'{"@context"', b'{ "@context"', 1)
    blob = seal(spaced, document.document_hash, key=KEY, nonce=NONCE)
    yield _refused("not-canonical", "One space too many inside.", document, blob, "not-canonical")
    bare = canonicalize(document.content)
    blob = seal(bare, document.document_hash, key=KEY, nonce=NONCE)
    yield _refused("no-proof", "The document without its proof.", document, blob, "no-proof")
    thief = signed(ed25519("thief"), document.content).to_json()["proof"]
    forged: JSONObject = document.to_json()
    forged["proof"] = {**_object(forged["proof"]), "proofValue": _object(thief)["proofValue"]}
    blob = seal(canonicalize(forged), document.document_hash, key=KEY, nonce=NONCE)
    yield _refused("other-signature", "Another key's signature inside.", document, blob, "signature-mismatch")


def _object(value: object) -> JSONObject:
    if not isinstance(value, dict):
        message = "expected an object"
        raise TypeError(message)
    return value


def _sealed(document: SecuredDocument) -> bytes:
    return seal(document.to_bytes(), document.document_hash, key=KEY, nonce=NONCE)


def _flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def _given(document_hash: DocumentHash, blob: bytes, key: bytes = KEY) -> JSONObject:
    return {"sealed": b64url(blob), "key": b64url(key), "documentHash": b64url(document_hash)}


def _accepted(name: str, about: str, document: SecuredDocument) -> Case:
    wanted: JSONObject = {"document": document.to_bytes().decode()}
    return accepted(KIND, name, about, _given(document.document_hash, _sealed(document)), wanted)


def _refused(
    name: str, about: str, document: SecuredDocument, blob: bytes, code: str, *, key: bytes = KEY
) -> Case:
    return refused(KIND, name, about, _given(document.document_hash, blob, key), code)
