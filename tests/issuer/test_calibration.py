"""The laboratory's desk: the plain form of a calibration certificate becomes a draft, a page and a logged hash."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from certlog.credential import check_certificate, claimed_scopes
from certlog.documents import SecuredDocument
from certlog.strict_json import JSONObject
from cli.issuer_report import in_language
from cli.main import certlog
from issuer.body import Body, parse_body, read_body
from issuer.drafts import Drafts
from issuer.issue import IssueReport, Request, issue
from issuer.json_drafts import read_json_drafts
from issuer.pdf import PdfMaker, find_unprintable
from issuer.print_fields import print_fields
from issuer.problems import RowProblem
from issuer.unit_words import UNIT_WORDS, dsi_of
from tests.support.deep import cases
from tests.support.desk import EXAMPLES, Desk

DID: Final = "did:web:hieuchuan.example.vn"
FILE: Final = EXAMPLES / "calibration.json"
LABORATORY: Final = read_body(EXAMPLES / "laboratory.toml")

DROP: Final = object()


def example(position: int = 1) -> dict[str, Any]:
    """Return one certificate of the example file; the thermometer is the simplest."""
    items: list[dict[str, Any]] = json.loads(FILE.read_bytes())
    return items[position]


def drafts_of(*items: dict[str, Any], body: Body = LABORATORY) -> Drafts:
    return read_json_drafts(json.dumps(items).encode(), body, DID)


def changed(changes: dict[str, Any], position: int = 1) -> Drafts:
    item = example(position)
    for path, value in changes.items():
        holder: Any = item
        *steps, last = (int(step) if step.isdecimal() else step for step in path.split("/"))
        for step in steps:
            holder = holder[step]
        if value is DROP:
            del holder[last]
        else:
            holder[last] = value
    return drafts_of(item)


def found(problems: tuple[RowProblem, ...]) -> list[tuple[str, str]]:
    return [(problem.place.column, problem.code) for problem in problems]


def subject_of(drafts: Drafts) -> dict[str, Any]:
    subject: dict[str, Any] = drafts.good[0].content["credentialSubject"]  # type: ignore[assignment] # a JSON object
    return subject


def test_the_example_gives_three_certificates_without_mistake_or_advice() -> None:
    drafts = read_json_drafts(FILE.read_bytes(), LABORATORY, DID)

    assert [draft.number for draft in drafts.good] == ["HC-2026-0101", "HC-2026-0102", "HC-2026-0103"]
    assert (drafts.problems, drafts.advice) == ((), ())


def test_a_column_of_uncertainty_becomes_the_uncertainty_of_each_row() -> None:
    result = subject_of(drafts_of(example(0)))["results"][1]

    assert result["rows"][1] == ["5.0000", "5.0000", "0.0000"]
    assert len(result["uncertainty"]["values"]) == len(result["rows"]) == 45
    assert [column["kind"] for column in result["columns"]] == [
        "referenceValue",
        "measuredValue",
        "measurementError",
    ]


def test_measured_values_keep_every_digit_that_the_laboratory_wrote() -> None:
    written = [row[:3] for row in example(2)["results"][0]["rows"]]

    assert [row[:3] for row in subject_of(drafts_of(example(2)))["results"][0]["rows"]] == written


def test_only_measured_quantities_of_the_accreditation_are_claimed() -> None:
    claims = claimed_scopes(drafts_of(example(2)).good[0].content)

    assert [claim.topics for claim in claims] == [("Điện áp một chiều", "Điện áp xoay chiều", "Điện trở")]


@pytest.mark.parametrize(("position", "tables"), [(0, 0), (1, 0), (2, 1)])
def test_the_page_tells_apart_the_tables_outside_the_accreditation(position: int, tables: int) -> None:
    page = json.dumps(print_fields(drafts_of(example(position)).good[0].content), ensure_ascii=False)

    assert page.count("Kết quả của bảng này nằm ngoài phạm vi công nhận.") == tables
    assert page.count("outside the scope of accreditation") == tables


_REVERSED: Final = {"quantity": "Áp suất", "min": "1", "max": "0", "unit": "hPa"}
STRANGE: Final[tuple[Any, ...]] = (
    *(
        None,
        True,
        False,
        -1,
        2**53 - 1,
        "",
        " ",
        "x",
        "0",
        "-1e999",
        "31/02/2026",
        "\\",
        "{found}",
        "%s",
        "'",
    ),
    *([], {}, [[]], [{}], ["x"], {"x": "y"}, [[["x"]]], "=1+1", "a" * 3000, "//", "before", "\\volt"),
)
REFUSED: Final = "refused-content"
# What to change where, then where the mistake is told and by which code.
MISTAKES: Final[dict[str, tuple[dict[str, Any], str, str]]] = {
    "no number": ({"number": DROP}, "number", "empty"),
    "unknown member": ({"custommer": "x"}, "custommer", "unknown-column"),
    "no results": ({"results": []}, "results", "empty"),
    "no methods": ({"methods": DROP}, "methods", "empty"),
    "month first": ({"issue_date": "09/19/2026"}, "issue_date", "no-such-date"),
    "issued before the work": ({"issue_date": "16/09/2026"}, "issue_date", REFUSED),
    "unidentified item": ({"items/0/serial": DROP}, "items/0", REFUSED),
    "no k": ({"results/0/k": DROP}, "results/0/k", "empty"),
    "no U": ({"results/0/uncertainty": DROP}, "results/0/uncertainty", "empty"),
    "U of 3 digits": ({"results/0/uncertainty": "0.0301"}, "results/0/uncertainty/0", REFUSED),
    "U of 0": ({"results/0/uncertainty": "0.0"}, "results/0/uncertainty/0", REFUSED),
    "decimal comma": ({"results/0/rows/2/1": "20,05"}, "results/0/rows/2/1", REFUSED),
    "short row": ({"results/0/rows/3/3": DROP}, "results/0/rows/3", REFUSED),
    "a row that is no list": ({"results/0/rows/5": "x"}, "results/0/rows/5", "not-text"),
    "empty cell": ({"results/0/rows/1/0": ""}, "results/0/rows/1/0", "empty"),
    "unknown unit": ({"results/0/unit": "độ"}, "results/0/unit", "unknown-unit"),
    "no D-SI word": (
        {"results/0/unit": "\\celsius", "results/0/display_unit": "°C"},
        "results/0/unit",
        REFUSED,
    ),
    "D-SI alone": ({"results/0/unit": "\\kelvin"}, "results/0/display_unit", "empty"),
    "unknown column": ({"results/0/columns/0": "mean"}, "results/0/columns/0/kind", "unknown-word"),
    "no decision rule": ({"conformity/0/decision_rule": DROP}, "conformity/0/decision_rule", "empty"),
    "unknown verdict": ({"conformity/0/verdict": "good"}, "conformity/0/verdict", "unknown-word"),
    "unknown result": ({"conformity/0/results": ["r9"]}, "conformity/0/results/0", REFUSED),
    "adjusted without stages": ({"adjusted": True}, "results/0/stage", "empty"),
    "a stage without adjustment": ({"results/0/stage": "after"}, "results/0/stage", "needs-column"),
    "only before the adjustment": ({"adjusted": True, "results/0/stage": "before"}, "results", REFUSED),
    "no standard used": ({"traceability": []}, "traceability", "empty"),
    "a standard overdue": (
        {"traceability/0/valid_until": "2026-09-16"},
        "traceability/0/valid_until",
        REFUSED,
    ),
    "at the customer's, where?": ({"place": "customer"}, "place_address", REFUSED),
    "due without basis": ({"recalibration_due": "2027-09-17"}, "recalibration_due", "needs-column"),
    "unknown accreditation": ({"accreditation": "VILAS 1"}, "accreditation", "not-in-body-file"),
    "quantity outside": ({"results/0/quantity": "Thời gian"}, "accreditation", "nothing-accredited"),
    "environment reversed": ({"environment/0": _REVERSED}, "environment/0/max", REFUSED),
    "version without reason": ({"version": 2}, "replace_reason", "missing-reason"),
}


@pytest.mark.parametrize(("changes", "column", "code"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_is_found_at_its_member_and_nothing_else_is(
    changes: dict[str, Any], column: str, code: str
) -> None:
    drafts = changed(changes)

    assert (drafts.good, found(drafts.problems)) == ((), [(column, code)])
    vietnamese = in_language(drafts.problems[0], "vi").text("vi")
    assert "expected" not in vietnamese
    assert vietnamese != drafts.problems[0].text("en")


@pytest.mark.parametrize(
    ("changes", "position", "column"),
    [
        ({"results/0/uncertainty": "0.01"}, 1, "results/0/rows/0"),
        ({"results/0/p": "0.68", "results/0/k": "1"}, 1, "results/0/p"),
        ({"results/0/rows/4/2": "0.18"}, 1, "results/0/rows/4"),
        ({"results/0/rows/4/2": "0.081"}, 1, "results/0/rows/4"),
        ({"results/0/rows/4/3": "0.07"}, 1, "conformity/0"),
        ({"results/0": DROP}, 0, "results"),
    ],
    ids=[
        "below the CMC",
        "68 %",
        "does not add up",
        "finer than U",
        "passes beyond its limit",
        "nothing before",
    ],
)
def test_what_is_unusual_is_advice_and_stops_nothing(
    changes: dict[str, Any], position: int, column: str
) -> None:
    drafts = changed(changes, position)

    assert len(drafts.good) == 1
    assert (column, "advice") in found(drafts.advice)


def test_more_results_than_one_document_holds_are_refused_before_signing() -> None:
    rows = [["20.00000000000000000000", "20.05000000000000000000", "0.05000000000000000000", "0.2"]] * 2000
    results = [example()["results"][0] | {"ref": f"t{i}", "rows": rows} for i in range(2)]

    (problem,) = changed({"results": results, "conformity": []}).problems

    assert (problem.place.column, problem.code) == ("", "refused-content")
    assert "split the results" in problem.text("en")


def test_one_cause_in_many_rows_is_one_piece_of_advice() -> None:
    assert found(changed({"results/0/uncertainty": "0.01"}).advice) == [("results/0/rows/0", "advice")]


@pytest.mark.parametrize(("language", "words"), [("vi", "nhỏ hơn CMC 0.02"), ("en", "smaller than")])
def test_the_command_tells_advice_and_issues_all_the_same(tmp_path: Path, language: str, words: str) -> None:
    item = example()
    item["results"][0]["uncertainty"] = "0.01"
    (tmp_path / "one.json").write_text(json.dumps([item]), "utf-8")
    body = ["--body", str(EXAMPLES / "laboratory.toml"), "--lang", language]

    done = CliRunner().invoke(certlog, ["issuer", "check", str(tmp_path / "one.json"), *body])

    assert (done.exit_code, words in done.output) == (0, True), done.output


def paths_of(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every value inside a JSON value."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, item in members:
        yield f"{path}/{name}" if path else str(name)
        yield from paths_of(item, f"{path}/{name}" if path else str(name))


def test_whatever_stands_anywhere_is_understood_or_told_and_never_breaks_the_reader() -> None:
    chance = random.Random(17025)  # which cases, not a secret
    places = [(position, path) for position in range(3) for path in paths_of(example(position))]
    for _ in range(cases(150)):
        position, path = chance.choice(places)
        drafts = changed({path: chance.choice(STRANGE)}, position)

        assert drafts.good or drafts.problems
        assert all(
            problem.text("vi") and problem.text("en") for problem in (*drafts.problems, *drafts.advice)
        )


def test_a_body_that_is_no_laboratory_calibrates_nothing() -> None:
    drafts = drafts_of(example(), body=read_body(EXAMPLES / "body.toml"))

    assert found(drafts.problems) == [("kind", "no-laboratory")]


def test_one_file_may_hold_both_kinds_and_a_number_stands_once() -> None:
    text = (EXAMPLES / "body.toml").read_text(encoding="utf-8") + '\n[laboratory]\ncode = "VILAS 9999"\n'
    plain = {name: value for name, value in example().items() if name != "accreditation"}
    items: list[dict[str, Any]] = [plain, {"kind": "hợp quy", "number": "A"}, plain]

    drafts = drafts_of(*items, body=parse_body(text.encode()))

    assert [draft.number for draft in drafts.good] == ["HC-2026-0102"]
    assert (3, "number", "duplicate-number") in [
        (p.place.row, p.place.column, p.code) for p in drafts.problems
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('measurands = ["Khối lượng"', 'measurands = [7, "Khối lượng"', "expected a text"),
        ('from = "-40"', 'from = "abc"', "decimal number"),
        ('uncertainty = "0.02"', "", "expected a text"),
        ("[laboratory]", "[laboratory]\nphone = '1'", "unknown name 'phone'"),
    ],
)
def test_a_laboratory_file_is_read_strictly(old: str, new: str, message: str) -> None:
    text = (EXAMPLES / "laboratory.toml").read_text(encoding="utf-8")

    with pytest.raises(Exception, match=message):
        parse_body(text.replace(old, new, 1).encode())


def test_units_are_found_as_people_write_them() -> None:
    assert dsi_of("\N{GREEK SMALL LETTER MU}V") == dsi_of("µV") == "\\micro\\volt"
    assert dsi_of("kΩ") == "\\kilo\\ohm"
    assert dsi_of("\N{OHM SIGN}") == "\\ohm"
    assert dsi_of("độ C") is None
    assert len(UNIT_WORDS) > 100


def issue_example(desk: Desk) -> IssueReport:
    desk.body, desk.make_pdf, desk.find_unprintable = (
        LABORATORY,
        PdfMaker("https://registry.example.vn"),
        find_unprintable,
    )
    drafts = read_json_drafts(FILE.read_bytes(), desk.body, desk.key.did)
    with desk.journal() as journal:
        return issue(Request(drafts, desk.folder), desk.tools(journal))


def test_the_example_is_issued_printed_and_logged_without_its_content(desk: Desk) -> None:
    report = issue_example(desk)

    assert [issued.log_index for issued in report.issued] == [0, 1, 2]
    assert all(data.startswith(b"%PDF") for data in desk.files().values())
    assert not any(b"credentialSubject" in document for document in desk.registry.documents.values())
    assert not any("Dược phẩm Mẫu".encode() in entry for entry in desk.registry.entries)


def test_what_was_signed_is_a_calibration_certificate_that_the_journal_keeps(desk: Desk) -> None:
    report = issue_example(desk)
    with desk.journal() as journal:
        row = journal.certificate(report.issued[0].document_hash)

    assert row is not None
    content: JSONObject = SecuredDocument.parse(row.document).content
    check_certificate(content, origin="registry.example.vn")
    assert "validUntil" not in content


def test_a_second_run_adds_nothing(desk: Desk) -> None:
    first = issue_example(desk)
    before = len(desk.registry.entries)

    again = issue_example(desk)

    assert (again.signed, len(desk.registry.entries)) == (0, before)
    assert [i.document_hash for i in again.issued] == [i.document_hash for i in first.issued]
