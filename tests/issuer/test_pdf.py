"""The printed certificate: the code reads, the signed bytes are inside, the text is right, the bytes repeat."""

import io
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pikepdf
import pytest
import zxingcpp

from certlog.certificate_id import certificate_id, format_id, parse_id
from certlog.credential import find_problems
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput, Unavailable
from certlog.strict_json import JSONObject, get_list, get_object
from issuer.pdf import ATTACHMENT_NAME, PdfMaker, find_unprintable
from issuer.print_fields import print_fields
from issuer.qr import certificate_address, code_text, qr_operators, qr_svg
from tests.support.certificates import SAMPLE_ORIGIN, conformity_content
from tests.support.desk import NOW, Desk, two_rows
from tests.support.printed import LONG_NAME, full_conformity, packed, packed_text, pages, signed, texts_of

MAKE = PdfMaker("https://registry.example.vn")
DOTS_PER_MM = 300 / 25.4


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> list[SecuredDocument]:
    desk = Desk.at(tmp_path_factory.mktemp("desk"))
    issued = desk.issue().issued
    return [SecuredDocument.parse(desk.registry.documents[item.id]) for item in issued]


@pytest.fixture(scope="module")
def certificate(certificates: list[SecuredDocument]) -> SecuredDocument:
    return certificates[0]


@pytest.fixture(scope="module")
def pdf(certificate: SecuredDocument) -> bytes:
    return MAKE(certificate, NOW)


def test_the_code_on_the_rendered_page_leads_to_the_certificate(
    certificate: SecuredDocument, pdf: bytes
) -> None:
    (code,) = zxingcpp.read_barcodes(next(pages(pdf)))

    identifier = certificate_id(certificate.document_hash)
    assert code.text == f"HTTPS://REGISTRY.EXAMPLE.VN/C/{identifier}"
    assert code.ec_level == "Q"
    assert parse_id(code.text.rpartition("/")[2]) == identifier


def test_the_code_is_printed_between_20_and_30_millimetres_wide(pdf: bytes) -> None:
    (code,) = zxingcpp.read_barcodes(next(pages(pdf)))

    side = (code.position.top_right.x - code.position.top_left.x) / DOTS_PER_MM
    with_quiet_zone = side * 37 / 29  # version 3 has 29 modules
    assert 25 <= with_quiet_zone <= 30.5


