"""Labels: every code reads at 300 dpi and leads to its certificate; nothing on them is the customer's."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner

from certlog.certificate_id import certificate_id, format_id
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput
from certlog.strict_json import JSONObject, get_object
from cli.issuer_labels import labels as labels_command
from issuer import print_labels
from issuer.journal import open_journal
from issuer.print_labels import ROLL, SHEETS, LabelMaker, label_texts, rows_to_label
from issuer.qr import certificate_address, code_text
from tests.support.controls import Control, require_noticed
from tests.support.desk import Desk, two_rows
from tests.support.printed import (
    LONG_NAME,
    SIGNED_AT,
    full_calibration,
    full_conformity,
    packed,
    packed_text,
    pages,
    signed,
    texts_of,
)

ADDRESS = "https://registry.example.vn"
MM = 72 / 25.4
DOTS_PER_MM = 300 / 25.4


def calibrated(count: int, language: str = "vi") -> list[SecuredDocument]:
    """Return certificates of one instrument each."""
    return [
        signed(full_calibration(language, rows=1) | {"certificateNumber": f"HC-26-{i:04d}"})
        for i in range(count)
    ]


def codes_of(data: bytes) -> list[list[str]]:
    """Return the texts of the codes of each page."""
    return [[code.text for code in zxingcpp.read_barcodes(page)] for page in pages(data)]


def leads_to(certificate: SecuredDocument) -> str:
    return f"HTTPS://REGISTRY.EXAMPLE.VN/C/{certificate_id(certificate.document_hash)}"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_label_says_who_calibrated_what_and_when(language: str) -> None:
    (certificate,) = calibrated(1, language)

    made = LabelMaker(ADDRESS)([certificate], SIGNED_AT)

    (text,) = texts_of(made.pdf)
    name = {"vi": "Nhiệt kế hiện số", "en": "Digital thermometer"}[language]
    shown = format_id(certificate_id(certificate.document_hash))
    halves = (shown[:11], shown[12:])
    for words in (
        "Phòng Hiệu chuẩn Mẫu",
        name,
        "SN778812",
        "18/11/2026",
        "18/11/2027",
        "HC-26-0000",
        *halves,
    ):
        assert packed(words) in packed(text), words
    assert codes_of(made.pdf) == [[leads_to(certificate)]]


def test_a_label_never_carries_the_key_the_customer_or_a_result() -> None:
    certificates = calibrated(2)

    data = LabelMaker(ADDRESS)(certificates, SIGNED_AT).pdf

    assert codes_of(data) == [[leads_to(certificate)] for certificate in certificates]
    text = packed_text(data)
    for words in (LONG_NAME, "Lê Văn Mẫu", "Kho 2", "0.025", "20.05"):
        assert packed(words) not in text, words


def test_a_code_that_carried_the_key_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_key(base: str, identifier: str) -> str:
        return code_text(certificate_address(base, identifier), "A" * 22)

    test = test_a_label_never_carries_the_key_the_customer_or_a_result
    require_noticed(Control(print_labels, "certificate_address", with_key, test), monkeypatch)


def test_a_label_that_named_the_customer_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def telling(content: JSONObject) -> list[JSONObject]:
        customer = get_object(get_object(content, "credentialSubject"), "customer")
        return [{**label, "body": customer["name"]} for label in label_texts(content)]

    test = test_a_label_never_carries_the_key_the_customer_or_a_result
    require_noticed(Control(print_labels, "label_texts", telling, test), monkeypatch)


def test_the_code_is_at_least_15_millimetres_wide_and_its_modules_are_a_third() -> None:
    (page,) = pages(LabelMaker(ADDRESS)(calibrated(1), SIGNED_AT).pdf)
    (code,) = zxingcpp.read_barcodes(page)

    side = (code.position.top_right.x - code.position.top_left.x) / DOTS_PER_MM
    assert side >= 14.8  # the reader's corners lie a little inside
    assert side / 29 >= 0.33  # version 3 has 29 modules
    assert code.ec_level == "M"


@pytest.mark.parametrize(("sheet", "on_first"), [("14", 14), ("27", 27)])
def test_every_code_of_a_sheet_reads(sheet: str, on_first: int) -> None:
    certificates = calibrated(on_first + 1)

    data = LabelMaker(ADDRESS, SHEETS[sheet], skip=2)(certificates, SIGNED_AT).pdf

    first, second = codes_of(data)
    assert (len(first), len(second)) == (on_first - 2, 3)
    assert sorted([*first, *second]) == sorted(map(leads_to, certificates))


def test_the_longest_names_and_serial_numbers_are_not_cut_off() -> None:
    content = full_calibration(rows=1)
    subject = get_object(content, "credentialSubject")
    serial = "SN" + "0123456789ABCDEF" * 6 + "Z9"
    subject["laboratory"] = {"name": LONG_NAME, "address": "Hà Nội"}
    subject["items"] = [{"name": f"{LONG_NAME} B", "serial": serial}]

    data = LabelMaker(ADDRESS)([signed(content)], SIGNED_AT).pdf

    text = packed_text(data)
    assert len(serial) == 100
    assert serial in text
    assert packed(LONG_NAME[:89]) in text
    assert packed("Số / No.: HC-2026-0001") in text


def test_each_instrument_of_a_certificate_has_its_label() -> None:
    content = full_calibration(rows=1)
    subject = get_object(content, "credentialSubject")
    subject["items"] = [{"name": f"Quả cân {i}", "assetId": f"QC-{i}"} for i in range(3)]

    made = LabelMaker(ADDRESS)([signed(content)], SIGNED_AT)

    assert made.count == len(texts_of(made.pdf)) == 3
    assert ["QC-1" in text for text in texts_of(made.pdf)] == [False, True, False]


def test_a_product_s_label_names_body_product_and_standard_and_not_the_client() -> None:
    (text,) = texts_of(LabelMaker(ADDRESS)([signed(full_conformity(products=1, sites=1))], SIGNED_AT).pdf)

    for words in ("Dây điện bọc nhựa PVC thứ 0", "QCVN 4:2009/BKHCN", "19/11/2029"):
        assert packed(words) in packed(text), words
    assert "Sao Mau" not in text
    assert "0100000001" not in text


def test_the_same_certificates_give_the_same_bytes() -> None:
    certificates = calibrated(2)

    assert LabelMaker(ADDRESS)(certificates, SIGNED_AT) == LabelMaker(ADDRESS)(certificates, SIGNED_AT)


def no_products(content: JSONObject) -> JSONObject:
    subject = dict(get_object(content, "credentialSubject"))
    del subject["products"]
    return content | {"credentialSubject": subject}


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (list, 0),
        (lambda: [signed(no_products(full_conformity(products=1)))], 0),
        (lambda: calibrated(1) * 481, 481),
    ],
    ids=["none", "a management system", "too many"],
)
def test_no_label_or_too_many_are_refused(make: Callable[[], list[SecuredDocument]], found: int) -> None:
    with pytest.raises(InvalidInput, match=f"expected 1 to 480 labels, found {found}"):
        LabelMaker(ADDRESS)(make(), SIGNED_AT)


@pytest.mark.parametrize(("sheet", "skip"), [("24", 24), ("roll", 1)])
def test_a_sheet_without_a_place_left_is_refused(sheet: str, skip: int) -> None:
    with pytest.raises(InvalidInput, match=f"has no place left after {skip}; take a new one"):
        LabelMaker(ADDRESS, SHEETS[sheet], skip)(calibrated(1), SIGNED_AT)


def test_an_address_too_long_for_a_label_is_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidInput, match="use a shorter --public-url"):
        LabelMaker(f"https://{'a' * 300}.example.vn")(calibrated(1), SIGNED_AT)


def test_rows_are_chosen_by_number_or_id_and_else_the_newest_of_each(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path)
    first, second = desk.issue(two_rows()).issued
    with open_journal(tmp_path) as journal:
        assert [row.number for row in rows_to_label(journal, ())] == [first.number, second.number]
        chosen = rows_to_label(journal, (second.number, format_id(first.id)))
        assert [row.id for row in chosen] == [second.id, first.id]
        with pytest.raises(InvalidInput, match="this folder's journal holds no certificate 'HC-0'"):
            rows_to_label(journal, ("HC-0",))


def test_the_command_writes_a_sheet_for_the_certificates_of_a_folder(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path)
    issued = desk.issue(two_rows()).issued
    arguments = ["--out", str(tmp_path), "--public-url", ADDRESS, "--sheet", "24", "--json"]

    run = CliRunner().invoke(labels_command, arguments)

    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout) == {"labels": 2, "pdf": str(tmp_path / "labels.pdf")}
    ((*found,),) = codes_of((tmp_path / "labels.pdf").read_bytes())
    assert sorted(found) == sorted(f"HTTPS://REGISTRY.EXAMPLE.VN/C/{item.id}" for item in issued)


def test_a_label_of_a_roll_has_the_label_s_own_size() -> None:
    (page,) = pages(LabelMaker(ADDRESS, ROLL)(calibrated(1), SIGNED_AT).pdf, dots_per_inch=72)

    assert page.size == pytest.approx((print_labels.WIDTH * MM, print_labels.HEIGHT * MM), abs=1)
