"""Check 7: a head that contains the certificate is anchored on the pinned contract.

Only readings of the contract count, and only those that match the trust root's pins; the anchors in a file
are pointers. Offline, a head that this device saw there before, or the auditors' quorum, stands in for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from certlog.digests import same
from certlog.errors import InvalidInput
from certlog.evidence import AnchorPointer
from certlog.note import VerifierKey, cosignature_time
from certlog.sentences import Sentence
from certlog.timestamps import format_time
from certlog.trust_root import Chain, TrustRoot
from verifier.chain_view import AnchorReading, ChainView
from verifier.check_log import OpenHead
from verifier.report import Check, CheckName, Reason, failed, not_checked, passed


@dataclass(frozen=True, slots=True)
class AnchorFacts:
    """What was proven of anchors.

    Attributes:
        first: block time of the oldest anchored head: the certificate existed at the latest then.
        newest: block time of the newest head of this log known to be anchored.
        last_head: block time of the last head, if that one is anchored: it dates the epoch.
        consulted: whether check 7 rests on the chain itself, rather than a seen head or auditors.
        local: whether it rests on a local chain.
    """

    first: int | None = None
    newest: int | None = None
    last_head: int | None = None
    consulted: bool = False
    local: bool = False


def check_anchor(
    heads: Sequence[OpenHead], trust_root: TrustRoot, view: ChainView
) -> tuple[Check, AnchorFacts]:
    """Check 7.

    1. No final reading contradicts a pointer of the file: absent at or past its block, or another block time.
    2. A head is anchored, by a final reading of a pinned contract.
    3. Or this device saw it there, final, on an earlier day.
    4. Or the auditors' quorum cosigned it.
    5. Otherwise: not final yet, not anchored yet, or the chain could not be read.
    """
    read = head_times(heads, trust_root, view.readings)
    known = head_times(heads, trust_root, (*view.readings, *view.seen))
    facts = AnchorFacts(
        first=min((time for time in known if time is not None), default=None),
        newest=_newest(trust_root, (*view.readings, *view.seen)),
        last_head=known[-1] if known else None,
        consulted=any(time is not None for time in read),
        local=_rests_on_local_chain(heads, trust_root, view),
    )
    contradiction = _first_contradiction(heads, trust_root, view)  # 1
    if contradiction:
        return contradiction, facts
    if facts.first is not None:  # 2, 3
        found = Sentence("block time {first}", first=format_time(facts.first))
        return passed(CheckName.ANCHOR, found, reason=None if facts.consulted else Reason.SEEN_HEAD), facts
    cosigners = _cosigners(heads, trust_root)  # 4
    if cosigners:
        return passed(CheckName.ANCHOR, ", ".join(cosigners), reason=Reason.AUDITORS), facts
    return _nothing_proven(heads, trust_root, view), facts  # 5


def _first_contradiction(heads: Sequence[OpenHead], trust_root: TrustRoot, view: ChainView) -> Check | None:
    final = [reading for reading in (*view.readings, *view.seen) if reading.final]
    for head in heads:
        fork = [r for r in final if r.size == head.size and r.block_time is not None and not _is_of(r, head)]
        if any(_pin(reading, trust_root) for reading in fork):
            found, expected = fork[0].root.hex(), head.checkpoint.root.hex()
            why = Sentence("another root of size {size} is anchored", size=head.size)
            return failed(CheckName.ANCHOR, Reason.ABSENT_FROM_CHAIN, expected=expected, found=found, why=why)
        for pointer in head.head.anchors:
            problem = _pointer_problem(pointer, head, trust_root, view)
            if problem:
                return problem
    return None


def _pointer_problem(
    pointer: AnchorPointer, head: OpenHead, trust_root: TrustRoot, view: ChainView
) -> Check | None:
    """Compare a pointer with what the pinned contracts of its chain answered, finally, for its head."""
    answers = [
        reading
        for reading in (*view.readings, *view.seen)
        if reading.final and reading.chain_id == pointer.chain_id and _counts(reading, head, trust_root)
    ]
    times = [reading.block_time for reading in answers if reading.block_time is not None]
    if pointer.block_time in times:
        return None
    if times:
        expected, found = format_time(times[0]), format_time(pointer.block_time)
        why = Sentence("chain {chain_id}, size {size}", chain_id=pointer.chain_id, size=head.size)
        return failed(CheckName.ANCHOR, Reason.OTHER_BLOCK_TIME, expected=expected, found=found, why=why)
    # Every contract and log that could hold the anchor must have been asked, at or past its block.
    asked = {(r.contract, r.log_id) for r in answers if _block_of(r, view) >= pointer.block_number}
    places = _places(pointer.chain_id, head, trust_root)
    if not places or not places <= asked:
        return None
    expected = Sentence(
        "an anchor of size {size} at block {block_number}", size=head.size, block_number=pointer.block_number
    )
    found = Sentence(
        "none on chain {chain_id} as of block {block}",
        chain_id=pointer.chain_id,
        block=min(_block_of(r, view) for r in answers),
    )
    return failed(CheckName.ANCHOR, Reason.ABSENT_FROM_CHAIN, expected=expected, found=found)


def _nothing_proven(heads: Sequence[OpenHead], trust_root: TrustRoot, view: ChainView) -> Check:
    counting = [r for head in heads for r in view.readings if _counts(r, head, trust_root)]
    if any(reading.block_time is not None and not reading.final for reading in counting):
        return not_checked(CheckName.ANCHOR, Reason.NOT_FINAL_YET)
    if trust_root.chains and not any(
        _places(c.id, head, trust_root) for c in trust_root.chains for head in heads
    ):
        sizes = ", ".join(str(head.size) for head in heads)
        return not_checked(
            CheckName.ANCHOR, Reason.ABOVE_MAX_SIZE, found=Sentence("size {sizes}", sizes=sizes)
        )
    pointers = {pointer.chain_id for head in heads for pointer in head.head.anchors}
    if not pointers:
        return not_checked(CheckName.ANCHOR, Reason.NOT_ANCHORED_YET)
    pinned = {chain.id for chain in trust_root.chains}
    if not pointers & pinned:
        expected, found = Sentence("a chain of {pinned}", pinned=sorted(pinned)), f"{sorted(pointers)}"
        return not_checked(CheckName.ANCHOR, Reason.FOREIGN_CHAIN, expected=expected, found=found)
    if any(reading.final for reading in counting):
        return not_checked(CheckName.ANCHOR, Reason.CHAIN_VIEW_TOO_OLD, why=view.problem)
    return not_checked(CheckName.ANCHOR, Reason.CHAIN_NOT_CONSULTED, why=view.problem)


def head_times(
    heads: Sequence[OpenHead], trust_root: TrustRoot, readings: Sequence[AnchorReading]
) -> tuple[int | None, ...]:
    """Return each head's block time by final readings; the earliest, where several chains hold it."""
    return tuple(
        min(
            (
                reading.block_time
                for reading in readings
                if reading.final and reading.block_time is not None and _counts(reading, head, trust_root)
            ),
            default=None,
        )
        for head in heads
    )


