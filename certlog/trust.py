"""Trust statements: who may say what. The documents, closed and signed by the operator or a delegate.

The replay of these statements into issuer records is in trust_state.py (docs/formats.md, sections 1 and 6).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from certlog.digests import DocumentHash, digest_from_text
from certlog.documents import Proof
from certlog.encoding import b64url
from certlog.errors import InvalidInput
from certlog.keys import KeyType, PublicKey, check_did
from certlog.scopes import MAX_ITEMS, DelegatedScope, Names, Resemblance, Scope, strings
from certlog.sentences import Sentence
from certlog.strict_json import (
    JSONObject,
    JSONValue,
    get_int,
    get_items,
    get_list,
    get_object,
    get_str,
    members,
)

_ALWAYS: Final = ("kind", "action", "subject", "previous")


class TrustAction(StrEnum):
    """What a trust statement does to its subject."""

    ENROL = "enrol"
    ADD_KEY = "addKey"
    RETIRE_KEY = "retireKey"
    COMPROMISE_KEY = "compromiseKey"
    GRANT_SCOPE = "grantScope"
    SUSPEND_SCOPE = "suspendScope"
    REINSTATE_SCOPE = "reinstateScope"
    WITHDRAW_SCOPE = "withdrawScope"
    DELEGATE = "delegate"
    ROTATE_OPERATOR = "rotateOperator"


TRUST_ACTION_WORDS: Final[Mapping[TrustAction, Sentence]] = {
    TrustAction.ENROL: Sentence("enrolment"),
    TrustAction.ADD_KEY: Sentence("new key"),
    TrustAction.RETIRE_KEY: Sentence("key retired"),
    TrustAction.COMPROMISE_KEY: Sentence("key declared compromised"),
    TrustAction.GRANT_SCOPE: Sentence("scope granted"),
    TrustAction.SUSPEND_SCOPE: Sentence("scope suspended"),
    TrustAction.REINSTATE_SCOPE: Sentence("scope reinstated"),
    TrustAction.WITHDRAW_SCOPE: Sentence("scope or delegation withdrawn"),
    TrustAction.DELEGATE: Sentence("delegation"),
    TrustAction.ROTATE_OPERATOR: Sentence("the operator's new key"),
}
"""What people read of them, for the catalogues."""


@dataclass(frozen=True, slots=True)
class Enrol:
    """Enrol a body under its names and legal id (mã số doanh nghiệp).

    Attributes:
        names: as the certificates show them.
        legal_id: the body's own number.
        resembles: enrolled bodies whose names look like these, and why it is enrolled all the same; operator only.
    """

    names: Names
    legal_id: str
    resembles: tuple[Resemblance, ...] = ()


@dataclass(frozen=True, slots=True)
class AddKey:
    """Register a key of the subject, whose holder agreed: `possession` is signed with the key itself."""

    key: PublicKey
    possession: Proof


@dataclass(frozen=True, slots=True)
class RetireKey:
    """End a key's use from this entry on."""

    key: PublicKey


@dataclass(frozen=True, slots=True)
class CompromiseKey:
    """Void everything that a key signed at or after entry `since`; it may only move to an earlier entry."""

    key: PublicKey
    since: int


@dataclass(frozen=True, slots=True)
class GrantScope:
    """Grant a scope."""

    scope: Scope


@dataclass(frozen=True, slots=True)
class ChangeScope:
    """Suspend, reinstate or withdraw the scope (or withdraw the delegation) granted at entry `grant`."""

    action: TrustAction
    grant: int


@dataclass(frozen=True, slots=True)
class Delegate:
    """Let the subject make these statements, for these scopes, in its own name."""

    actions: tuple[TrustAction, ...]
    scopes: tuple[DelegatedScope, ...]


@dataclass(frozen=True, slots=True)
class RotateOperator:
    """Replace the operator's key; signed by the old key or by the pinned recovery key, `possession` by the new one."""

    old: PublicKey
    new: PublicKey
    possession: Proof


