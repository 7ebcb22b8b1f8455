"""Public keys, DIDs, and signature checks: the strict forms only."""

import hashlib
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from certlog import keys
from certlog.encoding import base58btc
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.keys import (
    P256_ORDER,
    KeyType,
    PublicKey,
    check_did,
    did_key,
    split_verification_method,
    verification_method,
    verify_signature,
)
from tests.support.official import official_json
from tests.support.signing import ed25519, p256

ED25519_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
ED25519_PRIME: Final = 2**255 - 19

# Of the 914 cases of C2SP CCTV, those that strict verification accepts: libsodium's set, pinned by number. All
# others bear a small-order or non-canonical A or R, or a residue that only cofactored verification ignores.
ACCEPTED_CCTV: Final = (
    *(
        7,
        29,
        50,
        117,
        139,
        161,
        182,
        249,
        305,
        411,
        425,
        438,
        465,
        473,
        481,
        489,
        497,
        511,
        525,
        538,
        565,
        573,
        581,
    ),
    *(589, 597, 611, 625, 638, 665, 673, 681, 689, 697, 711, 725, 738, 765, 773, 781, 789, 797, 832, 899),
)
REFUSED_FLAGS: Final = {
    "low_order_A",
    "low_order_R",
    "non_canonical_A",
    "non_canonical_R",
    "low_order_residue",
}


def cctv() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = official_json("c2sp-cctv/ed25519/ed25519vectors.json")
    assert len(cases) == 914
    return cases


def verifies(key: PublicKey, message: bytes, signature: bytes) -> bool:
    try:
        verify_signature(key, message, signature)
    except SignatureMismatch:
        return False
    return True


def accepts(case: dict[str, Any]) -> bool:
    key = PublicKey(KeyType.ED25519, bytes.fromhex(case["key"]))
    return verifies(key, case["msg"].encode(), bytes.fromhex(case["sig"]))


def libsodium_accepts(case: dict[str, Any]) -> bool:
    try:
        crypto_sign_open(bytes.fromhex(case["sig"]) + case["msg"].encode(), bytes.fromhex(case["key"]))
    except BadSignatureError:
        return False
    return True


def test_of_all_914_edge_cases_of_ed25519_exactly_the_pinned_43_verify() -> None:
    assert tuple(case["number"] for case in cctv() if accepts(case)) == ACCEPTED_CCTV
    assert len(ACCEPTED_CCTV) == 43


def test_no_accepted_edge_case_has_a_weak_or_non_canonical_point_or_a_residue() -> None:
    for case in cctv():
        if accepts(case):
            assert not REFUSED_FLAGS & set(case["flags"] or ()), case["number"]


def test_every_edge_case_that_we_accept_libsodium_accepts_too() -> None:
    assert all(libsodium_accepts(case) for case in cctv() if accepts(case))


def test_every_refused_edge_case_bears_a_flag_that_says_why() -> None:
    for case in cctv():
        if not accepts(case):
            assert REFUSED_FLAGS & set(case["flags"] or ()), case["number"]


def test_openssl_would_accept_weak_keys_so_the_strict_check_is_needed() -> None:
    # Mutant control: a library without strict checks takes 208 of the cases.
    found = 0
    for case in cctv():
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(case["key"])).verify(
                bytes.fromhex(case["sig"]), case["msg"].encode()
            )
        except Exception:  # noqa: BLE001, S112 # only the count of successes matters
            continue
        found += 1
    assert found > len(ACCEPTED_CCTV)


def test_small_order_points_are_refused_before_the_library_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(signed: bytes, key: bytes) -> bytes:
        raise AssertionError(signed, key)

    monkeypatch.setattr(keys, "crypto_sign_open", refuse)
    weak = [case for case in cctv() if {"low_order_A", "low_order_R"} & set(case["flags"] or ())]
    assert len(weak) > 500
    assert not any(accepts(case) for case in weak)


def test_an_ed25519_signature_with_s_plus_the_order_is_refused() -> None:
    signer, message = ed25519("keys"), b"message"
    signature = signer.sign(message)
    assert verifies(signer.public_key, message, signature)
    s = int.from_bytes(signature[32:], "little")
    for multiple in (1, 2, 7):
        larger = signature[:32] + (s + multiple * ED25519_ORDER).to_bytes(32, "little")
        with pytest.raises(SignatureMismatch, match="not in the strict canonical form"):
            verify_signature(signer.public_key, message, larger)


def test_every_changed_bit_of_an_ed25519_signature_key_or_message_is_caught() -> None:
    signer, message = ed25519("keys"), b"message"
    triple = (signer.public_key.raw, message, signer.sign(message))
    for part in range(3):
        for bit in range(8 * len(triple[part])):
            changed = list(triple)
            flipped = bytearray(changed[part])
            flipped[bit >> 3] ^= 1 << (bit & 7)
            changed[part] = bytes(flipped)
            assert not verifies(PublicKey(KeyType.ED25519, changed[0]), changed[1], changed[2]), (part, bit)


