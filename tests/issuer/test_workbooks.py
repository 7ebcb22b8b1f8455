"""Workbooks: what a person sees in a cell is what is read, and what cannot be seen for certain is refused there."""

import datetime as dt
import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from certlog.errors import Unavailable
from issuer.body import Body, read_body
from issuer.cell_text import Refusal, text_or_refusal
from issuer.columns import Column, Holds
from issuer.drafts import Drafts
from issuer.grid import CellKind, TypedCell
from issuer.input_file import InputFile
from issuer.read_file import read_file_drafts
from issuer.rows import read_rows
from issuer.spreadsheet import read_spreadsheet
from issuer.table import Table
from issuer.workbook_marks import DECIMALS, GENERAL, ODD, THOUSANDS, ZEROS, mark_of_format
from tests.support.sheets import GOOD, HEADINGS, SHEET, Formula, Number, Page, good_row, one_sheet, xlsx_of
from tools.spreadsheets import OdsXml, make_examples, ods_bytes

EXAMPLES = Path(__file__).parents[2] / "examples"
HALF_PAST_EIGHT = dt.datetime.combine(dt.date(2026, 11, 18), dt.time(8, 30))
DID = "did:web:mau.example.vn"


@pytest.fixture(scope="module")
def body() -> Body:
    return read_body(EXAMPLES / "body.toml")


def table_of(data: bytes, sheet: str | None = None) -> Table:
    return read_spreadsheet(InputFile.of_bytes(data), sheet=sheet)


def found(drafts: Drafts) -> list[tuple[str, str]]:
    return [(problem.place.cell or str(problem.place.row), problem.code) for problem in drafts.problems]


@pytest.mark.parametrize("name", ["conformity.xlsx", "conformity.ods"])
def test_the_example_workbooks_say_what_the_example_csv_says(body: Body, name: str) -> None:
    plain = read_file_drafts(InputFile.at(EXAMPLES / "conformity.csv"), body, DID).drafts
    drafts = read_file_drafts(InputFile.at(EXAMPLES / name), body, DID).drafts

    assert drafts.problems == ()
    assert drafts.good == plain.good
    assert len(drafts.good) == 20


@pytest.mark.parametrize("name", ["conformity.xlsx", "conformity.ods", "calibration.xlsx"])
def test_the_example_workbooks_are_what_their_maker_makes(tmp_path: Path, name: str) -> None:
    make_examples(tmp_path)

    wanted, there = (read_cells(folder / name) for folder in (tmp_path, EXAMPLES))

    assert wanted == there


def read_cells(path: Path) -> list[Any]:
    if path.suffix == ".ods":
        return list(map(repr, grid_rows(path)))
    book = importlib.import_module("openpyxl").load_workbook(path)
    return [[cell.value for row in sheet.iter_rows() for cell in row] for sheet in book.worksheets]


def grid_rows(path: Path) -> list[Any]:
    grid = table_of(path.read_bytes()).grid
    assert grid is not None
    return list(grid.rows())


@pytest.mark.parametrize(
    ("changes", "cell", "code"),
    [
        ({"client": Formula('="Công ty"&" Mẫu"', "Công ty Mẫu")}, "D2", "formula-cell"),
        ({"expiry_date": Formula("=DATE(2029,11,17)", 47440)}, "AB2", "formula-cell"),
        ({"client": Formula("=VLOOKUP(A2,Z:Z,1)", "#N/A")}, "D2", "spreadsheet-error"),
        ({"method": True}, "T2", "boolean-cell"),
        ({"model": dt.date(2026, 2, 1)}, "L2", "date-cell"),
        ({"brand": HALF_PAST_EIGHT}, "M2", "date-cell"),
        ({"issue_date": HALF_PAST_EIGHT}, "Y2", "bad-date"),
        ({"issue_date": 46344}, "Y2", "bad-date"),
        ({"ratings": 1.5}, "P2", "number-cell"),
        ({"ratings": Number(5, "0.00")}, "P2", "number-cell"),
        ({"surveillance_months": Number(0.12, "0%")}, "AG2", "number-format"),
        ({"gtin": 8.93e15}, "N2", "scientific"),
    ],
)
def test_what_cannot_be_seen_for_certain_is_refused_at_its_cell(
    body: Body, changes: dict[str, Any], cell: str, code: str
) -> None:
    data = one_sheet([good_row(1, **changes), good_row(2)])

    drafts = read_rows(table_of(data), body, DID)

    assert found(drafts) == [(cell, code)]
    assert [draft.number for draft in drafts.good] == ["MAU-2"]
    assert drafts.problems[0].text("vi").startswith(f"Trang tính “{SHEET}”, hàng 2, cột {cell[:-1]} (")


