"""What the worker signs: fees, proof and calldata of an anchor, an opening, a bump. It stores and sends nothing."""

from collections.abc import Callable
from typing import Final

from anchoring.batch import Attempt, Batch, Fees, Head, Purpose, Transaction
from anchoring.checks import check_spending
from anchoring.contract import anchor_call, open_log_call
from anchoring.fees import bumped_fees, fees_now
from anchoring.line import Observation, Plan, Spent, Wait
from anchoring.line_rows import same_day
from anchoring.line_store import Build
from anchoring.ports import (
    Block,
    Chain,
    CheckpointSource,
    Consistency,
    TransactionSigner,
    UnsignedTransaction,
)
from certlog.errors import Unavailable
from certlog.tree import verify_consistency


class Desk:
    """Drafts transactions of one line; each draft is signed only for the nonce that the store gives out."""

    def __init__(
        self,
        plan: Plan,
        chain: Chain,
        source: CheckpointSource,
        signer: TransactionSigner,
        now: Callable[[], int],
    ) -> None:
        """Join what is needed; nothing is read yet."""
        self._plan: Final = plan
        self._chain: Final = chain
        self._source: Final = source
        self._signer: Final = signer
        self._now: Final = now

    def anchor(self, batch: Batch, spent: Spent, seen: Observation) -> Build | Wait:
        """Return what signs a batch's transaction, or why it must wait.

        Raises:
            InvalidInput: the log does not extend what is anchored.
            Unavailable: the chain asks more than the limit for gas, or the log or the node did not answer.
        """
        fees, gas = self._fees(seen.latest), batch.gas
        limit = check_spending(spent, gas, gas * fees.max_fee, self._plan.policy)
        if limit is not None:
            return limit
        old, new = batch.old, batch.new
        proof = prove(self._source, old, new)
        log_id = self._plan.pins.target.log_id
        calldata = anchor_call(log_id, (old.size, old.root), (new.size, new.root), proof)
        return lambda nonce: self._sign(Purpose.ANCHOR, nonce, calldata, fees, gas)

    def opening(self, gas: int, spent: Spent, seen: Observation) -> Build | Wait:
        """Return what signs the openLog transaction with this limit, or why it must wait.

        Raises:
            Unavailable: the chain asks more than the limit for gas, or the node did not answer.
        """
        pins, fees = self._plan.pins, self._fees(seen.latest)
        limit = check_spending(spent, gas, gas * fees.max_fee, self._plan.policy)
        if limit is not None:
            return limit
        calldata = open_log_call(pins.target.origin, pins.account)
        return lambda nonce: self._sign(Purpose.OPEN_LOG, nonce, calldata, fees, gas)

    def bump(self, transaction: Transaction, spent: Spent, seen: Observation) -> Attempt | Wait:
        """T6: sign the same nonce and calldata with more for gas, unless the day's limit forbids it."""
        try:
            wanted: Fees | None = self._fees(seen.latest)
        except Unavailable:
            wanted = None
        old = transaction.newest
        fees = bumped_fees(self._plan.fees, old.fees, wanted)
        counted = old.fees.max_fee if same_day(old.created_at, self._now()) else 0
        gas = 0 if counted else transaction.gas
        more = transaction.gas * (fees.max_fee - counted)
        limit = check_spending(spent, gas, more, self._plan.policy)
        return limit or self._attempt(transaction.nonce, transaction.calldata, fees, transaction.gas)

    def _fees(self, latest: Block) -> Fees:
        return fees_now(self._plan.fees, latest.base_fee, self._chain.gas_price)

    def _sign(self, purpose: Purpose, nonce: int, calldata: bytes, fees: Fees, gas: int) -> Transaction:
        target, account = self._plan.pins.target, self._plan.pins.account
        attempt = self._attempt(nonce, calldata, fees, gas)
        return Transaction(purpose, target.chain_id, account, nonce, calldata, (attempt,), gas)

    def _attempt(self, nonce: int, calldata: bytes, fees: Fees, gas: int) -> Attempt:
        target = self._plan.pins.target
        unsigned = UnsignedTransaction(target.chain_id, nonce, target.contract, calldata, gas, fees)
        return self._signer.sign(unsigned, self._now())


def prove(source: Consistency, old: Head, new: Head) -> tuple[bytes, ...]:
    """Return the consistency proof between two heads, verified.

    Raises:
        InvalidInput: the log does not extend the old head (InvalidProof).
        Unavailable: the log did not answer.
    """
    proof = source.consistency(old.size, new.size)
    verify_consistency(old.size, old.root, new.size, new.root, proof)
    return proof
