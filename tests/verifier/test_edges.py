"""Single lines of the checks that no other case leans on: each test was written for a defect that went unnoticed."""

from dataclasses import replace
from typing import Any

import pytest

from certlog.checkpoint import Checkpoint
from certlog.claims import covers, stands
from certlog.credential import ClaimedScope
from certlog.digests import DocumentHash, RootHash
from certlog.documents import STATUS_CHALLENGE, secure
from certlog.entry import StatementEntry
from certlog.issuer_record import KeyRecord, ScopeRecord
from certlog.keys import PublicKey, verification_method
from certlog.note import sign_note
from certlog.status import FileBinding, StatusAction, StatusStatement
from certlog.timestamps import format_time, parse_time
from certlog.trust import CompromiseKey, Enrol, GrantScope
from certlog.trust_root import TrustRoot
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN, conformity_content
from tests.support.possession import added_key
from tests.support.signing import ed25519, log_signer
from tests.verifier.world import (
    AUDITORS,
    DAY,
    HOUR,
    ISSUER,
    NAMES,
    NOW,
    SCOPE,
    Case,
    World,
    ask,
    case_of,
    enrolled_world,
    honest_case,
    sign_certificate,
    trust_root,
)
from verifier.chain_view import NOT_CONSULTED
from verifier.check_file import File
from verifier.report import (
    CheckName,
    Look,
    Outcome,
    Page,
    Reason,
    Remark,
    Verdict,
    failed,
    not_checked,
    passed,
)
from verifier.verdict import FAILED_AS, LOOKS, Decision, decide, look
from verifier.words import remark_on

PDF = "application/pdf"
PAGE = b"%PDF original"
BOUND = FileBinding(File.of(PAGE, PDF).sha256, PDF)
OTHER_DID = "did:web:khac.example.vn"


def suspended_case() -> Case:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.change_status(document, StatusAction.SUSPEND, "investigation")
    return case_of(world, document, index)


def test_the_first_second_of_the_first_day_counts() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content() | {"validFrom": format_time(NOW)})
    report = ask(case_of(world, document, world.log_certificate(document)))
    assert report.check(CheckName.DATES).outcome is Outcome.PASSED


def test_an_event_that_is_carried_twice_is_refused() -> None:
    case = suspended_case()
    twice = replace(case.evidence, events=case.evidence.events * 2)
    assert ask(case, evidence=twice).check(CheckName.STATUS).reason is Reason.PROOF_MISMATCH


def test_a_trust_statement_that_is_carried_twice_is_refused() -> None:
    case = honest_case()
    *others, grant = case.evidence.trust
    twice = replace(case.evidence, trust=(*others, grant, grant))
    assert ask(case, evidence=twice).reason is Reason.PROOF_MISMATCH


def test_another_enrolled_bodys_event_in_its_own_name_is_refused() -> None:
    world, other = enrolled_world(), ed25519("other body")
    world.state(Enrol(NAMES, "0200000000"), subject=OTHER_DID)
    world.state(added_key(other.public_key, OTHER_DID), subject=OTHER_DID)
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    statement = StatusStatement(
        document.document_hash,
        OTHER_DID,
        StatusAction.BIND_FILE,
        format_time(NOW - HOUR),
        None,
        file=BOUND,
    )
    signed = secure(
        statement.to_json(),
        signer=other,
        did=OTHER_DID,
        domain=SAMPLE_ORIGIN,
        challenge=STATUS_CHALLENGE,
        created=NOW - HOUR,
    )
    event = world.append(StatementEntry("status", signed))
    case = case_of(world, document, index)
    evidence = replace(case.evidence, events=(world.prove(event, case.sizes[-1]),))
    report = ask(case, evidence=evidence, file=File.of(PAGE, PDF))
    assert report.check(CheckName.STATUS).reason is Reason.BAD_SIGNATURE
    assert report.page is Page.NOT_CHECKED


