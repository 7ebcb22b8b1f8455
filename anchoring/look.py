"""One look at the chain and the log: the pins first, then the finalized block, and only then any state.

The order is the safety of T5: state read before the finalized block could be of a block that was never final. State
is asked for by a block's number, which every node understands; so both blocks are looked up again at the end, lest a
reorganisation in between mix two histories in one look (the simulation found a halt that came of it).
"""

from anchoring.batch import Batch, HaltReason, Transaction
from anchoring.checks import check_pins
from anchoring.line import Line, Mined, Observation, Pins, Stop
from anchoring.ports import Block, Chain, CheckpointSource
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence


def look(chain: Chain, source: CheckpointSource, line: Line, pins: Pins) -> Observation | Stop:
    """Read what a decision needs, or say why this is not the pinned contract.

    Raises:
        Unavailable: some answer did not come; nothing is decided then.
    """
    stop = check_pins(chain.chain_id(), chain.code_hash(), pins)
    if stop is not None:
        return stop
    finalized = chain.finalized()
    latest = chain.latest()
    log_id, batch, last = pins.target.log_id, line.open_batch, line.last_final
    seen = Observation(
        finalized=finalized,
        latest=latest,
        final_head=chain.head(log_id, finalized),
        head=chain.head(log_id, latest),
        final_nonce=chain.transaction_count(pins.account, finalized),
        nonce=chain.transaction_count(pins.account, latest),
        final_anchor=chain.anchored_at(log_id, batch.new, finalized) if batch else None,
        anchor=chain.anchored_at(log_id, batch.new, latest) if batch else None,
        last_anchor=chain.anchored_at(log_id, last.new, finalized) if last else None,
        mined=_find_mined(chain, _open_transaction(line)),
        log_size=0 if batch else source.latest_size(),
    )
    for block in (latest, finalized):
        _require_same(chain, block)
    return seen


def compare_with_log(source: CheckpointSource, batch: Batch | None) -> Stop | None:
    """Ask the log again for the open batch: the same bytes, or one of the two was changed behind our back."""
    if batch is None:
        return None
    try:
        sealed = source.seal(batch.number)
    except InvalidInput as error:
        text = Sentence("batch {number}: {error}", number=batch.number, error=error)
        return Stop(HaltReason.LOG_CONTRADICTS, text)
    if sealed.head.same_as(batch.new) and sealed.note == batch.note:
        return None
    text = Sentence(
        "batch {number} was sealed at size {size}; the log now answers size {answered}",
        number=batch.number,
        size=batch.new.size,
        answered=sealed.size,
    )
    return Stop(HaltReason.LOG_CONTRADICTS, text)


def _require_same(chain: Chain, block: Block) -> None:
    if chain.block(block.number).hash != block.hash:
        raise Unavailable(
            Sentence(
                "the chain was reorganised at block {number} while it was looked at; looking again",
                number=block.number,
            )
        )


def _open_transaction(line: Line) -> Transaction | None:
    if line.open_batch is not None:
        return line.open_batch.transaction
    return None if line.opened else line.opening


def _find_mined(chain: Chain, transaction: Transaction | None) -> Mined | None:
    if transaction is None:
        return None
    for attempt in transaction.newest_first():
        receipt = chain.receipt(attempt.tx_hash)
        if receipt is not None:
            used, price = receipt.gas_used, receipt.gas_price
            paid = None if price is None else used * price
            return Mined(attempt.tx_hash, receipt.succeeded, receipt.block_number, used, paid)
    return None
