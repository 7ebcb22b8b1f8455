"""Checks an omission proof: does this log's own epoch contradict this log's own entries (docs/formats.md, 8.2)?

Pure and offline: a trust root is all that it takes. It accuses, so it takes nothing on trust that an honest registry
could answer: whatever might excuse the registry must be shown not to be there. The log's signature under the statement
is what makes the registry answerable; no chain is needed.
"""

from dataclasses import dataclass
from enum import StrEnum

from certlog.digests import DocumentHash, same
from certlog.documents import STATUS_CHALLENGE, require_binding, verify_proof
from certlog.entry import CertificateEntry, Entry, EpochEntry, StatementEntry, parse_entry
from certlog.epoch import Epoch
from certlog.errors import InvalidInput, InvalidProof
from certlog.evidence import ProvenEntry
from certlog.omission_proof import Base, OmissionProof, Tail
from certlog.sentences import Sentence
from certlog.slots import Slot
from certlog.status import CertificateStatus, StatusAction, StatusStatement
from certlog.status_replay import StatusEvent, replay_events
from certlog.tail import root_from_tail
from certlog.tree import leaf_hash, verify_inclusion
from certlog.trust import TrustAction
from certlog.trust_root import TrustRoot
from verifier.check_document import check_entry_signature
from verifier.check_log import (
    OpenHead,
    check_checkpoints,
    check_inclusion,
    open_head,
    prove_entry,
    prove_epoch,
)
from verifier.check_status import proven_bits
from verifier.report import Check, Outcome


class Contradiction(StrEnum):
    """In which way the statement is false, by the log's own entries."""

    REVOCATION_OMITTED = "revocation_omitted"
    REVOCATION_INVENTED = "revocation_invented"
    SUSPENSION_OMITTED = "suspension_omitted"
    SUSPENSION_INVENTED = "suspension_invented"


@dataclass(frozen=True, slots=True)
class Omission:
    """What was shown.

    Attributes:
        contradiction: what is wrong with the statement.
        document_hash: the certificate.
        index: its position in the log.
        slot: its place in the lists.
        epoch: the false statement.
        event: position of the event that the statement leaves out; None where it states what no event says.
        base: the earlier epoch with which it cannot agree, where the proof starts from one.
    """

    contradiction: Contradiction
    document_hash: DocumentHash
    index: int
    slot: Slot
    epoch: Epoch
    event: int | None
    base: Epoch | None


@dataclass(frozen=True, slots=True)
class _Stated:
    """The statement, proven to be the log's: its bits are (revoked, suspended)."""

    proof: OmissionProof
    head: OpenHead
    epoch: Epoch
    bits: tuple[bool, bool]
    origin: str


def verify_omission(proof: OmissionProof, trust_root: TrustRoot) -> Omission:
    """Check an omission proof and say what it shows.

    1. The statement is the log's: entry, epoch, record and lists lead to a checkpoint that the log signed.
    2. The events are in that log, before the epoch, about this certificate, signed by its issuer. Those before the
       tail are linked by `previous` from the first: an honest log holds no other before the last of them.
    3. Replayed with the keys as the epoch's own record has them, they give the state after the last of them.
    4. Unless that state is final, the tail holds every entry from there to the epoch, and no other event.
    5. The epoch states another bit.

    With a base in place of events, 2 and 3 are: an earlier epoch of this log stated the bits, and the tail holds
    neither an event of this certificate nor any statement that a key is compromised: of the issuer, or of whoever
    added its keys, or of whoever declared one compromised. Each of these can void events that were logged before it.

    Raises:
        InvalidInput: the file shows no contradiction; the message says what is missing.
    """
    stated = _stated(proof, trust_root)  # 1
    base, event = None, None
    if proof.base is not None:
        expected, base = _bits_of_base(stated, proof.base), _epoch_of(proof.base.epoch)
        _require_nothing_after(stated, proof.base.epoch.index)  # 4
    else:
        status = _replayed(stated)  # 2, 3
        expected, event = (status.revoked, status.suspended), status.event_index
        if not status.revoked or proof.tail is not None:
            last = proof.events[-1].index if proof.events else proof.statement.index
            _require_nothing_after(stated, last)  # 4
    return Omission(
        contradiction=_contradiction(expected, stated.bits),  # 5
        document_hash=proof.statement.entry.document_hash,
        index=proof.statement.index,
        slot=proof.statement.entry.slot,
        epoch=stated.epoch,
        event=event,
        base=base,
    )


