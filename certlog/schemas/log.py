"""JSON Schemas of what stands in the log: entries and epochs (docs/formats.md, sections 3 and 5)."""

from typing import Final

from certlog.entry import ENTRY_VERSION
from certlog.schemas.parts import COUNT, DIGEST, UTC, Schema, closed, embedded, published
from certlog.schemas.statements import ENTRY_PROOF, STATEMENT_PROOF, STATUS_DOCUMENT, TRUST_DOCUMENT
from certlog.slots import LIST_SIZE, MAX_LIST

EPOCH: Final = published(
    "epoch/v1",
    "Certlog epoch document",
    closed(
        {
            "number": COUNT,
            "time": UTC,
            "asOf": COUNT,
            "statusLists": COUNT,
            "statusRoot": DIGEST,
            "trustRecords": COUNT,
            "trustRoot": DIGEST,
        }
    ),
)

SLOT: Final[Schema] = {
    "type": "array",
    "prefixItems": [
        {"type": "integer", "minimum": 0, "maximum": MAX_LIST},
        {"type": "integer", "minimum": 0, "maximum": LIST_SIZE - 1},
    ],
    "items": False,
    "minItems": 2,
}

_VERSION: Final[Schema] = {"const": ENTRY_VERSION}

CERTIFICATE_ENTRY: Final = closed(
    {
        "v": _VERSION,
        "type": {"const": "certificate"},
        "documentHash": DIGEST,
        "proof": ENTRY_PROOF,
        "slot": SLOT,
    }
)
STATUS_ENTRY: Final = closed(
    {
        "v": _VERSION,
        "type": {"const": "status"},
        "document": embedded(STATUS_DOCUMENT),
        "proof": STATEMENT_PROOF,
    }
)
TRUST_ENTRY: Final = closed(
    {
        "v": _VERSION,
        "type": {"const": "trust"},
        "document": embedded(TRUST_DOCUMENT),
        "proof": STATEMENT_PROOF,
    }
)
EPOCH_ENTRY: Final = closed({"v": _VERSION, "type": {"const": "epoch"}, "document": embedded(EPOCH)})

ENTRY: Final = published(
    "entry/v1",
    "Certlog log entry (leaf data, canonical JSON)",
    {"oneOf": [CERTIFICATE_ENTRY, STATUS_ENTRY, TRUST_ENTRY, EPOCH_ENTRY]},
)
