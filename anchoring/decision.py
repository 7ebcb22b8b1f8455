"""One step's decision: a line and an observation in, one action out. Pure; the checks' order counts.

1. Pins: chain id and code hash are the operator's, or the line stops. Asked before anything else is read.
2. Freshness: a node behind what was already read decides nothing.
3. Finality: a FINAL anchor that is gone from finalized state stops the line.
4. Head: the contract's head is one that the store knows, or the line stops.
5. Opening: the log is open in finalized state before anything is anchored.
6. The open batch: T1 to T7.
"""

from typing import Final

from anchoring.batch import MAX_GAS, Batch, HaltReason, Inclusion, State, Transaction
from anchoring.checks import (
    check_finality,
    check_freshness,
    check_head,
    check_head_age,
    check_log,
    check_nonce,
)
from anchoring.fees import can_bump
from anchoring.line import (
    Action,
    BumpBatch,
    BumpOpening,
    FinalizeBatch,
    Line,
    LoseBatch,
    MarkOpened,
    Mined,
    Observation,
    Pins,
    Plan,
    Policy,
    PrepareBatch,
    PrepareOpening,
    ProblemKind,
    RequeueBatch,
    SealBatch,
    SeeBatch,
    SendBatch,
    SendOpening,
    Stop,
    Wait,
)
from anchoring.ports import Anchor
from certlog.sentences import Sentence

_OUT_OF_GAS: Final = (63, 64)
"""So much of its limit, at least, has a transaction used that ran out of gas: EIP-150 keeps back a 64th in a call."""


def decide(line: Line, seen: Observation, plan: Plan, now: int) -> Action:
    """Return the one thing to do next. Requires that the line is not halted."""
    return (
        objection(line, seen, plan.pins)
        or _open_log(line, seen, plan, now)
        or _advance(line, seen, plan, now)
    )


def complaint(line: Line, plan: Plan, now: int) -> Wait | None:
    """Return what the operator should know although the line does all that it may (T6 at its limit)."""
    transaction = _waiting(line)
    if transaction is None or now - transaction.newest.created_at < plan.policy.bump_after:
        return None
    # Nothing was offered on purpose: whoever makes the blocks takes it, or does not; no price would help.
    free = transaction.newest.fees.max_fee == 0 and plan.fees.gas_price == 0
    if not free and not can_bump(plan.fees, transaction.newest.fees):
        message = Sentence(
            "nonce {nonce} is not included for {seconds} s at {offered} wei for one unit of gas, and no more may be "
            "offered (settings max_fee, gas_price): it is only sent again",
            nonce=transaction.nonce,
            seconds=now - transaction.attempts[0].created_at,
            offered=transaction.newest.fees.max_fee,
        )
        return Wait(message, ProblemKind.FEE_LIMIT)
    return None


def objection(line: Line, seen: Observation, pins: Pins) -> Action | None:
    """Return what checks 2 to 4 object to, or None; at start-up asked before anything is sent again."""
    return check_freshness(line, seen) or check_finality(line, seen) or check_head(line, seen, pins)


def is_due(line: Line, log_size: int, policy: Policy, now: int) -> bool:
    """Tell whether T1 is due: by size, by delay, on demand, or as a heartbeat.

    The delay is counted from the last seal: a lone entry after a quiet time does not wait, and batches are
    still never closer than `max_delay` apart unless `max_entries` came together.
    """
    if line.requested > line.served:
        return True
    last = line.last_final
    if last is None:
        return True
    new_entries, elapsed = log_size - last.new.size, now - last.sealed_at
    if new_entries >= policy.max_entries or elapsed >= policy.heartbeat:
        return True
    return new_entries > 0 and elapsed >= policy.max_delay


def send_due(transaction: Transaction, policy: Policy, now: int) -> bool:
    """Tell whether the stored attempts must leave (again)."""
    return transaction.sent_at is None or now - transaction.sent_at >= policy.rebroadcast_after


def _open_log(line: Line, seen: Observation, plan: Plan, now: int) -> Action | None:
    if line.opened:
        return None
    if seen.final_head.anchorer is not None:
        return MarkOpened()
    if seen.head.anchorer is not None:
        return Wait()
    return _request_opening(line, seen, plan, now)


def _request_opening(line: Line, seen: Observation, plan: Plan, now: int) -> Action:
    target = plan.pins.target
    if line.opening is None and not plan.pins.owns_log:
        message = Sentence(
            "log {log_id} is not open in {contract}; its owner opens it with: certlog anchor open-log",
            log_id=target.log_id.hex(),
            contract=target.contract,
        )
        return Wait(message, ProblemKind.NOT_OPEN)
    if line.opening is None:
        return _obstacle(line, seen, plan, now) or PrepareOpening(first_nonce=seen.final_nonce)
    if seen.final_nonce > line.opening.nonce:
        return _retry_opening(line, line.opening, seen, plan, now)
    if seen.mined is not None and not seen.mined.succeeded:
        return _refused_for_now(line.opening, seen.mined)
    if _bump_due(line.opening, plan, now):
        return BumpOpening(line.opening)
    return SendOpening(line.opening) if send_due(line.opening, plan.policy, now) else Wait()