def _stated(proof: OmissionProof, trust_root: TrustRoot) -> _Stated:
    statement = proof.statement
    head = open_head(statement.head)
    for check in (
        check_checkpoints((head,), trust_root),
        check_inclusion(statement.entry.leaf_hash, statement.index, (head,)),
        check_entry_signature(statement.entry, trust_root.origin),
    ):
        _require_passed(check)
    epoch = prove_epoch(statement.epoch, head)
    record = statement.record
    verify_inclusion(record.leaf_hash, record.index, epoch.trust_records, record.path, epoch.trust_root)
    if record.record.did != statement.entry.proof.did:
        message = Sentence(
            "expected the record of {did}, found {found}",
            did=statement.entry.proof.did,
            found=record.record.did,
        )
        raise InvalidProof(message, place="/statement/record")
    bits = proven_bits(statement.lists, statement.entry.slot, epoch)
    return _Stated(proof, head, epoch, bits, trust_root.origin)


def _require_passed(check: Check) -> None:
    if check.outcome is not Outcome.PASSED:
        raise InvalidProof(
            Sentence("the statement is not the log's: {why}", why=check.why or check.found),
            place="/statement",
        )


def _replayed(stated: _Stated) -> CertificateStatus:
    """Return the status after the events, each of which is proven; those before the tail are linked."""
    proof, certificate = stated.proof, stated.proof.statement.entry
    whole_from = stated.head.size if proof.tail is None else proof.tail.start
    last, previous = proof.statement.index, None
    events = []
    for proven in proof.events:
        _require_between(proven.index, last, stated.epoch.as_of)
        prove_entry(proven, stated.head)
        statement = event_of(proven.entry, certificate, stated.origin)
        if statement is None or not isinstance(proven.entry, StatementEntry):
            message = Sentence(
                "entry {index} is no event of this certificate by its issuer", index=proven.index
            )
            raise InvalidProof(message, place="/events")
        if proven.index < whole_from and statement.previous != previous:
            message = Sentence("entry {index} follows an event that is not here", index=proven.index)
            raise InvalidProof(message, place="/events", code="not-linked")
        event = StatusEvent(proven.index, proven.entry.document)
        last, previous = proven.index, event.document.document_hash
        events.append(event)
    record = proof.statement.record.record
    status = replay_events(events, lambda did: record if did == record.did else None)
    if status.action is StatusAction.SUPERSEDE:
        _require_replacement(stated, status)
    return status


def event_of(entry: Entry, certificate: CertificateEntry, origin: str) -> StatusStatement | None:
    """Return what an entry says of a certificate, if it is its event: rightly signed by its issuer, for this log.

    Whether the key was in force is for the replay: a void event still counts for `previous`. Anything else that a log
    may hold is nobody's word, and cannot excuse a statement.
    """
    if not isinstance(entry, StatementEntry) or entry.type != "status":
        return None
    document = entry.document
    try:
        statement = StatusStatement.from_json(document.content)
        require_binding(document.proof, domain=origin, challenge=STATUS_CHALLENGE)
        if not same(statement.certificate, certificate.document_hash):
            return None
        verify_proof(document.document_hash, document.proof, document.proof.key)
    except InvalidInput:
        return None
    return statement if statement.issuer == document.proof.did == certificate.proof.did else None


def _require_between(index: int, last: int, as_of: int) -> None:
    if not last < index < as_of:
        message = Sentence(
            "entry {index} does not lie after entry {last} and before the epoch at {as_of}",
            index=index,
            last=last,
            as_of=as_of,
        )
        raise InvalidProof(message, place="/events")


