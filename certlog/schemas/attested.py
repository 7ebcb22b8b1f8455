"""JSON Schema of an attested file: a certificate in the body's own layout (a PDF, or a DCC in XML), without its proof.

The file is the certificate; what stands here is its header, and the hash that says which file. Results stay in the
file. Cross-field rules: certlog/attested.py.
"""

from typing import Final

from certlog.schemas.calibration import PLACES
from certlog.schemas.conformity import CRITERION_KINDS
from certlog.schemas.envelope import certificate_schema
from certlog.schemas.parts import (
    DATE,
    DIGEST,
    LOCAL_TEXT,
    MAX_LONG_TEXT,
    Schema,
    array,
    choice,
    closed,
    pattern,
    text,
)

TYPE: Final = "AttestedFileCertificate"
KINDS: Final = ("conformity", "calibration", "verification", "test", "inspection")
"""Verification is that of legal metrology (kiểm định), and never the same as calibration (hiệu chuẩn)."""
VISIBILITIES: Final = ("public", "confidential")
PDF: Final = "application/pdf"
XML: Final = "application/xml"
MEDIA_TYPES: Final = (PDF, XML)
MAX_ITEMS: Final = 50
MAX_PEOPLE: Final = 20

_PARTY: Final = {"address": text(500), "country": pattern("^[A-Z]{2}$")}
_ITEM: Final = closed(
    {"name": LOCAL_TEXT},
    {"manufacturer": text(), "model": text(), "serial": text(100), "assetId": text(100)},
)
_CRITERION: Final = closed(
    {"kind": choice(*CRITERION_KINDS, "other"), "number": text(200)},
    {"year": {"type": "integer", "minimum": 1900, "maximum": 2200}, "amendment": text()},
)
_DESIGNATION: Final = closed(
    {"decisionNo": text(), "authority": text(), "scope": text(MAX_LONG_TEXT), "validUntil": DATE}
)
_ACCREDITATION: Final = closed(
    {"body": text(), "code": text(), "standard": text(), "validUntil": DATE, "status": choice("accredited")}
)
_FILE: Final = closed(
    {
        "mediaType": choice(*MEDIA_TYPES),
        # SHA-256 of the body's own file: the bound file itself, or what it was before the code was stamped on it.
        "sourceDigest": DIGEST,
        "stamped": {"type": "boolean"},
    },
    {"dccVersion": pattern(r"^3\.[0-9]{1,2}\.[0-9]{1,2}(-rc\.[0-9]{1,2})?$")},
)

_SUBJECT: Final = closed(
    {
        "attestedKind": choice(*KINDS),
        "visibility": choice(*VISIBILITIES),
        "body": closed({"name": text()}, {**_PARTY, "code": text(60)}),
        "items": array(_ITEM, most=MAX_ITEMS),
        "file": _FILE,
    },
    {
        "client": closed({"name": text()}, {**_PARTY, "legalId": text(60)}),
        "criteria": array(_CRITERION, most=50),
        "designation": _DESIGNATION,
        "accreditation": _ACCREDITATION,
        "issueDate": DATE,
        "expiryDate": DATE,
        "receiptDate": DATE,
        "performedFrom": DATE,
        "performedTo": DATE,
        "performanceLocation": choice(*PLACES),
        "authorisedBy": array(closed({"name": text()}, {"role": text()}), most=MAX_PEOPLE),
    },
)


def _kind_is(*kinds: str) -> Schema:
    subject: Schema = {"properties": {"attestedKind": choice(*kinds)}, "required": ["attestedKind"]}
    return {"properties": {"credentialSubject": subject}, "required": ["credentialSubject"]}


def _subject(**rules: object) -> Schema:
    return {"properties": {"credentialSubject": rules}}


_REGULATION: Final[Schema] = {
    "contains": {"properties": {"number": {"pattern": "^[Qq][Cc][Vv][Nn]"}}, "required": ["number"]}
}
_RULES: Final[list[Schema]] = [
    # A DCC's schema lets the date of issue out; the last day of the work then stands in for it.
    _subject(anyOf=[{"required": ["issueDate"]}, {"required": ["performedTo"]}]),
    {
        "if": _kind_is("calibration"),
        # ISO/IEC 17025, 4.2 and 7.8.4.3: the customer's own, and without an end of validity.
        "then": {
            **_subject(
                required=["performedTo"],
                properties={"visibility": {"const": "confidential"}, "expiryDate": False},
            ),
            "not": {"required": ["validUntil"]},
        },
    },
    # Its own layout frees no body from the designation that a technical regulation needs.
    {
        "if": _subject(properties={"criteria": _REGULATION}, required=["criteria"]),
        "then": _subject(required=["designation"], properties={"attestedKind": {"const": "conformity"}}),
        "else": _subject(properties={"designation": False}),
    },
    {"if": _kind_is("conformity"), "else": _subject(properties={"accreditation": False})},
]

ATTESTED_FILE_CERTIFICATE: Final[Schema] = certificate_schema(
    "attested-file-certificate", "Certlog attested file, without its proof", TYPE, _SUBJECT, _RULES
)
