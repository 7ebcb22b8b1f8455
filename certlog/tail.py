"""The end of a log, whole: every leaf from a position on, and what lets anyone recompute the root with them.

A prefix of `start` leaves is named by the roots of its complete subtrees, largest first (one for each bit of `start`).
With every leaf after it the root of the tree follows, so that no leaf of that end can be left out, added or changed.
"""

from collections.abc import Iterable, Sequence

from certlog.digests import DIGEST_BYTES, LeafHash, RootHash
from certlog.errors import InvalidProof
from certlog.sentences import Sentence
from certlog.tree import MAX_SIZE, NodeReader, new_nodes, root_at


def peaks_of(start: int, read: NodeReader) -> tuple[bytes, ...]:
    """Return the roots of the complete subtrees of the first `start` leaves, largest first. Requires start >= 0."""
    return tuple(read(level, index) for level, index in _places(start))


def root_from_tail(start: int, peaks: Sequence[bytes], leaves: Iterable[LeafHash]) -> RootHash:
    """Return the root of the tree that has these peaks and then these leaves.

    Raises:
        InvalidProof: another number of peaks than `start` demands, or a hash that is not 32 bytes.
    """
    places = _places(start)
    if len(places) != len(peaks) or any(len(peak) != DIGEST_BYTES for peak in peaks):
        message = Sentence(
            "expected {wanted} hashes before leaf {start}, found {found}",
            wanted=len(places),
            start=start,
            found=len(peaks),
        )
        raise InvalidProof(message, code="bad-tail")
    nodes = dict(zip(places, peaks, strict=True))

    def read(level: int, index: int) -> bytes:
        return nodes[level, index]

    size = start
    for leaf in leaves:
        for level, index, digest in new_nodes(size, leaf, read):
            nodes[level, index] = digest
        size += 1
    return root_at(size, read)


def _places(start: int) -> list[tuple[int, int]]:
    """Return (level, index) of each complete subtree of the first `start` leaves."""
    if not 0 <= start <= MAX_SIZE:
        raise InvalidProof(Sentence("no tree begins at leaf {start}", start=start), code="bad-tail")
    found, first = [], 0
    for level in reversed(range(start.bit_length())):
        if start >> level & 1:
            found.append((level, first >> level))
            first += 1 << level
    return found
