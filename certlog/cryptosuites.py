"""The W3C Data Integrity cryptosuites eddsa-jcs-2022 and ecdsa-jcs-2019 (P-256), for any document and proof.

Both hash the canonical proof options and the canonical document and sign the 64 bytes of the two hashes.
The narrower proof profile of a registry is in documents.py.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from certlog.canonical import canonicalize
from certlog.digests import DocumentHash, sha256
from certlog.encoding import base58btc, base58btc_decode
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.keys import SIGNATURE_BYTES, KeyType, PublicKey, Signer, verify_signature
from certlog.sentences import Sentence

SUITES: Final[Mapping[str, KeyType]] = {
    "eddsa-jcs-2022": KeyType.ED25519,
    "ecdsa-jcs-2019": KeyType.P256,
}
"""The allow-list: a suite name, and the only kind of key that it may be used with."""

_LONGEST_VALUE: Final = 96
"""A proofValue has at most 89 characters; nothing longer is kept in memory."""

SUITE_OF: Final = {key_type: suite for suite, key_type in SUITES.items()}


def hash_data(
    document: Mapping[str, object], proof_options: Mapping[str, object]
) -> tuple[DocumentHash, bytes]:
    """Return (documentHash, proofHash), 32 bytes each.

    Args:
        document: the document without its proof.
        proof_options: the proof without proofValue.

    Source: VC Data Integrity EdDSA 3.3.4, ECDSA 3.3.4 (hashing).
    """
    return DocumentHash(sha256(canonicalize(document))), sha256(canonicalize(proof_options))


def signed_bytes(document_hash: DocumentHash, proof_hash: bytes) -> bytes:
    """Return the 64 bytes that are signed: proofHash ‖ documentHash."""
    return proof_hash + document_hash


def sign(document_hash: DocumentHash, proof_options: Mapping[str, object], signer: Signer) -> str:
    """Return the proofValue for proof options that name the signer's own suite."""
    _require_suite(proof_options.get("cryptosuite"), signer.public_key)
    message = signed_bytes(document_hash, sha256(canonicalize(proof_options)))
    return "z" + base58btc(_of_signature_length(signer.sign(message)))


def verify(document_hash: DocumentHash, proof: Mapping[str, object], key: PublicKey) -> None:
    """Check a proof (with its proofValue) over a document hash.

    Raises:
        InvalidInput: unknown suite, or a suite that does not fit the key.
        SignatureMismatch: the signature does not verify.
    """
    _require_suite(proof.get("cryptosuite"), key)
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    message = signed_bytes(document_hash, sha256(canonicalize(options)))
    verify_signature(key, message, signature_from_text(proof.get("proofValue")))


def signature_from_text(proof_value: object) -> bytes:
    """Return the 64 bytes of a proofValue: `z` + base58btc."""
    if not isinstance(proof_value, str) or not proof_value.startswith("z"):
        raise SignatureMismatch("proofValue is not multibase base58btc")
    if len(proof_value) > _LONGEST_VALUE:
        return _decoded.__wrapped__(proof_value)
    return _decoded(proof_value)


@lru_cache(maxsize=1024)
def _decoded(proof_value: str) -> bytes:
    # Kept, since a proof is parsed, verified, and met again in the document beside its entry.
    return _of_signature_length(base58btc_decode(proof_value[1:], max_length=SIGNATURE_BYTES))


def _of_signature_length(signature: bytes) -> bytes:
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureMismatch(
            Sentence(
                "proofValue: expected {signature_bytes} bytes, found {found}",
                signature_bytes=SIGNATURE_BYTES,
                found=len(signature),
            )
        )
    return signature


def _require_suite(suite: object, key: PublicKey) -> None:
    wanted = SUITES.get(suite) if isinstance(suite, str) else None
    if wanted is None:
        raise InvalidInput(
            Sentence("expected one of {suites}, found {suite!r}", suites=", ".join(SUITES), suite=suite),
            code="unknown-suite",
        )
    if wanted is not key.type:
        message = Sentence(
            "suite {suite} wants a {wanted} key, the registered key is {key_type}",
            suite=suite,
            wanted=wanted,
            key_type=key.type,
        )
        raise InvalidInput(message, code="suite-key-mismatch")
