"""Checks a dated status proof: was a certificate neither withdrawn nor suspended, and as of when (formats.md, 8.1).

Pure, like verifier.verify, whose checks it reuses. It answers a narrower question: it never says that a certificate is
valid, since it knows neither its content nor who authorised the issuer.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from certlog.digests import DocumentHash, same
from certlog.epoch import Epoch
from certlog.errors import InvalidInput, InvalidProof, NotTrusted
from certlog.evidence import ProvenRecord
from certlog.issuer_record import key_in_force
from certlog.sentences import Sentence
from certlog.slots import Slot
from certlog.status_proof import StatusProof
from certlog.timestamps import format_time
from certlog.tree import verify_inclusion
from certlog.trust_root import TrustRoot
from verifier.chain_view import ChainView
from verifier.check_anchor import AnchorFacts, check_anchor
from verifier.check_document import check_entry_signature
from verifier.check_log import OpenHead, check_checkpoints, check_inclusion, open_head, prove_epoch
from verifier.check_status import clock_problem, proven_bits
from verifier.report import Ages, Check, CheckName, Outcome, Reason, failed, not_checked, passed


class Standing(StrEnum):
    """What the epoch states of the certificate; the first that matches."""

    REFUSED = "refused"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The answer about one status proof.

    Attributes:
        standing: what is stated, or that the file proves nothing.
        reason: why it is not clear.
        checks: issuer's signature, key, inclusion, checkpoint, anchor, status: as in a whole verification.
        at: the moment for which it was asked.
        document_hash: the certificate.
        index: its position in the log.
        slot: its place in the lists.
        epoch: the proven epoch; its time is the registry's word.
        block_time: when the epoch's head was anchored: it was stated at the latest then. None: not known.
        ages: seconds since the statement and since the newest anchor known.
        consulted: whether the chain itself was read.
    """

    standing: Standing
    reason: Reason | None
    checks: tuple[Check, ...]
    at: int
    document_hash: DocumentHash
    index: int
    slot: Slot
    epoch: Epoch | None = None
    block_time: int | None = None
    ages: Ages = field(default_factory=Ages)
    consulted: bool = False
    is_test_chain: bool = False


_STATED: Final = {
    Reason.REVOKED_REASON_NOT_IN_FILE: Standing.REVOKED,
    Reason.SUSPENDED_REASON_NOT_IN_FILE: Standing.SUSPENDED,
}


def verify_status(
    proof: StatusProof,
    trust_root: TrustRoot,
    at: int,
    view: ChainView,
    *,
    certificate: DocumentHash | None = None,
) -> StatusReport:
    """Check a status proof.

    1. It is about the certificate in hand, if one is; the issuer signed its hash for this log and slot.
    2. The issuer's record, proven to the epoch, says that the signing key was in force at its index.
    3. The entry is included in the head; the log signed the head; no final view of the chain contradicts it.
    4. The epoch is the head's last leaf, and its time is believable.
    5. The two lists stand in the epoch's status tree: their bits are the answer.

    Args:
        proof: the parsed file.
        trust_root: what the verifier pins.
        at: seconds since the epoch; a proof does not grow stale, its age is told.
        view: what was read from the chain.
        certificate: the hash of the certificate that the proof must be about.
    """
    head = _opened(proof)
    heads = () if head is None else (head,)
    epoch = None if head is None else _epoch(proof, head)
    anchor, facts = check_anchor(heads, trust_root, view)
    checks = (
        _check_certificate(proof, trust_root.origin, certificate),  # 1
        _check_key(proof, epoch),  # 2
        check_inclusion(proof.entry.leaf_hash, proof.index, heads),  # 3
        check_checkpoints(heads, trust_root),
        anchor,
        _check_bits(proof, epoch, at, facts),  # 4, 5
    )
    standing, reason = _decide(checks)
    return StatusReport(
        standing=standing,
        reason=reason,
        checks=checks,
        at=at,
        document_hash=proof.entry.document_hash,
        index=proof.index,
        slot=proof.entry.slot,
        epoch=epoch if standing is not Standing.REFUSED else None,
        block_time=facts.last_head,
        ages=_ages(epoch, facts, at),
        consulted=facts.consulted,
        is_test_chain=facts.local,
    )


