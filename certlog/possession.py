"""Proof of possession: the holder of a private key agrees to its registration under one DID in one log.

The key signs a small document that names the DID and the key, for the log's origin (docs/formats.md, section 1.3).
No nonce is needed: what is signed can be used for nothing but registering this very key for this very DID there.
"""

from typing import Final

from certlog.canonical import canonicalize
from certlog.digests import DocumentHash, sha256
from certlog.documents import Proof, require_binding, secure, verify_proof
from certlog.errors import InvalidInput
from certlog.keys import PublicKey, Signer
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject

POSSESSION_CHALLENGE: Final = "possession"


def prove_possession(signer: Signer, did: str, *, origin: str, created: int | str) -> Proof:
    """Sign, with the key itself, that it may be registered for a DID.

    Args:
        signer: holds the private key.
        did: whose key it becomes.
        origin: the log in which it may be registered.
        created: when it is signed: seconds since the epoch, or text.
    """
    content = _document(did, signer.public_key)
    return secure(
        content, signer=signer, did=did, domain=origin, challenge=POSSESSION_CHALLENGE, created=created
    ).proof


def verify_possession(proof: Proof, did: str, key: PublicKey, *, origin: str, place: str = "") -> None:
    """Require that the holder of a key agreed to its registration for a DID in this log.

    Raises:
        InvalidInput: the proof names another DID or key (code "no-possession").
        SignatureMismatch: it is made for another log or purpose, or does not verify.
    """
    if proof.did != did or proof.key != key or proof.context is not None:
        message = Sentence(
            "expected a proof that {did} holds the key {key}, found one of {method}",
            did=did,
            key=key.multibase,
            method=proof.verification_method,
        )
        raise InvalidInput(message, place=f"{place}/possession", code="no-possession")
    require_binding(proof, domain=origin, challenge=POSSESSION_CHALLENGE)
    verify_proof(DocumentHash(sha256(canonicalize(_document(did, key)))), proof, key)


def _document(did: str, key: PublicKey) -> JSONObject:
    return {
        "kind": "possession",
        "subject": did,
        "key": {"id": key.multibase, "type": key.type.value},
    }
