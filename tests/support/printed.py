"""Certificates that carry everything their profile knows, and what can be read from their printed pages."""

import re
from collections.abc import Iterator
from typing import Final

import pypdfium2
from PIL.Image import Image

from certlog.documents import SecuredDocument, certificate_challenge, secure
from certlog.slots import Slot
from certlog.strict_json import JSONObject, JSONValue, get_list, get_object
from tests.support.calibrations import calibration_content
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN, conformity_content
from tests.support.signing import ed25519

SIGNED_AT: Final = 1_795_500_000
_INVISIBLE: Final = re.compile(r"[\s\u200b]+")

LONG_NAME: Final = (
    "Công ty Trách nhiệm hữu hạn Một thành viên Sản xuất, Thương mại, Dịch vụ và Xuất nhập khẩu Thiết bị Điện tử "
    "Ẫ Ỗ Ậ Ữ Ợ ẫ ỗ ậ ữ ợ Nguyễn Huỳnh Phượng – Chi nhánh số Bảy mươi bảy"
)


def signed(content: JSONObject) -> SecuredDocument:
    """Return a certificate with a proof."""
    return secure(
        content,
        signer=ed25519("issuer"),
        did=SAMPLE_DID,
        domain=SAMPLE_ORIGIN,
        challenge=certificate_challenge(Slot(0, 0)),
        created=SIGNED_AT,
    )


def both(vi: str, en: str) -> list[JSONValue]:
    """Return a text in two languages, as a certificate carries it."""
    return [{"@language": "vi", "@value": vi}, {"@language": "en", "@value": en}]


def full_conformity(language: str = "vi", *, products: int = 60, sites: int = 30) -> JSONObject:
    """Return a certificate of conformity with every member, long names, and several pages of products and sites."""
    content = conformity_content()
    subject: JSONObject = {
        **get_object(content, "credentialSubject"),
        "certificationBody": {"name": LONG_NAME, "address": f"Số 1 đường Mẫu, {LONG_NAME}"},
        "client": {
            "name": f"{LONG_NAME} A",
            "nameEn": "Sao Mau Production, Trading and Services Co., Ltd.",
            "legalId": "0100000001",
            "address": f"Lô B, {LONG_NAME}",
            "country": "LA",
        },
        "sites": [
            {
                "name": f"Nhà máy {i} Ẫ Ỗ Ậ",
                "address": f"Lô {i}, tỉnh Hưng Yên",
                "activities": both(f"Sản xuất dây {i}", f"Making wire {i}"),
            }
            for i in range(sites)
        ],
        "products": [
            {
                "name": f"Dây điện bọc nhựa PVC thứ {i}",
                "model": f"VCm 2x{i},5",
                "brand": f"SAO MẪU {i}",
                "gtin": "8930000000019",
                "hsCode": "8544.49.41",
                "ratings": [{"name": "Điện áp danh định", "value": f"{300 + i}", "unit": "V"}],
                "batch": {"no": f"LÔ-{i}", "qty": f"{i} cuộn", "importDecl": f"TK-{i}"},
            }
            for i in range(products)
        ],
        "criteria": [
            {
                "kind": "QCVN",
                "number": "QCVN 4:2009/BKHCN",
                "year": 2009,
                "amendment": "Sửa đổi 1:2016",
                "title": both("An toàn thiết bị điện", "Safety of electrical appliances"),
            }
        ],
        "scheme": {"vnMethod": 5, "iso17067Type": "5", "name": "Thử mẫu và đánh giá quá trình"},
        "accreditation": {
            "body": "Văn phòng Công nhận Chất lượng (BoA)",
            "code": "VICAS 999",
            "standard": "ISO/IEC 17065:2012",
            "validUntil": "2028-01-31",
            "status": "accredited",
        },
        "scope": {
            "text": both("Dây điện bọc nhựa", "Insulated cables"),
            "sectorCodes": ["IAF 19", "VSIC 2732"],
        },
        "originalIssueDate": "2023-01-15",
        "surveillance": {"intervalMonths": 12, "nextDue": "2027-11-25"},
        "evidence": [
            {
                "testReportNo": "TN-26-1101",
                "lab": "Phòng Thử nghiệm Mẫu",
                "date": "2026-11-02",
                "labAccreditation": "VILAS 9998",
            }
        ],
        "mark": {"type": "CR", "usageRef": "QĐ-DAU-7"},
        "soaVersion": "SoA 4.2",
    }
    return {**content, **_envelope(language), "credentialSubject": subject}


