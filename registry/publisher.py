"""Publishes: appends epochs when they are due, signs new heads, and seals batches for anchoring.

Runs in one worker process. It knows nothing of chains: whoever anchors asks for a sealed batch by number.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, insert, select

from certlog.digests import RootHash
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.tree import consistency_proof
from registry.append import LogWriter
from registry.cosignatures import cosigned
from registry.database import Database
from registry.epoch_append import append_epoch, last_epoch
from registry.full_check import FullCheck
from registry.head_tiles import HeadTiles
from registry.heads import HeadSigner, newest_checkpoint
from registry.last_signed_head import SigningHalted
from registry.log_tree import tree_size
from registry.tables import checkpoints, seals


@dataclass(frozen=True, slots=True)
class SealedHead:
    """The head that anchoring batch `number` anchors; its last leaf is an epoch."""

    origin: str
    number: int
    size: int
    root: RootHash
    note: str


class Publisher:
    """Keeps the log's signed head close behind its end. Thread-safe."""

    def __init__(
        self,
        database: Database,
        writer: LogWriter,
        signer: HeadSigner,
        checks: FullCheck,
        now: Callable[[], int],
        *,
        origin: str,
        epoch_interval: int,
        heartbeat: int,
    ) -> None:
        """Take the parts, and the seconds after which an epoch is due with and without waiting entries."""
        self.database: Final = database
        self._writer = writer
        self._signer = signer
        self._checks = checks
        self.tiles: Final = HeadTiles(checks.store, now)
        self._found_damaged: SigningHalted | None = None
        self._now = now
        self._origin = origin
        self._epoch_interval = epoch_interval
        self._heartbeat = heartbeat
        self._turn = threading.RLock()

    def require_intact_head(self) -> None:
        """Require that the database holds the last head that was signed.

        Raises:
            SigningHalted: it does not; nothing may be appended or signed until a person has looked.
        """
        self._signer.last_signed()

    def start(self) -> None:
        """Check the log against the last signed head, append an epoch and sign.

        The whole log and all tiles where that is due, as it is after a restore; else the right edge of the tiles, which
        signing reads first.

        Raises:
            SigningHalted: the log is not the one that was signed.
            Unavailable: the database is busy, or the store of the tiles cannot be reached; call again.
        """
        with self._turn:
            self.check_when_due()
            with self._writer.appending() as appending:
                append_epoch(appending)
            self._sign_waiting()

    def check_when_due(self) -> None:
        """Read the whole log and all tiles again where that is due; others may append and sign meanwhile.

        Raises:
            SigningHalted: something is damaged: from now on nothing is signed until a check finds all of it whole.
            Unavailable: the store of the tiles cannot be reached.
        """
        last = self._signer.last_signed()
        try:
            if self._checks.due(last):
                self._checks.run(last)
        except SigningHalted as halted:
            self._found_damaged = halted
            raise
        self._found_damaged = None

    def tick(self) -> None:
        """Append an epoch if one is due, then sign whatever is not signed yet.

        Raises:
            SigningHalted: nothing may be signed until a person has looked.
            Unavailable: the database is busy or the clock is behind; the next tick tries again.
        """
        with self._turn:
            self._require_undamaged()
            with self.database.reading() as connection:
                due = self._epoch_due(connection)
            if due:
                with self._writer.appending() as appending:
                    if self._epoch_due(appending.connection):
                        append_epoch(appending)
            self._sign_waiting()

    def seal_batch(self, number: int) -> SealedHead:
        """Fix the content of anchoring batch `number`: durable and repeatable when this returns.

        In one transaction an epoch is appended and the size just after it is recorded under `number`; then
        exactly that size is signed. Asking again gives the same bytes, also after a crash in between.

        Raises:
            InvalidInput: a higher number is sealed already.
            SigningHalted: nothing may be signed until a person has looked.
        """
        with self._turn:
            self._require_undamaged()
            size = self._sealed_size(number)
            self._sign_waiting()
            checkpoint = self._signer.sign(size)
        return SealedHead(self._origin, number, checkpoint.size, checkpoint.root, checkpoint.note)

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the consistency proof between two sizes; new <= the newest signed size."""
        with self.database.reading() as connection:
            return consistency_proof(old, new, self.tiles.nodes(connection))

    def latest_size(self) -> int:
        """Return the number of entries in the log."""
        with self.database.reading() as connection:
            return tree_size(connection)

    def _require_undamaged(self) -> None:
        if self._found_damaged is not None:
            raise SigningHalted(str(self._found_damaged))

    def _sealed_size(self, number: int) -> int:
        with self._writer.appending() as appending:
            rows = appending.connection.execute(
                select(seals.c.number, seals.c.size).where(seals.c.number >= number)
            )
            later = {row.number: int(row.size) for row in rows}
            if number in later:
                return later[number]
            if number < 0 or later:
                message = Sentence(
                    "batch {number} cannot be sealed: batch {later} is sealed already",
                    number=number,
                    later=max(later, default=-1),
                )
                raise InvalidInput(message, code="batch-order")
            size = append_epoch(appending).as_of + 1
            appending.connection.execute(insert(seals).values(number=number, size=size))
        return size

    def _epoch_due(self, connection: Connection) -> bool:
        before = last_epoch(connection)
        if before is None:
            return True
        waiting = tree_size(connection) > before.as_of + 1
        return self._now() - before.time >= (self._epoch_interval if waiting else self._heartbeat)

    def _sign_waiting(self) -> None:
        """Sign sealed sizes first: a seal promises exactly its size, and heads are signed in rising order.

        The checkpoint is put beside its tiles at the end: where that fails, the next tick does it.
        """
        with self.database.reading() as connection:
            newest, size = newest_checkpoint(connection), tree_size(connection)
            unsigned = select(seals.c.size).where(seals.c.size.not_in(select(checkpoints.c.size)))
            waiting = list(connection.execute(unsigned.order_by(seals.c.size)).scalars())
        for sealed in waiting:
            self._signer.sign(sealed)
        if size > (newest.size if newest else 0):
            self._signer.sign(size)
        with self.database.reading() as connection:
            head = newest_checkpoint(connection)
            note = None if head is None else cosigned(connection, head).note
        if note is not None:
            self._signer.publish(note)
