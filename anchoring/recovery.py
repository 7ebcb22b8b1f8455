"""Which repair of a halted line is safe, if any. Pure; `certlog anchor recover` explains it, asks, and performs it.

There are three. A batch whose nonce is spent for nothing in finalized blocks gets another transaction. A nonce counter
that is behind the chain's is moved up to it. Batches that the contract holds at a finalized block and the log has
sealed, and of which a lost or restored database does not know, are taken over. Everything else is for people, who are
told what was found and what to do about it (advice.py).
"""

from dataclasses import dataclass
from typing import TypeAlias

from anchoring.advice import after_contradiction, after_violation, behind, not_open
from anchoring.batch import EMPTY_HEAD, Batch, HaltReason, Inclusion, State
from anchoring.facts import Facts, Seal
from anchoring.line import Line, Pins
from certlog.errors import InvalidInput
from certlog.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Requeue:
    """Give the batch another transaction."""

    old: Batch
    new: Batch
    next_nonce: int


@dataclass(frozen=True, slots=True)
class CountUp:
    """Take the chain's count for the next nonce."""

    next_nonce: int


@dataclass(frozen=True, slots=True)
class Adopt:
    """Take over what is anchored: new batches, and one that the line has open."""

    batches: tuple[Batch, ...]
    open_batch: Batch | None
    """As the line has it, where one of `batches` is that batch."""
    next_nonce: int


Repair: TypeAlias = Requeue | CountUp | Adopt


def find_repair(line: Line, facts: Facts, pins: Pins, now: int) -> Repair:
    """Return the repair that is safe.

    Raises:
        InvalidInput: the line is not halted, or nothing that a program may do would help; the message says why.
    """
    if line.halt is None:
        raise InvalidInput("this line is not halted: there is nothing to recover", code="not-halted")
    match line.halt.reason:
        case HaltReason.FINALITY_VIOLATION:
            raise after_violation(line, facts, pins)
        case HaltReason.LOG_CONTRADICTS:
            raise after_contradiction(line, facts)
        case _:
            _require_settled(line, facts, pins)
    match line.halt.reason:
        case HaltReason.NONCE_TAKEN | HaltReason.REVERTED:
            return _after_spent_nonce(line, facts, now)
        case HaltReason.FOREIGN_HEAD:
            return _after_foreign_head(line, facts, now)
        case reason:
            message = Sentence(
                "no program repairs {reason}: do what docs/anchoring.md says, then certlog anchor resume",
                reason=reason,
            )
            raise InvalidInput(message, code="not-repairable")


def explain(repair: Repair) -> Sentence:
    """Say what a repair does and why it is safe."""
    match repair:
        case Requeue(old, _, next_nonce):
            return Sentence(
                "Batch {number} gets another transaction, with nonce {next_nonce}. Nonce {nonce} is spent in finalized "
                "blocks and the contract does not hold the batch: no stored transaction of it can be mined any more.",
                number=old.number,
                next_nonce=next_nonce,
                nonce=old.in_flight().nonce,
            )
        case CountUp(next_nonce):
            return Sentence(
                "The next nonce becomes {next_nonce}, which the chain says at the finalized block. The contract holds "
                "nothing that this database does not know: what the key was used for was no anchor of this log.",
                next_nonce=next_nonce,
            )
        case Adopt(batches, _, next_nonce):
            return Sentence(
                "Batches {first} to {last} are taken over as FINAL, the next nonce becomes {next_nonce}. The contract "
                "holds each at the finalized block, and the log has sealed each with the same size and root.",
                first=batches[0].number,
                last=batches[-1].number,
                next_nonce=next_nonce,
            )


