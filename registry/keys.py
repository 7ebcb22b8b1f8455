"""The registry's two own private keys, as files: the log key and the key of status list credentials.

PKCS#8 PEM, Ed25519 (RFC 8410), not encrypted: the process must start unattended, so the file's mode is the
protection, and a file that others can read is refused. Issuer and operator keys never come here.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certlog.errors import InvalidInput, Unavailable
from certlog.keys import KeyType, PublicKey
from certlog.note import ED25519_NOTE, VerifierKey
from certlog.sentences import Sentence

_OWNER_ONLY = 0o600
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class FileSigner:
    """An Ed25519 key read from a file; a certlog.keys.Signer whose printed form shows no secret."""

    private_key: Ed25519PrivateKey

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        return PublicKey(KeyType.ED25519, self.private_key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature."""
        return self.private_key.sign(message)


@dataclass(frozen=True, slots=True)
class LogSigner:
    """Signs checkpoints under the log's origin; a certlog.note.NoteSigner."""

    origin: str
    signer: FileSigner

    @property
    def verifier_key(self) -> VerifierKey:
        """The key that verifiers pin: the origin and the public half."""
        return VerifierKey(self.origin, ED25519_NOTE, self.signer.public_key.raw)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of a note's text."""
        return self.signer.sign(message)


def create_key(path: Path, seed: bytes) -> FileSigner:
    """Write a new key; an existing file is never overwritten.

    Args:
        path: where; its folder exists.
        seed: 32 random bytes.

    Raises:
        InvalidInput: the file exists.
        Unavailable: the file cannot be written.
    """
    key = Ed25519PrivateKey.from_private_bytes(seed)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        message = Sentence(
            "{path} exists and is not overwritten: a log whose key is lost cannot be continued", path=path
        )
        raise InvalidInput(message, code="key-exists") from error
    except OSError as error:
        message = Sentence("cannot write {path}: {reason}", path=path, reason=error)
        raise Unavailable(message) from error
    return FileSigner(key)


def load_key(path: Path) -> FileSigner:
    """Read a key.

    Raises:
        InvalidInput: no such file, not an Ed25519 key, or a file that others may read.
    """
    try:
        if path.stat().st_mode & _OTHERS:
            message = Sentence("{path} can be read by others; make it private: chmod 600 {path}", path=path)
            raise InvalidInput(message, code="key-not-private")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        message = Sentence(
            "{path} does not exist; it was made by certlog registry init and must be "
            "restored from your own copy",
            path=path,
        )
        raise InvalidInput(message, code="no-key") from error
    except OSError as error:
        message = Sentence("cannot read {path}: {reason}", path=path, reason=error)
        raise Unavailable(message) from error
    except (ValueError, TypeError) as error:
        message = Sentence("{path} is not an unencrypted PKCS#8 PEM key", path=path)
        raise InvalidInput(message, code="bad-key") from error
    if not isinstance(key, Ed25519PrivateKey):
        message = Sentence("{path}: expected an Ed25519 key", path=path)
        raise InvalidInput(message, code="bad-key")
    return FileSigner(key)
