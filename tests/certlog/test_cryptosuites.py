"""Both cryptosuites against the W3C's published vectors, step by step, and a matrix of suite and key."""

from dataclasses import dataclass
from typing import Any, Final

import pytest

from certlog.canonical import canonicalize
from certlog.cryptosuites import (
    SUITES,
    hash_data,
    sign,
    signature_from_text,
    signed_bytes,
    verify,
)
from certlog.digests import DocumentHash, sha256
from certlog.encoding import base58btc, base58btc_decode
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.keys import KeyType, PublicKey, Signer, split_verification_method
from tests.support.fixtures import fixtures_dir
from tests.support.official import official_json
from tests.support.signing import Ed25519Signer, P256Signer, ed25519, p256


@dataclass(frozen=True)
class Official:
    """One published suite: where its files are and how they are named."""

    folder: str
    suffix: str
    key_file: str
    secret_member: str
    suite: str

    def text(self, step: str) -> str:
        return fixtures_dir(f"{self.folder}/{step}{self.suffix}.txt").read_text(encoding="utf-8").strip()

    def json(self, step: str) -> Any:  # published documents
        return official_json(f"{self.folder}/{step}{self.suffix}.json")

    @property
    def document(self) -> dict[str, Any]:
        return {name: member for name, member in self.json("signed").items() if name != "proof"}

    @property
    def signer(self) -> Signer:
        text = official_json(self.key_file)[self.secret_member]
        secret = base58btc_decode(text[1:], max_length=64)[2:]
        if self.suite == "eddsa-jcs-2022":
            return Ed25519Signer(secret[:32])
        return P256Signer(int.from_bytes(secret, "big"))


EDDSA: Final = Official(
    "w3c-vc-di-eddsa/TestVectors/eddsa-jcs-2022",
    "JCS",
    "w3c-vc-di-eddsa/TestVectors/keyPair.json",
    "privateKeyMultibase",
    "eddsa-jcs-2022",
)
ECDSA: Final = Official(
    "w3c-vc-di-ecdsa/TestVectors/ecdsa-jcs-2019-p256",
    "JCSECDSAP256",
    "w3c-vc-di-ecdsa/TestVectors/p256KeyPair.json",
    "secretKeyMultibase",
    "ecdsa-jcs-2019",
)
both = pytest.mark.parametrize("official", [EDDSA, ECDSA], ids=["eddsa-jcs-2022", "ecdsa-jcs-2019"])


@both
def test_the_document_and_the_proof_have_the_published_canonical_form(official: Official) -> None:
    assert canonicalize(official.document).decode() == official.text("canonDoc")
    assert canonicalize(official.json("proofConfig")).decode() == official.text("proofCanon")


@both
def test_the_two_hashes_and_what_is_signed_are_the_published_ones(official: Official) -> None:
    document_hash, proof_hash = hash_data(official.document, official.json("proofConfig"))
    assert document_hash.hex() == official.text("docHash")
    assert proof_hash.hex() == official.text("proofHash")
    assert signed_bytes(document_hash, proof_hash).hex() == official.text("combinedHash")


@both
def test_the_published_signature_has_its_published_text_form(official: Official) -> None:
    signature = bytes.fromhex(official.text("sigHex"))
    assert (
        "z" + base58btc(signature)
        == official.text("sigBTC58")
        == official.json("signed")["proof"]["proofValue"]
    )
    assert signature_from_text(official.text("sigBTC58")) == signature


@both
def test_the_published_proof_verifies_under_the_published_key(official: Official) -> None:
    proof = official.json("signed")["proof"]
    _, key = split_verification_method(proof["verificationMethod"])
    assert key.multibase == official_json(official.key_file)["publicKeyMultibase"]
    verify(hash_data(official.document, {})[0], proof, key)


@both
def test_signing_again_with_the_published_key_gives_a_proof_that_verifies(official: Official) -> None:
    signer, options = official.signer, official.json("proofConfig")
    document_hash = hash_data(official.document, options)[0]
    value = sign(document_hash, options, signer)
    verify(document_hash, options | {"proofValue": value}, signer.public_key)


def test_eddsa_signatures_are_the_published_ones_byte_for_byte() -> None:
    options = EDDSA.json("proofConfig")
    value = sign(hash_data(EDDSA.document, options)[0], options, EDDSA.signer)
    assert value == EDDSA.text("sigBTC58")


@both
def test_every_changed_member_of_the_published_proof_or_document_is_caught(official: Official) -> None:
    proof, document = official.json("signed")["proof"], official.document
    key = split_verification_method(proof["verificationMethod"])[1]
    for name in document:
        with pytest.raises(SignatureMismatch, match="does not verify"):
            verify(hash_data(document | {name: "changed"}, {})[0], proof, key)
    for name in set(proof) - {"cryptosuite", "proofValue"}:
        with pytest.raises(SignatureMismatch, match="does not verify"):
            verify(hash_data(document, {})[0], proof | {name: "changed"}, key)


def test_the_published_p384_vectors_are_outside_the_allow_list() -> None:
    folder = "w3c-vc-di-ecdsa/TestVectors/ecdsa-jcs-2019-p384"
    proof = official_json(f"{folder}/signedJCSECDSAP384.json")["proof"]
    with pytest.raises(InvalidInput, match=r"expected an Ed25519 \(z6Mk…\) or P-256 \(zDn…\) public key"):
        split_verification_method(proof["verificationMethod"])


