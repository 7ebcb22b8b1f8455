"""More than 40 kinds of mistakes in a spreadsheet: each is found at its cell, none invented, good rows go out once."""

import datetime as dt
import functools
import unicodedata
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import issuer.cell_text
import issuer.cells
import issuer.headings
import issuer.rows
from issuer.drafts import Drafts
from issuer.grid import text_of
from issuer.input_file import InputFile
from issuer.issue import IssueReport, Request, RowsRefused, issue
from issuer.read_file import read_file_drafts
from issuer.refused_rows import refused_sheets, write_refused
from tests.support.controls import Control, nothing, require_failure
from tests.support.desk import Desk
from tests.support.sheets import HEADINGS, LETTERS, Formula, Number, Page, csv_of, good_row, xlsx_of


class Kind(NamedTuple):
    """One kind of mistake: what a person did, the cells that differ from a good row, where and how it is told."""

    name: str
    changes: dict[str, Any]
    column: str
    code: str
    only_workbook: bool = False


QCVN = "QCVN 4:2009/BKHCN"
NO_QCVN = {"kind": "hợp chuẩn", "standards": "TCVN 6610-5:2014"}
GLUED = "QCVN 4:2009/BKHCN; TCVN 6610-5:2014"
LATE = {"decision_date": "01/07/2030", "issue_date": "02/07/2030", "expiry_date": "01/07/2031"}
LOT = {"kind": "lô", "method": "7", "expiry_date": "", "batch_no": "L1", "quantity": "9 cái"}
KINDS = [
    Kind("name left out", {"client": ""}, "client", "empty"),
    Kind("number too long", {"number": "M" * 61}, "number", "too-long"),
    Kind("number used twice", {"number": "MAU-2"}, "number", "duplicate-number"),
    Kind("zero-width space", {"client": "Công ty\u200b Mẫu"}, "client", "hidden-character"),
    Kind("line break in an address", {"client_address": "Hà Nội\nViệt Nam"}, "client_address", "hidden-character"),
    Kind("text that runs backwards", {"scope": "Dây \u202egnod"}, "scope", "hidden-character"),
    Kind("formula as text", {"client": "=A1&B1"}, "client", "formula"),
    Kind("look-up that failed", {"client_address": "#N/A"}, "client_address", "spreadsheet-error"),
    Kind("kind misspelt", {"kind": "hợp pháp"}, "kind", "unknown-word"),
    Kind("version with decimals", {"version": "1,0"}, "version", "not-a-number"),
    Kind("month first", {"decision_date": "11/16/2026"}, "decision_date", "no-such-date"),
    Kind("year of two digits", {"issue_date": "18/11/26"}, "issue_date", "bad-date"),
    Kind("30 February", {"issue_date": "2026-02-30"}, "issue_date", "no-such-date"),
    Kind("issued before the decision", {"issue_date": "15/11/2026"}, "issue_date", "date-before"),
    Kind("ends before it begins", {"expiry_date": "17/11/2025"}, "expiry_date", "date-before"),
    Kind("first issue after issue", {"original_date": "19/11/2026"}, "original_date", "date-after"),
    Kind("no end", {"expiry_date": ""}, "expiry_date", "empty-for-kind"),
    Kind("leading zero lost", {"tax_code": "100000001"}, "tax_code", "bad-tax-code"),
    Kind("tax code with exponent", {"tax_code": "1E+08"}, "tax_code", "scientific"),
    Kind("country in words", {"country": "Việt Nam"}, "country", "bad-country"),
    Kind("standard without year", {"standards": "QCVN 4/BKHCN"}, "standards", "bad-standard"),
    Kind("standards glued with ;", {"standards": GLUED}, "standards", "bad-standard"),
    Kind("standard named twice", {"standards": f"{QCVN} | {QCVN}"}, "standards", "duplicate-standard"),
    Kind("surplus |", {"standards": "QCVN 4:2009/BKHCN | | TCVN 6610-5:2014"}, "standards", "empty-item"),
    Kind("no regulation", {"standards": "TCVN 6610-5:2014", "designation": ""}, "standards", "no-regulation"),
    Kind("designation left out", {"designation": ""}, "designation", "missing-designation"),
    Kind("designation unknown", {"designation": "1/QĐ"}, "designation", "not-in-body-file"),
    Kind("designation not needed", NO_QCVN, "designation", "needless-designation"),
    Kind("designation ended", LATE, "designation", "ended"),
    Kind("GTIN mistyped", {"gtin": "8930000001017 | 8930000001023"}, "gtin", "gtin-check"),
    Kind("GTIN too short", {"gtin": "89300001016"}, "gtin", "bad-gtin"),
    Kind("GTIN with exponent", {"gtin": "8,93E+12"}, "gtin", "scientific"),
    Kind("three brands for two models", {"brand": "A | B | C"}, "brand", "item-count"),
    Kind("HS code too short", {"hs_code": "85"}, "hs_code", "bad-hs-code"),
    Kind("rating without =", {"ratings": "300/500 V"}, "ratings", "bad-pair"),
    Kind("method 9", {"method": "9"}, "method", "bad-method"),
    Kind("a lot's method", {"method": "7"}, "method", "method-for-kind"),
    Kind("method 8 without type", {"method": "8"}, "scheme_type", "no-scheme-type"),
    Kind("lot without number", LOT | {"batch_no": ""}, "batch_no", "empty-for-kind"),
    Kind("lot with an end", LOT | {"expiry_date": "17/11/2029"}, "expiry_date", "needless-for-kind"),
    Kind("report without laboratory", {"test_lab": ""}, "test_report", "needs-column"),
    Kind("tested after the decision", {"test_date": "17/11/2026"}, "test_date", "date-after"),
    Kind("mark unknown", {"mark": "CE"}, "mark", "unknown-word"),
    Kind("interval of 0 months", {"surveillance_months": "0"}, "surveillance_months", "not-a-number"),
    Kind("reason for version 1", {"replace_reason": "đính chính"}, "replace_reason", "needless-reason"),
    Kind("version 2 without reason", {"version": "2"}, "replace_reason", "missing-reason"),
    Kind("sector without scheme", {"sector_codes": "19"}, "sector_codes", "bad-sector-code"),
    Kind("site without address", {"sites": "Nhà máy 1"}, "sites", "bad-pair"),
    # What only a workbook can hold.
    Kind("formula", {"client": Formula('="Công ty "&A1', "Công ty Mẫu")}, "client", "formula-cell", only_workbook=True),
    Kind("formula that fails", {"scope": Formula("=1/0", "#DIV/0!")}, "scope", "spreadsheet-error", only_workbook=True),
    Kind("model turned into a date", {"model": dt.date(2026, 2, 1)}, "model", "date-cell", only_workbook=True),
    Kind("date kept as a number", {"issue_date": 46344}, "issue_date", "bad-date", only_workbook=True),
    Kind("tax code kept as a number", {"tax_code": 100000001}, "tax_code", "bad-tax-code", only_workbook=True),
    Kind("a fraction", {"ratings": 1.5}, "ratings", "number-cell", only_workbook=True),
    Kind("per cent", {"brand": Number(0.5, "0%")}, "brand", "number-format", only_workbook=True),
    Kind("a truth value", {"mark": True}, "mark", "boolean-cell", only_workbook=True),
]  # fmt: skip
GOOD_ROWS = (2, 3)
FIRST = 4
TEXT_KINDS = [kind for kind in KINDS if not kind.only_workbook]


