"""The one function that decides whether a certificate may be relied on (docs/formats.md, section 10).

Pure: what it knows comes in as arguments, the chain included, so that the same evidence gives the same answer
anywhere, offline and in ten years. It does not read a clock, a file or a network.
"""

from dataclasses import dataclass, replace
from typing import Final

from certlog.credential import slot_of
from certlog.digests import DocumentHash
from certlog.documents import Proof, SecuredDocument
from certlog.entry import CertificateEntry, certificate_entry
from certlog.epoch import Epoch
from certlog.errors import InvalidInput, InvalidProof
from certlog.evidence import Evidence
from certlog.scopes import Scope
from certlog.strict_json import JSONObject
from certlog.trust_root import TrustRoot
from verifier.assemble import PROVEN_CHECKS, Proven, assemble
from verifier.chain_view import ChainView
from verifier.check_anchor import check_anchor
from verifier.check_document import check_bytes, check_dates, check_entry_signature, check_signature
from verifier.check_file import File, check_file
from verifier.check_log import OpenHead, check_checkpoints, check_inclusion, open_heads, prove_epoch
from verifier.check_status import StatusFacts, StatusQuestion, check_status
from verifier.check_trust import Authority, check_issuer, check_scope
from verifier.report import Check, CheckName, Outcome, Reason, Report, failed, not_checked
from verifier.report_on import StateOn
from verifier.state_on import state_on
from verifier.verdict import LOOKS, decide

__all__ = ["File", "verify"]


def verify(  # noqa: PLR0917 - the order that docs/formats.md gives
    evidence: Evidence | None,
    trust_root: TrustRoot,
    at: int,
    chain_view: ChainView,
    file: File | None = None,
    certificate: SecuredDocument | None = None,
    entry: CertificateEntry | None = None,
    *,
    on: int | None = None,
) -> Report:
    """Check a certificate and give one verdict.

    1. Bytes and schema: the certificate is well formed and is the one that the evidence is about.
    2. Its issuer signed it, for this log and this slot.
    3. The issuer and its key were authorised up to the pinned operator key, not retired or compromised.
    4. The scope that it claims was granted and in force.
    5. It is included in every head that the evidence carries.
    6. The log signed those heads.
    7. One of them is anchored on the pinned contract (or seen there before, or cosigned by auditors).
    8. A recent epoch proves that it is neither withdrawn nor suspended.
    9. The moment lies within its dates.
    10. The file, if one was handed in, is one that the issuer bound.

    Args:
        evidence: the evidence, or None: then only checks 1, 2 and 9 can be made.
        trust_root: what the verifier pins.
        at: the moment for which it is asked, seconds since the epoch.
        chain_view: what was read from the chain, final or not, when and by whom.
        file: the file that a person handed in, if any.
        certificate: the certificate, where it travels apart from the evidence.
        entry: the log's entry, for sealed or withheld content that is not in hand: then the record is checked, and
            the verdict can be no better than "cannot check".
        on: a moment for whose state is asked too, in the past or not.

    Returns:
        A report with all ten checks. Bad evidence raises nothing: it is what the report is about.
    """
    registered = None if evidence is None else evidence.certificate
    document = certificate or registered
    if document is not None:
        seen = _seen(document, registered, trust_root.origin)  # 1, 2
    elif entry is not None:
        seen = _record(entry, trust_root.origin)
    else:
        return _without_content(at, file)
    proven = Proven(_not_checked(Reason.NO_EVIDENCE))
    if evidence is not None:
        proven = _prove(evidence, seen, trust_root, at, chain_view)  # 3 to 8
    dates = seen.unread(CheckName.DATES) if seen.content is None else check_dates(seen.content, at)  # 9
    file_check, page = check_file(file, proven.status.files)  # 10
    checks = (seen.bytes_check, seen.signature, *proven.checks, dates, file_check)
    max_age = trust_root.max_anchor_age
    report = assemble(
        seen.shown, seen.document_hash, checks, proven, max_anchor_age=max_age, at=at, page=page
    )
    if on is None or evidence is None:
        return report
    return replace(report, on=_state_on(evidence, trust_root, chain_view, (proven, checks), on))


_FOUNDATIONS: Final = frozenset(
    {
        CheckName.BYTES,
        CheckName.SIGNATURE,
        CheckName.ISSUER,
        CheckName.INCLUSION,
        CheckName.CHECKPOINT,
        CheckName.ANCHOR,
    }
)
"""Checks without which nothing that the evidence says counts."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is in hand: a document, or only the record of one.

    Attributes:
        bytes_check: check 1.
        signature: check 2.
        proof: the issuer's proof.
        document_hash: what identifies it.
        entry: how it stands in the log; None where the document is too malformed to have an entry.
        shown: the content as it came; None where only the record is known.
        content: the same, where check 1 passed.
    """

    bytes_check: Check
    signature: Check
    proof: Proof
    document_hash: DocumentHash
    entry: CertificateEntry | None
    shown: JSONObject | None
    content: JSONObject | None

    def unread(self, name: CheckName) -> Check:
        """A check that needs the content."""
        return not_checked(name, Reason.CONTENT_MISSING) if self.shown is None else _earlier(name)


