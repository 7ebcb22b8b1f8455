"""Replay of a whole log: silent on what is right, one named finding for each thing that is not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from certlog import log_replay, logged_entry, status_replay
from certlog.canonical import canonicalize
from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument, certificate_challenge, secure
from certlog.entry import CertificateEntry, EpochEntry, StatementEntry
from certlog.epoch import Epoch
from certlog.findings import Fault, Finding, in_order
from certlog.log_replay import LogReplay
from certlog.logged_entry import examine_known
from certlog.slots import Slot
from certlog.status import StatusAction, StatusStatement
from certlog.status_list import get_bit
from certlog.timestamps import format_time
from certlog.trust import CompromiseKey, RetireKey
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.controls import Control, nothing, require_noticed
from tests.support.possession import added_key
from tests.support.signing import ed25519
from tests.support.small_log import SmallLog
from tests.support.trust_log import enrolled

ISSUER: Final = ed25519("issuer")
SECOND: Final = ed25519("second")
SLOT: Final = Slot(0, 0)


def findings_of(log: SmallLog) -> tuple[Finding, ...]:
    """Return what a replay of every byte of the log finds."""
    replay = LogReplay(log.operator, log.origin)
    return in_order(found for entry in log.entries for found in replay.add(canonicalize(entry.to_json())))


def codes(log: SmallLog) -> list[tuple[str, int]]:
    """Return (code, index) of each finding."""
    return [(found.code, found.index) for found in findings_of(log)]


def content(position: int = 0, number: str = "MAU-2026-0001") -> dict[str, object]:
    """Return a certificate for a slot of list 0."""
    return dict(conformity_content(slot=Slot(0, position), number=number))


def eventful() -> tuple[SmallLog, SecuredDocument]:
    """Return a right log in which much happens: two keys, three certificates, each action, a compromise."""
    log = enrolled()
    log.close()
    log.state(added_key(SECOND.public_key))
    first, second, third = (log.certify(ISSUER, conformity_content(slot=Slot(0, i))) for i in range(3))
    log.close()
    log.change_status(first, StatusAction.SUSPEND, "investigation", signer=ISSUER)
    log.change_status(second, StatusAction.SUSPEND, "investigation", signer=ISSUER)
    log.close()
    log.change_status(first, StatusAction.REINSTATE, "corrected", signer=ISSUER)
    log.change_status(
        second, StatusAction.SUPERSEDE, "correction", signer=ISSUER, replaced_by=third.document_hash
    )
    log.close()
    log.state(RetireKey(SECOND.public_key))
    log.close()
    return log, second


def test_a_right_log_has_no_finding_and_the_state_is_that_of_the_log_at_every_point() -> None:
    log, second = eventful()
    replay = LogReplay(log.operator, log.origin)
    for index, entry in enumerate(log.entries):
        if isinstance(entry, EpochEntry):
            assert replay.expected_epoch(entry.epoch.time) == entry.epoch
        assert replay.add(entry.to_bytes()) == ()
        assert replay.size == index + 1
    assert replay.status(second.document_hash) == log.statuses[second.document_hash]
    assert [event.index for event in replay.events(second.document_hash)] == [10, 13]
    assert replay.lists.bits("revocation", 0) == log.lists[0][0]
    assert replay.lists.bits("suspension", 0) == log.lists[0][1]
    assert replay.lists.tree().root() == log.epochs[-1].status_root
    assert replay.trust.records == log.trust.records
    assert {found.index for found in replay.certificates()} == {5, 6, 7}


def test_a_compromise_voids_events_that_were_logged_before_it() -> None:
    log = enrolled()
    log.state(added_key(SECOND.public_key))
    document = log.certify(ISSUER)
    replay = LogReplay(log.operator, log.origin)
    at = log.change_status(document, StatusAction.WITHDRAW, "invalid", signer=SECOND)
    log.close()
    log.state(CompromiseKey(SECOND.public_key, at))
    for entry in log.entries[:-1]:
        assert replay.add(entry.to_bytes()) == ()
    assert get_bit(replay.lists.bits("revocation", 0), 0)
    assert replay.add(log.entries[-1].to_bytes()) == ()
    assert not get_bit(replay.lists.bits("revocation", 0), 0)
    assert not replay.status(document.document_hash).revoked
    # It still counts for `previous`.
    assert replay.status(document.document_hash).last is not None


def _unreadable(log: SmallLog) -> None:
    class Unreadable(EpochEntry):
        def to_json(self) -> dict[str, object]:  # type: ignore[override]
            return {"v": 1, "type": "epoch"}

    log.append(Unreadable(log.epochs[0]))


def _certificate(log: SmallLog, document: SecuredDocument, slot: Slot = SLOT) -> None:
    log.append(CertificateEntry(document.document_hash, document.proof, slot))


def _secured(log: SmallLog, *, domain: str = "", key: str = "issuer", slot: Slot = SLOT) -> SecuredDocument:
    return secure(
        conformity_content(slot=slot),
        signer=ed25519(key),
        did=SAMPLE_DID,
        domain=domain or log.origin,
        challenge=certificate_challenge(slot),
        created=log.time,
    )


def _other_log(log: SmallLog) -> None:
    _certificate(log, _secured(log, domain="other.example.vn"))


def _forged(log: SmallLog) -> None:
    document = _secured(log)
    _certificate(log, replace(document, document_hash=DocumentHash(b"\x01" * 32)))


def _unknown_key(log: SmallLog) -> None:
    _certificate(log, _secured(log, key="nobody"))


def _twice(log: SmallLog) -> None:
    document = log.certify(ISSUER, conformity_content(slot=Slot(0, 1)))
    log.close()
    _certificate(log, document, Slot(0, 1))


def _same_slot(log: SmallLog) -> None:
    log.certify(ISSUER)
    log.close()
    log.certify(ISSUER, conformity_content(number="MAU-2026-0002"))


def _far_list(log: SmallLog) -> None:
    slot = Slot(2**31 - 1, 0)
    _certificate(log, _secured(log, slot=slot), slot)


def _trust_by_nobody(log: SmallLog) -> None:
    document = log.trust_document(added_key(SECOND.public_key), signer=ed25519("nobody"))
    log.append(StatementEntry("trust", document))


def _status(log: SmallLog, document: SecuredDocument, did: str = SAMPLE_DID, **changed: object) -> None:
    values: dict[str, object] = {
        "certificate": document.document_hash,
        "issuer": SAMPLE_DID,
        "action": StatusAction.SUSPEND,
        "effective": format_time(log.time),
        "previous": None,
        "reason": "investigation",
    }
    statement = StatusStatement(**(values | changed))  # type: ignore[arg-type]
    signed = secure(
        statement.to_json(), signer=ISSUER, did=did, domain=log.origin, challenge="status", created=log.time
    )
    log.append(StatementEntry("status", signed))


def _of_nothing(log: SmallLog) -> None:
    _status(log, _secured(log))


def _by_another(log: SmallLog) -> None:
    document = log.certify(ISSUER)
    log.close()
    _status(log, document, did="did:web:khac.example.vn")


def _reinstated_first(log: SmallLog) -> None:
    document = log.certify(ISSUER)
    log.close()
    _status(log, document, action=StatusAction.REINSTATE, reason="corrected")


def _superseded_by_nothing(log: SmallLog) -> None:
    document = log.certify(ISSUER)
    log.close()
    _status(
        log,
        document,
        action=StatusAction.SUPERSEDE,
        reason="correction",
        replaced_by=DocumentHash(b"\x02" * 32),
    )


def _tomorrow(log: SmallLog) -> None:
    document = log.certify(ISSUER)
    log.close()
    log.statuses.clear()
    _status(log, document, effective=format_time(log.time + 86_400))
    # The epoch that follows dates it; its own root is what this log's maker did not compute.
    log.append(EpochEntry(replace(log.epochs[-1], number=2, as_of=log.size)))


def _epoch(**changed: object) -> Callable[[SmallLog], None]:
    def append(log: SmallLog) -> None:
        log.close()
        epoch: Epoch = log.epochs[-1]
        log.entries[-1] = EpochEntry(replace(epoch, **changed))  # type: ignore[arg-type]

    return append


LIES: Final[dict[Fault, Callable[[SmallLog], None]]] = {
    Fault.UNREADABLE: _unreadable,
    Fault.WRONG_BINDING: _other_log,
    Fault.BAD_SIGNATURE: _forged,
    Fault.SIGNER: _unknown_key,
    Fault.REPEATED_DOCUMENT: _twice,
    Fault.REPEATED_SLOT: _same_slot,
    Fault.FAR_LIST: _far_list,
    Fault.TRUST: _trust_by_nobody,
    Fault.UNKNOWN_CERTIFICATE: _of_nothing,
    Fault.NOT_ITS_ISSUER: _by_another,
    Fault.STATUS: _reinstated_first,
    Fault.REPLACEMENT: _superseded_by_nothing,
    Fault.FUTURE: _tomorrow,
    Fault.EPOCH_NUMBER: _epoch(number=7),
    Fault.EPOCH_AS_OF: _epoch(as_of=2),
    Fault.EPOCH_TIME: _epoch(time=0),
    Fault.EPOCH_LISTS: _epoch(status_lists=1),
    Fault.EPOCH_STATUS_ROOT: _epoch(status_root=b"\x03" * 32),
    Fault.EPOCH_RECORDS: _epoch(trust_records=0),
    Fault.EPOCH_TRUST_ROOT: _epoch(trust_root=b"\x04" * 32),
}


@pytest.mark.parametrize("fault", LIES)
def test_each_lie_is_one_finding_at_its_own_entry(fault: Fault) -> None:
    log = enrolled()
    log.close()
    assert codes(log) == []
    LIES[fault](log)
    last = log.size - (2 if fault is Fault.FUTURE else 1)
    assert codes(log)[:1] == [(fault, last)]
    if fault is not Fault.FUTURE:
        assert len(codes(log)) == 1


def test_a_second_document_with_the_id_of_the_first_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # 95 bits cannot be made to collide: let the id be of one bit only.
    monkeypatch.setattr(log_replay, "_prefix", lambda digest: digest[0] >> 7)
    log = enrolled()
    documents = [log.certify(ISSUER, conformity_content(slot=Slot(0, i))) for i in range(3)]
    assert Fault.REPEATED_ID in {code for code, _ in codes(log)}
    replay = LogReplay(log.operator, log.origin)
    for entry in log.entries:
        replay.add(entry.to_bytes())
    # Both are there, and each is found by its whole hash.
    assert all(replay.certificate(found.document_hash) is not None for found in documents)
    assert len(list(replay.certificates())) == len(documents)


def test_an_id_that_is_not_compared_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt() -> None:
        with monkeypatch.context() as inner:
            test_a_second_document_with_the_id_of_the_first_is_found(inner)

    require_noticed(Control(LogReplay, "_repeated_id", lambda *_: (), attempt), monkeypatch)


def test_a_withdrawal_that_the_epoch_leaves_out_is_found_at_the_epoch() -> None:
    log = enrolled()
    document = log.certify(ISSUER)
    log.close()
    log.change_status(document, StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    kept, log.lists = log.lists, [(b"\x00" * 16384, b"\x00" * 16384)]
    at = log.close()
    assert codes(log) == [(Fault.EPOCH_STATUS_ROOT, at)]
    log.lists = kept
    log.close()
    assert codes(log) == [(Fault.EPOCH_STATUS_ROOT, at)]


def test_what_was_verified_before_is_not_verified_again_and_all_else_is() -> None:
    log = enrolled()
    _forged(log)
    data = log.entries[-1].to_bytes()
    assert examine_known(data, log.origin).problem is None
    assert examine_known(data, "other.example.vn").problem is not None


@pytest.mark.parametrize(
    ("fault", "holder", "name", "defect"),
    [
        (Fault.BAD_SIGNATURE, logged_entry, "_verify", nothing),
        (Fault.WRONG_BINDING, logged_entry, "require_binding", nothing),
        (Fault.SIGNER, log_replay, "key_in_force", nothing),
        (Fault.REPEATED_SLOT, LogReplay, "_repeated_slot", lambda *_: ()),
        (Fault.FAR_LIST, LogReplay, "_grow", lambda *_: True),
        (Fault.STATUS, log_replay, "step", nothing),
        (Fault.EPOCH_STATUS_ROOT, log_replay, "epoch_faults", lambda *_: ()),
        (Fault.FUTURE, log_replay, "EFFECTIVE_TOLERANCE", 10**9),
    ],
)
def test_without_the_check_the_lie_is_not_found(
    fault: Fault, holder: object, name: str, defect: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = Control(holder, name, defect, lambda: test_each_lie_is_one_finding_at_its_own_entry(fault))
    require_noticed(control, monkeypatch)


def test_without_voiding_a_compromise_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    control = Control(
        status_replay,
        "is_void",
        lambda *_: False,
        test_a_compromise_voids_events_that_were_logged_before_it,
    )
    require_noticed(control, monkeypatch)
