"""Secured documents: one proof of the profile, good for one log, one slot and one kind of statement."""

import json
from dataclasses import replace
from itertools import product
from typing import Any, Final

import pytest

from certlog.canonical import canonicalize
from certlog.digests import sha256
from certlog.documents import (
    MAX_DOCUMENT_BYTES,
    STATUS_CHALLENGE,
    TRUST_CHALLENGE,
    Proof,
    SecuredDocument,
    certificate_challenge,
    require_binding,
    secure,
    verify_proof,
)
from certlog.encoding import base58btc
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.keys import Signer
from certlog.slots import Slot
from certlog.strict_json import JSONObject, JSONValue
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN, conformity_content
from tests.support.signing import ed25519, p256

SIGNERS: Final[tuple[Signer, ...]] = (ed25519("issuer"), p256("issuer"))
by_suite = pytest.mark.parametrize("signer", SIGNERS, ids=["eddsa-jcs-2022", "ecdsa-jcs-2019"])
SLOT: Final = Slot(0, 0)


def signed(signer: Signer = SIGNERS[0], content: JSONObject | None = None, **options: str) -> SecuredDocument:
    values: dict[str, Any] = {
        "did": SAMPLE_DID,
        "domain": SAMPLE_ORIGIN,
        "challenge": certificate_challenge(SLOT),
        "created": "2026-11-20T09:00:00+07:00",
    }
    return secure(conformity_content() if content is None else content, signer=signer, **(values | options))


def changed_proof(**members: JSONValue) -> JSONObject:
    proof = signed().proof.to_json()
    for name, value in members.items():
        if value == "absent":
            del proof[name]
        else:
            proof[name] = value
    return proof


@by_suite
def test_a_signed_document_verifies_and_is_identified_by_its_content_alone(signer: Signer) -> None:
    document = signed(signer)
    verify_proof(document.document_hash, document.proof, signer.public_key)
    require_binding(document.proof, domain=SAMPLE_ORIGIN, challenge="certificate:0/0")
    assert document.document_hash == sha256(canonicalize(conformity_content()))
    assert document.document_hash == signed(created="2026-11-20T10:00:00+07:00").document_hash


@by_suite
def test_a_document_read_back_is_the_same(signer: Signer) -> None:
    document = signed(signer)
    assert SecuredDocument.parse(document.to_bytes()) == document
    pretty = json.dumps(document.to_json(), indent=4, ensure_ascii=False).encode()
    assert SecuredDocument.parse(pretty) == document
    assert SecuredDocument.parse(pretty).to_bytes() == document.to_bytes()


def test_the_proof_of_a_document_has_exactly_the_members_of_the_profile() -> None:
    assert signed().proof.to_json().keys() == {
        "@context",
        "type",
        "cryptosuite",
        "created",
        "verificationMethod",
        "proofPurpose",
        "domain",
        "challenge",
        "proofValue",
    }
    assert "@context" not in signed(content={"kind": "status"}).proof.to_json()


@by_suite
def test_every_changed_member_of_the_content_gives_another_hash_and_no_valid_proof(signer: Signer) -> None:
    document = signed(signer)
    for name in document.content:
        if name == "@context":
            continue
        altered = SecuredDocument.from_json(document.to_json() | {name: "changed"})
        assert altered.document_hash != document.document_hash
        with pytest.raises(SignatureMismatch, match="does not verify"):
            verify_proof(altered.document_hash, altered.proof, signer.public_key)


@by_suite
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created", "2026-11-20T09:00:01+07:00"),
        ("verificationMethod", f"did:web:khac.example.vn#{ed25519('issuer').public_key.multibase}"),
        ("domain", "other.example.vn"),
        ("challenge", "certificate:0/1"),
    ],
)
def test_every_changed_member_of_the_proof_is_caught(signer: Signer, name: str, value: str) -> None:
    document = signed(signer)
    proof = Proof.from_json(document.proof.to_json() | {name: value})
    with pytest.raises(SignatureMismatch, match="does not verify"):
        verify_proof(document.document_hash, proof, signer.public_key)


