"""What must hold before anything is done: pins, freshness, finality, head, log, nonce, the day's limit. Pure.

Each check returns what it objects to, or None: Stop where no program should go on, Wait where time helps.
"""

from anchoring.batch import HaltReason
from anchoring.line import (
    Action,
    Line,
    Observation,
    Pins,
    Policy,
    ProblemKind,
    Spent,
    Stop,
    Wait,
)
from certlog.sentences import Sentence


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


def known_final(line: Line) -> int:
    """Return the highest block that was ever read as finalized: a node that shows less proves nothing."""
    last = line.last_final
    return max(line.finalized_number, (last.finalized_number or 0) if last else 0)


def check_freshness(line: Line, seen: Observation) -> Action | None:
    """Require a node that shows no less than what was already read, and does not contradict itself."""
    known = known_final(line)
    if seen.finalized.number < known:
        return Wait(
            Sentence(
                "the node is behind: its finalized block is {number}, block {known} was already read "
                "as finalized",
                number=seen.finalized.number,
                known=known,
            ),
            ProblemKind.BEHIND,
        )
    if seen.latest.number < seen.finalized.number:
        return Wait(
            Sentence(
                "the node contradicts itself: newest block {number}, finalized {finalized_number}",
                number=seen.latest.number,
                finalized_number=seen.finalized.number,
            ),
            ProblemKind.BEHIND,
        )
    return None


def check_finality(line: Line, seen: Observation) -> Action | None:
    """Require the last FINAL anchor in finalized state."""
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


def check_head(line: Line, seen: Observation, pins: Pins) -> Action | None:
    """Require an open log with our anchorer, whose head is one that this line anchored or is about to."""
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


def check_log(line: Line, seen: Observation) -> Action | None:
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


def check_head_age(seen: Observation, policy: Policy, now: int) -> Action | None:
    """Require a node that is not cut off, before anything is signed."""
    age = now - seen.latest.time
    if age <= policy.max_head_age:
        return None
    return Wait(
        Sentence(
            "the node's newest block is {age} s old, at most {max_head_age} s are accepted",
            age=age,
            max_head_age=policy.max_head_age,
        ),
        ProblemKind.BEHIND,
    )


def check_nonce(line: Line, seen: Observation) -> Action | None:
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
            ),
            ProblemKind.NONCE,
        )
    return None


def check_spending(spent: Spent, gas: int, wei: int, policy: Policy) -> Wait | None:
    """Require that what a transaction may cost fits what may still be spent today; else the batch waits.

    Args:
        spent: today, so far.
        gas: its limit.
        wei: what it would cost more than is counted in `spent`, at its limit.
        policy: the limits.
    """
    for name, already, more, limit in (
        ("daily_gas", spent.gas, gas, policy.daily_gas),
        ("daily_wei", spent.wei, wei, policy.daily_wei),
    ):
        if limit is not None and already + more > limit:
            message = Sentence(
                "{already} are spent today and {more} more may be needed, the limit is {limit} (setting {name}): the "
                "batch waits for the next day in UTC, or for a higher limit",
                already=already,
                more=more,
                limit=limit,
                name=name,
            )
            return Wait(message, ProblemKind.DAILY_LIMIT)
    return None


def _vanished(seen: Observation) -> Action:
    return Stop(
        HaltReason.FINALITY_VIOLATION,
        Sentence(
            "the log was open in finalized state; at block {number} it is not", number=seen.latest.number
        ),
    )
