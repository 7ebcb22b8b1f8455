"""A registry that holds the log's and the epochs' keys lies about a status: in its epochs, its lists, its evidence."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from certlog import log_replay
from certlog.canonical import canonicalize
from certlog.findings import Fault
from certlog.status import StatusAction
from certlog.status_list import PURPOSES, empty_list, list_credential
from tests.support.controls import Control, nothing, require_failure
from tests.support.liar import ISSUER, Liar, honest
from tests.support.signing import ed25519
from tests.verifier import dishonest
from verifier import check_status
from verifier.audit_parts import AuditFault
from verifier.make_omission import make_omission
from verifier.report import Verdict
from verifier.verify_omission import Contradiction, verify_omission

THIEF: Final = ed25519("thief")


def test_a_dropped_withdrawal_is_believed_where_it_is_shown_and_found_by_every_audit(tmp_path: Path) -> None:
    liar, certificate = honest()
    liar.log.change_status(certificate, StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    liar.log.lists = [(empty_list(), empty_list())]
    liar.close()
    assert liar.verdict(liar.log.evidence(certificate)) is Verdict.WITHDRAWN
    assert liar.found(tmp_path)[:1] == [Fault.EPOCH_STATUS_ROOT]


def test_a_dropped_withdrawal_is_shown_by_a_file_that_anyone_can_carry() -> None:
    liar = dishonest.dropped(StatusAction.WITHDRAW)()
    proof = make_omission(liar.state(), liar.view(), liar.log.trust_root())
    shown = verify_omission(proof, liar.log.trust_root())
    assert shown.contradiction is Contradiction.REVOCATION_OMITTED


def test_a_wrong_list_proves_nothing_and_is_found(tmp_path: Path) -> None:
    liar, certificate = honest()
    liar.log.change_status(certificate, StatusAction.SUSPEND, "investigation", signer=ISSUER)
    liar.close()
    evidence = liar.log.evidence(certificate)
    suspension = replace(evidence.lists[1], bits=empty_list())
    lying = replace(evidence, events=(), lists=(evidence.lists[0], suspension))
    assert liar.verdict(lying) is Verdict.ALTERED
    for purpose in PURPOSES:
        served = list_credential(
            empty_list(), origin=liar.log.origin, purpose=purpose, number=0, signer=ed25519("list"), now=0
        )
        liar.files[f"status/{purpose}/0"] = canonicalize(served)
    assert liar.found(tmp_path) == [AuditFault.LIST_DIFFERS]


def test_a_reinstatement_that_nobody_had_a_right_to_frees_no_certificate(tmp_path: Path) -> None:
    played = dishonest.Liar()
    liar = Liar(played.log)
    played.event(StatusAction.SUSPEND)
    last = played.log.statuses[played.certificate.document_hash].last
    played.junk(StatusAction.REINSTATE, THIEF, previous=last)
    played.say(suspended=False)
    liar.close()
    assert liar.verdict(liar.log.evidence(played.certificate)) is Verdict.CANNOT_CHECK
    assert liar.found(tmp_path) == [Fault.SIGNER, Fault.EPOCH_STATUS_ROOT, AuditFault.LIST_DIFFERS]


def test_a_reinstatement_after_a_withdrawal_frees_no_certificate(tmp_path: Path) -> None:
    played = dishonest.Liar()
    liar = Liar(played.log)
    played.event(StatusAction.WITHDRAW)
    last = played.log.statuses[played.certificate.document_hash].last
    played.junk(StatusAction.REINSTATE, ISSUER, previous=last)
    played.say(revoked=False)
    liar.close()
    assert liar.verdict(liar.log.evidence(played.certificate)) is Verdict.WITHDRAWN
    assert liar.found(tmp_path) == [Fault.STATUS, Fault.EPOCH_STATUS_ROOT, AuditFault.LIST_DIFFERS]


def test_a_withdrawal_that_the_issuer_never_signed_is_found(tmp_path: Path) -> None:
    played = dishonest.Liar()
    liar = Liar(played.log)
    played.say(revoked=True)
    liar.close()
    # It harms, and no reader can know better than the registry says: but it is on record, and refuted.
    assert liar.verdict(liar.log.evidence(played.certificate)) is Verdict.WITHDRAWN
    assert liar.found(tmp_path) == [Fault.EPOCH_STATUS_ROOT, AuditFault.LIST_DIFFERS]
    proof = make_omission(played.log.status_proof(played.certificate), played.view(), played.log.trust_root())
    assert verify_omission(proof, played.log.trust_root()).contradiction is Contradiction.REVOCATION_INVENTED


DEFECTS: Final[dict[Callable[[Path], None], tuple[object, str, object]]] = {
    test_a_dropped_withdrawal_is_believed_where_it_is_shown_and_found_by_every_audit: (
        log_replay,
        "epoch_faults",
        lambda *_: (),
    ),
    test_a_wrong_list_proves_nothing_and_is_found: (check_status, "verify_inclusion", nothing),
    test_a_reinstatement_that_nobody_had_a_right_to_frees_no_certificate: (
        check_status,
        "key_in_force",
        nothing,
    ),
    test_a_withdrawal_that_the_issuer_never_signed_is_found: (log_replay, "epoch_faults", lambda *_: ()),
}


@pytest.mark.parametrize("lie", DEFECTS, ids=lambda lie: lie.__name__.removeprefix("test_"))
def test_a_lie_that_is_not_looked_for_is_noticed(
    lie: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, name, defect = DEFECTS[lie]
    require_failure(Control(holder, name, defect, lambda: lie(tmp_path)), monkeypatch)