def test_numbers_dates_and_zeros_are_read_as_they_are_shown(body: Body) -> None:
    typed = good_row(
        1,
        tax_code=Number(100000001, "0000000000"),
        method=5,
        surveillance_months=Number(12, "#,##0"),
        decision_date=dt.date(2026, 11, 16),
        issue_date=dt.date(2026, 11, 18),
        expiry_date=dt.date(2029, 11, 17),
    )
    plain = good_row(1)

    (draft,) = read_rows(table_of(one_sheet([typed])), body, DID).good

    assert draft == read_rows(table_of(one_sheet([plain])), body, DID).good[0]


def test_hidden_and_merged_cells_are_told(body: Body) -> None:
    def change(page: Any, _book: Any) -> None:
        page.set_row(2, None, None, {"hidden": True})
        page.merge_range("D4:D5", "Công ty TNHH Mẫu")

    drafts = read_rows(table_of(one_sheet([good_row(i) for i in range(1, 6)], change)), body, DID)

    assert found(drafts) == [("3", "hidden-row"), ("D4", "merged-cell"), ("D5", "merged-cell")]
    assert "D4:D5" in drafts.problems[1].text("en")
    assert [draft.number for draft in drafts.good] == ["MAU-1", "MAU-5"]


def test_a_hidden_column_is_told_once_and_nothing_under_it_is_issued(body: Body) -> None:
    data = one_sheet(
        [good_row(1), good_row(2)], lambda page, _: page.set_column("M:M", None, None, {"hidden": True})
    )

    drafts = read_rows(table_of(data), body, DID)

    assert found(drafts) == [("M1", "hidden-column")]
    assert drafts.good == ()


