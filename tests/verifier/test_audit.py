"""Audit of a whole log: clean logs have no finding, and each thing that is served wrongly has its own."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from certlog import cryptosuites, logged_entry
from certlog.canonical import canonicalize
from certlog.checkpoint import Checkpoint, sign_checkpoint
from certlog.digests import RootHash
from certlog.entry import EpochEntry
from certlog.tiles import tile_at
from tests.support.controls import Control, nothing, require_noticed
from tests.support.served_log import put, served, write_lists, write_log
from tests.support.signing import ed25519, log_signer
from tests.support.small_log import SmallLog
from tests.verifier.audited import audited, codes, content, relog, sample, states
from verifier import audit as audit_module
from verifier import audit_checkpoint, audit_documents, audit_entries
from verifier.audit_parts import AuditFault, Part, State

ISSUER: Final = ed25519("issuer")


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


def _list_changed(log: SmallLog, folder: Path) -> None:
    """Another state in a credential that the list key signed over this one."""
    path = folder / "status/revocation/0"
    empty = bytes(16384)
    signed = json.loads(path.read_bytes())
    log.lists = [(empty, empty)]
    write_lists(log, folder)
    changed = json.loads(path.read_bytes())
    path.write_bytes(canonicalize(changed | {"proof": signed["proof"]}))


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
    AuditFault.LIST_SIGNATURE: _list_changed,
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


def test_without_the_check_the_lie_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = iter(range(1000))

    def yes(*_: object) -> bool:
        return True

    controls = [
        (AuditFault.CHECKPOINT_SIGNATURE, audit_checkpoint, "note_signed_by", yes),
        (AuditFault.WRONG_ENTRY, audit_entries, "same", yes),
        (AuditFault.LIST_SIGNATURE, cryptosuites, "verify", nothing),
        (AuditFault.LIST_DIFFERS, audit_module, "list_differences", lambda *_: ()),
        (AuditFault.OTHER_DOCUMENT, audit_documents, "same", yes),
    ]
    for fault, holder, name, defect in controls:

        def attempt(fault: AuditFault = fault) -> None:
            test_what_is_served_wrongly_is_named(fault, tmp_path / str(next(counter)))

        require_noticed(Control(holder, name, defect, attempt), monkeypatch)