@pytest.mark.parametrize(
    "name", ["signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2"]
)
def test_proof_sets_and_chains_of_another_suite_are_refused(name: str) -> None:
    signed = official_json(f"w3c-vc-di-eddsa/TestVectors/proof-set-chain/{name}.json")
    document = {member: value for member, value in signed.items() if member != "proof"}
    proofs = signed["proof"] if isinstance(signed["proof"], list) else [signed["proof"]]
    for proof in proofs:
        key = split_verification_method(proof["verificationMethod"])[1]
        assert proof["cryptosuite"] == "eddsa-rdfc-2022"
        with pytest.raises(InvalidInput, match="found 'eddsa-rdfc-2022'") as refusal:
            verify(hash_data(document, {})[0], proof, key)
        assert refusal.value.code == "unknown-suite"


DOCUMENT_HASH: Final = DocumentHash(sha256(b"document"))
SIGNERS: Final[dict[KeyType, Signer]] = {KeyType.ED25519: ed25519("suites"), KeyType.P256: p256("suites")}
OTHER_SUITES: Final = (
    "none",
    "HS256",
    "eddsa-rdfc-2022",
    "ecdsa-rdfc-2019",
    "EDDSA-JCS-2022",
    "",
    None,
    1,
    ["eddsa-jcs-2022"],
)


@pytest.mark.parametrize("key_type", KeyType)
@pytest.mark.parametrize("suite", [*SUITES, *OTHER_SUITES])
def test_of_all_suites_and_keys_only_the_registered_pairs_pass(suite: object, key_type: KeyType) -> None:
    signer = SIGNERS[key_type]
    options = {"cryptosuite": suite, "created": "2026-11-22T10:00:00+07:00"}
    signature = signer.sign(signed_bytes(DOCUMENT_HASH, sha256(canonicalize(options))))
    proof = options | {"proofValue": "z" + base58btc(signature)}
    if isinstance(suite, str) and SUITES.get(suite) is key_type:
        verify(DOCUMENT_HASH, proof, signer.public_key)
        return
    with pytest.raises(InvalidInput) as refusal:
        verify(DOCUMENT_HASH, proof, signer.public_key)
    assert refusal.value.code == ("suite-key-mismatch" if suite in tuple(SUITES) else "unknown-suite")
    with pytest.raises(InvalidInput, match=r"suite|expected one of"):
        sign(DOCUMENT_HASH, options, signer)


def test_a_suite_without_a_match_says_what_was_expected_and_found() -> None:
    with pytest.raises(
        InvalidInput, match=r"^suite eddsa-jcs-2022 wants a Ed25519 key, the registered key is P-256$"
    ):
        sign(DOCUMENT_HASH, {"cryptosuite": "eddsa-jcs-2022"}, p256("suites"))
    with pytest.raises(InvalidInput, match=r"^expected one of eddsa-jcs-2022, ecdsa-jcs-2019, found 'none'$"):
        sign(DOCUMENT_HASH, {"cryptosuite": "none"}, p256("suites"))


def test_the_other_form_of_an_ecdsa_signature_is_refused() -> None:
    options = {"cryptosuite": "ecdsa-jcs-2019"}
    low, high = p256("suites"), p256("suites", high_s=True)
    verify(DOCUMENT_HASH, options | {"proofValue": sign(DOCUMENT_HASH, options, low)}, low.public_key)
    with pytest.raises(SignatureMismatch, match="s is in the upper half"):
        verify(DOCUMENT_HASH, options | {"proofValue": sign(DOCUMENT_HASH, options, high)}, low.public_key)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "not multibase base58btc"),
        (5, "not multibase base58btc"),
        ("", "not multibase base58btc"),
        ("uAAAA", "not multibase base58btc"),
        ("z", "expected 64 bytes, found 0"),
        ("z1", "expected 64 bytes, found 1"),
        ("z" + base58btc(bytes(63)), "expected 64 bytes, found 63"),
        ("z" + base58btc(b"\x01" * 65), "expected 64 bytes, found 65"),
    ],
)
def test_a_proof_value_of_another_form_is_refused(value: object, reason: str) -> None:
    with pytest.raises(SignatureMismatch, match=reason):
        signature_from_text(value)


def test_a_proof_value_outside_the_alphabet_or_far_too_long_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not base58btc"):
        signature_from_text("z0")
    with pytest.raises(InvalidInput, match="expected at most 64 bytes of base58btc"):
        signature_from_text("z" + "2" * 200)


def test_a_proof_under_another_key_of_the_same_kind_does_not_verify() -> None:
    options = {"cryptosuite": "eddsa-jcs-2022"}
    proof = options | {"proofValue": sign(DOCUMENT_HASH, options, ed25519("suites"))}
    for other in (ed25519("other").public_key, PublicKey(KeyType.ED25519, sha256(b""))):
        with pytest.raises(SignatureMismatch, match=r"does not verify|strict canonical form"):
            verify(DOCUMENT_HASH, proof, other)
