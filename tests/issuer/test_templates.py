"""Templates: every column has its heading, help and choices; a filled one is issued as it is."""

import importlib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from certlog.errors import InvalidInput
from cli.issuer_tables import _TEMPLATES
from cli.main import certlog
from issuer.body import read_body
from issuer.columns import CONFORMITY, fold
from issuer.input_file import InputFile
from issuer.read_file import read_file_drafts
from issuer.template import CONFORMITY_SHEET, HELP_SHEET, TemplateSheet, write_template
from tests.support.sheets import GOOD, csv_of, good_row

EXAMPLES = Path(__file__).parents[2] / "examples"
DID = "did:web:mau.example.vn"


def book_of(path: Path) -> Any:
    """Open a workbook with a library that had no part in writing it."""
    return importlib.import_module("openpyxl").load_workbook(path)


def run(*arguments: object) -> Any:
    return CliRunner().invoke(certlog, ["--lang", "en", "issuer", *map(str, arguments)])


@pytest.mark.parametrize("profile", list(_TEMPLATES))
def test_a_template_has_every_column_and_explains_it(tmp_path: Path, profile: str) -> None:
    path = tmp_path / "mau.xlsx"
    assert run("template", path, "--profile", profile).exit_code == 0

    book = book_of(path)

    explained = {row[0].value for row in book[HELP_SHEET].iter_rows()}
    for sheet in _TEMPLATES[profile]:
        page = book[sheet.name]
        assert [cell.value for cell in page[1]] == [column.vi for column in sheet.columns.all]
        assert page.freeze_panes == "B2"
        assert {column.vi for column in sheet.columns.all} <= explained


def test_closed_lists_can_be_chosen_from_and_dates_and_codes_are_formatted(tmp_path: Path) -> None:
    path = tmp_path / "mau.xlsx"
    write_template(path, [CONFORMITY_SHEET])
    page = book_of(path)[CONFORMITY_SHEET.name]
    columns = {column.name: i for i, column in enumerate(CONFORMITY.all)}

    lists = {
        next(iter(rule.sqref.ranges)).min_col - 1: rule.formula1
        for rule in page.data_validations.dataValidation
        if rule.type == "list"
    }

    assert lists[columns["mark"]] == '"CR,CS,CB"'
    assert "hợp quy" in lists[columns["kind"]]
    formats = {
        name: page.column_dimensions[page.cell(1, columns[name] + 1).column_letter].number_format
        for name in ("tax_code", "issue_date")
    }
    assert formats == {"tax_code": "@", "issue_date": "dd/mm/yyyy"}


def test_a_filled_template_is_issued_as_the_same_rows_in_csv_are(tmp_path: Path) -> None:
    path = tmp_path / "mau.xlsx"
    write_template(path, [TemplateSheet(CONFORMITY_SHEET.name, CONFORMITY, CONFORMITY_SHEET.choices, [GOOD])])
    body = read_body(EXAMPLES / "body.toml")

    drafts = read_file_drafts(InputFile.at(path), body, DID).drafts

    assert drafts.problems == ()
    assert drafts.good == read_file_drafts(InputFile.of_bytes(csv_of([good_row(1)])), body, DID).drafts.good


def test_an_empty_template_has_no_rows_and_its_help_is_no_sheet_of_certificates(tmp_path: Path) -> None:
    path = tmp_path / "mau.xlsx"
    write_template(path, [CONFORMITY_SHEET])

    (problem,) = read_file_drafts(InputFile.at(path), read_body(EXAMPLES / "body.toml"), DID).drafts.problems

    assert (problem.place.sheet, problem.code) == (CONFORMITY_SHEET.name, "no-rows")


def test_a_template_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "mau.xlsx"
    path.write_bytes(b"mine")

    with pytest.raises(InvalidInput, match="it is not overwritten"):
        write_template(path, [CONFORMITY_SHEET])


@pytest.mark.parametrize("profile", list(_TEMPLATES))
def test_no_heading_of_a_sheet_means_two_columns(profile: str) -> None:
    for sheet in _TEMPLATES[profile]:
        headings = [
            (fold(text), column.name)
            for column in sheet.columns.all
            for text in (column.name, column.vi, *column.aliases)
        ]
        assert len({heading for heading, _ in headings}) == len(set(headings))


def test_check_says_what_would_be_issued_and_touches_nothing(tmp_path: Path) -> None:
    file = tmp_path / "giay.csv"
    file.write_bytes(csv_of([good_row(1), good_row(2, tax_code="1")]))
    before = sorted(tmp_path.iterdir())

    result = run("check", file, "--body", EXAMPLES / "body.toml")

    assert result.exit_code == 2
    assert "2\tMAU-1\t1\tGiấy chứng nhận hợp quy\tCông ty TNHH Mẫu" in result.output
    assert "Row 3, column E (Mã số thuế): “1” is not a tax code" in result.output
    assert "Can be issued: 1; mistakes: 1." in result.output
    assert sorted(tmp_path.iterdir()) == before


def test_check_writes_the_refused_rows_where_it_is_told(tmp_path: Path) -> None:
    file, refused = tmp_path / "giay.csv", tmp_path / "sua.xlsx"
    file.write_bytes(csv_of([good_row(1), good_row(2, tax_code="1")]))

    result = run("check", file, "--body", EXAMPLES / "body.toml", "--refused", refused)

    assert "1 rows that were not issued are in" in result.output
    page = book_of(refused).worksheets[0]
    assert [page.cell(2, 1).value, page.cell(1, page.max_column).value] == ["MAU-2", "Lỗi / Problem"]


def test_check_says_that_an_encoding_was_guessed(tmp_path: Path) -> None:
    file = tmp_path / "giay.csv"
    file.write_bytes(
        "Sô\u0301 giâ\u0301y chư\u0301ng nhâ\u0323n,Ghi chu\u0301\nA,Mâ\u0303u\n".encode("cp1258")
    )

    result = run("check", file, "--body", EXAMPLES / "body.toml")

    assert "read as Windows-1258, because of its headings. Is this right: “Mẫu”?" in result.output
