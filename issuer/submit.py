"""Submitting what the journal holds, in the order in which it was signed; safe to repeat at any time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from certlog.sealed import seal
from issuer.content_modes import ContentMode
from issuer.journal import Journal, JournalRow, Waiting
from issuer.registry_port import MAX_BATCH_BYTES, MAX_ITEMS, Item, Outcome, Registry

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told (stage, done, total); stages are "sign", "print" and "submit"."""

NEEDS_NEW_SLOT: Final = ("slot-expired", "slot-not-reserved", "slot-used", "id-taken")
"""Refusals of a certificate that signing it again for another slot mends."""

_NEVER: Final = ("wrong-previous", "no-effect", "already-revoked")
"""Refusals of a status statement that was overtaken: sent again, it would be refused again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One entry that the registry refused, and why."""

    number: str
    action: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submission did: entries logged by it, entries that were logged before, refusals."""

    logged: int = 0
    existed: int = 0
    refused: tuple[Refusal, ...] = ()


def submit_waiting(journal: Journal, registry: Registry, progress: Progress) -> Submitted:
    """Submit every entry that is not known to be logged; answers are kept batch by batch.

    Raises:
        Unavailable: the registry stopped answering; what it did not answer keeps waiting.
        InvalidInput: the registry refused a whole request.
        NotTrusted: the registry refused the token.
    """
    waiting = journal.waiting()
    total, done, logged, existed = len(waiting), 0, 0, 0
    refused: list[Refusal] = []
    progress("submit", 0, total)
    for batch in _batches(journal, waiting):
        outcomes = registry.submit([item for _, item in batch])
        answered = [(entry, outcome) for (entry, _), outcome in zip(batch, outcomes, strict=True)]
        journal.keep_outcomes([(entry.sequence, outcome) for entry, outcome in answered])
        for entry, outcome in answered:
            logged += outcome.status == "logged"
            existed += outcome.status == "exists"
            if outcome.status == "refused":
                refused.append(_refusal(journal, entry, outcome))
        done += len(batch)
        progress("submit", done, total)
    return Submitted(logged, existed, tuple(refused))


def _refusal(journal: Journal, entry: Waiting, outcome: Outcome) -> Refusal:
    if entry.action != "issue" and outcome.code in _NEVER:
        journal.drop(entry.sequence)
    row = journal.certificate(entry.certificate)
    return Refusal(row.number if row else "", entry.action, outcome.code, outcome.detail)


def _item(entry: bytes, row: JournalRow, journal: Journal) -> Item:
    """Return what the registry gets: never a key, and content only as it was chosen."""
    sealed, document = None, None
    if row.sealing is not None:
        sealed = seal(row.document, row.document_hash, key=row.sealing.key, nonce=row.sealing.nonce)
    elif row.mode is ContentMode.PUBLIC:
        document = row.document
    return Item(entry, document, sealed, journal.number_tag(row))


def _batches(journal: Journal, waiting: Sequence[Waiting]) -> Iterator[list[tuple[Waiting, Item]]]:
    batch: list[tuple[Waiting, Item]] = []
    size = 0
    for entry in waiting:
        row = journal.certificate(entry.certificate) if entry.action == "issue" else None
        item = Item(entry.entry) if row is None else _item(entry.entry, row, journal)
        length = item.length
        if batch and (len(batch) == MAX_ITEMS or size + length > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((entry, item))
        size += length
    if batch:
        yield batch
