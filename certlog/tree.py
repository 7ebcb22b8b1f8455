"""The log's Merkle tree: hashes, roots, inclusion and consistency proofs (RFC 9162, section 2.1; RFC 6962).

Trees are read through a NodeReader, so that the same few functions serve a database, tiles and memory. Only
complete subtrees are ever stored: the node (level, index) covers leaves index·2^level .. (index+1)·2^level - 1.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from certlog.digests import DIGEST_BYTES, LeafHash, RootHash, same, sha256
from certlog.errors import InvalidProof
from certlog.sentences import Sentence

NodeReader: TypeAlias = Callable[[int, int], bytes]
"""read(level, index) -> the 32-byte hash of a complete subtree of 2^level leaves."""

EMPTY_ROOT: Final = RootHash(sha256(b""))
"""Root of the empty tree (RFC 9162, 2.1.1)."""

_KEPT_ROOTS: Final = 1024
"""Computed roots that a process keeps; a path has at most 63 hashes, or is refused, and a refusal is not kept."""

MAX_SIZE: Final = 2**63 - 1
"""Largest tree size: one that a signed 64-bit integer and the contract's uint64 both hold."""


def leaf_hash(data: bytes) -> LeafHash:
    """Return SHA-256(0x00 ‖ data)."""
    return LeafHash(hashlib.sha256(b"\x00" + data).digest())


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def new_nodes(size: int, leaf: LeafHash, read: NodeReader) -> list[tuple[int, int, bytes]]:
    """Return the nodes (level, index, hash) that appending a leaf to a tree of `size` leaves completes.

    The leaf itself, at level 0 and index `size`, comes first. `read` is asked only for left siblings.
    """
    level, index, current = 0, size, bytes(leaf)
    nodes = [(level, index, current)]
    while index & 1:
        current = node_hash(read(level, index - 1), current)
        level, index = level + 1, index >> 1
        nodes.append((level, index, current))
    return nodes


def root_at(size: int, read: NodeReader) -> RootHash:
    """Return the root of the first `size` leaves. Requires size >= 0."""
    return RootHash(_range_hash(0, size, read)) if size else EMPTY_ROOT


class Prover:
    """Makes the audit paths of one tree: many, where it is kept, share the hashes of the tree's ragged right edge."""

    def __init__(self, size: int, read: NodeReader) -> None:
        """Take the tree's size and its nodes; requires 0 <= size < 2^63."""
        self.size: Final = size
        self._read: Final = read
        self._edge: dict[int, bytes] = {}

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """Return the audit path of leaf `index`, leaf side first (RFC 9162, 2.1.3.1).

        Raises:
            InvalidProof: unless 0 <= index < size.
        """
        if not 0 <= index < self.size <= MAX_SIZE:
            raise InvalidProof(
                Sentence("no leaf {index} in a tree of size {size}", index=index, size=self.size),
                code="index-out-of-range",
            )
        path: list[bytes] = []
        level, position, last = 0, index, self.size - 1
        while last:
            sibling = position ^ 1
            if (sibling + 1) << level <= self.size:
                path.append(self._read(level, sibling))
            elif sibling <= last:
                path.append(self._to_the_end(sibling << level))
            level, position, last = level + 1, position >> 1, last >> 1
        return tuple(path)

    def _to_the_end(self, start: int) -> bytes:
        """Hash a subtree that reaches the tree's end: it is not complete, and so not stored."""
        if start not in self._edge:
            self._edge[start] = _range_hash(start, self.size, self._read)
        return self._edge[start]


def inclusion_proof(index: int, size: int, read: NodeReader) -> tuple[bytes, ...]:
    """Return the audit path of leaf `index` in the tree of `size` leaves, leaf side first (RFC 9162, 2.1.3.1).

    Raises:
        InvalidProof: unless 0 <= index < size.
    """
    return Prover(size, read).inclusion(index)


