"""Key files of an issuing body: PKCS#8 encrypted under a passphrase with scrypt (RFC 5958, 8018, 7914).

Written by PyCryptodome, since the cryptography library writes PBKDF2 with few rounds only; read by the latter.
Beside the secret file lies `<name>.pub.json` with the DID and the public key, for the registry's operator.
"""

import base64
import binascii
import json
import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from Crypto.PublicKey import ECC
from Crypto.Util.asn1 import DerObjectId, DerSequence
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certlog.documents import Proof
from certlog.errors import InvalidInput
from certlog.keys import P256_ORDER, KeyType, PublicKey, Signer, check_did, did_key
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, get_items, get_str, members, parse_object
from issuer.signers import Ed25519Signer, P256Signer

SCRYPT_N: Final = 2**17
"""scrypt cost of a new file: about half a second and 128 MiB for each guess."""
MIN_PASSPHRASE: Final = 8
_MAX_SCRYPT_N: Final = 2**20  # 1 GiB: a foreign file must not exhaust the machine
_SCRYPT_R_P: Final = (8, 1)
_MAX_KEY_FILE: Final = 16_384
_MAX_LOGS: Final = 20
_PBES2: Final = "1.2.840.113549.1.5.13"
_SCRYPT: Final = "1.3.6.1.4.1.11591.4.11"
_PEM: Final = re.compile(
    rb"-----BEGIN ENCRYPTED PRIVATE KEY-----\n([A-Za-z0-9+/=\s]+)-----END ENCRYPTED PRIVATE KEY-----"
)


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A signer and the DID that it signs as."""

    did: str
    signer: Signer


@dataclass(frozen=True, slots=True)
class PublicPart:
    """The public half of a key file, as `<name>.pub.json` holds it.

    Attributes:
        did: whose key it is.
        key: the public key.
        possession: proofs that its holder agrees to be registered, each for one log (issuer/possession.py).
    """

    did: str
    key: PublicKey
    possession: tuple[Proof, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the JSON file, indented for people."""
        values: JSONObject = {"did": self.did, "key": self.key.multibase, "type": str(self.key.type)}
        if self.possession:
            values["possession"] = [proof.to_json() for proof in self.possession]
        return (json.dumps(values, indent=2) + "\n").encode()

    @classmethod
    def parse(cls, data: bytes) -> "PublicPart":
        """Read the JSON file; the stated type must be the key's own."""
        value = parse_object(data, max_bytes=_MAX_KEY_FILE)
        members(value, required=("did", "key", "type"), optional=("possession",))
        key = PublicKey.from_multibase(get_str(value, "key"), "/key")
        if value["type"] != key.type:
            raise InvalidInput(
                Sentence("expected {key_type}, found {found!r}", key_type=key.type, found=value["type"]),
                place="/type",
                code="bad-key",
            )
        possession: tuple[Proof, ...] = ()
        if "possession" in value:
            possession = get_items(value, "possession", "", Proof.from_json, most=_MAX_LOGS)
        return cls(check_did(get_str(value, "did"), "/did"), key, possession)


def create_key_file(
    path: Path,
    passphrase: str,
    *,
    key_type: KeyType = KeyType.ED25519,
    did: str | None = None,
    random_bytes: Callable[[int], bytes],
) -> PublicPart:
    """Make a new key pair, write its encrypted file and its public part, and return the latter.

    Neither file may exist: a key is never overwritten. The secret file is readable by its owner only.

    Args:
        path: the secret file; the public part goes beside it.
        passphrase: at least 8 characters; put into NFC, so that it opens whichever keyboard types it.
        key_type: Ed25519, or P-256 where a token or a law asks for it.
        did: a did:web that the body controls; without one, the did:key of the key itself.
        random_bytes: the source of randomness.

    Raises:
        InvalidInput: a short passphrase, a wrong DID, an existing file, or a folder that cannot be written.
    """
    secret = _passphrase_bytes(passphrase)
    if len(passphrase) < MIN_PASSPHRASE:
        message = Sentence(
            "expected a passphrase of at least {min_passphrase} characters, found {found}",
            min_passphrase=MIN_PASSPHRASE,
            found=len(passphrase),
        )
        raise InvalidInput(message, code="short-passphrase")
    key = _new_key(key_type, random_bytes)
    pem = key.export_key(
        format="PEM",
        passphrase=secret,
        use_pkcs8=True,
        protection="scryptAndAES256-CBC",
        prot_params={"iteration_count": SCRYPT_N},
    )
    public_key = PublicKey(key_type, _public_bytes(key, key_type))
    public = PublicPart(_chosen_did(did, public_key), public_key)
    if public_path(path).exists():
        raise _exists(public_path(path))
    _write_new(path, str(pem).encode() + b"\n", 0o600)
    _write_new(public_path(path), public.to_bytes(), 0o644)
    return public


