"""Sealed content at the registry: kept as it came, never opened, never changed; numbers unique without being read."""

from dataclasses import replace

import pytest

from certlog.digests import sha256
from certlog.documents import MAX_DOCUMENT_BYTES, SecuredDocument, certificate_challenge
from certlog.errors import InvalidInput
from certlog.sealed import SEALED_OVERHEAD, open_sealed, seal
from certlog.slots import Slot
from certlog.status import StatusAction
from registry.append import Outcome
from registry.submission import Submission, examine
from tests.support.calibrations import calibration_content
from tests.support.certificates import SAMPLE_DID
from tests.support.registry import OTHER_DID, RegistryWorld, as_submission
from tests.support.signing import ed25519

KEY = sha256(b"a key")[:16]
TAG = sha256(b"a number")


def sealed_submission(
    document: SecuredDocument, slot: Slot, *, nonce: int = 0, tag: bytes | None = None
) -> Submission:
    """Return the submission of a certificate with its content sealed."""
    blob = seal(document.to_bytes(), document.document_hash, key=KEY, nonce=bytes([nonce] * 12))
    return replace(as_submission(document, slot, publish=False), sealed=blob, number_tag=tag)


def refusal(outcome: Outcome) -> str:
    assert outcome.status == "refused"
    assert isinstance(outcome.problem, InvalidInput)
    return outcome.problem.code


@pytest.fixture
def slot(enrolled: RegistryWorld) -> Slot:
    return enrolled.slot()


@pytest.fixture
def document(enrolled: RegistryWorld, slot: Slot) -> SecuredDocument:
    return enrolled.certificate(slot=slot)


def test_sealed_content_is_kept_as_it_came_and_opens_with_its_key(
    enrolled: RegistryWorld, document: SecuredDocument, slot: Slot
) -> None:
    enrolled.logged(sealed_submission(document, slot))
    blob = enrolled.registry.sealed(document.document_hash)
    view = enrolled.registry.certificate(document.document_hash)
    assert blob is not None
    assert view is not None
    assert view.is_sealed
    assert view.document is None
    assert enrolled.registry.document(document.document_hash) is None
    assert open_sealed(blob, KEY, document.document_hash) == document


def test_the_same_sealed_content_again_exists(
    enrolled: RegistryWorld, document: SecuredDocument, slot: Slot
) -> None:
    item = sealed_submission(document, slot, tag=TAG)
    first, second, third = enrolled.submit(item, item, replace(item, sealed=None, number_tag=None))
    assert (first.status, second.status, third.status) == ("logged", "exists", "exists")
    assert first.index == second.index == third.index
    assert enrolled.submit(item)[0].status == "exists"


@pytest.mark.parametrize("together", [True, False])
def test_other_sealed_content_for_the_same_certificate_is_refused(
    enrolled: RegistryWorld, document: SecuredDocument, slot: Slot, *, together: bool
) -> None:
    first, other = sealed_submission(document, slot), sealed_submission(document, slot, nonce=1)
    outcomes = (
        enrolled.submit(first, other) if together else [*enrolled.submit(first), *enrolled.submit(other)]
    )
    assert refusal(outcomes[1]) == "other-sealed"
    assert enrolled.registry.sealed(document.document_hash) == first.sealed


def test_content_that_was_withheld_may_be_sealed_later(
    enrolled: RegistryWorld, document: SecuredDocument, slot: Slot
) -> None:
    enrolled.logged(as_submission(document, slot, publish=False))
    item = sealed_submission(document, slot)
    assert enrolled.submit(item)[0].status == "exists"
    assert enrolled.registry.sealed(document.document_hash) == item.sealed


def test_a_number_that_the_registry_cannot_read_is_taken_once(enrolled: RegistryWorld) -> None:
    one, other = enrolled.registry.reserve_slots(SAMPLE_DID, 2).slots
    first = sealed_submission(enrolled.certificate(slot=one), one, tag=TAG)
    second = sealed_submission(enrolled.certificate(slot=other), other, tag=TAG)
    assert [outcome.status for outcome in enrolled.submit(first)] == ["logged"]
    assert refusal(enrolled.submit(second)[0]) == "number-taken"
    assert refusal(enrolled.submit(second, first)[0]) == "number-taken"


