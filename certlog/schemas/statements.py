"""JSON Schemas of proofs and of the public statements: status and trust documents (docs/formats.md, section 1).

certlog.documents, certlog.status and certlog.trust parse the same forms by hand; tests hold the two together.
"""

from collections.abc import Mapping
from typing import Final

from certlog.cryptosuites import SUITES
from certlog.keys import KeyType
from certlog.schemas.envelope import CONTEXTS
from certlog.schemas.parts import (
    COUNT,
    DATE,
    DID,
    DIGEST,
    DIGEST_OR_NULL,
    MULTIBASE_KEY,
    STRING,
    TIME,
    Schema,
    array,
    choice,
    closed,
    pattern,
    published,
)
from certlog.scopes import MAX_ITEMS, ResemblanceReason
from certlog.status import REASONS, StatusAction
from certlog.trust import TrustAction

_PROOF_MEMBERS: Final[Mapping[str, object]] = {
    "type": {"const": "DataIntegrityProof"},
    "cryptosuite": choice(*SUITES),
    "created": TIME,
    "verificationMethod": pattern(
        "^did:(web|webvh|key):[A-Za-z0-9._:%-]{1,200}#z[1-9A-HJ-NP-Za-km-z]{40,52}$"
    ),
    "proofPurpose": {"const": "assertionMethod"},
    "domain": STRING,
    "challenge": STRING,
    "proofValue": pattern("^z[1-9A-HJ-NP-Za-km-z]{64,88}$"),
}
# `@context` stands in a proof if and only if the document has one, and equals it.
STATEMENT_PROOF: Final = closed(_PROOF_MEMBERS)
CERTIFICATE_PROOF: Final = closed({**_PROOF_MEMBERS, "@context": {"const": list(CONTEXTS)}})
ENTRY_PROOF: Final = closed(_PROOF_MEMBERS, {"@context": {"not": {"type": "null"}}})
"""In a hash-only entry the document is not there to compare with."""

_FILE: Final = closed(
    {"sha256": DIGEST, "mediaType": pattern("^[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}$")},
)


def _status(action: StatusAction) -> Schema:
    further: dict[str, object] = {}
    if REASONS[action]:
        further["reason"] = choice(*REASONS[action])
    if action is StatusAction.SUPERSEDE:
        further["replacedBy"] = DIGEST
    if action is StatusAction.BIND_FILE:
        further["file"] = _FILE
    return closed(
        {
            "kind": {"const": "status"},
            "certificate": DIGEST,
            "issuer": DID,
            "action": {"const": action.value},
            "effective": TIME,
            "previous": DIGEST_OR_NULL,
            **further,
        }
    )


STATUS_DOCUMENT: Final = published(
    "status-document/v1",
    "Certlog status document, without its proof",
    {"oneOf": [_status(action) for action in StatusAction]},
)

NAMES: Final = closed({"vi": STRING}, {"en": STRING})
TOPICS: Final[Schema] = {**array(STRING, most=MAX_ITEMS), "uniqueItems": True}
_SOURCE: Final[Schema] = {
    "oneOf": [
        closed({"by": {"const": "authority"}}),
        closed({"by": {"const": "operator"}, "url": STRING, "date": DATE}),
    ]
}


def scope_schema(further: Mapping[str, object]) -> Schema:
    """Return the schema of a scope with further members: standards of a body, or measurands of a laboratory."""
    common: dict[str, object] = {
        "kind": choice("designation", "accreditation"),
        "authority": STRING,
        "source": _SOURCE,
        "dates": closed({"from": DATE}, {"until": DATE}),
        **further,
    }
    return {"oneOf": [closed({**common, topics: TOPICS}) for topics in ("standards", "measurands")]}


_DELEGABLE: Final = tuple(
    a for a in TrustAction if a not in (TrustAction.DELEGATE, TrustAction.ROTATE_OPERATOR)
)
DELEGATION: Final[Mapping[str, object]] = {
    "actions": {**array(choice(*(a.value for a in _DELEGABLE)), most=MAX_ITEMS), "uniqueItems": True},
    "scopes": array(closed({"kind": STRING, "authority": STRING}), least=0, most=MAX_ITEMS),
}
KEY: Final = closed({"id": MULTIBASE_KEY, "type": choice(*(t.value for t in KeyType))})

_TRUST_MEMBERS: Final[Mapping[TrustAction, Mapping[str, object]]] = {
    TrustAction.ENROL: {"names": NAMES, "legalId": STRING},
    TrustAction.ADD_KEY: {"key": KEY, "possession": ENTRY_PROOF},
    TrustAction.RETIRE_KEY: {"key": MULTIBASE_KEY},
    TrustAction.COMPROMISE_KEY: {"key": MULTIBASE_KEY, "since": COUNT},
    TrustAction.GRANT_SCOPE: {"scope": scope_schema({})},
    TrustAction.SUSPEND_SCOPE: {"grant": COUNT},
    TrustAction.REINSTATE_SCOPE: {"grant": COUNT},
    TrustAction.WITHDRAW_SCOPE: {"grant": COUNT},
    TrustAction.DELEGATE: DELEGATION,
    TrustAction.ROTATE_OPERATOR: {
        "old": MULTIBASE_KEY,
        "new": MULTIBASE_KEY,
        "possession": ENTRY_PROOF,
    },
}
_RESEMBLES: Final = array(
    closed({"did": DID, "reason": choice(*(reason.value for reason in ResemblanceReason))}), most=MAX_ITEMS
)


def _trust(action: TrustAction) -> Schema:
    return closed(
        {
            "kind": {"const": "trust"},
            "action": {"const": action.value},
            "subject": DID,
            "previous": DIGEST_OR_NULL,
            **_TRUST_MEMBERS[action],
        },
        {"resembles": _RESEMBLES} if action is TrustAction.ENROL else {},
    )


TRUST_DOCUMENT: Final = published(
    "trust-document/v1",
    "Certlog trust document, without its proof",
    {"oneOf": [_trust(action) for action in TrustAction]},
)