def rows_of(kinds: list[Kind]) -> list[list[Any]]:
    good = [good_row(i) for i in range(1, len(GOOD_ROWS) + 1)]
    return [*good, *(good_row(i, **kind.changes) for i, kind in enumerate(kinds, start=100))]


def workbook() -> bytes:
    """Return all kinds, with a hidden row and merged cells at the end."""

    def change(page: Any, _book: Any) -> None:
        page.set_row(len(KINDS) + 3, None, None, {"hidden": True})
        page.merge_range(len(KINDS) + 4, 3, len(KINDS) + 4, 4, "Công ty Mẫu")

    rows = [*rows_of(KINDS), good_row(900), good_row(901)]
    return xlsx_of({"Tháng 11": Page([HEADINGS, *rows], change)})


def csv_file() -> bytes:
    """Return the kinds that text can hold, with a row too short and one too long at the end."""
    rows = [*rows_of(TEXT_KINDS), good_row(900)[:-1], [*good_row(901), "thừa"]]
    return csv_of(rows, delimiter=";", encoding="utf-16")


def wanted(kinds: list[Kind], *last: tuple[str, str]) -> list[tuple[str, str]]:
    return [(f"{LETTERS[kind.column]}{i}", kind.code) for i, kind in enumerate(kinds, start=FIRST)] + list(
        last
    )


