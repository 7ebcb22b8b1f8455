"""Compares a logged epoch with the one that the entries before it call for, member by member."""

from collections.abc import Iterator
from typing import Final

from certlog.encoding import b64url
from certlog.epoch import Epoch
from certlog.findings import Fault, Finding
from certlog.sentences import Sentence
from certlog.timestamps import format_time

CLOCK_TOLERANCE: Final = 300
"""Seconds by which an epoch's time may lie after a reader's clock (docs/formats.md, section 8)."""


def epoch_faults(index: int, stated: Epoch, expected: Epoch, before: Epoch | None) -> Iterator[Finding]:
    """Yield a finding for each member that is not what the entries call for.

    Args:
        index: the epoch's own index.
        stated: the epoch as it is logged.
        expected: the epoch that the state calls for.
        before: the epoch before it, whose time is the earliest that this one may bear.
    """
    compared = (
        (Fault.EPOCH_NUMBER, "number", str(expected.number), str(stated.number)),
        (Fault.EPOCH_AS_OF, "asOf", str(expected.as_of), str(stated.as_of)),
        (Fault.EPOCH_LISTS, "statusLists", str(expected.status_lists), str(stated.status_lists)),
        (Fault.EPOCH_STATUS_ROOT, "statusRoot", b64url(expected.status_root), b64url(stated.status_root)),
        (Fault.EPOCH_RECORDS, "trustRecords", str(expected.trust_records), str(stated.trust_records)),
        (Fault.EPOCH_TRUST_ROOT, "trustRoot", b64url(expected.trust_root), b64url(stated.trust_root)),
    )
    for fault, member, wanted, found in compared:
        if wanted != found:
            what = Sentence(
                "epoch {number}, {member}: the entries before it call for {expected}, it says {found}",
                number=stated.number,
                member=member,
                expected=wanted,
                found=found,
            )
            yield Finding(fault, index, what, wanted, found)
    if before is not None and stated.time < before.time:
        what = Sentence(
            "epoch {number} bears an earlier time, {found}, than the epoch before it, {expected}",
            number=stated.number,
            found=format_time(stated.time),
            expected=format_time(before.time),
        )
        yield Finding(Fault.EPOCH_TIME, index, what, format_time(before.time), format_time(stated.time))


def future_fault(index: int, stated: Epoch, now: int) -> Finding | None:
    """Return the finding of an epoch that is dated after a reader's clock: it would count as fresh for too long.

    Args:
        index: the epoch's own index.
        stated: the newest epoch; those before it bear no later time.
        now: the reader's clock, seconds since the epoch.
    """
    if stated.time <= now + CLOCK_TOLERANCE:
        return None
    what = Sentence(
        "epoch {number} is dated {found}, and it is {expected} here",
        number=stated.number,
        found=format_time(stated.time),
        expected=format_time(now),
    )
    return Finding(Fault.EPOCH_TIME, index, what, format_time(now), format_time(stated.time))
