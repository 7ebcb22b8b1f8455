"""The keys of this log and the checkpoint sizes that each signs: the first, and those that rotations brought since."""

from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy import Connection, select

from certlog.checkpoint import Checkpoint, open_checkpoint
from certlog.errors import InvalidInput
from certlog.note import VerifierKey, parse_note
from certlog.sentences import Sentence
from certlog.trust_root import LogKey
from registry.tables import log_identity
from registry.tables import log_keys as rotated_keys


def log_keys(connection: Connection) -> tuple[LogKey, ...]:
    """Return the log's keys with their ranges of sizes, the first one first; the last range has no end."""
    first = str(connection.execute(select(log_identity.c.log_key)).scalar_one())
    rows = connection.execute(select(rotated_keys).order_by(rotated_keys.c.from_size))
    starts = [(0, first), *((int(row.from_size), str(row.log_key)) for row in rows)]
    ends = [*(later for (_, _), (later, _) in pairwise(starts)), None]
    return tuple(
        LogKey(VerifierKey.from_text(text), start, end)
        for (start, text), end in zip(starts, ends, strict=True)
    )


def key_at(keys: Sequence[LogKey], size: int) -> VerifierKey:
    """Return the key that signs the checkpoint of a size; `keys` is what log_keys returned."""
    return next(key.vkey for key in keys if key.covers(size))


def open_own(note: str, keys: Sequence[LogKey]) -> Checkpoint:
    """Return a checkpoint of this log, its signature verified under the key that signs its size.

    Raises:
        InvalidInput: it is no checkpoint of this log.
    """
    stated = Checkpoint.from_text(parse_note(note).text)
    covering = [key.vkey for key in keys if key.covers(stated.size)]
    if not covering:
        message = Sentence("no key of this log signs size {size}", size=stated.size)
        raise InvalidInput(message, code="not-signed")
    return open_checkpoint(note, covering[0])
