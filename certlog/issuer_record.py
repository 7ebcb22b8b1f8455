"""Issuer records: what the trust statements up to an epoch say of one body; the leaves of the trust tree.

A record alone never authorises anyone: it proves that nothing was retired, compromised or withdrawn later. The
right to sign comes from the statements themselves, up to the pinned operator key (docs/formats.md, section 6).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from certlog.canonical import canonicalize
from certlog.digests import LeafHash
from certlog.errors import InvalidInput, NotTrusted
from certlog.keys import PublicKey, check_did
from certlog.operator_record import OperatorRecord
from certlog.scopes import DelegatedScope, Names, Scope
from certlog.sentences import Sentence
from certlog.strict_json import (
    JSONObject,
    JSONValue,
    get_int,
    get_int_or_null,
    get_list,
    get_str,
    members,
)
from certlog.tree import MemoryTree, leaf_hash
from certlog.trust import TrustAction, delegate_from_json, key_from_json

_SCOPE_EXTRA = ("grant", "suspended", "withdrawn")
_SPAN = ("from", "to")


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key and the entries that added, retired and compromised it (`compromised_since` names an entry)."""

    key: PublicKey
    added: int
    retired: int | None = None
    compromised_since: int | None = None

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "KeyRecord":
        """Parse `{id, type, added, retired, compromisedSince}`."""
        names = ("id", "type", "added", "retired", "compromisedSince")
        obj = members(value, required=names, place=place)
        return cls(
            key=key_from_json({"id": obj["id"], "type": obj["type"]}, place),
            added=get_int(obj, "added", place),
            retired=get_int_or_null(obj, "retired", place),
            compromised_since=get_int_or_null(obj, "compromisedSince", place),
        )

    def to_json(self) -> JSONObject:
        """Return the key record as JSON."""
        return {
            "id": self.key.multibase,
            "type": self.key.type.value,
            "added": self.added,
            "retired": self.retired,
            "compromisedSince": self.compromised_since,
        }


@dataclass(frozen=True, slots=True)
class ScopeRecord:
    """A scope, the entry that granted it, its suspensions [from, to) by entry, and the entry that withdrew it."""

    scope: Scope
    grant: int
    suspended: tuple[tuple[int, int | None], ...] = ()
    withdrawn: int | None = None

    @property
    def is_suspended(self) -> bool:
        """Whether the last suspension is still open."""
        return bool(self.suspended) and self.suspended[-1][1] is None

    def in_force_at(self, index: int) -> bool:
        """Tell whether the scope stood when the entry at `index` was logged."""
        if not self.grant < index or (self.withdrawn is not None and self.withdrawn <= index):
            return False
        return not any(start <= index and (end is None or index < end) for start, end in self.suspended)

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "ScopeRecord":
        """Parse the scope's own members and `{grant, suspended, withdrawn}`."""
        obj = dict(value) if isinstance(value, dict) else {}
        extra = members({k: obj.pop(k) for k in _SCOPE_EXTRA if k in obj}, required=_SCOPE_EXTRA, place=place)
        spans: list[tuple[int, int | None]] = []
        for position, span in enumerate(get_list(extra, "suspended", place)):
            where = f"{place}/suspended/{position}"
            if not isinstance(span, list) or len(span) != len(_SPAN):
                raise InvalidInput("expected a suspension [from, to]", place=where, code="bad-suspension")
            pair = dict(zip(_SPAN, span, strict=True))
            spans.append((get_int(pair, "from", where), get_int_or_null(pair, "to", where)))
        return cls(
            scope=Scope.from_json(obj, place),
            grant=get_int(extra, "grant", place),
            suspended=tuple(spans),
            withdrawn=get_int_or_null(extra, "withdrawn", place),
        )

    def to_json(self) -> JSONObject:
        """Return the scope record as JSON."""
        return self.scope.to_json() | {
            "grant": self.grant,
            "suspended": [[start, end] for start, end in self.suspended],
            "withdrawn": self.withdrawn,
        }


