"""The table of words is closed, bilingual, and minds the profession's language."""

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

import pytest

from certlog.status import REASONS as STATUS_REASON_CODES
from certlog.status import StatusAction
from certlog.strict_json import JSONObject
from tests.verifier.world import NOW, ask, honest_case
from verifier.report import CheckName, Kind, Outcome, Page, Reason, Remark, Report, Verdict, passed
from verifier.verify import File
from verifier.words import (
    CHECK_NAMES,
    KIND_NOT_PROVEN,
    KIND_SENTENCES,
    KIND_TITLES,
    KINDS,
    LANGUAGES,
    NOT_PROVEN,
    OUTCOMES,
    PAGES,
    SENTENCES,
    TITLES,
    Phrase,
    check_line,
    not_proven,
    reason_text,
    remark_text,
    sentence,
    show_date,
    show_time,
    status_text,
    title,
)
from verifier.words_reasons import REASONS, REMARKS
from verifier.words_status import ACTIONS, STATUS_REASONS


def all_phrases() -> list[tuple[str, str]]:
    tables = (
        TITLES,
        KIND_TITLES,
        SENTENCES,
        KIND_SENTENCES,
        CHECK_NAMES,
        OUTCOMES,
        PAGES,
        KINDS,
        KIND_NOT_PROVEN,
    )
    found: list[tuple[str, str]] = [phrase for table in tables for phrase in table.values()]
    return [
        *found,
        *NOT_PROVEN,
        *REASONS.values(),
        *REMARKS.values(),
        *ACTIONS.values(),
        *STATUS_REASONS.values(),
    ]


def report(verdict: Verdict, kind: Kind) -> Report:
    return replace(ask(honest_case()), verdict=verdict, kind=kind)


@pytest.mark.parametrize(
    ("table", "closed"),
    [
        (TITLES, Verdict),
        (SENTENCES, Verdict),
        (CHECK_NAMES, CheckName),
        (OUTCOMES, Outcome),
        (PAGES, Page),
        (KINDS, Kind),
        (REASONS, Reason),
        (REMARKS, Remark),
        (ACTIONS, StatusAction),
    ],
    ids=["titles", "sentences", "checks", "outcomes", "pages", "kinds", "reasons", "remarks", "actions"],
)
def test_every_code_has_its_words(table: dict[object, object], closed: Iterable[StrEnum]) -> None:
    assert set(table) == set(closed)


def test_every_status_reason_has_its_words() -> None:
    assert set(STATUS_REASONS) == {code for codes in STATUS_REASON_CODES.values() for code in codes}


def test_every_phrase_is_in_both_languages() -> None:
    for vi, en in all_phrases():
        assert vi
        assert en
        assert vi != en


def test_no_phrase_says_fake_or_uses_words_of_other_activities() -> None:
    for vi, _ in all_phrases():
        for taken in ("giả mạo", "hàng giả", "thẩm tra", "kiểm định"):
            assert taken not in vi.lower(), vi


def test_a_calibration_certificate_is_never_called_in_force() -> None:
    for verdict in Verdict:
        shown = report(verdict, Kind.CALIBRATION)
        if verdict is Verdict.VALID:
            assert "hiệu lực" not in title(shown, "vi") + sentence(shown, "vi")
            assert "force" not in title(shown, "en") + sentence(shown, "en")
            assert "valid" not in (title(shown, "en") + sentence(shown, "en")).lower()
    expired = report(Verdict.EXPIRED, Kind.CALIBRATION)
    assert "hiệu lực" not in title(expired, "vi")


def test_a_calibration_certificate_says_when_it_was_calibrated() -> None:
    content: JSONObject = {"credentialSubject": {"performedTo": "2026-11-20"}}
    shown = replace(report(Verdict.VALID, Kind.CALIBRATION), content=content)
    assert "hiệu chuẩn ngày 20/11/2026" in sentence(shown, "vi")
    assert "calibrated on 20 November 2026" in sentence(shown, "en")


def test_a_product_certificate_says_what_it_does_not_prove() -> None:
    shown = ask(honest_case())
    assert title(shown, "vi") == "Còn hiệu lực"
    assert "does not prove that this piece is genuine" in sentence(shown, "en")
    assert not_proven(shown, "en")[0] == "It does not prove that this piece is genuine."


def test_altered_is_called_not_matching() -> None:
    assert title(report(Verdict.ALTERED, Kind.PRODUCT), "vi") == "Nội dung không khớp bản đã đăng ký"


def test_an_unbound_page_has_words_of_its_own() -> None:
    shown = ask(honest_case(), file=File.of(b"%PDF", "application/pdf"))
    assert title(shown, "en") == "The data inside is genuine; the visible page was not checked"
    assert "So sánh" in sentence(shown, "vi").replace("so sánh", "So sánh")


def test_a_check_is_one_line_with_its_number_and_reason() -> None:
    found = ask(honest_case()).check(CheckName.FILE)
    assert check_line(found, "vi").startswith("10. ")
    assert check_line(found, "en") == "10. File bound to the certificate: not checked (no file was given)"
    assert check_line(passed(CheckName.BYTES), "en") == "1. Bytes and schema: passed"


def test_times_are_shown_as_in_viet_nam() -> None:
    assert show_time(NOW, "vi") == "22/11/2026 10:00 (UTC+7)"
    assert show_time(NOW, "en") == "22 November 2026, 10:00 (UTC+7)"
    assert show_date("2026-11-22", "vi") == "22/11/2026"
    assert show_date("no date", "vi") == "no date"


def test_reasons_and_remarks_are_found_in_either_language() -> None:
    for language in LANGUAGES:
        assert reason_text(Reason.NO_FILE, language)
        assert remark_text(Remark.TEST_CHAIN, language)
    assert "Test chain" in remark_text(Remark.TEST_CHAIN, "en")


def test_without_an_event_there_is_no_status_text() -> None:
    assert status_text(ask(honest_case()), "vi") == ""


def test_a_phrase_knows_its_languages() -> None:
    assert (Phrase("a", "b").text("vi"), Phrase("a", "b").text("en")) == ("a", "b")
