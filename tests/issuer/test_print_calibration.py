"""The printed calibration certificate: everything that was signed is on paper, on pages that hang together."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

import pytest
import zxingcpp

from certlog.certificate_id import certificate_id, format_id
from certlog.credential import find_problems
from certlog.encoding import b64url
from certlog.schemas.calibration import (
    ADJUSTMENTS,
    COLUMNS,
    DISTRIBUTIONS,
    PLACES,
    RECALIBRATION_BASES,
    STAGES,
    VERDICTS,
)
from certlog.schemas.envelope import REPLACE_REASONS
from certlog.strict_json import JSONObject, JSONValue, get_list, get_object
from issuer import print_calibration, print_results
from issuer import print_fields as print_fields_module
from issuer.pdf import PdfMaker, find_unprintable
from issuer.print_fields import print_fields
from issuer.print_numbers import aligned, printed_number
from issuer.print_parts import Words, text_section
from tests.support.certificates import SAMPLE_ORIGIN
from tests.support.controls import Control, nothing, require_noticed
from tests.support.printed import (
    SIGNED_AT,
    full_calibration,
    packed,
    packed_text,
    pages,
    signed,
    texts_of,
)

MAKE = PdfMaker("https://registry.example.vn")
KEY = b64url(bytes(range(16)))
LANGUAGES = ("vi", "en")

# What a page says in words of its own, or not at all: codes, machine units, digests, what a reader cannot use.
NOT_AS_SIGNED = frozenset(
    {
        "certDigest",
        "distribution",
        "kind",
        "ref",
        "resultRefs",
        "stage",
        "status",
        "unit",
        "verdict",
        "basis",
        "adjustment",
        "statementItemsOnly",
        "reproductionStatement",
        "@language",
        "p",
    }
)


@lru_cache(maxsize=8)
def printed(language: str = "vi", key: str = "") -> bytes:
    return MAKE(signed(full_calibration(language)), SIGNED_AT, key)


def leaves(value: JSONValue, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of the signed content with the name of its member."""
    if isinstance(value, dict):
        for member, inner in value.items():
            yield from leaves(inner, member)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    elif isinstance(value, str):
        yield name, value


def as_printed(name: str, text: str) -> str:
    if name.endswith(("Date", "Until", "From", "To")) or name == "date":
        year, month, day = text.split("-")
        return f"{day}/{month}/{year}"
    return packed(printed_number(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_member_that_was_signed_is_on_paper(language: str) -> None:
    content = full_calibration(language)
    assert not list(find_problems(content, origin=SAMPLE_ORIGIN))

    text = packed_text(printed(language))
    missing = [
        (name, value)
        for name, value in leaves(content["credentialSubject"])
        if name not in NOT_AS_SIGNED and as_printed(name, value) not in text
    ]
    assert not missing


def test_every_row_stands_in_one_line_with_its_uncertainty() -> None:
    _, result = get_list(get_object(full_calibration(), "credentialSubject"), "results")
    assert isinstance(result, dict)
    values = get_list(get_object(result, "uncertainty"), "values")
    printed_rows = {packed(line) for page in texts_of(printed()) for line in page.split("\n")}

    for row, value in zip(get_list(result, "rows"), values, strict=True):
        assert isinstance(row, list)
        assert packed("".join(printed_number(str(cell)) for cell in (*row, value))) in printed_rows


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "vi",
            "Độ không đảm bảo đo mở rộng U = 0.025 °C; hệ số phủ k = 2, mức tin cậy xấp xỉ 95 %, phân bố chuẩn.",
        ),
        ("vi", "hệ số phủ k = 2.05, mức tin cậy xấp xỉ 95.45 %, phân bố t."),
        ("en", "coverage factor k = 2.05, coverage probability approximately 95.45 %, t-distribution."),
        ("vi", "Bảng 1. Sai số chỉ thị (Nhiệt độ) – trước hiệu chỉnh"),
        ("en", "Table 2. Error of indication (Nhiệt độ) – after adjustment"),
        ("vi", "Kết quả chỉ có giá trị đối với các phương tiện đo đã được hiệu chuẩn"),
        ("en", "This certificate shall not be reproduced except in full"),
        ("vi", "theo thỏa thuận với khách hàng"),
        ("en", "Recalibration due"),
        ("vi", "Phòng Hiệu chuẩn Ngoài Mẫu: Bảng 1"),
        ("en", "Version 3, replaces the one before: scope extended"),
        ("vi", "Đã cấp trước khi đăng ký, ngày 31/10/2025"),
    ],
)
def test_what_was_signed_as_a_code_is_said_in_the_profession_s_words(language: str, sentence: str) -> None:
    assert packed(sentence) in packed_text(printed(language))


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (print_calibration._PLACES, PLACES),
        (print_calibration._VERDICTS, VERDICTS),
        (print_calibration._BASES, RECALIBRATION_BASES),
        (print_results._COLUMNS, COLUMNS),
        (print_results._STAGES, STAGES),
        (print_results._ADJUSTMENTS, ADJUSTMENTS),
        (print_results._DISTRIBUTIONS, DISTRIBUTIONS),
        (print_fields_module._REASONS, REPLACE_REASONS),
    ],
)
def test_every_code_of_the_schema_has_words_of_its_own(
    words: Mapping[str, Words], codes: tuple[str, ...]
) -> None:
    assert set(words) == set(codes)
    assert (
        len({word.vi for word in words.values()}) == len({word.en for word in words.values()}) == len(codes)
    )


