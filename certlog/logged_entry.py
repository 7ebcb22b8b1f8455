"""What one logged entry says, and all that is wrong with it by itself: the part of an audit that needs no other entry.

It can run in any process and in any order: what it returns is small, and LogReplay (log_replay.py) puts it together.
"""

from typing import Final, NamedTuple

from certlog.digests import DocumentHash, LeafHash
from certlog.documents import (
    STATUS_CHALLENGE,
    TRUST_CHALLENGE,
    Proof,
    SecuredDocument,
    certificate_challenge,
    require_binding,
    verify_proof,
)
from certlog.entry import CertificateEntry, Entry, EpochEntry, parse_entry
from certlog.epoch import Epoch
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.findings import Fault
from certlog.keys import PublicKey
from certlog.slots import LIST_SIZE
from certlog.status import StatusStatement
from certlog.tree import leaf_hash

_BINDING_CODES: Final = ("wrong-domain", "wrong-challenge")


class CertificateFact(NamedTuple):
    """A certificate entry: who signed which hash, for the slot at a position in the row of all lists."""

    document_hash: DocumentHash
    did: str
    key: PublicKey
    position: int


class StatusFact(NamedTuple):
    """A status entry: the signed document and what it states."""

    document: SecuredDocument
    statement: StatusStatement


class TrustFact(NamedTuple):
    """A trust entry. Its statement, signature and signer's right are checked by the replay (trust_state.py)."""

    document: SecuredDocument


class Problem(NamedTuple):
    """What is wrong with an entry by itself."""

    fault: Fault
    what: str


class Examined(NamedTuple):
    """One entry, looked at by itself.

    Attributes:
        leaf_hash: SHA-256(0x00 ‖ its bytes).
        fact: what it says; None where it cannot be read.
        problem: what is wrong with it; it then has no effect.
    """

    leaf_hash: LeafHash
    fact: CertificateFact | StatusFact | TrustFact | Epoch | None
    problem: Problem | None = None


def examine(data: bytes, origin: str) -> Examined:
    """Look at one entry: form, binding to this log and kind, and signature.

    Args:
        data: the leaf data, as the log serves it.
        origin: the log's origin.
    """
    return _examined(data, origin, signatures=True)


def examine_known(data: bytes, origin: str) -> Examined:
    """Do the same without the signature, for bytes whose signature was verified before.

    That these are the same bytes is for the caller to know: by the root of a tree that held them then.
    """
    return _examined(data, origin, signatures=False)


def _examined(data: bytes, origin: str, *, signatures: bool) -> Examined:
    leaf = leaf_hash(data)
    try:
        entry = parse_entry(data)
        fact = _fact(entry)
    except InvalidInput as error:
        return Examined(leaf, None, Problem(Fault.UNREADABLE, str(error)))
    try:
        _require_signed(entry, origin, signatures=signatures)
    except SignatureMismatch as error:
        fault = Fault.WRONG_BINDING if error.code in _BINDING_CODES else Fault.BAD_SIGNATURE
        return Examined(leaf, fact, Problem(fault, str(error)))
    except InvalidInput as error:
        return Examined(leaf, fact, Problem(Fault.BAD_SIGNATURE, str(error)))
    return Examined(leaf, fact)


def _fact(entry: Entry) -> CertificateFact | StatusFact | TrustFact | Epoch:
    match entry:
        case CertificateEntry(document_hash=document_hash, proof=proof, slot=slot):
            position = slot.list * LIST_SIZE + slot.index
            return CertificateFact(document_hash, proof.did, proof.key, position)
        case EpochEntry(epoch=epoch):
            return epoch
        case _ if entry.type == "status":
            return StatusFact(entry.document, StatusStatement.from_json(entry.document.content, "/document"))
        case _:
            return TrustFact(entry.document)


def _require_signed(entry: Entry, origin: str, *, signatures: bool) -> None:
    match entry:
        case EpochEntry():
            return
        case CertificateEntry(slot=slot, document_hash=document_hash, proof=proof):
            challenge = certificate_challenge(slot)
        case _:
            challenge = STATUS_CHALLENGE if entry.type == "status" else TRUST_CHALLENGE
            document_hash, proof = entry.document.document_hash, entry.document.proof
    require_binding(proof, domain=origin, challenge=challenge)
    if signatures:
        _verify(document_hash, proof)


def _verify(document_hash: DocumentHash, proof: Proof) -> None:
    verify_proof(document_hash, proof, proof.key)
