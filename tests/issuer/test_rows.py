"""A file of rows: each mistake is found at its row and column, in both languages, and nothing else is."""

import csv
import io
import json
import re
import unicodedata
from pathlib import Path

import pytest

from certlog.errors import InvalidInput
from issuer.body import Body, parse_body, read_body
from issuer.columns import BY_NAME, COLUMNS, fold
from issuer.csv_file import read_csv
from issuer.drafts import Drafts
from issuer.json_file import read_json
from issuer.problem_texts import TEXTS
from issuer.problems import RowProblem
from issuer.rows import read_rows
from tests.support.sheets import GOOD

EXAMPLES = Path(__file__).parents[2] / "examples"
DID = "did:web:mau.example.vn"

# One mistake a row: (cells that differ from GOOD, column, code).
MISTAKES: list[tuple[dict[str, str], str, str]] = [
    ({"client": ""}, "client", "empty"),
    ({"number": "M" * 61}, "number", "too-long"),
    ({"client": "Công ty\u200b Mẫu"}, "client", "hidden-character"),
    ({"client_address": "Hà Nội\nViệt Nam"}, "client_address", "hidden-character"),
    ({"scope": "Dây \u202egnod"}, "scope", "hidden-character"),
    ({"client": "=A1&B1"}, "client", "formula"),
    ({"client_address": "#N/A"}, "client_address", "spreadsheet-error"),
    ({"ratings": "Điện áp = #VALUE!"}, "ratings", "spreadsheet-error"),
    ({"kind": "hợp pháp"}, "kind", "unknown-word"),
    ({"version": "1.0"}, "version", "not-a-number"),
    ({"decision_date": "11/16/2026"}, "decision_date", "no-such-date"),
    ({"issue_date": "18/11/26"}, "issue_date", "bad-date"),
    ({"issue_date": "2026-02-30"}, "issue_date", "no-such-date"),
    ({"issue_date": "15/11/2026"}, "issue_date", "date-before"),
    ({"effective_date": "01/11/2026"}, "effective_date", "date-before"),
    ({"expiry_date": "17/11/2025"}, "expiry_date", "date-before"),
    ({"original_date": "19/11/2026"}, "original_date", "date-after"),
    ({"expiry_date": ""}, "expiry_date", "empty-for-kind"),
    ({"tax_code": "100000001"}, "tax_code", "bad-tax-code"),
    ({"tax_code": "1E+08"}, "tax_code", "scientific"),
    ({"country": "Việt Nam"}, "country", "bad-country"),
    ({"standards": "QCVN 4/BKHCN"}, "standards", "bad-standard"),
    ({"standards": "QCVN 4:2009/BKHCN; TCVN 6610-5:2014"}, "standards", "bad-standard"),
    ({"standards": "QCVN 4:2009/BKHCN và QCVN 9:2012/BKHCN"}, "standards", "bad-standard"),
    ({"standards": "TCVN 6610-5:2014", "designation": ""}, "standards", "no-regulation"),
    ({"standards": "QCVN 4:2009/BKHCN | QCVN 4:2009/BKHCN"}, "standards", "duplicate-standard"),
    ({"standards": "QCVN 4:2009/BKHCN | | TCVN 6610-5:2014"}, "standards", "empty-item"),
    ({"designation": ""}, "designation", "missing-designation"),
    ({"designation": "1/QĐ"}, "designation", "not-in-body-file"),
    ({"kind": "hợp chuẩn", "standards": "TCVN 6610-5:2014"}, "designation", "needless-designation"),
    ({"decision_date": "01/07/2030", "issue_date": "02/07/2030", "expiry_date": "01/07/2031"}, "designation", "ended"),
    ({"accreditation": "VICAS 1"}, "accreditation", "not-in-body-file"),
    ({"gtin": "8930000001017 | 8930000001023"}, "gtin", "gtin-check"),
    ({"gtin": "893000000101 | 8930000001023"}, "gtin", "gtin-check"),
    ({"gtin": "89300001016"}, "gtin", "bad-gtin"),
    ({"gtin": "8,93E+12"}, "gtin", "scientific"),
    ({"brand": "A | B | C"}, "brand", "item-count"),
    ({"hs_code": "85"}, "hs_code", "bad-hs-code"),
    ({"hs_code": "8,54E+07"}, "hs_code", "scientific"),
    ({"ratings": "300/500 V"}, "ratings", "bad-pair"),
    ({"product": ""}, "product", "empty-for-kind"),
    ({"method": "9"}, "method", "bad-method"),
    ({"method": "7"}, "method", "method-for-kind"),
    ({"method": "8"}, "scheme_type", "no-scheme-type"),
    ({"method": ""}, "method", "empty-for-kind"),
    ({"kind": "lô", "method": "7", "batch_no": "L1", "quantity": "9 cái"}, "expiry_date", "needless-for-kind"),
    ({"kind": "lô", "method": "7", "expiry_date": "", "quantity": "9 cái"}, "batch_no", "empty-for-kind"),
    ({"batch_no": "L1"}, "batch_no", "needless-for-kind"),
    ({"test_lab": ""}, "test_report", "needs-column"),
    ({"test_date": "17/11/2026"}, "test_date", "date-after"),
    ({"mark": "CE"}, "mark", "unknown-word"),
    ({"surveillance_months": "0"}, "surveillance_months", "not-a-number"),
    ({"surveillance_months": "", "next_surveillance": "1/11/2027"}, "next_surveillance", "needs-column"),
    ({"replace_reason": "đính chính"}, "replace_reason", "needless-reason"),
    ({"version": "2"}, "replace_reason", "missing-reason"),
    ({"sector_codes": "19"}, "sector_codes", "bad-sector-code"),
    ({"sites": "Nhà máy 1"}, "sites", "bad-pair"),
]  # fmt: skip


