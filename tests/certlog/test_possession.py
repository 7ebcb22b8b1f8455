"""Proof of possession: a key is registered only as its own holder signed for (threat A9)."""

from dataclasses import replace
from typing import Final

import pytest

from certlog import trust_state
from certlog.documents import Proof, secure
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.keys import Signer
from certlog.possession import prove_possession, verify_possession
from certlog.trust import AddKey, RotateOperator
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN
from tests.support.controls import Control, nothing, require_noticed
from tests.support.possession import added_key, rotation_to
from tests.support.signing import ed25519, p256
from tests.support.small_log import OPERATOR_DID
from tests.support.trust_log import OTHER_DID, code_of, enrolled, refuse

VICTIM: Final = p256("victim")
THIEF: Final = ed25519("thief")


def proof_by(label: str, did: str = SAMPLE_DID, origin: str = SAMPLE_ORIGIN) -> Proof:
    return prove_possession(ed25519(label), did, origin=origin, created=0)


@pytest.mark.parametrize("key", [VICTIM, THIEF])
def test_the_holders_own_proof_holds(key: Signer) -> None:
    proof = prove_possession(key, SAMPLE_DID, origin=SAMPLE_ORIGIN, created=0)
    verify_possession(proof, SAMPLE_DID, key.public_key, origin=SAMPLE_ORIGIN)


def test_a_foreign_key_without_its_holders_proof_is_refused() -> None:
    own = proof_by("thief")
    change = AddKey(VICTIM.public_key, own)
    assert code_of(refuse(enrolled(), change)) == "no-possession"
    forged = replace(own, verification_method=f"{SAMPLE_DID}#{VICTIM.public_key.multibase}")
    forged = replace(forged, cryptosuite="ecdsa-jcs-2019")
    assert code_of(refuse(enrolled(), AddKey(VICTIM.public_key, forged))) == "signature-mismatch"


@pytest.mark.parametrize(
    ("proof", "error"),
    [
        (proof_by("issuer 2", did=OTHER_DID), InvalidInput),
        (proof_by("issuer 2", origin="other.example.vn"), SignatureMismatch),
        (replace(proof_by("issuer 2"), challenge="trust"), SignatureMismatch),
        (replace(proof_by("issuer 2"), created="2026-01-01T00:00:00Z"), SignatureMismatch),
    ],
)
def test_a_proof_for_another_body_log_or_purpose_is_refused(proof: Proof, error: type[Exception]) -> None:
    refused = refuse(enrolled(), AddKey(ed25519("issuer 2").public_key, proof))
    assert isinstance(refused, error)


def test_a_status_signature_of_the_victim_proves_no_possession() -> None:
    """What a body signs every day cannot be turned into its agreement."""
    document = secure(
        {"kind": "status"}, signer=VICTIM, did=SAMPLE_DID, domain=SAMPLE_ORIGIN, challenge="status", created=0
    )
    assert code_of(refuse(enrolled(), AddKey(VICTIM.public_key, document.proof))) == "wrong-challenge"


def test_the_operators_new_key_proves_possession_too() -> None:
    old, new = ed25519("operator").public_key, ed25519("operator 2").public_key
    good = rotation_to(old, new)
    borrowed = RotateOperator(old, new, rotation_to(old, ed25519("operator 3").public_key).possession)
    assert code_of(refuse(enrolled(), borrowed, OPERATOR_DID)) == "no-possession"
    log = enrolled()
    log.state(good, OPERATOR_DID)
    assert log.trust.operator_key == new


def test_a_key_that_its_holder_proved_is_registered() -> None:
    log = enrolled()
    log.state(added_key(VICTIM.public_key))
    assert log.trust.require_record(SAMPLE_DID).key_record(VICTIM.public_key) is not None


def test_a_replay_that_asks_for_no_proof_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    control = Control(
        trust_state,
        "verify_possession",
        nothing,
        test_a_foreign_key_without_its_holders_proof_is_refused,
    )
    require_noticed(control, monkeypatch)
