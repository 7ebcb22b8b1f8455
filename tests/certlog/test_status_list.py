"""Status lists: the W3C's examples, the order of bits, bounds on inflation, and the status tree."""

import gzip
import zlib
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlog.cryptosuites import hash_data, verify
from certlog.digests import sha256
from certlog.encoding import b64url, b64url_decode
from certlog.errors import InvalidInput
from certlog.slots import LIST_SIZE, Slot
from certlog.status_list import (
    LIST_BYTES,
    PURPOSES,
    credential_status,
    decode_list,
    empty_list,
    encode_list,
    get_bit,
    list_credential,
    set_bit,
    status_leaf,
    status_leaf_index,
    status_tree,
)
from certlog.tree import EMPTY_ROOT, verify_inclusion
from tests.support.official import official_json
from tests.support.signing import ed25519

EXAMPLES: Final = ("example-3", "example-5")
ORIGIN: Final = "registry.example.vn"


def encoded(data: bytes) -> str:
    return "u" + b64url(data)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_encoded_lists_of_the_specification_are_decoded(name: str) -> None:
    document = official_json(f"w3c-vc-bitstring-status-list/spec-examples/{name}.json")
    assert decode_list(document["credentialSubject"]["encodedList"]) == empty_list()


def test_our_status_entries_have_the_members_of_the_specifications_example() -> None:
    document = official_json("w3c-vc-bitstring-status-list/spec-examples/example-1.json")
    published = document["credentialStatus"]
    ours: Any = credential_status(ORIGIN, Slot(3, 94567))
    assert [entry.keys() for entry in ours] == [entry.keys() for entry in published]
    assert [entry["statusPurpose"] for entry in ours] == [entry["statusPurpose"] for entry in published]
    assert ours[0]["id"] == f"https://{ORIGIN}/status/revocation/3#94567"
    assert ours[1]["statusListCredential"] == f"https://{ORIGIN}/status/suspension/3"
    assert ours[0]["statusListIndex"] == "94567"


def test_bit_zero_is_the_leftmost_bit_of_the_first_byte() -> None:
    for index, place, mask in (
        (0, 0, 0x80),
        (7, 0, 0x01),
        (8, 1, 0x80),
        (94567, 11820, 0x01),
        (131071, 16383, 0x01),
    ):
        bits = set_bit(empty_list(), index, True)
        assert bits[place] == mask
        assert sum(bits) == mask
        assert get_bit(bits, index)


@given(st.sets(st.integers(0, LIST_SIZE - 1), max_size=40), st.integers(0, LIST_SIZE - 1))
def test_a_list_tells_exactly_the_bits_that_were_set(indices: set[int], other: int) -> None:
    bits = empty_list()
    for index in indices:
        bits = set_bit(bits, index, True)
    assert all(get_bit(bits, index) for index in indices)
    assert get_bit(bits, other) is (other in indices)
    assert decode_list(encode_list(bits)) == bits
    for index in indices:
        bits = set_bit(bits, index, False)
    assert bits == empty_list()


@pytest.mark.parametrize("index", [-1, LIST_SIZE, LIST_SIZE + 1])
def test_a_bit_outside_the_list_is_refused(index: int) -> None:
    with pytest.raises(InvalidInput, match="indices below 131072"):
        get_bit(empty_list(), index)
    with pytest.raises(InvalidInput, match="indices below 131072"):
        set_bit(empty_list(), index, True)


