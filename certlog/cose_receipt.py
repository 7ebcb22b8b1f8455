"""COSE receipts (RFC 9942): inclusion and consistency proofs of the log in the form that SCITT programs read.

An export, never evidence: the signature covers the root alone, so neither the size nor the index is signed, and there
is no chain, no status, no trust. Only the log key signs, and only roots that it has signed as checkpoints (ADR 0032).
Verifiable data structure 1, RFC9162_SHA256: the very tree of docs/formats.md, section 4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import cbor2

from certlog.checkpoint import Checkpoint
from certlog.digests import DIGEST_BYTES, LeafHash, RootHash
from certlog.errors import InvalidInput, InvalidProof
from certlog.keys import PublicKey, verify_signature
from certlog.note import VerifierKey
from certlog.sentences import Sentence
from certlog.tree import root_from_inclusion, verify_consistency

MAX_RECEIPT_BYTES: Final = 16 * 1024
_SIGN1_TAG: Final = 18
_ALG, _KID, _CWT, _VDS, _VDP = 1, 4, 15, 395, 396
_EDDSA: Final = -8
_RFC9162_SHA256: Final = 1
_ISS: Final = 1
_INCLUSION, _CONSISTENCY = -1, -2
_LEAST_SIZE: Final = 2
"""RFC 9942 has no receipt with an empty path."""
_PARTS: Final = 4
_MOST_HASHES: Final = 126


class LogKey(Protocol):
    """Signs with the log key, which stays where it is."""

    @property
    def verifier_key(self) -> VerifierKey:
        """The key, of type 0x01, whose name is the log's origin."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of a message."""
        ...


@dataclass(frozen=True, slots=True)
class InclusionReceipt:
    """What an inclusion receipt states; size and index are not signed."""

    size: int
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ConsistencyReceipt:
    """What a consistency receipt states; the sizes are not signed."""

    old_size: int
    new_size: int
    path: tuple[bytes, ...]


def inclusion_receipt(head: Checkpoint, index: int, path: Sequence[bytes], key: LogKey) -> bytes:
    """Return the receipt that a leaf stands at `index` under a signed head.

    Args:
        head: a head that the log key has signed as a checkpoint; its size is at least 2.
        index: the leaf's.
        path: its inclusion path.
        key: the log key.

    Raises:
        InvalidInput: the head is of a log of one entry, or of another log.
    """
    proof = cbor2.dumps([head.size, index, [*path]], canonical=True)
    return _receipt(head, _INCLUSION, proof, key)


def consistency_receipt(old_size: int, head: Checkpoint, path: Sequence[bytes], key: LogKey) -> bytes:
    """Return the receipt that a head extends the tree of its first `old_size` leaves; 1 <= old_size < head.size."""
    if not 0 < old_size < head.size:
        message = Sentence(
            "expected an old size from 1 to {most}, found {found}", most=head.size - 1, found=old_size
        )
        raise InvalidInput(message, code="bad-sizes")
    proof = cbor2.dumps([old_size, head.size, [*path]], canonical=True)
    return _receipt(head, _CONSISTENCY, proof, key)


def verify_inclusion_receipt(data: bytes, leaf: LeafHash, key: PublicKey) -> InclusionReceipt:
    """Check that the holder of a key signed a root to which this leaf leads.

    Raises:
        InvalidInput: no inclusion receipt in the form of RFC 9942.
        InvalidProof: the path has the wrong shape.
        SignatureMismatch: the signature does not fit the root that the path leads to.
    """
    protected, first, second, path, signature = _read(data, _INCLUSION)
    receipt = InclusionReceipt(first, second, path)
    root = root_from_inclusion(leaf, receipt.index, receipt.size, path)
    _verify(protected, root, signature, key)
    return receipt


def verify_consistency_receipt(
    data: bytes, old_root: RootHash, new_root: RootHash, key: PublicKey
) -> ConsistencyReceipt:
    """Check that the holder of a key signed a new root that extends an old one.

    Raises:
        InvalidInput, InvalidProof, SignatureMismatch: as for inclusion.
    """
    protected, first, second, path, signature = _read(data, _CONSISTENCY)
    receipt = ConsistencyReceipt(first, second, path)
    if receipt.old_size < 1:
        raise InvalidProof("a proof from an empty tree shows nothing")
    verify_consistency(receipt.old_size, old_root, receipt.new_size, new_root, path)
    _verify(protected, new_root, signature, key)
    return receipt


