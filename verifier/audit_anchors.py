"""Compares every anchor with the log: each is a head of this history, ends in an epoch, and came in time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from certlog.digests import RootHash, same
from certlog.epoch import Epoch
from certlog.findings import Finding
from certlog.sentences import Sentence
from certlog.timestamps import format_time
from verifier.anchor_log import AnchorLog
from verifier.audit_parts import AuditFault
from verifier.chain_view import AnchorReading

CLOCK_TOLERANCE = 300
"""Seconds by which an epoch's time may lie after its block's (docs/formats.md, section 5)."""


@dataclass(frozen=True, slots=True)
class AnchorPolicy:
    """What counts as late, in seconds.

    Attributes:
        max_lateness: from an epoch to the block that anchors it.
        max_gap: from one anchor to the next, and from the last one to now while entries wait.
    """

    max_lateness: int
    max_gap: int


@dataclass(frozen=True, slots=True)
class AuditedLog:
    """What the anchors are compared with.

    Attributes:
        size: entries of the audited checkpoint.
        root_at: the root of the first n entries.
        epoch_before: the epoch that is the last of the first n entries, or None where another entry is.
        first_epoch: the first epoch of all.
        is_newest: whether this is the log as it stands now, not a copy of some day.
    """

    size: int
    root_at: Callable[[int], RootHash]
    epoch_before: Callable[[int], Epoch | None]
    first_epoch: Epoch | None
    is_newest: bool


def anchor_findings(anchors: AnchorLog, log: AuditedLog, policy: AnchorPolicy, now: int) -> Iterator[Finding]:
    """Yield what is wrong with the anchors of a log.

    1. Every anchored head is a head of this history; none lies beyond what the log serves.
    2. Each ends in an epoch, whose time is not after its block's.
    3. Sizes and blocks rise together.
    4. None came late, and no two are further apart than the policy allows.
    """
    own = []
    for reading in anchors.readings:
        problem = _foreign(reading, log)
        if problem is not None:
            yield problem  # 1
            continue
        own.append(reading)
        yield from _epoch_problems(reading, log.epoch_before(reading.size), policy)  # 2, 4
    yield from _unexplained(anchors, log)  # 1
    yield from _never(anchors, log, policy, now)  # 4
    for chain_id in sorted({reading.chain_id for reading in own}):
        line = [reading for reading in own if reading.chain_id == chain_id]
        yield from _order(line)  # 3
        yield from _gaps(line, log, policy, now)  # 4


def _foreign(reading: AnchorReading, log: AuditedLog) -> Finding | None:
    if reading.size > log.size:
        what = Sentence(
            "chain {chain_id} holds a head of size {found}; the log serves only {size} entries",
            chain_id=reading.chain_id,
            found=reading.size,
            size=log.size,
        )
        return Finding(AuditFault.BEYOND_LOG, log.size, what, str(log.size), str(reading.size))
    root = log.root_at(reading.size)
    if same(root, reading.root):
        return None
    what = Sentence(
        "chain {chain_id} holds root {found} for size {size}; the log's entries have {root}",
        chain_id=reading.chain_id,
        found=reading.root.hex(),
        size=reading.size,
        root=root.hex(),
    )
    return Finding(AuditFault.FOREIGN_HEAD, reading.size, what, root.hex(), reading.root.hex())


def _unexplained(anchors: AnchorLog, log: AuditedLog) -> Iterator[Finding]:
    """The contract's newest size must be a head that was found: without events, a foreign one shows only here."""
    known = {(r.chain_id, r.log_id, r.size) for r in (*anchors.readings, *anchors.waiting)}
    for (chain_id, log_id), size in anchors.announced.newest.items():
        if chain_id in anchors.unread_chains:
            continue  # what was not read says nothing
        if size and size <= log.size and (chain_id, log_id, size) not in known:
            what = Sentence(
                "chain {chain_id} holds a head of size {size} that is none of this log's epochs",
                chain_id=chain_id,
                size=size,
            )
            yield Finding(AuditFault.FOREIGN_HEAD, size, what)


def _epoch_problems(reading: AnchorReading, epoch: Epoch | None, policy: AnchorPolicy) -> Iterator[Finding]:
    block_time = reading.block_time or 0
    if epoch is None:
        what = Sentence("the anchored head of size {size} does not end in an epoch", size=reading.size)
        yield Finding(AuditFault.NOT_AN_EPOCH, reading.size, what)
        return
    if epoch.time > block_time + CLOCK_TOLERANCE:
        what = Sentence(
            "epoch {number} bears the time {time}, later than the block that anchors it, {block_time}",
            number=epoch.number,
            time=format_time(epoch.time),
            block_time=format_time(block_time),
        )
        yield Finding(AuditFault.EPOCH_AFTER_BLOCK, reading.size, what)
    late = block_time - epoch.time
    if late > policy.max_lateness:
        what = Sentence(
            "epoch {number} of {time} was anchored {late} seconds later, the policy allows {most}",
            number=epoch.number,
            time=format_time(epoch.time),
            late=late,
            most=policy.max_lateness,
        )
        yield Finding(AuditFault.ANCHOR_LATE, reading.size, what, str(policy.max_lateness), str(late))


def _order(line: Sequence[AnchorReading]) -> Iterator[Finding]:
    for before, after in pairwise(line):
        blocks = (before.block_number or 0, after.block_number or 0)
        if after.size > before.size and blocks[1] < blocks[0]:
            what = Sentence(
                "size {size} was anchored in block {block}, before the smaller size {smaller} in block {later}",
                size=after.size,
                block=blocks[1],
                smaller=before.size,
                later=blocks[0],
            )
            yield Finding(AuditFault.ANCHOR_ORDER, after.size, what)


def _never(anchors: AnchorLog, log: AuditedLog, policy: AnchorPolicy, now: int) -> Iterator[Finding]:
    """A log that was never anchored, long after its first epoch, has the longest gap of all."""
    if anchors.readings or not log.is_newest or log.first_epoch is None:
        return
    if now - log.first_epoch.time > policy.max_gap:
        what = Sentence(
            "no head of this log is anchored, and its first epoch is of {time}; the policy allows {most} seconds",
            time=format_time(log.first_epoch.time),
            most=policy.max_gap,
        )
        yield Finding(AuditFault.ANCHOR_GAP, log.size, what, str(policy.max_gap))


def _gaps(
    line: Sequence[AnchorReading], log: AuditedLog, policy: AnchorPolicy, now: int
) -> Iterator[Finding]:
    times = [(reading.size, reading.block_time or 0) for reading in line]
    if log.is_newest and times and times[-1][0] < log.size:
        times.append((log.size, now))
    for (_, before), (size, after) in pairwise(times):
        if after - before > policy.max_gap:
            what = Sentence(
                "no anchor between {before} and {after}: {gap} seconds, the policy allows {most}",
                before=format_time(before),
                after=format_time(after),
                gap=after - before,
                most=policy.max_gap,
            )
            yield Finding(AuditFault.ANCHOR_GAP, size, what, str(policy.max_gap), str(after - before))
