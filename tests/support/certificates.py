"""Sample certificates of conformity for tests: complete and correct, for each test to change one member."""

from copy import deepcopy
from typing import Final

from certlog.credential import CONTEXTS, TYPES, credential_status
from certlog.slots import Slot
from certlog.strict_json import JSONObject

SAMPLE_ORIGIN: Final = "registry.example.vn"
SAMPLE_DID: Final = "did:web:mau.example.vn"
SAMPLE_AUTHORITY: Final = "Ủy ban Tiêu chuẩn Đo lường Chất lượng Quốc gia"

_SUBJECT: Final[JSONObject] = {
    "certificateKind": "product_regulation",
    "certificationBody": {"name": "Trung tâm Chứng nhận Mẫu", "address": "Số 1 đường Mẫu, Hà Nội"},
    "cbRegistration": {"number": "0001/TĐC-HCHQ", "issuedBy": SAMPLE_AUTHORITY, "validUntil": "2030-12-31"},
    "designation": {
        "decisionNo": "0123/QĐ-TĐC",
        "authority": SAMPLE_AUTHORITY,
        "scope": "Thiết bị điện và điện tử",
        "validUntil": "2030-12-31",
    },
    "client": {
        "name": "Công ty TNHH Dây cáp điện Sao Mẫu",
        "legalId": "0100000001",
        "address": "Khu công nghiệp Mẫu, Hưng Yên",
        "country": "VN",
    },
    "scope": {"text": [{"@language": "vi", "@value": "Dây điện bọc nhựa PVC"}]},
    "products": [{"name": "Dây điện bọc nhựa PVC", "model": "VCm 2x1,5", "gtin": "8930000000019"}],
    "criteria": [{"kind": "QCVN", "number": "QCVN 4:2009/BKHCN", "year": 2009}],
    "scheme": {"vnMethod": 5, "iso17067Type": "5"},
    "decisionDate": "2026-11-18",
    "issueDate": "2026-11-20",
    "expiryDate": "2029-11-19",
    "authorisedBy": {"name": "Nguyễn Văn Mẫu", "title": "Giám đốc"},
}


def conformity_content(
    *,
    slot: Slot = Slot(0, 0),  # noqa: B008 # frozen
    origin: str = SAMPLE_ORIGIN,
    did: str = SAMPLE_DID,
    number: str = "MAU-2026-0001",
) -> JSONObject:
    """Return a correct certificate without its proof; every call returns a copy of its own."""
    return {
        "@context": list(CONTEXTS),
        "id": "urn:uuid:0192f3a0-7c1e-4b3a-9d55-2f1c6a0b9e11",
        "type": list(TYPES),
        "issuer": {"id": did, "name": "Trung tâm Chứng nhận Mẫu", "legalId": "0109999999"},
        "validFrom": "2026-11-20T00:00:00+07:00",
        "validUntil": "2029-11-19T23:59:59+07:00",
        "credentialStatus": credential_status(origin, slot),
        "name": [{"@language": "vi", "@value": "Giấy chứng nhận hợp quy"}],
        "certificateNumber": number,
        "version": 1,
        "salt": "AAAAAAAAAAAAAAAAAAAAAA",
        "language": "vi",
        "credentialSubject": deepcopy(_SUBJECT),
    }