Change = Enrol | AddKey | RetireKey | CompromiseKey | GrantScope | ChangeScope | Delegate | RotateOperator


@dataclass(frozen=True, slots=True)
class TrustStatement:
    """One trust document: a change to a subject.

    Attributes:
        subject: DID of whom it is about.
        previous: hash of the subject's last trust statement, or None for the first.
        change: what it does.
    """

    subject: str
    previous: DocumentHash | None
    change: Change

    @property
    def action(self) -> TrustAction:
        """The action's name in the document."""
        return action_of(self.change)

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "TrustStatement":
        """Parse the document (without its proof)."""
        action = _action(value, place)
        optional = ("resembles",) if action is TrustAction.ENROL else ()
        obj = members(value, required=(*_ALWAYS, *_PAYLOAD[action]), optional=optional, place=place)
        if obj["kind"] != "trust":
            raise InvalidInput("expected kind 'trust'", place=f"{place}/kind", code="wrong-kind")
        previous = None
        if obj["previous"] is not None:
            previous = DocumentHash(digest_from_text(get_str(obj, "previous", place)))
        subject = check_did(get_str(obj, "subject", place), f"{place}/subject")
        return cls(subject, previous, _change_from_json(action, obj, place))

    def to_json(self) -> JSONObject:
        """Return the document to be signed."""
        return {
            "kind": "trust",
            "action": self.action.value,
            "subject": self.subject,
            "previous": None if self.previous is None else b64url(self.previous),
        } | _change_to_json(self.change)


_PAYLOAD: Final = {
    TrustAction.ENROL: ("names", "legalId"),
    TrustAction.ADD_KEY: ("key", "possession"),
    TrustAction.RETIRE_KEY: ("key",),
    TrustAction.COMPROMISE_KEY: ("key", "since"),
    TrustAction.GRANT_SCOPE: ("scope",),
    TrustAction.SUSPEND_SCOPE: ("grant",),
    TrustAction.REINSTATE_SCOPE: ("grant",),
    TrustAction.WITHDRAW_SCOPE: ("grant",),
    TrustAction.DELEGATE: ("actions", "scopes"),
    TrustAction.ROTATE_OPERATOR: ("old", "new", "possession"),
}


def key_from_json(value: JSONValue, place: str = "") -> PublicKey:
    """Parse `{id, type}`: the multibase key, and its type, which must fit."""
    obj = members(value, required=("id", "type"), place=place)
    key = PublicKey.from_multibase(get_str(obj, "id", place), f"{place}/id")
    if obj["type"] not in tuple(KeyType) or obj["type"] != key.type:
        raise InvalidInput(
            Sentence("the key is of type {key_type}", key_type=key.type),
            place=f"{place}/type",
            code="bad-key",
        )
    return key


def action_of(change: Change) -> TrustAction:
    """Return the name of a change in documents."""
    match change:
        case Enrol():
            return TrustAction.ENROL
        case AddKey():
            return TrustAction.ADD_KEY
        case RetireKey():
            return TrustAction.RETIRE_KEY
        case CompromiseKey():
            return TrustAction.COMPROMISE_KEY
        case GrantScope():
            return TrustAction.GRANT_SCOPE
        case ChangeScope(action=action):
            return action
        case Delegate():
            return TrustAction.DELEGATE
        case RotateOperator():
            return TrustAction.ROTATE_OPERATOR


def _action(value: JSONValue, place: str) -> TrustAction:
    text = value.get("action") if isinstance(value, dict) else None
    try:
        return TrustAction(str(text))
    except ValueError as error:
        message = Sentence("unknown action {text!r}", text=str(text)[:40])
        raise InvalidInput(message, place=f"{place}/action", code="bad-action") from error


