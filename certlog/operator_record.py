"""The operator and its keys: what a verifier pins, and what the log says of them since; leaf 0 of the trust tree.

The record proves which operator key was in force at an entry. Without it, evidence could leave a rotation out and let
the old key, perhaps a thief's by now, go on speaking for the operator (docs/formats.md, section 6).
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from certlog.canonical import canonicalize
from certlog.digests import LeafHash
from certlog.errors import InvalidInput, NotTrusted
from certlog.keys import PublicKey, check_did
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, JSONValue, get_int, get_int_or_null, get_items, get_str, members
from certlog.tree import leaf_hash
from certlog.trust import key_from_json

MAX_KEYS: Final = 200
"""Most operator keys in one record: a rotation a month for sixteen years."""


@dataclass(frozen=True, slots=True)
class PinnedRotation:
    """A rotation that a trust root names: after entry `index` the operator's key is `key`."""

    index: int
    key: PublicKey

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "PinnedRotation":
        """Parse `{index, key}`."""
        obj = members(value, required=("index", "key"), place=place)
        key = PublicKey.from_multibase(get_str(obj, "key", place), f"{place}/key")
        return cls(get_int(obj, "index", place), key)

    def to_json(self) -> JSONObject:
        """Return the rotation as JSON."""
        return {"index": self.index, "key": self.key.multibase}


@dataclass(frozen=True, slots=True)
class Operator:
    """Who the verifier pins.

    Attributes:
        did: the operator's DID.
        key: its first key.
        recovery_key: what may replace the operator's key, and declare one compromised; nothing else.
        rotations: the rotations of the key that are pinned too, rising; others follow from the log.
    """

    did: str
    key: PublicKey
    recovery_key: PublicKey
    rotations: tuple[PinnedRotation, ...] = ()

    def pinned_at(self, index: int) -> tuple[int, PublicKey]:
        """Return the newest pinned key that counts at an entry, after the entry that made it so (-1 for the first)."""
        found = [(rotation.index, rotation.key) for rotation in self.rotations if rotation.index < index]
        return found[-1] if found else (-1, self.key)


def require_rising(rotations: tuple[PinnedRotation, ...], place: str) -> None:
    """Require that pinned rotations stand in the order of the log.

    Raises:
        InvalidInput: they do not.
    """
    if any(later.index <= earlier.index for earlier, later in pairwise(rotations)):
        raise InvalidInput("expected rotations of rising index", place=place, code="bad-rotation")


@dataclass(frozen=True, slots=True)
class OperatorKey:
    """A key of the operator; `added` is None for the first, which is pinned; the next rotation retires it."""

    key: PublicKey
    added: int | None = None
    retired: int | None = None
    compromised_since: int | None = None

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "OperatorKey":
        """Parse `{id, type, added, retired, compromisedSince}`."""
        names = ("id", "type", "added", "retired", "compromisedSince")
        obj = members(value, required=names, place=place)
        return cls(
            key=key_from_json({"id": obj["id"], "type": obj["type"]}, place),
            added=get_int_or_null(obj, "added", place),
            retired=get_int_or_null(obj, "retired", place),
            compromised_since=get_int_or_null(obj, "compromisedSince", place),
        )

    def to_json(self) -> JSONObject:
        """Return the key as JSON."""
        return {
            "id": self.key.multibase,
            "type": self.key.type.value,
            "added": self.added,
            "retired": self.retired,
            "compromisedSince": self.compromised_since,
        }


@dataclass(frozen=True, slots=True)
class OperatorRecord:
    """The operator's keys, in the order of their rotations; the last one is the present key."""

    did: str
    keys: tuple[OperatorKey, ...]

    @classmethod
    def first(cls, operator: Operator) -> "OperatorRecord":
        """Return the record before the first entry."""
        return cls(operator.did, (OperatorKey(operator.key),))

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "OperatorRecord":
        """Parse `{operator, keys}`."""
        obj = members(value, required=("operator", "keys"), place=place)
        keys = get_items(obj, "keys", place, OperatorKey.from_json, most=MAX_KEYS)
        if not keys:
            raise InvalidInput("expected at least one key", place=f"{place}/keys", code="bad-list")
        return cls(check_did(get_str(obj, "operator", place), f"{place}/operator"), keys)

    def to_json(self) -> JSONObject:
        """Return the record as JSON."""
        return {"operator": self.did, "keys": [key.to_json() for key in self.keys]}

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: the leaf data."""
        return canonicalize(self.to_json())

    @property
    def leaf_hash(self) -> LeafHash:
        """SHA-256(0x00 ‖ canonical bytes)."""
        return leaf_hash(self.to_bytes())

    @property
    def current(self) -> OperatorKey:
        """The present key."""
        return self.keys[-1]

    def find(self, key: PublicKey) -> OperatorKey | None:
        """Return what is recorded of a key, or None."""
        return next((found for found in self.keys if found.key == key), None)

    def require_in_force(self, key: PublicKey, index: int) -> None:
        """Require that a key spoke for the operator at an entry: added < index < retired, index < compromisedSince.

        Raises:
            NotTrusted: it did not; the message says why.
        """
        found = self.find(key)
        if found is None or (found.added is not None and found.added >= index):
            message = Sentence(
                "the operator had no such key at entry {index}: {multibase}",
                index=index,
                multibase=key.multibase,
            )
            raise NotTrusted(message, code="not-operator")
        if found.retired is not None and found.retired <= index:
            message = Sentence(
                "the operator's key was replaced at entry {retired}, before {index}",
                retired=found.retired,
                index=index,
            )
            raise NotTrusted(message, code="retired-key")
        if found.compromised_since is not None and found.compromised_since <= index:
            message = Sentence(
                "the operator's key counts as compromised since entry {compromised_since}, before {index}",
                compromised_since=found.compromised_since,
                index=index,
            )
            raise NotTrusted(message, code="compromised-key")

    def rotated(self, new: PublicKey, index: int) -> "OperatorRecord":
        """Return the record after a rotation."""
        last = replace(self.current, retired=index)
        return replace(self, keys=(*self.keys[:-1], last, OperatorKey(new, index)))

    def compromised(self, key: PublicKey, since: int) -> "OperatorRecord":
        """Return the record after one of its keys was declared compromised."""
        keys = tuple(replace(k, compromised_since=since) if k.key == key else k for k in self.keys)
        return replace(self, keys=keys)
