"""Random proofs, honest and changed, sizes to 2^62: the contract and certlog.tree must answer each alike.

A sample in `make test`, 100,000 in `make test-deep`. Heads are put into the state of each call, so that no log need be
opened for it; test_differential.py asks the same of logs that were really opened.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import pytest

from anchoring import contract
from certlog import tree
from certlog.digests import LeafHash, RootHash
from certlog.errors import InvalidProof
from tests.contracts.big_tree import BigTree
from tests.contracts.conftest import Roles
from tests.contracts.test_differential import INCLUSION_ERRORS, PROOF_ERRORS, bent, verdict
from tests.support.chain import Head, LocalChain, Overrides, anchor_data
from tests.support.deep import cases

LARGEST: Final = 62
"""Sizes are below 2^62."""

CHANGED: Final = 4
"""Changed proofs beside each honest one."""

LOG_ID: Final = b"\x4c" * 32
HEADS_SLOT, ANCHORS_SLOT = 0, 3
"""Where the contract keeps its mappings: test_a_head_put_into_the_state_is_read_back holds them."""


@dataclass(frozen=True, slots=True)
class Consistency:
    """The claim that one head extends another."""

    old: Head
    new: Head
    proof: tuple[bytes, ...]
    honest: bool = True
    must_fail: bool = False

    def python_accepts(self) -> bool:
        """Ask certlog.tree."""
        try:
            tree.verify_consistency(
                self.old.size, RootHash(self.old.root), self.new.size, RootHash(self.new.root), self.proof
            )
        except InvalidProof:
            return False
        return True

    def call(self) -> bytes:
        """Return what to ask the contract."""
        return anchor_data(LOG_ID, self.old, self.new, self.proof)


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The claim that a leaf is in a tree at its place."""

    leaf: bytes
    index: int
    head: Head
    proof: tuple[bytes, ...]
    honest: bool = True
    must_fail: bool = False

    def python_accepts(self) -> bool:
        """Ask certlog.tree."""
        try:
            tree.verify_inclusion(
                LeafHash(self.leaf), self.index, self.head.size, self.proof, RootHash(self.head.root)
            )
        except InvalidProof:
            return False
        return True

    def call(self) -> bytes:
        """Return what to ask the contract."""
        return contract.verify_inclusion_call(
            self.leaf, self.index, self.head.size, self.head.root, self.proof
        )


def random_size(chance: random.Random, least: int) -> int:
    """Return a size of a random magnitude."""
    bits = chance.randrange(least.bit_length() + 1, LARGEST + 1)
    return max(least, chance.randrange(1 << bits))


def flipped(digest: bytes, chance: random.Random) -> bytes:
    """Return a hash with one bit changed."""
    return (int.from_bytes(digest, "big") ^ 1 << chance.randrange(256)).to_bytes(32, "big")