DOMAINS: Final = (SAMPLE_ORIGIN, "registry.example.org", f"{SAMPLE_ORIGIN}/2")
CHALLENGES: Final = (
    "certificate:0/0",
    "certificate:0/1",
    "certificate:1/0",
    STATUS_CHALLENGE,
    TRUST_CHALLENGE,
)


def test_a_proof_made_for_one_log_slot_and_kind_is_worth_nothing_in_another() -> None:
    places = list(product(DOMAINS, CHALLENGES))
    for made_for in places:
        proof = signed(domain=made_for[0], challenge=made_for[1]).proof
        for used_in in places:
            if made_for == used_in:
                require_binding(proof, domain=used_in[0], challenge=used_in[1])
                continue
            with pytest.raises(SignatureMismatch) as refusal:
                require_binding(proof, domain=used_in[0], challenge=used_in[1])
            expected = "wrong-domain" if made_for[0] != used_in[0] else "wrong-challenge"
            assert refusal.value.code == expected


def test_a_wrong_binding_says_what_was_expected_and_found() -> None:
    with pytest.raises(
        SignatureMismatch, match=r"^/proof/domain: expected domain 'b.vn', found 'registry.example.vn'$"
    ):
        require_binding(signed().proof, domain="b.vn", challenge="status")
    with pytest.raises(
        SignatureMismatch, match=r"^/proof/challenge: expected challenge 'status', found 'certificate:0/0'$"
    ):
        require_binding(signed().proof, domain=SAMPLE_ORIGIN, challenge="status")


