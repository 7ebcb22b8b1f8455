"""The contract and certlog.tree must agree on every proof: genuine ones pass both, changed ones pass neither."""

import random
from collections.abc import Iterator

import pytest

from anchoring import contract
from certlog import tree
from certlog.digests import LeafHash, RootHash
from certlog.errors import InvalidProof
from tests.contracts.big_tree import BigTree
from tests.contracts.conftest import Roles
from tests.support.chain import EMPTY, Head, LocalChain, Reverted, anchor_data, head_of, reverts

PROOF_ERRORS = ("ConsistencyProofLengthWrong", "OldRootNotProven", "NewRootNotProven")
INCLUSION_ERRORS = ("InclusionProofLengthWrong", "RootNotProven", "IndexNotInTree", "SizeTooLarge")


def open_at(chain: LocalChain, roles: Roles, head: Head, name: str) -> bytes:
    """Open a log of its own whose head is the given one."""
    log_id = chain.open_log(roles.owner, roles.anchorer, name)
    if head.size:
        chain.anchor(log_id, roles.anchorer, EMPTY, head, ())
    return log_id


def bent(proof: tuple[bytes, ...], chance: random.Random) -> Iterator[tuple[bytes, ...]]:
    """Yield changed proofs: a bit, an order, a length."""
    for position in range(len(proof)):
        changed = bytearray(proof[position])
        changed[chance.randrange(32)] ^= 1 << chance.randrange(8)
        yield (*proof[:position], bytes(changed), *proof[position + 1 :])
        yield (*proof[:position], *proof[position + 1 :])
        yield (*proof[:position], proof[position], *proof[position:])
    yield (*proof, bytes(32))
    if proof != proof[::-1]:
        yield proof[::-1]


def python_accepts(old: Head, new: Head, proof: tuple[bytes, ...]) -> bool:
    try:
        tree.verify_consistency(old.size, RootHash(old.root), new.size, RootHash(new.root), proof)
    except InvalidProof:
        return False
    return True


def verdict(answer: bytes | Reverted, names: tuple[str, ...]) -> bool:
    """Return whether the contract accepted; any other revert than a refused proof is a broken test."""
    if isinstance(answer, Reverted):
        assert answer.revert is not None, str(answer)
        assert answer.revert.name in names, str(answer)
        return False
    return True


def test_every_pair_of_sizes_up_to_forty(chain: LocalChain, roles: Roles, history: tree.MemoryTree) -> None:
    calls = []
    for old in range(41):
        log_id = open_at(chain, roles, head_of(history, old), f"log {old}")
        for new in range(old + 1, 41):
            proof = history.consistency(old, new)
            data = anchor_data(log_id, head_of(history, old), head_of(history, new), proof)
            calls.append((data, roles.anchorer))
    answers = chain.calls(calls)
    assert len(answers) == 820
    assert all(verdict(answer, PROOF_ERRORS) for answer in answers)


def test_no_proof_between_other_sizes_or_roots_is_accepted(
    chain: LocalChain, roles: Roles, history: tree.MemoryTree
) -> None:
    """Every claim (old, new) with every genuine proof of another pair, up to size 13."""
    calls, wanted = [], []
    for old in range(1, 13):
        log_id = open_at(chain, roles, head_of(history, old), f"log {old}")
        for new in range(old + 1, 14):
            for other_old in range(1, 13):
                for other_new in range(other_old + 1, 14):
                    proof = history.consistency(other_old, other_new)
                    claim = head_of(history, old), head_of(history, new)
                    calls.append((anchor_data(log_id, *claim, proof), roles.anchorer))
                    wanted.append(python_accepts(*claim, proof))
    assert [verdict(answer, PROOF_ERRORS) for answer in chain.calls(calls)] == wanted
    assert wanted.count(True) >= 78


def test_no_changed_proof_is_accepted(chain: LocalChain, roles: Roles, history: tree.MemoryTree) -> None:
    chance = random.Random(7)
    calls, wanted = [], []
    for old in (1, 2, 3, 6, 7, 8, 11, 20, 31, 32):
        log_id = open_at(chain, roles, head_of(history, old), f"log {old}")
        for new in (old + 1, 33, 38, 40):
            for proof in bent(history.consistency(old, new), chance):
                claim = head_of(history, old), head_of(history, new)
                calls.append((anchor_data(log_id, *claim, proof), roles.anchorer))
                wanted.append(python_accepts(*claim, proof))
    answers = chain.calls(calls)
    assert len(answers) > 400
    assert not any(verdict(answer, PROOF_ERRORS) for answer in answers)
    assert not any(wanted)


