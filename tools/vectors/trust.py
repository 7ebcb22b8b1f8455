"""Vectors of trust: replay of statements into issuer records and their tree, and the trust root of a verifier."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from certlog.documents import TRUST_CHALLENGE, SecuredDocument, secure
from certlog.encoding import b64url
from certlog.keys import Signer
from certlog.operator_record import Operator, PinnedRotation
from certlog.scopes import DelegatedScope, Names, Scope, Source
from certlog.strict_json import JSONObject, JSONValue
from certlog.trust import (
    Change,
    ChangeScope,
    CompromiseKey,
    Delegate,
    Enrol,
    GrantScope,
    RetireKey,
    RotateOperator,
    TrustAction,
)
from tests.support.certificates import SAMPLE_AUTHORITY, SAMPLE_DID
from tests.support.possession import added_key, rotation_to
from tests.support.signing import cosigner, ed25519, log_signer, p256
from tests.support.small_log import DESIGNATION, OPERATOR_DID, SmallLog
from tools.vectors.case import Case, accepted, refused

KEY: Final = ed25519("issuer").public_key
AUTHORITY: Final = p256("authority")
AUTHORITY_DID: Final = "did:web:uyban.example.vn"
OTHER_DID: Final = "did:web:khac.example.vn"
NAMES: Final = Names("Phòng thử nghiệm Mẫu")
BY_AUTHORITY: Final = Scope(
    kind="designation",
    topics=("QCVN 9:2012/BKHCN",),
    measured=False,
    authority=SAMPLE_AUTHORITY,
    source=Source("authority"),
    valid_from="2026-01-01",
)
MAY_GRANT: Final = Delegate(
    (TrustAction.GRANT_SCOPE, TrustAction.WITHDRAW_SCOPE), (DelegatedScope("designation", SAMPLE_AUTHORITY),)
)


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield from _replayed()
    yield from _refused_by_the_record()
    yield from _refused_for_the_signer()
    yield from _roots()


def enrolled() -> SmallLog:
    """Return a log with one body: entry 0 enrols, 1 adds its key, 2 grants its scope."""
    log = SmallLog()
    log.enrol(KEY, SAMPLE_DID, DESIGNATION)
    return log


def delegated() -> SmallLog:
    """Return such a log with an authority: entry 3 enrols it, 4 adds its key, 5 delegates to it."""
    log = enrolled()
    log.enrol(AUTHORITY.public_key, AUTHORITY_DID)
    log.state(MAY_GRANT, AUTHORITY_DID)
    return log


def _given(log: SmallLog, extra: SecuredDocument | None = None, pinned: Operator | None = None) -> JSONObject:
    documents = log.statements("trust")
    statements: list[JSONValue] = [
        {"index": index, "document": document.to_json()} for index, document in documents
    ]
    if extra is not None:
        statements.append({"index": log.size, "document": extra.to_json()})
    root = replace(log.trust_root(), operator=pinned or log.operator).to_json()
    return {"origin": log.origin, "operator": root["operator"], "statements": statements}


def _accepted(name: str, about: str, log: SmallLog, pinned: Operator | None = None) -> Case:
    wanted: JSONObject = {
        "operator": log.trust.operator_record.to_json(),
        "records": [record.to_json() for record in log.trust.records],
        "trustRoot": b64url(log.trust.trust_tree().root()),
    }
    return accepted("trust-replay", name, about, _given(log, pinned=pinned), wanted)


def _rotation(old: str, new: str) -> RotateOperator:
    return rotation_to(ed25519(old).public_key, ed25519(new).public_key)


def _replayed() -> Iterator[Case]:
    yield _accepted("nothing", "No statement, no record.", SmallLog())
    yield _accepted("one-body", "A body, its key and its scope.", enrolled())
    log = enrolled()
    for change in (RetireKey(KEY), CompromiseKey(KEY, 3), CompromiseKey(KEY, 1)):
        log.state(change)
    yield _accepted("key-ended", "A key is retired, then found compromised, then compromised earlier.", log)
    log = enrolled()
    for action in (
        TrustAction.SUSPEND_SCOPE,
        TrustAction.REINSTATE_SCOPE,
        TrustAction.SUSPEND_SCOPE,
        TrustAction.WITHDRAW_SCOPE,
    ):
        log.state(ChangeScope(action, 2))
    yield _accepted("scope-ended", "A scope is suspended, reinstated, suspended and withdrawn.", log)
    log = delegated()
    log.state(GrantScope(BY_AUTHORITY), signer=AUTHORITY, did=AUTHORITY_DID)
    yield _accepted("delegated", "An authority grants a scope in its own name.", log)
    log.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, 5), AUTHORITY_DID)
    yield _accepted(
        "delegation-ended", "The operator withdraws the delegation; the granted scope stays.", log
    )
    log = SmallLog()
    log.state(_rotation("operator", "operator 2"), OPERATOR_DID)
    log.operator_signer = ed25519("operator 2")
    log.state(_rotation("operator 2", "operator 3"), OPERATOR_DID, signer=ed25519("recovery"))
    log.operator_signer = ed25519("operator 3")
    log.enrol(KEY, SAMPLE_DID)
    yield _accepted(
        "operator-rotated", "The operator's key is rotated by itself, then by the recovery key.", log
    )
    pins = (
        PinnedRotation(0, ed25519("operator 2").public_key),
        PinnedRotation(1, ed25519("operator 3").public_key),
    )
    pinned = replace(log.operator, rotations=pins)
    yield _accepted("rotations-pinned", "The same, both rotations pinned: the same records.", log, pinned)
    yield from _voided()


def _voided() -> Iterator[Case]:
    log = delegated()
    log.state(GrantScope(BY_AUTHORITY), signer=AUTHORITY, did=AUTHORITY_DID)
    log.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, 6), signer=AUTHORITY, did=AUTHORITY_DID)
    log.state(CompromiseKey(AUTHORITY.public_key, 7), AUTHORITY_DID)
    yield _accepted(
        "delegate-compromised",
        "What a delegate's key stated at or after `since` is void; the rest stays.",
        log,
    )
    log.state(CompromiseKey(AUTHORITY.public_key, 6), AUTHORITY_DID)
    log.state(GrantScope(DESIGNATION))
    yield _accepted(
        "delegate-compromised-earlier",
        "Moved earlier, the grant is void too; `previous` still follows the void statements.",
        log,
    )
    log = SmallLog()
    log.enrol(AUTHORITY.public_key, AUTHORITY_DID)
    log.state(Delegate((TrustAction.ENROL, TrustAction.ADD_KEY), ()), AUTHORITY_DID)
    by_thief: dict[str, Any] = {"signer": AUTHORITY, "did": AUTHORITY_DID}
    log.state(Enrol(NAMES, "0200000000"), OTHER_DID, **by_thief)
    log.state(added_key(KEY, OTHER_DID), OTHER_DID, **by_thief)
    log.state(GrantScope(DESIGNATION), OTHER_DID)
    log.state(CompromiseKey(AUTHORITY.public_key, 3), AUTHORITY_DID)
    log.state(Enrol(NAMES, "0200000000"), OTHER_DID)
    yield _accepted(
        "enrolment-void",
        "An enrolment is void, and with it the key and the scope; the body is enrolled again.",
        log,
    )
    log = enrolled()
    thief: dict[str, Any] = {"signer": ed25519("thief")}
    log.state(_rotation("operator", "thief"), OPERATOR_DID)
    log.state(CompromiseKey(ed25519("operator").public_key, 0), OPERATOR_DID, **thief)
    log.state(Enrol(NAMES, "0200000000"), OTHER_DID, **thief)
    log.state(_rotation("thief", "operator 2"), OPERATOR_DID, signer=ed25519("recovery"))
    log.state(CompromiseKey(ed25519("thief").public_key, 3), OPERATOR_DID, signer=ed25519("recovery"))
    log.state(CompromiseKey(ed25519("operator").public_key, 3), OPERATOR_DID, signer=ed25519("operator 2"))
    yield _accepted(
        "operator-recovered",
        "A thief rotates to his own key and voids the operator's: the recovery key takes the log back, "
        "what the thief stated is void, what the operator stated before stays.",
        log,
    )


def _stated(log: SmallLog, change: Change, subject: str = SAMPLE_DID, **how: Any) -> JSONObject:  # noqa: ANN401 # signer, did
    return _given(log, log.trust_document(change, subject, **how))


def _refused_by_the_record() -> Iterator[Case]:
    twice = enrolled()
    twice.state(RetireKey(KEY))
    ended = enrolled()
    ended.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, 2))
    found = enrolled()
    found.state(CompromiseKey(KEY, 1))
    two = enrolled()
    two.state(Enrol(NAMES, "0200000000"), OTHER_DID)
    unsigned = enrolled()
    stale = unsigned.trust_document(RetireKey(KEY))
    unsigned.state(ChangeScope(TrustAction.SUSPEND_SCOPE, 2))
    for name, about, given, code in (
        (
            "enrolled-twice",
            "The subject is enrolled.",
            _stated(enrolled(), Enrol(NAMES, "0109999999")),
            "enrolled",
        ),
        (
            "not-enrolled",
            "A key of an unknown body.",
            _stated(enrolled(), added_key(p256("new").public_key, OTHER_DID), OTHER_DID),
            "not-enrolled",
        ),
        ("key-twice", "The body has this key.", _stated(enrolled(), added_key(KEY)), "known-key"),
        (
            "key-of-another",
            "Another body has this key.",
            _stated(two, added_key(KEY, OTHER_DID), OTHER_DID),
            "known-key",
        ),
        (
            "key-of-the-operator",
            "The operator has this key.",
            _stated(enrolled(), added_key(ed25519("operator").public_key)),
            "known-key",
        ),
        (
            "unknown-key",
            "The body does not have this key.",
            _stated(enrolled(), RetireKey(p256("new").public_key)),
            "unknown-key",
        ),
        ("retired-twice", "The key is retired.", _stated(twice, RetireKey(KEY)), "no-effect"),
        (
            "compromise-in-the-future",
            "An entry that is not logged yet.",
            _stated(enrolled(), CompromiseKey(KEY, 4)),
            "invalid-input",
        ),
        (
            "compromise-moved-later",
            "The entry may only decrease.",
            _stated(found, CompromiseKey(KEY, 2)),
            "invalid-input",
        ),
        (
            "unknown-grant",
            "No scope was granted at that entry.",
            _stated(enrolled(), ChangeScope(TrustAction.SUSPEND_SCOPE, 1)),
            "no-grant",
        ),
        (
            "reinstated-unsuspended",
            "The scope is not suspended.",
            _stated(enrolled(), ChangeScope(TrustAction.REINSTATE_SCOPE, 2)),
            "no-effect",
        ),
        (
            "suspended-after-withdrawal",
            "The scope is withdrawn.",
            _stated(ended, ChangeScope(TrustAction.SUSPEND_SCOPE, 2)),
            "no-effect",
        ),
        (
            "previous-stale",
            "It does not follow the subject's last statement.",
            _given(unsigned, stale),
            "wrong-previous",
        ),
        (
            "source-authority",
            "The operator signs what it says the authority signed.",
            _stated(enrolled(), GrantScope(BY_AUTHORITY)),
            "bad-source",
        ),
        (
            "rotated-to-a-bodys-key",
            "The new operator key is a body's.",
            _stated(enrolled(), _rotation("operator", "issuer"), OPERATOR_DID),
            "known-key",
        ),
        (
            "rotated-from-another-key",
            "`old` is not the operator's key.",
            _stated(enrolled(), _rotation("thief", "new"), OPERATOR_DID),
            "bad-rotation",
        ),
    ):
        yield refused("trust-replay", name, about, given, code)


def _by_authority(
    log: SmallLog, change: Change, subject: str = SAMPLE_DID, signer: Signer = AUTHORITY
) -> JSONObject:
    return _stated(log, change, subject, signer=signer, did=AUTHORITY_DID)


def _refused_for_the_signer() -> Iterator[Case]:
    withdrawn = delegated()
    withdrawn.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, 5), AUTHORITY_DID)
    retired = delegated()
    retired.state(RetireKey(AUTHORITY.public_key), AUTHORITY_DID)
    second = delegated()
    second.enrol(p256("second").public_key, OTHER_DID)
    other_delegation = second.state(MAY_GRANT, OTHER_DID)
    rotated = SmallLog()
    rotated.state(_rotation("operator", "operator 2"), OPERATOR_DID)
    elsewhere = SmallLog("other.example.vn").trust_document(Enrol(NAMES, "0200000000"), OTHER_DID)
    altered = enrolled().trust_document(Enrol(NAMES, "0200000000"), OTHER_DID)
    forged = SecuredDocument.of(altered.content | {"legalId": "0300000000"}, altered.proof)
    add = added_key(p256("new").public_key)
    second.state(_may_add_keys(), AUTHORITY_DID)
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
    pinned_away = replace(rotated.operator, rotations=(PinnedRotation(4, ed25519("operator 3").public_key),))
    for name, about, given, code in (
        (
            "thief-as-operator",
            "Another key in the operator's name.",
            _stated(enrolled(), add, signer=ed25519("thief")),
            "not-operator",
        ),
        (
            "recovery-key-states",
            "The recovery key only rotates.",
            _stated(enrolled(), add, signer=ed25519("recovery")),
            "not-operator",
        ),
        (
            "old-operator-key",
            "The key before the rotation.",
            _stated(rotated, Enrol(NAMES, "0200000000"), OTHER_DID, signer=ed25519("operator")),
            "not-operator",
        ),
        (
            "stranger",
            "Someone who is not enrolled.",
            _stated(enrolled(), add, signer=ed25519("thief"), did=OTHER_DID),
            "not-enrolled",
        ),
        (
            "body-for-itself",
            "A body adds a key to its own record.",
            _stated(enrolled(), add, signer=ed25519("issuer"), did=SAMPLE_DID),
            "not-delegated",
        ),
        (
            "delegate-other-action",
            "An action that was not delegated.",
            _by_authority(delegated(), add),
            "not-delegated",
        ),
        (
            "delegate-other-authority",
            "A scope of another authority.",
            _by_authority(
                delegated(),
                GrantScope(replace(BY_AUTHORITY, authority="Bộ khác")),
            ),
            "not-delegated",
        ),
        (
            "delegate-withdraws-delegation",
            "A delegate ends another's delegation.",
            _by_authority(second, ChangeScope(TrustAction.WITHDRAW_SCOPE, other_delegation), OTHER_DID),
            "not-delegated",
        ),
        (
            "delegation-withdrawn",
            "The delegation has ended.",
            _by_authority(withdrawn, GrantScope(BY_AUTHORITY)),
            "not-delegated",
        ),
        (
            "delegate-key-retired",
            "The delegate's key has ended.",
            _by_authority(retired, GrantScope(BY_AUTHORITY)),
            "retired-key",
        ),
        (
            "delegate-unknown-key",
            "Another key in the delegate's name.",
            _by_authority(delegated(), GrantScope(BY_AUTHORITY), signer=ed25519("thief")),
            "unknown-key",
        ),
        (
            "possession-missing",
            "A key without its holder's proof.",
            _given(enrolled(), unproven),
            "missing-member",
        ),
        (
            "possession-of-another-key",
            "The proof was made with another key.",
            _given(enrolled(), borrowed),
            "no-possession",
        ),
        (
            "possession-forged",
            "The proof's signature is not the key's.",
            _given(enrolled(), forged_proof),
            "signature-mismatch",
        ),
        (
            "possession-for-another-log",
            "The holder agreed for another log.",
            _given(enrolled(), moved),
            "wrong-domain",
        ),
        (
            "possession-for-another-body",
            "The holder agreed for another DID.",
            _stated(enrolled(), added_key(p256("new").public_key, OTHER_DID)),
            "no-possession",
        ),
        (
            "delegate-for-itself",
            "A delegate registers a key for itself.",
            _by_authority(second, added_key(p256("new").public_key, AUTHORITY_DID), AUTHORITY_DID),
            "not-delegated",
        ),
        (
            "delegate-for-a-delegate",
            "A delegate registers a key for another delegate.",
            _by_authority(second, added_key(p256("new").public_key, OTHER_DID), OTHER_DID),
            "not-delegated",
        ),
        (
            "operator-key-disowns-itself",
            "The present key declares itself compromised: the recovery key does that.",
            _stated(enrolled(), CompromiseKey(ed25519("operator").public_key, 0), OPERATOR_DID),
            "not-operator",
        ),
        (
            "rotation-not-pinned",
            "A rotation below the last pinned one, which is not pinned.",
            _given(rotated, pinned=pinned_away),
            "not-operator",
        ),
        ("other-log", "A statement made for another log.", _given(enrolled(), elsewhere), "wrong-domain"),
        (
            "altered",
            "A statement changed after it was signed.",
            _given(enrolled(), forged),
            "signature-mismatch",
        ),
    ):
        yield refused("trust-replay", name, about, given, code)


def _may_add_keys() -> Delegate:
    return Delegate((TrustAction.ADD_KEY,), ())


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
