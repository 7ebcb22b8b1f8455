"""Serves status lists as signed W3C credentials, signing one again only when it changed or grew old.

They show the newest state and are for W3C verifiers only; evidence rests on epochs.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from certlog.canonical import canonicalize
from certlog.errors import InvalidInput
from certlog.keys import Signer
from certlog.sentences import Sentence
from certlog.slots import LIST_SIZE
from certlog.status_list import PURPOSES, StatusPurpose, list_credential
from registry.log_tree import tree_size
from registry.status_lists import bits_as_of, list_pairs
from registry.tables import bit_changes

MAX_AGE: Final = 300
"""Seconds after which an unchanged list is signed again, so that its date stays fresh."""


@dataclass(frozen=True, slots=True)
class _Signed:
    last_change: int
    signed_at: int
    data: bytes


class ListCredentials:
    """A small cache, one entry a list. Thread-safe."""

    def __init__(self, origin: str, signer: Signer, now: Callable[[], int]) -> None:
        """Take the log's origin, the list key and the clock."""
        self._origin = origin
        self._signer = signer
        self._now = now
        self._turn = threading.Lock()
        self._cache: dict[tuple[StatusPurpose, int], _Signed] = {}

    def credential(self, connection: Connection, purpose: StatusPurpose, number: int) -> bytes:
        """Return the canonical bytes of one list's credential.

        Raises:
            InvalidInput: no certificate uses a list of that number.
        """
        if not 0 <= number < list_pairs(connection):
            message = Sentence("there is no status list {number} yet", number=number)
            raise InvalidInput(message, code="no-list")
        change, now = _last_change(connection, purpose, number), self._now()
        with self._turn:
            known = self._cache.get((purpose, number))
        if known is None or known.last_change != change or now - known.signed_at >= MAX_AGE:
            bits = bits_as_of(connection, number, purpose, tree_size(connection))
            signed = list_credential(
                bits, origin=self._origin, purpose=purpose, number=number, signer=self._signer, now=now
            )
            known = _Signed(change, now, canonicalize(signed))
            with self._turn:
                self._cache[purpose, number] = known
        return known.data


def _last_change(connection: Connection, purpose: StatusPurpose, number: int) -> int:
    first = number * LIST_SIZE
    newest = connection.execute(
        select(func.max(bit_changes.c.leaf_index))
        .where(bit_changes.c.purpose == PURPOSES.index(purpose))
        .where(bit_changes.c.slot.between(first, first + LIST_SIZE - 1))
    ).scalar_one()
    return -1 if newest is None else int(newest)
