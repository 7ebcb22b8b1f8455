"""What `certlog anchor recover` knows when it decides: values that repairs.py reads with the worker stopped. Pure."""

from dataclasses import dataclass

from anchoring.batch import Batch, Head, SealedHead
from anchoring.ports import Anchor, Block, ContractHead
from certlog.digests import RootHash


@dataclass(frozen=True, slots=True)
class Seal:
    """One batch that the log has sealed, and when the contract says that it was anchored, at the finalized block."""

    number: int
    sealed: SealedHead
    anchor: Anchor | None


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What the log holds now of what this database says of it."""

    size: int
    anchored_root: RootHash | None
    """At the size of the last FINAL batch; None where the log is smaller, or nothing is FINAL."""
    open_root: RootHash | None
    """At the size of the open batch; None where the log is smaller, or no batch is open."""
    open_note: str | None
    """The signed checkpoint that it sealed under the open batch's number; None for none."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What chain and log say, read with the worker stopped: the finalized block first, then state."""

    finalized: Block
    final_head: ContractHead
    head: ContractHead
    final_nonce: int
    nonce: int
    seals: tuple[Seal, ...]
    """By rising number; empty where a repair would not go by them."""
    anchored: bool
    """Whether the newest state holds the open batch."""
    held: Batch | None
    """The newest FINAL batch that the contract still holds at the finalized block."""
    reopens: Head | None
    """Where the log is a successor that is not open any more: the head of its predecessor, which the contract still
    holds at the finalized block and from which the owner may open it again."""
    log: LogFacts