def _retry_opening(line: Line, opening: Transaction, seen: Observation, plan: Plan, now: int) -> Action:
    """Sign a second openLog with more gas, when the first is final and ran out of it; else its nonce is spent.

    The log is not open in finalized state, and the first can no longer be mined: the second doubles nothing.
    """
    gas = _more_gas(opening, seen.mined)
    if gas is None:
        return _spent(opening, Sentence("the opened log"), seen)
    obstacle = _obstacle(line, seen, plan, now)
    return obstacle or PrepareOpening(first_nonce=seen.final_nonce, gas=gas, after=opening)


def _advance(line: Line, seen: Observation, plan: Plan, now: int) -> Action:
    batch = line.open_batch
    if batch is None:
        due = is_due(line, seen.log_size, plan.policy, now)
        return check_log(line, seen) or (SealBatch() if due else Wait())
    match batch.state:
        case State.SEALED:
            obstacle = _obstacle(line, seen, plan, now)
            return obstacle or PrepareBatch(batch, first_nonce=seen.final_nonce)
        case State.PREPARED:
            return SendBatch(batch)
        case State.BROADCAST:
            return _watch(batch, seen, plan, now)
        case State.INCLUDED:
            return _confirm(batch, seen)
        case State.FINAL:
            return Wait(Sentence("batch {number} is final and still counted as open", number=batch.number))


def _obstacle(line: Line, seen: Observation, plan: Plan, now: int) -> Action | None:
    """Return why T2 must wait: the node is not fresh, or the account did something unknown."""
    return check_head_age(seen, plan.policy, now) or check_nonce(line, seen)


def _watch(batch: Batch, seen: Observation, plan: Plan, now: int) -> Action:
    """T4 by contract state; else T6, send again, wait, or deal with a nonce that is spent for nothing."""
    if seen.anchor is not None:
        return SeeBatch(batch, _inclusion(batch, seen.anchor, seen))
    transaction = batch.in_flight()
    if seen.final_nonce > transaction.nonce:
        return _retry(batch, seen) or _spent(
            transaction, Sentence("batch {number}", number=batch.number), seen
        )
    if seen.mined is not None and not seen.mined.succeeded:
        return _refused_for_now(transaction, seen.mined)
    if _bump_due(transaction, plan, now):
        return BumpBatch(batch)
    return SendBatch(batch) if send_due(transaction, plan.policy, now) else Wait()


def _retry(batch: Batch, seen: Observation) -> RequeueBatch | None:
    """Return a second transaction with more gas, when the first is final and ran out of it."""
    gas = _more_gas(batch.in_flight(), seen.mined)
    return None if gas is None else RequeueBatch(batch, gas)


def _more_gas(transaction: Transaction, mined: Mined | None) -> int | None:
    """Return twice a transaction's limit where it ran out of gas, up to MAX_GAS; None where more would not help."""
    part, whole = _OUT_OF_GAS
    if mined is None or mined.succeeded or mined.gas_used is None:
        return None
    if mined.gas_used * whole < transaction.gas * part or transaction.gas * 2 > MAX_GAS:
        return None
    return transaction.gas * 2


def _refused_for_now(transaction: Transaction, mined: Mined) -> Wait:
    message = Sentence(
        "nonce {nonce} was mined in block {number} and refused; waiting until that block is final",
        nonce=transaction.nonce,
        number=mined.block_number,
    )
    return Wait(message, ProblemKind.NONCE)


def _confirm(batch: Batch, seen: Observation) -> Action:
    """T5 from finalized state alone; T7 when the newest state no longer has it."""
    if seen.final_anchor is not None:
        return FinalizeBatch(batch, _inclusion(batch, seen.final_anchor, seen), seen.finalized.number)
    return Wait() if seen.anchor is not None else LoseBatch(batch)


def _inclusion(batch: Batch, anchor: Anchor, seen: Observation) -> Inclusion:
    """Take block and time from the contract; the transaction is a pointer, which a node may have forgotten."""
    known = batch.inclusion.tx_hash if batch.inclusion else None
    mined = seen.mined
    if mined is None:
        return Inclusion(anchor.block_number, anchor.block_time, known)
    return Inclusion(anchor.block_number, anchor.block_time, mined.tx_hash, mined.gas_used, mined.paid)


def _spent(transaction: Transaction, what: str, seen: Observation) -> Action:
    """Stop: the nonce is used up in finalized blocks, so that no rebroadcast can ever help."""
    block = seen.finalized.number
    spent = Sentence(
        "nonce {nonce} of {account} is spent at finalized block {block}",
        nonce=transaction.nonce,
        account=transaction.account,
        block=block,
    )
    if seen.mined is not None:
        return Stop(
            HaltReason.REVERTED,
            Sentence(
                "{spent}: our transaction {tx_hash} was refused",
                spent=spent,
                tx_hash=seen.mined.tx_hash.hex(),
            ),
        )
    return Stop(
        HaltReason.NONCE_TAKEN,
        Sentence(
            "{spent} by a transaction that is not ours, and {what} is not there", spent=spent, what=what
        ),
    )


def _bump_due(transaction: Transaction, plan: Plan, now: int) -> bool:
    """Tell whether T6 is due: the newest attempt waited long enough, and more may be offered."""
    newest = transaction.newest
    return now - newest.created_at >= plan.policy.bump_after and can_bump(plan.fees, newest.fees)


def _waiting(line: Line) -> Transaction | None:
    """Return the transaction that was sent and not seen."""
    if line.open_batch is not None:
        return line.open_batch.transaction if line.open_batch.state is State.BROADCAST else None
    return None if line.opened else line.opening
