"""Trees of any size below 2^63 whose proofs are computed at once: nearly all leaves are the same.

A few marked leaves differ, so that left and right, and one position and another, are told apart.
"""

import random
from collections.abc import Collection

from certlog import tree
from certlog.digests import LeafHash
from tests.support.chain import Head

PLAIN = tree.leaf_hash(b"plain")


PLAIN_SUBTREES: list[bytes] = [PLAIN]
"""Roots of the complete trees of 2^level plain leaves."""
for _ in range(63):
    PLAIN_SUBTREES.append(tree.node_hash(PLAIN_SUBTREES[-1], PLAIN_SUBTREES[-1]))


class BigTree:
    """A log with 2^63 - 1 entries, of which any prefix can be looked at."""

    def __init__(self, marked: Collection[int]) -> None:
        self._marked = frozenset(marked)
        self._touched = {(level, index >> level) for index in marked for level in range(64)}
        self._known: dict[tuple[int, int], bytes] = {}

    @classmethod
    def around(cls, *sizes: int, seed: int = 1) -> "BigTree":
        """Return a tree with marks near the given sizes and by chance below them."""
        chance = random.Random(seed)
        marked = {chance.randrange(size) for size in sizes for _ in range(8)}
        return cls(marked | {max(0, size + near) for size in sizes for near in (-2, -1, 0, 1)})

    def read(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree; this is the tree's NodeReader."""
        if (level, index) not in self._touched:
            return PLAIN_SUBTREES[level]
        if level == 0:
            return self.leaf(index)
        if (level, index) not in self._known:
            left, right = self.read(level - 1, 2 * index), self.read(level - 1, 2 * index + 1)
            self._known[level, index] = tree.node_hash(left, right)
        return self._known[level, index]

    def leaf(self, index: int) -> LeafHash:
        """Return a leaf's hash."""
        return tree.leaf_hash(f"marked {index}".encode()) if index in self._marked else PLAIN

    def head(self, size: int) -> Head:
        """Return the head of the first `size` entries."""
        return Head(size, tree.root_at(size, self.read))

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the proof between two sizes."""
        return tree.consistency_proof(old, new, self.read)

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """Return the audit path of a leaf."""
        return tree.inclusion_proof(index, size, self.read)
