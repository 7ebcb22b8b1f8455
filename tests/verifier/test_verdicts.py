"""Every row of the verdict table, on real bytes (docs/formats.md, section 10)."""

from dataclasses import replace

import pytest

from certlog.canonical import canonicalize
from certlog.digests import DocumentHash
from certlog.encoding import b64url
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.strict_json import JSONObject
from certlog.timestamps import format_time, parse_time
from tests.support.certificates import conformity_content
from tests.verifier.world import (
    DAY,
    HOUR,
    NOW,
    Case,
    ask,
    case_of,
    enrolled_world,
    honest_case,
    sign_certificate,
    trust_root,
)
from verifier.chain_view import NOT_CONSULTED
from verifier.report import CHECK_NUMBERS, CheckName, Kind, Look, Outcome, Reason, Remark, Report, Verdict
from verifier.report_json import report_json
from verifier.unproven import as_unknown, nothing_checked
from verifier.verdict import FAILED_AS, LOOKS, decide
from verifier.verify import verify


def case_with_event(action: StatusAction, reason: str, *, replaced_by: DocumentHash | None = None) -> Case:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.change_status(document, action, reason, replaced_by=replaced_by)
    return case_of(world, document, index)


def case_with_content(content: JSONObject) -> Case:
    world = enrolled_world()
    document = sign_certificate(content)
    return case_of(world, document, world.log_certificate(document))


def said(report: Report) -> tuple[Verdict, Look, Reason | None]:
    return report.verdict, report.look, report.reason


def test_a_certificate_in_good_order_is_valid_and_green() -> None:
    report = ask(honest_case())
    assert said(report) == (Verdict.VALID, Look.GREEN, None)
    outcomes = [check.outcome for check in report.checks]
    assert outcomes == [Outcome.PASSED] * 9 + [Outcome.NOT_CHECKED]
    assert report.check(CheckName.FILE).reason is Reason.NO_FILE


def test_a_valid_report_says_what_it_rests_on() -> None:
    case = honest_case()
    report = ask(case)
    assert report.document_hash == case.document.document_hash
    assert report.content == case.document.content
    assert (report.index, report.kind) == (case.index, Kind.PRODUCT)
    assert report.anchored_at == NOW - 2 * DAY + 30
    assert (report.status_as_of, report.ages.signed) == (NOW - HOUR, HOUR)
    assert report.ages.anchored == HOUR - 60
    assert report.issuer is not None
    assert report.issuer.legal_id == "0109999999"


def test_checks_are_numbered_one_to_ten_in_order() -> None:
    assert [check.number for check in ask(honest_case()).checks] == list(range(1, 11))


def test_an_altered_certificate_is_red_and_its_content_is_hidden() -> None:
    case = honest_case()
    content = conformity_content()
    content["certificateNumber"] = "MAU-2026-0009"
    altered = replace(case.document, content=content)
    report = ask(case, certificate=type(altered).from_json(altered.to_json()))
    assert said(report) == (Verdict.ALTERED, Look.RED, Reason.ANOTHER_DOCUMENT)
    assert (report.content, report.issuer, report.valid_from) == (None, None, None)
    assert "/certificateNumber" in report.check(CheckName.BYTES).why


def test_an_anchor_that_the_final_chain_lacks_is_contradicted() -> None:
    case = honest_case()
    missing = replace(case.view.readings[1], block_time=None, block_number=None)
    view = replace(case.view, readings=(case.view.readings[0], missing))
    assert said(ask(case, view=view)) == (Verdict.CONTRADICTED, Look.RED, Reason.ABSENT_FROM_CHAIN)


def test_an_issuer_that_nobody_enrolled_is_not_trusted() -> None:
    case = honest_case()
    report = ask(case, evidence=replace(case.evidence, trust=case.evidence.trust[1:]))
    assert said(report) == (Verdict.NOT_TRUSTED, Look.RED, Reason.NOT_ENROLLED)


@pytest.mark.parametrize(
    ("action", "reason", "verdict", "look"),
    [
        (StatusAction.WITHDRAW, "nonconformity", Verdict.WITHDRAWN, Look.RED),
        (StatusAction.CANCEL, "client_request", Verdict.CANCELLED, Look.RED),
        (StatusAction.SUSPEND, "surveillance_overdue", Verdict.SUSPENDED, Look.AMBER),
    ],
)
def test_a_status_event_decides_the_verdict(
    action: StatusAction, reason: str, verdict: Verdict, look: Look
) -> None:
    report = ask(case_with_event(action, reason))
    assert (report.verdict, report.look) == (verdict, look)
    assert report.status is not None
    assert (report.status.action, report.status.reason) == (action.value, reason)


def test_a_superseded_certificate_is_neutral_and_names_its_replacement() -> None:
    replacement = DocumentHash(b"r" * 32)
    report = ask(case_with_event(StatusAction.SUPERSEDE, "renewed", replaced_by=replacement))
    assert (report.verdict, report.look) == (Verdict.SUPERSEDED, Look.NEUTRAL)
    assert report.status is not None
    assert report.status.replaced_by == replacement


