"""Vectors of trust: replay of statements into records and their tree."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from certlog.documents import SecuredDocument
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
from tests.support.signing import ed25519, p256
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


def given_replay(
    log: SmallLog, extra: SecuredDocument | None = None, pinned: Operator | None = None
) -> JSONObject:
    """Return a replay's input: a log's statements and, where given, one more."""
    documents = log.statements("trust")
    statements: list[JSONValue] = [
        {"index": index, "document": document.to_json()} for index, document in documents
    ]
    if extra is not None:
        statements.append({"index": log.size, "document": extra.to_json()})
    root = replace(log.trust_root(), operator=pinned or log.operator).to_json()
    return {"origin": log.origin, "operator": root["operator"], "statements": statements}


def accepted_replay(name: str, about: str, log: SmallLog, pinned: Operator | None = None) -> Case:
    """Return the case of a log whose statements are all applied."""
    wanted: JSONObject = {
        "operator": log.trust.operator_record.to_json(),
        "records": [record.to_json() for record in log.trust.records],
        "trustRoot": b64url(log.trust.trust_tree().root()),
    }
    return accepted("trust-replay", name, about, given_replay(log, pinned=pinned), wanted)


def rotation(old: str, new: str) -> RotateOperator:
    """Return the rotation from one label's key to another's."""
    return rotation_to(ed25519(old).public_key, ed25519(new).public_key)


def _replayed() -> Iterator[Case]:
    yield accepted_replay("nothing", "No statement, no record.", SmallLog())
    yield accepted_replay("one-body", "A body, its key and its scope.", enrolled())
    log = enrolled()
    for change in (RetireKey(KEY), CompromiseKey(KEY, 3), CompromiseKey(KEY, 1)):
        log.state(change)
    yield accepted_replay(
        "key-ended", "A key is retired, then found compromised, then compromised earlier.", log
    )
    log = enrolled()
    for action in (
        TrustAction.SUSPEND_SCOPE,
        TrustAction.REINSTATE_SCOPE,
        TrustAction.SUSPEND_SCOPE,
        TrustAction.WITHDRAW_SCOPE,
    ):
        log.state(ChangeScope(action, 2))
    yield accepted_replay("scope-ended", "A scope is suspended, reinstated, suspended and withdrawn.", log)
    log = delegated()
    log.state(GrantScope(BY_AUTHORITY), signer=AUTHORITY, did=AUTHORITY_DID)
    yield accepted_replay("delegated", "An authority grants a scope in its own name.", log)
    log.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, 5), AUTHORITY_DID)
    yield accepted_replay(
        "delegation-ended", "The operator withdraws the delegation; the granted scope stays.", log
    )
    log = SmallLog()
    log.state(rotation("operator", "operator 2"), OPERATOR_DID)
    log.operator_signer = ed25519("operator 2")
    log.state(rotation("operator 2", "operator 3"), OPERATOR_DID, signer=ed25519("recovery"))
    log.operator_signer = ed25519("operator 3")
    log.enrol(KEY, SAMPLE_DID)
    yield accepted_replay(
        "operator-rotated", "The operator's key is rotated by itself, then by the recovery key.", log
    )
    pins = (
        PinnedRotation(0, ed25519("operator 2").public_key),
        PinnedRotation(1, ed25519("operator 3").public_key),
    )
    pinned = replace(log.operator, rotations=pins)
    yield accepted_replay(
        "rotations-pinned", "The same, both rotations pinned: the same records.", log, pinned
    )


def stated_replay(log: SmallLog, change: Change, subject: str = SAMPLE_DID, **how: Any) -> JSONObject:  # noqa: ANN401 # signer, did
    """Return a replay's input whose last statement is this change."""
    return given_replay(log, log.trust_document(change, subject, **how))


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
            stated_replay(enrolled(), Enrol(NAMES, "0109999999")),
            "enrolled",
        ),
        (
            "not-enrolled",
            "A key of an unknown body.",
            stated_replay(enrolled(), added_key(p256("new").public_key, OTHER_DID), OTHER_DID),
            "not-enrolled",
        ),
        ("key-twice", "The body has this key.", stated_replay(enrolled(), added_key(KEY)), "known-key"),
        (
            "key-of-another",
            "Another body has this key.",
            stated_replay(two, added_key(KEY, OTHER_DID), OTHER_DID),
            "known-key",
        ),
        (
            "key-of-the-operator",
            "The operator has this key.",
            stated_replay(enrolled(), added_key(ed25519("operator").public_key)),
            "known-key",
        ),
        (
            "unknown-key",
            "The body does not have this key.",
            stated_replay(enrolled(), RetireKey(p256("new").public_key)),
            "unknown-key",
        ),
        ("retired-twice", "The key is retired.", stated_replay(twice, RetireKey(KEY)), "no-effect"),
        (
            "compromise-in-the-future",
            "An entry that is not logged yet.",
            stated_replay(enrolled(), CompromiseKey(KEY, 4)),
            "invalid-input",
        ),
        (
            "compromise-moved-later",
            "The entry may only decrease.",
            stated_replay(found, CompromiseKey(KEY, 2)),
            "invalid-input",
        ),
        (
            "unknown-grant",
            "No scope was granted at that entry.",
            stated_replay(enrolled(), ChangeScope(TrustAction.SUSPEND_SCOPE, 1)),
            "no-grant",
        ),
        (
            "reinstated-unsuspended",
            "The scope is not suspended.",
            stated_replay(enrolled(), ChangeScope(TrustAction.REINSTATE_SCOPE, 2)),
            "no-effect",
        ),
        (
            "suspended-after-withdrawal",
            "The scope is withdrawn.",
            stated_replay(ended, ChangeScope(TrustAction.SUSPEND_SCOPE, 2)),
            "no-effect",
        ),
        (
            "previous-stale",
            "It does not follow the subject's last statement.",
            given_replay(unsigned, stale),
            "wrong-previous",
        ),
        (
            "source-authority",
            "The operator signs what it says the authority signed.",
            stated_replay(enrolled(), GrantScope(BY_AUTHORITY)),
            "bad-source",
        ),
        (
            "rotated-to-a-bodys-key",
            "The new operator key is a body's.",
            stated_replay(enrolled(), rotation("operator", "issuer"), OPERATOR_DID),
            "known-key",
        ),
        (
            "rotated-from-another-key",
            "`old` is not the operator's key.",
            stated_replay(enrolled(), rotation("thief", "new"), OPERATOR_DID),
            "bad-rotation",
        ),
    ):
        yield refused("trust-replay", name, about, given, code)


