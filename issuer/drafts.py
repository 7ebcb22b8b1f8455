"""Drafts: certificates as a file asks for them, complete but for id, salt, slot and what they replace.

Every importer (rows of a table, JSON, DCC, folders of files) makes these; issuing knows no file format. A draft
remembers where it was asked for, so that a mistake found later is still told at its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from certlog.canonical import canonicalize
from certlog.credential import credential_status, find_problems
from certlog.digests import sha256
from certlog.documents import MAX_DOCUMENT_BYTES
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.slots import Slot
from certlog.strict_json import JSONObject
from issuer.problems import Place, RowProblem

MAX_CONTENT_BYTES: Final = MAX_DOCUMENT_BYTES - 4096
"""What leaves room for the proof, the slot's addresses and what it replaces."""
_NO_ORIGIN: Final = "origin.invalid"
_STAND_IN: Final[JSONObject] = {
    # What a draft lacks, for asking the schema about everything else.
    "id": "urn:uuid:00000000-0000-4000-8000-000000000000",
    "salt": "A" * 22,
    "credentialStatus": credential_status(_NO_ORIGIN, Slot(0, 0)),
}
_STAND_IN_REPLACES: Final[JSONObject] = {
    "id": "urn:uuid:00000000-0000-4000-8000-000000000000",
    "digest": "A" * 43,
    "reason": "correction",
}


class Source(Protocol):
    """The row or object of a file that a draft was read from; a plain value, so that other processes can have it."""

    def place(self, name: str = "") -> Place:
        """Return where a value stands; "" for the row or object as a whole, and for names that it does not have."""

    def name_of(self, character: str) -> str:
        """Return the name of a value that holds a character; "" if none does, since it came from elsewhere."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A certificate before it has a slot; `replaces` is filled in from the issuer's journal.

    Attributes:
        source: where it was asked for; two drafts are equal if they ask for the same.
        number: certificate number.
        version: 1, or more when it replaces an earlier one.
        content: the certificate without id, salt, credentialStatus and replaces.
        replace_reason: why it replaces version - 1; None for version 1.
    """

    source: Source = field(compare=False)
    number: str
    version: int
    content: JSONObject
    replace_reason: str | None

    @property
    def input_hash(self) -> bytes:
        """SHA-256 of what was asked for: tells a repetition from a changed input."""
        return sha256(canonicalize({"content": self.content, "reason": self.replace_reason}))


@dataclass(frozen=True, slots=True)
class Drafts:
    """What a file holds: the drafts that are right, all problems in the order of the file, and advice.

    Problems stop issuing; advice (ILAC-P14, sums that do not add up) is told and stops nothing.
    """

    good: tuple[Draft, ...]
    problems: tuple[RowProblem, ...]
    advice: tuple[RowProblem, ...] = ()


def refusals(content: JSONObject) -> Iterator[InvalidInput]:
    """Yield what the certificate's own schema and rules say against the content of a draft.

    They are asked before anything is signed: a registry or verifier would refuse it for the same reasons.
    """
    whole = {**content, **_STAND_IN}
    if content["version"] != 1:
        whole["replaces"] = _STAND_IN_REPLACES
    found = list(find_problems(whole, origin=_NO_ORIGIN))
    yield from found
    if not found and (size := len(canonicalize(whole))) > MAX_CONTENT_BYTES:
        message = Sentence(
            "expected at most {limit} bytes of content, found {size}: split the results over several certificates",
            limit=MAX_CONTENT_BYTES,
            size=size,
        )
        yield InvalidInput(message, code="too-large")