def test_a_reinstated_certificate_is_valid_again() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.change_status(document, StatusAction.SUSPEND, "investigation")
    world.change_status(document, StatusAction.REINSTATE, "corrected")
    assert ask(case_of(world, document, index)).verdict is Verdict.VALID


def test_before_its_first_day_a_certificate_is_not_yet_valid() -> None:
    content = conformity_content()
    content["validFrom"] = "2026-11-23T00:00:00+07:00"
    assert said(ask(case_with_content(content))) == (Verdict.NOT_YET_VALID, Look.AMBER, Reason.NOT_YET_VALID)


def test_after_its_last_day_a_certificate_is_expired() -> None:
    content = conformity_content()
    content["validUntil"] = "2026-11-21T23:59:59+07:00"
    subject = content["credentialSubject"]
    assert isinstance(subject, dict)
    subject["expiryDate"] = "2026-11-21"
    report = ask(case_with_content(content))
    assert said(report) == (Verdict.EXPIRED, Look.AMBER, Reason.EXPIRED)


def test_the_last_second_of_the_last_day_still_counts() -> None:
    content = conformity_content()
    content["validUntil"] = "2026-11-22T10:00:00+07:00"
    subject = content["credentialSubject"]
    assert isinstance(subject, dict)
    subject["expiryDate"] = "2026-11-22"
    case = case_with_content(content)
    assert parse_time("2026-11-22T10:00:00+07:00") == NOW
    assert ask(case, at=NOW).verdict is Verdict.VALID
    assert ask(case, at=NOW + 1).verdict is Verdict.EXPIRED


def test_a_lot_has_no_end_and_never_expires() -> None:
    content = conformity_content()
    del content["validUntil"]
    subject = content["credentialSubject"]
    assert isinstance(subject, dict)
    del subject["expiryDate"]
    products = subject["products"]
    assert isinstance(products, list)
    assert isinstance(products[0], dict)
    products[0]["batch"] = {"no": "L-01", "qty": "1000 m"}
    subject |= {"certificateKind": "batch", "scheme": {"vnMethod": 7, "iso17067Type": "1b"}}
    report = ask(case_with_content(content))
    assert (report.verdict, report.kind) == (Verdict.VALID, Kind.LOT)
    assert report.check(CheckName.DATES).reason is Reason.NO_END_DATE


def test_without_an_anchor_a_certificate_is_pending_and_shown() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    case = case_of(world, document, world.log_certificate(document), block_time=None)
    report = ask(case)
    assert said(report) == (Verdict.PENDING, Look.NEUTRAL, Reason.NOT_ANCHORED_YET)
    assert report.content == document.content
    assert report.anchor_expected_by == NOW - HOUR + 7 * DAY


def test_an_anchor_that_is_not_final_yet_is_pending() -> None:
    case = honest_case()
    bare = tuple(replace(head, anchors=()) for head in case.evidence.heads)
    report = ask(
        case, evidence=replace(case.evidence, heads=bare), view=case.world.view(*case.sizes, final=False)
    )
    assert said(report) == (Verdict.PENDING, Look.NEUTRAL, Reason.NOT_FINAL_YET)


def test_green_turns_amber_when_the_newest_anchor_is_too_old() -> None:
    case = honest_case()
    root = replace(trust_root(), max_anchor_age=1800)
    report = ask(case, root=root)
    assert (report.verdict, report.look) == (Verdict.VALID, Look.AMBER)
    assert Remark.ANCHOR_OLD in report.remarks


def test_an_unread_chain_is_neither_valid_nor_red() -> None:
    case = honest_case()
    report = ask(case, view=NOT_CONSULTED)
    assert said(report) == (Verdict.CANNOT_CHECK, Look.NEUTRAL, Reason.CHAIN_NOT_CONSULTED)
    assert report.content == case.document.content


def test_an_old_status_cannot_be_green_and_shows_the_last_proven_state() -> None:
    case = honest_case()
    report = ask(case, at=NOW + 2 * DAY)
    assert said(report) == (Verdict.CANNOT_CHECK, Look.NEUTRAL, Reason.STATUS_TOO_OLD)
    assert report.status_as_of == NOW - HOUR
    assert "neither withdrawn nor suspended as of" in report.check(CheckName.STATUS).why


def test_alone_a_certificate_gives_checks_one_two_and_nine() -> None:
    case = honest_case()
    report = verify(None, trust_root(), NOW, NOT_CONSULTED, certificate=case.document)
    assert said(report) == (Verdict.CANNOT_CHECK, Look.NEUTRAL, Reason.NO_EVIDENCE)
    passed = [check.number for check in report.checks if check.outcome is Outcome.PASSED]
    assert passed == [1, 2, 9]


