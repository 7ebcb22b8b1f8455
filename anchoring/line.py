"""The values of a decision: a line of batches, what was observed, and the actions there are. Pure.

decision.py chooses the action; worker.py gathers the observation before and performs the action after.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from anchoring.batch import GAS, Batch, Halt, HaltReason, Inclusion, Target, Transaction
from anchoring.fees import FeePolicy
from anchoring.ports import Anchor, Block, ContractHead


@dataclass(frozen=True, slots=True)
class Policy:
    """When to anchor (T1) and how patiently to wait. Times in seconds."""

    max_delay: int = 600
    """A new entry waits at most this long for the next batch."""
    max_entries: int = 100_000
    """So many new entries are anchored at once."""
    heartbeat: int = 86_400
    """A batch is anchored after this long even when nothing happened."""
    rebroadcast_after: int = 60
    """The stored transaction leaves again when it was not seen for so long."""
    bump_after: int = 180
    """More is offered for gas when the newest attempt was not included for so long (T6)."""
    daily_gas: int = 50_000_000
    """Units of gas that the account may spend on this chain in a UTC day: some 600 anchors."""
    daily_wei: int | None = None
    """Wei that the account may spend on this chain in a UTC day. None: what gas and its price allow."""
    max_head_age: int = 900
    """Nothing is signed while the node's newest block is older: the node is cut off or still catching up."""


@dataclass(frozen=True, slots=True)
class Pins:
    """What the operator fixed about the target; anything else on the wire stops the line."""

    target: Target
    code_hash: bytes
    account: str
    owns_log: bool
    """True when the log id belongs to this account as owner: then the worker may open the log itself."""
    predecessor: bytes | None = None
    """The log whose successor this one is; None for a log that begins with nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the operator decided about a line."""

    pins: Pins
    policy: Policy
    fees: FeePolicy


@dataclass(frozen=True, slots=True)
class Spent:
    """What an account's transactions of one UTC day cost on a chain; one without a receipt counts at its limit.

    A transaction belongs to the day on which its newest attempt was signed.
    """

    gas: int = 0
    wei: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """Everything that the store knows about one target."""

    opened: bool
    """The contract's finalized state showed the log open, with our account as anchorer."""
    opening: Transaction | None
    """The stored openLog transaction, while the log is not opened."""
    next_nonce: int | None
    """The account's next nonce; None before its first transaction."""
    open_batch: Batch | None
    last_final: Batch | None
    """The newest FINAL batch, without its transaction."""
    halt: Halt | None
    requested: int
    """How often someone asked for a batch now."""
    served: int
    """How many of these requests a seal has answered."""
    finalized_number: int
    """The highest finalized block that was ever read; a node that shows less is behind."""
    finalized_at: int | None = None
    """When that block was last read."""


@dataclass(frozen=True, slots=True)
class Mined:
    """An attempt that the canonical chain holds."""

    tx_hash: bytes
    succeeded: bool
    block_number: int = 0
    gas_used: int | None = None
    paid: int | None = None
    """Wei; None where the receipt does not tell the price."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What the pinned chain and the log said in one look. The finalized block was read before any state."""

    finalized: Block
    latest: Block
    final_head: ContractHead
    head: ContractHead
    final_nonce: int
    nonce: int
    final_anchor: Anchor | None
    """The open batch in the state at `finalized`."""
    anchor: Anchor | None
    """The open batch in the state at `latest`."""
    last_anchor: Anchor | None
    """The last FINAL batch in the state at `finalized`."""
    mined: Mined | None
    """The attempt of the open transaction that is in the canonical chain, if one is."""
    log_size: int
    """Entries in the log; read only while no batch is open, else 0."""


class ProblemKind(StrEnum):
    """What a problem is about, for alarms. A problem stops nothing for good: the worker goes on by itself."""

    UNAVAILABLE = "unavailable"
    """A node, the log or the database did not answer."""
    BEHIND = "behind"
    """The node shows less than was already read, or its newest block is old."""
    DISAGREEMENT = "disagreement"
    """Nodes do not agree on what was to be read."""
    NOT_OPEN = "not-open"
    """The log is not open in the contract."""
    FEE_LIMIT = "fee-limit"
    """A transaction is not included, and no more may be offered for it."""
    DAILY_LIMIT = "daily-limit"
    """What may be spent today is spent."""
    NONCE = "nonce"
    """Earlier transactions of the account are not final yet, or ours was refused in a block that is not."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do now. A `problem` is something that the operator should know of."""

    problem: str = ""
    kind: ProblemKind | None = None


@dataclass(frozen=True, slots=True)
class PrepareOpening:
    """Store a signed openLog transaction. `first_nonce` as in PrepareBatch."""

    first_nonce: int
    gas: int = GAS
    """Its limit."""
    after: Transaction | None = None
    """The one before it, which ran out of gas, finally."""


@dataclass(frozen=True, slots=True)
class SendOpening:
    """Let the stored openLog transaction leave (again)."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class MarkOpened:
    """The log is open in finalized state."""


@dataclass(frozen=True, slots=True)
class SealBatch:
    """T1."""


@dataclass(frozen=True, slots=True)
class PrepareBatch:
    """T2. `first_nonce` counts only while the store has no nonce for the account."""

    batch: Batch
    first_nonce: int


@dataclass(frozen=True, slots=True)
class SendBatch:
    """T3, or the rebroadcast."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class BumpBatch:
    """T6."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class BumpOpening:
    """T6 of the openLog transaction."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class RequeueBatch:
    """The transaction ran out of gas, finally: another one is signed, with the limit `gas`."""

    batch: Batch
    gas: int


@dataclass(frozen=True, slots=True)
class SeeBatch:
    """T4."""

    batch: Batch
    inclusion: Inclusion


@dataclass(frozen=True, slots=True)
class FinalizeBatch:
    """T5."""

    batch: Batch
    inclusion: Inclusion
    finalized_number: int


@dataclass(frozen=True, slots=True)
class LoseBatch:
    """T7."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class Stop:
    """T8."""

    reason: HaltReason
    detail: str


Action: TypeAlias = (
    Wait
    | PrepareOpening
    | SendOpening
    | MarkOpened
    | SealBatch
    | PrepareBatch
    | SendBatch
    | BumpBatch
    | BumpOpening
    | RequeueBatch
    | SeeBatch
    | FinalizeBatch
    | LoseBatch
    | Stop
)
