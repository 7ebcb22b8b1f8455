"""What an auditor or a monitor cannot know accuses nobody; and what a log once showed it cannot take back unseen."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from certlog.digests import RootHash
from certlog.errors import Unavailable
from certlog.tile_reader import MissingTile, TileReader
from certlog.trust_root import TrustRoot
from tests.support.controls import Control, nothing, require_noticed
from tests.support.log_files import MemoryFiles, files_of
from tests.support.served_log import write_lists, write_log
from tests.support.small_log import SmallLog
from tests.verifier.audited import audited, codes, sample, states
from tests.verifier.fake_node import FakeNode, NodeError, chain_of, serving
from tests.verifier.test_audit_anchors import anchored
from tests.verifier.world import LOG_ID
from verifier import anchor_log, monitor_anchors
from verifier import audit as audit_module
from verifier.anchor_log import announced_anchors, read_anchor_log
from verifier.audit_lists import read_lists
from verifier.audit_parts import AuditFault, Findings, Part, State
from verifier.log_source import FolderSource
from verifier.monitor import AnchorAlarm
from verifier.monitor_alarm import Concern
from verifier.monitor_anchors import begin_look

DAY: Final = 86_400


class Website(FolderSource):
    """A folder that is the log itself, and answers each path as a test wants."""

    is_the_log = True  # type: ignore[misc] # a folder is a copy, this one the log

    def __init__(self, folder: Path, answer: Callable[[str], None]) -> None:
        super().__init__(folder)
        self._answer = answer

    def read(self, path: str) -> bytes:
        self._answer(path)
        return super().read(path)


def test_a_wrong_list_is_not_forgotten_once_the_log_hides_it(tmp_path: Path) -> None:
    """A list that differs is read again; a registry that then serves none must not look clean."""
    log, _ = sample()
    folder = write_log(log, tmp_path)
    honest = log.lists
    log.lists = [(bytes(16384), bytes(16384))]
    write_lists(log, folder)
    log.lists = honest
    reads = itertools.count()

    def hide_after_the_first_look(path: str) -> None:
        if path == "status/revocation/0" and next(reads):
            raise MissingTile("there is none")

    found = audited(log, Website(folder, hide_after_the_first_look))
    assert AuditFault.BAD_LIST in codes(found)
    assert found.new_state() is None


def test_an_audit_that_is_silent_on_its_second_look_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true, folders = read_lists, iter([tmp_path / "right", tmp_path / "defect"])
    control = Control(
        audit_module,
        "read_lists",
        lambda mirror, root, pairs, _: true(mirror, root, pairs, Findings()),
        lambda: test_a_wrong_list_is_not_forgotten_once_the_log_hides_it(next(folders)),
    )
    require_noticed(control, monkeypatch)


def test_a_log_that_cannot_be_followed_while_its_lists_move_has_no_clean_lists(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path)
    honest, log.lists = log.lists, [(bytes(16384), bytes(16384))]
    write_lists(log, folder)
    log.lists = honest
    reads = itertools.count()

    def fall_silent(path: str) -> None:
        if path == "checkpoint" and next(reads):
            raise Unavailable("down")

    found = audited(log, Website(folder, fall_silent))
    assert (codes(found), states(found)[Part.LISTS]) == ([], State.NOT_CHECKED)


def test_tiles_that_cannot_be_read_again_make_no_foreign_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a large log, tiles are read again for the anchors; a network that fails then is nobody's fault."""
    log, _ = sample()
    folder = write_log(log, tmp_path)
    with serving(FakeNode()) as node:
        pins = anchored(log, node)
        monkeypatch.setattr("verifier.audit_entries.BundleReader.root_at", lambda *_: None)
        found = audited(log, folder, trust_root=replace(pins, chains=(chain_of(node),)))
    assert (codes(found), states(found)[Part.ANCHORS]) == ([], State.NOT_CHECKED)


def two_chains(log: SmallLog, first: FakeNode, second: FakeNode) -> TrustRoot:
    """Anchor every epoch on two chains; return the pins."""
    for node in (first, second):
        anchored(log, node)
    second.chain_id = first.chain_id + 1
    return replace(log.trust_root(), chains=(chain_of(first), replace(chain_of(second), id=second.chain_id)))


def test_a_second_chain_that_falls_silent_makes_no_foreign_head(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path)
    with serving(FakeNode()) as first, serving(FakeNode()) as second:
        pins = two_chains(log, first, second)
        assert codes(audited(log, folder, trust_root=pins)) == []
        # What was announced was believed; then the code of the contract cannot be read.
        second.lies["eth_getCode"] = lambda _: NodeError("busy")
        found = audited(log, folder, trust_root=pins)
    assert (codes(found), states(found)[Part.ANCHORS]) == ([], State.NOT_CHECKED)


def test_an_anchor_that_is_not_final_yet_makes_no_foreign_head(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path)
    with serving(FakeNode()) as node:
        pins = anchored(log, node)
        node.anchored[LOG_ID, log.size, log.tree.root()] = (log.time, node.latest)
        pins = replace(pins, chains=(chain_of(node),))
        assert announced_anchors(pins).newest[node.chain_id, LOG_ID] < log.size
        assert codes(audited(log, folder, trust_root=pins)) == []


