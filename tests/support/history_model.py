"""What a log means, written a second time, as plainly as can be: every answer is worked out from the first entry.

It is the yardstick of the random histories (tests/campaigns), and shares no rule with the product: only the shapes of
statements and records are the product's own. docs/formats.md, sections 5 and 6, are what it follows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from certlog.digests import DocumentHash
from certlog.issuer_record import DelegationRecord, IssuerRecord, KeyRecord, ScopeRecord
from certlog.keys import PublicKey
from certlog.operator_record import OperatorKey, OperatorRecord
from certlog.scopes import DelegatedScope, Names, Scope
from certlog.status import StatusAction
from certlog.trust import (
    AddKey,
    Change,
    ChangeScope,
    CompromiseKey,
    Delegate,
    Enrol,
    GrantScope,
    RetireKey,
    RotateOperator,
    TrustAction,
    TrustStatement,
)

ENDS: Final = (StatusAction.WITHDRAW, StatusAction.CANCEL, StatusAction.SUPERSEDE)


@dataclass(frozen=True)
class Said:
    """A trust statement in the log: who said what of whom, with which key."""

    index: int
    did: str
    key: PublicKey
    subject: str
    change: Change

    @property
    def action(self) -> TrustAction:
        """Its name."""
        return TrustStatement(self.subject, None, self.change).action


@dataclass(frozen=True)
class Event:
    """A status statement in the log."""

    index: int
    certificate: DocumentHash
    key: PublicKey
    action: StatusAction
    replaced_by: DocumentHash | None = None


@dataclass(frozen=True)
class Issued:
    """A certificate in the log."""

    index: int
    document_hash: DocumentHash
    did: str
    key: PublicKey
    position: int


@dataclass
class Grant:
    """A scope: from which entry to which it was suspended, and the entry that withdrew it."""

    scope: Scope
    spans: list[list[int | None]] = field(default_factory=list)
    withdrawn: int | None = None

    def stood(self, grant: int, index: int) -> bool:
        """Tell whether it stood at an entry."""
        if grant >= index or (self.withdrawn is not None and self.withdrawn <= index):
            return False
        return not any(
            start is not None and start <= index and (end is None or index < end) for start, end in self.spans
        )


@dataclass
class Delegation:
    """A delegation."""

    actions: tuple[TrustAction, ...]
    scopes: tuple[DelegatedScope, ...]
    withdrawn: int | None = None


@dataclass
class Body:
    """What is known of one body. A key is [added, retired, compromised since]."""

    names: Names
    legal_id: str
    keys: dict[PublicKey, list[int | None]] = field(default_factory=dict)
    grants: dict[int, Grant] = field(default_factory=dict)
    delegations: dict[int, Delegation] = field(default_factory=dict)

    def may_sign(self, key: PublicKey, index: int) -> bool:
        """Tell whether a key may sign the entry at an index."""
        added, retired, since = self.keys.get(key, [index, None, None])
        return (
            added is not None
            and added < index
            and (retired is None or index < retired)
            and (since is None or index < since)
        )

    def record(self, did: str) -> IssuerRecord:
        """Return the same in the product's shape."""
        keys = tuple(
            KeyRecord(key, added or 0, retired, since) for key, (added, retired, since) in self.keys.items()
        )
        scopes = tuple(
            ScopeRecord(
                known.scope, grant, tuple((start or 0, end) for start, end in known.spans), known.withdrawn
            )
            for grant, known in self.grants.items()
        )
        delegations = tuple(
            DelegationRecord(index, known.actions, known.scopes, known.withdrawn)
            for index, known in self.delegations.items()
        )
        return IssuerRecord(did, self.names, self.legal_id, keys, scopes, delegations)


