"""JSON Schema of a calibration certificate, without its proof.

Fields: ISO/IEC 17025:2017, 7.8.2.1 a-p, 7.8.4.1 and 7.8.6.2; enumerations: PTB's DCC 3.3.0. There is no end of validity
(7.8.4.3). Every measured value is a decimal text. Cross-field rules: certlog/calibration.py.
"""

from typing import Final

from certlog.schemas.envelope import certificate_schema
from certlog.schemas.parts import (
    DATE,
    DIGEST,
    LOCAL_TEXT,
    Schema,
    array,
    choice,
    closed,
    pattern,
    text,
)
from certlog.strict_json import JSONValue

TYPE: Final = "CalibrationCertificate"
TITLE: Final[tuple[JSONValue, ...]] = (
    {"@language": "vi", "@value": "Giấy chứng nhận hiệu chuẩn"},
    {"@language": "en", "@value": "Calibration certificate"},
)

PLACES: Final = ("laboratory", "customer", "laboratoryBranch", "customerBranch", "other")
NUMBER_COLUMNS: Final = (
    "nominalValue",
    "referenceValue",
    "measuredValue",
    "measurementError",
    "correction",
    "repeatability",
    "maximumPermissibleError",
    "condition",
)
"""Columns of measured values; `condition` is one at which was measured, such as a frequency, in a unit of its own."""
TEXT_COLUMNS: Final = ("measuringRange", "position", "remark")
COLUMNS: Final = (*NUMBER_COLUMNS, *TEXT_COLUMNS)
ADJUSTMENTS: Final = ("none", "performed")
STAGES: Final = ("beforeAdjustment", "afterAdjustment")
VERDICTS: Final = ("pass", "fail", "conditionalPass", "conditionalFail", "noPass", "noFail")
DISTRIBUTIONS: Final = ("normal", "studentT", "rectangular", "triangular", "other")
RECALIBRATION_BASES: Final = ("customer_agreed", "regulation")
STATEMENT_ITEMS_ONLY: Final = "results_relate_only_to_items_calibrated"
REPRODUCTION_STATEMENT: Final = "reproduced_only_in_full"

MAX_RESULTS: Final = 100
MAX_ROWS: Final = 2000
MAX_COLUMNS: Final = 12
MAX_ITEMS: Final = 50

DECIMAL_PATTERN: Final = r"^-?(0|[1-9][0-9]{0,29})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?$"
DECIMAL: Final[Schema] = pattern(DECIMAL_PATTERN)
UNIT: Final[Schema] = {"type": "string", "pattern": r"^(\\[a-z]+(\{[0-9.-]{1,8}\})?)+$", "maxLength": 200}
REF: Final[Schema] = pattern("^[A-Za-z0-9_-]{1,40}$")
_REFS: Final[Schema] = {**array(REF, most=MAX_RESULTS), "uniqueItems": True}
_DISPLAY: Final = text(40)

