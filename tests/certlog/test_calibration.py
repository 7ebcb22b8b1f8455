"""Calibration certificates: decimal texts, D-SI units, rules between members, and what anyone may see."""

import time
from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlog.canonical import canonicalize
from certlog.credential import check_certificate, find_problems
from certlog.decimals import is_decimal, last_place, significant_digits, value_of
from certlog.dsi_units import PREFIXES, UNITS, check_unit
from certlog.errors import InvalidInput
from certlog.profiles import is_confidential, public_members
from certlog.strict_json import JSONObject
from issuer.unit_words import UNIT_WORDS
from tests.support.calibrations import calibration_content
from tests.support.certificates import SAMPLE_ORIGIN, conformity_content

DECIMALS: Final = st.from_regex(r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
ACCREDITED: Final = "laboratory/accreditation"
REMARK_IN_VOLT: Final = {"kind": "remark", "unit": "\\volt", "displayUnit": "V"}
DIGITS: Final = {
    "0.025": 2,
    "0.10": 2,
    "0.0250": 3,
    "1200": 2,
    "12": 2,
    "120.0": 4,
    "1.2e-3": 2,
    "0.5": 1,
    "0": 0,
}
SECRETS: Final = (
    "Công ty TNHH Thực phẩm Mẫu",
    "Khu công nghiệp Mẫu",
    "20.05",
    "SN778812",
    "778812",
    "Trần Thị Mẫu",
    "T-100",
    "V01.CN3.0001.26",
    "AAAAAAAAAAAAAAAAAAAAAA",
)


def problems(change: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (place below the subject, code) for the sample with members of its subject set."""
    content: Any = calibration_content()
    for path, value in change.items():
        holder: Any = content["credentialSubject"]
        *steps, last = (int(step) if step.isdecimal() else step for step in path.split("/"))
        for step in steps:
            holder = holder[step]
        holder[last] = value
    return [
        (problem.place.removeprefix("/credentialSubject/"), problem.code)
        for problem in find_problems(content, origin=SAMPLE_ORIGIN)
    ]


def test_the_sample_is_accepted() -> None:
    check_certificate(calibration_content(), origin=SAMPLE_ORIGIN)


def vi(text: str) -> list[dict[str, str]]:
    return [{"@language": "vi", "@value": text}]


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"performedFrom": "2026-11-19"}, "performedTo", "date-order"),
        ({"receiptDate": "2026-11-19"}, "receiptDate", "date-order"),
        ({"issueDate": "2026-11-21"}, "/validFrom", "date-order"),
        ({"performedTo": "2026-11-31"}, "performedTo", "bad-time"),
        ({"recalibrationDue/date": "2026-11-18"}, "recalibrationDue/date", "date-order"),
        ({f"{ACCREDITED}/validUntil": "2026-11-19"}, f"{ACCREDITED}/validUntil", "ended-before-use"),
        ({"performanceLocation": {"kind": "customer"}}, "performanceLocation", "missing-address"),
        ({"environment/0/max": "22.4"}, "environment/0/max", "range"),
        ({"environment/1/uncertainty": "0"}, "environment/1/uncertainty", "uncertainty"),
        ({"environment/0/unit": "\\celsius"}, "environment/0/unit", "unit"),
        ({"results/0/columns/1": {"kind": "referenceValue"}}, "results/0/columns/1", "column"),
        ({"results/0/columns/1": REMARK_IN_VOLT}, "results/0/columns/1/unit", "column"),
        ({"results/0/uncertainty/k": "0.5"}, "results/0/uncertainty/k", "uncertainty"),
        ({"results/0/uncertainty/values": ["-0.02"]}, "results/0/uncertainty/values/0", "uncertainty"),
        ({"results/0/name": [*vi("a"), *vi("b")]}, "results/0/name", "language"),
        ({"title": vi("Giấy chứng nhận")}, "title", "schema-const"),
        ({"statementItemsOnly": "yes"}, "statementItemsOnly", "schema-const"),
        ({"externalProvider": {"name": "x", "resultRefs": ["r7"]}}, "externalProvider/resultRefs/0", "unknown-result"),
        ({"environment/0/value": "3"}, "environment/0", "schema-oneOf"),
        ({"items": []}, "items", "schema-minItems"),
        ({"items/0/group": 3}, "items/0/group", "schema-maximum"),
    ],
)  # fmt: skip
def test_each_rule_refuses_at_its_member(change: dict[str, Any], place: str, code: str) -> None:
    assert (place, code) in problems(change)


def test_two_results_cannot_have_one_ref() -> None:
    subject: Any = calibration_content()["credentialSubject"]

    assert problems({"results": [subject["results"][0]] * 2}) == [("results/1/ref", "ref")]


@pytest.mark.parametrize(
    "wrong", ["", "+1", "01", "1.", ".5", "1,5", "1 000", "NaN", "0x1", "\uff11", "1e", "--1", "1\n"]
)
def test_what_is_no_decimal_is_refused(wrong: str) -> None:
    assert not is_decimal(wrong)
    with pytest.raises(InvalidInput, match="decimal number"):
        value_of(wrong)


@given(DECIMALS)
def test_every_decimal_text_has_its_exact_value(text: str) -> None:
    assert value_of(text) == Fraction(text)
    assert value_of(text) % (Fraction(10) ** last_place(text)) == 0


@pytest.mark.parametrize(("text", "digits"), DIGITS.items())
def test_significant_digits_are_counted_as_people_count_them(text: str, digits: int) -> None:
    assert significant_digits(text) == digits


@pytest.mark.parametrize(
    "unit",
    [
        "\\degreecelsius",
        "\\milli\\volt",
        "\\one",
        "\\kilogram\\per\\metre\\tothe{3}",
        "\\metre\\tothe{0.5}",
        "\\newton\\metre",
    ],
)  # fmt: skip
def test_units_of_the_d_si_are_accepted(unit: str) -> None:
    check_unit(unit)


@pytest.mark.parametrize(
    "unit",
    [
        "",
        "°C",
        "degreecelsius",
        "\\celsius",
        "\\milli",
        "\\milli\\milli\\volt",
        "\\tothe{2}",
        "\\volt\\per",
        "\\volt\\per\\per\\metre",
        "\\volt\\per\\metre\\per\\second",
        "\\metre\\tothe{}",
        "\\metre\\tothe",
        "\\volt{2}",
        "\\volt ",
        "\\metre\\tothe{2}\\tothe{3}",
    ],
)
def test_units_that_mean_nothing_are_refused(unit: str) -> None:
    with pytest.raises(InvalidInput, match="unit"):
        check_unit(unit, "/unit")


@given(st.lists(st.sampled_from(sorted(PREFIXES | UNITS | {"per", "tothe{2}", "volts"})), max_size=6))
def test_the_order_of_words_decides_as_the_grammar_says(words: list[str]) -> None:
    """Against a grammar written another way: terms of [prefix] unit [power], and `per` at most once."""
    rest, per = list(words), 0
    right = bool(rest)
    while rest and right:
        if rest[0] == "per":
            per += 1
            rest = rest[1:]
        rest = rest[1:] if rest and rest[0] in PREFIXES else rest
        right = bool(rest) and rest[0] in UNITS and per <= 1
        rest = rest[2:] if rest[1:2] == ["tothe{2}"] else rest[1:]
    text = "".join(f"\\{word}" for word in words)
    if right:
        check_unit(text)
    else:
        with pytest.raises(InvalidInput, match="unit"):
            check_unit(text)


def test_every_unit_that_people_may_write_is_one_of_the_d_si() -> None:
    for dsi in UNIT_WORDS.values():
        check_unit(dsi)


def test_the_public_members_of_a_calibration_hold_nothing_of_its_customer() -> None:
    shown = canonicalize(public_members(calibration_content())).decode()

    assert [secret for secret in SECRETS if secret in shown] == []
    assert all(
        text in shown
        for text in ("Phòng Hiệu chuẩn Mẫu", "HC-2026-0001", "Nhiệt kế hiện số", "…8812", "2026-11-20")
    )


def test_a_short_serial_is_not_shown_in_part() -> None:
    content: Any = calibration_content()
    content["credentialSubject"]["items"][0]["serial"] = "12345"

    assert "serial" not in str(public_members(content)["credentialSubject"])


def test_only_calibrations_are_confidential() -> None:
    assert is_confidential(calibration_content())
    assert not is_confidential(conformity_content())
    assert "evidence" not in str(public_members(conformity_content()))
    assert "Nguyễn Văn Mẫu" not in str(public_members(conformity_content()))


def test_the_largest_hostile_document_is_judged_within_seconds() -> None:
    content: Any = calibration_content()
    result = content["credentialSubject"]["results"][0]
    rows = 1500
    result["rows"] = [["1e999", "-1e-999", "0." + "9" * 30]] * rows
    result["uncertainty"]["values"] = ["9e999"] * rows
    large: JSONObject = content

    began = time.process_time()
    found = list(find_problems(large, origin=SAMPLE_ORIGIN))

    assert found == []
    assert time.process_time() - began < 5