def test_two_certificates_of_one_number_in_one_batch_are_not_both_logged(enrolled: RegistryWorld) -> None:
    slots = enrolled.registry.reserve_slots(SAMPLE_DID, 2).slots
    items = [sealed_submission(enrolled.certificate(slot=slot), slot, tag=TAG) for slot in slots]
    first, second = enrolled.submit(*items)
    assert first.status == "logged"
    assert refusal(second) == "number-taken"


def test_the_same_tag_of_another_body_is_another_number(enrolled: RegistryWorld) -> None:
    other = ed25519("other")
    enrolled.enrol(OTHER_DID, other)
    slots = enrolled.slot(), enrolled.slot(OTHER_DID)
    documents = (
        enrolled.certificate(slot=slots[0]),
        enrolled.certificate(slot=slots[1], did=OTHER_DID, signer=other),
    )
    items = [sealed_submission(*pair, tag=TAG) for pair in zip(documents, slots, strict=True)]
    assert [outcome.status for outcome in enrolled.submit(*items)] == ["logged", "logged"]


@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
def test_the_content_of_a_calibration_is_refused_in_clear_with_a_remedy(enrolled: RegistryWorld) -> None:
    slot = enrolled.slot()
    content = calibration_content(slot=slot, origin=enrolled.origin)
    document = enrolled.sign(content, SAMPLE_DID, certificate_challenge(slot), enrolled.issuer)
    outcome = enrolled.submit(as_submission(document, slot))[0]
    assert refusal(outcome) == "confidential-content"
    assert "issue with --content sealed or --content withheld" in str(outcome.problem)
    assert enrolled.submit(sealed_submission(document, slot))[0].status == "logged"
    assert refusal(enrolled.submit(as_submission(document, slot))[0]) == "confidential-content"


def test_a_document_in_clear_and_sealed_at_once_is_refused(
    enrolled: RegistryWorld, document: SecuredDocument, slot: Slot
) -> None:
    item = replace(sealed_submission(document, slot), document_bytes=document.to_bytes())
    with pytest.raises(InvalidInput, match="found both"):
        examine(item, origin=enrolled.origin, submitter=None)


@pytest.mark.parametrize("length", [0, SEALED_OVERHEAD, MAX_DOCUMENT_BYTES + SEALED_OVERHEAD + 1])
def test_sealed_content_of_an_impossible_length_is_refused(
    enrolled: RegistryWorld, document: SecuredDocument, slot: Slot, length: int
) -> None:
    item = replace(sealed_submission(document, slot), sealed=bytes(length))
    with pytest.raises(InvalidInput, match="expected sealed content of 29 to 262172 bytes"):
        examine(item, origin=enrolled.origin, submitter=None)


def test_a_tag_that_is_no_hash_is_refused(
    enrolled: RegistryWorld, document: SecuredDocument, slot: Slot
) -> None:
    item = replace(sealed_submission(document, slot), number_tag=b"short")
    with pytest.raises(InvalidInput, match="expected 32 bytes, found 5"):
        examine(item, origin=enrolled.origin, submitter=None)


def test_a_statement_carries_no_sealed_content(
    enrolled: RegistryWorld, document: SecuredDocument, slot: Slot
) -> None:
    enrolled.logged(sealed_submission(document, slot))
    item = replace(enrolled.status(document, StatusAction.SUSPEND), sealed=bytes(40))
    with pytest.raises(InvalidInput, match="send no document beside it"):
        examine(item, origin=enrolled.origin, submitter=None)


def test_evidence_of_sealed_content_holds_none_of_it(
    enrolled: RegistryWorld, document: SecuredDocument, slot: Slot
) -> None:
    enrolled.logged(sealed_submission(document, slot, tag=TAG))
    enrolled.publisher.seal_batch(0)
    evidence = enrolled.registry.evidence(document.document_hash)
    assert evidence.certificate is None
    assert str(document.content["certificateNumber"]).encode() not in evidence.to_bytes()
