"""One step's decision: a line and an observation in, one action out. Pure; the checks' order counts.

1. Pins: chain id and code hash are the operator's, or the line stops. Asked before anything else is read.
2. Freshness: a node behind what was already read decides nothing.
3. Finality: a FINAL anchor that is gone from finalized state stops the line.
4. Head: the contract's head is one that the store knows, or the line stops.
5. Opening: the log is open in finalized state before anything is anchored.
6. The open batch: T1 to T5 and T7.
"""

from anchoring.batch import Batch, HaltReason, Inclusion, State, Transaction
from anchoring.line import (
    Action,
    FinalizeBatch,
    Line,
    LoseBatch,
    MarkOpened,
    Observation,
    Pins,
    Policy,
    PrepareBatch,
    PrepareOpening,
    SealBatch,
    SeeBatch,
    SendBatch,
    SendOpening,
    Stop,
    Wait,
)
from anchoring.ports import Anchor


def decide(line: Line, seen: Observation, pins: Pins, policy: Policy, now: int) -> Action:
    """Return the one thing to do next. Requires that the line is not halted."""
    return (
        objection(line, seen, pins)
        or _open_log(line, seen, pins, policy, now)
        or _advance(line, seen, policy, now)
    )


def objection(line: Line, seen: Observation, pins: Pins) -> Action | None:
    """Return what checks 2 to 4 object to, or None; at start-up asked before anything is sent again."""
    return _check_freshness(line, seen) or _check_finality(line, seen) or _check_head(line, seen, pins)


def check_pins(chain_id: int, code_hash: bytes, pins: Pins) -> Stop | None:
    """Return why this is not the pinned contract on the pinned chain, or None. Asked before all else."""
    if chain_id != pins.target.chain_id:
        return Stop(
            HaltReason.WRONG_CHAIN, f"expected chain id {pins.target.chain_id}, the node states {chain_id}"
        )
    if code_hash != pins.code_hash:
        return Stop(
            HaltReason.WRONG_CODE,
            f"expected code hash {pins.code_hash.hex()} at {pins.target.contract}, found {code_hash.hex()}",
        )
    return None


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


def _check_freshness(line: Line, seen: Observation) -> Action | None:
    known = line.finalized_number
    if line.last_final is not None:
        known = max(known, line.last_final.finalized_number or 0)
    if seen.finalized.number < known:
        return Wait(
            f"the node is behind: its finalized block is {seen.finalized.number}, "
            f"block {known} was already read as finalized"
        )
    if seen.latest.number < seen.finalized.number:
        return Wait(
            f"the node contradicts itself: newest block {seen.latest.number}, "
            f"finalized {seen.finalized.number}"
        )
    return None


def _check_finality(line: Line, seen: Observation) -> Action | None:
    last = line.last_final
    if last is None or seen.last_anchor is not None:
        return None
    return Stop(
        HaltReason.FINALITY_VIOLATION,
        f"batch {last.number} (size {last.new.size}) was final at block {last.finalized_number} "
        f"and is not in the contract at finalized block {seen.finalized.number}",
    )


def _check_head(line: Line, seen: Observation, pins: Pins) -> Action | None:
    if seen.head.anchorer is None:
        return _vanished(seen) if line.opened else None
    if seen.head.sealed:
        return Stop(HaltReason.LOG_SEALED, "the log's owner has sealed it: nothing can be anchored there")
    if seen.head.anchorer != pins.account:
        return Stop(
            HaltReason.NOT_ANCHORER,
            f"expected anchorer {pins.account}, the contract says {seen.head.anchorer}",
        )
    batch = line.open_batch
    if batch is not None and batch.transaction is not None and seen.head.size == batch.new.size:
        known = seen.anchor is not None
    else:
        known = seen.head.size == (line.last_final.new.size if line.last_final else 0)
    if known:
        return None
    return Stop(
        HaltReason.FOREIGN_HEAD,
        f"the contract's head has size {seen.head.size} at block {seen.latest.number}, "
        "which this database never sent",
    )


def _open_log(line: Line, seen: Observation, pins: Pins, policy: Policy, now: int) -> Action | None:
    if line.opened:
        return None
    if seen.final_head.anchorer is not None:
        return MarkOpened()
    if seen.head.anchorer is not None:
        return Wait()
    return _request_opening(line, seen, pins, policy, now)


def _request_opening(line: Line, seen: Observation, pins: Pins, policy: Policy, now: int) -> Action:
    if line.opening is None and not pins.owns_log:
        return Wait(
            f"log {pins.target.log_id.hex()} is not open in {pins.target.contract}; "
            "its owner opens it with: certlog anchor open-log"
        )
    if line.opening is None:
        obstacle = _check_head_age(seen, policy, now) or _check_nonce(line, seen)
        return obstacle or PrepareOpening(first_nonce=seen.final_nonce)
    if seen.final_nonce > line.opening.nonce:
        return _spent(line.opening, "the opened log", seen)
    return SendOpening(line.opening) if _send_due(line.opening, policy, now) else Wait()


