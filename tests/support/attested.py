"""Sample attested files for tests: a DCC and a PDF with their headers, complete and correct."""

import io
from typing import Final

import pikepdf

from certlog.attested import related_resource
from certlog.credential import CONTEXTS, credential_status
from certlog.digests import sha256
from certlog.encoding import b64url
from certlog.schemas.attested import PDF, TYPE, XML
from certlog.schemas.envelope import types_of
from certlog.slots import Slot
from certlog.strict_json import JSONObject
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN

XML_BYTES: Final = b"<dcc/>"
PDF_BYTES: Final = b"%PDF-1.7 sample"


def attested_content(
    kind: str = "calibration", *, data: bytes = XML_BYTES, stamped: bool = False
) -> JSONObject:
    """Return a correct header of a file without its proof; every call returns a copy of its own."""
    media_type = XML if data is XML_BYTES else PDF
    confidential = kind in ("calibration", "test")
    file: JSONObject = {"mediaType": media_type, "sourceDigest": b64url(sha256(data)), "stamped": stamped}
    subject: JSONObject = {
        "attestedKind": kind,
        "visibility": "confidential" if confidential else "public",
        "body": {"name": "Phòng Hiệu chuẩn Mẫu", "address": "Hà Nội", "code": "VILAS 999"},
        "client": {"name": "Công ty TNHH Mẫu", "address": "Hưng Yên", "country": "VN"},
        "items": [{"name": "Nhiệt kế điện trở", "model": "Pt100", "serial": "SN-77881234"}],
        "issueDate": "2026-11-20",
        "performedFrom": "2026-11-18",
        "performedTo": "2026-11-18",
        "authorisedBy": [{"name": "Nguyễn Văn Mẫu", "role": "Trưởng phòng"}],
        "file": file,
    }
    content: JSONObject = {
        "@context": list(CONTEXTS),
        "id": "urn:uuid:0192f3a0-7c1e-4b3a-9d55-2f1c6a0b9e22",
        "type": list(types_of(TYPE)),
        "issuer": {"id": SAMPLE_DID, "name": "Trung tâm Chứng nhận Mẫu", "legalId": "0109999999"},
        "validFrom": "2026-11-20T00:00:00+07:00",
        "credentialStatus": credential_status(SAMPLE_ORIGIN, Slot(0, 0)),
        "name": [{"@language": "vi", "@value": "Giấy chứng nhận hiệu chuẩn"}],
        "certificateNumber": "HC-2026-0001",
        "version": 1,
        "salt": "AAAAAAAAAAAAAAAAAAAAAA",
        "language": "vi",
        "credentialSubject": subject,
    }
    return content if stamped else content | {"relatedResource": [related_resource(media_type, sha256(data))]}


def plain_pdf(text: bytes = b"") -> bytes:
    """Return a PDF of one A4 page; the same arguments give the same bytes."""
    made = pikepdf.new()
    made.add_blank_page(page_size=(595, 842))
    made.pages[0].contents_add(text)
    out = io.BytesIO()
    made.save(out, static_id=True, compress_streams=False)
    return out.getvalue()