def test_of_all_suite_names_and_keys_only_the_fitting_ones_verify() -> None:
    for signer, suite, key_of in product(SIGNERS, ("eddsa-jcs-2022", "ecdsa-jcs-2019"), SIGNERS):
        document = signed(signer)
        proof = replace(document.proof, cryptosuite=suite)
        if suite == document.proof.cryptosuite and signer is key_of:
            verify_proof(document.document_hash, proof, key_of.public_key)
        else:
            with pytest.raises(InvalidInput, match=r"wants a|does not verify|strict canonical|upper half"):
                verify_proof(document.document_hash, proof, key_of.public_key)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"type": "Ed25519Signature2020"}, "^/proof/type: expected 'DataIntegrityProof'$"),
        ({"proofPurpose": "authentication"}, "^/proof/proofPurpose: expected 'assertionMethod'$"),
        ({"cryptosuite": "eddsa-rdfc-2022"}, "^/proof/cryptosuite: unknown suite 'eddsa-rdfc-2022'$"),
        ({"cryptosuite": "none"}, "unknown suite 'none'"),
        ({"cryptosuite": None}, "^/proof/cryptosuite: expected a string"),
        ({"created": "2026-11-20"}, "^/proof/created: expected YYYY-MM-DDTHH:MM:SS"),
        ({"created": 5}, "^/proof/created: expected a string"),
        ({"verificationMethod": "did:web:a.vn#key-1"}, "^/proof/verificationMethod: expected an Ed25519"),
        ({"verificationMethod": "https://a.vn/#z6Mk"}, "^/proof/verificationMethod: expected a did:web"),
        ({"proofValue": "z111"}, "expected 64 bytes, found 3"),
        ({"proofValue": "u" + "A" * 86}, "not multibase base58btc"),
        ({"@context": None}, "@context is null"),
        ({"nonce": "x"}, "^/proof: unknown member 'nonce'$"),
        ({"expires": "2027-01-01T00:00:00Z"}, "unknown member 'expires'"),
        ({"previousProof": "urn:uuid:1"}, "unknown member 'previousProof'"),
        ({"id": "urn:uuid:1"}, "unknown member 'id'"),
        ({"domain": ["registry.example.vn"]}, "^/proof/domain: expected a string, found an array$"),
        ({"domain": "absent"}, "^/proof: member 'domain' is missing$"),
        ({"challenge": "absent"}, "member 'challenge' is missing"),
        ({"created": "absent"}, "member 'created' is missing"),
        ({"proofValue": "absent"}, "member 'proofValue' is missing"),
    ],
)
def test_a_proof_outside_the_profile_is_refused(members: dict[str, JSONValue], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        Proof.from_json(changed_proof(**members))


@pytest.mark.parametrize(
    "context",
    ["absent", [], "https://www.w3.org/ns/credentials/v2", ["https://www.w3.org/ns/credentials/v2"]],
)
def test_a_proof_whose_context_is_not_the_documents_is_refused(context: JSONValue) -> None:
    with pytest.raises(
        InvalidInput, match=r"^/proof/@context: the proof's @context differs from the document's$"
    ):
        SecuredDocument.from_json(conformity_content() | {"proof": changed_proof(**{"@context": context})})


@pytest.mark.parametrize(("mine", "proofs"), [([1], [True]), ([0], [False]), (None, "absent")])
def test_contexts_are_compared_as_json_and_not_as_python_does(mine: JSONValue, proofs: JSONValue) -> None:
    document = conformity_content() | {"@context": mine, "proof": changed_proof(**{"@context": proofs})}
    with pytest.raises(InvalidInput, match="the proof's @context differs"):
        SecuredDocument.from_json(document)


@pytest.mark.parametrize("proof", [None, [], [{}], "z", 1])
def test_a_document_without_exactly_one_proof_is_refused(proof: JSONValue) -> None:
    with pytest.raises(InvalidInput, match=r"^/proof: expected an object, found "):
        SecuredDocument.from_json(conformity_content() | {"proof": proof})


@pytest.mark.parametrize("value", [None, [], "a", {}, {"id": "x"}])
def test_a_value_without_a_proof_is_no_secured_document(value: JSONValue) -> None:
    with pytest.raises(InvalidInput, match=r"^/c: expected an object with a proof$"):
        SecuredDocument.from_json(value, "/c")


def test_a_proof_set_is_refused_even_if_each_proof_is_good() -> None:
    document = signed().to_json()
    document["proof"] = [document["proof"]]
    with pytest.raises(InvalidInput, match=r"^/proof: expected an object, found an array$"):
        SecuredDocument.from_json(document)


def test_a_document_larger_than_the_limit_is_refused() -> None:
    data = signed().to_bytes()
    padded = data + b" " * (MAX_DOCUMENT_BYTES - len(data))
    assert SecuredDocument.parse(padded) == signed()
    with pytest.raises(InvalidInput, match=f"expected at most {MAX_DOCUMENT_BYTES} bytes"):
        SecuredDocument.parse(padded + b" ")


def test_a_duplicate_member_in_a_certificate_is_refused() -> None:
    data = signed().to_bytes().replace(b'"version":1', b'"version":1,"version":2')
    with pytest.raises(InvalidInput, match="'version' appears twice"):
        SecuredDocument.parse(data)


def test_a_signature_with_s_in_the_upper_half_does_not_secure_a_document() -> None:
    document = signed(p256("issuer", high_s=True))
    with pytest.raises(SignatureMismatch, match="s is in the upper half"):
        verify_proof(document.document_hash, document.proof, p256("issuer").public_key)


def test_the_key_that_a_proof_names_and_its_did_are_read_from_the_verification_method() -> None:
    proof = signed().proof
    assert proof.did == SAMPLE_DID
    assert proof.key == ed25519("issuer").public_key


def test_a_proof_that_names_another_key_than_the_registered_one_does_not_verify() -> None:
    thief = signed(ed25519("thief"))
    with pytest.raises(SignatureMismatch, match="does not verify"):
        verify_proof(thief.document_hash, thief.proof, ed25519("issuer").public_key)


@pytest.mark.parametrize(
    ("slot", "text"), [(Slot(0, 0), "certificate:0/0"), (Slot(12, 131071), "certificate:12/131071")]
)
def test_the_challenge_of_a_certificate_is_its_slot_in_decimal(slot: Slot, text: str) -> None:
    assert certificate_challenge(slot) == text


def test_the_time_of_signing_is_written_in_utc_where_it_is_given_in_seconds() -> None:
    document = secure(
        {"kind": "status"},
        signer=SIGNERS[0],
        did=SAMPLE_DID,
        domain="d",
        challenge="status",
        created=1795316400,
    )
    assert document.proof.created == "2026-11-22T03:00:00Z"


def test_the_proof_value_is_the_signature_of_both_hashes() -> None:
    document = signed()
    message = sha256(canonicalize(document.proof.options_json())) + document.document_hash
    assert document.proof.proof_value == "z" + base58btc(SIGNERS[0].sign(message))