_LABORATORY = closed(
    {"name": text(), "address": text(500)},
    {
        "code": text(60),
        # As in a certificate of conformity, the object is the claim; results of other quantities are outside it.
        "accreditation": closed(
            {
                "body": text(),
                "code": text(),
                "standard": text(),
                "validUntil": DATE,
                "status": choice("accredited"),
                "measurands": {**array(text(), most=50), "uniqueItems": True},
            }
        ),
    },
)
_PLACE = closed({"kind": choice(*PLACES)}, {"address": text(500)})
_METHOD = closed({"number": text(100)}, {"title": LOCAL_TEXT, "deviations": LOCAL_TEXT})
_ITEM = closed(
    {"name": LOCAL_TEXT},
    {
        "manufacturer": text(),
        "model": text(),
        "serial": text(100),
        "assetId": text(100),
        "range": text(),
        "resolution": text(),
        "condition": LOCAL_TEXT,
        "group": {"type": "integer", "minimum": 1, "maximum": 2},
    },
)
_ENVIRONMENT = closed(
    {"quantity": LOCAL_TEXT, "unit": UNIT, "displayUnit": _DISPLAY},
    {"min": DECIMAL, "max": DECIMAL, "value": DECIMAL, "uncertainty": DECIMAL},
) | {
    "oneOf": [
        {
            "required": ["min", "max"],
            "not": {"anyOf": [{"required": ["value"]}, {"required": ["uncertainty"]}]},
        },
        {"required": ["value"], "not": {"anyOf": [{"required": ["min"]}, {"required": ["max"]}]}},
    ]
}
_STANDARD = closed(
    {"standardName": LOCAL_TEXT, "certificateNo": text(), "certificateIssuer": text()},
    {"serial": text(100), "certDigest": DIGEST, "validUntil": DATE, "statement": LOCAL_TEXT},
)
_COLUMN = closed({"kind": choice(*COLUMNS)}, {"label": LOCAL_TEXT, "unit": UNIT, "displayUnit": _DISPLAY}) | {
    "dependentRequired": {"unit": ["displayUnit"], "displayUnit": ["unit"]}
}
_UNCERTAINTY = closed(
    {
        "kind": {"const": "expanded"},
        "values": array(DECIMAL, most=MAX_ROWS),
        "k": DECIMAL,
        "p": DECIMAL,
        "distribution": choice(*DISTRIBUTIONS),
        "sameUnit": {"type": "boolean"},
    },
    {"unit": UNIT, "displayUnit": _DISPLAY},
) | {
    "if": {"properties": {"sameUnit": {"const": True}}},
    "then": {"properties": {"unit": False, "displayUnit": False}},
    "else": {"required": ["unit", "displayUnit"]},
}
_RESULT = closed(
    {
        "ref": REF,
        "name": LOCAL_TEXT,
        "quantity": text(),
        "unit": UNIT,
        "displayUnit": _DISPLAY,
        "columns": array(_COLUMN, most=MAX_COLUMNS),
        "rows": array(array(text(), most=MAX_COLUMNS), most=MAX_ROWS),
        "uncertainty": _UNCERTAINTY,
    },
    {"stage": choice(*STAGES)},
)
_STATEMENT = closed(
    {
        "resultRefs": _REFS,
        "specification": LOCAL_TEXT,
        "verdict": choice(*VERDICTS),
        # ISO/IEC 17025, 7.8.6.2 c: a statement of conformity without its decision rule says nothing.
        "decisionRule": LOCAL_TEXT,
    }
)

_SUBJECT = closed(
    {
        "title": {"const": list(TITLE)},
        "laboratory": _LABORATORY,
        "performanceLocation": _PLACE,
        "customer": closed({"name": text(), "address": text(500)}, {"contact": text()}),
        "methods": array(_METHOD, most=20),
        "items": array(_ITEM, most=MAX_ITEMS),
        "performedFrom": DATE,
        "performedTo": DATE,
        "issueDate": DATE,
        "statementItemsOnly": {"const": STATEMENT_ITEMS_ONLY},
        "results": array(_RESULT, most=MAX_RESULTS),
        "authorisedBy": array(closed({"name": text(), "role": text()}), most=10),
        "traceability": array(_STANDARD, most=50),
        "adjustment": choice(*ADJUSTMENTS),
    },
    {
        "receiptDate": DATE,
        "sampling": closed({"description": LOCAL_TEXT}, {"date": DATE, "location": text(500)}),
        "reproductionStatement": {"const": REPRODUCTION_STATEMENT},
        "externalProvider": closed({"name": text(), "resultRefs": _REFS}, {"text": LOCAL_TEXT}),
        "environment": array(_ENVIRONMENT, most=20),
        "conformityStatements": array(_STATEMENT, most=MAX_RESULTS),
        "opinions": LOCAL_TEXT,
        "recalibrationDue": closed({"date": DATE, "basis": choice(*RECALIBRATION_BASES)}),
    },
)

_ADJUSTED: Final[Schema] = {
    "if": {
        "properties": {"credentialSubject": {"properties": {"adjustment": {"const": "performed"}}}},
    },
    "then": {
        "properties": {
            "credentialSubject": {
                "properties": {
                    "results": {"items": {"required": ["stage"]}},
                }
            }
        }
    },
    "else": {
        "properties": {
            "credentialSubject": {
                "properties": {"results": {"items": {"properties": {"stage": False}}}},
            }
        }
    },
}
_NO_END: Final[Schema] = {"not": {"required": ["validUntil"]}}

CALIBRATION_CERTIFICATE: Final = certificate_schema(
    "calibration-certificate",
    "Certlog calibration certificate, without its proof",
    TYPE,
    _SUBJECT,
    [_NO_END, _ADJUSTED],
)
