"""What anchoring needs from others, as promises: a log that seals heads, a chain, a signer, a lock.

Whoever implements a port keeps the promise in its docstring; correctness rests on nothing else. No web3 here.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from anchoring.batch import Attempt, Fees, Head, SealedHead
from certlog.digests import RootHash
from certlog.errors import Unavailable

__all__ = [
    "Anchor",
    "Block",
    "Chain",
    "CheckpointSource",
    "ContractHead",
    "Disagreement",
    "Finality",
    "Head",
    "LeaderLock",
    "LockHeld",
    "Receipt",
    "Remark",
    "SealedHead",
    "SendAnswer",
    "TransactionSigner",
    "UnsignedTransaction",
]


class LockHeld(Unavailable):
    """Another worker holds the leader lock: this one waits."""


class Disagreement(Unavailable):
    """Nodes that should say the same do not: nothing is decided, and the operator must know."""


class CheckpointSource(Protocol):
    """The log, as anchoring sees it."""

    def seal(self, batch_number: int) -> SealedHead:
        """Fix the head of batch `batch_number`: append an epoch as last leaf, sign exactly that size.

        Durable and repeatable when this returns: the same number gives the same bytes for ever, also after a
        crash in the middle, and every earlier batch's head is a prefix of it.

        Raises:
            Unavailable: the log could not be reached or could not sign now; nothing is promised then.
            InvalidInput: this number can never be sealed, such as one that a later number has passed.
        """
        ...

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the RFC 9162 consistency proof between two sizes; empty for old = 0."""
        ...

    def latest_size(self) -> int:
        """Return the number of entries that are durable in the log now."""
        ...


class Consistency(Protocol):
    """A log that proves that one of its sizes extends another."""

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the RFC 9162 consistency proof between two sizes; empty for old = 0."""
        ...


class SealedBatches(Consistency, Protocol):
    """The log, as a repair sees it: it seals nothing."""

    def sealed_batches(self) -> tuple[tuple[int, SealedHead], ...]:
        """Return number and head of every batch that was sealed and signed so far, by rising number."""
        ...

    def latest_size(self) -> int:
        """Return the number of entries that are durable in the log now."""
        ...

    def root(self, size: int) -> RootHash:
        """Return the root of the first `size` entries; 0 <= size <= latest_size()."""
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header, as far as anchoring needs it."""

    number: int
    hash: bytes
    time: int
    base_fee: int | None
    """None on chains without EIP-1559."""


@dataclass(frozen=True, slots=True)
class ContractHead:
    """The contract's `head(logId)`: `anchorer` is None while the log is not open."""

    size: int
    anchorer: str | None
    sealed: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    """The contract's `anchoredAt(logId, size, root)` where it is not (0, 0)."""

    block_number: int
    block_time: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a mined transaction."""

    block_number: int
    succeeded: bool
    contract: str | None
    """The new contract's address, where the transaction made one."""
    gas_used: int
    gas_price: int | None = None
    """Wei for one unit of gas; None where the node does not tell."""


@dataclass(frozen=True, slots=True)
class SendAnswer:
    """What a node said to a raw transaction: kept for the operator, decides nothing."""

    accepted: bool
    message: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reading noticed without being stopped by it: a node that is silent, or contradicts the others."""

    text: str
    disagreement: bool


Finality: TypeAlias = int | Literal["tag"]
"""How a chain says what is final: its `finalized` tag, or so many blocks on top."""


class Chain(Protocol):
    """One chain and one contract on it, read at stated blocks.

    Every method raises Unavailable when no usable answer came, whatever the cause: refused, timed out, reset,
    not JSON, state pruned. No method invents a value, and none tries again by itself.
    """

    def chain_id(self) -> int:
        """Return the chain id that the node states."""
        ...

    def code_hash(self) -> bytes:
        """Return keccak-256 of the contract's runtime code at the latest block (EXTCODEHASH)."""
        ...

    def latest(self) -> Block:
        """Return the newest block."""
        ...

    def finalized(self) -> Block:
        """Return the newest block that will not be reorganised, by the chain's rule: its tag, or a depth."""
        ...

    def block(self, number: int) -> Block:
        """Return the canonical block at a height."""
        ...

    def head(self, log_id: bytes, at: Block) -> ContractHead:
        """Return the log's head in the state after block `at`."""
        ...

    def anchored_at(self, log_id: bytes, head: Head, at: Block) -> Anchor | None:
        """Return when this size and root was anchored, in the state after block `at`; None for never."""
        ...

    def transaction_count(self, account: str, at: Block) -> int:
        """Return the account's number of transactions up to block `at`; never the pending ones."""
        ...

    def balance(self, account: str, at: Block) -> int:
        """Return what an account owns, in wei."""

    def gas_price(self) -> int:
        """Return the node's gas price in wei, for chains with legacy transactions."""
        ...

    def estimate_gas(self, account: str, data: bytes) -> int:
        """Return what a call of the contract by this account would need now.

        Raises:
            Unavailable: no answer came, or the contract would refuse the call.
        """
        ...

    def send_raw(self, raw: bytes) -> SendAnswer:
        """Hand a signed transaction to the node, once.

        Raises:
            Unavailable: no answer came. The transaction may have arrived all the same.
        """
        ...

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """Return the receipt of a mined transaction; None while it is not in the canonical chain."""
        ...

    def remark(self) -> Remark | None:
        """Return what the readings since the last `chain_id` noticed; None where all was well."""
        ...


@dataclass(frozen=True, slots=True)
class UnsignedTransaction:
    """A call to be signed: no ether is ever sent."""

    chain_id: int
    nonce: int
    to: str | None
    """Checksummed address; None makes a contract."""
    data: bytes
    gas: int
    fees: Fees


class TransactionSigner(Protocol):
    """The key that pays for gas and appends; it holds no log and no issuer key."""

    @property
    def address(self) -> str:
        """The account's checksummed address."""
        ...

    def sign(self, transaction: UnsignedTransaction, at: int) -> Attempt:
        """Return the signed transaction, ready to leave, without sending it.

        Raises:
            Unavailable: the key (a token, a service) could not be reached.
        """
        ...


class LeaderLock(Protocol):
    """Keeps a second worker waiting: for liveness only, safety rests on the store and the contract."""

    def acquire(self) -> None:
        """Take the lock, or return at once when this object holds it already.

        Raises:
            LockHeld: another worker holds it.
        """
        ...

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        ...