def _receipt(head: Checkpoint, kind: int, proof: bytes, key: LogKey) -> bytes:
    if head.size < _LEAST_SIZE:
        raise InvalidInput("a receipt needs a log of at least 2 entries", code="too-small")
    if key.verifier_key.name != head.origin:
        message = Sentence(
            "expected a log key named {origin!r}, found {name!r}",
            origin=head.origin,
            name=key.verifier_key.name,
        )
        raise InvalidInput(message, code="wrong-origin")
    protected = cbor2.dumps(
        {
            _ALG: _EDDSA,
            _KID: key.verifier_key.key_id,
            _CWT: {_ISS: f"https://{head.origin}"},
            _VDS: _RFC9162_SHA256,
        },
        canonical=True,
    )
    signature = key.sign(_to_be_signed(protected, head.root))
    parts = [protected, {_VDP: {kind: [proof]}}, None, signature]
    return cbor2.dumps(cbor2.CBORTag(_SIGN1_TAG, parts), canonical=True)


def _to_be_signed(protected: bytes, root: RootHash) -> bytes:
    """Return the Sig_structure of RFC 9052, section 4.4: it begins with 0x84, as no note and no text does."""
    return cbor2.dumps(["Signature1", protected, b"", bytes(root)], canonical=True)


def _verify(protected: bytes, root: RootHash, signature: bytes, key: PublicKey) -> None:
    verify_signature(key, _to_be_signed(protected, root), signature)


def _read(data: bytes, kind: int) -> tuple[bytes, int, int, tuple[bytes, ...], bytes]:
    """Return the protected header, the two numbers, the path and the signature of a receipt."""
    tagged = _decoded(data, "/")
    if not isinstance(tagged, cbor2.CBORTag) or tagged.tag != _SIGN1_TAG:
        raise _bad("/", "COSE_Sign1")
    match tagged.value:
        case [bytes(protected), Mapping() as unprotected, None, bytes(signature)]:
            _require_header(_decoded(protected, "/protected"))
            return protected, *_proof(unprotected, kind), signature
        case _:
            raise _bad("/", "a COSE_Sign1 of four parts with a detached payload")


def _require_header(header: object) -> None:
    if not isinstance(header, Mapping):
        raise _bad("/protected", "a map")
    if header.get(_VDS) != _RFC9162_SHA256:
        raise _bad("/protected/395", "vds 1 (RFC9162_SHA256)")
    if header.get(_ALG) != _EDDSA:
        raise _bad("/protected/1", "alg -8 (EdDSA)")


def _proof(unprotected: Mapping[Any, Any], kind: int) -> tuple[int, int, tuple[bytes, ...]]:
    proofs = unprotected.get(_VDP)
    found = proofs.get(kind) if isinstance(proofs, Mapping) else None
    place = f"/unprotected/396/{kind}"
    if not isinstance(found, Sequence) or len(found) != 1 or not isinstance(found[0], bytes):
        raise _bad(place, "one proof")
    match _decoded(found[0], place):
        case [int(first), int(second), [*hashes]] if not isinstance(first, bool) and not isinstance(
            second, bool
        ):
            path = tuple(
                digest for digest in hashes if isinstance(digest, bytes) and len(digest) == DIGEST_BYTES
            )
            if not 0 < len(path) == len(hashes) <= _MOST_HASHES:
                raise _bad(place, "a path of hashes")
            return first, second, path
        case _:
            raise _bad(place, "two sizes or positions and a path")


def _decoded(data: bytes, place: str) -> object:
    """Decode one item; what does not come back as the very same bytes is refused (duplicate keys, other lengths)."""
    if len(data) > MAX_RECEIPT_BYTES:
        raise _bad(place, Sentence("at most {most} bytes", most=MAX_RECEIPT_BYTES))
    try:
        value: object = cbor2.loads(data)
        if cbor2.dumps(value) != data:
            raise _bad(place, "one item in its shortest encoding")
    except (cbor2.CBORError, ValueError, TypeError, RecursionError) as error:
        raise _bad(place, "CBOR") from error
    return value


def _bad(place: str, wanted: str) -> InvalidInput:
    return InvalidInput(Sentence("expected {wanted}", wanted=wanted), place=place, code="bad-receipt")


__all__ = [
    "ConsistencyReceipt",
    "InclusionReceipt",
    "consistency_receipt",
    "inclusion_receipt",
    "verify_consistency_receipt",
    "verify_inclusion_receipt",
]
