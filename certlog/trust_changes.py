"""What a trust statement does to the record of its subject, one small step each (docs/formats.md, section 6).

Who may make the statement is decided in trust_state.py; here a statement fits the record, or is refused.
"""

from dataclasses import replace

from certlog.errors import InvalidInput
from certlog.issuer_record import DelegationRecord, IssuerRecord, KeyRecord, ScopeRecord
from certlog.keys import PublicKey
from certlog.sentences import Sentence
from certlog.trust import (
    AddKey,
    ChangeScope,
    CompromiseKey,
    Delegate,
    GrantScope,
    RetireKey,
    TrustAction,
)

RecordChange = AddKey | RetireKey | CompromiseKey | GrantScope | ChangeScope | Delegate


def changed_record(record: IssuerRecord, change: RecordChange, index: int) -> IssuerRecord:
    """Return a body's record after a change at an entry.

    Raises:
        InvalidInput: the change does not fit the record, or would have no effect.
    """
    match change:
        case AddKey(key=key):
            return replace(record, keys=(*record.keys, KeyRecord(key, index)))
        case RetireKey(key=key):
            return _replace_key(record, _retired(_known_key(record, key), index))
        case CompromiseKey(key=key, since=since):
            known = _known_key(record, key)
            require_earlier(known.compromised_since, since, index)
            return _replace_key(record, replace(known, compromised_since=since))
        case GrantScope(scope=scope):
            return replace(record, scopes=(*record.scopes, ScopeRecord(scope, index)))
        case ChangeScope(action=action, grant=grant):
            return _with_scope_change(record, action, grant, index)
        case Delegate(actions=actions, scopes=scopes):
            delegation = DelegationRecord(index, actions, scopes)
            return replace(record, delegations=(*record.delegations, delegation))


def require_earlier(known: int | None, since: int, index: int) -> None:
    """Require that a compromise names its own or an earlier entry, and an earlier one than is known.

    Raises:
        InvalidInput: it does not.
    """
    if since > index or (known is not None and since >= known):
        message = "`since` may only name this or an earlier entry, and only decrease"
        raise InvalidInput(message, place="/since")


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