def _key(obj: JSONObject, name: str, place: str) -> PublicKey:
    return PublicKey.from_multibase(get_str(obj, name, place), f"{place}/{name}")


def _change_from_json(action: TrustAction, obj: JSONObject, place: str) -> Change:
    match action:
        case TrustAction.ENROL:
            names = Names.from_json(obj["names"], f"{place}/names")
            return Enrol(names, get_str(obj, "legalId", place), _resembles(obj, place))
        case TrustAction.ADD_KEY:
            key = key_from_json(get_object(obj, "key", place), f"{place}/key")
            return AddKey(key, Proof.from_json(obj["possession"], f"{place}/possession"))
        case TrustAction.RETIRE_KEY:
            return RetireKey(_key(obj, "key", place))
        case TrustAction.COMPROMISE_KEY:
            return CompromiseKey(_key(obj, "key", place), get_int(obj, "since", place))
        case TrustAction.GRANT_SCOPE:
            return GrantScope(Scope.from_json(obj["scope"], f"{place}/scope"))
        case TrustAction.SUSPEND_SCOPE | TrustAction.REINSTATE_SCOPE | TrustAction.WITHDRAW_SCOPE:
            return ChangeScope(action, get_int(obj, "grant", place))
        case TrustAction.DELEGATE:
            return delegate_from_json(obj, place)
        case TrustAction.ROTATE_OPERATOR:
            possession = Proof.from_json(obj["possession"], f"{place}/possession")
            return RotateOperator(_key(obj, "old", place), _key(obj, "new", place), possession)


def _resembles(obj: JSONObject, place: str) -> tuple[Resemblance, ...]:
    if "resembles" not in obj:
        return ()
    found = get_items(obj, "resembles", place, Resemblance.from_json, most=MAX_ITEMS)
    if not found:
        raise InvalidInput("left out where empty", place=f"{place}/resembles", code="bad-list")
    return found


def delegate_from_json(obj: JSONObject, place: str) -> Delegate:
    """Parse the `actions` and `scopes` of a delegation; rotating the operator cannot be delegated."""
    names = strings(obj, "actions", place)
    actions = tuple(TrustAction(name) for name in names if name in tuple(TrustAction))
    if len(actions) != len(names) or {TrustAction.ROTATE_OPERATOR, TrustAction.DELEGATE} & set(actions):
        raise InvalidInput("an action that cannot be delegated", place=f"{place}/actions", code="bad-action")
    items = get_list(obj, "scopes", place)
    if len(items) > MAX_ITEMS:
        raise InvalidInput(
            Sentence("expected at most {max_items} scopes", max_items=MAX_ITEMS),
            place=f"{place}/scopes",
            code="bad-scope",
        )
    scopes = tuple(DelegatedScope.from_json(item, f"{place}/scopes/{i}") for i, item in enumerate(items))
    return Delegate(actions, scopes)


def _change_to_json(change: Change) -> JSONObject:
    match change:
        case Enrol(names=names, legal_id=legal_id, resembles=resembles):
            obj: JSONObject = {"names": names.to_json(), "legalId": legal_id}
            return obj | ({"resembles": [one.to_json() for one in resembles]} if resembles else {})
        case AddKey(key=key, possession=possession):
            named: JSONObject = {"id": key.multibase, "type": key.type.value}
            return {"key": named, "possession": possession.to_json()}
        case RetireKey(key=key):
            return {"key": key.multibase}
        case CompromiseKey(key=key, since=since):
            return {"key": key.multibase, "since": since}
        case GrantScope(scope=scope):
            return {"scope": scope.to_json()}
        case ChangeScope(grant=grant):
            return {"grant": grant}
        case Delegate(actions=actions, scopes=scopes):
            return {"actions": [a.value for a in actions], "scopes": [s.to_json() for s in scopes]}
        case RotateOperator(old=old, new=new, possession=possession):
            return {"old": old.multibase, "new": new.multibase, "possession": possession.to_json()}
