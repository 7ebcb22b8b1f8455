"""The anchoring account's key: keystore v3 files (scrypt), and a signer that holds the opened key in memory.

A passphrase is normalised to NFC first: the same Vietnamese words typed on another system open the same file.
The key pays for gas and appends; it is never a log key or an issuer's key. It sends nothing.
"""

import json
import os
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_account.types import AccessListEntry, TransactionDictType
from eth_typing import HexStr

from anchoring.batch import Attempt
from anchoring.ports import UnsignedTransaction
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.sentences import Sentence

SCRYPT_N: Final = 2**18
"""Work factor of new files: about a second and 256 MiB for each try at the passphrase."""
MIN_PASSPHRASE: Final = 8

_OWNER_ONLY: Final = 0o600
_KEY_BYTES: Final = 32
_KEYSTORE_VERSION: Final = 3
_CURVE_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


class AccountSigner:
    """A TransactionSigner whose key is in this process's memory."""

    def __init__(self, key: bytes) -> None:
        """Hold a private key of 32 bytes.

        Raises:
            InvalidInput: zero, too large, or not 32 bytes.
        """
        if len(key) != _KEY_BYTES or not 0 < int.from_bytes(key) < _CURVE_ORDER:
            raise InvalidInput(
                Sentence("expected a secp256k1 private key of {key_bytes} bytes", key_bytes=_KEY_BYTES),
                code="bad-key",
            )
        self._account: Final[LocalAccount] = Account.from_key(key)

    @property
    def address(self) -> str:
        """The account's checksummed address."""
        return str(self._account.address)

    def sign(self, transaction: UnsignedTransaction, at: int) -> Attempt:
        """Return the signed transaction. The signature is deterministic (RFC 6979)."""
        signed = self._account.sign_transaction(_fields(transaction))
        return Attempt(bytes(signed.raw_transaction), bytes(signed.hash), transaction.fees, at)


def create_keystore(
    path: Path,
    passphrase: str,
    *,
    random_bytes: Callable[[int], bytes],
    work_factor: int = SCRYPT_N,
) -> AccountSigner:
    """Make a new key and write it, encrypted, to a new file that only its owner can read.

    Args:
        path: the file; it must not exist.
        passphrase: at least MIN_PASSPHRASE characters.
        random_bytes: the source of the key.
        work_factor: scrypt's N.

    Raises:
        InvalidInput: the passphrase is too short, or the file exists.
        Unavailable: the file cannot be written.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        message = Sentence(
            "the passphrase has {passphrase_length} characters, at least {min_passphrase} are needed",
            passphrase_length=len(passphrase),
            min_passphrase=MIN_PASSPHRASE,
        )
        raise InvalidInput(message, code="short-passphrase")
    key = random_bytes(_KEY_BYTES)
    signer = AccountSigner(key)
    keystore = Account.encrypt(key, _normal(passphrase), kdf="scrypt", iterations=work_factor)
    _write_new(path, json.dumps(keystore, indent=2).encode() + b"\n")
    return signer


def open_keystore(path: Path, passphrase: str) -> AccountSigner:
    """Open a keystore v3 file.

    Raises:
        InvalidInput: no such file, not a keystore, or a wrong passphrase.
        Unavailable: the file cannot be read.
    """
    text = _read(path)
    try:
        keystore = json.loads(text)
        if not isinstance(keystore, dict) or keystore.get("version") != _KEYSTORE_VERSION:
            raise InvalidInput(
                Sentence("{path} is not a keystore of version 3", path=path), code="bad-keystore"
            )
        key = Account.decrypt(keystore, _normal(passphrase))
    except (ValueError, TypeError, KeyError) as error:
        if "MAC mismatch" in str(error):
            raise InvalidInput(
                Sentence("wrong passphrase for {path}", path=path), code="wrong-passphrase"
            ) from error
        raise InvalidInput(
            Sentence("{path} is not a keystore of version 3: {error}", path=path, error=error),
            code="bad-keystore",
        ) from error
    return AccountSigner(bytes(key))


def _fields(transaction: UnsignedTransaction) -> TransactionDictType:
    fields: dict[str, Sequence[AccessListEntry] | bytes | HexStr | int] = {
        "chainId": transaction.chain_id,
        "nonce": transaction.nonce,
        "value": 0,
        "data": transaction.data,
        "gas": transaction.gas,
    }
    if transaction.to is not None:
        fields["to"] = HexStr(transaction.to)
    fees = transaction.fees
    if fees.priority_fee is None:
        fields["gasPrice"] = fees.max_fee
    else:
        fields |= {"type": 2, "maxFeePerGas": fees.max_fee, "maxPriorityFeePerGas": fees.priority_fee}
    return fields


def _normal(passphrase: str) -> str:
    return unicodedata.normalize("NFC", passphrase)


def _read(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        message = Sentence("{path} does not exist; make it with: certlog anchor keygen", path=path)
        raise InvalidInput(message, code="no-keystore") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(Sentence("cannot read {path}: {error}", path=path, error=error)) from error
    if mode & 0o077:
        raise NotTrusted(
            Sentence(
                "{path} can be read by others (mode {mode:o}); do: chmod 600 {path}",
                path=path,
                mode=mode & 511,
            )
        )
    return text


def _write_new(path: Path, data: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError as error:
        raise InvalidInput(
            Sentence("{path} exists; a key is never overwritten", path=path), code="key-exists"
        ) from error
    except OSError as error:
        raise Unavailable(Sentence("cannot write {path}: {reason}", path=path, reason=error)) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
