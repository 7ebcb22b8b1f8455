"""Asks auditor and verifier about a registry that holds the log's, the epochs' and the anchorer's keys, and lies.

The log is tests/support/small_log.py, which signs anything; what the chain holds is put in by the test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from certlog.checkpoint import read_checkpoint
from certlog.documents import SecuredDocument
from certlog.evidence import Evidence
from certlog.trust_root import TrustRoot
from tests.support.random_logs import source_of
from tests.support.signing import ed25519
from tests.support.small_log import SmallLog
from tests.support.trust_log import enrolled
from tests.verifier.audited import audited
from tests.verifier.fake_node import FakeNode, chain_of, serving
from tests.verifier.world import LOG_ID
from verifier.audit_record import Audit
from verifier.audit_state import AuditState
from verifier.chain_reader import Head, read_chains
from verifier.report import Verdict
from verifier.verify import verify

ISSUER = ed25519("issuer")
MINUTE = 60


@dataclass
class Liar:
    """A registry and its chain.

    Attributes:
        log: what it serves.
        anchors: (size, root) -> (block time, block number): what the contract holds.
        files: what it serves instead of its own files.
        state: what the auditor remembers of an earlier audit.
    """

    log: SmallLog = field(default_factory=enrolled)
    anchors: dict[tuple[int, bytes], tuple[int, int]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    state: AuditState | None = None

    def close(self, *, time: int | None = None, after: int = MINUTE) -> int:
        """Append an epoch and anchor the head that ends in it, some seconds later; return the size."""
        self.log.close(time)
        self.anchor(self.log.size, self.log.epochs[-1].time + after)
        return self.log.size

    def anchor(self, size: int, block_time: int, log: SmallLog | None = None) -> None:
        """Let the contract hold the head of a size: of this log or another."""
        root = (log or self.log).tree.root(size)
        self.anchors[size, root] = (block_time, 100 + len(self.anchors))

    def audit(self, folder: Path) -> Audit:
        """Audit what is served, the chain being read."""
        source = source_of(self.log, folder)
        source.files |= self.files
        with serving(self._node()) as node:
            return audited(self.log, source, trust_root=self._pins(node), now=self.now, state=self.state)

    def found(self, folder: Path) -> list[str]:
        """Return the codes of what `certlog audit` finds, the first difference first."""
        result = self.audit(folder)
        assert result.new_state() is None or not result.findings
        return [finding.code for finding in result.findings]

    def verdict(
        self, evidence: Evidence, certificate: SecuredDocument | None = None, *, at: int | None = None
    ) -> Verdict:
        """Return the verdict on evidence that this registry hands out, the chain being read."""
        with serving(self._node()) as node:
            pins, at = self._pins(node), self.now if at is None else at
            heads = [Head(size, root) for size, root in _heads_of(evidence)]
            view = read_chains(pins, heads, now=lambda: at)
            assert view.problem == ""
            return verify(evidence, pins, at, view, certificate=certificate).verdict

    @property
    def now(self) -> int:
        """A moment after everything that happened."""
        times = [time for time, _ in self.anchors.values()]
        return max([self.log.time, *times]) + MINUTE

    def _node(self) -> FakeNode:
        anchored: Mapping[tuple[str, int, bytes], tuple[int, int]] = {
            (LOG_ID, size, root): block for (size, root), block in self.anchors.items()
        }
        return FakeNode(anchored=dict(anchored))

    def _pins(self, node: FakeNode) -> TrustRoot:
        return replace(self.log.trust_root(), chains=(chain_of(node),))


def honest() -> tuple[Liar, SecuredDocument]:
    """Return a registry that has not lied yet, with one valid certificate under an anchored epoch."""
    liar = Liar()
    liar.close()
    certificate = liar.log.certify(ISSUER)
    liar.close()
    return liar, certificate


def _heads_of(evidence: Evidence) -> list[tuple[int, bytes]]:
    checkpoints = [read_checkpoint(head.checkpoint) for head in evidence.heads]
    return [(checkpoint.size, checkpoint.root) for checkpoint in checkpoints]
