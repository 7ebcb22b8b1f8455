"""What a body may claim: scopes of designation or accreditation, their source, and the names of bodies."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from certlog.errors import InvalidInput
from certlog.keys import check_did
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, JSONValue, get_list, get_str, members
from certlog.timestamps import parse_date

MAX_ITEMS: Final = 200
"""Most standards, measurands, actions or delegated scopes that one statement lists (an entry holds 8 KiB)."""


@dataclass(frozen=True, slots=True)
class Names:
    """A body's name in Vietnamese and, where it has one, in English."""

    vi: str
    en: str | None = None

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "Names":
        """Parse `{vi, en?}`."""
        obj = members(value, required=("vi",), optional=("en",), place=place)
        return cls(get_str(obj, "vi", place), get_str(obj, "en", place) if "en" in obj else None)

    def to_json(self) -> JSONObject:
        """Return `{vi, en?}`."""
        return {"vi": self.vi} if self.en is None else {"vi": self.vi, "en": self.en}


class ResemblanceReason(StrEnum):
    """Why a body is enrolled although its name looks like another's; entries are public, so a code and no text."""

    SAME_GROUP = "same_group"
    OFFICIAL_NAME = "official_name"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class Resemblance:
    """An enrolled body whose name looks like the new one's, which the operator has seen, and why that is right."""

    did: str
    reason: ResemblanceReason

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "Resemblance":
        """Parse `{did, reason}`."""
        obj = members(value, required=("did", "reason"), place=place)
        reason = get_str(obj, "reason", place)
        if reason not in tuple(ResemblanceReason):
            message = Sentence("expected one of {expected}", expected=", ".join(ResemblanceReason))
            raise InvalidInput(message, place=f"{place}/reason", code="bad-reason")
        return cls(check_did(get_str(obj, "did", place), f"{place}/did"), ResemblanceReason(reason))

    def to_json(self) -> JSONObject:
        """Return `{did, reason}`."""
        return {"did": self.did, "reason": self.reason.value}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a granted scope comes from.

    Attributes:
        by: "authority" when the authority itself signed the grant, "operator" when the operator transcribed it.
        url: where the operator read it; with "operator" only.
        date: when, YYYY-MM-DD; with "operator" only.
    """

    by: str
    url: str | None = None
    date: str | None = None

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "Source":
        """Parse `{by: "authority"}` or `{by: "operator", url, date}`."""
        if isinstance(value, dict) and value.get("by") == "authority":
            members(value, required=("by",), place=place)
            return cls("authority")
        obj = members(value, required=("by", "url", "date"), place=place)
        if obj["by"] != "operator":
            raise InvalidInput("expected 'authority' or 'operator'", place=f"{place}/by", code="bad-source")
        date = get_str(obj, "date", place)
        parse_date(date, f"{place}/date")
        return cls("operator", get_str(obj, "url", place), date)

    def to_json(self) -> JSONObject:
        """Return the source as JSON."""
        if self.by == "authority":
            return {"by": "authority"}
        return {"by": self.by, "url": self.url, "date": self.date}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a body may claim.

    Attributes:
        kind: "designation" (by the State, for hợp quy) or "accreditation".
        topics: the standards (or measurands) covered, exactly as certificates write them.
        measured: True if the topics are measurands of a laboratory, False if they are standards.
        authority: who designated or accredited, exactly as certificates write it.
        source: who says so.
        valid_from: first day, YYYY-MM-DD.
        valid_until: last day, or None.
    """

    kind: str
    topics: tuple[str, ...]
    measured: bool
    authority: str
    source: Source
    valid_from: str
    valid_until: str | None = None

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "Scope":
        """Parse `{kind, standards | measurands, authority, source, dates: {from, until?}}`."""
        measured = isinstance(value, dict) and "measurands" in value
        topics = "measurands" if measured else "standards"
        obj = members(value, required=("kind", topics, "authority", "source", "dates"), place=place)
        kind = get_str(obj, "kind", place)
        if kind not in ("designation", "accreditation"):
            raise InvalidInput(
                "expected 'designation' or 'accreditation'", place=f"{place}/kind", code="bad-scope"
            )
        dates = members(obj["dates"], required=("from",), optional=("until",), place=f"{place}/dates")
        for name in dates:
            parse_date(get_str(dates, name, f"{place}/dates"), f"{place}/dates/{name}")
        return cls(
            kind=kind,
            topics=strings(obj, topics, place),
            measured=measured,
            authority=get_str(obj, "authority", place),
            source=Source.from_json(obj["source"], f"{place}/source"),
            valid_from=get_str(dates, "from", f"{place}/dates"),
            valid_until=get_str(dates, "until", f"{place}/dates") if "until" in dates else None,
        )

    def to_json(self) -> JSONObject:
        """Return the scope as JSON."""
        dates: JSONObject = {"from": self.valid_from}
        if self.valid_until is not None:
            dates["until"] = self.valid_until
        return {
            "kind": self.kind,
            "measurands" if self.measured else "standards": list(self.topics),
            "authority": self.authority,
            "source": self.source.to_json(),
            "dates": dates,
        }


@dataclass(frozen=True, slots=True)
class DelegatedScope:
    """A kind of scope and the authority in whose name a delegate may grant it."""

    kind: str
    authority: str

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "DelegatedScope":
        """Parse `{kind, authority}`."""
        obj = members(value, required=("kind", "authority"), place=place)
        return cls(get_str(obj, "kind", place), get_str(obj, "authority", place))

    def to_json(self) -> JSONObject:
        """Return `{kind, authority}`."""
        return {"kind": self.kind, "authority": self.authority}


def strings(obj: JSONObject, name: str, place: str) -> tuple[str, ...]:
    """Return a member that must be an array of 1 to 200 different strings."""
    items = get_list(obj, name, place)
    texts = tuple(item for item in items if isinstance(item, str))
    if not 1 <= len(texts) == len(items) <= MAX_ITEMS or len(set(texts)) != len(texts):
        raise InvalidInput(
            "expected different strings, 1 to 200 of them", place=f"{place}/{name}", code="bad-list"
        )
    return texts