def test_an_event_of_a_compromised_key_does_not_count_where_the_compromise_is_left_out() -> None:
    world, second = enrolled_world(), ed25519("second key of the issuer")
    added = world.state(added_key(second.public_key))
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    event = world.change_status(document, StatusAction.BIND_FILE, file=BOUND, signer=second)
    world.state(CompromiseKey(second.public_key, event))
    case = case_of(world, document, index)
    left = tuple(proven for proven in case.evidence.trust if proven.index <= added)
    report = ask(case, evidence=replace(case.evidence, trust=left), file=File.of(PAGE, PDF))
    assert report.page is Page.NOT_CHECKED


def test_the_first_of_several_bound_files_counts() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    for binding in (BOUND, FileBinding(File.of(b"%PDF second", PDF).sha256, PDF)):
        world.change_status(document, StatusAction.BIND_FILE, file=binding)
    assert ask(case_of(world, document, index), file=File.of(PAGE, PDF)).verdict is Verdict.VALID


def test_a_pointer_is_compared_with_its_own_chain_only() -> None:
    case = honest_case()
    first = trust_root().chains[0]
    root = replace(trust_root(), chains=(first, replace(first, id=1)))
    pointer = case.world.anchored[case.sizes[-1]]
    there = replace(case.world.reading(case.sizes[-1]), chain_id=1, block_time=pointer.block_time + 60)
    view = replace(case.view, readings=(*case.view.readings, there))
    *older, last = case.evidence.heads
    edited = replace(last, anchors=(replace(pointer, block_time=pointer.block_time + 60),))
    report = ask(case, evidence=replace(case.evidence, heads=(*older, edited)), root=root, view=view)
    assert report.verdict is Verdict.CONTRADICTED
    right = replace(last, anchors=(replace(pointer, chain_id=1, block_time=pointer.block_time + 60),))
    report = ask(case, evidence=replace(case.evidence, heads=(*older, right)), root=root, view=view)
    assert report.verdict is Verdict.VALID


def test_auditors_without_a_quorum_prove_nothing() -> None:
    world = enrolled_world()
    world.cosigners = AUDITORS
    document = sign_certificate(conformity_content())
    case = case_of(world, document, world.log_certificate(document))
    keys = tuple(auditor.verifier_key for auditor in AUDITORS)
    root: TrustRoot = replace(trust_root(), auditors=keys, auditor_quorum=1)
    assert ask(case, root=root, view=NOT_CONSULTED).verdict is Verdict.VALID
    root = replace(root, auditor_quorum=0)
    assert ask(case, root=root, view=NOT_CONSULTED).verdict is Verdict.CANNOT_CHECK


def test_a_record_that_stretches_a_granted_scope_does_not_count() -> None:
    """The registry commits to a scope that ends later than the one that the operator signed."""
    world = World()
    world.state(Enrol(NAMES, "0109999999"))
    world.state(added_key(ISSUER.public_key))
    world.state(GrantScope(replace(SCOPE, valid_until="2026-06-30")))
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    (record,) = world.trust.records
    stretched = replace(record, scopes=(replace(record.scopes[0], scope=SCOPE),))
    size = world.close_epoch(records=[stretched])
    world.anchor(size, block_time=NOW - HOUR + 60, block_number=200)
    case = Case(world, document, index, (size,), world.evidence(document, index, (size,)), world.view(size))
    assert ask(case).reason is Reason.SCOPE_NOT_GRANTED


def test_a_scope_counts_on_its_last_day() -> None:
    day = conformity_content()["validFrom"]
    assert isinstance(day, str)
    for last, verdict in ((day[:10], Verdict.VALID), ("2026-01-02", Verdict.NOT_TRUSTED)):
        world = World()
        world.state(Enrol(NAMES, "0109999999"))
        world.state(added_key(ISSUER.public_key))
        world.state(GrantScope(replace(SCOPE, valid_until=last)))
        document = sign_certificate(conformity_content())
        assert ask(case_of(world, document, world.log_certificate(document))).verdict is verdict


