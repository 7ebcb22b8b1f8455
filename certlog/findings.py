"""Findings: what a replay or an audit of a whole log found that should not be so.

A finding is never "could not check": it says that something is wrong, where, what was expected and what was found.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What can be wrong with a logged entry, seen from the entries alone (docs/auditing.md lists what each means)."""

    UNREADABLE = "unreadable-entry"
    WRONG_BINDING = "wrong-binding"
    BAD_SIGNATURE = "bad-signature"
    SIGNER = "signer-not-authorised"
    REPEATED_DOCUMENT = "repeated-document"
    REPEATED_ID = "repeated-id"
    REPEATED_SLOT = "repeated-slot"
    FAR_LIST = "list-out-of-range"
    TRUST = "invalid-trust-statement"
    UNKNOWN_CERTIFICATE = "unknown-certificate"
    NOT_ITS_ISSUER = "not-its-issuer"
    REPLACEMENT = "no-replacement"
    STATUS = "invalid-status-statement"
    FUTURE = "effective-in-future"
    EPOCH_NUMBER = "epoch-number"
    EPOCH_AS_OF = "epoch-as-of"
    EPOCH_TIME = "epoch-time"
    EPOCH_LISTS = "epoch-status-lists"
    EPOCH_STATUS_ROOT = "epoch-status-root"
    EPOCH_RECORDS = "epoch-trust-records"
    EPOCH_TRUST_ROOT = "epoch-trust-root"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        code: its kind: a Fault, or one of the codes of whoever looks at more than the entries.
        index: the entry at fault; for what concerns no single entry, the size of the log that it is about.
        what: the whole of it in one Sentence.
        expected: the value that should stand there, where there is one.
        found: the value that does.
    """

    code: str
    index: int
    what: str
    expected: str = ""
    found: str = ""


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by the entry at fault: the first is the first point of difference."""
    return tuple(sorted(findings, key=lambda finding: finding.index))
