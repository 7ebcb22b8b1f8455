"""Replay of trust statements into issuer records, in log order (docs/formats.md, section 6).

The same replay serves the registry (admission and epochs), the auditor (the whole log) and the verifier (the few
statements that an evidence file carries).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from certlog.digests import DocumentHash, same
from certlog.documents import TRUST_CHALLENGE, SecuredDocument, require_binding, verify_proof
from certlog.errors import InvalidInput, NotTrusted
from certlog.issuer_record import (
    DelegationRecord,
    IssuerRecord,
    KeyRecord,
    ScopeRecord,
    key_in_force,
    trust_tree,
)
from certlog.keys import PublicKey
from certlog.scopes import Scope
from certlog.sentences import Sentence
from certlog.tree import MemoryTree
from certlog.trust import (
    AddKey,
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


@dataclass(frozen=True, slots=True)
class Operator:
    """Who the verifier pins: the operator's DID, its first key and the recovery key that may replace it."""

    did: str
    key: PublicKey
    recovery_key: PublicKey


class TrustState:
    """Issuer records after the trust statements applied so far.

    Args:
        operator: the pinned operator.
        origin: the log's origin: the domain that every proof must name.
        partial: True when only some of the log's statements are replayed (from an evidence file); then the
            chain of `previous` cannot be checked, and everything else is.
    """

    def __init__(self, operator: Operator, origin: str, *, partial: bool = False) -> None:
        """Start with no record and the pinned operator key."""
        self._operator = operator
        self._origin = origin
        self._partial = partial
        self._operator_key = operator.key
        self._records: dict[str, IssuerRecord] = {}
        self._last: dict[str, DocumentHash] = {}

    @property
    def records(self) -> tuple[IssuerRecord, ...]:
        """The records, sorted by the UTF-8 bytes of their DIDs: the trust tree's leaves."""
        return tuple(sorted(self._records.values(), key=lambda record: record.did.encode()))

    @property
    def operator_key(self) -> PublicKey:
        """The operator's key after the rotations so far."""
        return self._operator_key

    def record(self, did: str) -> IssuerRecord | None:
        """Return the record of a body, or None if it is not enrolled."""
        return self._records.get(did)

    def require_record(self, did: str) -> IssuerRecord:
        """Return the record of a body.

        Raises:
            NotTrusted: it is not enrolled.
        """
        record = self._records.get(did)
        if record is None:
            raise NotTrusted(Sentence("{did} is not enrolled in this registry", did=did), code="not-enrolled")
        return record

    def last(self, did: str) -> DocumentHash | None:
        """Return the hash of the last statement about a subject: what the next one names as `previous`."""
        return self._last.get(did)

    def trust_tree(self) -> MemoryTree:
        """Return the trust tree of the records."""
        return trust_tree(self._records.values())

    def apply(self, index: int, document: SecuredDocument) -> TrustStatement:
        """Check one statement and apply it.

        1. It is a closed trust document, made for this log.
        2. It follows the subject's last statement.
        3. Its signature verifies under the key that it names.
        4. That key has the right to make it.
        5. It fits the subject's record.

        Args:
            index: its position in the log.
            document: the signed statement.

        Raises:
            InvalidInput: steps 1, 2, 3 or 5. Nothing has changed.
            NotTrusted: step 4. Nothing has changed.
        """
        require_binding(document.proof, domain=self._origin, challenge=TRUST_CHALLENGE)
        statement = TrustStatement.from_json(document.content)
        self._require_previous(statement)
        verify_proof(document.document_hash, document.proof, document.proof.key)
        self._authorise(index, statement, document)
        if isinstance(statement.change, RotateOperator):
            self._rotate(statement, statement.change)
        else:
            self._records[statement.subject] = self._changed(index, statement)
        self._last[statement.subject] = document.document_hash
        return statement

    def _require_previous(self, statement: TrustStatement) -> None:
        if self._partial:
            return
        expected, found = self._last.get(statement.subject), statement.previous
        if (expected is None) != (found is None) or (expected and found and not same(expected, found)):
            message = "it does not follow the subject's last trust statement"
            raise InvalidInput(message, place="/previous", code="wrong-previous")

    def _authorise(self, index: int, statement: TrustStatement, document: SecuredDocument) -> None:
        did, key = document.proof.did, document.proof.key
        if did == self._operator.did:
            rotating = isinstance(statement.change, RotateOperator)
            allowed = (self._operator_key, self._operator.recovery_key) if rotating else (self._operator_key,)
            if key not in allowed:
                raise NotTrusted(
                    Sentence("not the operator's key: {multibase}", multibase=key.multibase),
                    code="not-operator",
                )
            self._require_source(statement, "operator")
            return
        delegate = self.require_record(did)
        key_in_force(delegate, key, index)
        self._require_delegation(index, delegate, statement)
        self._require_source(statement, "authority")

    def _require_source(self, statement: TrustStatement, signer: str) -> None:
        """`source` must tell the truth: "authority" only where the authority itself signs."""
        if isinstance(statement.change, GrantScope) and statement.change.scope.source.by != signer:
            message = Sentence(
                "expected a scope with source {signer!r}, since that is who signs", signer=signer
            )
            raise InvalidInput(message, place="/scope/source/by", code="bad-source")

    def _require_delegation(self, index: int, delegate: IssuerRecord, statement: TrustStatement) -> None:
        scope = self._scope_of(statement)
        # A delegation is no scope: only the operator, who made it, withdraws it.
        names_scope = isinstance(statement.change, GrantScope | ChangeScope)
        for delegation in delegate.delegations:
            in_force = delegation.index < index and delegation.withdrawn is None
            covers = not names_scope or any(
                scope is not None and (allowed.kind, allowed.authority) == (scope.kind, scope.authority)
                for allowed in delegation.scopes
            )
            if in_force and covers and statement.action in delegation.actions:
                return
        message = Sentence(
            "{did} has no delegation for {action} of this scope", did=delegate.did, action=statement.action
        )
        raise NotTrusted(message, code="not-delegated")

    def _scope_of(self, statement: TrustStatement) -> Scope | None:
        match statement.change:
            case GrantScope(scope=scope):
                return scope
            case ChangeScope(grant=grant):
                record = self.require_record(statement.subject)
                return next((s.scope for s in record.scopes if s.grant == grant), None)
            case _:
                return None

    def _require_new_key(self, key: PublicKey) -> None:
        """One key belongs to one body: else a thief could register another's key and claim its certificates."""
        holder = self._holder(key)
        if holder is not None or key in (self._operator_key, self._operator.recovery_key):
            message = Sentence(
                "the key is registered already, for {holder}", holder=holder or Sentence("the operator")
            )
            raise InvalidInput(message, place="/key", code="known-key")

    def _holder(self, key: PublicKey) -> str | None:
        return next((r.did for r in self._records.values() if r.key_record(key)), None)

    def _rotate(self, statement: TrustStatement, change: RotateOperator) -> None:
        if statement.subject != self._operator.did or change.old != self._operator_key:
            raise InvalidInput("rotateOperator names the operator and its present key", code="bad-rotation")
        if change.new == change.old:
            raise InvalidInput("the new key is the old one", place="/new", code="bad-rotation")
        if holder := self._holder(change.new):
            raise InvalidInput(
                Sentence("the new key is registered, for {holder}", holder=holder),
                place="/new",
                code="known-key",
            )
        self._operator_key = change.new

    def _changed(self, index: int, statement: TrustStatement) -> IssuerRecord:
        change = statement.change
        if isinstance(change, Enrol):
            if statement.subject in self._records:
                raise InvalidInput("the subject is enrolled already", place="/subject", code="enrolled")
            return IssuerRecord(statement.subject, change.names, change.legal_id)
        record = self.require_record(statement.subject)
        match change:
            case AddKey(key=key):
                self._require_new_key(key)
                return replace(record, keys=(*record.keys, KeyRecord(key, index)))
            case RetireKey(key=key):
                return _replace_key(record, _retired(_known_key(record, key), index))
            case CompromiseKey(key=key, since=since):
                return _replace_key(record, _compromised(_known_key(record, key), since, index))
            case GrantScope(scope=scope):
                return replace(record, scopes=(*record.scopes, ScopeRecord(scope, index)))
            case ChangeScope(action=action, grant=grant):
                return _with_scope_change(record, action, grant, index)
            case Delegate(actions=actions, scopes=scopes):
                delegation = DelegationRecord(index, actions, scopes)
                return replace(record, delegations=(*record.delegations, delegation))
            case RotateOperator():
                raise InvalidInput("only the operator's key is rotated", code="bad-rotation")
            case _:
                assert_never(change)


