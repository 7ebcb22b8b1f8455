"""Who may make which trust statement, and the records that follow: the rules of docs/formats.md, section 6.

A view knows no signature: trust_state.py checks those once, and applies statements again where some became void.
"""

from dataclasses import dataclass
from typing import Final, assert_never

from certlog.errors import InvalidInput, NotTrusted
from certlog.issuer_record import IssuerRecord, key_in_force
from certlog.keys import PublicKey
from certlog.operator_record import Operator, OperatorRecord
from certlog.scopes import Scope
from certlog.sentences import Sentence
from certlog.trust import (
    AddKey,
    ChangeScope,
    CompromiseKey,
    Delegate,
    Enrol,
    GrantScope,
    RetireKey,
    RotateOperator,
    TrustStatement,
)
from certlog.trust_changes import changed_record, require_earlier

_FIRST_KEY: Final = -1


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement, its position, and the DID and key that signed it; its signature is verified."""

    index: int
    statement: TrustStatement
    did: str
    key: PublicKey


class TrustView:
    """Records after some statements. A statement that is refused changes nothing."""

    def __init__(self, operator: Operator, *, partial: bool) -> None:
        """Start with the pinned operator key and nobody enrolled."""
        self._operator = operator
        self._partial = partial
        self.operator_record = OperatorRecord.first(operator)
        self.records: dict[str, IssuerRecord] = {}

    def apply(self, stated: Stated) -> None:
        """Require the signer's right, then change the subject's record.

        Raises:
            NotTrusted: the signer has no right to state this.
            InvalidInput: it does not fit the subject's record.
        """
        self._authorise(stated)
        subject, change = stated.statement.subject, stated.statement.change
        if isinstance(change, RotateOperator):
            self.operator_record = self._rotated(stated, change)
        elif isinstance(change, CompromiseKey) and self._disowned(stated.statement) is not None:
            known = self.operator_record.find(change.key)
            require_earlier(None if known is None else known.compromised_since, change.since, stated.index)
            self.operator_record = self.operator_record.compromised(change.key, change.since)
        else:
            self.records[subject] = self._changed(stated)

    def require_record(self, did: str) -> IssuerRecord:
        """Return the record of a body.

        Raises:
            NotTrusted: it is not enrolled.
        """
        record = self.records.get(did)
        if record is None:
            raise NotTrusted(Sentence("{did} is not enrolled in this registry", did=did), code="not-enrolled")
        return record

    def _authorise(self, stated: Stated) -> None:
        if stated.did == self._operator.did:
            self._authorise_operator(stated)
            return
        delegate = self.require_record(stated.did)
        key_in_force(delegate, stated.key, stated.index)
        self._require_delegation(delegate, stated)
        self._require_own_matter(stated)
        _require_source(stated.statement, "authority")

    def _authorise_operator(self, stated: Stated) -> None:
        """The present key states everything; the recovery key only rotates, and declares operator keys compromised."""
        change, current = stated.statement.change, self._operator_key_at(stated.index)
        disowned = self._disowned(stated.statement)
        recovers = disowned is not None or isinstance(change, RotateOperator)
        if recovers and stated.key == self._operator.recovery_key:
            return
        if stated.key != current:
            message = Sentence("not the operator's key: {multibase}", multibase=stated.key.multibase)
            raise NotTrusted(message, code="not-operator")
        if disowned == current:
            # Else a thief could void with it all that the operator ever stated, and nothing could undo that.
            message = Sentence(
                "the recovery key declares the operator's present key compromised, not that key itself"
            )
            raise NotTrusted(message, code="not-operator")
        if self.operator_record.find(current) is not None:
            self.operator_record.require_in_force(current, stated.index)
        _require_source(stated.statement, "operator")

    def _operator_key_at(self, index: int) -> PublicKey:
        """Return the operator's key: what is pinned, or what a later rotation among the statements made of it."""
        pinned_at, pinned = self._operator.pinned_at(index)
        known = self.operator_record.current
        return pinned if pinned_at > (_FIRST_KEY if known.added is None else known.added) else known.key

    def _disowned(self, statement: TrustStatement) -> PublicKey | None:
        """Return the key of the operator that a statement declares compromised."""
        change = statement.change
        if not isinstance(change, CompromiseKey) or statement.subject != self._operator.did:
            return None
        return None if self.operator_record.find(change.key) is None else change.key

    def _require_delegation(self, delegate: IssuerRecord, stated: Stated) -> None:
        statement = stated.statement
        scope = self._scope_of(statement)
        # A delegation is no scope: only the operator, who made it, withdraws it.
        names_scope = isinstance(statement.change, GrantScope | ChangeScope)
        for delegation in delegate.delegations:
            in_force = delegation.index < stated.index and delegation.withdrawn is None
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

    def _require_own_matter(self, stated: Stated) -> None:
        """Only the operator speaks of the operator, of those to whom it delegated, and of names that look alike.

        Else a thief with one delegate's key could register further keys for that delegate, or void what another stated.
        """
        statement = stated.statement
        subject = self.records.get(statement.subject)
        delegated = subject is not None and subject.has_delegation(stated.index)
        resembles = isinstance(statement.change, Enrol) and bool(statement.change.resembles)
        if delegated or resembles or statement.subject == self._operator.did:
            message = Sentence(
                "only the operator states this about {subject}; {did} is a delegate",
                subject=statement.subject,
                did=stated.did,
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

    def _rotated(self, stated: Stated, change: RotateOperator) -> OperatorRecord:
        current = self._operator_key_at(stated.index)
        if stated.statement.subject != self._operator.did or change.old != current:
            raise InvalidInput("rotateOperator names the operator and its present key", code="bad-rotation")
        if change.new == change.old:
            raise InvalidInput("the new key is the old one", place="/new", code="bad-rotation")
        self._require_pinned(stated.index, change.new)
        self._require_new_key(change.new, "/new")
        return self.operator_record.rotated(change.new, stated.index)

    def _require_pinned(self, index: int, new: PublicKey) -> None:
        """A trust root that pins a rotation pins all before it: another one at or below it is not the log's."""
        pins = self._operator.rotations
        if pins and index <= pins[-1].index and not any((p.index, p.key) == (index, new) for p in pins):
            message = Sentence(
                "the trust root pins no rotation of the operator at entry {index}", index=index
            )
            raise NotTrusted(message, code="not-operator")

    def _require_new_key(self, key: PublicKey, place: str) -> None:
        """One key belongs to one body: else a thief could register another's key and claim its certificates."""
        holder = self._holder(key)
        if holder is not None or key == self._operator.recovery_key or self.operator_record.find(key):
            message = Sentence(
                "the key is registered already, for {holder}", holder=holder or Sentence("the operator")
            )
            raise InvalidInput(message, place=place, code="known-key")

    def _holder(self, key: PublicKey) -> str | None:
        return next((r.did for r in self.records.values() if r.key_record(key)), None)

    def _changed(self, stated: Stated) -> IssuerRecord:
        subject, change = stated.statement.subject, stated.statement.change
        match change:
            case Enrol(names=names, legal_id=legal_id):
                if subject in self.records:
                    raise InvalidInput("the subject is enrolled already", place="/subject", code="enrolled")
                return IssuerRecord(subject, names, legal_id)
            case AddKey(key=key):
                record = self.require_record(subject)
                self._require_new_key(key, "/key")
                return changed_record(record, change, stated.index)
            case RetireKey() | CompromiseKey() | GrantScope() | ChangeScope() | Delegate():
                return changed_record(self.require_record(subject), change, stated.index)
            case RotateOperator():
                raise InvalidInput("only the operator's key is rotated", code="bad-rotation")
            case _:
                assert_never(change)


def _require_source(statement: TrustStatement, signer: str) -> None:
    """`source` must tell the truth: "authority" only where the authority itself signs."""
    if isinstance(statement.change, GrantScope) and statement.change.scope.source.by != signer:
        message = Sentence("expected a scope with source {signer!r}, since that is who signs", signer=signer)
        raise InvalidInput(message, place="/scope/source/by", code="bad-source")
