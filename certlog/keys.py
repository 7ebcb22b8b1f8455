"""Public keys of issuers and operators, their multikey text form, DIDs, and signature checks.

Follows W3C Controlled Identifiers (Multikey), RFC 8032 for Ed25519 and FIPS 186-5 for ECDSA on P-256.
It holds no private key: a Signer is a port that the caller brings.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from certlog.encoding import base58btc, base58btc_decode
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.sentences import Sentence

SIGNATURE_BYTES: Final = 64
P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ED25519_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_ED25519_PRIME: Final = 2**255 - 19

# y coordinates of the eight points of small order, without the sign bit: such a key or R verifies
# signatures that nobody made (RFC 8032 leaves them open; C2SP CCTV lists them).
_SMALL_ORDER_Y: Final = frozenset(
    (
        0,
        1,
        _ED25519_PRIME - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    )
)

_LONGEST_METHOD: Final = 300
"""Longest verification method: a DID of 213 characters, `#` and a key of 49; nothing longer is kept in memory."""
_KEPT: Final = 4096
"""Parsed names of keys, and verified signatures, that a process keeps: less than three megabytes."""
_LONGEST_MESSAGE: Final = 512
"""Proofs sign 64 bytes, notes a few lines; nothing longer is kept in memory."""

_DID: Final = re.compile(r"did:(web|webvh|key):[A-Za-z0-9._:%-]{1,200}", re.ASCII)


class KeyType(StrEnum):
    """The two kinds of document key that a registry accepts."""

    ED25519 = "Ed25519"
    P256 = "P-256"


_CODEC: Final = {KeyType.ED25519: b"\xed\x01", KeyType.P256: b"\x80\x24"}
_RAW_BYTES: Final = {KeyType.ED25519: 32, KeyType.P256: 33}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: 32 bytes (Ed25519, RFC 8032) or 33 (P-256, compressed point, SEC 1)."""

    type: KeyType
    raw: bytes

    def __post_init__(self) -> None:
        """Refuse any other length."""
        if len(self.raw) != _RAW_BYTES[self.type]:
            raise InvalidInput(
                Sentence(
                    "expected {raw_bytes} key bytes, found {found}",
                    raw_bytes=_RAW_BYTES[self.type],
                    found=len(self.raw),
                )
            )

    @property
    def multibase(self) -> str:
        """The Multikey text: `z` + base58btc of the multicodec prefix and the key."""
        return _multibase(self.type, self.raw)

    @classmethod
    def from_multibase(cls, text: str, place: str = "") -> "PublicKey":
        """Parse a Multikey text; exactly one spelling of each key is accepted."""
        data = base58btc_decode(text[1:], max_length=40) if text.startswith("z") else b""
        for key_type, codec in _CODEC.items():
            if data.startswith(codec) and len(data) == len(codec) + _RAW_BYTES[key_type]:
                return cls(key_type, data[len(codec) :])
        message = "expected an Ed25519 (z6Mk…) or P-256 (zDn…) public key in multibase"
        raise InvalidInput(message, place=place, code="bad-key")


@lru_cache(maxsize=_KEPT)
def _multibase(key_type: KeyType, raw: bytes) -> str:
    return "z" + base58btc(_CODEC[key_type] + raw)


class Signer(Protocol):
    """Signs with a key that stays where it is: a file, a token, a browser."""

    @property
    def public_key(self) -> PublicKey:
        """The public half of the key that `sign` uses."""

    def sign(self, message: bytes) -> bytes:
        """Return 64 bytes: an Ed25519 signature, or r‖s of ECDSA-SHA-256 with s in the lower half."""


def did_key(key: PublicKey) -> str:
    """Return the did:key of a public key."""
    return f"did:key:{key.multibase}"


def check_did(text: str, place: str = "") -> str:
    """Return text if it is a DID of a method that the registry enrols (did:web, did:webvh, did:key)."""
    if not _DID.fullmatch(text):
        raise InvalidInput(
            Sentence("expected a did:web or did:key, found {text!r}", text=text[:60]),
            place=place,
            code="bad-did",
        )
    return text


def verification_method(did: str, key: PublicKey) -> str:
    """Return `<DID>#<publicKeyMultibase>`, the name of one key of one signer."""
    return f"{did}#{key.multibase}"


def split_verification_method(text: str, place: str = "") -> tuple[str, PublicKey]:
    """Return the DID and the key that a verificationMethod names."""
    if len(text) <= _LONGEST_METHOD:
        return _split_method(text, place)
    return _split_method.__wrapped__(text, place)


@lru_cache(maxsize=_KEPT)
def _split_method(text: str, place: str) -> tuple[str, PublicKey]:
    did, _, fragment = text.partition("#")
    return check_did(did, place), PublicKey.from_multibase(fragment, place)


def verify_signature(key: PublicKey, message: bytes, signature: bytes) -> None:
    """Check a 64-byte signature.

    Ed25519 is checked strictly: canonical S, canonical A and R, none of small order. ECDSA needs s in the
    lower half, so that a signature has one form.

    Raises:
        SignatureMismatch: the signature does not verify under this key.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureMismatch(
            Sentence("expected a signature of 64 bytes, found {found}", found=len(signature))
        )
    if len(message) <= _LONGEST_MESSAGE:
        _verify_once(key.type, key.raw, message, signature)
    else:
        _verify(key.type, key.raw, message, signature)


def _verify(key_type: KeyType, key: bytes, message: bytes, signature: bytes) -> None:
    match key_type:
        case KeyType.ED25519:
            _verify_ed25519(key, message, signature)
        case KeyType.P256:
            _verify_p256(key, message, signature)


@lru_cache(maxsize=_KEPT)
def _verify_once(key_type: KeyType, key: bytes, message: bytes, signature: bytes) -> None:
    """Verify what has not just been verified, byte for byte the same; a refusal is never remembered.

    The same statements and heads stand behind every certificate of a body.
    """
    _verify(key_type, key, message, signature)


def _verify_ed25519(key: bytes, message: bytes, signature: bytes) -> None:
    s = int.from_bytes(signature[32:], "little")
    if s >= _ED25519_ORDER or _is_weak_key(key) or _is_weak_point(signature[:32]):
        raise SignatureMismatch("the Ed25519 signature or key is not in the strict canonical form")
    try:
        crypto_sign_open(signature + message, key)
    except BadSignatureError as error:
        raise SignatureMismatch("the Ed25519 signature does not verify") from error


@lru_cache(maxsize=_KEPT)
def _is_weak_key(key: bytes) -> bool:
    return _is_weak_point(key)


def _is_weak_point(encoded: bytes) -> bool:
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    return y >= _ED25519_PRIME or y in _SMALL_ORDER_Y


def _verify_p256(key: bytes, message: bytes, signature: bytes) -> None:
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if s > P256_ORDER // 2:
        raise SignatureMismatch("the ECDSA signature's s is in the upper half")
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        point.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except ValueError as error:
        raise SignatureMismatch("the P-256 key is not a point of the curve") from error
    except InvalidSignature as error:
        raise SignatureMismatch("the ECDSA signature does not verify") from error
