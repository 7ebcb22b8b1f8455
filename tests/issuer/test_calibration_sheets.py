"""Calibrations in spreadsheets: two sheets say what the plain form says, and each mistake is told at its cell."""

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import issuer.calibration_sheets
from issuer.body import Body, read_body
from issuer.calibration_columns import CALIBRATION
from issuer.columns import Columns
from issuer.drafts import Drafts
from issuer.input_file import InputFile
from issuer.json_drafts import read_json_drafts
from issuer.read_file import ReadFile, read_file_drafts
from issuer.refused_rows import refused_sheets, write_refused
from issuer.result_columns import RESULTS
from tests.support.controls import Control, require_noticed
from tests.support.sheets import Number, Page, xlsx_of

EXAMPLES = Path(__file__).parents[2] / "examples"
DID = "did:web:mau.example.vn"
CERTIFICATE: dict[str, Any] = {
    "number": "HC-1",
    "item": "Nhiệt kế",
    "serial": "SN-1",
    "customer": "Công ty Mẫu",
    "customer_address": "Hà Nội",
    "performed_from": dt.date(2026, 11, 17),
    "issue_date": dt.date(2026, 11, 19),
    "methods": "ĐLVN 138:2004",
    "environment": "Nhiệt độ = 22,4 … 23.1 [°C] | Độ ẩm = 55 ± 5 [%RH]",
    "standard": "SPRT | Cầu đo",
    "standard_certificate": "A1 | B2",
    "standard_issuer": "Viện Đo lường Mẫu",
}
RESULT: dict[str, Any] = {
    "number": "HC-1",
    "result": "Sai số chỉ thị",
    "quantity": "Nhiệt độ",
    "unit": "°C",
    "reference_value": "20.00",
    "measured_value": "20.05",
    "measurement_error": "0.05",
    "uncertainty": "0.03",
    "k": "2",
}
NEXT: dict[str, Any] = {
    "number": "HC-1",
    "result": "Sai số chỉ thị",
    "reference_value": "30.00",
    "measured_value": "30.06",
    "measurement_error": "0.06",
}


@pytest.fixture(scope="module")
def body() -> Body:
    return read_body(EXAMPLES / "laboratory.toml")


def lines(columns: Columns, rows: Sequence[dict[str, Any]]) -> list[list[Any]]:
    names = [column.name for column in columns.all if any(column.name in row for row in rows)]
    return [
        [columns.by_name[name].vi for name in names],
        *([row.get(name, "") for name in names] for row in rows),
    ]


def workbook(certificates: Sequence[dict[str, Any]], results: Sequence[dict[str, Any]]) -> bytes:
    pages = {"Giấy": Page(lines(CALIBRATION, certificates)), "Kết quả": Page(lines(RESULTS, results))}
    return xlsx_of(pages)


def read(body: Body, certificates: Sequence[dict[str, Any]], results: Sequence[dict[str, Any]]) -> Drafts:
    return read_file_drafts(InputFile.of_bytes(workbook(certificates, results)), body, DID).drafts


def found(drafts: Drafts) -> list[tuple[str, int, str, str]]:
    places = [(problem.place, problem.code) for problem in drafts.problems]
    return [(place.sheet, place.row, place.column, code) for place, code in places]


def subject(drafts: Drafts) -> Any:
    (draft,) = drafts.good
    return draft.content["credentialSubject"]


def test_the_example_workbook_has_the_results_of_the_example_json(body: Body) -> None:
    plain = read_json_drafts((EXAMPLES / "calibration.json").read_bytes(), body, DID).good
    drafts = read_file_drafts(InputFile.at(EXAMPLES / "calibration.xlsx"), body, DID).drafts

    assert drafts.problems == ()
    for ours, theirs in zip(drafts.good, plain, strict=True):
        mine: Any = ours.content["credentialSubject"]
        other: Any = theirs.content["credentialSubject"]
        for name in (
            "customer",
            "items",
            "performedFrom",
            "performedTo",
            "issueDate",
            "adjustment",
            "laboratory",
        ):
            assert mine.get(name) == other.get(name), name
        for result, wanted in zip(mine["results"], other["results"], strict=True):
            same = ("rows", "uncertainty", "unit", "displayUnit", "quantity", "stage", "columns")
            assert [result.get(name) for name in same] == [wanted.get(name) for name in same]


def test_measured_values_keep_every_zero(body: Body) -> None:
    typed = RESULT | {"reference_value": Number(20, "0.00"), "measured_value": "20,05", "k": Number(2, "0")}

    drafts = read(body, [CERTIFICATE], [typed, NEXT])

    assert drafts.problems == ()
    result = subject(drafts)["results"][0]
    assert result["rows"] == [["20.00", "20.05", "0.05"], ["30.00", "30.06", "0.06"]]
    assert result["uncertainty"]["values"] == ["0.03"]
    assert [item["certificateNo"] for item in subject(drafts)["traceability"]] == ["A1", "B2"]
    assert json.dumps(subject(drafts)["environment"][0]["min"]) == '"22.4"'


