"""Trust documents: each action's closed form, and no other."""

from typing import Any, Final

import pytest

from certlog.digests import DocumentHash, sha256
from certlog.errors import InvalidInput
from certlog.scopes import MAX_ITEMS, DelegatedScope, Names
from certlog.strict_json import JSONObject, JSONValue
from certlog.trust import (
    Change,
    ChangeScope,
    CompromiseKey,
    Delegate,
    Enrol,
    GrantScope,
    RetireKey,
    TrustAction,
    TrustStatement,
)
from tests.support.certificates import SAMPLE_DID
from tests.support.possession import added_key, rotation_to
from tests.support.signing import ed25519, p256
from tests.support.small_log import DESIGNATION

KEY: Final = ed25519("issuer").public_key
CHANGES: Final[dict[TrustAction, Change]] = {
    TrustAction.ENROL: Enrol(Names("Trung tâm Chứng nhận Mẫu"), "0109999999"),
    TrustAction.ADD_KEY: added_key(p256("issuer").public_key),
    TrustAction.RETIRE_KEY: RetireKey(KEY),
    TrustAction.COMPROMISE_KEY: CompromiseKey(KEY, 4),
    TrustAction.GRANT_SCOPE: GrantScope(DESIGNATION),
    TrustAction.SUSPEND_SCOPE: ChangeScope(TrustAction.SUSPEND_SCOPE, 3),
    TrustAction.REINSTATE_SCOPE: ChangeScope(TrustAction.REINSTATE_SCOPE, 3),
    TrustAction.WITHDRAW_SCOPE: ChangeScope(TrustAction.WITHDRAW_SCOPE, 3),
    TrustAction.DELEGATE: Delegate((TrustAction.GRANT_SCOPE,), (DelegatedScope("designation", "Ủy ban"),)),
    TrustAction.ROTATE_OPERATOR: rotation_to(KEY, ed25519("next").public_key),
}


def statement(action: TrustAction, previous: DocumentHash | None = None) -> TrustStatement:
    return TrustStatement(SAMPLE_DID, previous, CHANGES[action])


@pytest.mark.parametrize("action", TrustAction)
def test_a_document_of_each_action_is_read_and_written_alike(action: TrustAction) -> None:
    for previous in (None, DocumentHash(sha256(b"previous"))):
        made = statement(action, previous)
        assert made.to_json()["action"] == made.action == action
        assert TrustStatement.from_json(made.to_json()) == made


@pytest.mark.parametrize("action", TrustAction)
def test_each_member_of_each_action_is_required_and_no_other_is_allowed(action: TrustAction) -> None:
    value = statement(action).to_json()
    for name in value.keys() - {"action"}:
        without = {key: member for key, member in value.items() if key != name}
        with pytest.raises(InvalidInput, match=f"^/t: member '{name}' is missing$"):
            TrustStatement.from_json(without, "/t")
    with pytest.raises(InvalidInput, match=r"^/t: unknown member 'note'$"):
        TrustStatement.from_json(value | {"note": "x"}, "/t")


@pytest.mark.parametrize(
    ("action", "members", "reason"),
    [
        ("enrol", {"kind": "status"}, "^/kind: expected kind 'trust'$"),
        ("enrol", {"subject": "mau.example.vn"}, "^/subject: expected a did:web"),
        ("enrol", {"previous": "AAAA"}, "expected 32 bytes, found 3"),
        ("enrol", {"names": {"en": "Name"}}, "^/names: member 'vi' is missing$"),
        ("enrol", {"legalId": 109999999}, "^/legalId: expected a string"),
        ("addKey", {"key": KEY.multibase}, "^/key: expected an object"),
        (
            "addKey",
            {"key": {"id": KEY.multibase, "type": "P-256"}},
            "^/key/type: the key is of type Ed25519$",
        ),
        ("addKey", {"key": {"id": KEY.multibase, "type": "HMAC"}}, "^/key/type: the key is of type Ed25519$"),
        ("addKey", {"key": {"id": KEY.multibase, "type": None}}, "^/key/type: the key is of type Ed25519$"),
        ("addKey", {"key": {"id": "z6Mk", "type": "Ed25519"}}, "^/key/id: expected an Ed25519"),
        ("addKey", {"key": {"id": KEY.multibase, "type": "Ed25519", "x": 1}}, "^/key: unknown member 'x'$"),
        ("retireKey", {"key": "z6Mk"}, "^/key: expected an Ed25519"),
        ("compromiseKey", {"since": -1}, "^/since: expected an integer >= 0"),
        ("compromiseKey", {"since": True}, "^/since: expected an integer >= 0, found a boolean$"),
        ("grantScope", {"scope": None}, "^/scope: expected an object"),
        ("suspendScope", {"grant": "3"}, "^/grant: expected an integer >= 0"),
        ("delegate", {"actions": []}, "^/actions: expected different strings, 1 to 200"),
        ("delegate", {"actions": ["delegate"]}, "^/actions: an action that cannot be delegated$"),
        ("delegate", {"actions": ["rotateOperator"]}, "an action that cannot be delegated"),
        ("delegate", {"actions": ["grantScope", "other"]}, "an action that cannot be delegated"),
        ("delegate", {"actions": ["grantScope", "grantScope"]}, "expected different strings"),
        ("delegate", {"scopes": [{"kind": "designation"}]}, "^/scopes/0: member 'authority' is missing$"),
        ("rotateOperator", {"old": "z6Mk"}, "^/old: expected an Ed25519"),
        ("rotateOperator", {"new": None}, "^/new: expected a string"),
    ],
)
def test_a_document_outside_the_closed_form_is_refused(action: str, members: JSONObject, reason: str) -> None:
    value = statement(TrustAction(action)).to_json()
    with pytest.raises(InvalidInput, match=reason):
        TrustStatement.from_json(value | members)


@pytest.mark.parametrize("action", ["", "Enrol", "grant", None, 1, [], ["enrol"]])
def test_an_unknown_action_is_refused(action: JSONValue) -> None:
    with pytest.raises(InvalidInput, match=r"^/t/action: unknown action "):
        TrustStatement.from_json(statement(TrustAction.ENROL).to_json() | {"action": action}, "/t")


@pytest.mark.parametrize("value", [None, [], "enrol", 1])
def test_a_value_that_is_no_object_is_no_trust_document(value: Any) -> None:
    with pytest.raises(InvalidInput, match="unknown action"):
        TrustStatement.from_json(value)


def test_a_delegation_lists_at_most_200_scopes() -> None:
    scopes: list[JSONValue] = [
        {"kind": "designation", "authority": str(number)} for number in range(MAX_ITEMS + 1)
    ]
    value = statement(TrustAction.DELEGATE).to_json()
    TrustStatement.from_json(value | {"scopes": scopes[:-1]})
    with pytest.raises(InvalidInput, match=r"^/scopes: expected at most 200 scopes$"):
        TrustStatement.from_json(value | {"scopes": scopes})
