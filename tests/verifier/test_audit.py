"""Audit of a whole log: clean logs have no finding, each dishonesty has its own, and no check means no finding."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from certlog import logged_entry
from certlog.checkpoint import Checkpoint, sign_checkpoint
from certlog.digests import RootHash
from certlog.documents import SecuredDocument
from certlog.entry import EpochEntry
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.strict_json import JSONObject
from certlog.tiles import tile_at
from certlog.trust_root import LogId, TrustRoot
from tests.support.certificates import conformity_content
from tests.support.controls import Control, require_noticed
from tests.support.served_log import put, served, write_lists, write_log
from tests.support.signing import ed25519, log_signer
from tests.support.small_log import SmallLog
from tests.support.trust_log import enrolled
from tests.verifier.fake_node import FakeNode, NodeError, chain_of, serving
from tests.verifier.world import LOG_ID
from verifier import audit as audit_module
from verifier import audit_anchors, audit_checkpoint, audit_documents, audit_entries
from verifier.audit import audit
from verifier.audit_parts import AuditFault, Part, State
from verifier.audit_record import Audit, AuditRequest
from verifier.audit_state import AuditState
from verifier.log_source import LogSource, log_source
from verifier.mirror import Mirror

ISSUER: Final = ed25519("issuer")


def sample(extra: int = 0) -> tuple[SmallLog, list[SecuredDocument]]:
    """Return an honest log with two epochs, three certificates, one withdrawn; and more certificates if wanted."""
    log = enrolled()
    log.close()
    documents = [log.certify(ISSUER, content(i)) for i in range(3 + extra)]
    log.close()
    log.change_status(documents[1], StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    log.close()
    return log, documents


def content(position: int) -> JSONObject:
    """Return a certificate of its own slot and number, which claims the granted designation."""
    number = f"MAU-2026-{position:04}"
    return conformity_content(slot=Slot(0, position), number=number)


def audited(
    log: SmallLog,
    source: LogSource | Path | str,
    *,
    folder: Path | None = None,
    state: AuditState | None = None,
    trust_root: TrustRoot | None = None,
    now: int | None = None,
    **options: object,
) -> Audit:
    """Audit what a source holds; offline unless a trust root with a chain is given."""
    found = log_source(str(source)) if isinstance(source, Path | str) else source
    pins = trust_root or replace(log.trust_root(), chains=())
    request = AuditRequest(
        pins, Mirror(found, folder), now=lambda: now or log.time, sleep=lambda _: None, state=state
    )
    try:
        return audit(replace(request, **options))  # type: ignore[arg-type] # a test's own options
    finally:
        found.close()


def codes(found: Audit) -> list[str]:
    """Return the codes of the findings, first difference first."""
    return [finding.code for finding in found.findings]


def states(found: Audit) -> dict[Part, State]:
    """Return how each part went."""
    return {result.part: result.state for result in found.parts}


def test_a_clean_log_has_no_finding_in_a_folder_and_over_http(tmp_path: Path) -> None:
    log, documents = sample(extra=300)
    folder = write_log(log, tmp_path / "log", documents)
    in_folder = audited(log, folder, documents=True)
    assert codes(in_folder) == []
    assert (in_folder.size, in_folder.root) == (log.size, log.tree.root())
    assert in_folder.documents is not None
    assert (in_folder.documents.read, in_folder.documents.absent) == (303, 0)
    with served(folder) as url:
        over_http = audited(log, url, folder=tmp_path / "mirror", documents=True)
    assert codes(over_http) == []
    wanted = dict.fromkeys(Part, State.CLEAN) | {Part.ANCHORS: State.LEFT_OUT}
    del wanted[Part.DATABASE]
    assert states(over_http) == states(in_folder) == wanted
    # The mirror is a log of its own.
    assert codes(audited(log, tmp_path / "mirror", documents=True)) == []
    assert over_http.ends_in_epoch


def test_several_processes_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_entries, "_FEW", 1)
    log, _ = sample(extra=300)
    log.entries[-2] = EpochEntry(replace(log.epochs[0], number=9))
    relog(log)
    folder = write_log(log, tmp_path / "log")
    alone, together = audited(log, folder), audited(log, folder, jobs=2)
    assert codes(alone) == codes(together) != []


def relog(log: SmallLog) -> None:
    """Make the tree of the entries as they now are."""
    entries, log.entries = log.entries, []
    log.tree = type(log.tree)()
    for entry in entries:
        log.append(entry)


def _flip(folder: Path, path: str, offset: int = -1) -> None:
    data = bytearray((folder / path).read_bytes())
    data[offset] ^= 1
    put(folder, path, bytes(data))


def _wrong_key(log: SmallLog, folder: Path) -> None:
    checkpoint = Checkpoint(log.origin, log.size, log.tree.root())
    put(folder, "checkpoint", sign_checkpoint(checkpoint, log_signer(log.origin, "thief")).encode())


def _other_log(log: SmallLog, folder: Path) -> None:
    other = Checkpoint("other.example.vn", log.size, log.tree.root())
    put(folder, "checkpoint", sign_checkpoint(other, log_signer("other.example.vn")).encode())


def _wrong_root(log: SmallLog, folder: Path) -> None:
    other = Checkpoint(log.origin, log.size, RootHash(b"\x07" * 32))
    put(folder, "checkpoint", sign_checkpoint(other, log.log_key).encode())


def _changed_entry(log: SmallLog, folder: Path) -> None:
    path = tile_at(log.size, None, 0).path
    _flip(folder, path, 700)


def _changed_tile(log: SmallLog, folder: Path) -> None:
    _flip(folder, tile_at(log.size, 0, 0).path)


def _list_bit(log: SmallLog, folder: Path) -> None:
    empty = bytes(16384)
    log.lists = [(empty, empty)]
    write_lists(log, folder)


def _list_key(log: SmallLog, folder: Path) -> None:
    write_lists(log, folder, signer="thief")


def _other_document(_: SmallLog, folder: Path) -> None:
    path = next((folder / "api").rglob("document"))
    other = SmallLog().certify(ISSUER, content(2))
    path.write_bytes(other.to_bytes())


def _no_json(_: SmallLog, folder: Path) -> None:
    next((folder / "api").rglob("document")).write_bytes(b"{}")


SERVED: Final[dict[AuditFault, Callable[[SmallLog, Path], None]]] = {
    AuditFault.CHECKPOINT_SIGNATURE: _wrong_key,
    AuditFault.BAD_CHECKPOINT: _other_log,
    AuditFault.WRONG_TILE: _wrong_root,
    AuditFault.WRONG_ENTRY: _changed_entry,
    AuditFault.LIST_DIFFERS: _list_bit,
    AuditFault.BAD_LIST: _list_key,
    AuditFault.OTHER_DOCUMENT: _other_document,
    AuditFault.BAD_DOCUMENT: _no_json,
}


@pytest.mark.parametrize("fault", SERVED)
def test_what_is_served_wrongly_is_named(fault: AuditFault, tmp_path: Path) -> None:
    log, documents = sample()
    folder = write_log(log, tmp_path / "log", documents[:1])
    with served(folder) as url:
        assert codes(audited(log, url, documents=True)) == []
        SERVED[fault](log, folder)
        found = audited(log, url, documents=True)
    assert codes(found)[:1] == [fault]
    assert found.new_state() is None


def test_a_changed_tile_is_a_finding_of_its_own(tmp_path: Path) -> None:
    log, _ = sample(extra=300)
    folder = write_log(log, tmp_path / "log")
    _changed_tile(log, folder)
    assert codes(audited(log, folder)) == [AuditFault.WRONG_TILE]


def test_an_entry_that_was_changed_is_named_by_its_index(tmp_path: Path) -> None:
    log, _ = sample(extra=300)
    folder = write_log(log, tmp_path / "log")
    _flip(folder, tile_at(log.size, None, 1).path, 40)
    found = audited(log, folder)
    assert [(f.code, f.index) for f in found.findings if f.code == AuditFault.WRONG_ENTRY] == [
        (AuditFault.WRONG_ENTRY, 256)
    ]


def test_a_missing_file_is_the_logs_fault_only_where_the_log_was_asked(tmp_path: Path) -> None:
    log, _ = sample(extra=300)
    folder = write_log(log, tmp_path / "log")
    (folder / tile_at(log.size, None, 0).path).unlink()
    copy = audited(log, folder)
    assert codes(copy) == []
    assert states(copy)[Part.TREE] is State.NOT_CHECKED
    assert not copy.is_whole
    with served(folder) as url:
        assert codes(audited(log, url)) == [AuditFault.MISSING]


def test_what_was_seen_before_must_be_extended(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path / "log")
    state = audited(log, folder).new_state()
    assert state is not None
    log.certify(ISSUER, content(9))
    log.close()
    write_log(log, folder)
    later = audited(log, folder, state=state)
    assert codes(later) == []
    put(folder, "checkpoint", log.note(3).encode())
    assert codes(audited(log, folder, state=state)) == [AuditFault.ROLLED_BACK]
    other, _ = sample(extra=5)
    write_log(other, tmp_path / "fork")
    assert codes(audited(other, tmp_path / "fork", state=state)) == [AuditFault.TWO_HISTORIES]


def test_an_audit_that_resumes_verifies_no_signature_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path / "log")
    state = audited(log, folder).new_state()
    examined: list[int] = []
    genuine = logged_entry.examine

    def counted(data: bytes, origin: str) -> object:
        examined.append(1)
        return genuine(data, origin)

    monkeypatch.setattr(audit_entries, "examine", counted)
    log.certify(ISSUER, content(9))
    log.close()
    write_log(log, folder)
    assert codes(audited(log, folder, state=state)) == []
    assert len(examined) == 2


def test_damage_on_the_auditors_own_disk_is_mended_and_never_blamed_on_the_log(tmp_path: Path) -> None:
    log, documents = sample(extra=300)
    folder, mirror = write_log(log, tmp_path / "log", documents), tmp_path / "mirror"
    with served(folder) as url:
        assert codes(audited(log, url, folder=mirror, documents=True)) == []
        paths = [
            p for p in mirror.rglob("*") if p.is_file() and p.name != "checkpoint" and "status" not in p.parts
        ]
        assert len(paths) > 300
        for path in [*paths[:6], *(p for p in paths if "tile" in p.parts)]:
            _flip(mirror, str(path.relative_to(mirror)))
        assert codes(audited(log, url, folder=mirror, documents=True)) == []
        assert codes(audited(log, mirror, documents=True)) == []


# The chain.


def anchored(log: SmallLog, node: FakeNode, *, lateness: int = 60) -> TrustRoot:
    """Anchor every epoch of a log, soon after; return the pins."""
    for number, epoch in enumerate(log.epochs):
        size = epoch.as_of + 1
        node.anchored[LOG_ID, size, log.tree.root(size)] = (epoch.time + lateness, 100 + number)
    return replace(log.trust_root(), chains=(chain_of(node),))


def _audit_on(log: SmallLog, folder: Path, lie: Callable[[SmallLog, FakeNode], None]) -> Audit:
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
    found = _audit_on(log, write_log(log, tmp_path / "log"), lambda *_: None)
    assert codes(found) == []
    assert states(found)[Part.ANCHORS] is State.CLEAN
    assert len(found.anchors) == len(log.epochs)


@pytest.mark.parametrize("fault", ANCHORED)
def test_what_is_wrong_on_the_chain_is_named(fault: AuditFault, tmp_path: Path) -> None:
    log, _ = sample()
    found = _audit_on(log, write_log(log, tmp_path / "log"), ANCHORED[fault])
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
    clean = _audit_on(log, folder, without_events)
    assert codes(clean) == []
    assert len(clean.anchors) == len(log.epochs)
    assert codes(_audit_on(log, folder, foreign_too)) == [AuditFault.FOREIGN_HEAD]


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

    found = _audit_on(log, folder, silent)
    assert codes(found) == []
    assert states(found)[Part.ANCHORS] is State.NOT_CHECKED
    assert not found.is_whole
    offline = audited(log, folder, trust_root=log.trust_root(), offline=True)
    assert states(offline)[Part.ANCHORS] is State.LEFT_OUT
    assert offline.is_whole


def test_an_anchor_above_the_pinned_size_does_not_count(tmp_path: Path) -> None:
    log, _ = sample()
    folder = write_log(log, tmp_path / "log")
    with serving(FakeNode()) as node:
        pins = anchored(log, node)
        node.anchored[LOG_ID, log.size, b"\x09" * 32] = (log.time, 110)
        chain = replace(chain_of(node), log_ids=(LogId(LOG_ID, log.size - 1),))
        assert codes(audited(log, folder, trust_root=replace(pins, chains=(chain,)))) == []


def test_without_the_check_the_lie_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = iter(range(1000))

    def served_test(fault: AuditFault) -> Callable[[], object]:
        return lambda: test_what_is_served_wrongly_is_named(fault, tmp_path / str(next(counter)))

    def chain_test(fault: AuditFault) -> Callable[[], object]:
        return lambda: test_what_is_wrong_on_the_chain_is_named(fault, tmp_path / str(next(counter)))

    def yes(*_: object) -> bool:
        return True

    controls = [
        Control(audit_checkpoint, "note_signed_by", yes, served_test(AuditFault.CHECKPOINT_SIGNATURE)),
        Control(audit_entries, "same", yes, served_test(AuditFault.WRONG_ENTRY)),
        Control(audit_module, "list_differences", lambda *_: (), served_test(AuditFault.LIST_DIFFERS)),
        Control(audit_documents, "same", yes, served_test(AuditFault.OTHER_DOCUMENT)),
        Control(audit_anchors, "same", yes, chain_test(AuditFault.FOREIGN_HEAD)),
        Control(audit_anchors, "_epoch_problems", lambda *_: (), chain_test(AuditFault.NOT_AN_EPOCH)),
        Control(audit_anchors, "_epoch_problems", lambda *_: (), chain_test(AuditFault.ANCHOR_LATE)),
        Control(audit_anchors, "_order", lambda *_: (), chain_test(AuditFault.ANCHOR_ORDER)),
    ]
    for control in controls:
        require_noticed(control, monkeypatch)
