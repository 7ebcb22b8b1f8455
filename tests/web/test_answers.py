"""The registry's answer over a real registry and a real anchoring database: what is proven, and what is only said."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from anchoring.batch import HaltReason, State
from certlog.documents import SecuredDocument
from certlog.evidence import Evidence
from certlog.status import StatusAction
from certlog.status_proof import StatusProof
from certlog.timestamps import parse_time
from certlog.trust_root import TrustRoot
from tests.web.real import ANCHORING, CONTRACT, LOG_ID, RealRegistry, id_of, make_real_registry
from verifier.chain_view import ChainView
from verifier.report import CheckName, Outcome, Reason, Remark, Report, Verdict
from verifier.verify import verify
from verifier.verify_status import Standing, verify_status
from web.anchors import ELSEWHERE, StoredAnchors
from web.services import Answer, Services
from web.wiring import open_services

NOW = parse_time("2026-11-22T10:00:00+07:00")


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealRegistry]:
    """Return a registry with one enrolled body and one trusted local chain."""
    made = make_real_registry(tmp_path / "data", clock=NOW)
    yield made
    made.close()


def services(real: RealRegistry) -> Services:
    return open_services(real.world.folder, real.world.surroundings)


def answer(real: RealRegistry, document: SecuredDocument) -> Answer:
    return services(real).answers.by_id(id_of(document))


def report(real: RealRegistry, document: SecuredDocument) -> Report:
    return answer(real, document).report


def anchored(real: RealRegistry) -> SecuredDocument:
    document = real.issue()
    real.anchor()
    real.poll()
    return document


def test_a_certificate_that_is_anchored_and_final_is_valid(real: RealRegistry) -> None:
    found = answer(real, anchored(real))
    assert found.report.verdict is Verdict.VALID
    assert found.report.remarks == (Remark.TEST_CHAIN, Remark.SCOPE_TRANSCRIBED)
    assert found.chain_view.block_number == 200
    assert found.report.anchored_at == NOW


def test_the_evidence_that_is_handed_out_gives_the_same_verdict(real: RealRegistry) -> None:
    document = anchored(real)
    given = services(real)
    evidence = Evidence.parse(given.answers.evidence(id_of(document)))
    view = given.answers.by_id(id_of(document)).chain_view
    assert verify(evidence, given.trust_root, NOW, view).verdict is Verdict.VALID
    assert [len(head.anchors) for head in evidence.heads] == [1]


def test_first_and_newest_anchor_are_both_in_the_evidence(real: RealRegistry) -> None:
    document = real.issue()
    for _ in range(4):
        real.anchor()
        real.issue()
    real.poll()
    evidence = Evidence.parse(services(real).answers.evidence(id_of(document)))
    numbers = [anchor.block_number for head in evidence.heads for anchor in head.anchors]
    assert numbers == [100, 103]


def test_before_its_first_epoch_a_certificate_is_pending_by_the_registrys_word(real: RealRegistry) -> None:
    anchored(real)
    document = real.issue()
    found = report(real, document)
    assert found.verdict is Verdict.PENDING
    assert found.check(CheckName.BYTES).outcome is Outcome.PASSED
    assert found.check(CheckName.SIGNATURE).outcome is Outcome.PASSED
    assert found.check(CheckName.STATUS).reason is Reason.REGISTRY_ANSWER
    assert found.content is not None


def test_with_an_epoch_and_no_anchor_a_certificate_is_pending(real: RealRegistry) -> None:
    document = real.issue()
    real.world.publisher.tick()
    real.poll()
    found = report(real, document)
    assert (found.verdict, found.reason) == (Verdict.PENDING, Reason.NOT_ANCHORED_YET)
    assert found.check(CheckName.STATUS).outcome is Outcome.PASSED


def test_an_anchor_that_is_not_final_is_pending_and_said_to_be_so(real: RealRegistry) -> None:
    document = real.issue()
    real.anchor(State.INCLUDED)
    real.poll()
    found = report(real, document)
    assert (found.verdict, found.reason) == (Verdict.PENDING, Reason.NOT_FINAL_YET)


@pytest.mark.parametrize("state", [State.SEALED, State.PREPARED, State.BROADCAST])
def test_an_anchor_that_is_only_under_way_never_counts(real: RealRegistry, state: State) -> None:
    document = real.issue()
    real.anchor(state)
    real.poll()
    assert report(real, document).verdict is Verdict.PENDING


def test_a_chain_that_took_back_a_final_block_makes_nothing_green(real: RealRegistry) -> None:
    document = anchored(real)
    real.halt(HaltReason.FINALITY_VIOLATION)
    found = answer(real, document)
    assert found.report.verdict is not Verdict.VALID
    assert "took back" in found.chain_view.problem


@pytest.mark.parametrize("reason", [HaltReason.WRONG_CODE, HaltReason.WRONG_CHAIN])
def test_a_contract_that_is_not_reached_makes_nothing_green_and_nothing_invalid(
    real: RealRegistry, reason: HaltReason
) -> None:
    document = anchored(real)
    real.halt(reason)
    found = answer(real, document)
    assert (found.report.verdict, found.report.reason) == (Verdict.CANNOT_CHECK, Reason.CHAIN_NOT_CONSULTED)
    assert found.chain_view.problem == ELSEWHERE
    assert (found.chain_view.read_at, found.chain_view.block_number) == (NOW, 200)
    evidence = Evidence.parse(services(real).answers.evidence(id_of(document)))
    assert [len(head.anchors) for head in evidence.heads] == [1], "it may be a mistyped endpoint only"


def test_a_worker_that_halted_for_another_reason_leaves_what_is_final_green(real: RealRegistry) -> None:
    document = anchored(real)
    real.halt(HaltReason.FOREIGN_HEAD)
    assert report(real, document).verdict is Verdict.VALID


def test_without_an_anchoring_database_nothing_is_green(real: RealRegistry) -> None:
    document = anchored(real)
    real.anchoring.close()
    (real.world.folder.path / ANCHORING).unlink()
    found = answer(real, document)
    assert found.report.verdict is Verdict.PENDING
    assert found.chain_view.read_at is None
    assert services(real).anchors.page(older_than=None, limit=5).rows == ()


@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        (StatusAction.SUSPEND, Verdict.SUSPENDED),
        (StatusAction.WITHDRAW, Verdict.WITHDRAWN),
        (StatusAction.CANCEL, Verdict.CANCELLED),
    ],
)
@pytest.mark.parametrize("with_epoch", [False, True])
def test_a_status_shows_as_soon_as_it_is_logged_and_stays_after_its_epoch(
    real: RealRegistry, action: StatusAction, verdict: Verdict, *, with_epoch: bool
) -> None:
    document = anchored(real)
    real.world.logged(real.world.status(document, action))
    if with_epoch:
        real.world.clock.time += 61
        real.world.publisher.tick()
    found = report(real, document)
    assert found.verdict is verdict
    assert found.status is not None
    assert found.status.action == action
    assert ("by the registry's answer only" in found.check(CheckName.STATUS).why) == (not with_epoch)


def test_a_replaced_certificate_names_its_replacement(real: RealRegistry) -> None:
    old, new = anchored(real), real.issue()
    real.world.logged(real.world.status(old, StatusAction.SUPERSEDE, replaced_by=new.document_hash))
    found = answer(real, old)
    assert (found.report.verdict, found.replacement) == (Verdict.SUPERSEDED, id_of(new))


def test_a_reinstatement_waits_for_the_epoch_that_proves_it(real: RealRegistry) -> None:
    document = anchored(real)
    real.world.logged(real.world.status(document, StatusAction.SUSPEND))
    real.anchor()
    real.world.logged(real.world.status(document, StatusAction.REINSTATE))
    assert report(real, document).verdict is Verdict.SUSPENDED
    real.anchor()
    assert report(real, document).verdict is Verdict.VALID


def test_an_old_status_is_not_green_when_the_publisher_stopped(real: RealRegistry) -> None:
    document = anchored(real)
    real.world.clock.time += 24 * 3600 + 301
    real.poll()
    found = report(real, document)
    assert (found.verdict, found.reason) == (Verdict.CANNOT_CHECK, Reason.STATUS_TOO_OLD)


def test_a_withheld_certificate_is_neither_green_nor_red(real: RealRegistry) -> None:
    document = real.issue(publish=False)
    real.anchor()
    real.poll()
    found = report(real, document)
    assert found.verdict is Verdict.CANNOT_CHECK
    assert found.content is None
    page = real.app.test_client().get(f"/en/c/{id_of(document)}")
    assert "Content not with the registry" in page.text
    assert real.app.test_client().get(f"/api/v1/certificates/{id_of(document)}/document").status_code == 404


def test_unknown_and_mistyped_codes_have_all_ten_checks_open(real: RealRegistry) -> None:
    for typed, verdict in (("WERC8GMRZGE196QVYK49", Verdict.UNKNOWN), ("WERC8", Verdict.MISTYPED)):
        found = services(real).answers.by_id(typed).report
        assert found.verdict is verdict
        assert {check.outcome for check in found.checks} == {Outcome.NOT_CHECKED}


def test_what_the_worker_read_is_handed_to_the_verifier_as_the_trust_root_writes_it(
    real: RealRegistry,
) -> None:
    anchored(real)
    (reading,) = StoredAnchors(real.world.folder.path / ANCHORING).about(0).chain_view.readings
    assert (reading.contract, reading.log_id) == (CONTRACT.lower(), "0x" + LOG_ID.hex())
    assert (reading.final, reading.block_number, reading.read_block) == (True, 100, 101)


def test_the_log_of_batches_comes_in_pages(real: RealRegistry) -> None:
    for _ in range(3):
        real.anchor()
    anchors = StoredAnchors(real.world.folder.path / ANCHORING)
    first = anchors.page(older_than=None, limit=2)
    assert ([row.number for row in first.rows], first.older_than) == ([2, 1], 1)
    last = anchors.page(older_than=first.older_than, limit=2)
    assert ([row.number for row in last.rows], last.older_than) == ([0], None)
    assert first.rows[0].tx_hash == "0x" + (2).to_bytes(32, "big").hex()


def test_the_api_of_a_real_registry_serves_what_a_verifier_needs(real: RealRegistry) -> None:
    document = anchored(real)
    client = real.app.test_client()
    entry = client.get(f"/api/v1/entries/{report(real, document).index}")
    assert entry.status_code == 200
    log = client.get("/api/v1/log").json
    assert log is not None
    assert log["size"] == real.world.registry.size()
    status_address = document.content["credentialStatus"]
    assert isinstance(status_address, list)
    for listed in status_address:
        assert isinstance(listed, dict)
        path = str(listed["statusListCredential"]).removeprefix(f"https://{real.world.origin}")
        assert client.get(path).status_code == 200
    assert client.get("/status/revocation/9").status_code == 404
    assert client.get("/api/v1/entries/99999").status_code == 404
    assert client.get("/api/v1/entries/99999/proof").status_code == 404


def test_a_status_proof_is_downloaded_and_verifies(real: RealRegistry) -> None:
    document = real.issue()
    real.anchor()
    real.poll()
    client = real.app.test_client()
    path = f"/api/v1/certificates/{id_of(document)}/status-proof"
    answer = client.get(f"{path}?anchored=1")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{id_of(document)}.status.json"'
    proof = StatusProof.parse(answer.data)
    root = TrustRoot.parse(client.get("/api/v1/trust-root").data)
    report = verify_status(proof, root, real.world.clock(), ChainView(), certificate=document.document_hash)
    assert report.standing is Standing.CLEAR
    assert client.get(f"{path}?on=1").status_code == 422
    assert client.get(f"{path}?on=yesterday").status_code == 422
    assert path.encode() in client.get(f"/en/c/{id_of(document)}").data