class Trust:
    """Who may say what, after some statements."""

    def __init__(self, operator_did: str, operator_key: PublicKey, recovery_key: PublicKey) -> None:
        """Start with the operator alone. Its keys are [added, retired, compromised since], the last one the present."""
        self.operator_did = operator_did
        self.operator_keys: dict[PublicKey, list[int | None]] = {operator_key: [None, None, None]}
        self.recovery_key = recovery_key
        self.bodies: dict[str, Body] = {}

    @property
    def operator_key(self) -> PublicKey:
        """The operator's present key."""
        return list(self.operator_keys)[-1]

    def operator_record(self) -> OperatorRecord:
        """Return the operator's record in the product's shape."""
        keys = (OperatorKey(key, *known) for key, known in self.operator_keys.items())
        return OperatorRecord(self.operator_did, tuple(keys))

    def records(self) -> dict[str, IssuerRecord]:
        """Return every record, in the order of the trust tree."""
        return {did: self.bodies[did].record(did) for did in sorted(self.bodies, key=str.encode)}

    def may_sign(self, did: str, key: PublicKey, index: int) -> bool:
        """Tell whether a body's key may sign the entry at an index."""
        return did in self.bodies and self.bodies[did].may_sign(key, index)

    def accepts(self, said: Said) -> bool:
        """Tell whether a statement is rightly made, by who may make it."""
        return self._may_say(said) and self._fits(said)

    def apply(self, said: Said) -> None:
        """Let an acceptable statement take effect."""
        change, index = said.change, said.index
        if isinstance(change, RotateOperator):
            self.operator_keys[self.operator_key][1] = index
            self.operator_keys[change.new] = [index, None, None]
            return
        if isinstance(change, CompromiseKey) and said.subject == self.operator_did:
            self.operator_keys[change.key][2] = change.since
            return
        if isinstance(change, Enrol):
            self.bodies[said.subject] = Body(change.names, change.legal_id)
            return
        self._change(self.bodies[said.subject], change, index)

    def _change(self, body: Body, change: Change, index: int) -> None:
        match change:
            case AddKey(key=key):
                body.keys[key] = [index, None, None]
            case RetireKey(key=key):
                body.keys[key][1] = index
            case CompromiseKey(key=key, since=since):
                body.keys[key][2] = since
            case GrantScope(scope=scope):
                body.grants[index] = Grant(scope)
            case Delegate(actions=actions, scopes=scopes):
                body.delegations[index] = Delegation(actions, scopes)
            case ChangeScope(action=TrustAction.SUSPEND_SCOPE, grant=grant):
                body.grants[grant].spans.append([index, None])
            case ChangeScope(action=TrustAction.REINSTATE_SCOPE, grant=grant):
                body.grants[grant].spans[-1][1] = index
            case ChangeScope(grant=grant):
                (body.grants.get(grant) or body.delegations[grant]).withdrawn = index
            case Enrol() | RotateOperator():
                raise AssertionError(change)

    def _may_say(self, said: Said) -> bool:
        change = said.change
        by_operator = said.did == self.operator_did
        if isinstance(change, GrantScope) and (change.scope.source.by == "operator") != by_operator:
            return False
        if by_operator:
            return self._operator_may_say(said)
        subject = self.bodies.get(said.subject)
        if said.subject == self.operator_did or (subject is not None and subject.delegations):
            return False
        return self.may_sign(said.did, said.key, said.index) and any(
            self._covers(delegation, said)
            for delegation in self.bodies[said.did].delegations.values()
            if delegation.withdrawn is None
        )

    def _operator_may_say(self, said: Said) -> bool:
        compromised = said.change.key if isinstance(said.change, CompromiseKey) else None
        own = said.subject == self.operator_did and compromised in self.operator_keys
        if said.key == self.recovery_key:
            return own or isinstance(said.change, RotateOperator)
        since = self.operator_keys[self.operator_key][2]
        in_force = since is None or said.index < since
        return said.key == self.operator_key and in_force and not (own and compromised == said.key)

    def _covers(self, delegation: Delegation, said: Said) -> bool:
        if said.action not in delegation.actions:
            return False
        match said.change:
            case GrantScope(scope=named):
                pass
            case ChangeScope(grant=grant):
                body = self.bodies.get(said.subject)
                if body is None or grant not in body.grants:
                    return False
                named = body.grants[grant].scope
            case _:
                return True
        return DelegatedScope(named.kind, named.authority) in delegation.scopes

    def _fits(self, said: Said) -> bool:
        change, body = said.change, self.bodies.get(said.subject)
        match change:
            case RotateOperator(old=old, new=new):
                mine = said.subject == self.operator_did and old == self.operator_key and new != old
                return mine and not self._is_known(new)
            case Enrol():
                return body is None
            case CompromiseKey(key=key) if said.subject == self.operator_did:
                return self._may_move_back(self.operator_keys.get(key), change.since, said.index)
            case _ if body is None:
                return False
            case CompromiseKey(key=key):
                return self._may_move_back(body.keys.get(key), change.since, said.index)
            case _:
                return self._fits_body(body, change)

    def _fits_body(self, body: Body, change: Change) -> bool:
        match change:
            case AddKey(key=key):
                return not self._is_known(key)
            case RetireKey(key=key):
                return key in body.keys and body.keys[key][1] is None
            case ChangeScope(action=action, grant=grant):
                return self._changes(body, action, grant)
            case _:
                return True

    def _may_move_back(self, known: list[int | None] | None, since: int, index: int) -> bool:
        return known is not None and since <= index and (known[2] is None or since < known[2])

    def _changes(self, body: Body, action: TrustAction, grant: int) -> bool:
        if grant in body.delegations:
            return action is TrustAction.WITHDRAW_SCOPE and body.delegations[grant].withdrawn is None
        known = body.grants.get(grant)
        if known is None or known.withdrawn is not None:
            return False
        suspended = bool(known.spans) and known.spans[-1][1] is None
        return action is TrustAction.WITHDRAW_SCOPE or suspended == (action is TrustAction.REINSTATE_SCOPE)

    def _is_known(self, key: PublicKey) -> bool:
        known = key == self.recovery_key or key in self.operator_keys
        return known or any(key in body.keys for body in self.bodies.values())


