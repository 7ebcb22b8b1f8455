"""The registry's answer about an id: the checks of verifier.verify over what this registry holds.

It never asks a chain: check 7 rests on what the anchoring worker read, and the answer says when that was. An event
that is logged but not yet in an epoch shows at once, and is said to rest on the registry's answer only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from certlog.certificate_id import certificate_id, parse_id
from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument
from certlog.entry import CertificateEntry
from certlog.errors import InvalidInput, MistypedId, Unavailable
from certlog.evidence import Evidence
from certlog.profiles import is_confidential, public_members
from certlog.sentences import Sentence
from certlog.status import CertificateStatus, StatusAction
from certlog.status_proof import StatusProof
from certlog.timestamps import parse_time
from certlog.trust_root import TrustRoot
from registry.evidence import AnchoredHead
from registry.service import CertificateView
from verifier.chain_view import ChainView
from verifier.report import (
    Check,
    CheckName,
    Outcome,
    Reason,
    Report,
    StatusChange,
    Verdict,
    failed,
    not_checked,
)
from verifier.unproven import nothing_checked
from verifier.verdict import LOOKS
from verifier.verify import verify
from web.problems import NotFound
from web.services import Answer

ANCHOR_WAIT: Final = 24 * 3600
"""Seconds within which a new entry is expected to be anchored, for the word "expected by"."""

_PROVEN_BY_EPOCH: Final = (
    CheckName.ISSUER,
    CheckName.SCOPE,
    CheckName.INCLUSION,
    CheckName.CHECKPOINT,
    CheckName.ANCHOR,
    CheckName.STATUS,
)
_STATUS_CAN_CHANGE: Final = frozenset(
    {
        Verdict.SUSPENDED,
        Verdict.NOT_YET_VALID,
        Verdict.EXPIRED,
        Verdict.PENDING,
        Verdict.VALID,
        Verdict.CANNOT_CHECK,
    }
)
"""Verdicts that a newer status event outranks."""

_OF_ACTION: Final = {
    StatusAction.SUSPEND: (Verdict.SUSPENDED, Reason.SUSPENDED),
    StatusAction.WITHDRAW: (Verdict.WITHDRAWN, Reason.WITHDRAWN),
    StatusAction.CANCEL: (Verdict.CANCELLED, Reason.CANCELLED),
    StatusAction.SUPERSEDE: (Verdict.SUPERSEDED, Reason.SUPERSEDED),
}


class Holder(Protocol):
    """What this needs of registry.service.Registry."""

    def certificate_by_id(self, text: str) -> CertificateView | None:
        """Return the certificate with an id."""
        ...

    def evidence(self, document_hash: DocumentHash, anchored: Sequence[AnchoredHead] = ()) -> Evidence:
        """Return its evidence; Unavailable before its first epoch is signed."""
        ...

    def status_proof(
        self,
        document_hash: DocumentHash,
        anchored: Sequence[AnchoredHead] = (),
        *,
        on: int | None = None,
        needs_anchor: bool = False,
    ) -> StatusProof:
        """Return what an epoch states of it; Unavailable where none answers."""
        ...

    def document(self, document_hash: DocumentHash) -> bytes | None:
        """Return its published content."""
        ...

    def sealed(self, document_hash: DocumentHash) -> bytes | None:
        """Return its sealed content."""
        ...


@dataclass(frozen=True, slots=True)
class AnchorKnowledge:
    """The first and the newest final head that contain an entry, and what was read of the chain about them."""

    heads: tuple[AnchoredHead, ...]
    chain_view: ChainView


class Anchored(Protocol):
    """What this needs of web.anchors."""

    def about(self, index: int) -> AnchorKnowledge:
        """Return what is known of the anchors of an entry."""
        ...


class RegistryAnswers:
    """Implements web.services.Answers over a registry."""

    def __init__(
        self, holder: Holder, anchored: Anchored, trust_root: TrustRoot, now: Callable[[], int]
    ) -> None:
        """Take the registry, the anchors, what a verifier pins, and the clock."""
        self._holder = holder
        self._anchored = anchored
        self._trust_root = trust_root
        self._now = now

    def by_id(self, typed: str) -> Answer:
        """Answer about an id as someone typed it."""
        try:
            identifier = parse_id(typed)
        except MistypedId:
            return self._without_certificate(typed, Verdict.MISTYPED, Reason.MISTYPED_ID)
        view = self._holder.certificate_by_id(identifier)
        if view is None:
            return self._without_certificate(identifier, Verdict.UNKNOWN, Reason.NO_SUCH_ID)
        anchors = self._anchored.about(view.index)
        report = only_public(with_newest_status(self._report(view, anchors), view.status))
        replaced_by = view.status.replaced_by
        replacement = None if replaced_by is None else certificate_id(replaced_by)
        return Answer(identifier, report, anchors.chain_view, replacement, view.is_sealed)

    def evidence(self, typed: str) -> bytes:
        """Return a certificate's evidence file."""
        view = self._require(typed)
        return self._holder.evidence(view.document_hash, self._anchored.about(view.index).heads).to_bytes()

    def status_proof(self, typed: str, *, on: int | None = None, needs_anchor: bool = False) -> bytes:
        """Return a certificate's dated status proof."""
        view = self._require(typed)
        heads = self._anchored.about(view.index).heads
        found = self._holder.status_proof(view.document_hash, heads, on=on, needs_anchor=needs_anchor)
        return found.to_bytes()

    def document(self, typed: str) -> bytes:
        """Return a certificate's published content."""
        found = self._holder.document(self._require(typed).document_hash)
        if found is None:
            message = "the issuer did not publish this certificate's content: ask its holder"
            raise NotFound(message)
        return found

    def sealed(self, typed: str) -> bytes:
        """Return a certificate's sealed content."""
        found = self._holder.sealed(self._require(typed).document_hash)
        if found is None:
            message = "no sealed content of this certificate is here"
            raise NotFound(message)
        return found

    def _require(self, typed: str) -> CertificateView:
        view = self._holder.certificate_by_id(parse_id(typed))
        if view is None:
            message = "this registry has no certificate with this id"
            raise NotFound(message)
        return view

    def _report(self, view: CertificateView, anchors: AnchorKnowledge) -> Report:
        at = self._now()
        try:
            evidence = self._holder.evidence(view.document_hash, anchors.heads)
        except Unavailable:
            return before_first_epoch(view.document, self._trust_root, at, view.entry)
        return verify(evidence, self._trust_root, at, anchors.chain_view, entry=view.entry)

    def _without_certificate(self, typed: str, verdict: Verdict, reason: Reason) -> Answer:
        return Answer(typed, nothing_checked(verdict, reason, at=self._now()), ChainView())


