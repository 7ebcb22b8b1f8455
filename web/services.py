"""What the web layer needs from the rest, as ports, and the values that pass through them.

The composition root (web.wiring) fills `Services` with real parts, tests with small ones that work. A view parses the
request, calls one of these, and renders what comes back.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from certlog.digests import DocumentHash
from certlog.errors import CertlogError
from certlog.slots import Slot
from certlog.strict_json import JSONObject
from certlog.trust_root import TrustRoot
from verifier.chain_view import ChainView
from verifier.report import Report


@dataclass(frozen=True, slots=True)
class Answer:
    """The registry's answer about one id.

    Attributes:
        identifier: the 20 characters, or what was typed where it cannot be an id.
        report: verdict and checks, as verifier.verify gave them.
        chain_view: what the anchoring worker last read, on which check 7 rests.
        replacement: id of the certificate that replaces this one.
        is_sealed: whether its content is here for who holds the key.
    """

    identifier: str
    report: Report
    chain_view: ChainView
    replacement: str | None = None
    is_sealed: bool = False


class Answers(Protocol):
    """Checks certificates the way any verifier does, over what this registry holds."""

    def by_id(self, typed: str) -> Answer:
        """Return the answer about an id as someone typed it.

        Mistyped and unknown ids are answers too. No request leaves this machine.

        Raises:
            Unavailable: the registry's database cannot be read.
        """
        ...

    def evidence(self, typed: str) -> bytes:
        """Return the evidence file of a certificate.

        Raises:
            MistypedId: it cannot be an id.
            NotFound: no certificate has this id.
        """
        ...

    def status_proof(self, typed: str, *, on: int | None = None, needs_anchor: bool = False) -> bytes:
        """Return the dated status proof of a certificate: the newest epoch's, or the last one's that is not after `on`.

        Args:
            typed: the id.
            on: seconds since the epoch; None for now.
            needs_anchor: only an epoch whose head is anchored.

        Raises:
            MistypedId: it cannot be an id.
            NotFound: no certificate has this id.
            Unavailable: no signed epoch answers this.
        """
        ...

    def document(self, typed: str) -> bytes:
        """Return the secured document of a certificate whose issuer published it.

        Raises:
            MistypedId: it cannot be an id.
            NotFound: no certificate has this id, or its content is not here.
        """
        ...

    def sealed(self, typed: str) -> bytes:
        """Return the sealed content of a certificate.

        Raises:
            MistypedId: it cannot be an id.
            NotFound: no certificate has this id, or no sealed content is here.
        """
        ...


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """One batch of the anchoring log; what is not known yet is None."""

    number: int
    state: str
    size: int
    root: bytes
    chain_id: int
    sealed_at: int
    tx_hash: str | None = None
    block_number: int | None = None
    block_time: int | None = None


@dataclass(frozen=True, slots=True)
class AnchorPage:
    """Batches, newest first, and the number to ask for the next older page with (None: no older ones)."""

    rows: tuple[AnchorRow, ...]
    older_than: int | None


@dataclass(frozen=True, slots=True)
class ChainPoll:
    """What the anchoring worker last read of the chain, and why it stopped where it did."""

    read_at: int | None = None
    block_number: int | None = None
    block_time: int | None = None
    halted: str = ""
    chain_id: int | None = None


NOTHING_READ_YET: Final = ChainPoll()


class AnchorLog(Protocol):
    """Reads what the anchoring worker stored."""

    def page(self, *, older_than: int | None, limit: int) -> AnchorPage:
        """Return up to `limit` batches with numbers below `older_than`, newest first."""
        ...

    def polls(self) -> tuple[ChainPoll, ...]:
        """Return what was last read of every chain that the log is anchored on, in the order of the lines."""
        ...


@dataclass(frozen=True, slots=True)
class LogHead:
    """The newest signed checkpoint."""

    origin: str
    log_key: str
    size: int
    root: bytes
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """Status slots set aside for one issuer, and until when (seconds since 1970)."""

    slots: tuple[Slot, ...]
    expires: int


@dataclass(frozen=True, slots=True)
class Submitted:
    """One thing to append: an entry and, as its issuer chooses, the content: in clear, sealed or not at all.

    The values are what the bytes say, where the bytes were made from them here: they need not be read again.
    """

    entry: bytes
    document: bytes | None
    sealed: bytes | None = None
    number_tag: bytes | None = None
    entry_value: JSONObject | None = None
    document_value: JSONObject | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """In the log, durably; `existed` when it was there before this submission."""

    index: int
    leaf_hash: bytes
    existed: bool
    identifier: str | None = None
    """The certificate's id; None for statements."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not in the log, and why."""

    error: CertlogError


