"""CSV as it comes: encodings, separators and line ends are recognised by what must be true, and a guess is told."""

import codecs
import csv
import importlib
import unicodedata
from pathlib import Path

import pytest

import issuer.csv_encoding
import issuer.csv_file
import issuer.refused_rows
from issuer.body import Body, read_body
from issuer.csv_file import CsvGrid, read_csv
from issuer.drafts import Draft
from issuer.grid import Grid
from issuer.input_file import InputFile
from issuer.problems import Place, RowProblem
from issuer.refused_rows import refused_sheets, write_refused
from issuer.rows import read_rows
from issuer.spreadsheet import read_spreadsheet
from issuer.table import MAX_PROBLEMS, MAX_ROWS, Table
from tests.support.controls import Control, require_noticed
from tests.support.sheets import GOOD, HEADINGS, csv_of, good_row

EXAMPLES = Path(__file__).parents[2] / "examples"
DID = "did:web:mau.example.vn"
TONES = "\u0300\u0301\u0303\u0309\u0323"


@pytest.fixture(scope="module")
def body() -> Body:
    return read_body(EXAMPLES / "body.toml")


def windows(text: str) -> bytes:
    """Return a text as Vietnamese Windows writes it: tone marks apart, everything else composed."""
    letters = []
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        tones = "".join(part for part in parts if part in TONES)
        letters.append(
            unicodedata.normalize("NFC", "".join(part for part in parts if part not in TONES)) + tones
        )
    return "".join(letters).encode("cp1258")


def grid_of(table: Table) -> Grid:
    assert table.grid is not None
    return table.grid


def read(data: bytes, body: Body) -> tuple[Draft, ...]:
    drafts = read_rows(read_csv(data), body, DID)
    assert drafts.problems == ()
    return drafts.good


TEXT = csv_of([good_row(1, scope="Dây điện – “loại” 450/750 V"), good_row(2)]).decode()


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        windows(TEXT),
        unicodedata.normalize("NFD", TEXT).encode(),
        TEXT.replace("\r\n", "\n").encode(),
        TEXT.replace("\r\n", "\r").encode(),
        b"sep=,\r\n" + TEXT.encode(),
        b"\xef\xbb\xbfsep=,\r\n" + TEXT.encode(),
        TEXT.encode() + b"\r\n,,,,\r\n\r\n",
    ],
    ids=[
        "UTF-8",
        "UTF-16 LE",
        "UTF-16 BE",
        "cp1258",
        "NFD",
        "LF",
        "CR",
        "sep=",
        "BOM and sep=",
        "empty rows",
    ],
)
def test_the_same_rows_are_read_however_they_are_written(body: Body, data: bytes) -> None:
    assert read(data, body) == read(TEXT.encode(), body)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_told_by_the_headings_and_not_by_the_data(body: Body, separator: str) -> None:
    other = ";" if separator == "," else ","
    rows = [good_row(1, scope=other.join("Dây điện bọc nhựa PVC") * 5)]

    assert len(read(csv_of(rows, delimiter=separator), body)) == 1


def test_a_stated_separator_wins_over_the_headings() -> None:
    table = read_csv("sep=|\nnumber|client, nhiều\nA|B\n".encode())

    assert [problem.values["found"] for problem in table.problems if problem.code == "unknown-column"] == [
        "client, nhiều"
    ]


def test_quoted_cells_may_hold_separators_and_doubled_quotes(body: Body) -> None:
    (draft,) = read(csv_of([good_row(1, brand='"A", loại; 2')]), body)

    assert "TCVN" in str(draft.content)
    assert '"A", loại; 2' in str(draft.content)


