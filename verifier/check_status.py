"""Check 8: neither withdrawn nor suspended, by an epoch that is recent (docs/formats.md, section 5).

The bits of the status lists, proven to the epoch, are the status. The signed events say why, and must agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from certlog.digests import same
from certlog.documents import STATUS_CHALLENGE, SecuredDocument, require_binding, verify_proof
from certlog.entry import CertificateEntry, StatementEntry
from certlog.epoch import Epoch
from certlog.errors import InvalidInput, InvalidProof, NotTrusted, SignatureMismatch
from certlog.evidence import Evidence, ProvenEntry, ProvenList
from certlog.issuer_record import key_in_force
from certlog.sentences import Sentence
from certlog.slots import Slot
from certlog.status import INITIAL, CertificateStatus, FileBinding, StatusAction, StatusStatement, step, void
from certlog.status_list import PURPOSES, get_bit, status_leaf, status_leaf_index
from certlog.timestamps import format_time, parse_time
from certlog.tree import verify_inclusion
from certlog.trust_root import TrustRoot
from verifier.check_log import OpenHead, prove_entry
from verifier.check_trust import Authority
from verifier.report import Check, CheckName, Reason, StatusChange, failed, not_checked, passed
from verifier.report_on import StatusStep

CLOCK_TOLERANCE = 300
"""Seconds by which an epoch's time may lie after its block's or after the reader's clock."""

_ENDED = {
    StatusAction.WITHDRAW: Reason.WITHDRAWN,
    StatusAction.CANCEL: Reason.CANCELLED,
    StatusAction.SUPERSEDE: Reason.SUPERSEDED,
}


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """What was proven of the status, whether or not it is recent.

    Attributes:
        change: the last event that changed it, if the file holds it.
        files: the files that the issuer bound.
        as_of: the time that the epoch states.
        age: seconds between that (or its block's earlier time) and `at`.
        omitted: the registry's list lacks an event that the log holds.
        steps: every event with the state after it.
        bits: (revoked, suspended) as the epoch states them; None where that is not proven.
    """

    change: StatusChange | None = None
    files: tuple[FileBinding, ...] = ()
    as_of: int | None = None
    age: int | None = None
    omitted: bool = False
    steps: tuple[StatusStep, ...] = ()
    bits: tuple[bool, bool] | None = None


@dataclass(frozen=True, slots=True)
class StatusQuestion:
    """What check 8 needs: the proven epoch, its block time where anchored, and the clock."""

    evidence: Evidence
    entry: CertificateEntry
    authority: Authority
    head: OpenHead
    epoch: Epoch
    block_time: int | None
    at: int
    trust_root: TrustRoot


def check_status(question: StatusQuestion) -> tuple[Check, StatusFacts]:
    """Check 8.

    1. The slot's two lists are in the epoch's status tree.
    2. Every event in the file is in the log, about this certificate, and signed by its issuer.
    3. The events, replayed, agree with the two bits.
    4. The epoch's time is believable.
    5. The epoch is recent.
    """
    epoch = question.epoch
    try:
        bits = proven_bits(question.evidence.lists, question.entry.slot, epoch)  # 1
        steps = tuple(_replay(question))  # 2
    except InvalidInput as error:
        return failed(CheckName.STATUS, _broken(error), why=str(error)), StatusFacts(as_of=epoch.time)
    replayed = steps[-1].after if steps else INITIAL
    revoked, suspended = bits
    stated = min(epoch.time, epoch.time if question.block_time is None else question.block_time)
    facts = StatusFacts(
        change=_change(replayed),
        files=replayed.files,
        as_of=epoch.time,
        age=max(0, question.at - stated),
        omitted=(replayed.revoked and not revoked) or (replayed.suspended and not suspended),
        steps=steps,
        bits=bits,
    )
    check = (
        _bits_problem(replayed, revoked=revoked, suspended=suspended)  # 3
        or clock_problem(epoch, at=question.at, block_time=question.block_time)  # 4
        or _age_problem(facts, question.trust_root.max_status_age)  # 5
        or passed(
            CheckName.STATUS,
            Sentence("neither withdrawn nor suspended as of {time}", time=format_time(epoch.time)),
        )
    )
    return check, facts


def proven_bits(lists: tuple[ProvenList, ProvenList], slot: Slot, epoch: Epoch) -> tuple[bool, bool]:
    """Return (revoked, suspended) of a slot, by two lists that stand in an epoch's status tree.

    Raises:
        InvalidProof: a list is not in that tree.
        InvalidInput: the epoch commits no such list (code "no-list").
    """
    if slot.list >= epoch.status_lists:
        message = Sentence(
            "the epoch commits {status_lists} lists, not list {list}",
            status_lists=epoch.status_lists,
            list=slot.list,
        )
        raise InvalidInput(message, place="/lists", code="no-list")
    for purpose, proven in zip(PURPOSES, lists, strict=True):
        leaf, position = status_leaf(proven.bits), status_leaf_index(slot.list, purpose)
        verify_inclusion(leaf, position, 2 * epoch.status_lists, proven.path, epoch.status_root)
    revocation, suspension = lists
    return get_bit(revocation.bits, slot.index), get_bit(suspension.bits, slot.index)


