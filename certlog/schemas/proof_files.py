"""JSON Schemas of what a verifier reads: evidence, status proof, trust root (docs/formats.md, 6, 8, 9)."""

from collections.abc import Mapping
from typing import Final

from certlog.evidence import (
    EVIDENCE_VERSION,
    MAX_ANCHORS,
    MAX_HEADS,
    MAX_NOTE_LINES,
    MAX_RECORDS,
    MAX_STATEMENTS,
)
from certlog.keys import KeyType
from certlog.omission_proof import (
    MAX_EVENTS,
    MAX_REPLACEMENTS,
    MAX_TAIL,
    OMISSION_PROOF_KIND,
    OMISSION_PROOF_VERSION,
)
from certlog.operator_record import MAX_KEYS
from certlog.schemas.certificates import CERTIFICATES
from certlog.schemas.log import CERTIFICATE_ENTRY, EPOCH_ENTRY, STATUS_ENTRY, TRUST_ENTRY
from certlog.schemas.parts import (
    COUNT,
    COUNT_OR_NULL,
    DID,
    MULTIBASE_KEY,
    PATH,
    STRING,
    UTC,
    Schema,
    array,
    choice,
    closed,
    embedded,
    pattern,
    published,
)
from certlog.schemas.statements import CERTIFICATE_PROOF, DELEGATION, NAMES, scope_schema
from certlog.status_proof import STATUS_PROOF_KIND, STATUS_PROOF_VERSION
from certlog.trust_root import CHAIN_CLASSES, MAX_ITEMS, TRUST_ROOT_VERSION

_HEX_HASH: Final = pattern("^0x[0-9a-f]{64}$")
_SPAN: Final[Schema] = {"type": "array", "prefixItems": [COUNT, COUNT_OR_NULL], "items": False, "minItems": 2}
_UNBOUNDED: Final = 10_000
"""Keys, scopes and delegations of one record are bounded by the file that carries it, not by a count."""

ISSUER_RECORD: Final = published(
    "issuer-record/v1",
    "Certlog issuer record (leaf data of the trust tree)",
    closed(
        {
            "did": DID,
            "names": NAMES,
            "legalId": STRING,
            "keys": array(
                closed(
                    {
                        "id": MULTIBASE_KEY,
                        "type": choice(*(key_type.value for key_type in KeyType)),
                        "added": COUNT,
                        "retired": COUNT_OR_NULL,
                        "compromisedSince": COUNT_OR_NULL,
                    }
                ),
                least=0,
                most=_UNBOUNDED,
            ),
            "scopes": array(
                scope_schema(
                    {
                        "grant": COUNT,
                        "suspended": array(_SPAN, least=0, most=_UNBOUNDED),
                        "withdrawn": COUNT_OR_NULL,
                    }
                ),
                least=0,
                most=_UNBOUNDED,
            ),
            "delegations": array(
                closed({"index": COUNT, **DELEGATION, "withdrawn": COUNT_OR_NULL}), least=0, most=_UNBOUNDED
            ),
        }
    ),
)


OPERATOR_RECORD: Final = published(
    "operator-record/v1",
    "Certlog operator record (leaf 0 of the trust tree)",
    closed(
        {
            "operator": DID,
            "keys": array(
                closed(
                    {
                        "id": MULTIBASE_KEY,
                        "type": choice(*(key_type.value for key_type in KeyType)),
                        "added": COUNT_OR_NULL,
                        "retired": COUNT_OR_NULL,
                        "compromisedSince": COUNT_OR_NULL,
                    }
                ),
                most=MAX_KEYS,
            ),
        }
    ),
)


def _secured(schema: Schema) -> Schema:
    """Return the schema of a document together with its proof."""
    required, properties = schema["required"], schema["properties"]
    if not isinstance(required, list) or not isinstance(properties, dict):
        raise TypeError("expected the schema of a closed object")
    with_proof = {"required": [*required, "proof"], "properties": {**properties, "proof": CERTIFICATE_PROOF}}
    return embedded(schema) | with_proof


SECURED_CERTIFICATES: Final[Mapping[str, Schema]] = {
    f"secured-{name}": published(
        f"secured-{name}/v1",
        str(schema["title"]).replace(", without its proof", " with its proof"),
        _secured(schema),
    )
    for name, schema in CERTIFICATES.items()
}

