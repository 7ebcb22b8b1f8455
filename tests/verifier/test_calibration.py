"""A calibration certificate verified whole: its measurands as claimed scope, its words, what is only information."""

from dataclasses import replace
from typing import Any, Final

import click
import pytest

from certlog.documents import SecuredDocument
from certlog.scopes import Scope
from certlog.status import StatusAction
from certlog.strict_json import JSONObject
from certlog.timestamps import parse_time
from certlog.trust import Enrol, GrantScope
from cli.verdict_text import render
from tests.support.calibrations import SAMPLE_ACCREDITATION_BODY, calibration_content
from tests.support.possession import added_key
from tests.verifier.world import ISSUER, NAMES, SCOPE, Case, World, ask, case_of, sign_certificate
from verifier.chain_view import NOT_CONSULTED
from verifier.report import CheckName, Kind, Outcome, Reason, Remark, Report, Verdict
from verifier.shown import kind_of, remarks_on_calibration
from verifier.words import sentence, title

ACCREDITED: Final = replace(
    SCOPE,
    kind="accreditation",
    measured=True,
    topics=("Nhiệt độ", "Khối lượng"),
    authority=SAMPLE_ACCREDITATION_BODY,
)
IN_FORCE: Final = ("còn hiệu lực", "in force", "valid from", "hiệu lực từ", "hết hiệu lực", "expired")


def changed(**members: Any) -> JSONObject:
    """Return the sample with other members of its subject."""
    content: Any = calibration_content()
    content["credentialSubject"] |= members
    found: JSONObject = content
    return found


def laboratory(scope: Scope = ACCREDITED) -> World:
    """Return a world in which the sample issuer has its key and this scope."""
    world = World()
    world.state(Enrol(NAMES, "0108888888"))
    world.state(added_key(ISSUER.public_key))
    world.state(GrantScope(scope))
    return world


def certified(content: JSONObject | None = None, scope: Scope = ACCREDITED) -> Case:
    world = laboratory(scope)
    document = sign_certificate(content or calibration_content())
    return case_of(world, document, world.log_certificate(document))


def text(report: Report, language: Any = "en") -> str:
    return click.unstyle(render(report, language, fingerprint="-", view=NOT_CONSULTED))


def test_a_genuine_calibration_is_said_to_be_unaltered_and_calibrated_on_its_day() -> None:
    report = ask(certified())

    assert (report.verdict, report.kind) == (Verdict.VALID, Kind.CALIBRATION)
    assert title(report, "en") == "Genuine and unaltered; not withdrawn or replaced"
    assert sentence(report, "en").endswith("calibrated on 18 November 2026.")
    assert "hiệu chuẩn ngày 18/11/2026" in sentence(report, "vi")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_line_of_its_answer_calls_it_in_force(language: str) -> None:
    found = text(ask(certified()), language)

    assert not [words for words in IN_FORCE if words in found.casefold()]


def test_its_answer_names_laboratory_instrument_and_days() -> None:
    found = text(ask(certified()))

    assert "Laboratory: Phòng Hiệu chuẩn Mẫu" in found
    assert "Instrument: Nhiệt kế hiện số, T-100, SN778812" in found
    assert "Calibrated on: 17 November 2026 – 18 November 2026" in found
    assert "Recalibration due (information): 18 November 2027" in found


@pytest.mark.parametrize(
    "granted",
    [
        replace(ACCREDITED, topics=("Khối lượng",)),
        replace(ACCREDITED, measured=False),
        replace(ACCREDITED, kind="designation"),
        replace(ACCREDITED, authority="Một cơ quan khác"),
    ],
    ids=["other measurands", "standards of the same name", "a designation", "another authority"],
)
def test_an_accreditation_that_does_not_cover_its_measurands_is_not_trusted(granted: Scope) -> None:
    report = ask(certified(scope=granted))

    assert (report.verdict, report.reason) == (Verdict.NOT_TRUSTED, Reason.SCOPE_NOT_GRANTED)


def test_without_accreditation_nothing_is_claimed_and_nothing_refused() -> None:
    subject: Any = calibration_content()["credentialSubject"]
    del subject["laboratory"]["accreditation"]
    content = changed(laboratory=subject["laboratory"])

    report = ask(certified(content))

    assert report.verdict is Verdict.VALID
    assert Remark.NOT_ACCREDITED in report.remarks


def test_results_outside_the_accreditation_are_remarked_on() -> None:
    subject: Any = calibration_content()["credentialSubject"]
    other = subject["results"][0] | {"ref": "r2", "quantity": "Thời gian"}

    assert Remark.PARTLY_ACCREDITED in ask(certified(changed(results=[*subject["results"], other]))).remarks
    assert Remark.PARTLY_ACCREDITED not in ask(certified()).remarks


@pytest.mark.parametrize(
    ("moment", "due"),
    [("2027-11-18T23:59:59+07:00", False), ("2027-11-19T00:00:00+07:00", True)],
)
def test_recalibration_is_due_after_its_day_and_changes_no_verdict(moment: str, *, due: bool) -> None:
    remarks = remarks_on_calibration(calibration_content(), parse_time(moment))

    assert (Remark.RECALIBRATION_DUE in remarks) is due


def test_its_dates_pass_for_ever() -> None:
    check = next(check for check in ask(certified()).checks if check.name is CheckName.DATES)

    assert (check.outcome, check.reason) == (Outcome.PASSED, Reason.NO_END_DATE)


def test_a_changed_digit_is_altered_and_shows_nothing() -> None:
    case = certified()
    other = SecuredDocument.parse(case.document.to_bytes().replace(b'"20.05"', b'"20.06"'))

    report = ask(case, certificate=other)

    assert (report.verdict, report.content) == (Verdict.ALTERED, None)


def test_a_suspended_calibration_is_not_said_to_lose_its_force() -> None:
    world = laboratory()
    document = sign_certificate(calibration_content())
    index = world.log_certificate(document)
    world.change_status(document, StatusAction.SUSPEND, "investigation", signer=ISSUER)

    report = ask(case_of(world, document, index))

    assert report.verdict is Verdict.SUSPENDED
    assert "hiệu lực" not in sentence(report, "vi")


def test_an_attested_calibration_has_the_words_of_a_calibration() -> None:
    attested: JSONObject = {"type": ["VerifiableCredential", "AttestedFileCertificate"]}

    assert kind_of({**attested, "credentialSubject": {"attestedKind": "calibration"}}) is Kind.CALIBRATION
    assert kind_of({**attested, "credentialSubject": {"attestedKind": "test"}}) is not Kind.CALIBRATION