def test_events_that_are_never_given_out_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A node that names a block far off and refuses each range would be asked for ever."""
    log, _ = sample()
    folder = write_log(log, tmp_path)
    with serving(FakeNode()) as node:
        pins = anchored(log, node)
        pins = replace(pins, chains=(chain_of(node),))
        node.lies["eth_blockNumber"] = lambda _: hex(2**60)
        true = node._eth_getLogs

        def small_ranges_only(asked: dict[str, str]) -> object:
            wide = int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) > 2048
            return NodeError("too wide") if wide else true(asked)

        monkeypatch.setattr(node, "_eth_getLogs", small_ranges_only)
        monkeypatch.setattr(anchor_log, "MAX_SECONDS", 0.5)
        found = audited(log, folder, trust_root=pins)
        assert "take more than" in announced_anchors(pins).problem
    assert codes(found) == []
    assert len(found.anchors) == len(log.epochs)


def look(log: SmallLog, pins: TrustRoot, *, later: int = 0) -> list[AnchorAlarm]:
    """Return what the monitor says of the anchors."""
    now = log.time + later
    begun = begin_look(pins, (), max_anchor_age=DAY, clock=lambda: now)
    tree = TileReader(MemoryFiles(files_of(log)), log.size, RootHash(log.tree.root()))
    return list(begun.alarms(tree, now=now))


LIES: Final[dict[str, Callable[[FakeNode, SmallLog], None]]] = {
    "a head beyond the log": lambda node, log: node.anchored.update(
        {(LOG_ID, log.size + 1000, b"\x09" * 32): (log.time, 110)}
    ),
    "a head of no epoch": lambda node, log: node.anchored.update(
        {(LOG_ID, log.size - 1, b"\x09" * 32): (log.time, 110)}
    ),
    "no anchor at all": lambda node, _: node.anchored.clear(),
    "no answer": lambda node, _: setattr(node, "status", 500),
}


@pytest.mark.parametrize("lie", LIES)
def test_one_node_that_lies_to_the_monitor_accuses_nobody_and_hides_nothing(lie: str) -> None:
    log, _ = sample()
    with serving(FakeNode()) as one, serving(FakeNode()) as two, serving(FakeNode()) as liar:
        for node in (one, two, liar):
            anchored(log, node)
        LIES[lie](liar, log)
        pins = replace(log.trust_root(), chains=(chain_of(liar, one, two, quorum=2),))
        assert look(log, pins) == []
        assert [alarm.concern for alarm in look(log, pins, later=2 * DAY)] == [Concern.LATE_ANCHOR]
        for node in (one, two):
            node.anchored = {(LOG_ID, log.size + 7, b"\x09" * 32): (log.time, 110)}
        assert [alarm.concern for alarm in look(log, pins)] == [Concern.OTHER_ANCHOR]


def test_two_nodes_of_which_one_denies_every_anchor_are_no_alarm() -> None:
    log, _ = sample()
    with serving(FakeNode()) as one, serving(FakeNode()) as liar:
        for node in (one, liar):
            anchored(log, node)
        liar.anchored.clear()
        pins = replace(log.trust_root(), chains=(chain_of(one, liar, quorum=2),))
        with pytest.raises(Unavailable):
            look(log, pins)


def test_a_monitor_that_believes_one_node_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    true = monitor_anchors._claims
    control = Control(
        monitor_anchors,
        "_claims",
        lambda *asked: (max(true(*asked)),) * 3,
        lambda: test_one_node_that_lies_to_the_monitor_accuses_nobody_and_hides_nothing(
            "a head beyond the log"
        ),
    )
    require_noticed(control, monkeypatch)


def test_an_audit_that_takes_silence_for_a_foreign_head_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true, folders = read_anchor_log, iter([tmp_path / "right", tmp_path / "defect"])
    control = Control(
        audit_module,
        "read_anchor_log",
        lambda *a, **k: replace(true(*a, **k), unread_chains=frozenset()),
        lambda: test_a_second_chain_that_falls_silent_makes_no_foreign_head(next(folders)),
    )
    require_noticed(control, monkeypatch)


def test_an_epoch_of_tomorrow_is_a_finding_and_is_not_cosigned(tmp_path: Path) -> None:
    log, _ = sample()
    log.close(log.time + DAY)
    folder = write_log(log, tmp_path)
    found = audited(log, folder)
    assert (codes(found), found.ends_in_epoch, found.new_state()) == (["epoch-time"], True, None)
    # A clock that is a little behind accuses nobody, and tomorrow it is right.
    assert codes(audited(log, folder, now=log.epochs[-1].time - 300)) == []


def test_an_audit_without_a_clock_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = iter([tmp_path / "right", tmp_path / "defect"])
    control = Control(
        audit_module,
        "future_fault",
        nothing,
        lambda: test_an_epoch_of_tomorrow_is_a_finding_and_is_not_cosigned(next(folders)),
    )
    require_noticed(control, monkeypatch)
