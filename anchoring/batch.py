"""The life of one batch as values: its states and the only transitions between them (T1-T8). Pure.

    none -T1 seal-> SEALED -T2 prepare-> PREPARED -T3 send-> BROADCAST -T4 seen-> INCLUDED -T5 final-> FINAL
    T6 bump: BROADCAST -> BROADCAST with one more attempt · T7 reorg: INCLUDED -> BROADCAST
    T8 halt: the whole line stops, whatever the batch's state

Two more are no steps of an ordinary life: a batch whose nonce is spent for good goes back to SEALED (requeue), and
one that the finalized chain holds is adopted. Nothing here reads a clock, a database or a chain.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from certlog.digests import RootHash, same
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.tree import EMPTY_ROOT


class State(StrEnum):
    """How far a batch has come."""

    SEALED = "SEALED"
    """T1 done: size and root are fixed and signed by the log; nothing was spent yet."""
    PREPARED = "PREPARED"
    """T2 done: the signed transaction is stored; it may or may not have left."""
    BROADCAST = "BROADCAST"
    """T3 done: the transaction was sent at least once, whatever the answer was."""
    INCLUDED = "INCLUDED"
    """T4 done: the contract's state holds the root, in a block that may still be reorganised."""
    FINAL = "FINAL"
    """T5 done: the contract's state at a finalized block holds the root."""


IN_FLIGHT: Final = (State.PREPARED, State.BROADCAST, State.INCLUDED)
"""States in which a nonce is spent and the outcome open: at most one batch of a line is in one of them."""


GAS: Final = 400_000
"""Limit for a transaction; an anchor costs under 80,000 at a million entries. Unused gas is not paid."""
MAX_GAS: Final = 16 * GAS
"""A transaction that ran out of gas is tried again with twice as much, up to this."""


class HaltReason(StrEnum):
    """Why a line stopped (T8). docs/anchoring.md says of each what it means and what to do."""

    WRONG_CHAIN = "wrong-chain"
    WRONG_CODE = "wrong-code"
    NOT_ANCHORER = "not-anchorer"
    LOG_SEALED = "log-sealed"
    FOREIGN_HEAD = "foreign-head"
    FINALITY_VIOLATION = "finality-violation"
    REVERTED = "reverted"
    NONCE_TAKEN = "nonce-taken"
    LOG_CONTRADICTS = "log-contradicts"


class Purpose(StrEnum):
    """What a transaction is for."""

    OPEN_LOG = "open-log"
    ANCHOR = "anchor"


class IllegalTransition(ValueError):
    """A transition that the state machine does not have: a fault of the program, never of input."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a line of batches is anchored: one log in one contract on one chain."""

    chain_id: int
    contract: str
    """Checksummed address."""
    log_id: bytes
    origin: str


@dataclass(frozen=True, slots=True)
class Head:
    """A size of the log and its root."""

    size: int
    root: RootHash

    def same_as(self, other: "Head") -> bool:
        """Tell whether both name the same history."""
        return self.size == other.size and same(self.root, other.root)


EMPTY_HEAD: Final = Head(0, EMPTY_ROOT)
"""What the contract holds of a log that was opened and never anchored."""


@dataclass(frozen=True, slots=True)
class SealedHead:
    """What the log answers to "seal batch n": always the same bytes for the same n."""

    origin: str
    size: int
    root: RootHash
    note: str
    """The signed checkpoint."""

    @property
    def head(self) -> Head:
        """Size and root alone."""
        return Head(self.size, self.root)


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction offers for each unit of gas, in wei.

    `priority_fee` is None for a legacy (type 0) transaction, whose gas price is then `max_fee`.
    """

    max_fee: int
    priority_fee: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction, exactly as it leaves."""

    raw: bytes
    tx_hash: bytes
    fees: Fees
    created_at: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """One nonce given to one purpose. Every attempt has this nonce and this calldata."""

    purpose: Purpose
    chain_id: int
    account: str
    nonce: int
    calldata: bytes
    attempts: tuple[Attempt, ...]
    """Oldest first; never empty."""
    gas: int = GAS
    """The limit, in every attempt."""
    sent_at: int | None = None
    """When the attempts last left, or None when that is not known (never, or a reorg since)."""
    last_answer: str = ""
    """What a node said last, for the operator; it decides nothing."""

    def newest_first(self) -> tuple[Attempt, ...]:
        """Return the attempts in the order in which they are sent and looked for."""
        return self.attempts[::-1]

    @property
    def newest(self) -> Attempt:
        """The attempt that offers most."""
        return self.attempts[-1]

    def bumped(self, attempt: Attempt) -> "Transaction":
        """T6: the same nonce and calldata with one more attempt, which must leave at once.

        Raises:
            IllegalTransition: the new attempt does not offer more.
        """
        if attempt.fees.max_fee <= self.newest.fees.max_fee:
            raise IllegalTransition(
                Sentence("a bump of nonce {nonce} must offer more than before", nonce=self.nonce)
            )
        return replace(self, attempts=(*self.attempts, attempt), sent_at=None)


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where the contract's state says that a root was anchored."""

    block_number: int
    block_time: int
    tx_hash: bytes | None
    """The attempt that was mined; None while no receipt could be read."""
    gas_used: int | None = None
    """From its receipt; None while no receipt could be read."""
    paid: int | None = None
    """Wei, from its receipt; None where the receipt does not tell the price."""


