"""Check 3: nobody is believed but by trust statements up to the pinned operator key."""

from dataclasses import replace

import pytest

from certlog.documents import TRUST_CHALLENGE, SecuredDocument, secure
from certlog.entry import StatementEntry
from certlog.evidence import Evidence, ProvenEntry
from certlog.issuer_record import IssuerRecord, KeyRecord, ScopeRecord
from certlog.scopes import DelegatedScope, Names, Source
from certlog.trust import (
    Change,
    ChangeScope,
    CompromiseKey,
    Delegate,
    Enrol,
    GrantScope,
    RetireKey,
    TrustAction,
    TrustStatement,
)
from tests.support.certificates import SAMPLE_AUTHORITY, SAMPLE_DID, SAMPLE_ORIGIN, conformity_content
from tests.support.possession import added_key, rotation_to
from tests.support.signing import Ed25519Signer, ed25519
from tests.verifier.world import (
    ISSUER,
    NAMES,
    NOW,
    OPERATOR,
    OPERATOR_DID,
    RECOVERY,
    SCOPE,
    Case,
    World,
    ask,
    case_of,
    enrolled_world,
    honest_case,
    sign_certificate,
)
from verifier.report import CheckName, Reason, Remark, Verdict

THIEF = ed25519("thief")
AUTHORITY_DID = "did:web:authority.example.vn"
AUTHORITY = ed25519("authority")


def certified(world: World) -> Case:
    document = sign_certificate(conformity_content())
    return case_of(world, document, world.log_certificate(document))


def refused(case: Case, *, evidence: Evidence | None = None) -> Reason | None:
    report = ask(case, evidence=evidence)
    assert report.verdict is Verdict.NOT_TRUSTED
    return report.reason


def append_forged(
    world: World, change: Change, *, signer: Ed25519Signer, did: str, subject: str = SAMPLE_DID
) -> None:
    """Log a statement that the registry's admission would have refused."""
    content = TrustStatement(subject, None, change).to_json()
    document = secure(
        content, signer=signer, did=did, domain=SAMPLE_ORIGIN, challenge=TRUST_CHALLENGE, created=NOW - 60
    )
    world.append(StatementEntry("trust", document))


def test_a_forged_issuer_record_with_perfect_proofs_is_not_trusted() -> None:
    world = World()
    forged = IssuerRecord(SAMPLE_DID, NAMES, "0109999999", (KeyRecord(ISSUER.public_key, 0),), ())
    document = sign_certificate(conformity_content())
    world.append(
        StatementEntry("trust", world.sign_statement(Enrol(NAMES, "0109999999"), subject="did:web:x.vn"))
    )
    index = world.log_certificate(document)
    size = world.close_epoch(records=[forged])
    world.anchor(size, block_time=NOW - 3000, block_number=200)
    evidence = world.evidence(document, index, (size,))
    assert refused(Case(world, document, index, (size,), evidence, world.view(size))) is Reason.NOT_ENROLLED


def test_a_forged_record_beside_statements_by_a_thief_is_not_trusted() -> None:
    world = World()
    for change in (Enrol(NAMES, "0109999999"), added_key(ISSUER.public_key), GrantScope(SCOPE)):
        append_forged(world, change, signer=THIEF, did=OPERATOR_DID)
    forged = IssuerRecord(
        SAMPLE_DID, NAMES, "0109999999", (KeyRecord(ISSUER.public_key, 1),), (ScopeRecord(SCOPE, 2),)
    )
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    size = world.close_epoch(records=[forged])
    world.anchor(size, block_time=NOW - 3000, block_number=200)
    evidence = world.evidence(document, index, (size,))
    case = Case(world, document, index, (size,), evidence, world.view(size))
    assert refused(case) is Reason.SIGNER_NOT_ALLOWED


@pytest.mark.parametrize(
    ("dropped", "reason"),
    [(0, Reason.NOT_ENROLLED), (1, Reason.KEY_NOT_ADDED), (2, Reason.SCOPE_NOT_GRANTED)],
)
def test_without_any_one_of_its_trust_statements_a_certificate_is_not_trusted(
    dropped: int, reason: Reason
) -> None:
    case = honest_case()
    kept = tuple(proven for proven in case.evidence.trust if proven.index != dropped)
    assert refused(case, evidence=replace(case.evidence, trust=kept)) is reason


def test_a_statement_whose_signature_is_wrong_counts_as_altered() -> None:
    case = honest_case()
    first, *rest = case.evidence.trust
    assert isinstance(first.entry, StatementEntry)
    other = replace(first.entry.document.proof, proof_value=case.document.proof.proof_value)
    document = SecuredDocument.of(first.entry.document.content, other)
    evidence = replace(case.evidence, trust=(replace(first, entry=StatementEntry("trust", document)), *rest))
    assert ask(case, evidence=evidence).verdict is Verdict.ALTERED


def test_statements_out_of_order_are_refused() -> None:
    case = honest_case()
    evidence = replace(case.evidence, trust=tuple(reversed(case.evidence.trust)))
    assert ask(case, evidence=evidence).reason is Reason.PROOF_MISMATCH


