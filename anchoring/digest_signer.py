"""Signs transactions with a key that only signs digests: a token, an HSM, a cloud's key service.

Such a key gives r and s, in raw bytes (PKCS#11) or in DER (the clouds), with s in either half and without saying which
of two public keys it belongs to. `recoverable` makes of that what a chain takes: s in the lower half (EIP-2) and v.
Transactions are encoded as EIP-155 (type 0) and EIP-1559 (type 2) say. Keys in files are keystore.py's.
"""

from dataclasses import dataclass
from typing import Final, Literal, Protocol

import coincurve
import rlp
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from anchoring.batch import Attempt, Fees
from anchoring.contract import ADDRESS_BYTES, checksummed, keccak256
from anchoring.ports import UnsignedTransaction
from certlog.errors import NotTrusted
from certlog.sentences import Sentence

CURVE_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

_HALF: Final = 32
_DYNAMIC_FEE: Final = b"\x02"
_EIP155: Final = 35

Form = Literal["raw", "der"]
"""How a key writes its signatures: r and s of 32 bytes each, or a DER sequence of two integers."""


class DigestKey(Protocol):
    """A secp256k1 key somewhere else."""

    @property
    def public_key(self) -> bytes:
        """The point, uncompressed: 0x04, x and y, 65 bytes."""
        ...

    @property
    def form(self) -> Form:
        """How signatures are written."""
        ...

    def sign_digest(self, digest: bytes) -> bytes:
        """Return an ECDSA signature of 32 bytes as they are, not hashed again.

        Raises:
            Unavailable: the key could not be reached; asking again later may help.
        """
        ...


@dataclass(frozen=True, slots=True)
class Recoverable:
    """A signature as a transaction carries it: 0 < s <= n/2, parity 0 or 1."""

    r: int
    s: int
    parity: int


class DigestSigner:
    """A TransactionSigner over any DigestKey."""

    def __init__(self, key: DigestKey) -> None:
        """Take the key; nothing is signed yet.

        Raises:
            NotTrusted: its public key is not a point of secp256k1.
        """
        self._key: Final = key
        self._address: Final = account_of(key.public_key)

    @property
    def address(self) -> str:
        """The account's checksummed address."""
        return self._address

    def sign(self, transaction: UnsignedTransaction, at: int) -> Attempt:
        """Return the signed transaction.

        Raises:
            Unavailable: the key could not be reached.
            NotTrusted: what came back is no signature by this key.
        """
        digest = keccak256(_encoded(transaction, ()))
        signature = recoverable(self._key.sign_digest(digest), self._key.form, digest, self._address)
        raw = _encoded(transaction, _tail(transaction, signature))
        return Attempt(raw, keccak256(raw), transaction.fees, at)


def recoverable(signature: bytes, form: Form, digest: bytes, address: str) -> Recoverable:
    """Return a signature with s in the lower half and the parity that leads back to the address.

    Args:
        signature: what the key gave.
        form: how it is written.
        digest: the 32 bytes that were signed.
        address: the key's account, checksummed.

    Raises:
        NotTrusted: not a signature, or not of these bytes by this key.
    """
    r, s = _numbers(signature, form)
    if 0 < r < CURVE_ORDER and 0 < s < CURVE_ORDER:
        low = _lower(s)
        for parity in (0, 1):
            if _recovers(r, low, parity, digest) == address:
                return Recoverable(r, low, parity)
    raise NotTrusted(
        Sentence("the key of {address} gave a signature that is not its own", address=address),
        code="bad-signature",
    )


def account_of(public_key: bytes) -> str:
    """Return the checksummed address of an uncompressed public key.

    Raises:
        NotTrusted: not a point of secp256k1.
    """
    try:
        point = coincurve.PublicKey(public_key).format(compressed=False)
    except ValueError as error:
        raise NotTrusted(
            Sentence("expected a public key on secp256k1, found {count} other bytes", count=len(public_key)),
            code="bad-key",
        ) from error
    return checksummed(keccak256(point[1:])[-ADDRESS_BYTES:])


def _numbers(signature: bytes, form: Form) -> tuple[int, int]:
    """Read r and s; (0, 0), which no signature has, where there are none."""
    if form == "raw":
        if len(signature) != 2 * _HALF:
            return 0, 0
        return int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
    try:
        return decode_dss_signature(signature)
    except ValueError:
        return 0, 0


def _lower(s: int) -> int:
    """EIP-2: of s and n - s, which are both right, chains take the smaller one."""
    return min(s, CURVE_ORDER - s)


def _recovers(r: int, s: int, parity: int, digest: bytes) -> str | None:
    compact = r.to_bytes(_HALF) + s.to_bytes(_HALF) + bytes([parity])
    try:
        point = coincurve.PublicKey.from_signature_and_message(compact, digest, hasher=None)
    except ValueError:  # r is no x of a point
        return None
    return account_of(point.format(compressed=False))


def _encoded(transaction: UnsignedTransaction, tail: tuple[int, ...]) -> bytes:
    """Return what is signed (no tail yet), or what is sent: RLP, with the type's byte before it."""
    to = b"" if transaction.to is None else bytes.fromhex(transaction.to.removeprefix("0x"))
    call = [transaction.gas, to, 0, transaction.data]
    fees = transaction.fees
    if fees.priority_fee is None:
        return bytes(rlp.encode([transaction.nonce, fees.max_fee, *call, *(tail or _unsigned(transaction))]))
    head = [transaction.chain_id, transaction.nonce, fees.priority_fee, fees.max_fee]
    return _DYNAMIC_FEE + bytes(rlp.encode([*head, *call, [], *tail]))


def _unsigned(transaction: UnsignedTransaction) -> tuple[int, ...]:
    """EIP-155: the chain id stands where the signature will."""
    return (transaction.chain_id, 0, 0)


def _tail(transaction: UnsignedTransaction, signature: Recoverable) -> tuple[int, ...]:
    legacy = _is_legacy(transaction.fees)
    v = signature.parity + (2 * transaction.chain_id + _EIP155 if legacy else 0)
    return (v, signature.r, signature.s)


def _is_legacy(fees: Fees) -> bool:
    return fees.priority_fee is None