def test_a_scope_counts_on_its_first_day() -> None:
    day = conformity_content()["validFrom"]
    assert isinstance(day, str)
    record = ScopeRecord(replace(SCOPE, valid_from=day[:10]), 2)
    assert stands(record, index=3, day=day[:10])
    assert not stands(record, index=3, day="2026-01-01")


def test_no_scope_covers_a_claim_of_nothing() -> None:
    assert not covers(SCOPE, ClaimedScope(SCOPE.kind, SCOPE.authority, ()))


@pytest.mark.parametrize("open_check", list(CheckName)[:6])
def test_status_and_dates_do_not_speak_of_a_certificate_of_which_anything_is_open(
    open_check: CheckName,
) -> None:
    checks = [
        failed(name, Reason.WITHDRAWN) if name is CheckName.STATUS else passed(name) for name in CheckName
    ]
    assert decide(checks).verdict is Verdict.WITHDRAWN
    checks = [
        not_checked(name, Reason.EARLIER_CHECK) if name is open_check else check
        for name, check in zip(CheckName, checks, strict=True)
    ]
    assert decide(checks) == Decision(Verdict.CANNOT_CHECK, Reason.EARLIER_CHECK)


def test_a_failure_for_an_unlisted_reason_is_never_green() -> None:
    unlisted = [None, *(reason for reason in Reason if reason not in FAILED_AS)]
    assert len(unlisted) > 1
    for reason in unlisted:
        checks = [
            replace(passed(name), outcome=Outcome.FAILED, reason=reason)
            if name is CheckName.ANCHOR
            else passed(name)
            for name in CheckName
        ]
        assert decide(checks).verdict is Verdict.CANNOT_CHECK


def test_an_old_anchor_dims_green_and_no_other_colour() -> None:
    for verdict in Verdict:
        wanted = Look.AMBER if verdict is Verdict.VALID else LOOKS[verdict]
        assert look(Decision(verdict, None), anchor_is_old=True) is wanted


def test_a_moment_past_the_last_second_is_expired() -> None:
    case = honest_case()
    end = case.document.content["validUntil"]
    assert isinstance(end, str)
    assert ask(case, at=parse_time(end) + 1).check(CheckName.DATES).reason is Reason.EXPIRED


def forged_binding(world: World, document_hash: DocumentHash, *, named: PublicKey) -> int:
    """Log a bindFile that names an issuer's key and that a thief signed: what a registry alone could do."""
    content = StatusStatement(
        document_hash, SAMPLE_DID, StatusAction.BIND_FILE, format_time(NOW - HOUR), None, file=BOUND
    ).to_json()
    signed = secure(
        content,
        signer=ed25519("thief"),
        did=SAMPLE_DID,
        domain=SAMPLE_ORIGIN,
        challenge=STATUS_CHALLENGE,
        created=NOW - HOUR,
    )
    proof = replace(signed.proof, verification_method=verification_method(SAMPLE_DID, named))
    return world.append(StatementEntry("status", replace(signed, proof=proof)))


def test_a_logged_event_that_the_issuers_key_did_not_sign_is_refused() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    forged_binding(world, document.document_hash, named=ISSUER.public_key)
    report = ask(case_of(world, document, index), file=File.of(PAGE, PDF))
    assert report.check(CheckName.STATUS).reason is Reason.BAD_SIGNATURE
    assert report.page is Page.NOT_CHECKED


def test_a_key_that_only_the_record_names_binds_no_file() -> None:
    world, thief = enrolled_world(), ed25519("thief")
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    forged_binding(world, document.document_hash, named=thief.public_key)
    (record,) = world.trust.records
    invented = replace(record, keys=(*record.keys, KeyRecord(thief.public_key, 2)))
    size = world.close_epoch(records=[invented])
    world.anchor(size, block_time=NOW - HOUR + 60, block_number=200)
    case = Case(world, document, index, (size,), world.evidence(document, index, (size,)), world.view(size))
    report = ask(case, file=File.of(PAGE, PDF))
    assert (report.page, report.verdict) == (Page.NOT_CHECKED, Verdict.CANNOT_CHECK)