def consistency_proof(old: int, new: int, read: NodeReader) -> tuple[bytes, ...]:
    """Return the proof that the tree of `old` leaves is a prefix of the one of `new` (RFC 9162, 2.1.4.1).

    Empty for old = 0 (nothing is claimed) and for old = new.

    Raises:
        InvalidProof: unless 0 <= old <= new.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise InvalidProof(
            Sentence("no consistency from size {old} to size {new}", old=old, new=new),
            code="index-out-of-range",
        )
    if old in (0, new):
        return ()
    path: list[bytes] = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_hash(middle, end, read))
            end = middle
        else:
            path.append(_range_hash(start, middle, read))
            start = middle
    if start:
        path.append(_range_hash(start, end, read))
    return tuple(reversed(path))


def root_from_inclusion(leaf: LeafHash, index: int, size: int, path: Sequence[bytes]) -> RootHash:
    """Return the root that an audit path leads to (RFC 9162, 2.1.3.2).

    Raises:
        InvalidProof: index >= size, a path of another length than index and size demand, or a hash that is
            not 32 bytes.
    """
    return _led_to(leaf, index, size, tuple(path))


@lru_cache(maxsize=_KEPT_ROOTS)
def _led_to(leaf: LeafHash, index: int, size: int, path: tuple[bytes, ...]) -> RootHash:
    # Kept, since the same statements, records and lists are proven with every certificate; what is kept is the root
    # that the path leads to, never whether it is the right one.
    _require_hashes((leaf, *path))
    if not 0 <= index < size <= MAX_SIZE:
        raise InvalidProof(
            Sentence("no leaf {index} in a tree of size {size}", index=index, size=size),
            code="index-out-of-range",
        )
    position, last, current = index, size - 1, bytes(leaf)
    for sibling in path:
        if last == 0:
            raise InvalidProof("the path is too long")
        if position & 1 or position == last:
            current = node_hash(sibling, current)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise InvalidProof("the path is too short")
    return RootHash(current)


def verify_inclusion(leaf: LeafHash, index: int, size: int, path: Sequence[bytes], root: RootHash) -> None:
    """Check that a leaf stands at `index` in the tree with this size and root.

    Raises:
        InvalidProof: it does not, or the proof has the wrong shape.
    """
    found = root_from_inclusion(leaf, index, size, path)
    if not same(root, found):
        raise InvalidProof(
            Sentence("expected root {root}, the path leads to {found}", root=root.hex(), found=found.hex())
        )


def verify_consistency(
    old_size: int, old_root: RootHash, new_size: int, new_root: RootHash, path: Sequence[bytes]
) -> None:
    """Check that a tree extends an older one (RFC 9162, 2.1.4.2).

    Raises:
        InvalidProof: it does not, or the proof has the wrong shape.
    """
    _require_hashes((old_root, new_root, *path))
    if not 0 <= old_size <= new_size <= MAX_SIZE:
        raise InvalidProof(
            Sentence(
                "no consistency from size {old_size} to size {new_size}", old_size=old_size, new_size=new_size
            ),
            code="index-out-of-range",
        )
    if old_size in (0, new_size):
        _verify_trivial_consistency(old_size, old_root, new_size, new_root, path)
        return
    old_found, new_found = _roots_from_consistency(old_size, old_root, new_size, path)
    if not same(old_root, old_found):
        raise InvalidProof(
            Sentence(
                "expected old root {old_root}, the proof leads to {old_found}",
                old_root=old_root.hex(),
                old_found=old_found.hex(),
            )
        )
    if not same(new_root, new_found):
        raise InvalidProof(
            Sentence(
                "expected new root {new_root}, the proof leads to {new_found}",
                new_root=new_root.hex(),
                new_found=new_found.hex(),
            )
        )


class MemoryTree:
    """A whole tree in memory: for the status tree, the trust tree, tests and small logs."""

    def __init__(self, leaves: Iterable[LeafHash] = ()) -> None:
        """Build the tree of these leaf hashes, in order."""
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0])

    def append(self, leaf: LeafHash) -> None:
        """Add a leaf at the end."""
        for level, _, digest in new_nodes(self.size, leaf, self.read):
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(digest)

    def replace(self, index: int, leaf: LeafHash) -> None:
        """Put another leaf in the place of one, and hash again the complete subtrees above it.

        Raises:
            InvalidProof: unless 0 <= index < size.
        """
        if not 0 <= index < self.size:
            raise InvalidProof(
                Sentence("no leaf {index} in a tree of size {size}", index=index, size=self.size),
                code="index-out-of-range",
            )
        self._levels[0][index] = leaf
        for level in range(1, len(self._levels)):
            index >>= 1
            if index == len(self._levels[level]):
                return
            below = self._levels[level - 1]
            self._levels[level][index] = node_hash(below[2 * index], below[2 * index + 1])

    def read(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree; this is the tree's NodeReader."""
        return self._levels[level][index]

    def root(self, size: int | None = None) -> RootHash:
        """Return the root of the first `size` leaves (all by default)."""
        return root_at(self._size(size), self.read)

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the audit path of a leaf in the tree of the first `size` leaves."""
        return inclusion_proof(index, self._size(size), self.read)

    def consistency(self, old: int, new: int | None = None) -> tuple[bytes, ...]:
        """Return the consistency proof from the first `old` leaves to the first `new`."""
        return consistency_proof(old, self._size(new), self.read)

    def _size(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise InvalidProof(
                Sentence("no tree of size {size}: there are {count} leaves", size=size, count=self.size),
                code="index-out-of-range",
            )
        return size


def _verify_trivial_consistency(
    old_size: int, old_root: RootHash, new_size: int, new_root: RootHash, path: Sequence[bytes]
) -> None:
    if path:
        raise InvalidProof("expected an empty proof for equal sizes or an empty old tree")
    if old_size == new_size and not same(old_root, new_root):
        raise InvalidProof(
            Sentence(
                "two roots of one size: {old_root} and {new_root}",
                old_root=old_root.hex(),
                new_root=new_root.hex(),
            )
        )
    if old_size == 0 and not same(old_root, EMPTY_ROOT):
        raise InvalidProof(
            Sentence(
                "the root of an empty tree is {empty_root}, found {old_root}",
                empty_root=EMPTY_ROOT.hex(),
                old_root=old_root.hex(),
            )
        )


def _roots_from_consistency(
    old_size: int, old_root: RootHash, new_size: int, path: Sequence[bytes]
) -> tuple[bytes, bytes]:
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    # An old tree that is one complete subtree is its own first hash (step 1 of the RFC).
    hashes = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    if not hashes:
        raise InvalidProof("the proof is too short")
    old_found = new_found = bytes(hashes[0])
    for sibling in hashes[1:]:
        if last == 0:
            raise InvalidProof("the proof is too long")
        if position & 1 or position == last:
            old_found, new_found = node_hash(sibling, old_found), node_hash(sibling, new_found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_found = node_hash(new_found, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise InvalidProof("the proof is too short")
    return old_found, new_found


def _range_hash(start: int, end: int, read: NodeReader) -> bytes:
    """Hash leaves start..end-1; `start` is a multiple of the largest power of two <= end - start."""
    peaks: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        peaks.append(read(level, start >> level))
        start += 1 << level
    current = peaks.pop()
    while peaks:
        current = node_hash(peaks.pop(), current)
    return current


def _split(size: int) -> int:
    """Return the largest power of two smaller than size (size >= 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def _require_hashes(hashes: Iterable[bytes]) -> None:
    for digest in hashes:
        if len(digest) != DIGEST_BYTES:
            raise InvalidProof(
                Sentence(
                    "expected hashes of {digest_bytes} bytes, found one of {digest_length}",
                    digest_bytes=DIGEST_BYTES,
                    digest_length=len(digest),
                )
            )
