"""JSON Schemas of what an auditor writes: `report.json` and `pack.json` (docs/formats.md, 10.2; docs/auditing.md).

Programs read them, no verifier does: members are closed all the same, so that a typing error is seen. Codes of findings
are added in time and are therefore a pattern, not a list.
"""

from typing import Final

from certlog.evidence import MAX_NOTE_LINES
from certlog.schemas.parts import (
    COUNT,
    COUNT_OR_NULL,
    DID,
    DIGEST,
    STRING,
    UTC,
    Schema,
    array,
    choice,
    closed,
    pattern,
    published,
)

AUDIT_PARTS: Final = (
    "checkpoint",
    "consistency",
    "tree",
    "entries",
    "epochs",
    "anchors",
    "lists",
    "documents",
    "database",
)
AUDIT_RESULTS: Final = ("clean", "finding", "not checked")
_STATES: Final = (*AUDIT_RESULTS, "left out")
_MOST: Final = 1_000_000
_FINGERPRINT: Final[Schema] = STRING
_CHECKPOINT: Final = array(STRING, least=0, most=MAX_NOTE_LINES)

_FINDING: Final = closed(
    {
        "code": pattern("^[a-z]+(-[a-z]+)*$"),
        "part": choice(*AUDIT_PARTS),
        "index": COUNT,
        "what": STRING,
        "expected": STRING,
        "found": STRING,
    }
)

AUDIT_REPORT: Final = published(
    "audit-report/v1",
    "Certlog audit report (report.json, and certlog audit --json)",
    closed(
        {
            "v": {"const": 1},
            "result": choice(*AUDIT_RESULTS),
            "origin": STRING,
            "source": STRING,
            "trustRoot": _FINGERPRINT,
            "size": COUNT,
            "root": DIGEST,
            "checkpoint": _CHECKPOINT,
            "started": UTC,
            "finished": UTC,
            "endsInEpoch": {"type": "boolean"},
            "first": {"anyOf": [_FINDING, {"type": "null"}]},
            "findingCount": COUNT,
            "findings": array(_FINDING, least=0, most=_MOST),
            "parts": array(
                closed({"part": choice(*AUDIT_PARTS), "state": choice(*_STATES), "what": STRING}),
                most=len(AUDIT_PARTS),
            ),
            "anchors": array(
                closed(
                    {
                        "chainId": COUNT,
                        "size": COUNT,
                        "root": DIGEST,
                        "blockNumber": COUNT_OR_NULL,
                        "blockTime": UTC,
                    }
                ),
                least=0,
                most=_MOST,
            ),
        }
    ),
)

_NUMBER: Final = pattern("^[0-9]+$")
_NUMBER_OR_NOTHING: Final = pattern("^([0-9]+)?$")
_DAYS_OR_NOTHING: Final = pattern("^(-?[0-9]+)?$")
_TIME_OR_NOTHING: Final = pattern("^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$")
_CODE: Final = pattern("^[0-9A-Z]{5}(-[0-9A-Z]{5}){3}$")

ASSESSMENT_PACK: Final = published(
    "assessment-pack/v1",
    "Certlog assessment pack (pack.json); rows are texts, as in its CSV files",
    closed(
        {
            "v": {"const": 1},
            "origin": STRING,
            "size": COUNT,
            "root": DIGEST,
            "checkpoint": _CHECKPOINT,
            "trustRoot": _FINGERPRINT,
            "body": DID,
            "from": UTC,
            "to": UTC,
            "seed": STRING,
            "sampleRule": {"const": "smallest SHA-256(seed ‖ documentHash)"},
            "lateDays": COUNT,
            "certificates": array(
                closed(
                    {
                        "index": _NUMBER,
                        "id": _CODE,
                        "documentHash": DIGEST,
                        "loggedBy": UTC,
                        "status": choice("in force", "suspended", "withdrawn", "cancelled", "superseded"),
                        "content": choice("public", "opened", "sealed", "withheld"),
                        "number": STRING,
                        "version": _NUMBER_OR_NOTHING,
                        "kind": STRING,
                        "customer": STRING,
                        "validFrom": _TIME_OR_NOTHING,
                        "validUntil": _TIME_OR_NOTHING,
                        "issuedEarlier": STRING,
                        "lateDays": _DAYS_OR_NOTHING,
                    }
                ),
                least=0,
                most=100_000_000,
            ),
            "sample": array(COUNT, least=0, most=10_000),
            "late": array(COUNT, least=0, most=100_000_000),
            "events": array(
                closed(
                    {
                        "index": _NUMBER,
                        "loggedBy": UTC,
                        "id": _CODE,
                        "action": choice(
                            "suspend", "reinstate", "withdraw", "cancel", "supersede", "bindFile"
                        ),
                        "reason": STRING,
                    }
                ),
                least=0,
                most=100_000_000,
            ),
        }
    ),
)
