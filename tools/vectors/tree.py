"""Vectors of the log's tree: roots, inclusion and consistency proofs."""

from collections.abc import Iterator
from typing import Any, Final

from certlog.encoding import b64url
from certlog.strict_json import JSONObject, JSONValue
from certlog.tree import EMPTY_ROOT, MemoryTree, leaf_hash
from tests.support.signing import log_signer
from tools.vectors.case import Case, accepted, refused

ORIGIN: Final = "registry.example.vn"
LOG: Final = log_signer(ORIGIN)
LEAVES: Final = [f"leaf {number}".encode() for number in range(13)]
TREE: Final = MemoryTree(leaf_hash(leaf) for leaf in LEAVES)


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield from _roots()
    yield from _inclusion()
    yield from _consistency()


def _roots() -> Iterator[Case]:
    for size in (0, 1, 2, 3, 4, 5, 7, 8, 13):
        given: JSONObject = {"leaves": [b64url(leaf) for leaf in LEAVES[:size]]}
        wanted: JSONObject = {"root": b64url(TREE.root(size))}
        yield accepted("tree-root", f"size-{size}", f"The root of a tree of {size} leaves.", given, wanted)


def _path(path: tuple[bytes, ...]) -> list[JSONValue]:
    return [b64url(digest) for digest in path]


def _inclusion_of(index: int, size: int) -> JSONObject:
    return {
        "leafHash": b64url(TREE.read(0, index)),
        "index": index,
        "size": size,
        "path": _path(TREE.inclusion(index, size)),
        "root": b64url(TREE.root(size)),
    }


def _inclusion() -> Iterator[Case]:
    kind, verified = "inclusion", {"verified": True}
    for index, size in ((0, 1), (0, 2), (1, 2), (2, 3), (4, 7), (6, 7), (5, 8), (0, 13), (11, 13), (12, 13)):
        about = f"Leaf {index} of {size}."
        yield accepted(kind, f"leaf-{index}-of-{size}", about, _inclusion_of(index, size), {**verified})
    good: Any = _inclusion_of(5, 13)
    path = TREE.inclusion(5, 13)
    node = TREE.read(1, 2)
    table: tuple[tuple[str, str, dict[str, Any], str], ...] = (
        ("other-leaf", "Another leaf.", {"leafHash": b64url(TREE.read(0, 6))}, "invalid-proof"),
        ("other-index", "Another index.", {"index": 4}, "invalid-proof"),
        ("index-is-size", "An index that is not in the tree.", {"index": 13}, "index-out-of-range"),
        (
            "empty-tree",
            "No leaf is in an empty tree.",
            {"index": 0, "size": 0, "path": [], "root": b64url(EMPTY_ROOT)},
            "index-out-of-range",
        ),
        ("other-size", "A size for which the path has another length.", {"size": 8}, "invalid-proof"),
        ("other-root", "The root of another size.", {"root": b64url(TREE.root(12))}, "invalid-proof"),
        ("truncated-path", "The last hash is missing.", {"path": _path(path[:-1])}, "invalid-proof"),
        ("first-hash-missing", "The first hash is missing.", {"path": _path(path[1:])}, "invalid-proof"),
        ("extended-path", "A hash too many.", {"path": _path((*path, path[0]))}, "invalid-proof"),
        ("reversed-path", "Root side first.", {"path": _path(path[::-1])}, "invalid-proof"),
        (
            "swapped-hashes",
            "Two hashes changed places.",
            {"path": _path((path[1], path[0], *path[2:]))},
            "invalid-proof",
        ),
        (
            "short-hash",
            "A hash of 31 bytes.",
            {"path": [b64url(path[0][:31]), *_path(path[1:])]},
            "wrong-length",
        ),
        (
            "inner-node-as-leaf",
            "A node of level 1 as a leaf, with the rest of its path.",
            {"leafHash": b64url(node), "index": 2, "path": _path(path[1:])},
            "invalid-proof",
        ),
    )
    for name, about, changed, code in table:
        yield refused(kind, name, about, {**good, **changed}, code)


def _consistency_of(old: int, new: int) -> JSONObject:
    return {
        "oldSize": old,
        "oldRoot": b64url(TREE.root(old)),
        "newSize": new,
        "newRoot": b64url(TREE.root(new)),
        "path": _path(TREE.consistency(old, new)),
    }


def _consistency() -> Iterator[Case]:
    kind = "consistency"
    for old, new in (
        (0, 0),
        (0, 5),
        (1, 1),
        (1, 2),
        (2, 3),
        (3, 7),
        (4, 8),
        (6, 8),
        (7, 13),
        (8, 13),
        (13, 13),
    ):
        about = f"From {old} leaves to {new}."
        yield accepted(kind, f"from-{old}-to-{new}", about, _consistency_of(old, new), {"verified": True})
    good, path = _consistency_of(6, 13), TREE.consistency(6, 13)
    fork = MemoryTree(leaf_hash(leaf) for leaf in (*LEAVES[:5], b"fork", *LEAVES[6:]))
    for name, about, changed, code in (
        (
            "fork",
            "The older tree has another sixth leaf.",
            {"oldRoot": b64url(fork.root(6))},
            "invalid-proof",
        ),
        (
            "forked-new-root",
            "The newer tree has another sixth leaf.",
            {"newRoot": b64url(fork.root(13))},
            "invalid-proof",
        ),
        (
            "roots-swapped",
            "The two roots changed places.",
            {"oldRoot": good["newRoot"], "newRoot": good["oldRoot"]},
            "invalid-proof",
        ),
        ("truncated-path", "The last hash is missing.", {"path": _path(path[:-1])}, "invalid-proof"),
        ("extended-path", "A hash too many.", {"path": _path((*path, path[0]))}, "invalid-proof"),
        ("empty-path", "No hash at all.", {"path": []}, "invalid-proof"),
        ("other-old-size", "Another older size.", {"oldSize": 5}, "invalid-proof"),
        ("shrunk", "From 13 leaves to 6.", {"oldSize": 13, "newSize": 6}, "index-out-of-range"),
        (
            "equal-sizes-with-path",
            "Equal sizes take an empty proof.",
            {**_consistency_of(6, 6), "path": _path(path)},
            "invalid-proof",
        ),
        (
            "equal-sizes-other-root",
            "Two roots of one size.",
            {**_consistency_of(6, 6), "oldRoot": b64url(fork.root(6))},
            "invalid-proof",
        ),
        (
            "from-nothing-with-path",
            "Nothing is claimed from size 0: no path.",
            {**_consistency_of(0, 6), "path": _path(path)},
            "invalid-proof",
        ),
        (
            "nothing-with-a-root",
            "Size 0 has the root of nothing.",
            {**_consistency_of(0, 6), "oldRoot": b64url(TREE.root(1))},
            "invalid-proof",
        ),
        (
            "short-root",
            "A root of 12 bytes.",
            {**_consistency_of(1, 1), "oldRoot": b64url(b"don't care 2"), "newRoot": b64url(b"don't care 2")},
            "wrong-length",
        ),
    ):
        given: JSONObject = {**good, **changed}
        yield refused(kind, name, about, given, code)
