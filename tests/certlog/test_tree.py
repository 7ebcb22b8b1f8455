"""The log's tree: an independent reading of RFC 9162, published probes, and every proof of every small tree."""

import base64
from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlog import tree
from certlog.digests import LeafHash, RootHash, sha256
from certlog.errors import InvalidProof
from certlog.tree import (
    EMPTY_ROOT,
    MAX_SIZE,
    MemoryTree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    new_nodes,
    node_hash,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)
from tests.support.official import official_cases

LEAVES: Final = [leaf_hash(bytes([number])) for number in range(130)]
TREE: Final = MemoryTree(LEAVES)

# Verifiers that check the length of hashes refuse this probe, whose roots are 12 bytes of "don't care".
SHORT_ROOTS: Final = "additional/sizes-are-equal-one-and-proof-is-empty.json"


def reference_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, as the RFC defines it."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + reference_root(leaves[:split]) + reference_root(leaves[split:]))


def reference_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*reference_path(index, leaves[:split]), reference_root(leaves[split:])]
    return [*reference_path(index - split, leaves[split:]), reference_root(leaves[:split])]


def reference_consistency(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """PROOF and SUBPROOF of RFC 9162, 2.1.4.1."""
    if old == len(leaves):
        return [] if whole else [reference_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return [*reference_consistency(old, leaves[:split], whole=whole), reference_root(leaves[split:])]
    return [*reference_consistency(old - split, leaves[split:], whole=False), reference_root(leaves[:split])]


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    try:
        verify_inclusion(LeafHash(leaf), index, size, path, RootHash(root))
    except InvalidProof:
        return False
    return True


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    try:
        verify_consistency(old, RootHash(old_root), new, RootHash(new_root), path)
    except InvalidProof:
        return False
    return True


def test_leaf_and_node_hashes_are_those_of_the_rfc() -> None:
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert node_hash(leaf_hash(b""), leaf_hash(b"\0")) == sha256(b"\x01" + leaf_hash(b"") + leaf_hash(b"\0"))
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_roots_paths_and_consistency_proofs_of_all_small_trees_are_those_of_the_rfc() -> None:
    for size in range(1, 34):
        leaves = LEAVES[:size]
        assert TREE.root(size) == reference_root(leaves)
        for index in range(size):
            assert list(TREE.inclusion(index, size)) == reference_path(index, leaves)
        for old in range(1, size + 1):
            assert list(TREE.consistency(old, size)) == reference_consistency(old, leaves)


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def test_every_published_inclusion_probe_is_judged_as_published() -> None:
    cases = official_cases("merkle/inclusion")
    assert len(cases) == 83
    for name, case in cases:
        path = [decoded(item) for item in case["proof"] or []]
        found = included(
            decoded(case["leafHash"]), case["leafIdx"], case["treeSize"], path, decoded(case["root"])
        )
        assert found is not case["wantErr"], f"{name}: {case['desc']}"


def test_every_published_consistency_probe_is_judged_as_published() -> None:
    cases = official_cases("merkle/consistency")
    assert len(cases) == 78
    for name, case in cases:
        path = [decoded(item) for item in case["proof"] or []]
        roots = decoded(case["root1"]), decoded(case["root2"])
        found = consistent(case["size1"], roots[0], case["size2"], roots[1], path)
        wanted = False if name == SHORT_ROOTS else not case["wantErr"]
        assert found is wanted, f"{name}: {case['desc']}"


def test_for_every_leaf_of_every_small_tree_only_its_own_proof_is_accepted() -> None:
    other = leaf_hash(b"another entry")
    for size in range(1, 65):
        root = TREE.root(size)
        for index in range(size):
            path = TREE.inclusion(index, size)
            leaf = LEAVES[index]
            assert included(leaf, index, size, path, root)
            assert not included(other, index, size, path, root)
            assert not any(included(leaf, i, size, path, root) for i in range(size + 2) if i != index)
            assert not included(leaf, index, size, path[:-1], root) or not path
            assert not included(leaf, index, size, path[1:], root) or not path
            assert not included(leaf, index, size, (*path, other), root)
            assert not included(leaf, index, size, (*path, root), root)
            assert not included(leaf, index, size, path[::-1], root) or path[::-1] == path


def shape(index: int, size: int) -> list[bool]:
    """Tell for each step of a path whether the sibling stands on the left."""
    sides: list[bool] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        sides.append(index >= middle)
        start, end = (middle, end) if index >= middle else (start, middle)
    return sides[::-1]


def test_a_path_is_accepted_for_another_size_only_where_the_rfc_folds_it_alike() -> None:
    # A path does not name its tree's size; the signed checkpoint does. Where two sizes give a leaf the same
    # turns, the same root comes out; every other size is refused.
    for size in range(1, 65):
        root = TREE.root(size)
        for index in range(size):
            path, turns = TREE.inclusion(index, size), shape(index, size)
            for claimed in range(66):
                wanted = index < claimed and shape(index, claimed) == turns
                assert included(LEAVES[index], index, claimed, path, root) is wanted, (size, index, claimed)


def test_no_root_serves_two_sizes_so_a_checkpoint_fixes_the_size() -> None:
    roots = [TREE.root(size) for size in range(131)]
    assert len(set(roots)) == len(roots)


def test_no_inner_node_is_accepted_as_a_leaf() -> None:
    for size in range(2, 65):
        root = TREE.root(size)
        for level in range(1, size.bit_length()):
            for position in range(size >> level):
                node = TREE.read(level, position)
                index = position << level
                path = TREE.inclusion(index, size)
                for claimed in range(size):
                    assert not included(node, claimed, size, path, root)
                    assert not included(node, claimed, size, path[level:], root)


def test_data_that_spells_two_child_hashes_is_not_the_node_above_them() -> None:
    # CVE-2017-12842: without the prefixes 64 bytes of leaf data could pass for an inner node.
    children = LEAVES[0] + LEAVES[1]
    assert leaf_hash(children) != node_hash(LEAVES[0], LEAVES[1])
    assert not included(leaf_hash(children), 0, 1, (), TREE.root(2))


def test_a_repeated_last_leaf_gives_another_root() -> None:
    # CVE-2012-2459: trees that double the last leaf of an odd level give both lists one root.
    for size in range(1, 129):
        doubled = MemoryTree([*LEAVES[:size], LEAVES[size - 1]])
        assert doubled.root() != TREE.root(size)


def test_consistency_of_every_pair_of_small_sizes_is_accepted_and_nothing_else() -> None:
    fork = MemoryTree([*LEAVES[:20], leaf_hash(b"fork"), *LEAVES[21:]])
    for new in range(1, 49):
        for old in range(1, new + 1):
            path, roots = TREE.consistency(old, new), (TREE.root(old), TREE.root(new))
            assert consistent(old, roots[0], new, roots[1], path)
            assert not consistent(old, roots[0], new, roots[1], (*path, roots[0]))
            assert not consistent(old, roots[0], new, roots[1], path[:-1]) or not path
            assert not consistent(old, roots[1], new, roots[0], path) or old == new
            if new > 20:
                assert not consistent(old, roots[0], new, fork.root(new), path)
                own = fork.consistency(old, new)
                assert consistent(old, roots[0], new, fork.root(new), own) is (old <= 20)


def test_a_consistency_proof_is_refused_for_other_sizes() -> None:
    for new in range(2, 33):
        for old in range(1, new):
            path, roots = TREE.consistency(old, new), (TREE.root(old), TREE.root(new))
            for other in range(1, new + 1):
                if other != old and consistent(other, roots[0], new, roots[1], path):
                    pytest.fail(f"{old}..{new} was taken for {other}..{new}")


def test_every_single_changed_bit_of_an_inclusion_proof_is_caught() -> None:
    path, root = TREE.inclusion(11, 27), TREE.root(27)
    assert included(LEAVES[11], 11, 27, path, root)
    for position in range(len(path)):
        for bit in range(256):
            changed = bytearray(path[position])
            changed[bit >> 3] ^= 1 << (bit & 7)
            assert not included(
                LEAVES[11], 11, 27, (*path[:position], bytes(changed), *path[position + 1 :]), root
            )


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_hash_of_another_length_is_refused_anywhere(length: int) -> None:
    bad, root = bytes(length), TREE.root(4)
    path = TREE.inclusion(1, 4)
    for arguments in ((bad, path, root), (LEAVES[1], (bad, path[1]), root)):
        with pytest.raises(InvalidProof, match=f"expected hashes of 32 bytes, found one of {length}"):
            verify_inclusion(LeafHash(arguments[0]), 1, 4, arguments[1], arguments[2])
    with pytest.raises(InvalidProof, match="expected root"):
        verify_inclusion(LEAVES[1], 1, 4, path, RootHash(bad))
    with pytest.raises(InvalidProof, match=f"expected hashes of 32 bytes, found one of {length}"):
        verify_consistency(2, RootHash(bad), 4, root, TREE.consistency(2, 4))
    with pytest.raises(InvalidProof, match=f"expected hashes of 32 bytes, found one of {length}"):
        verify_consistency(4, RootHash(bad), 4, RootHash(bad), ())


@pytest.mark.parametrize(
    ("index", "size"), [(-1, 4), (4, 4), (5, 4), (0, 0), (0, -1), (MAX_SIZE, MAX_SIZE + 1)]
)
def test_an_index_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(InvalidProof, match=f"no leaf {index} in a tree of size {size}"):
        verify_inclusion(LEAVES[0], index, size, (), TREE.root(1))
    with pytest.raises(InvalidProof, match=f"no leaf {index} in a tree of size {size}"):
        inclusion_proof(index, size, TREE.read)


@pytest.mark.parametrize(("old", "new"), [(-1, 4), (5, 4), (MAX_SIZE, MAX_SIZE + 1)])
def test_sizes_out_of_order_are_refused(old: int, new: int) -> None:
    with pytest.raises(InvalidProof, match=f"no consistency from size {old} to size {new}"):
        verify_consistency(old, TREE.root(1), new, TREE.root(1), ())
    with pytest.raises(InvalidProof, match=f"no consistency from size {old} to size {new}"):
        consistency_proof(old, new, TREE.read)


def test_consistency_from_nothing_claims_nothing_and_takes_only_an_empty_proof() -> None:
    verify_consistency(0, EMPTY_ROOT, 5, TREE.root(5), ())
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())
    assert TREE.consistency(0, 5) == TREE.consistency(5, 5) == ()
    with pytest.raises(InvalidProof, match="expected an empty proof"):
        verify_consistency(0, EMPTY_ROOT, 5, TREE.root(5), (TREE.root(5),))
    with pytest.raises(InvalidProof, match="the root of an empty tree is e3b0c442"):
        verify_consistency(0, TREE.root(1), 5, TREE.root(5), ())


def test_equal_sizes_need_equal_roots_and_an_empty_proof() -> None:
    verify_consistency(5, TREE.root(5), 5, TREE.root(5), ())
    with pytest.raises(InvalidProof, match="two roots of one size"):
        verify_consistency(5, TREE.root(5), 5, TREE.root(6), ())
    with pytest.raises(InvalidProof, match="expected an empty proof for equal sizes"):
        verify_consistency(5, TREE.root(5), 5, TREE.root(5), (TREE.root(5),))


def test_a_wrong_root_is_shown_beside_the_one_that_the_path_leads_to() -> None:
    wanted, found = TREE.root(5), TREE.root(4)
    with pytest.raises(InvalidProof, match=f"expected root {wanted.hex()}, the path leads to {found.hex()}"):
        verify_inclusion(LEAVES[0], 0, 4, TREE.inclusion(0, 4), wanted)


@pytest.mark.parametrize(("path", "reason"), [(3, "the path is too long"), (1, "the path is too short")])
def test_a_path_of_another_length_is_named_as_such(path: int, reason: str) -> None:
    with pytest.raises(InvalidProof, match=reason):
        root_from_inclusion(LEAVES[0], 0, 4, [LEAVES[1]] * path)


def test_a_path_in_the_largest_tree_is_checked_in_63_steps() -> None:
    path = [LEAVES[0]] * 63
    root = root_from_inclusion(LEAVES[0], 1, MAX_SIZE, path)
    verify_inclusion(LEAVES[0], 1, MAX_SIZE, path, root)
    with pytest.raises(InvalidProof, match="the path is too short"):
        root_from_inclusion(LEAVES[0], 1, MAX_SIZE, path[1:])


@given(st.integers(0, 300))
def test_appending_completes_exactly_the_subtrees_that_end_there(size: int) -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(size + 1)]
    grown = MemoryTree(leaves[:size])
    added = new_nodes(size, leaves[size], grown.read)
    assert added[0] == (0, size, leaves[size])
    for level, index, digest in added:
        assert (index + 1) << level == size + 1
        assert digest == reference_root(leaves[index << level : (index + 1) << level])
    assert (size + 1) % (1 << len(added)) != 0