def replay(operator: Operator, origin: str, statements: Iterable[tuple[int, SecuredDocument]]) -> TrustState:
    """Return the state after (index, document) pairs in log order; the first bad one raises."""
    state = TrustState(operator, origin)
    for index, document in statements:
        state.apply(index, document)
    return state


def _known_key(record: IssuerRecord, key: PublicKey) -> KeyRecord:
    found = record.key_record(key)
    if found is None:
        raise InvalidInput("the subject has no such key", place="/key", code="unknown-key")
    return found


def _replace_key(record: IssuerRecord, changed: KeyRecord) -> IssuerRecord:
    return replace(record, keys=tuple(changed if k.key == changed.key else k for k in record.keys))


def _retired(key: KeyRecord, index: int) -> KeyRecord:
    if key.retired is not None:
        raise InvalidInput(
            Sentence("the key was retired at entry {retired}", retired=key.retired),
            place="/key",
            code="no-effect",
        )
    return replace(key, retired=index)


def _compromised(key: KeyRecord, since: int, index: int) -> KeyRecord:
    if since > index or (key.compromised_since is not None and since >= key.compromised_since):
        raise InvalidInput(
            "`since` may only name this or an earlier entry, and only decrease", place="/since"
        )
    return replace(key, compromised_since=since)


