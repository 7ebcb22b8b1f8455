"""Signers over a private key held in memory: Ed25519 (RFC 8032) and ECDSA on P-256 with s in the lower half.

They implement certlog.keys.Signer. Neither shows its key: not in repr, not in an error.
"""

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from certlog.keys import P256_ORDER, SIGNATURE_BYTES, KeyType, PublicKey

_COORDINATE_BYTES: Final = 32


class Ed25519Signer:
    """Signs with an Ed25519 key, from its 32-byte seed."""

    def __init__(self, seed: bytes) -> None:
        """Derive the key pair from the seed."""
        public, self._secret = crypto_sign_seed_keypair(seed)
        self.public_key = PublicKey(KeyType.ED25519, public)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature; the same message gives the same signature."""
        return crypto_sign(message, self._secret)[:SIGNATURE_BYTES]


class P256Signer:
    """Signs with an ECDSA key on P-256."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        """Keep the key; its curve must be P-256."""
        self._key = private_key
        point = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        self.public_key = PublicKey(KeyType.P256, point)

    def sign(self, message: bytes) -> bytes:
        """Return r‖s, s in the lower half so that a signature has one form."""
        r, s = utils.decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA256())))
        low_s = min(s, P256_ORDER - s)
        return r.to_bytes(_COORDINATE_BYTES, "big") + low_s.to_bytes(_COORDINATE_BYTES, "big")