@pytest.fixture(scope="module")
def body() -> Body:
    return read_body(EXAMPLES / "body.toml")


def csv_of(rows: list[dict[str, str]], headings: list[str] | None = None) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(headings or [BY_NAME[name].vi for name in GOOD])
    for i, row in enumerate(rows, start=1):
        writer.writerow((GOOD | {"number": f"MAU-{i}"} | row).values())
    return text.getvalue().encode()


def found(drafts: Drafts) -> list[tuple[int, str, str]]:
    return [(problem.place.row, problem.place.column, problem.code) for problem in drafts.problems]


def test_every_kind_of_mistake_is_found_at_its_cell_and_no_other(body: Body) -> None:
    good: dict[str, str] = {}
    data = csv_of([good, *(changes for changes, _, _ in MISTAKES), good])

    drafts = read_rows(read_csv(data), body, DID)

    assert found(drafts) == [(i, column, code) for i, (_, column, code) in enumerate(MISTAKES, start=3)]
    assert [draft.source.place().row for draft in drafts.good] == [2, len(MISTAKES) + 3]
    assert len({code for _, _, code in MISTAKES}) >= 20


def test_a_problem_names_row_column_and_remedy_in_both_languages(body: Body) -> None:
    (problem,) = read_rows(read_csv(csv_of([{"tax_code": "100000001"}])), body, DID).problems

    vi, en = problem.text("vi"), problem.text("en")

    assert vi.startswith("Hàng 2, cột E (Mã số thuế): “100000001” không phải mã số thuế")
    assert "Kiểm tra số 0 ở đầu" in vi
    assert en.startswith("Row 2, column E (Mã số thuế): “100000001” is not a tax code")
    assert "leading zero" in en


def test_several_mistakes_of_one_row_are_all_told(body: Body) -> None:
    row = {"client": "", "tax_code": "1", "issue_date": "x", "mark": "CE"}

    drafts = read_rows(read_csv(csv_of([row])), body, DID)

    assert found(drafts) == [
        (2, "client", "empty"),
        (2, "tax_code", "bad-tax-code"),
        (2, "issue_date", "bad-date"),
        (2, "mark", "unknown-word"),
    ]


def test_a_number_used_twice_is_told_at_the_second_row(body: Body) -> None:
    drafts = read_rows(read_csv(csv_of([{"number": "A"}, {"number": "B"}, {"number": "A"}])), body, DID)

    assert found(drafts) == [(4, "number", "duplicate-number")]
    assert "row 2" in drafts.problems[0].text("en")


