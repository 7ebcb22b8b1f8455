"""Dated status proof: what one epoch states of one certificate, in a file of a few kilobytes (docs/formats.md, 8.1).

It is the log's own signed statement of the two status bits of a slot at a time. It does not say that the issuer's key
was authorised up to the operator, nor what the certificate says: that is evidence. Nothing is verified here.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from certlog.canonical import canonicalize
from certlog.credential import slot_of
from certlog.entry import CertificateEntry, certificate_entry, entry_from_json
from certlog.errors import InvalidInput
from certlog.evidence import Evidence, Head, ProvenEntry, ProvenList, ProvenRecord
from certlog.sentences import Sentence
from certlog.status_list import PURPOSES
from certlog.strict_json import JSONObject, JSONValue, get_int, get_items, get_str, members, parse_canonical

STATUS_PROOF_VERSION: Final = 1
STATUS_PROOF_KIND: Final = "statusProof"
MAX_STATUS_PROOF_BYTES: Final = 512 * 1024
"""Two lists in which every second bit is random take 44 KB; a record of hundreds of scopes fits as well."""

_MEMBERS: Final = ("v", "kind", "index", "entry", "head", "epoch", "record", "lists")
Lists: TypeAlias = tuple[ProvenList, ProvenList]


@dataclass(frozen=True, slots=True)
class StatusProof:
    """The state of one certificate as one epoch commits it.

    Attributes:
        index: the certificate's position in the log.
        entry: the certificate's entry: its hash, its slot, and the issuer's signature over both.
        head: a signed checkpoint ending in the epoch, the entry's path to it, and where it is anchored.
        epoch: the head's last leaf.
        record: the issuer's record, to the epoch's trustRoot.
        lists: the slot's revocation and suspension lists, to the epoch's statusRoot.
    """

    index: int
    entry: CertificateEntry
    head: Head
    epoch: ProvenEntry
    record: ProvenRecord
    lists: Lists

    @classmethod
    def parse(cls, data: bytes) -> "StatusProof":
        """Read a status proof: canonical JSON of at most 512 KiB.

        Raises:
            InvalidInput: another form; the message names the place.
        """
        return cls.from_json(parse_canonical(data, max_bytes=MAX_STATUS_PROOF_BYTES))

    @classmethod
    def from_json(cls, value: JSONValue) -> "StatusProof":
        """Parse the object; unknown members are refused."""
        obj = members(value, required=_MEMBERS)
        require_kind(obj, STATUS_PROOF_KIND, STATUS_PROOF_VERSION)
        entry = entry_from_json(obj["entry"], "/entry")
        if not isinstance(entry, CertificateEntry):
            raise InvalidInput("expected a certificate's entry", place="/entry", code="wrong-kind")
        return cls(
            index=get_int(obj, "index"),
            entry=entry,
            head=Head.from_json(obj["head"], "/head"),
            epoch=ProvenEntry.from_json(obj["epoch"], "/epoch"),
            record=ProvenRecord.from_json(obj["record"], "/record"),
            lists=lists_of(obj),
        )

    def to_json(self) -> JSONObject:
        """Return the proof as JSON."""
        return {
            "v": STATUS_PROOF_VERSION,
            "kind": STATUS_PROOF_KIND,
            "index": self.index,
            "entry": self.entry.to_json(),
            "head": self.head.to_json(),
            "epoch": self.epoch.to_json(),
            "record": self.record.to_json(),
            "lists": [proven.to_json() for proven in self.lists],
        }

    def to_bytes(self) -> bytes:
        """Return the file: canonical JSON."""
        return canonicalize(self.to_json())


def stated_in(evidence: Evidence) -> StatusProof | None:
    """Return what the last head of an evidence file states of its certificate.

    None where the file holds no certificate of a readable slot, or no record of its issuer.
    """
    document = evidence.certificate
    if document is None:
        return None
    try:
        entry = certificate_entry(document, slot_of(document.content))
    except InvalidInput:
        return None
    record = next((item for item in evidence.records if item.record.did == entry.proof.did), None)
    if record is None:
        return None
    head = evidence.heads[-1]
    return StatusProof(evidence.index, entry, head, evidence.epoch, record, evidence.lists)


def require_kind(obj: JSONObject, kind: str, version: int) -> None:
    """Require a proof file of one kind and version.

    Raises:
        InvalidInput: another one.
    """
    if get_str(obj, "kind") != kind:
        raise InvalidInput(
            Sentence("expected a file of kind {kind!r}", kind=kind), place="/kind", code="wrong-kind"
        )
    if get_int(obj, "v") != version:
        raise InvalidInput(
            Sentence("expected {kind} of version {version}", kind=kind, version=version),
            place="/v",
            code="bad-version",
        )


def lists_of(obj: JSONObject, place: str = "") -> Lists:
    """Parse `lists`: exactly the revocation and the suspension list of a slot."""
    lists = get_items(obj, "lists", place, ProvenList.from_json, most=len(PURPOSES))
    if len(lists) != len(PURPOSES):
        raise InvalidInput("expected exactly 2 lists", place=f"{place}/lists", code="bad-lists")
    return lists[0], lists[1]
