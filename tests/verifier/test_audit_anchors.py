"""Anchors as an auditor sees them: every head is looked for, and each thing that is wrong with one is named."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from Crypto.Hash import keccak

from certlog.trust_root import LogId, TrustRoot
from tests.support.controls import Control, require_noticed
from tests.support.served_log import served, write_log
from tests.support.small_log import SmallLog
from tests.verifier.audited import audited, codes, sample, states
from tests.verifier.fake_node import FakeNode, NodeError, chain_of, serving
from tests.verifier.world import LOG_ID
from verifier import anchor_log, audit_anchors
from verifier.anchor_log import CHECKPOINT_ANCHORED, HEAD
from verifier.audit_parts import AuditFault, Part, State
from verifier.audit_record import Audit


def anchored(log: SmallLog, node: FakeNode, *, lateness: int = 60) -> TrustRoot:
    """Anchor every epoch of a log, soon after; return the pins."""
    for number, epoch in enumerate(log.epochs):
        size = epoch.as_of + 1
        node.anchored[LOG_ID, size, log.tree.root(size)] = (epoch.time + lateness, 100 + number)
    return replace(log.trust_root(), chains=(chain_of(node),))


def audited_on(log: SmallLog, folder: Path, lie: Callable[[SmallLog, FakeNode], None]) -> Audit:
    """Audit a log whose every epoch is anchored, after a lie about that."""
    with serving(FakeNode()) as node, served(folder) as url:
        pins = anchored(log, node)
        lie(log, node)
        return audited(log, url, trust_root=replace(pins, chains=(chain_of(node),)))


def _foreign(log: SmallLog, node: FakeNode) -> None:
    node.anchored[LOG_ID, log.size, b"\x09" * 32] = (log.time, 110)


def _beyond(log: SmallLog, node: FakeNode) -> None:
    node.anchored[LOG_ID, log.size + 5, b"\x09" * 32] = (log.time, 110)


def _between(log: SmallLog, node: FakeNode) -> None:
    size = log.epochs[-1].as_of
    node.anchored[LOG_ID, size, log.tree.root(size)] = (log.time, 101)


def _late(log: SmallLog, node: FakeNode) -> None:
    key = LOG_ID, log.size, log.tree.root()
    node.anchored[key] = (log.time + 36 * 3600, 110)


def _early(log: SmallLog, node: FakeNode) -> None:
    key = LOG_ID, log.size, log.tree.root()
    node.anchored[key] = (log.epochs[-1].time - 3600, 110)


def _disordered(log: SmallLog, node: FakeNode) -> None:
    key = LOG_ID, log.size, log.tree.root()
    node.anchored[key] = (log.time, 50)


ANCHORED: Final[dict[AuditFault, Callable[[SmallLog, FakeNode], None]]] = {
    AuditFault.FOREIGN_HEAD: _foreign,
    AuditFault.BEYOND_LOG: _beyond,
    AuditFault.NOT_AN_EPOCH: _between,
    AuditFault.ANCHOR_LATE: _late,
    AuditFault.EPOCH_AFTER_BLOCK: _early,
    AuditFault.ANCHOR_ORDER: _disordered,
}


def test_a_clean_log_whose_every_epoch_is_anchored_has_no_finding(tmp_path: Path) -> None:
    log, _ = sample()
    found = audited_on(log, write_log(log, tmp_path / "log"), lambda *_: None)
    assert codes(found) == []
    assert states(found)[Part.ANCHORS] is State.CLEAN
    assert len(found.anchors) == len(log.epochs)


@pytest.mark.parametrize("fault", ANCHORED)
def test_what_is_wrong_on_the_chain_is_named(fault: AuditFault, tmp_path: Path) -> None:
    log, _ = sample()
    found = audited_on(log, write_log(log, tmp_path / "log"), ANCHORED[fault])
    assert fault in codes(found)


def test_a_foreign_head_shows_by_its_size_where_nodes_give_out_no_events(tmp_path: Path) -> None:
    def without_events(_: SmallLog, node: FakeNode) -> None:
        node.lies["eth_getLogs"] = lambda _: NodeError("history has been pruned")

    def foreign_too(log: SmallLog, node: FakeNode) -> None:
        without_events(log, node)
        node.anchored[LOG_ID, log.size - 1, b"\x09" * 32] = (log.time, 110)
        del node.anchored[LOG_ID, log.size, log.tree.root()]

    log, _ = sample()
    folder = write_log(log, tmp_path / "log")
    clean = audited_on(log, folder, without_events)
    assert codes(clean) == []
    assert len(clean.anchors) == len(log.epochs)
    assert codes(audited_on(log, folder, foreign_too)) == [AuditFault.FOREIGN_HEAD]


def test_a_gap_between_anchors_is_named_and_what_waits_counts(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path / "log")
    with serving(FakeNode()) as node, served(folder) as url:
        pins = anchored(log, node)
        del node.anchored[LOG_ID, log.size, log.tree.root()]
        late = log.time + 8 * 86_400
        pins = replace(pins, chains=(chain_of(node),))
        assert codes(audited(log, url, trust_root=pins, now=late)) == [AuditFault.ANCHOR_GAP]
        # A copy of some day says nothing of what was anchored after it.
        assert codes(audited(log, folder, trust_root=pins, now=late)) == []


def test_a_chain_that_does_not_answer_is_not_a_finding(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path / "log")

    def silent(_: SmallLog, node: FakeNode) -> None:
        node.status = 500

    found = audited_on(log, folder, silent)
    assert codes(found) == []
    assert states(found)[Part.ANCHORS] is State.NOT_CHECKED
    assert not found.is_whole
    offline = audited(log, folder, trust_root=log.trust_root(), offline=True)
    assert states(offline)[Part.ANCHORS] is State.LEFT_OUT
    assert offline.is_whole


def test_one_dead_node_of_three_is_no_obstacle_and_two_are(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path / "log")
    with serving(FakeNode()) as one, serving(FakeNode()) as two, serving(FakeNode()) as three:
        for node in (one, two, three):
            anchored(log, node)
        pins = replace(log.trust_root(), chains=(chain_of(one, two, three, quorum=2),))
        three.status = 500
        found = audited(log, folder, trust_root=pins)
        assert codes(found) == []
        assert states(found)[Part.ANCHORS] is State.CLEAN
        two.status = 500
        assert states(audited(log, folder, trust_root=pins))[Part.ANCHORS] is State.NOT_CHECKED


def test_one_node_that_lies_about_the_newest_head_accuses_nobody(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path / "log")
    with serving(FakeNode()) as one, serving(FakeNode()) as two, serving(FakeNode()) as liar:
        for node in (one, two, liar):
            anchored(log, node)
        liar.anchored[LOG_ID, log.size - 1, b"\x09" * 32] = (log.time, 110)
        del liar.anchored[LOG_ID, log.size, log.tree.root()]
        pins = replace(log.trust_root(), chains=(chain_of(one, two, liar, quorum=2),))
        assert codes(audited(log, folder, trust_root=pins)) == []


def test_if_one_node_were_enough_a_liar_would_accuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = iter([tmp_path / "right", tmp_path / "defect"])

    def attempt() -> None:
        test_one_node_that_lies_about_the_newest_head_accuses_nobody(next(folders))

    require_noticed(Control(anchor_log, "_agreed", lambda said, _quorum: list(said), attempt), monkeypatch)


def test_a_log_that_was_never_anchored_is_a_gap(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path / "log")
    with serving(FakeNode()) as node, served(folder) as url:
        pins = replace(log.trust_root(), chains=(chain_of(node),))
        assert codes(audited(log, url, trust_root=pins)) == []
        late = log.time + 8 * 86_400
        assert codes(audited(log, url, trust_root=pins, now=late)) == [AuditFault.ANCHOR_GAP]


@pytest.mark.parametrize(
    ("name", "attempt"),
    [
        ("_gaps", test_a_gap_between_anchors_is_named_and_what_waits_counts),
        ("_never", test_a_log_that_was_never_anchored_is_a_gap),
    ],
)
def test_a_gap_that_is_not_looked_for_is_noticed(
    name: str, attempt: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = iter([tmp_path / "right", tmp_path / "defect"])
    control = Control(audit_anchors, name, lambda *_: (), lambda: attempt(next(folders)))
    require_noticed(control, monkeypatch)


def test_an_anchor_above_the_pinned_size_does_not_count(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path / "log")
    with serving(FakeNode()) as node:
        pins = anchored(log, node)
        node.anchored[LOG_ID, log.size, b"\x09" * 32] = (log.time, 110)
        chain = replace(chain_of(node), log_ids=(LogId(LOG_ID, log.size - 1),))
        assert codes(audited(log, folder, trust_root=replace(pins, chains=(chain,)))) == []


@pytest.mark.parametrize(
    ("fault", "name", "defect"),
    [
        (AuditFault.FOREIGN_HEAD, "same", lambda *_: True),
        (AuditFault.NOT_AN_EPOCH, "_epoch_problems", lambda *_: ()),
        (AuditFault.ANCHOR_LATE, "_epoch_problems", lambda *_: ()),
        (AuditFault.ANCHOR_ORDER, "_order", lambda *_: ()),
    ],
)
def test_without_the_check_the_lie_is_not_found(
    fault: AuditFault, name: str, defect: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = iter([tmp_path / "right", tmp_path / "defect"])

    def attempt() -> None:
        test_what_is_wrong_on_the_chain_is_named(fault, next(folders))

    require_noticed(Control(audit_anchors, name, defect, attempt), monkeypatch)


def test_topic_and_selector_are_those_of_the_interface() -> None:
    def keccak_of(text: str) -> str:
        return "0x" + keccak.new(digest_bits=256, data=text.encode()).hexdigest()

    assert keccak_of("CheckpointAnchored(bytes32,uint64,bytes32)") == CHECKPOINT_ANCHORED
    assert keccak_of("head(bytes32)")[:10] == HEAD
