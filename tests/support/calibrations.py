"""A sample calibration certificate for tests: complete and correct, for each test to change one member."""

from copy import deepcopy
from typing import Final

from certlog.credential import CONTEXTS, credential_status
from certlog.schemas.calibration import STATEMENT_ITEMS_ONLY, TITLE, TYPE
from certlog.schemas.envelope import types_of
from certlog.slots import Slot
from certlog.strict_json import JSONObject, JSONValue
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN

SAMPLE_ACCREDITATION_BODY: Final = "Văn phòng Công nhận Chất lượng (BoA)"


def _vi(text: str) -> list[JSONValue]:
    return [{"@language": "vi", "@value": text}]


_SUBJECT: Final[JSONObject] = {
    "title": list(TITLE),
    "laboratory": {
        "name": "Phòng Hiệu chuẩn Mẫu",
        "address": "Số 2 đường Mẫu, Hà Nội",
        "code": "VILAS 9999",
        "accreditation": {
            "body": SAMPLE_ACCREDITATION_BODY,
            "code": "VILAS 9999",
            "standard": "ISO/IEC 17025:2017",
            "validUntil": "2029-12-31",
            "status": "accredited",
            "measurands": ["Nhiệt độ"],
        },
    },
    "performanceLocation": {"kind": "laboratory"},
    "customer": {"name": "Công ty TNHH Thực phẩm Mẫu", "address": "Khu công nghiệp Mẫu, Hưng Yên"},
    "methods": [{"number": "ĐLVN 160:2005", "title": _vi("Nhiệt kế điện trở")}],
    "items": [
        {"name": _vi("Nhiệt kế hiện số"), "manufacturer": "Mẫu", "model": "T-100", "serial": "SN778812"}
    ],
    "receiptDate": "2026-11-16",
    "performedFrom": "2026-11-17",
    "performedTo": "2026-11-18",
    "issueDate": "2026-11-20",
    "environment": [
        {
            "quantity": _vi("Nhiệt độ"),
            "min": "22.5",
            "max": "23.5",
            "unit": "\\degreecelsius",
            "displayUnit": "°C",
        },
        {
            "quantity": _vi("Độ ẩm"),
            "value": "55",
            "uncertainty": "5",
            "unit": "\\percent",
            "displayUnit": "%RH",
        },
    ],
    "traceability": [
        {
            "standardName": _vi("Nhiệt kế chuẩn"),
            "serial": "CH-01",
            "certificateNo": "V01.CN3.0001.26",
            "certificateIssuer": "Viện Đo lường Mẫu",
            "validUntil": "2027-06-30",
            "statement": _vi("Liên kết đến hệ đơn vị SI qua chuẩn đo lường quốc gia"),
        }
    ],
    "adjustment": "none",
    "results": [
        {
            "ref": "r1",
            "name": _vi("Sai số chỉ thị"),
            "quantity": "Nhiệt độ",
            "unit": "\\degreecelsius",
            "displayUnit": "°C",
            "columns": [{"kind": "referenceValue"}, {"kind": "measuredValue"}, {"kind": "measurementError"}],
            "rows": [["20.00", "20.05", "0.05"], ["40.00", "39.98", "-0.02"]],
            "uncertainty": {
                "kind": "expanded",
                "values": ["0.025"],
                "k": "2",
                "p": "0.95",
                "distribution": "normal",
                "sameUnit": True,
            },
        }
    ],
    "conformityStatements": [
        {
            "resultRefs": ["r1"],
            "specification": _vi("Sai số cho phép ±0,1 °C"),
            "verdict": "pass",
            "decisionRule": _vi("Chấp nhận khi |sai số| + U không vượt sai số cho phép (ILAC-G8, 4.2.2)"),
        }
    ],
    "recalibrationDue": {"date": "2027-11-18", "basis": "customer_agreed"},
    "statementItemsOnly": STATEMENT_ITEMS_ONLY,
    "authorisedBy": [{"name": "Trần Thị Mẫu", "role": "Trưởng phòng"}],
}


def calibration_content(
    *,
    slot: Slot = Slot(0, 0),  # noqa: B008 # frozen
    origin: str = SAMPLE_ORIGIN,
    did: str = SAMPLE_DID,
    number: str = "HC-2026-0001",
) -> JSONObject:
    """Return a correct certificate without its proof; every call returns a copy of its own."""
    return {
        "@context": list(CONTEXTS),
        "id": "urn:uuid:0192f3a0-7c1e-4b3a-9d55-2f1c6a0b9e12",
        "type": list(types_of(TYPE)),
        "issuer": {"id": did, "name": "Phòng Hiệu chuẩn Mẫu", "legalId": "0108888888"},
        "validFrom": "2026-11-20T00:00:00+07:00",
        "credentialStatus": credential_status(origin, slot),
        "name": list(TITLE),
        "certificateNumber": number,
        "version": 1,
        "salt": "AAAAAAAAAAAAAAAAAAAAAA",
        "language": "vi",
        "credentialSubject": deepcopy(_SUBJECT),
    }
