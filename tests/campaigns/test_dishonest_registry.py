"""A registry that holds the log's, the epochs' and the anchorer's keys lies: each lie ends in the wanted answer.

What `certlog verify` says of the evidence that it hands out, and what `certlog audit` finds in the log that it serves.
The operator's key and the issuers' keys are not the registry's: what they did not sign it cannot make them have signed.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from certlog import log_replay, logged_entry, trust_state
from certlog.documents import SecuredDocument, certificate_challenge, secure
from certlog.entry import CertificateEntry, EpochEntry, StatementEntry
from certlog.epoch import Epoch
from certlog.findings import Fault
from certlog.issuer_record import KeyRecord
from certlog.operator_record import OperatorKey, OperatorRecord
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.trust import AddKey
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.controls import Control, nothing, require_failure
from tests.support.liar import ISSUER, Liar, honest
from tests.support.possession import added_key
from tests.support.signing import ed25519
from tests.verifier.audited import relog
from verifier import audit as audit_module
from verifier import audit_anchors, check_status, check_trust
from verifier.audit_parts import AuditFault
from verifier.report import Verdict

THIEF: Final = ed25519("thief")
DAY: Final = 86_400


def another(position: int, number: str = "MAU-2026-0009") -> dict[str, Any]:
    """Return the content of another certificate, for a slot of list 0."""
    return dict(conformity_content(slot=Slot(0, position), number=number))


def test_a_registry_that_does_not_lie_is_believed(tmp_path: Path) -> None:
    liar, certificate = honest()
    assert liar.verdict(liar.log.evidence(certificate)) is Verdict.VALID
    assert liar.found(tmp_path) == []


def test_an_invented_issuer_key_makes_no_certificate_trusted(tmp_path: Path) -> None:
    liar, _ = honest()
    record = liar.log.trust.require_record(SAMPLE_DID)
    forged = replace(record, keys=(*record.keys, KeyRecord(THIEF.public_key, 1)))
    certificate = liar.log.certify(THIEF, another(1))
    liar.log.close(records=(forged,))
    liar.anchor(liar.log.size, liar.log.time)
    assert liar.verdict(liar.log.evidence(certificate)) is Verdict.NOT_TRUSTED
    # The certificate first, for its signer; then the epoch that states the record.
    assert liar.found(tmp_path) == [Fault.SIGNER, Fault.EPOCH_TRUST_ROOT]


def test_a_key_that_a_thief_of_no_operators_key_adds_makes_no_certificate_trusted(tmp_path: Path) -> None:
    liar, _ = honest()
    document = liar.log.trust_document(added_key(THIEF.public_key), signer=THIEF)
    liar.log.append(StatementEntry("trust", document))
    certificate = liar.log.certify(THIEF, another(1))
    record = liar.log.trust.require_record(SAMPLE_DID)
    liar.log.close(records=(replace(record, keys=(*record.keys, KeyRecord(THIEF.public_key, 7))),))
    liar.anchor(liar.log.size, liar.log.time)
    evidence = liar.log.evidence(certificate)
    assert liar.verdict(evidence) is Verdict.NOT_TRUSTED
    assert liar.found(tmp_path)[:2] == [Fault.TRUST, Fault.SIGNER]


def test_an_invented_operators_key_is_found_and_not_trusted(tmp_path: Path) -> None:
    liar, certificate = honest()
    invented = OperatorRecord(liar.log.operator.did, (OperatorKey(THIEF.public_key),))
    liar.log.close(operator=invented)
    liar.anchor(liar.log.size, liar.log.time)
    assert liar.verdict(liar.log.evidence(certificate)) is not Verdict.VALID
    assert liar.found(tmp_path) == [Fault.EPOCH_TRUST_ROOT]


def test_an_old_epoch_that_is_anchored_late_is_not_fresh_and_is_found(tmp_path: Path) -> None:
    liar, certificate = honest()
    liar.close(after=36 * 3600)
    assert liar.verdict(liar.log.evidence(certificate)) is Verdict.CANNOT_CHECK
    assert liar.found(tmp_path) == [AuditFault.ANCHOR_LATE]


def test_a_second_history_contradicts_the_chain_and_is_found(tmp_path: Path) -> None:
    liar, certificate = honest()
    forked, other = honest()
    # Up to here both are one log; then each goes its own way, and the chain holds one of them.
    liar.log.change_status(certificate, StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    liar.close()
    forked.log.certify(ISSUER, another(1))
    forked.log.close()
    forked.anchors = liar.anchors
    assert liar.log.size == forked.log.size
    assert liar.verdict(liar.log.evidence(certificate)) is Verdict.WITHDRAWN
    # Without its anchor it waits for one; a file that says that it is anchored is contradicted by the chain.
    assert forked.verdict(forked.log.evidence(other)) is not Verdict.VALID
    assert AuditFault.FOREIGN_HEAD in forked.found(tmp_path)


def test_a_history_that_was_seen_otherwise_is_found(tmp_path: Path) -> None:
    liar, _ = honest()
    liar.state = liar.audit(tmp_path / "first").new_state()
    liar.log.close()
    assert liar.found(tmp_path / "longer") == []
    other, _ = honest()
    other.log.entries[3:4] = []
    relog(other.log)
    other.log.close()
    other.log.close()
    other.state = liar.state
    assert other.found(tmp_path / "other") == [AuditFault.TWO_HISTORIES]


def test_evidence_mixed_from_two_epochs_is_altered() -> None:
    liar, certificate = honest()
    old = liar.log.evidence(certificate)
    liar.log.change_status(certificate, StatusAction.SUSPEND, "investigation", signer=ISSUER)
    liar.close()
    new = liar.log.evidence(certificate)
    assert (liar.verdict(old), liar.verdict(new)) == (Verdict.VALID, Verdict.SUSPENDED)
    for mixed in (
        replace(new, lists=old.lists),
        replace(new, lists=old.lists, events=()),
        replace(new, records=old.records, epoch=old.epoch, events=()),
        replace(new, epoch=old.epoch, lists=old.lists, events=()),
        replace(old, heads=new.heads),
    ):
        assert liar.verdict(mixed) is Verdict.ALTERED


def test_a_second_document_on_one_slot_is_found(tmp_path: Path) -> None:
    liar, _ = honest()
    liar.log.certify(ISSUER, another(0))
    liar.close()
    assert liar.found(tmp_path) == [Fault.REPEATED_SLOT]


def test_the_same_document_twice_is_found(tmp_path: Path) -> None:
    liar, certificate = honest()
    again = secure(
        certificate.content,
        signer=ISSUER,
        did=SAMPLE_DID,
        domain=liar.log.origin,
        challenge=certificate_challenge(Slot(0, 0)),
        created="2026-11-21T09:00:00+07:00",
    )
    liar.log.append(CertificateEntry(again.document_hash, again.proof, Slot(0, 0)))
    liar.close()
    assert liar.found(tmp_path) == [Fault.REPEATED_DOCUMENT]


def test_a_second_document_under_one_id_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody can find two documents whose hashes share 95 bits: here the auditor takes the first bit alone for the id.
    monkeypatch.setattr(log_replay, "_prefix", lambda digest: digest[0] >> 7)
    liar, _ = honest()
    for position in (1, 2):
        liar.log.certify(ISSUER, another(position, f"MAU-2026-100{position}"))
    liar.close()
    assert set(liar.found(tmp_path)) == {Fault.REPEATED_ID}


def _with_epoch(**changed: Any) -> tuple[Liar, SecuredDocument]:
    """Return a registry whose last epoch says something else."""
    liar, certificate = honest()
    liar.log.close()
    epoch: Epoch = replace(liar.log.epochs[-1], **changed)
    liar.log.epochs[-1] = epoch
    liar.log.entries[-1] = EpochEntry(epoch)
    relog(liar.log)
    liar.anchor(liar.log.size, liar.log.time)
    return liar, certificate


def test_a_gap_in_the_numbers_of_epochs_is_found(tmp_path: Path) -> None:
    liar, _ = _with_epoch(number=9)
    assert liar.found(tmp_path) == [Fault.EPOCH_NUMBER]


def test_an_epoch_about_another_point_of_the_log_is_found_and_proves_no_status(tmp_path: Path) -> None:
    liar, certificate = _with_epoch(as_of=5)
    assert liar.verdict(liar.log.evidence(certificate)) is Verdict.CANNOT_CHECK
    assert liar.found(tmp_path) == [Fault.EPOCH_AS_OF]


def test_an_epoch_from_the_future_is_not_fresh_and_is_found(tmp_path: Path) -> None:
    liar, certificate = honest()
    liar.log.close(liar.log.time + DAY)
    liar.anchor(liar.log.size, liar.log.time)
    at = liar.log.time + 60
    assert liar.verdict(liar.log.evidence(certificate), at=at) is Verdict.CANNOT_CHECK
    assert liar.found(tmp_path) == [Fault.EPOCH_TIME, AuditFault.EPOCH_AFTER_BLOCK]


def test_an_epoch_dated_back_is_found(tmp_path: Path) -> None:
    liar, _ = honest()
    liar.log.close(liar.log.epochs[-1].time - 3600)
    liar.anchor(liar.log.size, liar.log.time)
    assert Fault.EPOCH_TIME in liar.found(tmp_path)


def test_a_head_that_a_thief_of_the_anchorers_key_anchored_is_found(tmp_path: Path) -> None:
    liar, certificate = honest()
    liar.anchors[liar.log.size + 7, b"\x07" * 32] = (liar.log.time, 120)
    assert liar.found(tmp_path) == [AuditFault.BEYOND_LOG]
    liar.anchors[liar.log.size - 1, b"\x07" * 32] = (liar.log.time, 121)
    assert AuditFault.FOREIGN_HEAD in liar.found(tmp_path / "again")
    # What was anchored rightly stays so.
    assert liar.verdict(liar.log.evidence(certificate)) is Verdict.VALID


def test_entries_that_are_withheld_after_they_were_anchored_are_found(tmp_path: Path) -> None:
    liar, certificate = honest()
    shown, _ = honest()
    liar.log.change_status(certificate, StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    liar.close()
    shown.anchors = liar.anchors
    assert shown.found(tmp_path) == [AuditFault.BEYOND_LOG]


def test_a_log_that_was_cut_off_is_found_by_who_saw_it_longer(tmp_path: Path) -> None:
    liar, certificate = honest()
    liar.log.change_status(certificate, StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    liar.close()
    shorter, _ = honest()
    shorter.state = liar.audit(tmp_path / "long").new_state()
    assert shorter.found(tmp_path / "short") == [AuditFault.ROLLED_BACK]


def test_a_certificate_with_a_signature_that_the_issuer_did_not_make_is_altered_and_found(
    tmp_path: Path,
) -> None:
    liar, certificate = honest()
    forged = replace(liar.log.certify(ISSUER, another(1)), content=certificate.content)
    liar.close()
    evidence = liar.log.evidence(certificate)
    assert liar.verdict(replace(evidence, certificate=forged)) is Verdict.ALTERED
    other, _ = honest()
    signed = other.log.certify(ISSUER, another(1))
    other.log.entries[-1] = CertificateEntry(certificate.document_hash, signed.proof, Slot(0, 1))
    relog(other.log)
    other.close()
    assert other.found(tmp_path)[:1] == [Fault.BAD_SIGNATURE]


def test_a_key_whose_holder_did_not_agree_is_found(tmp_path: Path) -> None:
    liar, _ = honest()
    agreed = added_key(THIEF.public_key)
    stolen = AddKey(ed25519("victim").public_key, agreed.possession)
    liar.log.append(StatementEntry("trust", liar.log.trust_document(stolen)))
    liar.close()
    assert liar.found(tmp_path) == [Fault.TRUST]


DEFECTS: Final[dict[Callable[[Path], None], tuple[object, str, object]]] = {
    test_an_invented_issuer_key_makes_no_certificate_trusted: (
        check_trust,
        "key_in_force",
        lambda _record, key, _index: KeyRecord(key, 1),
    ),
    test_an_invented_operators_key_is_found_and_not_trusted: (log_replay, "epoch_faults", lambda *_: ()),
    test_an_old_epoch_that_is_anchored_late_is_not_fresh_and_is_found: (
        audit_anchors,
        "_epoch_problems",
        lambda *_: (),
    ),
    test_a_second_history_contradicts_the_chain_and_is_found: (audit_anchors, "same", lambda *_: True),
    test_a_history_that_was_seen_otherwise_is_found: (audit_module, "same", lambda *_: True),
    test_a_second_document_on_one_slot_is_found: (
        log_replay.LogReplay,
        "_certificate",
        lambda *_: iter(()),
    ),
    test_a_gap_in_the_numbers_of_epochs_is_found: (log_replay, "epoch_faults", lambda *_: ()),
    test_a_head_that_a_thief_of_the_anchorers_key_anchored_is_found: (audit_anchors, "_foreign", nothing),
    test_entries_that_are_withheld_after_they_were_anchored_are_found: (
        audit_anchors,
        "_foreign",
        nothing,
    ),
    test_a_log_that_was_cut_off_is_found_by_who_saw_it_longer: (
        audit_module._Run,  # the control of that very step
        "_seen_before",
        nothing,
    ),
    test_a_certificate_with_a_signature_that_the_issuer_did_not_make_is_altered_and_found: (
        logged_entry,
        "_verify",
        nothing,
    ),
    test_a_key_whose_holder_did_not_agree_is_found: (trust_state, "verify_possession", nothing),
}


@pytest.mark.parametrize("lie", DEFECTS, ids=lambda lie: lie.__name__.removeprefix("test_"))
def test_a_lie_that_is_not_looked_for_is_noticed(
    lie: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, name, defect = DEFECTS[lie]
    require_failure(Control(holder, name, defect, lambda: lie(tmp_path)), monkeypatch)


def test_evidence_that_is_mixed_is_noticed_by_the_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    control = Control(
        check_status, "verify_inclusion", nothing, test_evidence_mixed_from_two_epochs_is_altered
    )
    require_failure(control, monkeypatch)
