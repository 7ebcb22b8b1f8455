"""Submitting what the journal holds; safe to repeat at any time, and stopped at any time it has lost nothing.

Certificates go in several batches at once, since none depends on another; status statements one batch after the
other, each after everything that was signed before it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, TypeAlias

from certlog.errors import CertlogError
from certlog.sealed import seal
from issuer.content_modes import ContentMode
from issuer.journal import Journal, JournalRow, Waiting
from issuer.registry_port import MAX_BATCH_BYTES, MAX_ITEMS, Item, Outcome, Registry

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told (stage, done, total); stages are "sign", "print" and "submit"."""

NEEDS_NEW_SLOT: Final = ("slot-expired", "slot-not-reserved", "slot-used", "id-taken")
"""Refusals of a certificate that signing it again for another slot mends."""

AT_ONCE: Final = 3
"""Batches under way: while one waits for the log's end, the signatures of others are checked."""

_READ_AT_ONCE: Final = 250

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


def submit_waiting(
    journal: Journal, registry: Registry, progress: Progress, *, at_once: int = AT_ONCE
) -> Submitted:
    """Submit every entry that is not known to be logged; answers are kept batch by batch.

    Args:
        journal: what waits is read from it as it is sent.
        registry: `submit` is called from several threads.
        progress: told after each answer.
        at_once: batches of certificates under way at a time.

    Raises:
        Unavailable: the registry stopped answering; what it did not answer keeps waiting.
        InvalidInput: the registry refused a whole request.
        NotTrusted: the registry refused the token.
    """
    sending = _Sending(journal, journal.waiting_count(), progress)
    progress("submit", 0, sending.total)
    with ThreadPoolExecutor(at_once, "submit") as pool:
        try:
            for batch in _batches(journal, journal.iter_waiting()):
                ordered = any(entry.action != "issue" for entry, _ in batch)
                sending.keep_answers(leave=0 if ordered else at_once - 1)
                entries = [entry for entry, _ in batch]
                sending.under_way.append((entries, pool.submit(registry.submit, [item for _, item in batch])))
                sending.keep_answers(leave=0 if ordered else at_once)
            sending.keep_answers(leave=0)
        except CertlogError:
            sending.keep_what_was_answered()
            raise
    return Submitted(sending.logged, sending.existed, tuple(sending.refused))


@dataclass
class _Sending:
    """Batches under way, in the order in which they were sent, and what came of the others."""

    journal: Journal
    total: int
    progress: Progress
    under_way: "deque[tuple[list[Waiting], Future[tuple[Outcome, ...]]]]" = field(default_factory=deque)
    done: int = 0
    logged: int = 0
    existed: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def keep_answers(self, *, leave: int) -> None:
        """Wait until no more than `leave` batches are under way, and keep the answers of the others."""
        while len(self.under_way) > leave:
            entries, answer = self.under_way.popleft()
            self._keep(entries, answer.result())

    def keep_what_was_answered(self) -> None:
        """After a failure: what other batches were answered is durable there, and noted here."""
        for entries, answer in self.under_way:
            if not isinstance(answer.exception(), Exception):
                self._keep(entries, answer.result())

    def _keep(self, entries: list[Waiting], outcomes: tuple[Outcome, ...]) -> None:
        answered = list(zip(entries, outcomes, strict=True))
        self.journal.keep_outcomes([(entry.sequence, outcome) for entry, outcome in answered])
        for entry, outcome in answered:
            self.logged += outcome.status == "logged"
            self.existed += outcome.status == "exists"
            if outcome.status == "refused":
                self.refused.append(_refusal(self.journal, entry, outcome))
        self.done += len(entries)
        self.progress("submit", self.done, self.total)


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


def _batches(journal: Journal, waiting: Iterable[Waiting]) -> Iterator[list[tuple[Waiting, Item]]]:
    batch: list[tuple[Waiting, Item]] = []
    size = 0
    for entry, item in _items(journal, waiting):
        full = len(batch) == MAX_ITEMS or size + item.length > MAX_BATCH_BYTES
        # A batch holds certificates or statements: only the latter wait for what was signed before them.
        if batch and (full or (batch[-1][0].action == "issue") != (entry.action == "issue")):
            yield batch
            batch, size = [], 0
        batch.append((entry, item))
        size += item.length
    if batch:
        yield batch


def _items(journal: Journal, waiting: Iterable[Waiting]) -> Iterator[tuple[Waiting, Item]]:
    entries = iter(waiting)
    while some := list(islice(entries, _READ_AT_ONCE)):
        rows = journal.certificates([entry.certificate for entry in some if entry.action == "issue"])
        for entry in some:
            row = rows.get(entry.certificate) if entry.action == "issue" else None
            yield entry, Item(entry.entry) if row is None else _item(entry.entry, row, journal)