def _require_replacement(stated: _Stated, status: CertificateStatus) -> None:
    """A supersede counts only if its replacement was logged before, by the same issuer."""
    did = stated.proof.statement.entry.proof.did
    for proven in stated.proof.replacements:
        entry = proven.entry
        if (
            isinstance(entry, CertificateEntry)
            and status.replaced_by is not None
            and status.event_index is not None
            and same(entry.document_hash, status.replaced_by)
            and entry.proof.did == did
            and proven.index < status.event_index
        ):
            prove_entry(proven, stated.head)
            return
    message = Sentence("the replacement of the event at entry {index} is not here", index=status.event_index)
    raise InvalidProof(message, place="/replacements")


def _bits_of_base(stated: _Stated, base: Base) -> tuple[bool, bool]:
    """Return what an earlier epoch of the same log stated of the slot."""
    prove_entry(base.epoch, stated.head)
    epoch, index = _epoch_of(base.epoch), base.epoch.index
    if not stated.proof.statement.index < index == epoch.as_of < stated.epoch.as_of:
        message = Sentence("entry {index} is no earlier epoch of this certificate", index=index)
        raise InvalidProof(message, place="/base/epoch")
    return proven_bits(base.lists, stated.proof.statement.entry.slot, epoch)


def _epoch_of(proven: ProvenEntry) -> Epoch:
    if not isinstance(proven.entry, EpochEntry):
        message = Sentence("entry {index} is no epoch", index=proven.index)
        raise InvalidProof(message, place="/base/epoch")
    return proven.entry.epoch


def _require_nothing_after(stated: _Stated, last: int) -> None:
    """Require every entry after `last`, up to the end of the head, and no event among them that is not in the proof."""
    proof, certificate = stated.proof, stated.proof.statement.entry
    if proof.tail is None or proof.tail.start > last + 1:
        message = Sentence(
            "a later event could excuse the statement: every entry after {last} is needed", last=last
        )
        raise InvalidProof(message, place="/tail", code="tail-missing")
    _require_complete(proof.tail, stated)
    known = {event.index for event in proof.events}
    for index, data in enumerate(proof.tail.entries, start=proof.tail.start):
        entry = _parsed(data)
        if entry is None or index in known:
            continue
        if event_of(entry, certificate, stated.origin) is not None:
            message = Sentence("entry {index} is an event of this certificate that is left out", index=index)
            raise InvalidProof(message, place="/tail", code="later-event")
        if proof.base is not None and _compromises(entry):
            message = Sentence("entry {index} says that a key is compromised", index=index)
            raise InvalidProof(message, place="/tail", code="later-trust")


def _require_complete(tail: Tail, stated: _Stated) -> None:
    count = stated.head.size - tail.start
    if len(tail.entries) != count:
        message = Sentence(
            "expected the {count} entries from {start} on, found {found}",
            count=count,
            start=tail.start,
            found=len(tail.entries),
        )
        raise InvalidProof(message, place="/tail")
    root = root_from_tail(tail.start, tail.peaks, (leaf_hash(data) for data in tail.entries))
    if not same(root, stated.head.checkpoint.root):
        raise InvalidProof(
            Sentence(
                "the entries lead to root {found}, the head has {root}",
                found=root.hex(),
                root=stated.head.checkpoint.root.hex(),
            ),
            place="/tail",
        )


def _contradiction(expected: tuple[bool, bool], stated: tuple[bool, bool]) -> Contradiction:
    if expected[0] != stated[0]:
        return Contradiction.REVOCATION_OMITTED if expected[0] else Contradiction.REVOCATION_INVENTED
    if expected[1] != stated[1]:
        return Contradiction.SUSPENSION_OMITTED if expected[1] else Contradiction.SUSPENSION_INVENTED
    message = "the epoch states what the entries say: there is no contradiction"
    raise InvalidProof(message, code="no-contradiction")


def _parsed(data: bytes) -> Entry | None:
    """Return a leaf's entry; a leaf that is none says nothing about any certificate."""
    try:
        return parse_entry(data)
    except InvalidInput:
        return None


def _compromises(entry: Entry) -> bool:
    """Whether an entry says, rightly or not, that a key of anybody is compromised: that may void earlier events."""
    return (
        isinstance(entry, StatementEntry)
        and entry.type == "trust"
        and entry.document.content.get("action") == TrustAction.COMPROMISE_KEY
    )