def test_another_kind_of_entry_among_the_trust_statements_is_refused() -> None:
    case = honest_case()
    own = ProvenEntry(case.index, case.world.entries[case.index], case.evidence.heads[-1].path)
    evidence = replace(case.evidence, trust=(*case.evidence.trust, own))
    assert refused(case, evidence=evidence) is Reason.SIGNER_NOT_ALLOWED


def test_a_statement_made_for_another_log_is_refused() -> None:
    world = World()
    world.state(Enrol(NAMES, "0109999999"))
    content = TrustStatement(SAMPLE_DID, world.trust.last(SAMPLE_DID), added_key(ISSUER.public_key)).to_json()
    foreign = secure(
        content, signer=OPERATOR, did=OPERATOR_DID, domain="other.example.vn", challenge="trust", created=NOW
    )
    world.append(StatementEntry("trust", foreign))
    assert ask(certified(world)).verdict is Verdict.ALTERED


def test_a_key_that_is_retired_before_the_certificate_does_not_count() -> None:
    world = enrolled_world()
    world.state(RetireKey(ISSUER.public_key))
    assert refused(certified(world)) is Reason.KEY_NOT_IN_FORCE


def test_a_key_that_is_retired_after_the_certificate_still_counts() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.state(RetireKey(ISSUER.public_key))
    assert ask(case_of(world, document, index)).verdict is Verdict.VALID


@pytest.mark.parametrize(("since", "verdict"), [(3, Verdict.NOT_TRUSTED), (4, Verdict.VALID)])
def test_a_compromise_voids_what_was_logged_at_or_after_its_entry(since: int, verdict: Verdict) -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    assert index == 3
    world.state(added_key(ed25519("second").public_key))
    world.state(CompromiseKey(ISSUER.public_key, since))
    assert ask(case_of(world, document, index)).verdict is verdict


def test_leaving_the_compromise_out_of_the_file_changes_nothing() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.state(CompromiseKey(ISSUER.public_key, 3))
    case = case_of(world, document, index)
    silent = replace(case.evidence, trust=case.evidence.trust[:3])
    assert refused(case, evidence=silent) is Reason.KEY_NOT_IN_FORCE


def test_a_key_that_is_added_after_the_certificate_does_not_count() -> None:
    world = World()
    world.state(Enrol(NAMES, "0109999999"))
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.state(added_key(ISSUER.public_key))
    world.state(GrantScope(SCOPE))
    assert refused(case_of(world, document, index)) is Reason.KEY_NOT_ADDED


def test_a_certificate_signed_with_an_unregistered_key_is_not_trusted() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content(), signer=THIEF)
    assert refused(case_of(world, document, world.log_certificate(document))) is Reason.KEY_NOT_ADDED


def test_without_the_issuers_record_nothing_shows_that_its_key_still_stood() -> None:
    case = honest_case()
    assert refused(case, evidence=replace(case.evidence, records=())) is Reason.RECORD_MISSING


def test_a_record_that_the_epoch_does_not_hold_is_refused() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.state(CompromiseKey(ISSUER.public_key, 3))
    case = case_of(world, document, index)
    proven = case.evidence.records[0]
    clean = replace(proven.record.keys[0], compromised_since=None)
    forged = replace(proven, record=replace(proven.record, keys=(clean,)))
    evidence = replace(case.evidence, records=(forged,), trust=case.evidence.trust[:3])
    assert ask(case, evidence=evidence).reason is Reason.PROOF_MISMATCH


def test_a_record_that_dates_the_key_otherwise_is_refused() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    record = world.trust.require_record(SAMPLE_DID)
    shifted = replace(record, keys=(replace(record.keys[0], added=0),))
    size = world.close_epoch(records=[shifted])
    world.anchor(size, block_time=NOW - 3000, block_number=200)
    case = Case(world, document, index, (size,), world.evidence(document, index, (size,)), world.view(size))
    assert refused(case) is Reason.KEY_NOT_IN_FORCE


def test_after_a_rotation_only_the_new_operator_key_counts() -> None:
    new = ed25519("operator 2")
    world = World()
    world.state(rotation_to(OPERATOR.public_key, new.public_key), subject=OPERATOR_DID)
    for change in (Enrol(NAMES, "0109999999"), added_key(ISSUER.public_key), GrantScope(SCOPE)):
        document = world.sign_statement(change, signer=new)
        world.trust.apply(world.size, document)
        world.append(StatementEntry("trust", document))
    case = certified(world)
    assert ask(case).verdict is Verdict.VALID
    without = replace(case.evidence, trust=case.evidence.trust[1:])
    assert refused(case, evidence=without) is Reason.SIGNER_NOT_ALLOWED


