"""Signers with throw-away keys that are derived from a label, so that every run makes the same bytes.

They implement certlog.keys.Signer and certlog.note.NoteSigner. ECDSA nonces follow RFC 6979.
"""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.signing import SigningKey

from certlog.keys import P256_ORDER, KeyType, PublicKey, Signer
from certlog.note import COSIGNATURE_V1, ED25519_NOTE, VerifierKey, cosignature_message


@dataclass(frozen=True)
class Ed25519Signer:
    """Signs with Ed25519."""

    seed: bytes

    @property
    def public_key(self) -> PublicKey:
        return PublicKey(KeyType.ED25519, bytes(SigningKey(self.seed).verify_key))

    def sign(self, message: bytes) -> bytes:
        return SigningKey(self.seed).sign(message).signature


@dataclass(frozen=True)
class P256Signer:
    """Signs with ECDSA on P-256; `high_s` makes the other, forbidden form of each signature."""

    secret: int
    high_s: bool = False

    @property
    def public_key(self) -> PublicKey:
        public = ec.derive_private_key(self.secret, ec.SECP256R1()).public_key()
        return PublicKey(KeyType.P256, public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))

    def sign(self, message: bytes) -> bytes:
        key = ec.derive_private_key(self.secret, ec.SECP256R1())
        der = key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = utils.decode_dss_signature(der)
        choose = max if self.high_s else min
        return r.to_bytes(32, "big") + choose(s, P256_ORDER - s).to_bytes(32, "big")


@dataclass(frozen=True)
class LogSigner:
    """Signs notes with a log key (type 0x01) that bears `name`."""

    name: str
    seed: bytes

    @property
    def verifier_key(self) -> VerifierKey:
        return VerifierKey(self.name, ED25519_NOTE, Ed25519Signer(self.seed).public_key.raw)

    def sign(self, message: bytes) -> bytes:
        return Ed25519Signer(self.seed).sign(message)


@dataclass(frozen=True)
class Cosigner:
    """Cosigns notes at a fixed time, as a witness or an auditor does (type 0x04)."""

    name: str
    seed: bytes
    time: int

    @property
    def verifier_key(self) -> VerifierKey:
        return VerifierKey(self.name, COSIGNATURE_V1, Ed25519Signer(self.seed).public_key.raw)

    def sign(self, message: bytes) -> bytes:
        signature = Ed25519Signer(self.seed).sign(cosignature_message(message.decode(), self.time))
        return self.time.to_bytes(8, "big") + signature


def ed25519(label: str) -> Ed25519Signer:
    """Return the Ed25519 signer of a label."""
    signer = Ed25519Signer(_seed(label))
    _MADE[signer.public_key] = signer
    return signer


def p256(label: str, *, high_s: bool = False) -> P256Signer:
    """Return the P-256 signer of a label."""
    signer = P256Signer(1 + int.from_bytes(_seed(label), "big") % (P256_ORDER - 1), high_s)
    if not high_s:
        _MADE[signer.public_key] = signer
    return signer


_MADE: dict[PublicKey, Signer] = {}


def holder_of(key: PublicKey) -> Signer:
    """Return the signer that a public key was taken from in this run."""
    return _MADE[key]


def log_signer(name: str, label: str = "log") -> LogSigner:
    """Return a log's signer; the key's name is the log's origin."""
    return LogSigner(name, _seed(label))


def cosigner(name: str, *, time: int) -> Cosigner:
    """Return a cosigner of this name and time."""
    return Cosigner(name, _seed(name), time)


def _seed(label: str) -> bytes:
    """Hash a label into a seed: nobody could mistake such a key for a real one."""
    return hashlib.sha256(b"certlog test key: " + label.encode()).digest()
