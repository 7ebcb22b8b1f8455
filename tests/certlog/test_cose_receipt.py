"""COSE receipts: what is made verifies and nothing near it does; RFC 9942's own examples are read."""

import random
from typing import Any, Final

import cbor2
import pytest

from certlog.checkpoint import Checkpoint
from certlog.cose_receipt import (
    _proof,
    consistency_receipt,
    inclusion_receipt,
    verify_consistency_receipt,
    verify_inclusion_receipt,
)
from certlog.digests import LeafHash
from certlog.errors import CertlogError, InvalidInput, SignatureMismatch
from certlog.keys import KeyType, PublicKey
from certlog.tree import MemoryTree, leaf_hash
from tests.support.certificates import SAMPLE_ORIGIN
from tests.support.deep import cases
from tests.support.fixtures import fixtures_dir
from tests.support.signing import log_signer

LOG: Final = log_signer(SAMPLE_ORIGIN)
KEY: Final = PublicKey(KeyType.ED25519, LOG.verifier_key.raw)
LEAVES: Final = tuple(leaf_hash(b"entry %d" % number) for number in range(70))
TREE: Final = MemoryTree(LEAVES)


def head(size: int) -> Checkpoint:
    return Checkpoint(SAMPLE_ORIGIN, size, TREE.root(size))


def included(index: int, size: int) -> bytes:
    return inclusion_receipt(head(size), index, TREE.inclusion(index, size), LOG)


def grown(old: int, new: int) -> bytes:
    return consistency_receipt(old, head(new), TREE.consistency(old, new), LOG)


@pytest.mark.parametrize("size", [2, 3, 5, 8, 31, 64, 70])
def test_every_entry_has_a_receipt_that_verifies_and_no_other_leaf_has(size: int) -> None:
    for index in range(size):
        found = verify_inclusion_receipt(included(index, size), LEAVES[index], KEY)
        assert (found.size, found.index) == (size, index)
        with pytest.raises(SignatureMismatch):
            verify_inclusion_receipt(included(index, size), LEAVES[(index + 1) % size], KEY)


def test_growth_has_a_receipt_that_verifies_between_those_roots_only() -> None:
    for old in range(1, 20):
        for new in range(old + 1, 21):
            data = grown(old, new)
            found = verify_consistency_receipt(data, TREE.root(old), TREE.root(new), KEY)
            assert (found.old_size, found.new_size) == (old, new)
            with pytest.raises(CertlogError):
                verify_consistency_receipt(data, TREE.root(old + 1), TREE.root(new), KEY)
            with pytest.raises(CertlogError):
                verify_consistency_receipt(data, TREE.root(old), TREE.root(new + 1), KEY)


def test_a_log_of_one_entry_and_sizes_out_of_order_have_no_receipt() -> None:
    with pytest.raises(InvalidInput, match="at least 2 entries"):
        inclusion_receipt(head(1), 0, (), LOG)
    for old, new in ((0, 5), (5, 5), (6, 5)):
        with pytest.raises(InvalidInput, match="expected an old size"):
            consistency_receipt(old, head(new), (), LOG)
    with pytest.raises(InvalidInput, match="expected a log key named"):
        inclusion_receipt(Checkpoint("other.example.vn", 5, TREE.root(5)), 3, TREE.inclusion(3, 5), LOG)


def test_another_key_is_refused() -> None:
    thief = log_signer(SAMPLE_ORIGIN, "thief").verifier_key.raw
    with pytest.raises(SignatureMismatch):
        verify_inclusion_receipt(included(3, 5), LEAVES[3], PublicKey(KeyType.ED25519, thief))


def test_what_the_log_key_signs_here_is_never_the_text_of_a_note() -> None:
    signed: list[bytes] = []

    class Listening:
        verifier_key = LOG.verifier_key

        def sign(self, message: bytes) -> bytes:
            signed.append(message)
            return LOG.sign(message)

    inclusion_receipt(head(5), 3, TREE.inclusion(3, 5), Listening())
    with pytest.raises(UnicodeDecodeError):
        signed[0].decode()


def test_no_flipped_bit_is_accepted_and_nothing_but_our_errors_is_raised() -> None:
    data, chance = included(3, 5), random.Random(1)
    places = range(len(data) * 8) if cases(1) > 1 else chance.sample(range(len(data) * 8), 600)
    accepted = []
    for place in places:
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        try:
            verify_inclusion_receipt(bytes(flipped), LEAVES[3], KEY)
        except CertlogError:
            continue
        accepted.append(place)
    assert accepted == []


def changed(part: int, value: Any) -> bytes:
    tagged = cbor2.loads(included(3, 5))
    parts = list(tagged.value)
    parts[part] = value
    return cbor2.dumps(cbor2.CBORTag(18, parts), canonical=True)


BAD: Final = {
    "nothing": b"",
    "no tag": cbor2.dumps([b"", {}, None, bytes(64)]),
    "trailing bytes": included(3, 5) + b"\x00",
    "attached payload": changed(2, b"root"),
    "no proofs": changed(1, {}),
    "two proofs": changed(1, {396: {-1: [b"", b""]}}),
    "a proof that is none": changed(1, {396: {-1: [cbor2.dumps([5, 3])]}}),
    "an empty path": changed(1, {396: {-1: [cbor2.dumps([1, 0, []])]}}),
    "a short hash": changed(1, {396: {-1: [cbor2.dumps([5, 3, [b"x"]])]}}),
    "vds 2": changed(0, cbor2.dumps({1: -8, 395: 2})),
    "another algorithm": changed(0, cbor2.dumps({1: -7, 395: 1})),
    "no header": changed(0, cbor2.dumps([])),
    "keys twice": changed(0, b"\xa2\x01\x27\x01\x27"),
    "deep": b"\x81" * 10_000,
    "long": bytes(20_000),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_a_receipt_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(CertlogError):
        verify_inclusion_receipt(data, LEAVES[3], KEY)


@pytest.mark.parametrize(
    ("name", "kind", "numbers"), [("inclusion", -1, (5, 3)), ("consistency", -2, (3, 5))]
)
def test_the_examples_of_the_rfc_have_the_form_that_we_read(
    name: str, kind: int, numbers: tuple[int, int]
) -> None:
    data = fixtures_dir("cose-receipts", "examples", f"{name}-receipt.cbor").read_bytes()
    tagged = cbor2.loads(data)
    protected, unprotected, payload, signature = tagged.value
    assert (tagged.tag, payload, len(signature)) == (18, None, 64)
    assert cbor2.loads(protected)[395] == 1
    first, second, path = _proof(unprotected, kind)
    assert (first, second) == numbers
    assert all(len(digest) == 32 for digest in path)
    assert isinstance(LEAVES[0], bytes)
    with pytest.raises(InvalidInput, match="alg -8"):  # they are signed with ES256, which no log of ours uses
        verify_inclusion_receipt(
            data, LeafHash(bytes(32)), KEY
        ) if kind == -1 else verify_consistency_receipt(data, TREE.root(3), TREE.root(5), KEY)