def test_the_first_sheet_with_known_headings_that_can_be_seen_is_read(body: Body) -> None:
    def hide(page: Any, _book: Any) -> None:
        page.hide()

    pages = {
        "Bìa": Page([["Danh sách giấy chứng nhận"]]),
        "Cũ": Page([HEADINGS, good_row(7)], hide),
        "Tháng 11": Page([HEADINGS, good_row(1)]),
        "Tháng 12": Page([HEADINGS, good_row(2)]),
    }
    data = xlsx_of(pages)

    assert [draft.number for draft in read_rows(table_of(data), body, DID).good] == ["MAU-1"]
    assert [draft.number for draft in read_rows(table_of(data, "Tháng 12"), body, DID).good] == ["MAU-2"]
    (problem,) = table_of(data, "Cũ").problems
    assert problem.text("en") == "File: there is no sheet “Cũ” (there are: Bìa, Tháng 11, Tháng 12)."


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and the rest of an .xls file", "other-workbook"),
        (xlsx_of({"A": Page([["Tên", "Ghi chú"], ["x", "y"]])}), "no-sheet"),
        (xlsx_of({"A": Page([])}), "no-sheet"),
        (xlsx_of({"A": Page([HEADINGS])}), "no-rows"),
        (b"PK\x03\x04 no ZIP file", "bad-workbook"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_told_as_a_whole(data: bytes, code: str) -> None:
    (problem,) = table_of(data).problems

    assert (problem.place.row, problem.code) == (0, code)


def test_ods_cells_are_read_as_they_are_shown(body: Body) -> None:
    value = (
        '<table:table-cell office:value-type="float" office:value="{}"><text:p>{}</text:p></table:table-cell>'
    )
    row: list[Any] = good_row(1, tax_code=OdsXml(value.format(100000001, "0100000001")), method=5.0)
    row[list(GOOD).index("decision_date")] = dt.date(2026, 11, 16)
    wrong = good_row(
        2,
        client=OdsXml('<table:table-cell table:formula="of:=[.A2]" office:value-type="string"/>'),
        ratings=OdsXml(value.format(1.5, "1,50")),
        surveillance_months=OdsXml(value.format(0.12, "12%")),
        scope=OdsXml(
            '<table:table-cell table:number-columns-spanned="2" office:value-type="string">'
            "<text:p>Dây điện</text:p></table:table-cell>"
        ),
    )
    hidden = OdsXml(
        '<table:table-row table:visibility="filter"><table:table-cell office:value-type="string">'
        "<text:p>MAU-3</text:p></table:table-cell></table:table-row>"
    )

    drafts = read_rows(table_of(ods_bytes({SHEET: [HEADINGS, row, wrong, hidden]})), body, DID)

    assert [draft.content for draft in drafts.good] == [
        draft.content for draft in read_rows(table_of(one_sheet([good_row(1)])), body, DID).good
    ]
    assert found(drafts) == [
        ("D3", "formula-cell"),
        ("I3", "merged-cell"),
        ("J3", "merged-cell"),
        ("P3", "number-cell"),
        ("AG3", "number-format"),
        ("4", "hidden-row"),
    ]


TEXT, MEASURED = Column("a", "A", "", ""), Column("b", "B", "", "", holds=Holds.MEASURED)


@pytest.mark.parametrize(
    ("value", "mark", "text", "measured"),
    [
        (20.0, DECIMALS + 2, "number-cell", "20.00"),
        (20.0, DECIMALS, "20", "20"),
        (20.0, GENERAL, "20", "loose-number"),
        (0.05, GENERAL, "number-cell", "loose-number"),
        (20.049, DECIMALS + 2, "number-cell", "hidden-digits"),
        (-0.0, DECIMALS + 1, "number-cell", "0.0"),
        (-0.5, DECIMALS + 1, "number-cell", "-0.5"),
        (1234.0, THOUSANDS, "1234", "loose-number"),
        (7.0, ZEROS + 3, "007", "loose-number"),
        (0.5, ODD, "number-format", "number-format"),
        (1e15, GENERAL, "scientific", "scientific"),
        (float("nan"), GENERAL, "scientific", "scientific"),
    ],
)
def test_a_number_is_its_shown_text_or_a_refusal(value: float, mark: int, text: str, measured: str) -> None:
    cell = TypedCell(CellKind.NUMBER, "shown", value, mark)

    results = [text_or_refusal(cell, column) for column in (TEXT, MEASURED)]

    assert [result.code if isinstance(result, Refusal) else result for result in results] == [text, measured]


@pytest.mark.parametrize(
    ("code", "mark"),
    [
        ("General", GENERAL),
        ("@", GENERAL),
        ("0", DECIMALS),
        ("0.000", DECIMALS + 3),
        ("0.00_);[Red](0.00)", DECIMALS + 2),
        ("0000000000", ZEROS + 10),
        ("#,##0", THOUSANDS),
        ("0%", ODD),
        ("0.0#", ODD),
        ('0.00" °C"', ODD),
        ("0.00E+00", ODD),
        ("dd/mm/yyyy", ODD),
    ],
)
def test_a_number_format_says_how_many_decimals_are_shown(code: str, mark: int) -> None:
    assert mark_of_format(164, code) == mark


def test_a_workbook_without_its_extra_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)

    with pytest.raises(Unavailable, match=r"certlog\[xlsx\]"):
        table_of(one_sheet([good_row(1)]))