def open_key_file(path: Path, passphrase: str) -> IssuerKey:
    """Decrypt a key file and return its signer with the DID of its public part.

    Raises:
        InvalidInput: no such file, not an scrypt file, a wrong passphrase, or a public part of another key.
    """
    data = _read(path)
    _require_scrypt(data)
    signer = _load(data, _passphrase_bytes(passphrase))
    public = PublicPart.parse(_read(public_path(path)))
    if public.key != signer.public_key:
        message = Sentence(
            "{public_file} belongs to another key than {key_file}",
            public_file=public_path(path).name,
            key_file=path.name,
        )
        raise InvalidInput(message, code="foreign-public-part")
    if public.did.startswith("did:key:") and public.did != did_key(public.key):
        raise InvalidInput(
            Sentence("expected {expected}, found {did}", expected=did_key(public.key), did=public.did),
            code="bad-did",
        )
    return IssuerKey(public.did, signer)


def public_path(path: Path) -> Path:
    """Return where the public part of a key file lies."""
    return path.with_name(f"{path.stem}.pub.json")


def _chosen_did(did: str | None, key: PublicKey) -> str:
    if did is None:
        return did_key(key)
    if not check_did(did).startswith("did:web:"):
        message = Sentence(
            "expected a did:web, found {did!r}; a did:key follows from the key and is the default",
            did=did[:60],
        )
        raise InvalidInput(message, code="bad-did")
    return did


def _new_key(key_type: KeyType, random_bytes: Callable[[int], bytes]) -> ECC.EccKey:
    match key_type:
        case KeyType.ED25519:
            seed = random_bytes(32)
            return ECC.construct(curve="Ed25519", seed=seed)  # type: ignore[arg-type] # its stub forgot bytes
        case KeyType.P256:
            # 64 bits more than the order has make the bias of the remainder immeasurable (FIPS 186-5, A.2.1).
            number = int.from_bytes(random_bytes(40), "big")
            return ECC.construct(curve="P-256", d=number % (P256_ORDER - 1) + 1)


def _public_bytes(key: ECC.EccKey, key_type: KeyType) -> bytes:
    match key_type:
        case KeyType.ED25519:
            return key.public_key().export_key(format="raw")
        case KeyType.P256:
            return key.public_key().export_key(format="SEC1", compress=True)


def _load(data: bytes, secret: bytes) -> Signer:
    try:
        key = load_pem_private_key(data, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: an empty passphrase
        # `from None`: the library's message may quote what it decrypted.
        message = "the passphrase is wrong, or the key file is damaged"
        raise InvalidInput(message, code="wrong-passphrase") from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return Ed25519Signer(key.private_bytes_raw())
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return P256Signer(key)
    raise InvalidInput("expected an Ed25519 or P-256 key, found another kind", code="bad-key-file")


def _require_scrypt(data: bytes) -> None:
    """Refuse a file whose passphrase is cheap to guess, or costly beyond reason to try (RFC 8018, A.4)."""
    found = _PEM.fullmatch(data.replace(b"\r\n", b"\n").strip())
    if not found:
        message = "expected one encrypted PKCS#8 key (BEGIN ENCRYPTED PRIVATE KEY)"
        raise InvalidInput(message, code="bad-key-file")
    try:
        info = DerSequence().decode(base64.b64decode(b"".join(found[1].split()), validate=True))
        scheme = DerSequence().decode(cast("bytes", info[0]))
        kdf = DerSequence().decode(cast("bytes", DerSequence().decode(cast("bytes", scheme[1]))[0]))
        names = (_object_id(scheme[0]), _object_id(kdf[0]))
        numbers = DerSequence().decode(cast("bytes", kdf[1])) if names == (_PBES2, _SCRYPT) else ("", 0, 0, 0)
        cost, *others = (numbers[i] for i in (1, 2, 3))  # N, then r and p; the first is the salt
    except (ValueError, IndexError, TypeError, binascii.Error):
        raise InvalidInput("the key file is damaged", code="bad-key-file") from None
    # Memory and time grow with r and p as they do with N.
    if not isinstance(cost, int) or not SCRYPT_N <= cost <= _MAX_SCRYPT_N or others != list(_SCRYPT_R_P):
        message = Sentence(
            "expected a key file protected by scrypt with N between {least} and {most}, r 8 and "
            "p 1; make a new key with keygen: this file's passphrase can be guessed too cheaply",
            least=SCRYPT_N,
            most=_MAX_SCRYPT_N,
        )
        raise InvalidInput(message, code="weak-key-file")


def _object_id(data: object) -> str:
    return str(DerObjectId().decode(cast("bytes", data)).value)


def _passphrase_bytes(passphrase: str) -> bytes:
    return unicodedata.normalize("NFC", passphrase).encode("utf-8")


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise InvalidInput(
            Sentence("cannot write {path}: {reason}", path=path, reason=error), code="not-writable"
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _exists(path: Path) -> InvalidInput:
    return InvalidInput(Sentence("{path} exists; a key file is never overwritten", path=path), code="exists")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_KEY_FILE)
    except OSError as error:
        raise InvalidInput(
            Sentence("cannot read {path}: {reason}", path=path, reason=error), code="not-readable"
        ) from error