def only_public(report: Report) -> Report:
    """Return the report with what anyone may be shown: of a customer's own content, the few public members.

    Such content is refused at submission; this holds whatever a database may come to contain.
    """
    try:
        confidential = report.content is not None and is_confidential(report.content)
    except InvalidInput:
        return report  # no certificate of ours: the verdict is "altered", and shows nothing
    if report.content is None or not confidential:
        return report
    return replace(report, content=public_members(report.content))


def before_first_epoch(
    document: SecuredDocument | None, trust_root: TrustRoot, at: int, entry: CertificateEntry
) -> Report:
    """Return the report on a certificate that is logged and whose first epoch is still to come.

    What the content itself proves is checked; the rest is the registry's answer until then: pending.
    """
    report = verify(None, trust_root, at, ChainView(), certificate=document, entry=entry)
    if any(check.outcome is Outcome.FAILED for check in report.checks):
        return report
    proven = [name for name in _PROVEN_BY_EPOCH if document is not None or name is not CheckName.SCOPE]
    checks = tuple(_by_registry(check) if check.name in proven else check for check in report.checks)
    return replace(
        report,
        verdict=Verdict.PENDING,
        look=LOOKS[Verdict.PENDING],
        reason=Reason.NOT_ANCHORED_YET,
        checks=checks,
        anchor_expected_by=at + ANCHOR_WAIT,
    )


def with_newest_status(report: Report, status: CertificateStatus) -> Report:
    """Return the report as it stands after an event that is newer than the evidence's epoch.

    Only towards less: a reinstatement waits for the epoch that proves it.
    """
    known = (
        status.action is not None and report.status is not None and report.status.index == status.event_index
    )
    if known or report.verdict not in _STATUS_CAN_CHANGE or not (status.revoked or status.suspended):
        return report
    if status.action not in _OF_ACTION or status.event_index is None:
        return report
    verdict, reason = _OF_ACTION[status.action]
    why = Sentence(
        "entry {event_index}; by the registry's answer only until the next epoch",
        event_index=status.event_index,
    )
    checks = tuple(
        failed(CheckName.STATUS, reason, why=why) if check.name is CheckName.STATUS else check
        for check in report.checks
    )
    change = StatusChange(
        action=status.action.value,
        reason=status.reason or "",
        effective=report.at if status.effective is None else parse_time(status.effective),
        index=status.event_index,
        replaced_by=status.replaced_by,
    )
    return replace(report, verdict=verdict, look=LOOKS[verdict], reason=reason, checks=checks, status=change)


def _by_registry(check: Check) -> Check:
    reason = Reason.NOT_ANCHORED_YET if check.name is CheckName.ANCHOR else Reason.REGISTRY_ANSWER
    return not_checked(check.name, reason)