def test_the_signed_document_is_attached_byte_for_byte(certificate: SecuredDocument, pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert list(document.attachments) == [ATTACHMENT_NAME]
        attached = document.attachments[ATTACHMENT_NAME]
        assert attached.get_file().read_bytes() == certificate.to_bytes()
        assert attached.obj.AFRelationship == "/Data"
        assert attached.get_file().mime_type == "application/json"
        assert document.Root.AF[0].F == ATTACHMENT_NAME


def test_the_same_certificate_gives_the_same_bytes(certificate: SecuredDocument, pdf: bytes) -> None:
    assert MAKE(certificate, NOW) == pdf


def test_a_maker_can_be_sent_to_another_process(certificate: SecuredDocument, pdf: bytes) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(MAKE, certificate, NOW).result(timeout=60) == pdf


def test_the_page_says_what_was_signed_in_vietnamese_and_english(
    certificate: SecuredDocument, pdf: bytes
) -> None:
    (text,) = texts_of(pdf)

    for words in (
        "GIẤY CHỨNG NHẬN HỢP QUY",
        "Certificate of conformity to technical regulation",
        "MAU-HQ-26-0001",
        "Công ty TNHH Dây cáp điện Sao Mẫu",
        "Sao Mau Cable Co., Ltd.",
        "0900000001",
        "QCVN 4:2009/BKHCN (Sửa đổi 1:2016)",
        "9901/QĐ-TĐC",
        "VCm 2×2,5",
        "8930000001016",
        "17/11/2029",
        "Nguyễn Văn Mẫu",
        "Trang 1/1 · Page 1/1",
        *format_id(certificate_id(certificate.document_hash)).split("-"),
    ):
        assert words in text, words


def test_it_is_an_archival_pdf_on_a4_with_fonts_inside(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        metadata = document.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "B")
        assert "MAU-HQ-26-0001" in str(metadata["dc:title"])
        box = [float(value) for value in document.pages[0].MediaBox]
        assert box == pytest.approx([0, 0, 595.28, 841.89], abs=0.1)
        fonts = [font for page in document.pages for font in page.Resources.Font.values()]
        names = {str(font.BaseFont) for font in fonts}
        assert all("BeVietnamPro" in name for name in names), names


def test_signs_that_certificates_need_are_printed_and_what_no_font_has_is_named() -> None:
    assert find_unprintable('Thép Φ10, 4,7 kΩ, 5 μF, № 7, 20 ℃, "Ẫ Ỗ Ậ", ⌀ 3 ≥ 2') == ""
    assert find_unprintable("\uff23ông ty 株式 Mẫu 株") == "式株\uff23"


def test_every_example_has_a_readable_code(certificates: list[SecuredDocument]) -> None:
    for certificate in certificates[::4]:
        page = next(pages(MAKE(certificate, NOW), dots_per_inch=150))  # a phone's picture is no better
        assert [code.text for code in zxingcpp.read_barcodes(page)] == [
            certificate_address("https://registry.example.vn", certificate_id(certificate.document_hash))
        ]


def test_markup_in_a_value_is_printed_and_not_obeyed(tmp_path: Path) -> None:
    trick = "#panic(1) *bold* $x$ ] // #read(passwd) <a>"
    desk = Desk.at(tmp_path)
    issued = desk.issue(two_rows(**{"Công ty TNHH Dây cáp điện Sao Mẫu": trick})).issued[0]

    (text,) = texts_of(MAKE(SecuredDocument.parse(desk.registry.documents[issued.id]), NOW))

    assert trick in text


def test_many_products_run_over_pages_that_all_bear_number_and_id(tmp_path: Path) -> None:
    models = " | ".join(f"VCm-{i:03d}" for i in range(60))
    desk = Desk.at(tmp_path)
    data = two_rows(
        **{"VCm 2×0,75 | VCm 2×1,5 | VCm 2×2,5": models, "8930000001016 | 8930000001023 | 8930000001030": ""}
    )
    issued = desk.issue(data).issued[0]

    texts = texts_of(MAKE(SecuredDocument.parse(desk.registry.documents[issued.id]), NOW))

    assert len(texts) >= 2
    assert all("MAU-HQ-26-0001" in text and format_id(issued.id) in text for text in texts)
    assert all(f"VCm-{i:03d}" in "".join(texts) for i in range(60))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_long_names_many_sites_and_many_products_are_all_on_paper(language: str) -> None:
    content = full_conformity(language)
    assert not list(find_problems(content, origin=SAMPLE_ORIGIN))

    data = MAKE(signed(content), NOW)

    text = packed_text(data)
    for site, product in zip(
        content_items(content, "sites"), content_items(content, "products"), strict=False
    ):
        assert packed(f"{site['name']}{site['address']}") in text
        assert packed(f"{product['name']}{product['model']}{product['brand']}") in text
    for words in (
        LONG_NAME,
        "Sao Mau Production, Trading",
        "LÔ-59",
        "TK-59",
        "SoA 4.2",
        "QĐ-DAU-7",
        "VICAS 999",
    ):
        assert packed(words) in text, words
    for words in ("31/01/2028", "25/11/2027", "15/01/2023", "An toàn thiết bị điện", "Thử mẫu và đánh giá"):
        assert packed(words) in text, words
    first, last = texts_of(data)[0], texts_of(data)[-1]
    assert "Hết giấy chứng nhận" in last
    assert "Hết giấy chứng nhận" not in first


def content_items(content: JSONObject, name: str) -> list[JSONObject]:
    return [
        item for item in get_list(get_object(content, "credentialSubject"), name) if isinstance(item, dict)
    ]


@pytest.mark.parametrize(("language", "first", "second"), [("vi", "vi", "en"), ("en", "en", "vi")])
def test_the_certificate_s_own_language_stands_first(language: str, first: str, second: str) -> None:
    (text, *_) = texts_of(MAKE(signed(full_conformity(language, products=1, sites=0)), NOW))
    titles = {"vi": "GIẤY CHỨNG NHẬN HỢP QUY", "en": "CERTIFICATE OF CONFORMITY TO REGULATION"}
    labels = {"vi": "Mã số thuế", "en": "Tax code"}

    assert titles[first] in text
    assert titles[second] not in text
    assert f"{labels[first]} / {labels[second]}: 0109999999" in text


def ink_of_title(title: str) -> list[int]:
    """Return the heights of the runs of inked lines, in dots at 144 dpi, from the title downwards."""
    page = next(pages(MAKE(signed(conformity_content() | {"name": title}), NOW), dots_per_inch=144)).convert(
        "L"
    )
    upper = page.crop((page.width // 2 - 80, page.height // 8, page.width // 2 + 80, page.height // 3))
    lines = [min(upper.crop((0, y, upper.width, y + 1)).tobytes()) < 128 for y in range(upper.height)]
    return [len(run) for run in "".join("x" if ink else " " for ink in lines).split()]


def test_stacked_marks_are_printed_whole() -> None:
    letter, *below = ink_of_title("A O A")
    tilde, circumflex, marked_letter, dot, *below_marked = ink_of_title("Ẫ Ỗ Ậ")

    assert (marked_letter, below_marked) == (letter, below)
    assert min(tilde, circumflex, dot) >= letter // 6


def test_a_kind_of_certificate_without_a_page_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no printed page is known for a certificate of type Other"):
        print_fields(full_conformity() | {"type": ["VerifiableCredential", "Other"]})


def test_operators_for_a_body_s_own_pdf_draw_the_same_code() -> None:
    text = code_text(certificate_address("https://registry.example.vn", "WERC8GMRZGE196QVYK49"), "A" * 22)
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(200, 200))
        page.Contents = document.make_stream(b"q 1 0 0 1 50 50 cm\n" + qr_operators(text, 80) + b"Q\n")
        out = io.BytesIO()
        document.save(out)

    (code,) = zxingcpp.read_barcodes(next(pages(out.getvalue())))

    assert (code.text, code.ec_level) == (text, "Q")
    assert code.position.top_left.x / DOTS_PER_MM > 50 / 72 * 25.4


def test_a_missing_typesetter_is_told_with_its_remedy(
    certificate: SecuredDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(Unavailable, match=r"install certlog\[pdf\]"):
        MAKE(certificate, NOW)


def test_a_local_address_keeps_scheme_and_port() -> None:
    address = certificate_address("http://127.0.0.1:8000", "WERC8GMRZGE196QVYK49")

    assert address == "HTTP://127.0.0.1:8000/C/WERC8GMRZGE196QVYK49"
    assert 'width="37" height="37"' in qr_svg(address)
