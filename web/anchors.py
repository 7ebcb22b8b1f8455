"""Reads anchoring's database for pages, evidence and verdicts; it never asks a chain.

Without a database, because nothing was anchored yet, everything is empty and says so: not an error, and not green.
"""

from collections.abc import Hashable
from typing import Final

from anchoring.batch import HaltReason, State
from anchoring.store import AnchorStore, BatchSummary, Poll
from certlog.evidence import AnchorPointer
from registry.evidence import AnchoredHead
from storage.database import Address
from verifier.chain_view import AnchorReading, ChainView
from web.answers import AnchorKnowledge
from web.services import AnchorPage, AnchorRow, ChainPoll

_NEWEST: Final = 8
"""Batches whose state can still change: anchoring keeps few under way."""
SOURCE: Final = "the registry's anchoring worker"
TAKEN_BACK: Final = "the chain took back a block that it had called final; the operator is looking into it"
NOTHING_READ: Final = "the anchoring worker has not read the chain yet"


class StoredAnchors:
    """Implements web.services.AnchorLog and web.answers.Anchored over anchoring's database."""

    def __init__(self, address: Address) -> None:
        """Take where the database is; it may come later, when the worker first runs."""
        self._address = address
        self._opened: AnchorStore | None = None

    def page(self, *, older_than: int | None, limit: int) -> AnchorPage:
        """Return batches, newest first."""
        store = self._store()
        found = () if store is None else store.batches(limit=limit + 1, before=older_than)
        rows = tuple(_row(batch) for batch in found[:limit])
        return AnchorPage(rows, rows[-1].number if len(found) > limit else None)

    def last_poll(self) -> ChainPoll:
        """Return what was last read of the chain."""
        poll = self._poll()
        if poll is None:
            return ChainPoll()
        halted = "" if poll.halt is None else poll.halt.reason.value
        return ChainPoll(poll.read_at, poll.finalized_number, poll.finalized_time, halted)

    def version(self) -> Hashable:
        """Return what changes whenever anything changes that `about` says."""
        store = self._store()
        if store is None:
            return None
        newest = tuple((batch.number, batch.state) for batch in store.batches(limit=_NEWEST))
        return newest, store.last_poll()

    def about(self, index: int) -> AnchorKnowledge:
        """Return the final heads that contain an entry, and the readings that concern it.

        A batch that is in a block and not final yet is a reading too, so that the verdict can say so.
        """
        final, poll = self._final(index), self._poll()
        if poll is not None and poll.halt is not None and poll.halt.reason is HaltReason.FINALITY_VIOLATION:
            # The chain took back what it had called final: none of what was read of it may be green any more.
            return AnchorKnowledge((), ChainView(source=SOURCE, problem=TAKEN_BACK))
        heads = tuple(AnchoredHead(batch.size, batch.root, tuple(_pointers(batch))) for batch in final)
        if poll is None or poll.read_at is None:
            problem = NOTHING_READ if poll is None else poll.problem
            return AnchorKnowledge(heads, ChainView(source=SOURCE, problem=problem))
        view = ChainView(
            readings=tuple(_reading(batch) for batch in (*final, *self._included(index))),
            read_at=poll.read_at,
            block_number=poll.finalized_number,
            block_time=poll.finalized_time,
            source=SOURCE,
            problem=poll.problem,
        )
        return AnchorKnowledge(heads, view)

    def _final(self, index: int) -> tuple[BatchSummary, ...]:
        store = self._store()
        first = None if store is None else store.first_final_covering(index + 1)
        newest = None if store is None else store.latest_final()
        if first is None or newest is None:
            return ()
        return (first,) if newest.number == first.number else (first, newest)

    def _included(self, index: int) -> tuple[BatchSummary, ...]:
        store = self._store()
        newest = () if store is None else store.batches(limit=1)
        return tuple(batch for batch in newest if batch.state is State.INCLUDED and batch.size > index)

    def _poll(self) -> Poll | None:
        store = self._store()
        return None if store is None else store.last_poll()

    def _store(self) -> AnchorStore | None:
        if self._opened is None:
            self._opened = AnchorStore.find(self._address)
        return self._opened


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