def consistency_claims(chance: random.Random) -> Iterator[Consistency]:
    """Yield an honest claim and changed ones: of the proof, of a root, of a size."""
    new = random_size(chance, 2)
    old = chance.choice([chance.randrange(1, new), new - 1, 1 << (new - 1).bit_length() - 1, (new + 1) // 2])
    big = BigTree.around(old, new, seed=chance.randrange(1 << 32))
    honest = Consistency(big.head(old), big.head(new), big.consistency(old, new))
    yield honest
    no = replace(honest, honest=False, must_fail=True)
    bent_proofs = [replace(no, proof=proof) for proof in bent(honest.proof, chance)]
    yield from chance.sample(bent_proofs, k=min(CHANGED - 2, len(bent_proofs)))
    yield chance.choice(
        [
            replace(no, old=Head(old, flipped(honest.old.root, chance))),
            replace(no, new=Head(new, flipped(honest.new.root, chance))),
        ]
    )
    # A proof does not always bind the sizes (a claim of another size may hold): here the two need only agree.
    other_old, other_new = sorted((random_size(chance, 1), new + chance.choice([-1, 1, 1 << 20])))
    if 0 < other_old < other_new:
        sizes = (old, other_new) if old < other_new and chance.random() < 0.5 else (other_old, other_new)
        yield replace(
            no,
            old=Head(sizes[0], honest.old.root),
            new=Head(sizes[1], honest.new.root),
            must_fail=False,
        )


def inclusion_claims(chance: random.Random) -> Iterator[Inclusion]:
    """Yield an honest claim and changed ones: of the path, of the leaf or root, of the index or size."""
    size = random_size(chance, 1)
    index = chance.choice([0, size - 1, chance.randrange(size), chance.randrange(size)])
    big = BigTree.around(index + 1, size, seed=chance.randrange(1 << 32))
    honest = Inclusion(big.leaf(index), index, big.head(size), big.inclusion(index, size))
    yield honest
    no = replace(honest, honest=False, must_fail=True)
    bent_paths = [replace(no, proof=path) for path in bent(honest.proof, chance)]
    yield from chance.sample(bent_paths, k=min(CHANGED - 2, len(bent_paths)))
    yield chance.choice(
        [
            replace(no, leaf=flipped(honest.leaf, chance)),
            replace(no, head=Head(size, flipped(honest.head.root, chance))),
        ]
    )
    other_index, other_size = chance.choice(
        [(index ^ 1 << chance.randrange(62), size), (index, size + chance.choice([-1, 1, 1 << 20]))]
    )
    yield replace(no, index=other_index, head=Head(other_size, honest.head.root), must_fail=False)


def claims(count: int, seed: int) -> Iterator[Consistency | Inclusion]:
    """Yield exactly `count` claims, both kinds in turn."""
    chance = random.Random(seed)
    made = 0
    while made < count:
        both: list[Consistency | Inclusion] = [*consistency_claims(chance), *inclusion_claims(chance)]
        yield from both[: count - made]
        made += len(both)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def with_head(chain: LocalChain, anchorer: str, head: Head) -> Overrides:
    """Return the state in which the log LOG_ID has this head, anchored in block 1 at second 1."""
    of_log = contract.keccak256(LOG_ID + word(HEADS_SLOT))
    anchor_id = contract.keccak256(LOG_ID + word(head.size) + head.root)
    of_anchor = contract.keccak256(anchor_id + word(ANCHORS_SLOT))
    packed_head = head.size << 160 | int(anchorer, 16)
    values = {of_log: word(packed_head), of_anchor: word(1 << 64 | 1)}
    diff = {"0x" + slot.hex(): "0x" + value.hex() for slot, value in values.items()}
    return {chain.address: {"stateDiff": diff}}


def contract_accepts(chain: LocalChain, roles: Roles, batch: list[Consistency | Inclusion]) -> list[bool]:
    """Ask the contract about each claim, in one request."""
    calls, states = [], []
    for claim in batch:
        old = isinstance(claim, Consistency)
        calls.append((claim.call(), roles.anchorer if old else None))
        states.append(with_head(chain, roles.anchorer, claim.old) if isinstance(claim, Consistency) else {})
    answers = chain.calls(calls, states)
    names = [PROOF_ERRORS if isinstance(claim, Consistency) else INCLUSION_ERRORS for claim in batch]
    return [verdict(*pair) for pair in zip(answers, names, strict=True)]


def test_a_head_put_into_the_state_is_read_back(chain: LocalChain, roles: Roles) -> None:
    head = Head(2**62 - 1, b"\x33" * 32)
    calls = [contract.head_call(LOG_ID), contract.anchored_at_call(LOG_ID, head.size, head.root)]
    state = with_head(chain, roles.anchorer, head)
    found, anchored = chain.calls([(data, None) for data in calls], [state, state])
    assert isinstance(found, bytes)
    assert isinstance(anchored, bytes)
    assert contract.read_head(found) == (head.size, roles.anchorer, False)
    assert contract.read_anchored_at(anchored) == (1, 1)


@pytest.mark.parametrize(
    "count",
    [600, pytest.param(cases(100_000), marks=[pytest.mark.deep, pytest.mark.timeout(3600)])],
    ids=["sample", "campaign"],
)
def test_the_contract_and_python_answer_every_claim_alike(
    chain: LocalChain, roles: Roles, count: int
) -> None:
    found: dict[tuple[str, bool], int] = {}
    batch: list[Consistency | Inclusion] = []
    for number, claim in enumerate(claims(count, seed=count), 1):
        batch.append(claim)
        if len(batch) < 500 and number < count:
            continue
        for one, accepted in zip(batch, contract_accepts(chain, roles, batch), strict=True):
            assert accepted == one.python_accepts(), one
            assert accepted or not one.honest, one
            assert not (accepted and one.must_fail), one
            kind = f"{'honest' if one.honest else 'changed'} {type(one).__name__.lower()}"
            found[kind, accepted] = found.get((kind, accepted), 0) + 1
        batch.clear()
    for (kind, accepted), times in sorted(found.items()):
        print(f"{times:7,} {kind}: {'accepted' if accepted else 'refused'}")  # noqa: T201 - the campaign's result
    assert sum(found.values()) == count
    assert found["honest consistency", True] > count // 12
    assert found["honest inclusion", True] > count // 12
    assert found["changed consistency", False] > count // 4
    assert found["changed inclusion", False] > count // 4