def _decide(checks: tuple[Check, ...]) -> tuple[Standing, Reason | None]:
    failures = [check for check in checks if check.outcome is Outcome.FAILED]
    broken = [check for check in failures if check.reason not in _STATED]
    if broken:
        return Standing.REFUSED, broken[0].reason
    # Inclusion cannot be checked without a head; that head then fails check 6. What is left open proves nothing.
    settled = {check.name for check in checks if check.outcome is not Outcome.NOT_CHECKED}
    if not {CheckName.SIGNATURE, CheckName.INCLUSION, CheckName.CHECKPOINT, CheckName.STATUS} <= settled:
        return Standing.REFUSED, Reason.STATUS_NOT_PROVEN
    for reason, standing in _STATED.items():
        if any(check.reason is reason for check in failures):
            return standing, reason
    return Standing.CLEAR, None


def _check_certificate(proof: StatusProof, origin: str, certificate: DocumentHash | None) -> Check:
    found = proof.entry.document_hash
    if certificate is not None and not same(found, certificate):
        return failed(
            CheckName.SIGNATURE, Reason.ANOTHER_DOCUMENT, expected=certificate.hex(), found=found.hex()
        )
    return check_entry_signature(proof.entry, origin)


def _check_key(proof: StatusProof, epoch: Epoch | None) -> Check:
    """Only what the registry's own record says; who authorised the key stands in the evidence file."""
    if epoch is None:
        return not_checked(CheckName.ISSUER, Reason.EARLIER_CHECK)
    proven, signed = proof.record, proof.entry.proof
    try:
        verify_inclusion(proven.leaf_hash, proven.index, epoch.trust_records, proven.path, epoch.trust_root)
        _require_record_of(signed.did, proven)
        key_in_force(proven.record, signed.key, proof.index)
    except InvalidProof as error:
        return failed(CheckName.ISSUER, Reason.PROOF_MISMATCH, why=str(error))
    except NotTrusted as error:
        return failed(CheckName.ISSUER, Reason.KEY_NOT_IN_FORCE, why=str(error))
    return not_checked(CheckName.ISSUER, Reason.RECORD_ONLY, found=signed.verification_method)


def _require_record_of(did: str, proven: ProvenRecord) -> None:
    if proven.record.did != did:
        message = Sentence("expected the record of {did}, found {found}", did=did, found=proven.record.did)
        raise NotTrusted(message, code="no-record")


def _check_bits(proof: StatusProof, epoch: Epoch | None, at: int, facts: AnchorFacts) -> Check:
    if epoch is None:
        return failed(CheckName.STATUS, Reason.EPOCH_NOT_LAST)
    problem = clock_problem(epoch, at=at, block_time=facts.last_head)
    if problem:
        return problem
    try:
        revoked, suspended = proven_bits(proof.lists, proof.entry.slot, epoch)
    except InvalidProof as error:
        return failed(CheckName.STATUS, Reason.PROOF_MISMATCH, why=str(error))
    except InvalidInput as error:
        return failed(CheckName.STATUS, Reason.STATUS_NOT_PROVEN, why=str(error))
    if revoked:
        found = Sentence("revocation bit set")
        return failed(CheckName.STATUS, Reason.REVOKED_REASON_NOT_IN_FILE, found=found)
    if suspended:
        found = Sentence("suspension bit set")
        return failed(CheckName.STATUS, Reason.SUSPENDED_REASON_NOT_IN_FILE, found=found)
    return passed(
        CheckName.STATUS,
        Sentence("neither withdrawn nor suspended as of {time}", time=format_time(epoch.time)),
    )


def _opened(proof: StatusProof) -> OpenHead | None:
    try:
        return open_head(proof.head)
    except InvalidInput:
        return None  # check 6 says so


def _epoch(proof: StatusProof, head: OpenHead) -> Epoch | None:
    try:
        return prove_epoch(proof.epoch, head)
    except InvalidInput:
        return None  # check 8 says so


def _ages(epoch: Epoch | None, facts: AnchorFacts, at: int) -> Ages:
    anchored = None if facts.newest is None else max(0, at - facts.newest)
    if epoch is None:
        return Ages(None, anchored)
    stated = min(epoch.time, epoch.time if facts.last_head is None else facts.last_head)
    return Ages(max(0, at - stated), anchored)