def test_the_recovery_key_may_rotate_and_nothing_else() -> None:
    new = ed25519("operator 2")
    world = World()
    rotation = world.sign_statement(
        rotation_to(OPERATOR.public_key, new.public_key), subject=OPERATOR_DID, signer=RECOVERY
    )
    world.trust.apply(0, rotation)
    world.append(StatementEntry("trust", rotation))
    append_forged(world, Enrol(NAMES, "0109999999"), signer=RECOVERY, did=OPERATOR_DID)
    for change in (added_key(ISSUER.public_key), GrantScope(SCOPE)):
        append_forged(world, change, signer=new, did=OPERATOR_DID)
    forged = IssuerRecord(SAMPLE_DID, NAMES, "0109999999", (KeyRecord(ISSUER.public_key, 2),))
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    size = world.close_epoch(records=[forged])
    case = Case(world, document, index, (size,), world.evidence(document, index, (size,)), world.view(size))
    assert refused(case) is Reason.SIGNER_NOT_ALLOWED


def delegated_world(*, scope: DelegatedScope) -> World:
    """An authority is enrolled and may grant one kind of scope; the sample issuer has its key (entry 4)."""
    world = World()
    names = Names("Cơ quan công nhận mẫu")
    world.state(Enrol(names, "0100000002"), subject=AUTHORITY_DID)
    world.state(added_key(AUTHORITY.public_key, AUTHORITY_DID), subject=AUTHORITY_DID)
    world.state(Delegate((TrustAction.GRANT_SCOPE,), (scope,)), subject=AUTHORITY_DID)
    world.state(Enrol(NAMES, "0109999999"))
    world.state(added_key(ISSUER.public_key))
    return world


def grant_by_authority(world: World) -> None:
    scope = replace(SCOPE, source=Source("authority"))
    document = world.sign_statement(GrantScope(scope), signer=AUTHORITY, did=AUTHORITY_DID)
    world.trust.apply(world.size, document)
    world.append(StatementEntry("trust", document))


DESIGNATION = DelegatedScope("designation", SAMPLE_AUTHORITY)


def test_a_scope_that_the_authority_itself_signed_counts_and_is_not_called_transcribed() -> None:
    world = delegated_world(scope=DESIGNATION)
    grant_by_authority(world)
    report = ask(certified(world))
    assert report.verdict is Verdict.VALID
    assert Remark.SCOPE_TRANSCRIBED not in report.remarks
    assert Remark.SCOPE_BY_AUTHORITY in report.remarks
    assert "signed by the authority itself at entry 5" in str(report.check(CheckName.SCOPE).found)


def test_a_scope_that_the_operator_transcribed_says_from_where_and_when() -> None:
    report = ask(honest_case())
    assert Remark.SCOPE_TRANSCRIBED in report.remarks
    assert Remark.SCOPE_BY_AUTHORITY not in report.remarks
    found = str(report.check(CheckName.SCOPE).found)
    assert (
        "transcribed by the operator at entry 2, from https://example.vn/0123-QD-TDC as read on 2026-01-15"
        in found
    )


def test_a_delegates_record_must_be_proven_too() -> None:
    world = delegated_world(scope=DESIGNATION)
    grant_by_authority(world)
    case = certified(world)
    own = tuple(proven for proven in case.evidence.records if proven.record.did == SAMPLE_DID)
    assert refused(case, evidence=replace(case.evidence, records=own)) is Reason.RECORD_MISSING


def test_a_delegate_whose_key_was_compromised_before_the_grant_is_refused() -> None:
    world = delegated_world(scope=DESIGNATION)
    grant_by_authority(world)
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.state(CompromiseKey(AUTHORITY.public_key, 5), subject=AUTHORITY_DID)
    case = case_of(world, document, index)
    silent = replace(case.evidence, trust=case.evidence.trust[:6])
    assert refused(case, evidence=silent) is Reason.KEY_NOT_IN_FORCE


def test_a_delegation_that_was_withdrawn_before_the_grant_is_refused() -> None:
    world = delegated_world(scope=DESIGNATION)
    world.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, 2), subject=AUTHORITY_DID)
    scope = replace(SCOPE, source=Source("authority"))
    append_forged(world, GrantScope(scope), signer=AUTHORITY, did=AUTHORITY_DID)
    record = world.trust.require_record(SAMPLE_DID)
    granted = replace(record, scopes=(ScopeRecord(scope, world.size - 1),))
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    size = world.close_epoch(records=[world.trust.require_record(AUTHORITY_DID), granted])
    evidence = world.evidence(document, index, (size,))
    silent = replace(evidence, trust=tuple(proven for proven in evidence.trust if proven.index != 5))
    case = Case(world, document, index, (size,), silent, world.view(size))
    assert refused(case) is Reason.SIGNER_NOT_ALLOWED


def test_a_delegate_cannot_grant_in_the_name_of_another_authority() -> None:
    world = delegated_world(scope=DelegatedScope("designation", "Một cơ quan khác"))
    scope = replace(SCOPE, source=Source("authority"))
    append_forged(world, GrantScope(scope), signer=AUTHORITY, did=AUTHORITY_DID)
    assert refused(certified(world)) is Reason.SIGNER_NOT_ALLOWED