@pytest.mark.parametrize(("verdict", "said"), [("pass", "Đạt"), ("fail", "Không đạt")])
def test_a_verdict_of_the_laboratory_is_printed_beside_its_table_and_decision_rule(
    verdict: str, said: str
) -> None:
    content = full_calibration(rows=2)
    (statement,) = get_list(get_object(content, "credentialSubject"), "conformityStatements")
    assert isinstance(statement, dict)
    statement["verdict"] = verdict

    text = packed_text(MAKE(signed(content), SIGNED_AT))

    rule = "Chấp nhận khi |sai số| + U không vượt sai số cho phép (ILAC-G8, 4.2.2)"
    assert packed(f"Bảng 1Sai số cho phép ±0,1 °C{rule}{said}") in text


def test_an_end_of_validity_is_never_printed() -> None:
    text = " ".join(texts_of(printed()))

    assert "Hết hạn" not in text
    assert "Đến hạn hiệu chuẩn lại" in text


@pytest.mark.parametrize(("language", "word", "other"), [("vi", "Trang", "Page"), ("en", "Page", "Trang")])
def test_every_page_bears_its_number_the_certificate_s_and_the_id(
    language: str, word: str, other: str
) -> None:
    document = signed(full_calibration(language))
    texts = texts_of(printed(language))

    assert len(texts) >= 3
    for number, text in enumerate(texts, start=1):
        assert f"{word} {number}/{len(texts)} · {other} {number}/{len(texts)}" in text
        assert "HC-2026-0001" in text
        assert format_id(certificate_id(document.document_hash)) in text


def test_the_last_page_alone_bears_the_end_mark() -> None:
    *others, last = texts_of(printed())

    assert "— Hết giấy chứng nhận · End of certificate —" in last
    assert not any("Hết giấy chứng nhận" in text for text in others)


def test_headings_and_uncertainty_are_repeated_where_a_table_goes_on_over_the_page() -> None:
    with_rows = [text for text in texts_of(printed()) if "Ổn định" in text]

    assert len(with_rows) >= 2
    assert all("Điểm đặt" in text and "[°C]" in text and "[K]" in text for text in with_rows)
    assert all("hệ số phủ k = 2.05, mức tin cậy xấp xỉ 95.45 %" in text for text in with_rows)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", ["", KEY])