def _replay(question: StatusQuestion) -> Iterator[StatusStep]:
    status, last = INITIAL, question.evidence.index
    for proven in question.evidence.events:
        if not last < proven.index < question.epoch.as_of:
            raise InvalidProof(Sentence("events out of order at entry {index}", index=proven.index))
        last = proven.index
        prove_entry(proven, question.head)
        document, statement = _read_event(proven, question)
        status = _apply(status, proven.index, document, statement, question.authority)
        yield StatusStep(
            proven.index, statement.action.value, statement.previous, statement.effective, status
        )


def _apply(
    status: CertificateStatus,
    index: int,
    document: SecuredDocument,
    statement: StatusStatement,
    authority: Authority,
) -> CertificateStatus:
    key = document.proof.key
    try:
        # The key must come from a statement too: the record alone authorises nobody.
        stated = authority.state.require_record(statement.issuer)
        key_in_force(stated, key, index)
        key_in_force(authority.record, key, index)
    except NotTrusted:
        return void(status, document.document_hash)
    try:
        return step(status, statement, document.document_hash, index=index)
    except InvalidInput:
        # An invalid logged event has no effect (it fails the audit at that index), and counts for `previous`.
        return void(status, document.document_hash)


def _read_event(proven: ProvenEntry, question: StatusQuestion) -> tuple[SecuredDocument, StatusStatement]:
    if not isinstance(proven.entry, StatementEntry) or proven.entry.type != "status":
        raise InvalidInput(
            Sentence("entry {index} is not a status statement", index=proven.index),
            place="/events",
            code="wrong-kind",
        )
    document = proven.entry.document
    require_binding(document.proof, domain=question.trust_root.origin, challenge=STATUS_CHALLENGE)
    verify_proof(document.document_hash, document.proof, document.proof.key)
    statement = StatusStatement.from_json(document.content, "/events")
    if not same(statement.certificate, question.entry.document_hash):
        message = Sentence("entry {index} is about another certificate", index=proven.index)
        raise InvalidInput(message, place="/events", code="another-document")
    if not statement.issuer == document.proof.did == question.entry.proof.did:
        message = Sentence(
            "expected a signature of {did}, found {found}",
            did=question.entry.proof.did,
            found=document.proof.did,
        )
        raise SignatureMismatch(message, place="/events")
    return document, statement


def _change(status: CertificateStatus) -> StatusChange | None:
    if status.action is None or status.event_index is None or status.effective is None:
        return None
    return StatusChange(
        action=status.action.value,
        reason=status.reason or "",
        effective=parse_time(status.effective),
        index=status.event_index,
        replaced_by=status.replaced_by,
    )


def _bits_problem(replayed: CertificateStatus, *, revoked: bool, suspended: bool) -> Check | None:
    event = (
        ""
        if replayed.action is None
        else Sentence(
            "{action} at entry {event_index}", action=replayed.action, event_index=replayed.event_index
        )
    )
    if replayed.revoked and replayed.action is not None:
        return failed(
            CheckName.STATUS,
            _ENDED[replayed.action],
            found=event,
            why=Sentence("reason {reason}", reason=replayed.reason),
        )
    if revoked:
        return failed(
            CheckName.STATUS, Reason.REVOKED_REASON_NOT_IN_FILE, found=Sentence("revocation bit set")
        )
    if suspended and replayed.suspended:
        return failed(
            CheckName.STATUS,
            Reason.SUSPENDED,
            found=event,
            why=Sentence("reason {reason}", reason=replayed.reason),
        )
    if suspended:
        return failed(
            CheckName.STATUS, Reason.SUSPENDED_REASON_NOT_IN_FILE, found=Sentence("suspension bit set")
        )
    if replayed.suspended:
        return failed(
            CheckName.STATUS, Reason.STATUS_DISAGREES, expected=event, found=Sentence("suspension bit clear")
        )
    return None


def clock_problem(epoch: Epoch, *, at: int, block_time: int | None) -> Check | None:
    """Return check 8, failed, where an epoch's time lies after its block's or after the reader's clock."""
    limits = [(at, Sentence("the reader's clock")), (block_time, Sentence("its block's time"))]
    for limit, whose in limits:
        if limit is not None and epoch.time > limit + CLOCK_TOLERANCE:
            return failed(
                CheckName.STATUS,
                Reason.EPOCH_FROM_THE_FUTURE,
                expected=Sentence("{limit} ({whose}) or earlier", limit=format_time(limit), whose=whose),
                found=format_time(epoch.time),
            )
    return None


def _age_problem(facts: StatusFacts, max_age: int) -> Check | None:
    if facts.age is None or facts.as_of is None or facts.age <= max_age:
        return None
    return not_checked(
        CheckName.STATUS,
        Reason.STATUS_TOO_OLD,
        expected=Sentence("at most {max_age} seconds old", max_age=max_age),
        found=Sentence("{age} seconds old", age=facts.age),
        why=Sentence(
            "last proven state: neither withdrawn nor suspended as of {as_of}", as_of=format_time(facts.as_of)
        ),
    )


def _broken(error: InvalidInput) -> Reason:
    match error:
        case InvalidProof():
            return Reason.PROOF_MISMATCH
        case SignatureMismatch():
            return Reason.BAD_SIGNATURE
        case InvalidInput(code="another-document"):
            return Reason.ANOTHER_DOCUMENT
        case _:
            return Reason.STATUS_NOT_PROVEN
