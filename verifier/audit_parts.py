"""What an audit looks at, what it can find there, and what it says when it could not look.

A finding is never "could not check", and what could not be checked is never a finding.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from certlog.findings import Fault, Finding
from certlog.sentences import Sentence


class Part(StrEnum):
    """The parts of an audit, in the order in which they are done."""

    CHECKPOINT = "checkpoint"
    CONSISTENCY = "consistency"
    TREE = "tree"
    ENTRIES = "entries"
    EPOCHS = "epochs"
    ANCHORS = "anchors"
    LISTS = "lists"
    DOCUMENTS = "documents"
    DATABASE = "database"


class AuditFault(StrEnum):
    """What is wrong with what a log serves or anchors; certlog.findings.Fault says the same of its entries."""

    BAD_CHECKPOINT = "bad-checkpoint"
    CHECKPOINT_SIGNATURE = "checkpoint-signature"
    ROLLED_BACK = "rolled-back"
    TWO_HISTORIES = "two-histories"
    WRONG_TILE = "wrong-tile"
    WRONG_ENTRY = "entry-not-in-tree"
    MISSING = "missing-file"
    FOREIGN_HEAD = "foreign-head"
    BEYOND_LOG = "anchored-beyond-log"
    NOT_AN_EPOCH = "anchor-not-epoch"
    ANCHOR_ORDER = "anchor-order"
    ANCHOR_LATE = "late-anchor"
    ANCHOR_GAP = "anchor-gap"
    EPOCH_AFTER_BLOCK = "epoch-after-block"
    BAD_LIST = "bad-list"
    LIST_SIGNATURE = "list-signature"
    LIST_DIFFERS = "list-differs"
    BAD_DOCUMENT = "bad-document"
    OTHER_DOCUMENT = "document-differs"
    NO_SCOPE = "scope-not-in-force"
    REPEATED_NUMBER = "repeated-number"
    DATABASE_DIFFERS = "database-differs"


PART_NAMES: Final = {
    Part.CHECKPOINT: Sentence("Checkpoint and its signature"),
    Part.CONSISTENCY: Sentence("It extends what was seen before"),
    Part.TREE: Sentence("Files and tree lead to the signed root"),
    Part.ENTRIES: Sentence("Every entry: bytes, signature, key in force"),
    Part.EPOCHS: Sentence("Every epoch, by replay"),
    Part.ANCHORS: Sentence("Anchors on the chain"),
    Part.LISTS: Sentence("Served status lists"),
    Part.DOCUMENTS: Sentence("Published documents and claimed scopes"),
    Part.DATABASE: Sentence("The registry's database"),
}
"""What people read of each part."""

_PART_OF: Final[dict[str, Part]] = {
    **{fault: Part.EPOCHS if fault.startswith("epoch-") else Part.ENTRIES for fault in Fault},
    AuditFault.BAD_CHECKPOINT: Part.CHECKPOINT,
    AuditFault.CHECKPOINT_SIGNATURE: Part.CHECKPOINT,
    AuditFault.ROLLED_BACK: Part.CONSISTENCY,
    AuditFault.TWO_HISTORIES: Part.CONSISTENCY,
    AuditFault.WRONG_TILE: Part.TREE,
    AuditFault.WRONG_ENTRY: Part.TREE,
    AuditFault.MISSING: Part.TREE,
    AuditFault.BAD_LIST: Part.LISTS,
    AuditFault.LIST_SIGNATURE: Part.LISTS,
    AuditFault.LIST_DIFFERS: Part.LISTS,
    AuditFault.BAD_DOCUMENT: Part.DOCUMENTS,
    AuditFault.OTHER_DOCUMENT: Part.DOCUMENTS,
    AuditFault.NO_SCOPE: Part.DOCUMENTS,
    AuditFault.REPEATED_NUMBER: Part.DOCUMENTS,
    AuditFault.DATABASE_DIFFERS: Part.DATABASE,
}


def part_of(code: str) -> Part:
    """Return the part in which a finding of this code was made."""
    return _PART_OF.get(code, Part.ANCHORS)


class State(StrEnum):
    """How a part went: NOT_CHECKED could not be, LEFT_OUT was not asked for or is not there to be looked at."""

    CLEAN = "clean"
    FINDING = "finding"
    NOT_CHECKED = "not checked"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class PartResult:
    """One part: how it went, and what was looked at or why it was not."""

    part: Part
    state: State
    what: str


MAX_FINDINGS: Final = 1000
"""Findings that are kept one by one; the others are counted."""


class Findings:
    """Collects what is found and what could not be checked."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.kept: list[Finding] = []
        self.count = 0
        self.unchecked: dict[Part, str] = {}
        self.left_out: dict[Part, str] = {}
        self._counts: dict[Part, int] = {}
        self._told: set[Finding] = set()

    def add(self, findings: Iterable[Finding]) -> None:
        """Add findings, each once however often it is looked at; the first thousand are kept whole."""
        for finding in findings:
            if finding in self._told:
                continue
            self.count += 1
            part = part_of(finding.code)
            self._counts[part] = self._counts.get(part, 0) + 1
            if len(self.kept) < MAX_FINDINGS:
                self.kept.append(finding)
                self._told.add(finding)

    def could_not(self, part: Part, why: str) -> None:
        """Note that a part could not be checked; the first reason is kept."""
        self.unchecked.setdefault(part, why)

    def result(self, part: Part, looked_at: str) -> PartResult:
        """Return how a part went: a finding outweighs what could not be checked."""
        if count := self._counts.get(part):
            return PartResult(part, State.FINDING, Sentence("findings: {count}", count=count))
        if part in self.unchecked:
            return PartResult(part, State.NOT_CHECKED, self.unchecked[part])
        if part in self.left_out:
            return PartResult(part, State.LEFT_OUT, self.left_out[part])
        return PartResult(part, State.CLEAN, looked_at)