def test_the_code_leads_to_the_certificate_and_holds_the_key_of_sealed_content(
    language: str, key: str
) -> None:
    identifier = certificate_id(signed(full_calibration(language)).document_hash)
    (code,) = zxingcpp.read_barcodes(next(pages(printed(language, key))))

    assert code.text == f"HTTPS://REGISTRY.EXAMPLE.VN/C/{identifier}" + (f"#{key}" if key else "")
    assert code.ec_level == "Q"


def test_the_key_is_in_the_code_and_nowhere_else_in_the_file() -> None:
    data = printed("vi", KEY)

    assert KEY not in packed_text(data)
    assert KEY.encode() not in data
    assert "chứa khóa của nội dung đã niêm phong" in " ".join(texts_of(data))
    assert "chứa khóa" not in " ".join(texts_of(printed()))


def test_the_same_certificate_gives_the_same_bytes_and_another_key_others() -> None:
    document = signed(full_calibration())

    assert MAKE(document, SIGNED_AT, KEY) == printed("vi", KEY)
    assert MAKE(document, SIGNED_AT, b64url(bytes(16))) != printed("vi", KEY)


def test_decimal_signs_stand_under_each_other() -> None:
    cells = aligned(["-20.00", "5", "100.125", "1.5e-3", "not measured"])

    assert cells[-1] == "not measured"
    shown = [cell for cell in cells if isinstance(cell, dict)]
    wide = [str(cell["before"]) + str(cell["seen"]) + str(cell["after"]) for cell in shown]
    assert [line.index(".") for line in wide] == [4, 4, 4, 4]
    assert len({len(line) for line in wide[:3]}) == 1
    assert [cell["seen"] for cell in shown] == ["−20.00", "5", "100.125", "1.5 × 10⁻³"]  # noqa: RUF001 # a minus


def test_numbers_too_wide_for_the_page_are_broken_and_not_lost() -> None:
    content = full_calibration(rows=3)
    subject = get_object(content, "credentialSubject")
    _, result = get_list(subject, "results")
    assert isinstance(result, dict)
    wide = f"0.{'123456789' * 3}"
    result["columns"] = [{"kind": "measuredValue"}] * 12
    result["rows"] = [[wide] * 12] * 3

    text = packed_text(MAKE(signed(content), SIGNED_AT))

    assert text.count(wide) == 36


def test_several_instruments_are_a_table() -> None:
    content = full_calibration(rows=2)
    subject = get_object(content, "credentialSubject")
    subject["items"] = [{"name": f"Quả cân {i}", "serial": f"QC-{i:03d}"} for i in range(20)]

    text = packed_text(MAKE(signed(content), SIGNED_AT))

    assert all(packed(f"Quả cân {i}QC-{i:03d}") in text for i in range(20))


def test_all_words_of_the_page_have_a_shape() -> None:
    for language in LANGUAGES:
        fields = print_fields(full_calibration(language), sealed=True)
        assert find_unprintable("".join(text for _, text in leaves(fields))) == ""


def _nothing_said(*_: object) -> JSONObject:
    return text_section([])


def _no_words(*_: object) -> list[str]:
    return ["", ""]


def afresh(test: Callable[[], None]) -> Callable[[], None]:
    """Return a test that prints its page again: the pages of other tests are shared."""

    def run() -> None:
        printed.cache_clear()
        test()

    return run


CONTROLS = [
    Control(
        print_results,
        "_uncertainty",
        _no_words,
        afresh(
            lambda: test_what_was_signed_as_a_code_is_said_in_the_profession_s_words(
                "vi", "hệ số phủ k = 2.05, mức tin cậy xấp xỉ 95.45 %, phân bố t."
            )
        ),
    ),
    Control(
        print_results,
        "_differs_by_row",
        nothing,
        afresh(test_every_row_stands_in_one_line_with_its_uncertainty),
    ),
    Control(
        print_calibration,
        "_traceability",
        _nothing_said,
        afresh(lambda: test_every_member_that_was_signed_is_on_paper("en")),
    ),
]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_a_page_that_leaves_something_out_is_noticed(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        require_noticed(control, monkeypatch)
    finally:
        printed.cache_clear()
