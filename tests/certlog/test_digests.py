"""Digests: comparison that nothing short or empty can pass."""

import pytest

from certlog.digests import digest_from_text, same, sha256
from certlog.encoding import b64url
from certlog.errors import InvalidInput


def test_the_hash_is_sha256() -> None:
    assert sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("short", [b"", b"\0", bytes(31), bytes(33)])
def test_a_value_of_another_length_equals_nothing_not_even_itself(short: bytes) -> None:
    assert not same(short, short)
    assert not same(short, bytes(32))
    assert not same(bytes(32), short)


def test_two_digests_are_equal_only_if_every_byte_is() -> None:
    digest = sha256(b"a")
    assert same(digest, bytes(digest))
    for position in range(32):
        for bit in range(8):
            changed = bytearray(digest)
            changed[position] ^= 1 << bit
            assert not same(digest, bytes(changed))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_digest_text_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidInput, match=f"expected 32 bytes, found {length}"):
        digest_from_text(b64url(bytes(length)))
    assert digest_from_text(b64url(bytes(32))) == bytes(32)