@dataclass(frozen=True, slots=True)
class DelegationRecord:
    """A delegation, the entry that made it, and the one that withdrew it."""

    index: int
    actions: tuple[TrustAction, ...]
    scopes: tuple[DelegatedScope, ...]
    withdrawn: int | None = None

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "DelegationRecord":
        """Parse `{index, actions, scopes, withdrawn}`."""
        obj = members(value, required=("index", "actions", "scopes", "withdrawn"), place=place)
        delegate = delegate_from_json(obj, place)
        withdrawn = get_int_or_null(obj, "withdrawn", place)
        return cls(get_int(obj, "index", place), delegate.actions, delegate.scopes, withdrawn)

    def to_json(self) -> JSONObject:
        """Return the delegation as JSON."""
        return {
            "index": self.index,
            "actions": [action.value for action in self.actions],
            "scopes": [scope.to_json() for scope in self.scopes],
            "withdrawn": self.withdrawn,
        }


@dataclass(frozen=True, slots=True)
class IssuerRecord:
    """All that is known of one enrolled body; keys by (added, id), scopes by grant, delegations by index."""

    did: str
    names: Names
    legal_id: str
    keys: tuple[KeyRecord, ...] = ()
    scopes: tuple[ScopeRecord, ...] = ()
    delegations: tuple[DelegationRecord, ...] = ()

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "IssuerRecord":
        """Parse a record."""
        names = ("did", "names", "legalId", "keys", "scopes", "delegations")
        obj = members(value, required=names, place=place)
        return cls(
            did=check_did(get_str(obj, "did", place), f"{place}/did"),
            names=Names.from_json(obj["names"], f"{place}/names"),
            legal_id=get_str(obj, "legalId", place),
            keys=tuple(
                KeyRecord.from_json(k, f"{place}/keys/{i}")
                for i, k in enumerate(get_list(obj, "keys", place))
            ),
            scopes=tuple(
                ScopeRecord.from_json(s, f"{place}/scopes/{i}")
                for i, s in enumerate(get_list(obj, "scopes", place))
            ),
            delegations=tuple(
                DelegationRecord.from_json(d, f"{place}/delegations/{i}")
                for i, d in enumerate(get_list(obj, "delegations", place))
            ),
        )

    def to_json(self) -> JSONObject:
        """Return the record as JSON."""
        return {
            "did": self.did,
            "names": self.names.to_json(),
            "legalId": self.legal_id,
            "keys": [key.to_json() for key in self.keys],
            "scopes": [scope.to_json() for scope in self.scopes],
            "delegations": [delegation.to_json() for delegation in self.delegations],
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: the trust tree's leaf data."""
        return canonicalize(self.to_json())

    @property
    def leaf_hash(self) -> LeafHash:
        """SHA-256(0x00 ‖ canonical bytes)."""
        return leaf_hash(self.to_bytes())

    def has_delegation(self, before: int) -> bool:
        """Tell whether anything was delegated to this body before an entry, withdrawn since or not."""
        return any(delegation.index < before for delegation in self.delegations)

    def key_record(self, key: PublicKey) -> KeyRecord | None:
        """Return what is recorded of a key, or None."""
        return next((record for record in self.keys if record.key == key), None)


def key_in_force(record: IssuerRecord, key: PublicKey, index: int) -> KeyRecord:
    """Return the record of a key that may sign the entry at `index`.

    Needs added < index, index < retired and index < compromisedSince.

    Raises:
        NotTrusted: it may not; the message says why.
    """
    found = record.key_record(key)
    if found is None or found.added >= index:
        raise NotTrusted(
            Sentence("{did} had no such key at entry {index}", did=record.did, index=index),
            code="unknown-key",
        )
    if found.retired is not None and found.retired <= index:
        raise NotTrusted(
            Sentence(
                "the key was retired at entry {retired}, before {index}", retired=found.retired, index=index
            ),
            code="retired-key",
        )
    if found.compromised_since is not None and found.compromised_since <= index:
        message = Sentence(
            "the key counts as compromised since entry {compromised_since}, before {index}",
            compromised_since=found.compromised_since,
            index=index,
        )
        raise NotTrusted(message, code="compromised-key")
    return found


def trust_tree(operator: OperatorRecord, records: Iterable[IssuerRecord]) -> MemoryTree:
    """Return the trust tree: the operator's record, then the issuers', sorted by the UTF-8 bytes of their DIDs."""
    issuers = sorted(records, key=lambda r: r.did.encode())
    return MemoryTree([operator.leaf_hash, *(record.leaf_hash for record in issuers)])