def test_a_guessed_encoding_is_told_with_a_text_to_look_at() -> None:
    table = read_csv(windows(TEXT))

    (notice,) = grid_of(table).notices
    assert notice.code == "guessed-encoding"
    assert "“hợp quy”" in notice.text("vi")
    assert grid_of(read_csv(TEXT.encode())).notices == ()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (TEXT.encode("utf-16-le"), "not-utf8"),
        (TEXT.encode()[:-20] + b"\xff", "not-utf8"),
        (b"number,client\nA,C\xf4ng ty\n", "not-utf8"),  # English headings prove no Vietnamese code page
        (b"S\xe8 gi\xcay ch\xf8ng nh\xcbn,Kh\xb8ch h\xb5ng\nA,B\n", "not-utf8"),  # TCVN3
        (
            b"S\xaf gi\xa4y ch\xd1ng nh\xa7n,Kh\xe1ch h\xe0ng\nA,B\n",
            "not-utf8",
        ),  # VISCII, with a heading that is the same in both
        (b"S? gi?y ch?ng nh?n,Lo?i ch?ng nh?n\nA,B\n", "letters-lost"),
        (b"A,B\x00\n", "not-utf8"),
    ],
)
def test_what_no_known_encoding_explains_is_refused_with_the_remedy(data: bytes, code: str) -> None:
    (problem,) = read_csv(data).problems

    assert problem.code == code
    assert "CSV UTF-8" in problem.text("vi")


def test_rows_are_counted_as_the_spreadsheet_shows_them(body: Body) -> None:
    wrong = good_row(2, tax_code="1")
    data = b"sep=,\r\n" + csv_of([good_row(1, scope="Dây\nđiện"), [""] * len(GOOD), wrong])

    drafts = read_rows(read_csv(data), body, DID)

    assert [(problem.place.row, problem.place.column) for problem in drafts.problems] == [
        (2, "scope"),
        (4, "tax_code"),
    ]


@pytest.mark.parametrize("risky", ["=1+1", "+84 24", "-5 °C", "@ghi chú", "\tdòng", "\rdòng"])
def test_no_cell_of_the_refused_rows_starts_a_formula_and_each_comes_back(tmp_path: Path, risky: str) -> None:
    table = read_csv(csv_of([good_row(1, client=risky)], delimiter=";"))
    path = tmp_path / "refused.csv"

    write_refused(path, refused_sheets([table], (), [RowProblem(Place(0), "no-rows")], "vi"))

    with path.open(encoding="utf-8", newline="") as file:
        cells = list(csv.reader(file, delimiter=";"))[1]
    assert cells[3] == f"'{risky}"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    again = grid_of(read_csv(path.read_bytes()))
    assert [row.cells[: len(GOOD)] for row in again.rows()] == [row.cells for row in grid_of(table).rows()]


@pytest.mark.parametrize(
    ("data", "encoding", "separator"),
    [
        (csv_of([good_row(1, tax_code="1")], delimiter=";", encoding="utf-16"), "utf-16", ";"),
        (windows(csv_of([good_row(1, tax_code="1")], delimiter="\t").decode()), "cp1258", "\t"),
        (csv_of([good_row(1, tax_code="1")], encoding="utf-8-sig"), "utf-8-sig", ","),
    ],
)
def test_the_refused_rows_keep_encoding_and_separator(
    body: Body, tmp_path: Path, data: bytes, encoding: str, separator: str
) -> None:
    table = read_csv(data)
    path = tmp_path / "refused.csv"
    write_refused(path, refused_sheets([table], (), read_rows(table, body, DID).problems, "vi"))

    again = read_csv(path.read_bytes())

    grid = grid_of(again)
    assert isinstance(grid, CsvGrid)
    assert (grid.form.encoding, grid.form.separator) == (encoding, separator)
    assert [problem.code for problem in read_rows(again, body, DID).problems] == ["bad-tax-code"]
    told = str(list(grid.rows())[1].cells[-1])
    assert unicodedata.normalize("NFC", told).startswith(
        "Hàng 2, cột E (Mã số thuế): “1” không phải mã số thuế"
    )


