"""Reads anchoring's database for pages, evidence and verdicts; it never asks a chain.

Without a database, because nothing was anchored yet, everything is empty and says so: not an error, and not green.
"""

from collections.abc import Collection, Hashable
from typing import Final

from anchoring.batch import HaltReason, State, Target
from anchoring.lines import LINES
from anchoring.store import AnchorStore, BatchSummary, Poll, of_lines
from certlog.evidence import AnchorPointer
from certlog.sentences import Sentence, joined
from registry.evidence import AnchoredHead
from storage.database import Address
from verifier.chain_view import AnchorReading, ChainView
from web.answers import AnchorKnowledge
from web.services import AnchorPage, AnchorRow, ChainPoll

_NEWEST: Final = 8
"""Batches whose state can still change: anchoring keeps few under way."""
SOURCE: Final = "the registry's anchoring worker"
ELSEWHERE: Final = Sentence(
    "the anchoring worker does not reach the pinned contract: what it read of it before cannot be checked now; the "
    "operator is looking into it"
)
TAKEN_BACK: Final = "the chain took back a block that it had called final; the operator is looking into it"
NOTHING_READ: Final = "the anchoring worker has not read the chain yet"


class StoredAnchors:
    """Implements web.services.AnchorLog and web.answers.Anchored over anchoring's database."""

    def __init__(self, address: Address, lines: Collection[Target] = ()) -> None:
        """Take where the database is, which may come later, and the lines that there are settings of."""
        self._address = address
        self._lines = tuple(lines)
        self._opened: AnchorStore | None = None

    def page(self, *, older_than: int | None, limit: int) -> AnchorPage:
        """Return batches, newest first."""
        store = self._store()
        found = () if store is None else store.batches(limit=limit + len(LINES), before=older_than)
        # A number that two lines anchor stays on one page.
        last = found[:limit][-1].number if found else 0
        rows = tuple(_row(batch) for batch in found if batch.number >= last)
        return AnchorPage(rows, last if len(found) > len(rows) else None)

    def polls(self) -> tuple[ChainPoll, ...]:
        """Return what was last read of the chain of every line that there is, in the order of the lines."""
        return tuple(
            ChainPoll(
                poll.read_at,
                poll.finalized_number,
                poll.finalized_time,
                "" if poll.halt is None else poll.halt.reason.value,
                poll.chain_id,
            )
            for poll in of_lines(self._polls(), self._lines)
        )

    def version(self) -> Hashable:
        """Return what changes whenever anything changes that `about` says."""
        store = self._store()
        if store is None:
            return None
        newest = tuple((batch.number, batch.state) for batch in store.batches(limit=_NEWEST))
        return newest, store.polls()

    def about(self, index: int) -> AnchorKnowledge:
        """Return the final heads that contain an entry, and the readings that concern it.

        A batch that is in a block and not final yet is a reading too, so that the verdict can say so.
        """
        polls = self._polls()
        broken = {_place(poll) for poll in polls if _took_back(poll)}
        good = [poll for poll in polls if _place(poll) not in broken]
        if broken and not good:
            # The chain took back what it had called final: none of what was read of it may be green any more.
            return AnchorKnowledge((), ChainView(source=SOURCE, problem=TAKEN_BACK))
        lost = {(poll.chain_id, poll.contract) for poll in good if _is_elsewhere(poll)}
        final = tuple(batch for batch in self._final(index) if _place(batch) not in broken)
        included = tuple(batch for batch in self._included(index) if _place(batch) not in broken)
        heads = tuple(AnchoredHead(batch.size, batch.root, tuple(_pointers(batch))) for batch in final)
        problem: str = joined("; ", [said for poll in good if (said := _problem(poll))])
        read = [poll for poll in good if poll.read_at is not None]
        poll = next((poll for poll in read if not _is_elsewhere(poll)), next(iter(read), None))
        if poll is None:
            problem = problem if good else NOTHING_READ
            return AnchorKnowledge(heads, ChainView(source=SOURCE, problem=problem))
        view = ChainView(
            readings=tuple(
                _reading(batch)
                for batch in (*final, *included)
                if (batch.chain_id, batch.contract) not in lost
            ),
            read_at=poll.read_at,
            block_number=poll.finalized_number,
            block_time=poll.finalized_time,
            source=SOURCE,
            problem=problem,
        )
        return AnchorKnowledge(heads, view)

    def _final(self, index: int) -> tuple[BatchSummary, ...]:
        store = self._store()
        return () if store is None else store.final_heads(index + 1)

    def _included(self, index: int) -> tuple[BatchSummary, ...]:
        store = self._store()
        newest = () if store is None else store.batches(limit=len(LINES))
        return tuple(batch for batch in newest if batch.state is State.INCLUDED and batch.size > index)

    def _polls(self) -> tuple[Poll, ...]:
        store = self._store()
        return () if store is None else store.polls()

    def _store(self) -> AnchorStore | None:
        if self._opened is None:
            self._opened = AnchorStore.find(self._address)
        return self._opened


def _place(found: Poll | BatchSummary) -> tuple[int, str, bytes]:
    return found.chain_id, found.contract, found.log_id


def _took_back(poll: Poll) -> bool:
    return poll.halt is not None and poll.halt.reason is HaltReason.FINALITY_VIOLATION


def _is_elsewhere(poll: Poll) -> bool:
    """Tell whether other code, or another chain, answers where the contract was: a mistyped endpoint, or it is gone.

    Neither proves anything against an anchor; but nobody reads it there any more, so it is no reading of today either.
    """
    return poll.halt is not None and poll.halt.reason in {HaltReason.WRONG_CHAIN, HaltReason.WRONG_CODE}


def _problem(poll: Poll) -> str:
    return ELSEWHERE if _is_elsewhere(poll) else poll.problem


def _row(batch: BatchSummary) -> AnchorRow:
    return AnchorRow(
        number=batch.number,
        state=batch.state.value,
        size=batch.size,
        root=batch.root,
        chain_id=batch.chain_id,
        sealed_at=batch.sealed_at,
        tx_hash=None if batch.tx_hash is None else _hex(batch.tx_hash),
        block_number=batch.block_number,
        block_time=batch.block_time,
    )


def _pointers(batch: BatchSummary) -> list[AnchorPointer]:
    if batch.tx_hash is None or batch.block_number is None or batch.block_time is None:
        return []
    return [AnchorPointer(batch.chain_id, _hex(batch.tx_hash), batch.block_number, batch.block_time)]


def _reading(batch: BatchSummary) -> AnchorReading:
    return AnchorReading(
        chain_id=batch.chain_id,
        contract=batch.contract.lower(),
        log_id=_hex(batch.log_id),
        size=batch.size,
        root=batch.root,
        block_time=batch.block_time,
        block_number=batch.block_number,
        final=batch.state is State.FINAL,
        read_block=batch.finalized_number,
    )


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"