@dataclass
class Status:
    """A certificate's status."""

    suspended: bool = False
    ended: StatusAction | None = None


class HistoryModel:
    """The log as a list of what was said; `at` is always a number of entries: the state after that many."""

    def __init__(self, operator_did: str, operator_key: PublicKey, recovery_key: PublicKey) -> None:
        """Start with an empty log and the pinned operator."""
        self._operator = (operator_did, operator_key, recovery_key)
        self.said: list[Said] = []
        self.issued: dict[DocumentHash, Issued] = {}
        self.events: list[Event] = []
        self._known: dict[int, Trust] = {}

    def trust(self, at: int) -> Trust:
        """Return who may say what, all that is known of compromised keys by then taken into account."""
        said = [one for one in self.said if one.index < at]
        if len(said) not in self._known:
            self._known[len(said)] = self._replayed(said)
        return self._known[len(said)]

    def status(self, certificate: DocumentHash, at: int) -> Status:
        """Return a certificate's status. What an unauthorised key said, and what can have no effect, has none."""
        trust, did, status = self.trust(at), self.issued[certificate].did, Status()
        for event in self.events:
            if event.certificate != certificate or event.index >= at or status.ended is not None:
                continue
            if not trust.may_sign(did, event.key, event.index):
                continue
            if event.action is StatusAction.SUSPEND:
                status.suspended = True
            elif event.action is StatusAction.REINSTATE:
                status.suspended = False
            elif event.action in ENDS:
                status.ended = event.action
        return status

    def accepts(self, event: Event) -> bool:
        """Tell whether the registry may log a status statement."""
        issued = self.issued.get(event.certificate)
        if issued is None or not self.trust(event.index).may_sign(issued.did, event.key, event.index):
            return False
        status = self.status(event.certificate, event.index)
        if status.ended is not None:
            return False
        match event.action:
            case StatusAction.SUSPEND:
                return not status.suspended
            case StatusAction.REINSTATE:
                return status.suspended
            case StatusAction.SUPERSEDE:
                other = None if event.replaced_by is None else self.issued.get(event.replaced_by)
                return other is not None and other.did == issued.did
            case _:
                return True

    def _replayed(self, said: Iterable[Said]) -> Trust:
        """Replay, less what compromised keys said: rotations alone stay, since later keys rest on them."""
        all_said = list(said)
        since: dict[tuple[str, PublicKey], int] = {}

        def is_void(one: Said) -> bool:
            compromised = since.get((one.did, one.key), one.index + 1) <= one.index
            return compromised and not isinstance(one.change, RotateOperator)

        for one in reversed(all_said):
            if isinstance(one.change, CompromiseKey) and one.did == self._operator[0] and not is_void(one):
                who = (one.subject, one.change.key)
                since[who] = min(one.change.since, since.get(who, one.change.since))
        trust = Trust(*self._operator)
        for one in all_said:
            if not is_void(one) and trust.accepts(one):
                trust.apply(one)
        return trust