Outcome = Accepted | Refused


@dataclass(frozen=True, slots=True)
class Cosigned:
    """What was taken of a cosigned checkpoint: whose cosignatures count, and how many were new."""

    size: int
    names: tuple[str, ...]
    new: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Entries that no signed head covers yet: how many, and when the oldest of them was logged."""

    count: int
    since: int | None


class Log(Protocol):
    """Reads the log: everything here is public."""

    def head(self) -> LogHead:
        """Return the newest signed checkpoint.

        Raises:
            Unavailable: nothing is signed yet.
        """
        ...

    def waiting(self) -> Waiting:
        """Return what is logged and waits for a signed head."""
        ...

    def tile(self, path: str) -> bytes:
        """Return a published tile or bundle, by its path below the log's prefix: at most 2 MiB.

        Raises:
            NotFound: no signed checkpoint has it, or it is no tile's path.
        """
        ...

    def require_tiles(self) -> None:
        """Require that the tiles at the newest checkpoint's right edge can be read and lead to its root.

        Raises:
            Unavailable: they cannot, or do not.
        """
        ...

    def entry(self, index: int) -> bytes:
        """Return an entry's bytes.

        Raises:
            NotFound: the log has no such index.
        """
        ...

    def proof(self, index: int) -> str:
        """Return the tlog-proof of an entry to the newest checkpoint.

        Raises:
            NotFound: no signed checkpoint holds this index.
        """
        ...

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the consistency proof between two sizes.

        Raises:
            InvalidInput: old > new, or new is larger than the log.
        """
        ...

    def status_list(self, purpose: str, number: int) -> bytes:
        """Return a signed BitstringStatusListCredential.

        Raises:
            NotFound: the registry has no such list.
        """
        ...

    def take_cosigned_note(self, note: str) -> Cosigned:
        """Keep what a cosigned checkpoint brings; durable when this returns.

        Raises:
            InvalidInput: not a head of this log, or a cosignature that is wrong.
            NotTrusted: no cosignature of a pinned key.
        """
        ...

    def certificate_status(self, document_hash: DocumentHash) -> JSONObject:
        """Return `{last, suspended, revoked}` of a certificate.

        Raises:
            NotFound: no such certificate.
        """
        ...

    def issuer_records(self, did: str) -> JSONObject:
        """Return `{issuer, operator}`: the records of a DID at the end of the log, or null."""
        ...

    def issuer_trust(self, did: str) -> JSONObject:
        """Return `{last}`: the hash of the last trust statement about a DID, or null."""
        ...


class Submissions(Protocol):
    """Takes entries from those who hold a token. What it answered is durable."""

    def authenticate(self, token: str) -> str | None:
        """Return the DID that a token belongs to; None for a token that does not count."""
        ...

    def reserve_slots(self, did: str, count: int) -> Reservation:
        """Set slots aside.

        Raises:
            NotTrusted: not enrolled, or too many unused ones already (code "too-many-slots").
        """
        ...

    def submit(self, did: str, items: Iterable[Submitted]) -> Sequence[Outcome]:
        """Append what is admitted; each item has its own outcome, in order, durable when this returns."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that the pages and the API work with."""

    answers: Answers
    anchors: AnchorLog
    log: Log
    submissions: Submissions
    trust_root: TrustRoot
    public_url: str
    now: Callable[[], int]
    page_version: Callable[[str], Hashable] | None = None
    """Tells, for the id of a certificate, what its page rests on: an equal answer means an equal page. None for what is
    not logged; without it no page is kept."""
    proxy_hops: int = 0
    """How many proxies stand in front and may say what the client's address and scheme are."""