def test_a_corrected_row_is_issued_from_the_file_of_refused_rows(body: Body, tmp_path: Path) -> None:
    table = read_csv(csv_of([good_row(1), good_row(2, tax_code="1000")]))
    path = tmp_path / "refused.csv"
    write_refused(path, refused_sheets([table], (), read_rows(table, body, DID).problems, "en"))

    corrected = path.read_bytes().replace(b",1000,", b",0100000001,")

    assert [draft.number for draft in read(corrected, body)] == ["MAU-2"]


def test_reading_stops_at_too_many_mistakes(body: Body) -> None:
    row = ["MAU"] + [""] * (len(HEADINGS) - 1)
    data = csv_of([row] * (MAX_PROBLEMS // 4))

    problems = read_rows(read_csv(data), body, DID).problems

    assert MAX_PROBLEMS < len(problems) < MAX_PROBLEMS + 100
    assert problems[0].code == "too-many-problems"


def test_a_file_of_more_rows_than_allowed_is_refused_as_a_whole() -> None:
    (problem,) = read_csv(b"number,client\n" + b"a,b\n" * (MAX_ROWS + 1)).problems

    assert problem.code == "too-many-rows"


LONG_ROWS = {
    "one line": b"," * 3_000_000,
    "cells over many lines": b'"a\n",' * 500_000,
    "one cell": b"a" * 3_000_000,
}


@pytest.mark.parametrize("name", LONG_ROWS)
def test_a_row_that_fills_the_whole_file_is_refused_before_it_is_held(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer.csv_file, "MAX_RECORD", 1_000_000)
    problems = read_csv(LONG_ROWS[name]).problems
    assert [problem.code for problem in problems] == ["bad-csv"]
    assert "larger than" in problems[0].values["found"]


def test_many_rows_may_be_longer_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer.csv_file, "MAX_RECORD", 3000)
    data = csv_of([good_row(i) for i in range(50)])
    assert len(data) > 3000
    assert read_csv(data).problems == read_csv(csv_of([good_row(1)])).problems


def test_a_row_without_a_bound_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        problems = read_csv(b"," * (issuer.csv_file.MAX_RECORD + 1)).problems
        assert [problem.code for problem in problems] == ["bad-csv"]

    require_noticed(
        Control(issuer.csv_file._Lines, "__next__", lambda lines: next(lines._text), refused), monkeypatch
    )


def test_a_csv_file_may_bear_any_name(body: Body) -> None:
    table = read_spreadsheet(InputFile.of_bytes(TEXT.encode(), "file.xlsx"))

    assert len(read_rows(table, body, DID).good) == 2


def test_evidence_for_the_windows_code_page_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        data = "Sè giÊy chøng nhËn,number\nA,B\n".encode("cp1252")
        assert [problem.code for problem in read_csv(data).problems] == ["not-utf8"]

    defect = Control(issuer.csv_encoding, "_is_vietnamese", lambda *_: True, refused)
    require_noticed(defect, monkeypatch)


def test_text_that_looks_like_a_formula_is_text_in_a_workbook(tmp_path: Path) -> None:
    table = read_csv(csv_of([good_row(1, client="=1+1"), good_row(2, client="-5 °C")]))
    path = tmp_path / "refused.xlsx"

    write_refused(path, refused_sheets([table], (), [RowProblem(Place(0), "no-rows")], "vi"))

    page = importlib.import_module("openpyxl").load_workbook(path).worksheets[0]
    assert [(cell.value, cell.data_type) for cell in (page["D2"], page["D3"])] == [
        ("=1+1", "s"),
        ("-5 °C", "s"),
    ]


def test_a_guard_against_formulas_that_is_gone_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def guarded() -> None:
        test_no_cell_of_the_refused_rows_starts_a_formula_and_each_comes_back(tmp_path, "=1+1")

    require_noticed(Control(issuer.refused_rows, "RISKY", (), guarded), monkeypatch)
