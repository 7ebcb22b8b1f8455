"""Check 4: what a certificate claims was granted and stood; what it does not claim is not asked for."""

from dataclasses import replace

import pytest

from certlog.evidence import Evidence
from certlog.scopes import Scope
from certlog.trust import (
    ChangeScope,
    Enrol,
    GrantScope,
    TrustAction,
)
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.possession import added_key
from tests.verifier.world import (
    ISSUER,
    NAMES,
    SCOPE,
    Case,
    World,
    ask,
    case_of,
    enrolled_world,
    sign_certificate,
)
from verifier.report import CheckName, Outcome, Reason, Remark, Verdict


def certified(world: World) -> Case:
    document = sign_certificate(conformity_content())
    return case_of(world, document, world.log_certificate(document))


def refused(case: Case, *, evidence: Evidence | None = None) -> Reason | None:
    report = ask(case, evidence=evidence)
    assert report.verdict is Verdict.NOT_TRUSTED
    return report.reason


def test_a_claimed_scope_that_was_never_granted_is_not_trusted() -> None:
    world = World()
    world.state(Enrol(NAMES, "0109999999"))
    world.state(added_key(ISSUER.public_key))
    assert refused(certified(world)) is Reason.SCOPE_NOT_GRANTED


@pytest.mark.parametrize(
    "granted",
    [
        replace(SCOPE, topics=("QCVN 9:2012/BKHCN",)),
        replace(SCOPE, authority="Một cơ quan khác"),
        replace(SCOPE, kind="accreditation"),
        replace(SCOPE, measured=True),
    ],
    ids=["another standard", "another authority", "another kind", "a laboratory's measurands"],
)
def test_a_scope_that_covers_something_else_does_not_count(granted: Scope) -> None:
    world = World()
    world.state(Enrol(NAMES, "0109999999"))
    world.state(added_key(ISSUER.public_key))
    world.state(GrantScope(granted))
    assert refused(certified(world)) is Reason.SCOPE_NOT_GRANTED


@pytest.mark.parametrize(
    "granted",
    [
        replace(SCOPE, valid_from="2026-11-21"),
        replace(SCOPE, valid_from="2020-01-01", valid_until="2026-11-19"),
    ],
    ids=["begins after validFrom", "ended before validFrom"],
)
def test_a_scope_must_cover_the_day_from_which_the_certificate_applies(granted: Scope) -> None:
    world = World()
    world.state(Enrol(NAMES, "0109999999"))
    world.state(added_key(ISSUER.public_key))
    world.state(GrantScope(granted))
    assert refused(certified(world)) is Reason.SCOPE_NOT_IN_FORCE


@pytest.mark.parametrize("action", [TrustAction.SUSPEND_SCOPE, TrustAction.WITHDRAW_SCOPE])
def test_a_scope_that_did_not_stand_when_the_certificate_was_logged_does_not_count(
    action: TrustAction,
) -> None:
    world = enrolled_world()
    world.state(ChangeScope(action, 2))
    assert refused(certified(world)) is Reason.SCOPE_NOT_IN_FORCE


@pytest.mark.parametrize("action", [TrustAction.SUSPEND_SCOPE, TrustAction.WITHDRAW_SCOPE])
def test_a_scope_that_ended_after_the_certificate_still_counts_for_it(action: TrustAction) -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.state(ChangeScope(action, 2))
    assert ask(case_of(world, document, index)).verdict is Verdict.VALID


def test_a_reinstated_scope_counts_again() -> None:
    world = enrolled_world()
    world.state(ChangeScope(TrustAction.SUSPEND_SCOPE, 2))
    world.state(ChangeScope(TrustAction.REINSTATE_SCOPE, 2))
    assert ask(certified(world)).verdict is Verdict.VALID


def test_a_certificate_that_claims_nothing_is_valid_and_called_not_accredited() -> None:
    world = World()
    world.state(Enrol(NAMES, "0109999999"))
    world.state(added_key(ISSUER.public_key))
    content = conformity_content()
    subject = content["credentialSubject"]
    assert isinstance(subject, dict)
    del subject["designation"]
    subject["certificateKind"] = "product_standard"
    subject["criteria"] = [{"kind": "TCVN", "number": "TCVN 6610-3:2000", "year": 2000}]
    document = sign_certificate(content)
    report = ask(case_of(world, document, world.log_certificate(document)))
    assert report.verdict is Verdict.VALID
    assert Remark.NOT_ACCREDITED in report.remarks
    assert report.check(CheckName.SCOPE).outcome is Outcome.PASSED


def test_an_issuer_that_calls_itself_otherwise_is_remarked_on() -> None:
    world = enrolled_world()
    content = conformity_content()
    content["issuer"] = {"id": SAMPLE_DID, "name": "Trung tâm Chứng nhận Quốc gia", "legalId": "0109999999"}
    document = sign_certificate(content)
    report = ask(case_of(world, document, world.log_certificate(document)))
    assert report.verdict is Verdict.VALID
    assert Remark.ISSUER_NAME_DIFFERS in report.remarks
    assert report.issuer is not None
    assert report.issuer.names[0] == ("vi", "Trung tâm Chứng nhận Mẫu")