@pytest.mark.parametrize(
    ("change", "result", "place"),
    [
        ({}, {"reference_value": Number(20)}, ("Kết quả", 2, "reference_value", "loose-number")),
        ({}, {"measured_value": Number(20.049, "0.00")}, ("Kết quả", 2, "measured_value", "hidden-digits")),
        ({}, {"measured_value": "20,050"}, ("Kết quả", 2, "measured_value", "ambiguous-comma")),
        ({}, {"measured_value": "khoảng 20"}, ("Kết quả", 2, "measured_value", "refused-content")),
        ({}, {"uncertainty": "0.0312"}, ("Kết quả", 2, "uncertainty", "refused-content")),
        ({}, {"k": ""}, ("Kết quả", 2, "k", "empty")),
        ({}, {"unit": "độ"}, ("Kết quả", 2, "unit", "unknown-unit")),
        ({}, {"quantity": ""}, ("Kết quả", 2, "quantity", "empty")),
        ({"serial": ""}, {}, ("Giấy", 2, "item", "refused-content")),
        ({"customer": ""}, {}, ("Giấy", 2, "customer", "empty")),
        ({"performed_from": "11/17/2026"}, {}, ("Giấy", 2, "performed_from", "no-such-date")),
        ({"environment": "23 độ"}, {}, ("Giấy", 2, "environment", "bad-environment")),
        ({"standard_certificate": "A1 | B2 | C3"}, {}, ("Giấy", 2, "standard_certificate", "item-count")),
        ({"accreditation": "VILAS 1"}, {}, ("Giấy", 2, "accreditation", "not-in-body-file")),
        ({"verdict": "đạt"}, {}, ("Giấy", 2, "specification", "empty")),
    ],
)
def test_each_mistake_is_told_at_its_cell(
    body: Body, change: dict[str, Any], result: dict[str, Any], place: tuple[str, int, str, str]
) -> None:
    drafts = read(body, [CERTIFICATE | change], [RESULT | result, NEXT])

    assert place in found(drafts)
    assert {(sheet, row) for sheet, row, _, _ in found(drafts)} == {place[:2]}
    assert drafts.good == ()


def test_a_row_of_a_table_that_lacks_a_value_is_told_there(body: Body) -> None:
    drafts = read(body, [CERTIFICATE], [RESULT, NEXT | {"measured_value": ""}])

    assert found(drafts) == [("Kết quả", 3, "measured_value", "empty")]


def test_results_and_certificates_must_find_each_other(body: Body) -> None:
    drafts = read(body, [CERTIFICATE, CERTIFICATE | {"number": "HC-2"}], [RESULT, NEXT | {"number": "HC-9"}])

    assert found(drafts) == [("Giấy", 3, "results", "empty"), ("Kết quả", 3, "number", "no-certificate")]
    assert [draft.number for draft in drafts.good] == ["HC-1"]


def test_what_belongs_to_the_whole_table_may_not_change_in_it(body: Body) -> None:
    drafts = read(body, [CERTIFICATE], [RESULT, NEXT | {"unit": "K"}])

    assert found(drafts) == [("Kết quả", 3, "unit", "differs-in-result")]
    assert drafts.good == ()


def two_files(body: Body, change: Callable[[str], str] = str) -> ReadFile:
    files: list[InputFile] = []
    for columns, rows in ((CALIBRATION, [CERTIFICATE]), (RESULTS, [RESULT, NEXT])):
        text = io.StringIO()
        csv.writer(text, delimiter=";").writerows(lines(columns, rows))
        files.append(InputFile.of_bytes(change(text.getvalue()).encode(), f"{len(files) + 1}.csv"))
    return read_file_drafts(files[0], body, DID, results=files[1])


def test_two_csv_files_say_what_the_workbook_says(body: Body) -> None:
    assert two_files(body).drafts.problems == ()
    assert two_files(body).drafts.good == read(body, [CERTIFICATE], [RESULT, NEXT]).good

    (problem,) = two_files(body, lambda text: text.replace("30.06", "")).drafts.problems
    assert problem.text("vi").startswith("Trang tính “2.csv”, hàng 3, cột ")


def test_a_csv_file_of_certificates_alone_asks_for_its_results(body: Body) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(lines(CALIBRATION, [CERTIFICATE]))

    drafts = read_file_drafts(InputFile.of_bytes(text.getvalue().encode()), body, DID).drafts

    assert ("", 0, "", "no-results") in found(drafts)


def test_a_refused_certificate_comes_back_with_its_results_and_can_be_issued(
    body: Body, tmp_path: Path
) -> None:
    second = {"number": "HC-2"}
    data = workbook([CERTIFICATE, CERTIFICATE | second | {"customer": ""}], [RESULT, NEXT, RESULT | second])
    read_first = read_file_drafts(InputFile.of_bytes(data), body, DID)
    path = tmp_path / "refused.xlsx"
    drafts = read_first.drafts

    count = write_refused(path, refused_sheets(read_first.tables, drafts.good, drafts.problems, "vi"))

    again = read_file_drafts(InputFile.at(path), body, DID)
    assert count == 1
    assert found(again.drafts) == [("Giấy", 2, "customer", "empty")]
    assert [row.cells["number"] for row in again.tables[1].rows] == ["HC-2"]


def test_a_decimal_comma_taken_for_any_comma_is_noticed(body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        assert found(read(body, [CERTIFICATE], [RESULT | {"measured_value": "20,050"}, NEXT]))

    class Never:
        fullmatch = staticmethod(lambda _: None)

    require_noticed(Control(issuer.calibration_sheets, "_THOUSANDS", Never, refused), monkeypatch)


def test_the_documentation_lists_every_column() -> None:
    page = (EXAMPLES.parent / "docs" / "issuing.md").read_text()
    for column in (*CALIBRATION.all, *RESULTS.all):
        assert f"| `{column.name}` | {column.vi} |" in page
