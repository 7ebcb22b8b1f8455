"""What issuing needs of a registry, as a port; http_registry.py speaks to a real one, tests bring a fake."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from certlog.digests import DocumentHash
from certlog.slots import Slot


@dataclass(frozen=True, slots=True)
class ReservedSlots:
    """Slots that this issuer may sign for until `expires` (seconds since the epoch)."""

    slots: tuple[Slot, ...]
    expires: int


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to log.

    Attributes:
        entry: the canonical bytes.
        document: the secured document, where its content is public.
        sealed: the sealed content, where only the holder of the paper may read it.
        number_tag: what stands for number and version where the registry cannot read them.
    """

    entry: bytes
    document: bytes | None = None
    sealed: bytes | None = None
    number_tag: bytes | None = None

    @property
    def length(self) -> int:
        """At least the bytes of its line in a batch."""
        sealed = len(self.sealed or b"") * 4 // 3
        return len(self.entry) + len(self.document or b"") + sealed + _LINE_OVERHEAD


@dataclass(frozen=True, slots=True)
class Outcome:
    """The registry's answer about one item.

    Attributes:
        status: "logged" or "exists" (either way durable and final), or "refused".
        index: position in the log; None if refused.
        leaf_hash: the entry's leaf hash in base64url; None if refused.
        code: why it was refused, for programs; empty otherwise.
        detail: why it was refused, for people; empty otherwise.
    """

    status: Literal["logged", "exists", "refused"]
    index: int | None = None
    leaf_hash: str | None = None
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StatusView:
    """Where a certificate's chain of status documents ends; `last` is what the next one names as previous."""

    last: DocumentHash | None
    suspended: bool
    revoked: bool


class Registry(Protocol):
    """A registry as an issuer uses it.

    Every method raises Unavailable when the registry cannot be reached or fails (try again), InvalidInput or
    NotTrusted when it refuses the request.
    """

    def origin(self) -> str:
        """Return the log's origin, which signatures name."""

    def reserve_slots(self, count: int) -> ReservedSlots:
        """Set slots aside; no one else is given them, ever."""

    def submit(self, items: Sequence[Item]) -> tuple[Outcome, ...]:
        """Log items in this order and answer each; durable when this returns, and repeatable.

        Requires at most MAX_ITEMS items. The same item again is answered "exists" with the same index.
        """

    def status(self, certificate: DocumentHash) -> StatusView:
        """Return the status that the registry shows for a logged certificate."""

    def document(self, identifier: str) -> bytes:
        """Return the secured document with this id, where it is published."""


_LINE_OVERHEAD = 160
MAX_ITEMS = 1000
MAX_BATCH_BYTES = 16 * 1024 * 1024