def test_an_unproven_certificate_is_never_called_expired() -> None:
    case = honest_case()
    report = verify(
        None, trust_root(), parse_time("2031-01-01T00:00:00Z"), NOT_CONSULTED, certificate=case.document
    )
    assert report.check(CheckName.DATES).outcome is Outcome.FAILED
    assert said(report) == (Verdict.CANNOT_CHECK, Look.NEUTRAL, Reason.NO_EVIDENCE)


def test_evidence_without_content_says_so_and_no_more() -> None:
    case = honest_case()
    report = ask(case, evidence=replace(case.evidence, certificate=None))
    assert said(report) == (Verdict.CANNOT_CHECK, Look.NEUTRAL, Reason.CONTENT_MISSING)
    assert all(check.outcome is Outcome.NOT_CHECKED for check in report.checks)


def test_a_certificate_may_travel_apart_from_its_evidence() -> None:
    case = honest_case()
    apart = replace(case.evidence, certificate=None)
    assert ask(case, evidence=apart, certificate=case.document).verdict is Verdict.VALID


def test_unknown_and_mistyped_are_neutral() -> None:
    for verdict, reason in ((Verdict.UNKNOWN, Reason.NO_SUCH_ID), (Verdict.MISTYPED, Reason.MISTYPED_ID)):
        assert said(nothing_checked(verdict, reason, at=NOW)) == (verdict, Look.NEUTRAL, reason)


def test_nothing_checked_cannot_be_valid() -> None:
    with pytest.raises(ValueError, match="valid needs checks"):
        nothing_checked(Verdict.VALID, Reason.NO_FILE, at=NOW)


def test_a_certificate_that_the_registry_lacks_is_unknown_unless_it_is_altered() -> None:
    case = honest_case()
    alone = verify(None, trust_root(), NOW, NOT_CONSULTED, certificate=case.document)
    assert as_unknown(alone).verdict is Verdict.UNKNOWN
    content = case.document.content | {"certificateNumber": "MAU-2026-0009"}
    altered = type(case.document).of(content, case.document.proof)
    broken = verify(None, trust_root(), NOW, NOT_CONSULTED, certificate=altered)
    assert as_unknown(broken).verdict is Verdict.ALTERED


def test_the_first_row_that_matches_wins() -> None:
    world = enrolled_world()
    content = conformity_content()
    document = sign_certificate(content)
    index = world.log_certificate(document)
    world.change_status(document, StatusAction.WITHDRAW, "nonconformity")
    case = case_of(world, document, index)
    expired = parse_time("2031-01-01T00:00:00Z")
    assert ask(case, at=expired).verdict is Verdict.WITHDRAWN
    untrusted = replace(case.evidence, trust=())
    assert ask(case, evidence=untrusted, at=expired).verdict is Verdict.NOT_TRUSTED
    broken = replace(untrusted, heads=tuple(replace(head, path=()) for head in untrusted.heads))
    assert ask(case, evidence=broken, at=expired).verdict is Verdict.ALTERED


def test_a_withdrawal_shows_even_when_the_status_is_old_and_the_chain_unread() -> None:
    case = case_with_event(StatusAction.WITHDRAW, "nonconformity")
    assert ask(case, at=NOW + 90 * DAY, view=NOT_CONSULTED).verdict is Verdict.WITHDRAWN


def test_every_verdict_has_a_look_and_only_valid_is_green() -> None:
    assert set(LOOKS) == set(Verdict)
    assert [verdict for verdict, look in LOOKS.items() if look is Look.GREEN] == [Verdict.VALID]


def test_no_failed_check_can_mean_valid_or_pending() -> None:
    assert {Verdict.VALID, Verdict.PENDING}.isdisjoint(FAILED_AS.values())


def test_a_report_with_a_check_left_out_is_refused() -> None:
    checks = ask(honest_case()).checks
    with pytest.raises(ValueError, match="expected the ten checks in order"):
        decide(checks[:6] + checks[7:])


def test_the_second_slot_of_the_list_is_judged_by_its_own_bits() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    other = sign_certificate(conformity_content(slot=Slot(0, 1), number="MAU-2026-0002"), slot=Slot(0, 1))
    world.log_certificate(other, Slot(0, 1))
    world.change_status(other, StatusAction.WITHDRAW, "nonconformity", slot=Slot(0, 1))
    assert ask(case_of(world, document, index)).verdict is Verdict.VALID


def test_a_report_becomes_json_with_numbers_and_no_bytes() -> None:
    found = report_json(ask(honest_case()))
    checks = found["checks"]
    assert isinstance(checks, list)
    assert [check["number"] for check in checks if isinstance(check, dict)] == sorted(CHECK_NUMBERS.values())
    assert found["verdict"] == "valid"
    assert found["documentHash"] == b64url(honest_case().document.document_hash)
    assert found["at"] == format_time(NOW)
    assert canonicalize(found)