def test_events_prove_to_the_last_of_several_heads() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.anchor(world.close_epoch(time=NOW - 2 * DAY), block_time=NOW - 2 * DAY + 30, block_number=100)
    world.change_status(document, StatusAction.BIND_FILE, file=BOUND)
    case = case_of(world, document, index)
    assert len(case.sizes) == 2
    assert ask(case, file=File.of(PAGE, PDF)).verdict is Verdict.VALID


def test_a_checkpoint_of_another_origin_by_the_logs_own_key_is_refused() -> None:
    case = honest_case()
    size = case.sizes[-1]
    text = Checkpoint("other.example.vn", size, case.world.root(size)).to_text()
    last = replace(case.evidence.heads[-1], checkpoint=sign_note(text, log_signer(SAMPLE_ORIGIN)))
    report = ask(case, evidence=replace(case.evidence, heads=(case.evidence.heads[0], last)))
    assert report.check(CheckName.CHECKPOINT).reason is Reason.NOT_SIGNED_BY_LOG


@pytest.mark.parametrize("foreign", [{"chain_id": 1}, {"contract": "0x" + "dd" * 20}, {"final": False}])
def test_another_root_seen_elsewhere_or_not_final_accuses_nobody(foreign: dict[str, Any]) -> None:
    case = honest_case()
    other = replace(case.view.readings[-1], root=RootHash(bytes(32)))
    assert ask(case, view=replace(case.view, readings=(*case.view.readings, other))).verdict is (
        Verdict.CONTRADICTED
    )
    view = replace(case.view, readings=(*case.view.readings, replace(other, **foreign)))
    assert ask(case, view=view).verdict is Verdict.VALID


def test_a_public_anchor_beside_a_local_one_is_no_test() -> None:
    case = honest_case()
    public = trust_root().chains[0]
    root = replace(trust_root(), chains=(public, replace(public, id=1, chain_class="local")))
    local = replace(case.view.readings[-1], chain_id=1)
    both = replace(case.view, readings=(*case.view.readings, local))
    assert Remark.TEST_CHAIN not in ask(case, root=root, view=both).remarks
    assert Remark.TEST_CHAIN in ask(case, root=root, view=replace(case.view, readings=(local,))).remarks


def test_a_scope_covers_a_claim_only_with_every_standard() -> None:
    claim = ClaimedScope(SCOPE.kind, SCOPE.authority, SCOPE.topics)
    assert covers(SCOPE, claim)
    assert not covers(replace(SCOPE, topics=SCOPE.topics[:1]), claim)


def test_a_scope_that_lacks_a_claimed_standard_is_not_granted() -> None:
    world = World()
    world.state(Enrol(NAMES, "0109999999"))
    world.state(added_key(ISSUER.public_key))
    world.state(GrantScope(replace(SCOPE, topics=("QCVN 9:2012/BKHCN",))))
    document = sign_certificate(conformity_content())
    report = ask(case_of(world, document, world.log_certificate(document)))
    assert report.reason is Reason.SCOPE_NOT_GRANTED


@pytest.mark.parametrize(("late", "said"), [(0, False), (1, True)])
def test_a_date_well_before_the_first_anchor_is_said_to_be_the_bodys_word(late: int, said: bool) -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    anchored = parse_time("2026-11-20T00:00:00+07:00") + 7 * DAY + late
    index = world.log_certificate(document)
    case = case_of(world, document, index, epoch_time=anchored, block_time=anchored)
    report = ask(case, at=anchored + HOUR)
    assert report.verdict is Verdict.VALID
    assert (Remark.REGISTERED_LATER in report.remarks) is said
    told = remark_on(Remark.REGISTERED_LATER, report, "en")
    assert told.startswith("Registered later, by ")
    assert told.endswith("at the latest; the earlier date is the body's claim.")