_ANCHOR: Final = closed({"chainId": COUNT, "txHash": _HEX_HASH, "blockNumber": COUNT, "blockTime": UTC})
_HEAD: Final = closed(
    {"checkpoint": array(STRING, least=0, most=MAX_NOTE_LINES), "path": PATH},
    {"anchors": array(_ANCHOR, most=MAX_ANCHORS)},
)


def _proven(entry: Schema) -> Schema:
    return closed({"index": COUNT, "entry": entry, "path": PATH})


_LISTS: Final = array(closed({"bits": pattern("^u[A-Za-z0-9_-]+$"), "path": PATH}), least=2, most=2)
_RECORD: Final = closed({"index": COUNT, "record": embedded(ISSUER_RECORD), "path": PATH})

EVIDENCE: Final = published(
    "evidence/v1",
    "Certlog evidence (canonical JSON)",
    closed(
        {
            "v": {"const": EVIDENCE_VERSION},
            "index": COUNT,
            "heads": array(_HEAD, most=MAX_HEADS),
            "trust": array(_proven(TRUST_ENTRY), least=0, most=MAX_STATEMENTS),
            "events": array(_proven(STATUS_ENTRY), least=0, most=MAX_STATEMENTS),
            "epoch": _proven(EPOCH_ENTRY),
            "operator": closed({"record": embedded(OPERATOR_RECORD), "path": PATH}),
            "records": array(_RECORD, least=0, most=MAX_RECORDS),
            "lists": _LISTS,
        },
        {"certificate": {"oneOf": [_secured(schema) for schema in CERTIFICATES.values()]}},
    ),
)

STATUS_PROOF: Final = published(
    "status-proof/v1",
    "Certlog dated status proof (canonical JSON)",
    closed(
        {
            "v": {"const": STATUS_PROOF_VERSION},
            "kind": {"const": STATUS_PROOF_KIND},
            "index": COUNT,
            "entry": CERTIFICATE_ENTRY,
            "head": _HEAD,
            "epoch": _proven(EPOCH_ENTRY),
            "record": _RECORD,
            "lists": _LISTS,
        }
    ),
)

OMISSION_PROOF: Final = published(
    "omission-proof/v1",
    "Certlog omission proof (canonical JSON)",
    closed(
        {
            "v": {"const": OMISSION_PROOF_VERSION},
            "kind": {"const": OMISSION_PROOF_KIND},
            "statement": embedded(STATUS_PROOF),
            "events": array(_proven(STATUS_ENTRY), least=0, most=MAX_EVENTS),
            "replacements": array(_proven(CERTIFICATE_ENTRY), least=0, most=MAX_REPLACEMENTS),
        },
        {
            "tail": closed(
                {
                    "start": COUNT,
                    "peaks": PATH,
                    "entries": array(pattern("^[A-Za-z0-9_-]*$"), least=0, most=MAX_TAIL),
                }
            ),
            "base": closed({"epoch": _proven(EPOCH_ENTRY), "lists": _LISTS}),
        },
    ),
)

_CHAIN: Final = closed(
    {
        "id": COUNT,
        "class": choice(*CHAIN_CLASSES),
        "contract": pattern("^0x[0-9a-f]{40}$"),
        "codeHash": _HEX_HASH,
        "logIds": array(closed({"logId": _HEX_HASH, "maxSize": COUNT_OR_NULL}), least=0, most=MAX_ITEMS),
        "endpoints": array(STRING, least=0, most=MAX_ITEMS),
        "quorum": {**COUNT, "minimum": 1},
        "finality": {"anyOf": [{"const": "tag"}, COUNT]},
    }
)

TRUST_ROOT: Final = published(
    "trust-root/v1",
    "Certlog trust root",
    closed(
        {
            "v": {"const": TRUST_ROOT_VERSION},
            "origin": STRING,
            "logKeys": array(
                closed({"vkey": STRING, "fromSize": COUNT, "toSize": COUNT_OR_NULL}), most=MAX_ITEMS
            ),
            "operator": closed(
                {"did": DID, "key": MULTIBASE_KEY, "recoveryKey": MULTIBASE_KEY},
                {"rotations": array(closed({"index": COUNT, "key": MULTIBASE_KEY}), most=MAX_ITEMS)},
            ),
            "listKey": MULTIBASE_KEY,
            "auditors": closed({"keys": array(STRING, least=0, most=MAX_ITEMS), "quorum": COUNT}),
            "chains": array(_CHAIN, least=0, most=MAX_ITEMS),
            "maxStatusAge": COUNT,
            "maxAnchorAge": COUNT,
        }
    ),
)
