"""Vectors of trust roots: what a verifier pins, in its forms, and what is refused as one."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from certlog.operator_record import PinnedRotation
from certlog.strict_json import JSONObject
from tests.support.signing import cosigner, ed25519, log_signer
from tests.support.small_log import SmallLog
from tools.vectors.case import Case, accepted, refused


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield from _roots()


def _roots() -> Iterator[Case]:
    kind, root = "trust-root", SmallLog().trust_root()
    canonical = root.to_bytes().decode()
    pretty = json.dumps(root.to_json(), indent=4, ensure_ascii=False)
    wanted: JSONObject = {"fingerprint": root.fingerprint()}
    yield accepted(kind, "canonical", "A trust root in canonical form.", {"text": canonical}, wanted)
    yield accepted(
        kind, "pretty", "The same, spaced: the fingerprint does not change.", {"text": pretty}, wanted
    )
    second = PinnedRotation(7, ed25519("operator 2").public_key)
    pinned = replace(root, operator=replace(root.operator, rotations=(second,)))
    yield accepted(
        kind,
        "rotation-pinned",
        "A trust root that pins a rotation of the operator's key.",
        {"text": pinned.to_bytes().decode()},
        {"fingerprint": pinned.fingerprint()},
    )
    value = root.to_json()
    falling: Any = [second.to_json(), second.to_json()]
    operator: Any = value["operator"]
    chain: Any = root.chains[0].to_json()
    auditor = cosigner("auditor.example.vn", time=0).verifier_key.to_text()
    log_key: Any = root.log_keys[0].to_json()
    for name, about, members, code in (
        ("version-2", "A version that does not exist yet.", {"v": 2}, "bad-version"),
        ("unknown-member", "A member that the form does not have.", {"note": "x"}, "unknown-member"),
        (
            "foreign-log-key",
            "A log key that does not bear the origin.",
            {"logKeys": [{**log_key, "vkey": log_signer("b.vn").verifier_key.to_text()}]},
            "bad-vkey",
        ),
        ("no-log-key", "No log key.", {"logKeys": []}, "bad-vkey"),
        (
            "cosigner-as-log-key",
            "A key of type 04 as log key.",
            {"logKeys": [{**log_key, "vkey": cosigner(root.origin, time=0).verifier_key.to_text()}]},
            "bad-vkey",
        ),
        (
            "quorum-above-auditors",
            "More auditors wanted than there are.",
            {"auditors": {"keys": [auditor], "quorum": 2}},
            "invalid-input",
        ),
        (
            "quorum-zero",
            "Auditors, and none of them needed.",
            {"auditors": {"keys": [auditor], "quorum": 0}},
            "invalid-input",
        ),
        (
            "class-private",
            "A class of chain that does not exist.",
            {"chains": [{**chain, "class": "private"}]},
            "bad-chain",
        ),
        (
            "capital-address",
            "An address with capitals.",
            {"chains": [{**chain, "contract": chain["contract"].upper()}]},
            "bad-hex",
        ),
        (
            "rotations-not-rising",
            "Two rotations at one entry.",
            {"operator": {**operator, "rotations": falling}},
            "bad-rotation",
        ),
        ("negative-age", "A negative age.", {"maxStatusAge": -1}, "wrong-type"),
    ):
        yield refused(kind, name, about, {"text": json.dumps({**value, **members}, ensure_ascii=False)}, code)
    doubled = canonical.replace('"origin":', '"origin":"b.vn","origin":')
    yield refused(kind, "duplicate-origin", "Two origins.", {"text": doubled}, "duplicate-member")