def test_large_sizes(chain: LocalChain, roles: Roles) -> None:
    """Old and new sizes of every magnitude up to 2^63 - 1, with changed proofs beside the genuine one."""
    chance = random.Random(9)
    calls, wanted = [], []
    for round_number in range(48):
        new = min(2**63 - 1, chance.randrange(2, 2 ** chance.randrange(2, 64)) + 1)
        old = chance.choice([chance.randrange(1, new), new - 1, 1 << (new.bit_length() - 1), (new + 1) // 2])
        old = max(1, min(old, new - 1))
        big = BigTree.around(old, new, seed=round_number)
        log_id = open_at(chain, roles, big.head(old), f"log {round_number}")
        genuine = big.consistency(old, new)
        for proof in (genuine, *chance.sample(tuple(bent(genuine, chance)), k=min(6, 3 * len(genuine)))):
            calls.append((anchor_data(log_id, big.head(old), big.head(new), proof), roles.anchorer))
            wanted.append(python_accepts(big.head(old), big.head(new), proof))
    assert [verdict(answer, PROOF_ERRORS) for answer in chain.calls(calls)] == wanted
    assert wanted.count(True) >= 48
    assert wanted.count(False) >= 100


def inclusion_verdicts(chain: LocalChain, calls: list[bytes]) -> list[bool]:
    return [verdict(answer, INCLUSION_ERRORS) for answer in chain.calls([(data, None) for data in calls])]


def python_includes(leaf: bytes, index: int, head: Head, path: tuple[bytes, ...]) -> bool:
    try:
        tree.verify_inclusion(LeafHash(leaf), index, head.size, path, RootHash(head.root))
    except InvalidProof:
        return False
    return True


def test_every_leaf_of_every_size_up_to_forty(chain: LocalChain, history: tree.MemoryTree) -> None:
    calls = []
    for size in range(1, 41):
        head = head_of(history, size)
        for index in range(size):
            path = history.inclusion(index, size)
            calls.append(contract.verify_inclusion_call(history.read(0, index), index, *_pair(head), path))
    assert len(calls) == 820
    assert all(inclusion_verdicts(chain, calls))


def test_no_leaf_is_found_elsewhere(chain: LocalChain, history: tree.MemoryTree) -> None:
    """Every leaf at every index with every path of its tree, up to size 7; and inner nodes as leaves."""
    calls, wanted = [], []
    for size in range(1, 8):
        head = head_of(history, size)
        leaves = [history.read(0, i) for i in range(size)] + [history.read(1, 0), head.root]
        for leaf in leaves:
            for index in range(size + 1):
                for path_of in range(size):
                    path = history.inclusion(path_of, size)
                    calls.append(contract.verify_inclusion_call(leaf, index, *_pair(head), path))
                    wanted.append(python_includes(leaf, index, head, path))
    # Only where they differ: pytest explains two long lists for more than a minute.
    verdicts = inclusion_verdicts(chain, calls)
    differing = [i for i, found in enumerate(verdicts) if found != wanted[i]]
    assert (len(verdicts), differing[:5]) == (len(wanted), [])
    assert (
        wanted.count(True) == sum(range(1, 8)) + 1
    )  # and the root of one leaf is that leaf, asked for once more


def test_large_inclusion_proofs(chain: LocalChain) -> None:
    chance = random.Random(11)
    calls, wanted = [], []
    for round_number in range(40):
        size = min(2**63 - 1, chance.randrange(1, 2 ** chance.randrange(2, 64)) + 1)
        index = chance.choice([0, size - 1, chance.randrange(size)])
        big = BigTree.around(index + 1, size, seed=round_number)
        genuine = big.inclusion(index, size)
        changes = tuple(bent(genuine, chance))
        for path in (genuine, *chance.sample(changes, k=min(6, len(changes)))):
            calls.append(contract.verify_inclusion_call(big.leaf(index), index, *_pair(big.head(size)), path))
            wanted.append(python_includes(big.leaf(index), index, big.head(size), path))
    assert inclusion_verdicts(chain, calls) == wanted
    assert wanted.count(True) >= 40
    assert wanted.count(False) >= 100


@pytest.mark.parametrize(("index", "size"), [(5, 5), (6, 5), (0, 0), (2**64 - 1, 40)])
def test_a_leaf_beyond_the_tree_is_not_in_it(
    chain: LocalChain, history: tree.MemoryTree, index: int, size: int
) -> None:
    head = head_of(history, size)
    with reverts("IndexNotInTree", index=index, size=size):
        chain.call(contract.verify_inclusion_call(history.read(0, 0), index, *_pair(head), ()))


def test_inclusion_in_a_tree_of_2_to_the_63_is_refused(chain: LocalChain) -> None:
    with reverts("SizeTooLarge", size=2**63):
        chain.call(contract.verify_inclusion_call(bytes(32), 0, 2**63, bytes(32), ()))


@pytest.mark.parametrize("index", [0, 3, 20, 32, 39])
def test_an_inclusion_proof_of_another_length_names_the_right_one(
    chain: LocalChain, history: tree.MemoryTree, index: int
) -> None:
    path, leaf, head = history.inclusion(index), history.read(0, index), head_of(history, 40)
    for changed in (path[:-1], (), (*path, bytes(32)), (*path, *path)):
        with reverts("InclusionProofLengthWrong", expected=len(path), found=len(changed)):
            chain.call(contract.verify_inclusion_call(leaf, index, *_pair(head), changed))


def test_another_root_is_not_proven(chain: LocalChain, history: tree.MemoryTree) -> None:
    path, leaf = history.inclusion(3), history.read(0, 3)
    with reverts("RootNotProven", expected=bytes(32), computed=history.root()):
        chain.call(contract.verify_inclusion_call(leaf, 3, 40, bytes(32), path))


def _pair(head: Head) -> tuple[int, bytes]:
    return head.size, head.root
