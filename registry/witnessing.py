"""Asks one witness to cosign our heads (c2sp.org/tlog-witness, add-checkpoint), step by step, beside everything else.

Issuing and signing never wait for it: a witness that is dead, slow, lying or loud changes what `step` says and nothing
else. Only heads that end in an epoch are brought to it: those that evidence carries.
"""

import http.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from certlog.cosignature import (
    add_checkpoint_body,
    open_cosignatures,
    parse_size_answer,
    read_signature_lines,
)
from certlog.errors import CertlogError, InvalidInput, Unavailable
from certlog.note import parse_note
from certlog.sentences import Sentence
from certlog.tree import consistency_proof
from registry.cosignatures import cosigners_of, keep, last_cosigned_size, newest_with_epoch
from registry.cosigners import Witness
from registry.database import Database
from registry.head_tiles import HeadTiles
from registry.heads import SignedCheckpoint

SIZE_TYPE: Final = "text/x.tlog.size"
MAX_WAIT: Final = 600.0
"""Seconds: the longest pause after one failure and the next attempt."""
_MEANINGS: Final[Mapping[int, Sentence]] = {
    http.client.BAD_REQUEST: Sentence("it cannot read the request"),
    http.client.FORBIDDEN: Sentence("it does not know the log key: give its operator the vkey of this log"),
    http.client.NOT_FOUND: Sentence("it does not know this log: ask its operator to add it"),
    http.client.UNPROCESSABLE_ENTITY: Sentence(
        "it refuses the consistency proof: ASK ITS OPERATOR FOR ITS CHECKPOINT"
    ),
}


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """What a witness answered: status, media type without parameters, and a body of bounded length."""

    status: int
    media_type: str
    body: bytes


class WitnessLine(Protocol):
    """The way to one witness."""

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Post a body to <prefix>/add-checkpoint and return the answer, whatever its status.

        It returns or raises within a few seconds, follows no redirect, and reads no more than a note's length.

        Raises:
            Unavailable: no answer, or one that is too long or too slow.
        """


class Witnessing:
    """Keeps one witness up to date. One thread's own."""

    def __init__(
        self,
        database: Database,
        tiles: HeadTiles,
        witness: Witness,
        line: WitnessLine,
        now: Callable[[], int],
    ) -> None:
        """Take the database, the published tiles, the pinned witness, the way to it and the clock."""
        self._database = database
        self._tiles = tiles
        self._witness = witness
        self._line = line
        self._now = now
        self._known: int | None = None

    def step(self) -> int | None:
        """Bring the newest head that ends in an epoch to the witness, unless it has cosigned it.

        1. What it has cosigned already is not asked for again.
        2. It is told the size that it knows, and the proof from there.
        3. If it knows another size (409), it is asked once more from that one.
        4. Its cosignature is verified against the pinned key, then stored.

        Returns:
            The size that was cosigned in this step, or None where there was nothing to do.

        Raises:
            Unavailable: no answer, an unwanted one, the tiles are damaged, or the database is busy: try again later.
            InvalidInput: the answer is not what the protocol allows, or it contradicts this log.
        """
        with self._database.reading() as connection:
            head = newest_with_epoch(connection)
            if head is None or self._witness.key.to_text() in cosigners_of(connection, head.size):  # 1
                return None
            if self._known is None:
                self._known = last_cosigned_size(connection, self._witness.key)
        answer = self._ask(head, min(self._known, head.size))  # 2
        if answer.status == http.client.CONFLICT and answer.media_type == SIZE_TYPE:  # 3
            self._known = self._size_it_knows(answer, head)
            answer = self._ask(head, self._known)
        if answer.status != http.client.OK:
            raise Unavailable(self._refusal(answer))
        found = open_cosignatures(  # 4
            parse_note(head.note).text,
            read_signature_lines(answer.body),
            (self._witness.key,),
            now=self._now(),
        )
        keep(self._database, head.size, found, now=self._now())
        self._known = head.size
        return head.size

    def _ask(self, head: SignedCheckpoint, old: int) -> WitnessAnswer:
        with self._database.reading() as connection:
            proof = consistency_proof(old, head.size, self._tiles.nodes(connection))
        return self._line.add_checkpoint(add_checkpoint_body(old, proof, head.note))

    def _size_it_knows(self, answer: WitnessAnswer, head: SignedCheckpoint) -> int:
        size = parse_size_answer(answer.body)
        if size > head.size:
            # Not proven: a witness may lie. True, it means that this log signed more than it holds now.
            message = Sentence(
                "it says that it cosigned size {size}, this log has signed {signed} at most: ask its operator for that "
                "checkpoint; if the log key signed it, an old copy of the log is running",
                size=size,
                signed=head.size,
            )
            raise InvalidInput(message, code="witness-ahead")
        return size

    def _refusal(self, answer: WitnessAnswer) -> Sentence:
        meaning = _MEANINGS.get(answer.status)
        if meaning is None:
            return Sentence("expected status 200, found {status}", status=answer.status)
        return Sentence("status {status}: {meaning}", status=answer.status, meaning=meaning)


class Pace:
    """How long to wait before the next step: the interval, and after each failure twice as long as before."""

    def __init__(self, interval: float) -> None:
        """Take the seconds between two looks while all is well."""
        self._interval = interval
        self._failures = 0

    def after(self, problem: CertlogError | None) -> float:
        """Return the seconds to wait after a step that went well (None) or did not."""
        self._failures = 0 if problem is None else self._failures + 1
        return min(self._interval * 2.0 ** min(self._failures, 30), max(MAX_WAIT, self._interval))