def _advance(line: Line, seen: Observation, policy: Policy, now: int) -> Action:
    batch = line.open_batch
    if batch is None:
        return _check_log(line, seen) or (SealBatch() if is_due(line, seen.log_size, policy, now) else Wait())
    match batch.state:
        case State.SEALED:
            return _begin(batch, line, seen, policy, now)
        case State.PREPARED:
            return SendBatch(batch)
        case State.BROADCAST:
            return _watch(batch, seen, policy, now)
        case State.INCLUDED:
            return _confirm(batch, seen)
        case State.FINAL:
            return Wait(f"batch {batch.number} is final and still counted as open")


def _begin(batch: Batch, line: Line, seen: Observation, policy: Policy, now: int) -> Action:
    """T2, once the node is fresh and the account did nothing that the store does not know."""
    obstacle = _check_head_age(seen, policy, now) or _check_nonce(line, seen)
    return obstacle or PrepareBatch(batch, first_nonce=seen.final_nonce)


def _watch(batch: Batch, seen: Observation, policy: Policy, now: int) -> Action:
    """T4 by contract state; else wait, send again, or stop when the nonce is spent for nothing."""
    if seen.anchor is not None:
        return SeeBatch(batch, _inclusion(batch, seen.anchor, seen))
    transaction = batch.in_flight()
    if seen.final_nonce > transaction.nonce:
        return _spent(transaction, f"batch {batch.number}", seen)
    return SendBatch(batch) if _send_due(transaction, policy, now) else Wait()


def _confirm(batch: Batch, seen: Observation) -> Action:
    """T5 from finalized state alone; T7 when the newest state no longer has it."""
    if seen.final_anchor is not None:
        return FinalizeBatch(batch, _inclusion(batch, seen.final_anchor, seen), seen.finalized.number)
    return Wait() if seen.anchor is not None else LoseBatch(batch)


def _inclusion(batch: Batch, anchor: Anchor, seen: Observation) -> Inclusion:
    """Take block and time from the contract; the transaction is a pointer, which a node may have forgotten."""
    known = batch.inclusion.tx_hash if batch.inclusion else None
    tx_hash = seen.mined.tx_hash if seen.mined else known
    return Inclusion(anchor.block_number, anchor.block_time, tx_hash)


def _spent(transaction: Transaction, what: str, seen: Observation) -> Action:
    """Stop: the nonce is used up in finalized blocks, so that no rebroadcast can ever help."""
    block = seen.finalized.number
    spent = f"nonce {transaction.nonce} of {transaction.account} is spent at finalized block {block}"
    if seen.mined is not None:
        return Stop(HaltReason.REVERTED, f"{spent}: our transaction {seen.mined.tx_hash.hex()} was refused")
    return Stop(HaltReason.NONCE_TAKEN, f"{spent} by a transaction that is not ours, and {what} is not there")


def _vanished(seen: Observation) -> Action:
    return Stop(
        HaltReason.FINALITY_VIOLATION,
        f"the log was open in finalized state; at block {seen.latest.number} it is not",
    )


def _check_log(line: Line, seen: Observation) -> Action | None:
    """Require that the log still holds what was anchored: a restored backup of it does not."""
    last = line.last_final
    if last is None or seen.log_size >= last.new.size:
        return None
    return Stop(
        HaltReason.LOG_CONTRADICTS,
        f"batch {last.number} anchored {last.new.size} entries and the log holds {seen.log_size}",
    )


def _check_head_age(seen: Observation, policy: Policy, now: int) -> Action | None:
    age = now - seen.latest.time
    if age <= policy.max_head_age:
        return None
    return Wait(f"the node's newest block is {age} s old, at most {policy.max_head_age} s are accepted")


def _check_nonce(line: Line, seen: Observation) -> Action | None:
    """Require that the account did exactly what the store says, before the next nonce is given out."""
    expected = line.next_nonce if line.next_nonce is not None else seen.nonce
    if seen.nonce > expected:
        return Stop(
            HaltReason.NONCE_TAKEN,
            f"the next nonce is {expected} in the database and {seen.nonce} on the chain: "
            "the key was used elsewhere, or an old database was restored",
        )
    if seen.final_nonce < expected:
        return Wait(
            f"waiting for the account's {expected} earlier transactions to be final; "
            f"{seen.final_nonce} are at block {seen.finalized.number}"
        )
    return None


def _send_due(transaction: Transaction, policy: Policy, now: int) -> bool:
    return transaction.sent_at is None or now - transaction.sent_at >= policy.rebroadcast_after