def _by_authority(
    log: SmallLog, change: Change, subject: str = SAMPLE_DID, signer: Signer = AUTHORITY
) -> JSONObject:
    return stated_replay(log, change, subject, signer=signer, did=AUTHORITY_DID)


def _refused_for_the_signer() -> Iterator[Case]:
    withdrawn = delegated()
    withdrawn.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, 5), AUTHORITY_DID)
    retired = delegated()
    retired.state(RetireKey(AUTHORITY.public_key), AUTHORITY_DID)
    second = delegated()
    second.enrol(p256("second").public_key, OTHER_DID)
    other_delegation = second.state(MAY_GRANT, OTHER_DID)
    rotated = SmallLog()
    rotated.state(rotation("operator", "operator 2"), OPERATOR_DID)
    elsewhere = SmallLog("other.example.vn").trust_document(Enrol(NAMES, "0200000000"), OTHER_DID)
    altered = enrolled().trust_document(Enrol(NAMES, "0200000000"), OTHER_DID)
    forged = SecuredDocument.of(altered.content | {"legalId": "0300000000"}, altered.proof)
    add = added_key(p256("new").public_key)
    second.state(_may_add_keys(), AUTHORITY_DID)
    pinned_away = replace(rotated.operator, rotations=(PinnedRotation(4, ed25519("operator 3").public_key),))
    for name, about, given, code in (
        (
            "thief-as-operator",
            "Another key in the operator's name.",
            stated_replay(enrolled(), add, signer=ed25519("thief")),
            "not-operator",
        ),
        (
            "recovery-key-states",
            "The recovery key only rotates.",
            stated_replay(enrolled(), add, signer=ed25519("recovery")),
            "not-operator",
        ),
        (
            "old-operator-key",
            "The key before the rotation.",
            stated_replay(rotated, Enrol(NAMES, "0200000000"), OTHER_DID, signer=ed25519("operator")),
            "not-operator",
        ),
        (
            "stranger",
            "Someone who is not enrolled.",
            stated_replay(enrolled(), add, signer=ed25519("thief"), did=OTHER_DID),
            "not-enrolled",
        ),
        (
            "body-for-itself",
            "A body adds a key to its own record.",
            stated_replay(enrolled(), add, signer=ed25519("issuer"), did=SAMPLE_DID),
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
            stated_replay(enrolled(), CompromiseKey(ed25519("operator").public_key, 0), OPERATOR_DID),
            "not-operator",
        ),
        (
            "rotation-not-pinned",
            "A rotation below the last pinned one, which is not pinned.",
            given_replay(rotated, pinned=pinned_away),
            "not-operator",
        ),
        (
            "other-log",
            "A statement made for another log.",
            given_replay(enrolled(), elsewhere),
            "wrong-domain",
        ),
        (
            "altered",
            "A statement changed after it was signed.",
            given_replay(enrolled(), forged),
            "signature-mismatch",
        ),
    ):
        yield refused("trust-replay", name, about, given, code)


def _may_add_keys() -> Delegate:
    return Delegate((TrustAction.ADD_KEY,), ())