def test_an_ecdsa_signature_with_s_in_the_upper_half_is_refused() -> None:
    message = b"message"
    low, high = p256("keys"), p256("keys", high_s=True)
    assert verifies(low.public_key, message, low.sign(message))
    with pytest.raises(SignatureMismatch, match="s is in the upper half"):
        verify_signature(low.public_key, message, high.sign(message))


@pytest.mark.parametrize(
    ("r", "s"), [(0, 0), (0, 1), (1, 0), (P256_ORDER, 1), (P256_ORDER + 1, 1), (2**256 - 1, 1)]
)
def test_an_ecdsa_signature_outside_its_range_is_refused(r: int, s: int) -> None:
    with pytest.raises(SignatureMismatch, match="the ECDSA signature does not verify"):
        verify_signature(p256("keys").public_key, b"message", r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def test_every_changed_bit_of_an_ecdsa_signature_is_caught() -> None:
    signer, message = p256("keys"), b"message"
    signature = signer.sign(message)
    for bit in range(512):
        changed = bytearray(signature)
        changed[bit >> 3] ^= 1 << (bit & 7)
        assert not verifies(signer.public_key, message, bytes(changed)), bit


@pytest.mark.parametrize(
    "raw", [bytes(33), b"\x02" + b"\xff" * 32, b"\x04" + bytes(32), b"\x05" + b"\x01" * 32]
)
def test_a_p256_key_that_is_no_point_verifies_nothing(raw: bytes) -> None:
    with pytest.raises(SignatureMismatch, match="the P-256 key is not a point of the curve"):
        verify_signature(PublicKey(KeyType.P256, raw), b"", b"\x01" * 64)


@pytest.mark.parametrize("length", [0, 63, 65, 72])
@pytest.mark.parametrize("signer", [ed25519("keys"), p256("keys")], ids=["Ed25519", "P-256"])
def test_a_signature_of_another_length_is_refused(signer: Any, length: int) -> None:
    signature = (signer.sign(b"") + bytes(8))[:length]
    with pytest.raises(SignatureMismatch, match=f"expected a signature of 64 bytes, found {length}"):
        verify_signature(signer.public_key, b"", signature)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("w3c-vc-di-eddsa/TestVectors/keyPair.json", "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"),
        ("w3c-vc-di-ecdsa/TestVectors/p256KeyPair.json", "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP"),
    ],
)
def test_the_published_keys_are_read_and_written_alike(path: str, text: str) -> None:
    assert official_json(path)["publicKeyMultibase"] == text
    key = PublicKey.from_multibase(text)
    assert key.multibase == text
    assert did_key(key) == f"did:key:{text}"
    assert split_verification_method(verification_method(did_key(key), key)) == (did_key(key), key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        "6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        "Z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2x",
        "z16MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        "z" + base58btc(b"\xed\x01" + bytes(31)),
        "z" + base58btc(b"\xed\x01" + bytes(33)),
        "z" + base58btc(b"\xed" + bytes(33)),
        "z" + base58btc(b"\x80\x24" + bytes(32)),
        "z" + base58btc(b"\x81\x24" + bytes(49)),
        "z" + base58btc(b"\xe7\x01" + bytes(33)),
        "u7QHt",
    ],
)
def test_a_text_that_is_no_key_of_ours_is_refused(text: str) -> None:
    with pytest.raises(
        InvalidInput, match=r"^/key: expected an Ed25519 \(z6Mk…\) or P-256 \(zDn…\) public key"
    ):
        PublicKey.from_multibase(text, "/key")


def test_a_key_of_another_length_cannot_be_made() -> None:
    with pytest.raises(InvalidInput, match="expected 32 key bytes, found 33"):
        PublicKey(KeyType.ED25519, bytes(33))
    with pytest.raises(InvalidInput, match="expected 33 key bytes, found 65"):
        PublicKey(KeyType.P256, bytes(65))


@pytest.mark.parametrize(
    "text", ["did:web:mau.example.vn", "did:web:a.vn:b:c", "did:webvh:Qm1:a.vn", "did:key:z6Mk"]
)
def test_the_three_did_methods_are_enrolled(text: str) -> None:
    assert check_did(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "did:web:",
        "did:ion:abc",
        "DID:web:a",
        "did:web:a#b",
        "did:web:a b",
        "did:web:á",
        "did:web:a\n",
        "did:web:a/b",
    ],
)
def test_another_did_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^/did: expected a did:web or did:key, found "):
        check_did(text, "/did")


def test_a_verification_method_names_one_did_and_one_key() -> None:
    key = ed25519("keys").public_key.multibase
    for text in (
        key,
        "did:web:a.vn",
        "did:web:a.vn#",
        "did:web:a.vn#key-1",
        f"did:web:a.vn##{key}",
        f"#{key}",
    ):
        with pytest.raises(InvalidInput, match="expected a"):
            split_verification_method(text)


def test_the_throw_away_keys_of_these_tests_never_change() -> None:
    # The project's vectors rest on them.
    labels = ("issuer", "operator", "recovery", "list", "log")
    texts = [ed25519(label).public_key.multibase for label in labels] + [p256("issuer").public_key.multibase]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    assert digest == "75408400d3644b9547208bf791986816d86bd0bdf9ae5a0bc40c38f0123556b6"
