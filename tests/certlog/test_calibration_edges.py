"""Calibration certificates at the edges of their rules: what is just right, just wrong, and shown to nobody."""

from fractions import Fraction
from typing import Any

import pytest

from certlog.calibration_advice import MAX_ADVICE, Capability, advice_on
from certlog.canonical import canonicalize
from certlog.credential import find_problems
from certlog.decimals import last_place
from certlog.profiles import public_members
from tests.certlog.test_calibration import problems, vi
from tests.support.calibrations import calibration_content
from tests.support.certificates import SAMPLE_ORIGIN

U = "results/0/uncertainty"
VALUES = f"{U}/values"
COLUMN = "results/0/columns/1"
MEASURANDS = "laboratory/accreditation/measurands"
WRONG_UNIT = {"sameUnit": False, "unit": "\\celsius", "displayUnit": "°C"}
ELSEWHERE = ("laboratoryBranch", "customer", "customerBranch", "other")
TWO_OF_A_KIND = [
    {"kind": "measuredValue", "label": vi("lần 1")},
    {"kind": "measuredValue", "label": vi("lần 2")},
]


@pytest.mark.parametrize(
    "change",
    [
        {"laboratory/accreditation/validUntil": "2026-11-20"},
        {"traceability/0/validUntil": "2026-11-17"},
        {"performedFrom": "2026-11-18"},
        {"receiptDate": "2026-11-18"},
        {"recalibrationDue/date": "2026-11-19"},
        {"items/0": {"name": vi("Nhiệt kế"), "assetId": "TB-7"}},
        {"results/0/columns": [{"kind": "referenceValue"}, *TWO_OF_A_KIND]},
        {"results/0/columns/2": {"kind": "remark"}, "results/0/rows": [["20.00", "20.05", "tại giữa"]] * 2},
        {VALUES: ["0.025", "0.030"]},
    ],
)
def test_what_is_just_right_is_accepted(change: dict[str, Any]) -> None:
    assert problems(change) == []


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"issueDate": "2026-11-17"}, "issueDate", "date-order"),
        ({"issueDate": "2026-11-19"}, "/validFrom", "date-order"),
        ({"traceability/0/validUntil": "2026-11-16"}, "traceability/0/validUntil", "ended-before-use"),
        ({"traceability/0/validUntil": "2027-06-31"}, "traceability/0/validUntil", "bad-time"),
        ({"items/0": {"name": vi("Nhiệt kế")}}, "items/0", "unidentified-item"),
        *(({"performanceLocation": {"kind": kind}}, "performanceLocation", "missing-address") for kind in ELSEWHERE),
        ({MEASURANDS: ["Áp suất"]}, f"{MEASURANDS}/0", "unknown-measurand"),
        ({"results/0/unit": "\\celsius"}, "results/0/unit", "unit"),
        ({f"{U}/{name}": value for name, value in WRONG_UNIT.items()}, f"{U}/unit", "unit"),
        ({COLUMN: {"kind": "measuredValue", "unit": "\\celsius", "displayUnit": "°C"}}, f"{COLUMN}/unit", "unit"),
        ({"results/0/rows": [["20", "20", "0"]] * 3, VALUES: ["0.02", "0.02"]}, VALUES, "uncertainty"),
        ({VALUES: ["0.0"]}, f"{VALUES}/0", "uncertainty"),
        ({"results/0/uncertainty/p": "1"}, "results/0/uncertainty/p", "uncertainty"),
        ({"results/0/uncertainty/p": "0"}, "results/0/uncertainty/p", "uncertainty"),
    ],
)  # fmt: skip
def test_what_is_just_wrong_is_refused_at_its_member(change: dict[str, Any], place: str, code: str) -> None:
    assert (place, code) in problems(change)


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("validFrom", "2026-11-31T00:00:00+07:00", "bad-time"),
        ("description", [*vi("một"), *vi("hai")], "language"),
    ],
)
def test_members_of_the_envelope_are_looked_at_too(member: str, value: Any, code: str) -> None:
    found = list(find_problems(calibration_content() | {member: value}, origin=SAMPLE_ORIGIN))

    assert [(problem.place, problem.code) for problem in found] == [(f"/{member}", code)]


def test_a_description_of_a_calibration_is_its_customers_too() -> None:
    content: Any = calibration_content() | {"description": vi("Của Công ty Mẫu")}
    shown = public_members(content)

    assert "Của Công ty Mẫu" not in canonicalize(shown).decode()


