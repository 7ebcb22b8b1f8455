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
    """One thing to log: an entry's canonical bytes and, where the content is published, the secured document."""

    entry: bytes
    document: bytes | None = None


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


MAX_ITEMS = 1000
MAX_BATCH_BYTES = 16 * 1024 * 1024