def test_heading_mistakes_are_told_once(body: Body) -> None:
    headings = [BY_NAME[name].vi for name in GOOD]
    headings[headings.index("Khách hàng")] = "Khác hàng"
    headings[headings.index("Nhãn hiệu")] = "Mã HS"

    drafts = read_rows(read_csv(csv_of([{}, {}], headings)), body, DID)

    assert found(drafts) == [
        (1, "", "unknown-column"),
        (1, "hs_code", "duplicate-column"),
        (1, "client", "missing-column"),
    ]
    assert "“Khách hàng”" in drafts.problems[0].text("en")
    assert drafts.good == ()


def test_a_file_without_its_headings_is_told_once(body: Body) -> None:
    rows = csv_of([{}, {}]).split(b"\n", 1)
    titled = b"DANH S\xc3\x81CH,,\n" + b"\n".join(rows)

    for data in (rows[1], titled):
        assert found(read_rows(read_csv(data), body, DID)) == [(1, "", "no-headings")]


def test_a_merged_heading_is_told_with_its_column(body: Body) -> None:
    headings = [BY_NAME[name].vi for name in GOOD]
    headings[headings.index("Nhãn hiệu")] = " "

    (problem,) = read_rows(read_csv(csv_of([{}], headings)), body, DID).problems

    assert problem.code == "empty-heading"
    assert problem.text("en").startswith("Row 1, column M: ")


def test_problems_of_a_row_stand_in_the_order_of_its_columns(body: Body) -> None:
    drafts = read_rows(
        read_csv(csv_of([{"mark": "CE", "expiry_date": "", "client": "", "number": "#REF!"}])), body, DID
    )

    assert [column for _, column, _ in found(drafts)] == ["number", "client", "expiry_date", "mark"]


def test_an_unclosed_quote_is_told_with_its_line(body: Body) -> None:
    data = csv_of([{}, {}]) + b'"an "inner" quote",x\n' + csv_of([{}])

    (problem,) = read_rows(read_csv(data), body, DID).problems

    assert "from line 4 on" in problem.text("en")