def test_a_tree_answers_for_its_own_sizes_only() -> None:
    for ask in (TREE.root, lambda size: TREE.inclusion(0, size), lambda size: TREE.consistency(1, size)):
        with pytest.raises(InvalidProof, match="no tree of size 131: there are 130 leaves"):
            ask(131)
        with pytest.raises(InvalidProof, match="no tree of size -1"):
            ask(-1)


# Mutant controls: with a named defect switched on, the checks above must fail.


def test_without_prefixes_an_inner_node_would_pass_as_a_leaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "node_hash", lambda left, right: sha256(left + right))
    monkeypatch.setattr(tree, "leaf_hash", sha256)
    broken = MemoryTree(LeafHash(sha256(bytes([number]))) for number in range(4))
    forged = LeafHash(sha256(broken.read(0, 0) + broken.read(0, 1)))
    assert included(forged, 0, 2, (broken.read(1, 1),), broken.root())


def test_without_the_length_check_a_truncated_path_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(leaf: LeafHash, index: int, size: int, path: Sequence[bytes]) -> Any:  # a mutant
        del size
        current = bytes(leaf)
        for sibling in path:
            current = node_hash(sibling, current) if index & 1 else node_hash(current, sibling)
            index >>= 1
        return current

    monkeypatch.setattr(tree, "root_from_inclusion", careless)
    assert included(TREE.read(1, 0), 0, 4, (TREE.read(1, 1),), TREE.root(4))


def test_a_replaced_leaf_gives_the_tree_that_was_built_with_it() -> None:
    for size in range(1, 40):
        leaves = [leaf_hash(bytes([i])) for i in range(size)]
        for index in range(size):
            tree = MemoryTree(leaves)
            tree.replace(index, leaf_hash(b"other"))
            wanted = MemoryTree([*leaves[:index], leaf_hash(b"other"), *leaves[index + 1 :]])
            assert tree.root() == wanted.root()
            assert tree.inclusion(0) == wanted.inclusion(0)
    with pytest.raises(InvalidProof, match="no leaf 3"):
        MemoryTree([leaf_hash(b"")] * 3).replace(3, leaf_hash(b"other"))
