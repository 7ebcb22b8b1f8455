"""Omission proof: a portable file that shows a log's own epoch contradicting the log's own entries (formats.md, 8.2).

It carries what the log stated (a dated status proof), the signed events that the log itself holds, and, where it must
be shown that nothing came after them, every entry up to that epoch. Nothing is verified here.
"""

from dataclasses import dataclass
from typing import Final

from certlog.canonical import canonicalize
from certlog.digests import digest_from_text
from certlog.encoding import b64url, b64url_decode
from certlog.errors import InvalidInput
from certlog.evidence import ProvenEntry
from certlog.sentences import Sentence
from certlog.status_proof import Lists, StatusProof, lists_of, require_kind
from certlog.strict_json import (
    JSONObject,
    JSONValue,
    as_text,
    get_int,
    get_items,
    get_object,
    members,
    parse_canonical,
)

OMISSION_PROOF_VERSION: Final = 1
OMISSION_PROOF_KIND: Final = "omissionProof"
MAX_OMISSION_PROOF_BYTES: Final = 16 * 1024 * 1024
MAX_EVENTS: Final = 500
MAX_REPLACEMENTS: Final = 8
MAX_TAIL: Final = 20_000
"""Entries; an epoch follows within a minute, so that a tail that begins at the one before it is far shorter."""
MAX_LEAF_BYTES: Final = 65_535
"""A dishonest log may hold leaves that are no entries; tiles bound them so."""
_MAX_PEAKS: Final = 63


@dataclass(frozen=True, slots=True)
class Tail:
    """Every leaf from `start` to the end of the statement's head, as bytes, and the peaks before it."""

    start: int
    peaks: tuple[bytes, ...]
    entries: tuple[bytes, ...]

    @classmethod
    def from_json(cls, value: JSONValue, place: str) -> "Tail":
        """Parse `{start, peaks, entries}`."""
        obj = members(value, required=("start", "peaks", "entries"), place=place)
        return cls(
            start=get_int(obj, "start", place),
            peaks=get_items(obj, "peaks", place, _hash, most=_MAX_PEAKS),
            entries=get_items(obj, "entries", place, _leaf, most=MAX_TAIL),
        )

    def to_json(self) -> JSONObject:
        """Return the tail as JSON; entries are base64url, since a leaf need not be an entry."""
        return {
            "start": self.start,
            "peaks": [b64url(peak) for peak in self.peaks],
            "entries": [b64url(entry) for entry in self.entries],
        }


@dataclass(frozen=True, slots=True)
class Base:
    """An earlier epoch of the same log, under the statement's head, and what it stated of the same slot."""

    epoch: ProvenEntry
    lists: Lists

    @classmethod
    def from_json(cls, value: JSONValue, place: str) -> "Base":
        """Parse `{epoch, lists}`."""
        obj = members(value, required=("epoch", "lists"), place=place)
        return cls(ProvenEntry.from_json(obj["epoch"], f"{place}/epoch"), lists_of(obj, place))

    def to_json(self) -> JSONObject:
        """Return the base as JSON."""
        return {"epoch": self.epoch.to_json(), "lists": [proven.to_json() for proven in self.lists]}


@dataclass(frozen=True, slots=True)
class OmissionProof:
    """What the log stated, and what it holds.

    Attributes:
        statement: the log's own dated statement of the certificate's bits; its head is what all else proves to.
        events: status entries of the certificate, linked by `previous` from the first, in log order.
        replacements: the entries of certificates that effective supersede events name.
        tail: every entry after the last event, the certificate, or the base, up to the statement's epoch.
        base: an earlier epoch to start from, in place of events.
    """

    statement: StatusProof
    events: tuple[ProvenEntry, ...] = ()
    replacements: tuple[ProvenEntry, ...] = ()
    tail: Tail | None = None
    base: Base | None = None

    @classmethod
    def parse(cls, data: bytes) -> "OmissionProof":
        """Read an omission proof: canonical JSON of at most 16 MiB.

        Raises:
            InvalidInput: another form; the message names the place.
        """
        obj = members(
            parse_canonical(data, max_bytes=MAX_OMISSION_PROOF_BYTES),
            required=("v", "kind", "statement", "events", "replacements"),
            optional=("tail", "base"),
        )
        require_kind(obj, OMISSION_PROOF_KIND, OMISSION_PROOF_VERSION)
        found = cls(
            statement=_statement(get_object(obj, "statement")),
            events=get_items(obj, "events", "", ProvenEntry.from_json, most=MAX_EVENTS),
            replacements=get_items(obj, "replacements", "", ProvenEntry.from_json, most=MAX_REPLACEMENTS),
            tail=Tail.from_json(obj["tail"], "/tail") if "tail" in obj else None,
            base=Base.from_json(obj["base"], "/base") if "base" in obj else None,
        )
        if found.base is not None and (found.events or found.tail is None):
            raise InvalidInput("a base goes with a tail and without events", place="/base", code="bad-base")
        return found

    def to_json(self) -> JSONObject:
        """Return the proof as JSON; `tail` and `base` are left out where there is none."""
        obj: JSONObject = {
            "v": OMISSION_PROOF_VERSION,
            "kind": OMISSION_PROOF_KIND,
            "statement": self.statement.to_json(),
            "events": [event.to_json() for event in self.events],
            "replacements": [entry.to_json() for entry in self.replacements],
        }
        if self.tail is not None:
            obj["tail"] = self.tail.to_json()
        if self.base is not None:
            obj["base"] = self.base.to_json()
        return obj

    def to_bytes(self) -> bytes:
        """Return the file: canonical JSON.

        Raises:
            InvalidInput: it would be larger than a verifier reads.
        """
        data = canonicalize(self.to_json())
        if len(data) > MAX_OMISSION_PROOF_BYTES or (self.tail and len(self.tail.entries) > MAX_TAIL):
            message = Sentence(
                "the proof would take {size} bytes: hand in an earlier status proof to start from",
                size=len(data),
            )
            raise InvalidInput(message, code="too-large")
        return data


def _statement(obj: JSONObject) -> StatusProof:
    try:
        return StatusProof.from_json(obj)
    except InvalidInput as error:
        raise InvalidInput(error.message, place=f"/statement{error.place}", code=error.code) from error


def _hash(value: JSONValue, place: str) -> bytes:
    return digest_from_text(as_text(value, place))


def _leaf(value: JSONValue, place: str) -> bytes:
    data = b64url_decode(as_text(value, place))
    if len(data) > MAX_LEAF_BYTES:
        raise InvalidInput(
            Sentence("expected at most {most} bytes", most=MAX_LEAF_BYTES), place=place, code="too-large"
        )
    return data