def full_calibration(language: str = "vi", *, rows: int = 40) -> JSONObject:
    """Return a calibration certificate with every member and results over several pages."""
    content = calibration_content()
    subject = get_object(content, "credentialSubject")
    last = [f"{i}.000" for i in range(rows)]
    adjusted: JSONObject = {
        "ref": "after",
        "name": both("Sai số chỉ thị", "Error of indication"),
        "quantity": "Nhiệt độ",
        "unit": "\\degreecelsius",
        "displayUnit": "°C",
        "stage": "afterAdjustment",
        "columns": [
            {"kind": "nominalValue", "label": both("Điểm đặt", "Set point")},
            {"kind": "measuredValue"},
            {"kind": "correction", "unit": "\\kelvin", "displayUnit": "K"},
            {"kind": "position"},
            {"kind": "remark"},
        ],
        "rows": [
            [value, f"{i - 20}.0{i % 10}", f"-0.0{i % 10}", f"Vị trí {i}", f"Ổn định {i}"]
            for i, value in enumerate(last)
        ],
        "uncertainty": {
            "kind": "expanded",
            "values": [f"0.0{10 + i}" for i in range(rows)],
            "k": "2.05",
            "p": "0.9545",
            "distribution": "studentT",
            "sameUnit": False,
            "unit": "\\kelvin",
            "displayUnit": "K",
        },
    }
    before: JSONObject = {**_first_result(subject), "stage": "beforeAdjustment"}
    additions: JSONObject = {
        "performanceLocation": {"kind": "customer", "address": "Kho 2, khu công nghiệp Mẫu"},
        "customer": {
            "name": LONG_NAME,
            "address": f"Lô C, {LONG_NAME}",
            "contact": "Lê Văn Mẫu, 0900 000 000",
        },
        "methods": [
            {
                "number": "ĐLVN 160:2005",
                "title": both("Nhiệt kế điện trở", "Resistance thermometers"),
                "deviations": both("Chỉ một độ nhúng", "One immersion only"),
            },
            {"number": "QT-HC-07"},
        ],
        "items": [
            {
                "name": both("Nhiệt kế hiện số", "Digital thermometer"),
                "manufacturer": "Hãng Mẫu",
                "model": "T-100",
                "serial": "SN778812",
                "assetId": "NK-07",
                "range": "(-40 … 200) °C",
                "resolution": "0.01 °C",
                "condition": both("Hoạt động bình thường", "In working order"),
                "group": 1,
            }
        ],
        "sampling": {
            "description": both("Ba vị trí trong tủ", "Three places in the cabinet"),
            "date": "2026-11-14",
            "location": "Kho số 9",
        },
        "adjustment": "performed",
        "results": [before, adjusted],
        "externalProvider": {
            "name": "Phòng Hiệu chuẩn Ngoài Mẫu",
            "resultRefs": ["r1"],
            "text": both("Do bên ngoài thực hiện", "Made by the provider"),
        },
        "opinions": both("Nên đo thêm điểm dưới 0 °C.", "More points below 0 °C are advisable."),
        "reproductionStatement": "reproduced_only_in_full",
        "authorisedBy": [
            {"name": "Trần Thị Mẫu", "role": "Trưởng phòng"},
            {"name": "Nguyễn Văn Mẫu", "role": "Giám đốc"},
        ],
    }
    return {
        **content,
        **_envelope(language),
        "credentialSubject": {**subject, **additions},
        "name": content["name"],
    }


def pages(data: bytes, dots_per_inch: int = 300) -> Iterator[Image]:
    """Yield each page as a picture."""
    with pypdfium2.PdfDocument(data) as document:  # type: ignore[no-untyped-call] # it has no types
        for page in document:
            yield page.render(scale=dots_per_inch / 72).to_pil()


def texts_of(data: bytes) -> list[str]:
    """Return the text of each page."""
    with pypdfium2.PdfDocument(data) as document:  # type: ignore[no-untyped-call] # as above
        return [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in document]


def packed(text: str) -> str:
    """Return a text without what a page setter may add at the end of a line: compare words, not their places."""
    return _INVISIBLE.sub("", text.replace("\ufffe", "-").replace("\u0002", "-"))


def packed_text(data: bytes) -> str:
    """Return the text of all pages, packed."""
    return packed("".join(texts_of(data)))


def _envelope(language: str) -> JSONObject:
    return {
        "language": language,
        "name": both("Giấy chứng nhận hợp quy Ẫ Ỗ Ậ", "Certificate of conformity to regulation"),
        "version": 3,
        "replaces": {
            "id": "urn:uuid:0192f3a0-7c1e-4b3a-9d55-2f1c6a0b9e10",
            "digest": "A" * 43,
            "reason": "scope_extended",
        },
        "issuedEarlier": "2025-10-31",
        "description": both("Ghi chú thêm của tổ chức", "A further remark of the body"),
    }


def _first_result(subject: JSONObject) -> JSONObject:
    first = get_list(subject, "results")[0]
    if not isinstance(first, dict):
        raise TypeError("expected the sample's first result to be an object")
    return first
