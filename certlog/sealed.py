"""Sealed content: a certificate that only the holder of its paper can read (docs/formats.md, section 2.1).

AES-128-GCM (NIST SP 800-38D) with a fresh key for each document; the key travels in the fragment of the QR's
address only. It makes neither key nor nonce, and says nothing about whom the document's signer is.
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from certlog.digests import DocumentHash, same
from certlog.documents import MAX_DOCUMENT_BYTES, SecuredDocument, verify_proof
from certlog.encoding import b64url, b64url_decode
from certlog.errors import InvalidInput
from certlog.sentences import Sentence

KEY_BYTES: Final = 16
KEY_CHARACTERS: Final = 22
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
SEALED_OVERHEAD: Final = NONCE_BYTES + TAG_BYTES
MAX_SEALED_BYTES: Final = MAX_DOCUMENT_BYTES + SEALED_OVERHEAD
_LABEL: Final = b"certlog-sealed-v1"


def seal(document: bytes, document_hash: DocumentHash, *, key: bytes, nonce: bytes) -> bytes:
    """Return nonce ‖ ciphertext ‖ tag of a secured document's canonical bytes.

    Args:
        document: the canonical bytes, proof included.
        document_hash: what the entry in the log carries; it is bound in, so that no other entry can show this content.
        key: 16 random bytes, for this document and never for another.
        nonce: 12 random bytes.
    """
    if not 0 < len(document) <= MAX_DOCUMENT_BYTES:
        message = Sentence(
            "expected a document of 1 to {limit} bytes, found {found}",
            limit=MAX_DOCUMENT_BYTES,
            found=len(document),
        )
        raise InvalidInput(message, code="too-large")
    if len(nonce) != NONCE_BYTES:
        message = Sentence(
            "expected a nonce of {wanted} bytes, found {found}", wanted=NONCE_BYTES, found=len(nonce)
        )
        raise InvalidInput(message, code="wrong-length")
    return nonce + _cipher(key).encrypt(nonce, document, _bound(document_hash))


def open_sealed(blob: bytes, key: bytes, document_hash: DocumentHash) -> SecuredDocument:
    """Open sealed content and require that it is what was logged.

    1. It has a possible length.
    2. It was sealed with this key, for this document hash, and not changed since.
    3. What is inside is a secured document in its canonical form.
    4. Its hash is the one that was logged.
    5. Its proof verifies under the key that it names; whether that key counts is for the trust list to say.

    Raises:
        InvalidInput: one of them fails; the code tells which.
    """
    require_sealed_length(blob)  # 1
    nonce, sealed = blob[:NONCE_BYTES], blob[NONCE_BYTES:]
    try:
        data = _cipher(key).decrypt(nonce, sealed, _bound(document_hash))  # 2
    except InvalidTag as error:
        message = Sentence(
            "this key does not open the sealed content: read the whole code on the certificate again, "
            "or ask the body that issued it; if the key is right, the content was changed"
        )
        raise InvalidInput(message, code="wrong-content-key") from error
    document = SecuredDocument.parse(data)  # 3
    if document.to_bytes() != data:
        message = Sentence("expected the canonical bytes of a signed document inside the sealed content")
        raise InvalidInput(message, code="not-canonical")
    if not same(document.document_hash, document_hash):  # 4
        message = Sentence(
            "expected the document with hash {wanted}, found {found}",
            wanted=document_hash.hex(),
            found=document.document_hash.hex(),
        )
        raise InvalidInput(message, code="other-document")
    verify_proof(document.document_hash, document.proof, document.proof.key)  # 5
    return document


def require_sealed_length(blob: bytes) -> None:
    """Refuse what cannot be sealed content: all that can be told without the key.

    Raises:
        InvalidInput: too short or too long.
    """
    if not SEALED_OVERHEAD < len(blob) <= MAX_SEALED_BYTES:
        message = Sentence(
            "expected sealed content of {low} to {high} bytes, found {found}",
            low=SEALED_OVERHEAD + 1,
            high=MAX_SEALED_BYTES,
            found=len(blob),
        )
        raise InvalidInput(message, code="bad-sealed")


def key_text(key: bytes) -> str:
    """Return the 22 characters of a key that stand after the # of the QR's address."""
    _require_key(key)
    return b64url(key)


def key_from_text(text: str) -> bytes:
    """Read a key from its 22 characters.

    Raises:
        InvalidInput: it cannot be a key.
    """
    try:
        if len(text) == KEY_CHARACTERS:
            return b64url_decode(text, KEY_BYTES)
    except InvalidInput as error:
        raise _not_a_key() from error
    raise _not_a_key()


def _cipher(key: bytes) -> AESGCM:
    _require_key(key)
    return AESGCM(key)


def _bound(document_hash: DocumentHash) -> bytes:
    return _LABEL + document_hash


def _require_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        message = Sentence(
            "expected a key of {wanted} bytes, found {found}", wanted=KEY_BYTES, found=len(key)
        )
        raise InvalidInput(message, code="bad-content-key")


def _not_a_key() -> InvalidInput:
    # The text itself is never repeated: it may be a real key with one letter too many.
    message = Sentence(
        "expected the {wanted} letters, digits, - and _ after the # of the code on the certificate",
        wanted=KEY_CHARACTERS,
    )
    return InvalidInput(message, code="bad-content-key")
