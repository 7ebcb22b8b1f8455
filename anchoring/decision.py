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
from certlog.sentences import Sentence


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
            HaltReason.WRONG_CHAIN,
            Sentence(
                "expected chain id {chain_id}, the node states {found}",
                chain_id=pins.target.chain_id,
                found=chain_id,
            ),
        )
    if code_hash != pins.code_hash:
        return Stop(
            HaltReason.WRONG_CODE,
            Sentence(
                "expected code hash {code_hash} at {contract}, found {found}",
                code_hash=pins.code_hash.hex(),
                contract=pins.target.contract,
                found=code_hash.hex(),
            ),
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
            Sentence(
                "the node is behind: its finalized block is {number}, block {known} was already read "
                "as finalized",
                number=seen.finalized.number,
                known=known,
            )
        )
    if seen.latest.number < seen.finalized.number:
        return Wait(
            Sentence(
                "the node contradicts itself: newest block {number}, finalized {finalized_number}",
                number=seen.latest.number,
                finalized_number=seen.finalized.number,
            )
        )
    return None


def _check_finality(line: Line, seen: Observation) -> Action | None:
    last = line.last_final
    if last is None or seen.last_anchor is not None:
        return None
    return Stop(
        HaltReason.FINALITY_VIOLATION,
        Sentence(
            "batch {number} (size {size}) was final at block {finalized_number} and is not in the "
            "contract at finalized block {block_number}",
            number=last.number,
            size=last.new.size,
            finalized_number=last.finalized_number,
            block_number=seen.finalized.number,
        ),
    )


def _check_head(line: Line, seen: Observation, pins: Pins) -> Action | None:
    if seen.head.anchorer is None:
        return _vanished(seen) if line.opened else None
    if seen.head.sealed:
        return Stop(
            HaltReason.LOG_SEALED, Sentence("the log's owner has sealed it: nothing can be anchored there")
        )
    if seen.head.anchorer != pins.account:
        return Stop(
            HaltReason.NOT_ANCHORER,
            Sentence(
                "expected anchorer {account}, the contract says {anchorer}",
                account=pins.account,
                anchorer=seen.head.anchorer,
            ),
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
        Sentence(
            "the contract's head has size {size} at block {number}, which this database never sent",
            size=seen.head.size,
            number=seen.latest.number,
        ),
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
            Sentence(
                "log {log_id} is not open in {contract}; its owner opens it with: certlog anchor open-log",
                log_id=pins.target.log_id.hex(),
                contract=pins.target.contract,
            )
        )
    if line.opening is None:
        obstacle = _check_head_age(seen, policy, now) or _check_nonce(line, seen)
        return obstacle or PrepareOpening(first_nonce=seen.final_nonce)
    if seen.final_nonce > line.opening.nonce:
        return _spent(line.opening, Sentence("the opened log"), seen)
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
            return Wait(Sentence("batch {number} is final and still counted as open", number=batch.number))


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
        return _spent(transaction, Sentence("batch {number}", number=batch.number), seen)
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


def _vanished(seen: Observation) -> Action:
    return Stop(
        HaltReason.FINALITY_VIOLATION,
        Sentence(
            "the log was open in finalized state; at block {number} it is not", number=seen.latest.number
        ),
    )


def _check_log(line: Line, seen: Observation) -> Action | None:
    """Require that the log still holds what was anchored: a restored backup of it does not."""
    last = line.last_final
    if last is None or seen.log_size >= last.new.size:
        return None
    return Stop(
        HaltReason.LOG_CONTRADICTS,
        Sentence(
            "batch {number} anchored {size} entries and the log holds {log_size}",
            number=last.number,
            size=last.new.size,
            log_size=seen.log_size,
        ),
    )


def _check_head_age(seen: Observation, policy: Policy, now: int) -> Action | None:
    age = now - seen.latest.time
    if age <= policy.max_head_age:
        return None
    return Wait(
        Sentence(
            "the node's newest block is {age} s old, at most {max_head_age} s are accepted",
            age=age,
            max_head_age=policy.max_head_age,
        )
    )


def _check_nonce(line: Line, seen: Observation) -> Action | None:
    """Require that the account did exactly what the store says, before the next nonce is given out."""
    expected = line.next_nonce if line.next_nonce is not None else seen.nonce
    if seen.nonce > expected:
        return Stop(
            HaltReason.NONCE_TAKEN,
            Sentence(
                "the next nonce is {expected} in the database and {nonce} on the chain: the key was "
                "used elsewhere, or an old database was restored",
                expected=expected,
                nonce=seen.nonce,
            ),
        )
    if seen.final_nonce < expected:
        return Wait(
            Sentence(
                "waiting for the account's {expected} earlier transactions to be final; "
                "{final_nonce} are at block {number}",
                expected=expected,
                final_nonce=seen.final_nonce,
                number=seen.finalized.number,
            )
        )
    return None


def _send_due(transaction: Transaction, policy: Policy, now: int) -> bool:
    return transaction.sent_at is None or now - transaction.sent_at >= policy.rebroadcast_after
