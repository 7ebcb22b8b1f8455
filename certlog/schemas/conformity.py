"""JSON Schema of a certificate of conformity, without its proof.

The fields are those of ISO/IEC 17065 7.7.1, ISO/IEC 17021-1 8.2.2 and IAF MD 28, with the Vietnamese kinds
(hợp quy, hợp chuẩn, lot). What each kind must carry is in `allOf`; cross-field rules: certlog/conformity.py.
"""

from typing import Final

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

TYPE: Final = "ConformityCertificate"

PRODUCT_KINDS: Final = ("product_regulation", "product_standard", "batch")
KINDS: Final = (*PRODUCT_KINDS, "management_system", "person", "process_service")
CRITERION_KINDS: Final = ("QCVN", "TCVN", "ISO", "IEC", "TCCS")
SCHEME_TYPES: Final = ("1a", "1b", "2", "3", "4", "5", "6")
MARKS: Final = ("CR", "CS", "CB")

MAX_PRODUCTS: Final = 500

GTIN: Final = r"^([0-9]{8}|[0-9]{12,14})$"
HS_CODE: Final = r"^[0-9]{4}(\.?[0-9]{2}){0,3}$"
SECTOR_CODE: Final = r"^(IAF|NACE|VSIC|HS) [0-9A-Z.]{1,12}$"

_RATING = closed({"name": text(), "value": text()}, {"unit": text(20)})
_BATCH = closed({"no": text(), "qty": text()}, {"importDecl": text()})
_PRODUCT = closed(
    {"name": text(), "model": text()},
    {
        "brand": text(),
        "gtin": pattern(GTIN),
        "hsCode": pattern(HS_CODE),
        "batch": _BATCH,
        "ratings": array(_RATING, most=50),
    },
)
_CRITERION = closed(
    {
        "kind": choice(*CRITERION_KINDS),
        "number": text(100),
        "year": {"type": "integer", "minimum": 1900, "maximum": 2200},
    },
    {"amendment": text(), "title": LOCAL_TEXT},
)
_EVIDENCE = closed(
    {"testReportNo": text(), "lab": text(), "date": DATE}, {"labAccreditation": text(), "digest": DIGEST}
)

_SUBJECT = closed(
    {
        "certificateKind": choice(*KINDS),
        "certificationBody": closed({"name": text(), "address": text(500)}, {"logoRef": text()}),
        "cbRegistration": closed({"number": text(), "issuedBy": text(), "validUntil": DATE}),
        "client": closed(
            {
                "name": text(),
                "legalId": text(60),
                "address": text(500),
                "country": pattern("^[A-Z]{2}$"),
            },
            {"nameEn": text()},
        ),
        "scope": closed({"text": LOCAL_TEXT}, {"sectorCodes": array(pattern(SECTOR_CODE), most=50)}),
        "criteria": array(_CRITERION, most=50),
        "decisionDate": DATE,
        "issueDate": DATE,
        "authorisedBy": closed({"name": text(), "title": text()}),
    },
    {
        "designation": closed(
            {"decisionNo": text(), "authority": text(), "scope": text(MAX_LONG_TEXT), "validUntil": DATE}
        ),
        # An unaccredited certificate carries no accreditation object; the object is the claim.
        "accreditation": closed(
            {
                "body": text(),
                "code": text(),
                "standard": text(),
                "validUntil": DATE,
                "status": choice("accredited"),
            }
        ),
        "sites": array(closed({"name": text(), "address": text(500)}, {"activities": LOCAL_TEXT}), most=200),
        "products": array(_PRODUCT, most=MAX_PRODUCTS),
        "scheme": closed(
            {
                "vnMethod": {"type": "integer", "minimum": 1, "maximum": 8},
                "iso17067Type": choice(*SCHEME_TYPES),
            },
            {"name": text()},
        ),
        "originalIssueDate": DATE,
        "expiryDate": DATE,
        "surveillance": closed(
            {"intervalMonths": {"type": "integer", "minimum": 1, "maximum": 120}}, {"nextDue": DATE}
        ),
        "evidence": array(_EVIDENCE, most=100),
        "mark": closed({"type": choice(*MARKS)}, {"usageRef": text()}),
        "soaVersion": text(),
    },
)


def _kind_is(*kinds: str) -> Schema:
    subject: Schema = {"properties": {"certificateKind": choice(*kinds)}, "required": ["certificateKind"]}
    return {"properties": {"credentialSubject": subject}, "required": ["credentialSubject"]}


def _subject(**rules: object) -> Schema:
    return {"properties": {"credentialSubject": rules}}


_HAS_QCVN: Final = {"contains": {"properties": {"kind": {"const": "QCVN"}}, "required": ["kind"]}}

_RULES: Final[list[Schema]] = [
    {"if": _kind_is(*PRODUCT_KINDS), "then": _subject(required=["products", "scheme"])},
    {"if": _kind_is("product_regulation"), "then": _subject(properties={"criteria": _HAS_QCVN})},
    # A technical regulation is certified by a designated body only, whatever the kind is called.
    {
        "if": _subject(properties={"criteria": _HAS_QCVN}, required=["criteria"]),
        "then": _subject(required=["designation"]),
        "else": _subject(properties={"designation": False}),
    },
    # A lot certificate is "only for this lot": it has no end date, and says which lot.
    {
        "if": _kind_is("batch"),
        "then": {
            **_subject(properties={"expiryDate": False, "products": {"items": {"required": ["batch"]}}}),
            "not": {"required": ["validUntil"]},
        },
        "else": {**_subject(required=["expiryDate"]), "required": ["validUntil"]},
    },
]

CONFORMITY_CERTIFICATE: Final = certificate_schema(
    "conformity-certificate", "Certlog certificate of conformity, without its proof", TYPE, _SUBJECT, _RULES
)
