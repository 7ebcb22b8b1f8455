"""Epochs: the registry's dated statement of every status and every issuer record, as a leaf of the log.

An epoch commits the state after entries 0 .. asOf-1, where asOf is its own index. The checkpoint that covers it
is its signature.
"""

from dataclasses import dataclass
from typing import Final

from certlog.digests import RootHash, digest_from_text
from certlog.encoding import b64url
from certlog.strict_json import JSONObject, JSONValue, get_int, get_str, members
from certlog.timestamps import format_time, parse_utc

_MEMBERS: Final = ("number", "time", "asOf", "statusLists", "statusRoot", "trustRecords", "trustRoot")


@dataclass(frozen=True, slots=True)
class Epoch:
    """The state after `as_of` entries.

    Attributes:
        number: 0, 1, 2 … without gap.
        time: when the registry says it was made, seconds since the epoch.
        as_of: its own index in the log.
        status_lists: number of list pairs; the status tree has twice as many leaves.
        status_root: root of the status tree.
        trust_records: number of issuer records.
        trust_root: root of the trust tree.
    """

    number: int
    time: int
    as_of: int
    status_lists: int
    status_root: RootHash
    trust_records: int
    trust_root: RootHash

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "Epoch":
        """Parse the epoch document."""
        obj = members(value, required=_MEMBERS, place=place)
        return cls(
            number=get_int(obj, "number", place),
            time=parse_utc(get_str(obj, "time", place), f"{place}/time"),
            as_of=get_int(obj, "asOf", place),
            status_lists=get_int(obj, "statusLists", place),
            status_root=RootHash(digest_from_text(get_str(obj, "statusRoot", place))),
            trust_records=get_int(obj, "trustRecords", place),
            trust_root=RootHash(digest_from_text(get_str(obj, "trustRoot", place))),
        )

    def to_json(self) -> JSONObject:
        """Return the epoch document."""
        return {
            "number": self.number,
            "time": format_time(self.time),
            "asOf": self.as_of,
            "statusLists": self.status_lists,
            "statusRoot": b64url(self.status_root),
            "trustRecords": self.trust_records,
            "trustRoot": b64url(self.trust_root),
        }