def expected(name: str) -> list[tuple[str, str]]:
    if name == "xlsx":
        row = len(KINDS) + FIRST
        hidden_and_merged = (
            (str(row), "hidden-row"),
            (f"D{row + 1}", "merged-cell"),
            (f"E{row + 1}", "merged-cell"),
        )
        return wanted(KINDS, *hidden_and_merged)
    row = len(TEXT_KINDS) + FIRST
    return wanted(TEXT_KINDS, (str(row), "too-few-fields"), (str(row + 1), "too-many-fields"))


@functools.cache
def file_of(name: str) -> bytes:
    return workbook() if name == "xlsx" else csv_file()


def read(desk: Desk, data: bytes) -> Drafts:
    return read_file_drafts(InputFile.of_bytes(data), desk.body, desk.key.did).drafts


def found(drafts: Drafts) -> list[tuple[str, str]]:
    return [(problem.place.cell or str(problem.place.row), problem.code) for problem in drafts.problems]


def run(desk: Desk, data: bytes, *, partial: bool = True) -> IssueReport:
    with desk.journal() as journal:
        return issue(Request(read(desk, data), desk.folder, partial=partial), desk.tools(journal))


def test_there_are_more_than_forty_kinds() -> None:
    assert len({kind.name for kind in TEXT_KINDS}) > 40
    assert len({(kind.column, kind.code) for kind in KINDS}) > 40


@pytest.mark.parametrize("name", ["xlsx", "csv"])
def test_each_mistake_is_found_at_its_cell_and_no_other_is_told(desk: Desk, name: str) -> None:
    drafts = read(desk, file_of(name))

    assert found(drafts) == expected(name)
    assert tuple(draft.source.place().row for draft in drafts.good) == GOOD_ROWS


@pytest.mark.parametrize("name", ["xlsx", "csv"])
def test_good_rows_are_issued_once_and_a_second_run_adds_nothing(desk: Desk, name: str) -> None:
    with pytest.raises(RowsRefused):
        run(desk, file_of(name), partial=False)
    assert desk.registry.entries == []

    first = run(desk, file_of(name))
    entries, files = list(desk.registry.entries), desk.files()
    second = run(desk, file_of(name))

    assert [issued.number for issued in first.issued] == ["MAU-1", "MAU-2"]
    assert (first.signed, second.signed) == (2, 0)
    assert len(first.problems) == len(expected(name))
    assert (desk.registry.entries, desk.files()) == (entries, files)


@pytest.mark.parametrize("name", ["xlsx", "csv"])
def test_the_refused_rows_come_back_as_they_were_and_are_refused_for_the_same_reasons(
    desk: Desk, tmp_path: Path, name: str
) -> None:
    path = tmp_path / f"refused.{name}"
    tables = read_file_drafts(InputFile.of_bytes(file_of(name)), desk.body, desk.key.did).tables
    problems = read(desk, file_of(name)).problems
    assert tables[0].grid is not None

    count = write_refused(path, refused_sheets(tables, (), problems, "vi"))

    again = read(desk, path.read_bytes())
    assert count == len({problem.place.row for problem in problems})
    # Hidden and misshapen rows are plain in the new file, and the first of two equal numbers is not in it.
    gone = {"hidden-row", "merged-cell", "too-few-fields", "too-many-fields", "duplicate-number"}
    kept = [problem for problem in problems if problem.code not in gone]
    as_text = {"formula-cell": "formula"}  # a formula comes back as its text, which must be replaced too
    assert [
        (problem.place.letter, problem.code)
        for problem in again.problems
        if problem.place.row <= len(kept) + 2
    ] == [(problem.place.letter, as_text.get(problem.code, problem.code)) for problem in kept]


DEFECTS = [
    (issuer.cells, "check_text", nothing),
    (issuer.rows, "_require_new", nothing),
    (issuer.headings, "text_or_refusal", lambda cell, _column: text_of(cell)),
    (issuer.cell_text, "_date", lambda cell, _column: cell.shown),
    (issuer.cells, "_SPREADSHEET_ERRORS", ()),
]


@pytest.mark.parametrize(("holder", "name", "defect"), DEFECTS, ids=[name for _, name, _ in DEFECTS])
def test_a_check_that_is_gone_is_noticed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, holder: object, name: str, defect: object
) -> None:
    def check() -> None:
        test_each_mistake_is_found_at_its_cell_and_no_other_is_told(desk, "xlsx")

    require_failure(Control(holder, name, defect, check), monkeypatch)


def test_decomposed_headings_and_cells_change_nothing(desk: Desk) -> None:
    data = unicodedata.normalize("NFD", csv_of([good_row(1)]).decode()).encode()

    assert read(desk, data).good == read(desk, csv_of([good_row(1)])).good