@dataclass(frozen=True, slots=True)
class Halt:
    """A stopped line (T8). Only the operator leaves it."""

    reason: HaltReason
    detail: str
    at: int
    batch_number: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch. `version` counts its transitions and guards each of them in the store (compare-and-swap)."""

    number: int
    state: State
    version: int
    old: Head
    new: Head
    note: str
    sealed_at: int
    transaction: Transaction | None = None
    inclusion: Inclusion | None = None
    finalized_number: int | None = None
    """The finalized block at whose state the root was read (T5)."""
    changed_at: int = 0
    gas: int = GAS
    """The limit of its next transaction: doubled by each that ran out of gas."""

    def in_flight(self) -> Transaction:
        """Return the transaction of a batch that has one: every state beyond SEALED.

        Raises:
            IllegalTransition: it has none.
        """
        if self.transaction is None:
            message = Sentence(
                "batch {number} is {state} and has no transaction", number=self.number, state=self.state
            )
            raise IllegalTransition(message)
        return self.transaction

    def prepare(self, transaction: Transaction, at: int) -> "Batch":
        """T2: a signed transaction is stored for this batch."""
        if transaction.purpose is not Purpose.ANCHOR:
            message = Sentence(
                "batch {number} is anchored by an anchor transaction, not by {purpose}",
                number=self.number,
                purpose=transaction.purpose,
            )
            raise IllegalTransition(message)
        return self._move((State.SEALED,), State.PREPARED, at, transaction=transaction)

    def sent(self, at: int, answer: str = "") -> "Batch":
        """T3, and again at each rebroadcast: the attempts left, whatever was answered."""
        left = replace(self.in_flight(), sent_at=at, last_answer=answer)
        return self._move((State.PREPARED, State.BROADCAST), State.BROADCAST, at, transaction=left)

    def seen(self, inclusion: Inclusion, at: int) -> "Batch":
        """T4: the contract's state holds the root, on the canonical chain as the node tells it."""
        return self._move((State.BROADCAST,), State.INCLUDED, at, inclusion=inclusion)

    def finalize(self, inclusion: Inclusion, finalized_number: int, at: int) -> "Batch":
        """T5: the contract's state at the finalized block `finalized_number` holds the root."""
        return self._move(
            (State.INCLUDED,), State.FINAL, at, inclusion=inclusion, finalized_number=finalized_number
        )

    def lose(self, at: int) -> "Batch":
        """T7: a reorganisation took the anchor away; the attempts must leave again, at once."""
        again = replace(self.in_flight(), sent_at=None)
        return self._move((State.INCLUDED,), State.BROADCAST, at, transaction=again, inclusion=None)

    def bump(self, attempt: Attempt, at: int) -> "Batch":
        """T6: one more attempt with the same nonce and calldata, stored before it leaves."""
        more = self.in_flight().bumped(attempt)
        return self._move((State.BROADCAST,), State.BROADCAST, at, transaction=more)

    def requeue(self, at: int, *, gas: int | None = None) -> "Batch":
        """Give the batch back its first state: its nonce is spent in finalized blocks and it is not anchored.

        Only then can no stored attempt ever anchor it, so that a transaction with a new nonce doubles nothing.

        Args:
            at: the time now.
            gas: the next transaction's limit, where it changes.
        """
        changes = {"transaction": None, "inclusion": None, "gas": self.gas if gas is None else gas}
        return self._move((State.PREPARED, State.BROADCAST), State.SEALED, at, **changes)

    def adopt(self, inclusion: Inclusion, finalized_number: int, at: int) -> "Batch":
        """Take the contract's word at a finalized block for a batch of which a restored database knows less."""
        unfinished = (State.SEALED, *IN_FLIGHT)
        return self._move(unfinished, State.FINAL, at, inclusion=inclusion, finalized_number=finalized_number)

    def _move(self, allowed: tuple[State, ...], state: State, at: int, **changes: object) -> "Batch":
        if self.state not in allowed:
            message = Sentence(
                "batch {number} cannot go from {state} to {to_state}",
                number=self.number,
                state=self.state,
                to_state=state,
            )
            raise IllegalTransition(message)
        moved = {"state": state, "version": self.version + 1, "changed_at": at, **changes}
        return replace(self, **moved)  # type: ignore[arg-type]  # each caller above names real fields


def seal(number: int, previous: Batch | None, sealed: SealedHead, *, origin: str, at: int) -> Batch:
    """T1: make batch `number` out of what the log sealed.

    Args:
        number: the batch's number, as the log was asked for it.
        previous: the line's last batch, FINAL, or None for its first.
        sealed: the log's answer.
        origin: the origin that this line anchors.
        at: the time now.

    Raises:
        IllegalTransition: the previous batch is not final: one batch at a time.
        InvalidInput: another log's head, or one that does not extend the previous head.
    """
    if previous is not None and previous.state is not State.FINAL:
        message = Sentence(
            "batch {number} is {state}: batch {batch_number} cannot be sealed before it is final",
            number=previous.number,
            state=previous.state,
            batch_number=number,
        )
        raise IllegalTransition(message)
    if sealed.origin != origin:
        message = Sentence(
            "expected a checkpoint of {origin!r}, the log sealed one of {sealed_origin!r}",
            origin=origin,
            sealed_origin=sealed.origin,
        )
        raise InvalidInput(message, code="wrong-origin")
    old = previous.new if previous else EMPTY_HEAD
    if sealed.size <= old.size:
        message = Sentence(
            "batch {number} must be larger than {size} entries, the log sealed {sealed_size}",
            number=number,
            size=old.size,
            sealed_size=sealed.size,
        )
        raise InvalidInput(message, code="log-shrank")
    return Batch(
        number=number,
        state=State.SEALED,
        version=0,
        old=old,
        new=sealed.head,
        note=sealed.note,
        sealed_at=at,
        changed_at=at,
    )
