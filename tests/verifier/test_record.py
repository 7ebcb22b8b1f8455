"""Sealed and withheld content: the record alone is checked like any certificate, and is never called valid."""

from dataclasses import replace

import pytest

from certlog.digests import DocumentHash
from certlog.entry import CertificateEntry, certificate_entry
from certlog.slots import Slot
from certlog.status import REASONS, StatusAction
from tests.support.certificates import conformity_content
from tests.verifier.world import (
    NOW,
    Case,
    ask,
    case_of,
    enrolled_world,
    honest_case,
    sign_certificate,
    trust_root,
)
from verifier import words
from verifier.chain_view import NOT_CONSULTED
from verifier.report import CheckName, Look, Outcome, Reason, Remark, Report, Verdict
from verifier.verify import verify

OF_CONTENT = (CheckName.BYTES, CheckName.SCOPE, CheckName.DATES)


def entry_of(case: Case) -> CertificateEntry:
    return certificate_entry(case.document, Slot(0, 0))


def ask_record(case: Case, entry: CertificateEntry | None = None) -> Report:
    evidence = replace(case.evidence, certificate=None)
    return verify(evidence, trust_root(), NOW, case.view, entry=entry or entry_of(case))


def test_a_record_in_order_passes_every_check_that_needs_no_content() -> None:
    report = ask_record(honest_case())
    assert (report.verdict, report.look) == (Verdict.CANNOT_CHECK, Look.NEUTRAL)
    assert report.reason is Reason.CONTENT_MISSING
    for check in report.checks:
        if check.name in OF_CONTENT:
            assert (check.outcome, check.reason) == (Outcome.NOT_CHECKED, Reason.CONTENT_MISSING)
        elif check.name is not CheckName.FILE:
            assert check.outcome is Outcome.PASSED
    assert report.content is None
    assert Remark.ISSUER_NAME_DIFFERS not in report.remarks


def test_the_words_of_a_record_say_that_the_content_was_not_seen() -> None:
    report = ask_record(honest_case())
    assert words.title(report, "en") == "Registered and not withdrawn; content not public"
    assert words.title(report, "vi") == "Đã đăng ký, chưa bị thu hồi; nội dung không công khai"
    assert "open it with the code on the certificate" in words.sentence(report, "en")


def test_a_withdrawn_record_is_withdrawn_also_without_its_content() -> None:
    for action, verdict in (
        (StatusAction.WITHDRAW, Verdict.WITHDRAWN),
        (StatusAction.CANCEL, Verdict.CANCELLED),
        (StatusAction.SUSPEND, Verdict.SUSPENDED),
    ):
        world = enrolled_world()
        document = sign_certificate(conformity_content())
        index = world.log_certificate(document)
        world.change_status(document, action, reason=next(iter(REASONS[action])))
        assert ask_record(case_of(world, document, index)).verdict is verdict


def test_a_record_that_waits_for_its_anchor_is_pending_and_promises_nothing_to_compare() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    case = case_of(world, document, world.log_certificate(document), block_time=None)
    report = ask_record(case)
    assert report.verdict is Verdict.PENDING
    assert "values below" not in words.sentence(report, "en")
    assert "values below" in words.sentence(ask(case), "en")


def test_an_entry_with_anothers_slot_or_hash_is_altered() -> None:
    case = honest_case()
    entry = entry_of(case)
    for changed in (replace(entry, slot=Slot(0, 1)), replace(entry, document_hash=DocumentHash(bytes(32)))):
        assert ask_record(case, changed).verdict is Verdict.ALTERED


def test_the_entry_of_another_certificate_is_not_included_at_this_index() -> None:
    case = honest_case()
    other = sign_certificate(conformity_content(number="MAU-2026-0009"))
    report = ask_record(case, certificate_entry(other, Slot(0, 0)))
    assert report.check(CheckName.INCLUSION).outcome is Outcome.FAILED
    assert report.verdict is Verdict.ALTERED


def test_a_record_whose_chain_was_not_read_names_the_chain_and_not_the_content() -> None:
    case = honest_case()
    evidence = replace(case.evidence, certificate=None)
    report = verify(evidence, trust_root(), NOW, NOT_CONSULTED, entry=entry_of(case))
    assert (report.verdict, report.reason) == (Verdict.CANNOT_CHECK, Reason.CHAIN_NOT_CONSULTED)


def test_a_record_without_evidence_says_that_evidence_is_missing() -> None:
    report = verify(None, trust_root(), NOW, NOT_CONSULTED, entry=entry_of(honest_case()))
    assert (report.verdict, report.reason) == (Verdict.CANNOT_CHECK, Reason.NO_EVIDENCE)


@pytest.mark.parametrize("name", OF_CONTENT)
def test_no_check_of_the_content_passes_without_it(name: CheckName) -> None:
    # The control of this rule: a record can never be green.
    assert ask_record(honest_case()).check(name).outcome is not Outcome.PASSED


def test_the_content_in_hand_outranks_the_record() -> None:
    case = honest_case()
    evidence = replace(case.evidence, certificate=None)
    report = verify(evidence, trust_root(), NOW, case.view, certificate=case.document, entry=entry_of(case))
    assert report.verdict is Verdict.VALID
