"""What an audit is asked to do, and what it found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from certlog.digests import RootHash
from certlog.epoch import Epoch
from certlog.findings import Finding
from certlog.log_replay import LogReplay
from certlog.trust_root import TrustRoot
from verifier.audit_anchors import AnchorPolicy
from verifier.audit_documents import DocumentCounts
from verifier.audit_lists import ServedList
from verifier.audit_parts import Part, PartResult, State
from verifier.audit_state import AuditState
from verifier.chain_view import AnchorReading
from verifier.mirror import Mirror

OF_THE_LOG: Final = (Part.CHECKPOINT, Part.CONSISTENCY, Part.TREE, Part.ENTRIES, Part.EPOCHS)
"""The parts that say whether the log, by itself, is right: what is remembered and cosigned rests on them."""


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What to audit and by what means.

    Attributes:
        trust_root: everything that is taken for granted.
        mirror: the log.
        now: the clock, seconds since the epoch.
        sleep: how to wait.
        state: the last clean audit of this log.
        policy: what counts as a late anchor; the trust root's ages by default.
        jobs: processes that verify signatures.
        endpoints: nodes to ask instead of the trust root's.
        offline: ask no chain.
        documents: read every published document, too.
        wait_for_epoch: seconds to wait for a checkpoint that ends in an epoch.
        progress: told how many entries of how many are done.
    """

    trust_root: TrustRoot
    mirror: Mirror
    now: Callable[[], int]
    sleep: Callable[[float], object]
    state: AuditState | None = None
    policy: AnchorPolicy | None = None
    jobs: int = 1
    endpoints: tuple[str, ...] = ()
    offline: bool = False
    documents: bool = False
    wait_for_epoch: int = 0
    progress: Callable[[int, int], object] = lambda _done, _total: None


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    Attributes:
        origin: the log.
        source: where it was read.
        fingerprint: of the trust root.
        note: the audited checkpoint, a signed note.
        size: its size.
        root: its root.
        started: when, seconds since the epoch.
        finished: when.
        parts: how each part went.
        findings: by the entry at fault; the first is the first point of difference.
        finding_count: how many there are, kept or not.
        anchors: every anchor that was read.
        replay: the state after every entry.
        epochs: every epoch, as logged.
        ends_in_epoch: whether the last entry is an epoch, which was recomputed equal if there is no finding.
        documents: how many documents were read and are not public.
        lists: the status lists as they were served.
    """

    origin: str
    source: str
    fingerprint: str
    note: str
    size: int
    root: RootHash
    started: int
    finished: int
    parts: tuple[PartResult, ...]
    findings: tuple[Finding, ...]
    finding_count: int
    anchors: tuple[AnchorReading, ...]
    replay: LogReplay
    epochs: tuple[Epoch, ...]
    ends_in_epoch: bool
    documents: DocumentCounts | None
    lists: tuple[ServedList, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every part that was asked for could be checked."""
        return all(part.state is not State.NOT_CHECKED for part in self.parts)

    @property
    def log_is_right(self) -> bool:
        """Whether nothing at all was found, and everything that the log says of itself was recomputed."""
        of_the_log = [part for part in self.parts if part.part in OF_THE_LOG]
        return not self.finding_count and all(part.state is State.CLEAN for part in of_the_log)

    def new_state(self) -> AuditState | None:
        """Return what to remember: the checkpoint, if the whole of it was verified without a finding."""
        if not self.log_is_right:
            return None
        return AuditState(self.origin, self.fingerprint, self.size, self.root, self.finished)