def test_rows_with_too_many_or_too_few_cells_are_told(body: Body) -> None:
    lines = csv_of([{}, {}, {}]).decode().splitlines()
    lines[1] += ",surplus"
    lines[2] = lines[2].rpartition(",")[0]
    lines[3] += ",,"  # a spreadsheet's empty cells at the right

    drafts = read_rows(read_csv("\n".join(lines).encode()), body, DID)

    assert found(drafts) == [(2, "", "too-many-fields"), (3, "", "too-few-fields")]
    assert [draft.source.place().row for draft in drafts.good] == [4]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("Số giấy chứng nhận\nA".encode("utf-16-le"), "not-utf8"),
        ("Khách hàng".encode("cp1258", "replace") + b"\xe3\n1", "not-utf8"),
        (b'number,client\n"A,B', "bad-csv"),
        (b"", "no-rows"),
        (b"number,client\n\n\n", "no-rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_as_a_whole(body: Body, data: bytes, code: str) -> None:
    assert found(read_rows(read_csv(data), body, DID)) == [(0, "", code)]


def test_byte_order_mark_english_headings_and_semicolons_change_nothing(body: Body) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(reversed([name.upper() for name in GOOD]))
    writer.writerow(reversed(GOOD.values()))

    other = read_rows(read_csv(text.getvalue().encode("utf-8-sig")), body, DID)

    assert other.problems == ()
    assert other.good == read_rows(read_csv(csv_of([{}])), body, DID).good


def test_decomposed_text_and_no_break_spaces_are_mended_on_entry(body: Body) -> None:
    plain = read_rows(read_csv(csv_of([{}])), body, DID).good[0]
    typed = unicodedata.normalize("NFD", csv_of([{"client": "\u00a0Công ty TNHH\u00a0Mẫu "}]).decode())

    mended = read_rows(read_csv(typed.encode()), body, DID)

    assert mended.problems == ()
    assert mended.good[0].content == plain.content


def test_vietnamese_dates_are_read_day_first(body: Body) -> None:
    row = {
        "test_date": "1-4-2026",
        "decision_date": "3/4/2026",
        "issue_date": "4.4.2026",
        "expiry_date": "2029-04-03",
    }

    draft = read_rows(read_csv(csv_of([row])), body, DID).good[0]

    subject = draft.content["credentialSubject"]
    assert isinstance(subject, dict)
    assert (subject["decisionDate"], subject["issueDate"]) == ("2026-04-03", "2026-04-04")
    assert draft.content["validUntil"] == "2029-04-03T23:59:59+07:00"


def test_json_gives_the_same_drafts_as_csv(body: Body) -> None:
    item: dict[str, object] = {name: value for name, value in GOOD.items() if value}
    item |= {"method": 5, "model": ["VCm 2×1,5", "VCm 2×2,5"], "number": "MAU-1"}

    from_json = read_rows(read_json(json.dumps(item).encode()), body, DID)

    assert from_json.problems == ()
    assert from_json.good[0].content == read_rows(read_csv(csv_of([{}])), body, DID).good[0].content


def test_json_mistakes_are_told_by_member(body: Body) -> None:
    bad = GOOD | {"tax_code": 1.5}
    assert found(read_rows(read_json(json.dumps(bad).encode()), body, DID)) == [(0, "", "bad-json")]
    items = [GOOD, {**GOOD, "number": True}, {**GOOD, "number": "B", "clients": "x"}, "text", {"number": "C"}]

    drafts = read_rows(read_json(json.dumps(items).encode()), body, DID)

    assert found(drafts)[:4] == [
        (2, "number", "not-text"),
        (2, "number", "empty"),
        (3, "clients", "unknown-column"),
        (4, "", "not-text"),
    ]
    assert {column for row, column, code in found(drafts) if row == 5 and code == "empty"} == {
        column.name for column in COLUMNS if column.required
    } - {"number"}


def test_the_example_file_reads_without_a_problem(body: Body) -> None:
    drafts = read_rows(read_csv((EXAMPLES / "conformity.csv").read_bytes()), body, DID)

    assert drafts.problems == ()
    assert len(drafts.good) == 20


def test_the_documentation_lists_every_column() -> None:
    readme = (EXAMPLES / "README.md").read_text()
    for column in COLUMNS:
        assert f"| `{column.name}` | {column.vi} |" in readme


def test_no_heading_means_two_columns() -> None:
    headings: dict[str, str] = {}
    for column in COLUMNS:
        for heading in (column.name, column.vi, *column.aliases):
            assert headings.setdefault(fold(heading), column.name) == column.name


def test_every_message_has_both_languages_with_the_same_values() -> None:
    for code, (vi, en) in TEXTS.items():
        fields = [sorted(part.partition("}")[0] for part in text.split("{")[1:]) for text in (vi, en)]
        assert fields[0] == fields[1], code
        words = re.sub(r"\{[^}]*\}", "", vi)
        assert vi != en or not any(map(str.isalpha, words)), code


def test_a_lot_has_no_end_and_a_management_system_no_product(body: Body) -> None:
    drafts = read_rows(read_csv((EXAMPLES / "conformity.csv").read_bytes()), body, DID)
    by_kind = {str(draft.number).split("-")[1]: draft.content for draft in drafts.good}

    assert "validUntil" not in by_kind["LO"]
    subject = by_kind["QMS"]["credentialSubject"]
    assert isinstance(subject, dict)
    assert "products" not in subject


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[registration]", "[registrations]"), r"the table \[registration\] is missing"),
        (("title = ", "titel = "), r"\[signatory\] title: expected a text"),
        (('legal_id = "0109999999"', 'legal_id = ""'), r"\[body\] legal_id: expected a text"),
        (("valid_until = 2029-12-31", 'valid_until = "31/12/2029"'), r"\[\[designation\]\] 2 valid_until"),
        (("[body]", '[body]\ncolour = "red"'), "unknown name 'colour'"),
        (("[body]", "[body"), "not TOML"),
    ],
)
def test_a_wrong_body_file_is_told_with_its_place(change: tuple[str, str], message: str) -> None:
    text = (EXAMPLES / "body.toml").read_text()
    with pytest.raises(InvalidInput, match=message):
        parse_body(text.replace(*change, 1).encode())


def test_a_registration_that_ended_is_told_at_each_row() -> None:
    text = (
        (EXAMPLES / "body.toml")
        .read_text()
        .replace("valid_until = 2030-06-30", "valid_until = 2026-01-31", 1)
    )

    drafts = read_rows(read_csv(csv_of([{}])), parse_body(text.encode()), DID)

    assert found(drafts) == [(2, "", "refused-content")]
    assert isinstance(drafts.problems[0], RowProblem)
    assert "/credentialSubject/cbRegistration/validUntil" in drafts.problems[0].text("en")
