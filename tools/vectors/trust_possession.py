"""Vectors of keys whose holder did not agree to their registration."""

from collections.abc import Iterator
from typing import Any

from certlog.documents import TRUST_CHALLENGE, SecuredDocument, secure
from certlog.strict_json import JSONObject
from tests.support.possession import added_key
from tests.support.signing import p256
from tests.support.small_log import OPERATOR_DID, SmallLog
from tools.vectors.case import Case, refused
from tools.vectors.trust import OTHER_DID, enrolled, given_replay, stated_replay


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    no_proof = enrolled().trust_document(added_key(p256("new").public_key))
    other_key: Any = added_key(p256("other").public_key).possession.to_json()
    borrowed = _signed(enrolled(), no_proof.content | {"possession": other_key})
    own: Any = no_proof.content["possession"]
    forged_proof = _signed(
        enrolled(), no_proof.content | {"possession": {**own, "proofValue": other_key["proofValue"]}}
    )
    moved = _signed(
        enrolled(),
        no_proof.content
        | {"possession": added_key(p256("new").public_key, origin="other.example.vn").possession.to_json()},
    )
    unproven = _signed(enrolled(), {k: v for k, v in no_proof.content.items() if k != "possession"})
    for name, about, given, code in (
        (
            "possession-missing",
            "A key without its holder's proof.",
            given_replay(enrolled(), unproven),
            "missing-member",
        ),
        (
            "possession-of-another-key",
            "The proof was made with another key.",
            given_replay(enrolled(), borrowed),
            "no-possession",
        ),
        (
            "possession-forged",
            "The proof's signature is not the key's.",
            given_replay(enrolled(), forged_proof),
            "signature-mismatch",
        ),
        (
            "possession-for-another-log",
            "The holder agreed for another log.",
            given_replay(enrolled(), moved),
            "wrong-domain",
        ),
        (
            "possession-for-another-body",
            "The holder agreed for another DID.",
            stated_replay(enrolled(), added_key(p256("new").public_key, OTHER_DID)),
            "no-possession",
        ),
    ):
        yield refused("trust-replay", name, about, given, code)


def _signed(log: SmallLog, content: JSONObject) -> SecuredDocument:
    """Sign content as the operator would, right or wrong."""
    return secure(
        content,
        signer=log.operator_signer,
        did=OPERATOR_DID,
        domain=log.origin,
        challenge=TRUST_CHALLENGE,
        created=log.time,
    )