@pytest.mark.parametrize("size", [0, LIST_BYTES - 1, LIST_BYTES + 1])
def test_a_list_of_another_size_is_refused_in_both_directions(size: int) -> None:
    with pytest.raises(InvalidInput, match="a status list has 16384 bytes"):
        encode_list(bytes(size))
    with pytest.raises(InvalidInput, match="a status list has 16384 bytes"):
        status_leaf(bytes(size))
    with pytest.raises(InvalidInput, match=r"^/bits: expected a list of 16384 bytes$"):
        decode_list(encoded(gzip.compress(bytes(size), mtime=0)), "/bits")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "u",
        encode_list(empty_list())[1:],
        "z" + encode_list(empty_list())[1:],
        encoded(empty_list()),
        encoded(zlib.compress(empty_list())),
        encoded(gzip.compress(empty_list(), mtime=0)[:-1]),
        encoded(gzip.compress(empty_list(), mtime=0)[:-9]),
        encoded(gzip.compress(empty_list(), mtime=0) + b"\0"),
        encoded(gzip.compress(empty_list(), mtime=0) + gzip.compress(b"", mtime=0)),
        encoded(gzip.compress(bytes(8192), mtime=0) + gzip.compress(bytes(8192), mtime=0)),
        encoded(gzip.compress(empty_list(), mtime=0)[:-8] + bytes(8)),
        encode_list(empty_list()) + "=",
    ],
)
def test_an_encoded_list_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(
        InvalidInput, match=r"multibase base64url|is not GZIP|expected a list of 16384 bytes|base64url"
    ):
        decode_list(text)


def test_a_list_that_inflates_to_far_more_is_refused_without_being_inflated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bomb = encoded(gzip.compress(bytes(20_000_000), compresslevel=9))
    assert len(bomb) < 32 * 1024
    asked: list[int] = []
    original = zlib.decompressobj

    class Watched:
        def __init__(self, window: int) -> None:
            self._real: Any = original(window)

        def decompress(self, data: bytes, limit: int) -> bytes:
            found: bytes = self._real.decompress(data, limit)
            asked.append(len(found))
            return found

        def __getattr__(self, name: str) -> object:
            return getattr(self._real, name)

    monkeypatch.setattr(zlib, "decompressobj", Watched)
    with pytest.raises(InvalidInput, match="expected a list of 16384 bytes"):
        decode_list(bomb)
    assert asked == [LIST_BYTES + 1]


def test_a_text_that_is_too_long_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(InvalidInput, match=r"^/bits: expected an encodedList in multibase base64url$"):
        decode_list("u" + "A" * 32 * 1024, "/bits")


def test_the_densest_list_fits_within_the_bound() -> None:
    noise = b"".join(sha256(number.to_bytes(2, "big")) for number in range(512))
    assert decode_list(encode_list(noise)) == noise


def test_the_status_tree_has_revocation_before_suspension_for_each_list() -> None:
    lists = [set_bit(empty_list(), number, True) for number in range(6)]
    tree = status_tree([(lists[0], lists[1]), (lists[2], lists[3]), (lists[4], lists[5])])
    assert tree.size == 6
    for number in range(3):
        for purpose in PURPOSES:
            position = status_leaf_index(number, purpose)
            assert position == 2 * number + (purpose == "suspension")
            verify_inclusion(status_leaf(lists[position]), position, 6, tree.inclusion(position), tree.root())


def test_the_status_tree_of_no_list_is_empty() -> None:
    assert status_tree([]).root() == EMPTY_ROOT


def test_the_leaf_is_over_the_uncompressed_bytes() -> None:
    assert status_leaf(empty_list()) == sha256(b"\0" + bytes(16384))
    # Two programs that compress differently serve one list.
    other = encoded(gzip.compress(empty_list(), compresslevel=1, mtime=1))
    assert other != encode_list(empty_list())
    assert status_leaf(decode_list(other)) == status_leaf(empty_list())


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_list_credential_is_a_w3c_one_signed_by_the_list_key(purpose: Any) -> None:
    bits, signer = set_bit(empty_list(), 77, True), ed25519("list")
    credential = list_credential(
        bits, origin=ORIGIN, purpose=purpose, number=4, signer=signer, now=1_795_316_400
    )
    subject: Any = credential["credentialSubject"]
    assert credential["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    assert credential["id"] == f"https://{ORIGIN}/status/{purpose}/4"
    assert (subject["statusPurpose"], decode_list(subject["encodedList"])) == (purpose, bits)
    proof: Any = credential.pop("proof")
    assert "domain" not in proof
    assert "challenge" not in proof
    verify(hash_data(credential, {})[0], proof, signer.public_key)
    assert b64url_decode(subject["encodedList"][1:])[:2] == b"\x1f\x8b"