def _require_settled(line: Line, facts: Facts, pins: Pins) -> None:
    """Require a node that caught up, that the log is ours to append to, and nothing of the account on its way."""
    if (too_low := behind(line, facts)) is not None:
        raise too_low
    if facts.head.anchorer is None:
        raise not_open(pins)
    if facts.head.anchorer != pins.account or facts.head.sealed:
        raise InvalidInput(
            Sentence(
                "the contract's anchorer is {anchorer}, sealed: {is_sealed}; this worker may not append",
                anchorer=facts.head.anchorer,
                is_sealed=facts.head.sealed,
            ),
            code="not-anchorer",
        )
    if facts.nonce != facts.final_nonce or facts.head != facts.final_head:
        raise InvalidInput(
            Sentence(
                "the account's last transactions are not final yet ({nonce} of {latest}): wait, and ask again",
                nonce=facts.final_nonce,
                latest=facts.nonce,
            ),
            code="not-final",
        )


def _after_spent_nonce(line: Line, facts: Facts, now: int) -> Repair:
    batch = line.open_batch
    known = line.last_final.new.size if line.last_final else 0
    if facts.anchored or facts.head.size != known:
        raise InvalidInput(
            Sentence(
                "the contract's head has size {size}, this database knows {known}: not only a nonce is spent",
                size=facts.head.size,
                known=known,
            ),
            code="not-repairable",
        )
    if batch is not None and batch.transaction is not None:
        if facts.final_nonce <= batch.transaction.nonce:
            raise InvalidInput(
                "the batch's nonce is not spent: resume, and its transaction is sent again", code="not-spent"
            )
        return Requeue(batch, batch.requeue(now), facts.final_nonce)
    return CountUp(facts.final_nonce)


def _after_foreign_head(line: Line, facts: Facts, now: int) -> Repair:
    """Take over every anchored seal beyond what the line knows, up to exactly the contract's head."""
    last = line.last_final
    if facts.head.size == (last.new.size if last else 0):
        raise InvalidInput(
            "the contract's head is known again, a reorganisation took the other away: certlog anchor resume",
            code="resume",
        )
    newer = [
        seal
        for seal in facts.seals
        if seal.anchor is not None and (last is None or seal.number > last.number)
    ]
    if not newer or not _known_to_the_log(newer, facts):
        message = Sentence(
            "the contract's head of size {size} is none that this log has sealed: an older copy of the log was "
            "restored as well, or somebody else uses the anchorer's key; see the drill in docs/anchoring.md",
            size=facts.head.size,
        )
        raise InvalidInput(message, code="not-repairable")
    unfinished = line.open_batch
    if unfinished is not None and unfinished.number not in {seal.number for seal in newer}:
        message = Sentence(
            "batch {number} is open and not anchored, but later ones are: this is no older copy of the database",
            number=unfinished.number,
        )
        raise InvalidInput(message, code="not-repairable")
    batches: list[Batch] = []
    for seal in newer:
        batches.append(_adopted(seal, line, batches, facts, now))
    return Adopt(tuple(batches), unfinished, facts.final_nonce)


def _known_to_the_log(newer: list[Seal], facts: Facts) -> bool:
    """Tell whether the contract's head is the newest of what the log sealed and the contract holds."""
    return newer[-1].sealed.size == facts.head.size


def _adopted(seal: Seal, line: Line, before: list[Batch], facts: Facts, now: int) -> Batch:
    if seal.anchor is None:
        raise InvalidInput("only what is anchored is taken over", code="not-repairable")
    inclusion = Inclusion(seal.anchor.block_number, seal.anchor.block_time, None)
    batch = line.open_batch
    if batch is None or batch.number != seal.number:
        known = line.last_final.new if line.last_final else EMPTY_HEAD
        old = before[-1].new if before else known
        batch = Batch(
            seal.number, State.SEALED, 0, old, seal.sealed.head, seal.sealed.note, now, changed_at=now
        )
    elif not batch.new.same_as(seal.sealed.head):
        raise InvalidInput("the log sealed other bytes for the open batch", code="log-contradicts")
    return batch.adopt(inclusion, facts.finalized.number, now)