def _seen(document: SecuredDocument, registered: SecuredDocument | None, origin: str) -> _Seen:
    bytes_check = check_bytes(document, registered, origin)  # 1
    return _Seen(
        bytes_check=bytes_check,
        signature=check_signature(document, origin),  # 2
        proof=document.proof,
        document_hash=document.document_hash,
        entry=_rebuilt(document),
        shown=document.content,
        content=document.content if bytes_check.outcome is Outcome.PASSED else None,
    )


def _record(entry: CertificateEntry, origin: str) -> _Seen:
    """Sealed or withheld content: everything but the content itself can be checked."""
    return _Seen(
        bytes_check=not_checked(CheckName.BYTES, Reason.CONTENT_MISSING),
        signature=check_entry_signature(entry, origin),
        proof=entry.proof,
        document_hash=entry.document_hash,
        entry=entry,
        shown=None,
        content=None,
    )


def _prove(evidence: Evidence, seen: _Seen, trust_root: TrustRoot, at: int, chain_view: ChainView) -> Proven:
    """Checks 3 to 8: all but the certificate proves to the last head, whose last leaf is the epoch."""
    heads = _heads(evidence)
    epoch = _epoch(evidence, heads)
    issuer, authority = _check_issuer(evidence, seen.proof, trust_root, heads, epoch)  # 3
    scope, scopes = _check_scope(seen, evidence.index, authority)  # 4
    leaf = None if seen.entry is None else seen.entry.leaf_hash
    inclusion = check_inclusion(leaf, evidence.index, heads)  # 5
    checkpoint = check_checkpoints(heads, trust_root)  # 6
    anchor, anchor_facts = check_anchor(heads, trust_root, chain_view)  # 7
    status, status_facts = _earlier(CheckName.STATUS), StatusFacts()
    if isinstance(epoch, Reason):
        status = failed(CheckName.STATUS, epoch)
    elif (
        authority is not None and seen.entry is not None and (seen.content is not None or seen.shown is None)
    ):
        question = StatusQuestion(
            evidence=evidence,
            entry=seen.entry,
            authority=authority,
            head=heads[-1],
            epoch=epoch,
            block_time=anchor_facts.last_head,
            at=at,
            trust_root=trust_root,
        )
        status, status_facts = check_status(question)  # 8
    checks = (issuer, scope, inclusion, checkpoint, anchor, status)
    return Proven(checks, evidence.index, authority, scopes, anchor_facts, status_facts)


def _state_on(
    evidence: Evidence,
    trust_root: TrustRoot,
    view: ChainView,
    found: tuple[Proven, tuple[Check, ...]],
    on: int,
) -> StateOn | None:
    """Answer for a moment, where all that it rests on was proven; its own checks may have failed by status or dates."""
    proven, checks = found
    failures = {check.name for check in checks if check.outcome is Outcome.FAILED}
    facts = proven.status
    if failures & _FOUNDATIONS or facts.bits is None or facts.as_of is None:
        return None
    return state_on(evidence, trust_root, view, facts.steps, bits=facts.bits, stated_at=facts.as_of, on=on)


def _check_scope(seen: _Seen, index: int, authority: Authority | None) -> tuple[Check, tuple[Scope, ...]]:
    if seen.content is None:
        return seen.unread(CheckName.SCOPE), ()
    return check_scope(seen.content, index, authority)


def _check_issuer(
    evidence: Evidence,
    proof: Proof,
    trust_root: TrustRoot,
    heads: tuple[OpenHead, ...],
    epoch: Epoch | Reason,
) -> tuple[Check, Authority | None]:
    if isinstance(epoch, Reason):
        return failed(CheckName.ISSUER, epoch), None
    return check_issuer(evidence, proof, trust_root, heads[-1], epoch)


def _heads(evidence: Evidence) -> tuple[OpenHead, ...]:
    try:
        return open_heads(evidence)
    except InvalidInput:
        return ()  # check 6 says so


def _epoch(evidence: Evidence, heads: tuple[OpenHead, ...]) -> Epoch | Reason:
    if not heads:
        return Reason.NOT_SIGNED_BY_LOG
    try:
        return prove_epoch(evidence.epoch, heads[-1])
    except InvalidProof:
        return Reason.PROOF_MISMATCH
    except InvalidInput:
        return Reason.EPOCH_NOT_LAST


def _rebuilt(document: SecuredDocument) -> CertificateEntry | None:
    """Rebuild the log entry from the document: nothing is carried twice."""
    try:
        return certificate_entry(document, slot_of(document.content))
    except InvalidInput:
        return None


def _without_content(at: int, file: File | None) -> Report:
    """Neither content nor record in hand: nothing can be said but that."""
    content = (not_checked(CheckName.BYTES, Reason.CONTENT_MISSING), _earlier(CheckName.SIGNATURE))
    file_check, page = check_file(file, ())
    checks = (*content, *_not_checked(Reason.EARLIER_CHECK), _earlier(CheckName.DATES), file_check)
    decision = decide(checks)
    return Report(decision.verdict, LOOKS[decision.verdict], checks, at, decision.reason, page=page)


def _not_checked(reason: Reason) -> tuple[Check, ...]:
    return tuple(not_checked(name, reason) for name in PROVEN_CHECKS)


def _earlier(name: CheckName) -> Check:
    return not_checked(name, Reason.EARLIER_CHECK)