def advised(change: dict[str, Any], *capabilities: Capability) -> list[str]:
    """Return the codes of the advice on the sample with members of its first result set."""
    content: Any = calibration_content()
    content["credentialSubject"]["results"][0] |= change
    return [advice.code for advice in advice_on(content, capabilities)]


def uncertainty(**change: Any) -> dict[str, Any]:
    content: Any = calibration_content()
    return {"uncertainty": content["credentialSubject"]["results"][0]["uncertainty"] | change}


@pytest.mark.parametrize(
    ("low", "high", "cmc", "codes"),
    [
        (0, 40, "0.03", ["below-cmc"]),
        (0, 40, "0.025", []),
        (0, 19, "0.03", []),
        (21, 39, "0.03", []),
        (40, 90, "0.03", ["below-cmc"]),
    ],
)
def test_a_capability_counts_within_its_range_bounds_included(
    low: int, high: int, cmc: str, codes: list[str]
) -> None:
    ours = Capability("Nhiệt độ", "\\degreecelsius", Fraction(low), Fraction(high), cmc)

    assert advised({}, ours) == codes


def test_a_capability_of_another_quantity_or_unit_says_nothing() -> None:
    for quantity, unit in (("Áp suất", "\\degreecelsius"), ("Nhiệt độ", "\\kelvin")):
        assert advised({}, Capability(quantity, unit, Fraction(0), Fraction(90), "0.03")) == []


def test_an_uncertainty_in_another_unit_is_compared_with_nothing() -> None:
    ours = Capability("Nhiệt độ", "\\degreecelsius", Fraction(0), Fraction(90), "0.03")

    assert advised(uncertainty(sameUnit=False), ours) == []


def test_each_row_has_its_own_uncertainty() -> None:
    ours = Capability("Nhiệt độ", "\\degreecelsius", Fraction(30), Fraction(90), "0.02")

    assert advised(uncertainty(values=["0.025", "0.015"]), ours) == ["below-cmc"]


def test_columns_of_one_kind_are_not_taken_for_each_other() -> None:
    columns = [{"kind": "referenceValue"}, *TWO_OF_A_KIND, {"kind": "measurementError"}]

    assert advised({"columns": columns, "rows": [["20.00", "20.01", "20.05", "0.03"]]}) == []


@pytest.mark.parametrize(
    ("kind", "texts"), [("measurementError", ("0.05", "-0.05")), ("correction", ("-0.05", "0.05"))]
)
def test_an_error_and_a_correction_have_opposite_signs(kind: str, texts: tuple[str, str]) -> None:
    columns = [{"kind": "referenceValue"}, {"kind": "measuredValue"}, {"kind": kind}]
    found = [advised({"columns": columns, "rows": [["20.00", "20.05", text]]}) for text in texts]

    assert found == [[], ["does-not-add-up"]]


@pytest.mark.parametrize(("p", "codes"), [("0.944", 1), ("0.945", 0), ("0.96", 0), ("0.9973", 1)])
def test_a_coverage_probability_is_usual_around_95_per_cent(p: str, codes: int) -> None:
    assert advised(uncertainty(p=p)) == ["unusual-probability"] * codes


def test_advice_is_bounded() -> None:
    content: Any = calibration_content()
    subject = content["credentialSubject"]
    subject["results"] = [subject["results"][0] | uncertainty(p="0.5")] * (MAX_ADVICE + 5)

    assert len(list(advice_on(content))) == MAX_ADVICE


@pytest.mark.parametrize(
    ("error", "verdict", "codes"),
    [
        ("-0.2", "pass", ["passes-beyond-limit"]),
        ("0.2", "pass", ["passes-beyond-limit"]),
        ("0.1", "pass", []),
        ("0.2", "fail", []),
    ],
)
def test_a_pass_beside_an_error_beyond_the_limit_is_told_and_a_fail_is_not(
    error: str, verdict: str, codes: list[str]
) -> None:
    content: Any = calibration_content()
    subject = content["credentialSubject"]
    kinds = ("measurementError", "maximumPermissibleError")
    subject["results"][0] |= {"columns": [{"kind": kind} for kind in kinds], "rows": [[error, "0.1"]]}
    subject["conformityStatements"][0]["verdict"] = verdict

    found = [advice.code for advice in advice_on(content)]

    assert [code for code in found if code == "passes-beyond-limit"] == codes


@pytest.mark.parametrize(("text", "place"), [("1.2e3", 2), ("1.2E3", 2), ("12E-4", -4), ("-0.025", -3)])
def test_the_last_place_counts_the_exponent_however_it_is_written(text: str, place: int) -> None:
    assert last_place(text) == place