def _with_scope_change(record: IssuerRecord, action: TrustAction, grant: int, index: int) -> IssuerRecord:
    scope = next((s for s in record.scopes if s.grant == grant), None)
    if scope is None:
        return _with_delegation_withdrawn(record, action, grant, index)
    # Withdrawing works on any scope that still stands, the two others only from the opposite state.
    fits = action is TrustAction.WITHDRAW_SCOPE or scope.is_suspended == (
        action is TrustAction.REINSTATE_SCOPE
    )
    if scope.withdrawn is not None or not fits:
        raise InvalidInput(
            Sentence("{action} has no effect on this scope", action=action), place="/grant", code="no-effect"
        )
    match action:
        case TrustAction.SUSPEND_SCOPE:
            changed = replace(scope, suspended=(*scope.suspended, (index, None)))
        case TrustAction.REINSTATE_SCOPE:
            changed = replace(scope, suspended=(*scope.suspended[:-1], (scope.suspended[-1][0], index)))
        case _:
            changed = replace(scope, withdrawn=index)
    return replace(record, scopes=tuple(changed if s.grant == grant else s for s in record.scopes))


def _with_delegation_withdrawn(
    record: IssuerRecord, action: TrustAction, grant: int, index: int
) -> IssuerRecord:
    found = next((d for d in record.delegations if d.index == grant and d.withdrawn is None), None)
    if found is None or action is not TrustAction.WITHDRAW_SCOPE:
        raise InvalidInput(
            Sentence("no scope or delegation was granted at entry {grant}", grant=grant),
            place="/grant",
            code="no-grant",
        )
    changed = replace(found, withdrawn=index)
    return replace(record, delegations=tuple(changed if d.index == grant else d for d in record.delegations))