def _newest(trust_root: TrustRoot, readings: Sequence[AnchorReading]) -> int | None:
    """Return the block time of the newest anchor of this log that is known, carried or not."""
    times = (r.block_time for r in readings if r.final and r.block_time is not None and _pin(r, trust_root))
    return max(times, default=None)


def _rests_on_local_chain(heads: Sequence[OpenHead], trust_root: TrustRoot, view: ChainView) -> bool:
    classes = {
        pin.chain_class
        for reading in (*view.readings, *view.seen)
        for head in heads
        if reading.final and reading.block_time is not None and _is_of(reading, head)
        for pin in [_pin(reading, trust_root)]
        if pin
    }
    return classes == {"local"} if classes else trust_root.is_test_chain


def _cosigners(heads: Sequence[OpenHead], trust_root: TrustRoot) -> list[str]:
    """Return the auditors that cosigned one head, if they reach the quorum."""
    for head in heads:
        names = [auditor.name for auditor in trust_root.auditors if _has_cosigned(head, auditor)]
        if trust_root.auditor_quorum > 0 and len(set(names)) >= trust_root.auditor_quorum:
            return names
    return []


def _has_cosigned(head: OpenHead, auditor: VerifierKey) -> bool:
    try:
        return cosignature_time(head.note, auditor) is not None
    except InvalidInput:
        # A line in this auditor's name with a wrong signature is no cosignature.
        return False


def _pin(reading: AnchorReading, trust_root: TrustRoot) -> Chain | None:
    """Return the pinned chain that a reading is of; None for any other chain, contract, log or size."""
    for chain in trust_root.chains:
        if (chain.id, chain.contract) == (reading.chain_id, reading.contract) and any(
            log.log_id == reading.log_id and log.covers(reading.size) for log in chain.log_ids
        ):
            return chain
    return None


def _is_of(reading: AnchorReading, head: OpenHead) -> bool:
    return reading.size == head.size and same(reading.root, head.checkpoint.root)


def _counts(reading: AnchorReading, head: OpenHead, trust_root: TrustRoot) -> bool:
    return _is_of(reading, head) and _pin(reading, trust_root) is not None


def _places(chain_id: int, head: OpenHead, trust_root: TrustRoot) -> set[tuple[str, str]]:
    """Return every (contract, log id) of a chain on which a head of this size may be anchored."""
    return {
        (chain.contract, log.log_id)
        for chain in trust_root.chains
        if chain.id == chain_id
        for log in chain.log_ids
        if log.covers(head.size)
    }


def _block_of(reading: AnchorReading, view: ChainView) -> int:
    known = reading.read_block if reading.read_block is not None else view.block_number
    return -1 if known is None else known
