"""Every status list of a log while it is replayed, and the status tree over them: only lists that change are hashed.

Positions count slots in the row of all lists: list * 131,072 + index. A list in which no bit was ever set takes no
memory, so that a log which names far lists costs whoever replays it nothing.
"""

from typing import Final

from certlog.digests import RootHash
from certlog.slots import LIST_SIZE
from certlog.status_list import PURPOSES, StatusPurpose, empty_list, status_leaf, status_leaf_index
from certlog.tree import MemoryTree

MAX_PAIRS: Final = 2**16
"""Pairs of lists that a replay follows: room for 8.5 thousand million certificates. More is a log that lies."""

_EMPTY_LEAF: Final = status_leaf(empty_list())


class StatusLists:
    """The bits of all lists at one point of the log."""

    def __init__(self) -> None:
        """Start with no list."""
        self._bits: dict[int, bytearray] = {}
        self._changed: set[int] = set()
        self._tree = MemoryTree()
        self.version = 0
        """Counts the bits that turned and the lists that were added: the same number, the same lists."""

    @property
    def pairs(self) -> int:
        """Number of list pairs: 1 + the highest list that a certificate uses, or 0."""
        return self._tree.size // 2

    def require_list(self, number: int) -> None:
        """Let list `number` and every one below exist; requires number < MAX_PAIRS."""
        for _ in range(self._tree.size, 2 * number + 2):
            self._tree.append(_EMPTY_LEAF)
            self.version += 1

    def set(self, purpose: StatusPurpose, position: int, value: bool) -> bool:  # noqa: FBT001 - the bit
        """Set or clear one bit; tell whether it was the other way before. The list must exist."""
        number, index = divmod(position, LIST_SIZE)
        leaf, byte, mask = status_leaf_index(number, purpose), index >> 3, 0x80 >> (index & 7)
        bits = self._bits.get(leaf)
        if bool(bits[byte] & mask if bits else 0) == value:
            return False
        if bits is None:
            bits = self._bits[leaf] = bytearray(empty_list())
        bits[byte] ^= mask
        self._changed.add(leaf)
        self.version += 1
        return True

    def bits(self, purpose: StatusPurpose, number: int) -> bytes:
        """Return the 16,384 bytes of one list."""
        found = self._bits.get(status_leaf_index(number, purpose))
        return empty_list() if found is None else bytes(found)

    def root(self) -> RootHash:
        """Return the root of the status tree."""
        self._hash_changed()
        return self._tree.root()

    def tree(self) -> MemoryTree:
        """Return the status tree, for proofs; it follows the lists, so prove before they change again."""
        self._hash_changed()
        return self._tree

    def _hash_changed(self) -> None:
        for leaf in self._changed:
            self._tree.replace(leaf, status_leaf(bytes(self._bits[leaf])))
        self._changed.clear()


def purposes_of(*, revoked: bool, suspended: bool) -> tuple[tuple[StatusPurpose, bool], ...]:
    """Return each purpose with the bit that a status puts in its list."""
    return tuple(zip(PURPOSES, (revoked, suspended), strict=True))
