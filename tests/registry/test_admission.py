"""What may stand at the end of the log: who signs, for which slot, claiming what, following what."""

from dataclasses import replace

import pytest

from certlog.documents import certificate_challenge
from certlog.errors import InvalidInput, NotTrusted
from certlog.scopes import Names
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.trust import ChangeScope, Enrol, GrantScope, RetireKey, TrustAction
from registry import admission
from registry.append import Outcome
from registry.submission import Submission
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.possession import added_key, rotation_to
from tests.support.registry import OPERATOR_DID, OTHER_DID, SCOPE, RegistryWorld, as_submission
from tests.support.signing import ed25519


def _refused(world: RegistryWorld, item: Submission) -> tuple[type, str]:
    """Submit one item that must be refused and must leave no trace; return the error's class and code."""
    size = world.registry.size()
    outcome = world.submit(item)[0]
    assert (outcome.status, outcome.index, world.registry.size()) == ("refused", None, size)
    assert outcome.problem is not None
    return type(outcome.problem), outcome.problem.code


def test_a_body_that_is_not_enrolled_cannot_log(world: RegistryWorld) -> None:
    world.enrol(OTHER_DID, ed25519("other"))
    slot = world.slot(OTHER_DID)
    item = as_submission(world.certificate(slot=slot), slot)
    assert _refused(world, item) == (NotTrusted, "not-enrolled")


def test_a_key_counts_from_its_entry_until_it_is_retired(enrolled: RegistryWorld) -> None:
    new, slots = ed25519("new"), [enrolled.slot() for _ in range(3)]
    items = [as_submission(enrolled.certificate(slot=slot, signer=new), slot) for slot in slots]
    assert _refused(enrolled, items[0]) == (NotTrusted, "unknown-key")
    enrolled.logged(enrolled.trust(added_key(new.public_key)))
    assert enrolled.logged(items[0]) == 4
    enrolled.logged(enrolled.trust(RetireKey(new.public_key)))
    assert _refused(enrolled, items[1]) == (NotTrusted, "retired-key")


def test_a_slot_is_used_once_by_its_holder_and_in_time(enrolled: RegistryWorld) -> None:
    enrolled.enrol(OTHER_DID, ed25519("other"))
    slot, late, foreign = enrolled.slot(), enrolled.slot(), enrolled.slot(OTHER_DID)
    enrolled.logged(as_submission(enrolled.certificate(slot=slot), slot))
    for taken, refusal in (
        (slot, (InvalidInput, "slot-used")),
        (foreign, (NotTrusted, "slot-not-reserved")),
        (Slot(0, 99), (NotTrusted, "slot-not-reserved")),
        (Slot(3, 0), (NotTrusted, "slot-not-reserved")),
    ):
        item = as_submission(enrolled.certificate(slot=taken), taken)
        assert _refused(enrolled, item) == refusal
    item = as_submission(enrolled.certificate(slot=late), late)
    enrolled.clock.time += enrolled.settings.slot_lifetime
    assert _refused(enrolled, item) == (NotTrusted, "slot-expired")


def test_a_document_is_logged_once_whatever_its_signature(enrolled: RegistryWorld) -> None:
    slot = enrolled.slot()
    document = enrolled.certificate(slot=slot)
    enrolled.logged(as_submission(document, slot))
    enrolled.clock.time += 1
    again = enrolled.sign(document.content, SAMPLE_DID, certificate_challenge(slot), enrolled.issuer)
    assert again.document_hash == document.document_hash
    assert _refused(enrolled, as_submission(again, slot)) == (InvalidInput, "document-logged")


def test_a_number_and_version_is_logged_in_clear_once(enrolled: RegistryWorld) -> None:
    first, second = enrolled.slot(), enrolled.slot()
    enrolled.logged(as_submission(enrolled.certificate(slot=first, number="A-1"), first))
    other = as_submission(enrolled.certificate(slot=second, number="A-1"), second)
    assert _refused(enrolled, other) == (InvalidInput, "number-taken")
    enrolled.logged(Submission(other.entry_bytes))
    assert _refused(enrolled, other) == (InvalidInput, "number-taken")


def test_content_can_be_published_after_its_entry(enrolled: RegistryWorld) -> None:
    slot = enrolled.slot()
    document = enrolled.certificate(slot=slot)
    index = enrolled.logged(as_submission(document, slot, publish=False))
    assert enrolled.registry.document(document.document_hash) is None
    for _ in range(2):
        outcome = enrolled.submit(as_submission(document, slot))[0]
        assert (outcome.status, outcome.index) == ("exists", index)
    assert enrolled.registry.document(document.document_hash) == document.to_bytes()


def test_content_that_is_published_later_is_judged_by_the_scopes_at_its_own_entry(
    world: RegistryWorld,
) -> None:
    world.enrol(scope=None)
    early, late = world.slot(), world.slot()
    unentitled = world.certificate(slot=early)
    world.logged(as_submission(unentitled, early, publish=False))
    grant = world.logged(world.trust(GrantScope(SCOPE)))
    entitled = world.certificate(slot=late)
    index = world.logged(as_submission(entitled, late, publish=False))
    world.logged(world.trust(ChangeScope(TrustAction.WITHDRAW_SCOPE, grant)))

    assert _refused(world, as_submission(unentitled, early)) == (NotTrusted, "scope-not-in-force")
    outcome = world.submit(as_submission(entitled, late))[0]
    assert (outcome.status, outcome.index) == ("exists", index)


def test_a_claimed_scope_must_be_granted_before_and_stand(world: RegistryWorld) -> None:
    world.enrol(scope=None)
    slots = [world.slot() for _ in range(4)]
    items = [as_submission(world.certificate(slot=slot), slot) for slot in slots]
    assert _refused(world, items[0]) == (NotTrusted, "scope-not-in-force")
    grant = world.logged(world.trust(GrantScope(SCOPE)))
    world.logged(items[0])
    world.logged(world.trust(ChangeScope(TrustAction.SUSPEND_SCOPE, grant)))
    assert _refused(world, items[1]) == (NotTrusted, "scope-not-in-force")
    world.logged(world.trust(ChangeScope(TrustAction.REINSTATE_SCOPE, grant)))
    world.logged(items[1])
    world.logged(world.trust(ChangeScope(TrustAction.WITHDRAW_SCOPE, grant)))
    assert _refused(world, items[2]) == (NotTrusted, "scope-not-in-force")


@pytest.mark.parametrize(
    "scope",
    [
        replace(SCOPE, topics=("QCVN 9:2012/BKHCN",)),
        replace(SCOPE, authority="Bộ Khác"),
        replace(SCOPE, kind="accreditation"),
        replace(SCOPE, measured=True),
        replace(SCOPE, valid_from="2026-11-21"),
        replace(SCOPE, valid_until="2026-11-19"),
    ],
    ids=["standard", "authority", "kind", "measurand", "too-early", "too-late"],
)
def test_another_scope_does_not_cover_the_claim(world: RegistryWorld, scope: object) -> None:
    world.enrol(scope=scope)  # type: ignore[arg-type]  # dataclasses.replace keeps the type
    slot = world.slot()
    item = as_submission(world.certificate(slot=slot), slot)
    assert _refused(world, item) == (NotTrusted, "scope-not-in-force")


def test_a_withheld_certificate_is_logged_without_looking_at_its_claims(world: RegistryWorld) -> None:
    world.enrol(scope=None)
    slot = world.slot()
    item = as_submission(world.certificate(slot=slot), slot, publish=False)
    assert world.submit(item)[0].status == "logged"


def test_only_the_operator_makes_trust_statements(enrolled: RegistryWorld) -> None:
    change = Enrol(Names("Phòng thử nghiệm Mẫu"), "0100000009")
    forged = enrolled.trust(change, OTHER_DID, ed25519("thief"))
    assert _refused(enrolled, forged) == (NotTrusted, "not-operator")
    assert enrolled.logged(enrolled.trust(change, OTHER_DID)) == 3


def test_a_trust_statement_follows_the_last_one_about_its_subject(enrolled: RegistryWorld) -> None:
    key, other = ed25519("second").public_key, ed25519("third").public_key
    first, second = enrolled.trust(added_key(key)), enrolled.trust(added_key(other))
    enrolled.logged(first)
    assert _refused(enrolled, second) == (InvalidInput, "wrong-previous")


def test_after_a_rotation_only_the_new_operator_key_counts(world: RegistryWorld) -> None:
    new = ed25519("new operator")
    rotation = rotation_to(world.operator.public_key, new.public_key, OPERATOR_DID)
    world.logged(world.trust(rotation, OPERATOR_DID))
    enrol = Enrol(Names("Trung tâm Chứng nhận Mẫu"), "0109999999")
    assert _refused(world, world.trust(enrol)) == (NotTrusted, "not-operator")
    world.logged(world.trust(enrol, signer=new))


def test_status_statements_have_an_effect_each_or_are_refused(enrolled: RegistryWorld) -> None:
    slot = enrolled.slot()
    document = enrolled.certificate(slot=slot)
    suspend, reinstate, withdraw = (
        StatusAction.SUSPEND, StatusAction.REINSTATE, StatusAction.WITHDRAW,
    )  # fmt: skip
    assert _refused(enrolled, enrolled.status(document, suspend)) == (InvalidInput, "unknown-certificate")
    enrolled.logged(as_submission(document, slot))
    assert _refused(enrolled, enrolled.status(document, reinstate)) == (InvalidInput, "no-effect")
    enrolled.logged(enrolled.status(document, suspend))
    assert _refused(enrolled, enrolled.status(document, suspend)) == (InvalidInput, "no-effect")
    enrolled.logged(enrolled.status(document, reinstate))
    enrolled.logged(enrolled.status(document, StatusAction.BIND_FILE))
    enrolled.logged(enrolled.status(document, withdraw))
    for action in (suspend, reinstate, withdraw, StatusAction.CANCEL, StatusAction.BIND_FILE):
        assert _refused(enrolled, enrolled.status(document, action)) == (InvalidInput, "already-revoked")


def test_a_status_statement_is_its_issuers_own_and_follows_the_last(enrolled: RegistryWorld) -> None:
    enrolled.enrol(OTHER_DID, ed25519("other"))
    slot = enrolled.slot()
    document = enrolled.certificate(slot=slot)
    enrolled.logged(as_submission(document, slot))
    foreign = enrolled.status(document, StatusAction.WITHDRAW, did=OTHER_DID, signer=ed25519("other"))
    assert _refused(enrolled, foreign) == (NotTrusted, "not-its-issuer")
    stolen = enrolled.status(document, StatusAction.WITHDRAW, signer=ed25519("other"))
    assert _refused(enrolled, stolen) == (NotTrusted, "unknown-key")
    early = enrolled.status(document, StatusAction.WITHDRAW, effective=enrolled.clock() + 301)
    assert _refused(enrolled, early) == (InvalidInput, "effective-in-future")
    late = enrolled.status(document, StatusAction.SUSPEND)
    # Clocks differ: five minutes ahead is not yet the future.
    enrolled.logged(enrolled.status(document, StatusAction.BIND_FILE, effective=enrolled.clock() + 300))
    assert _refused(enrolled, late) == (InvalidInput, "wrong-previous")


def test_superseding_needs_a_replacement_logged_by_the_same_issuer(enrolled: RegistryWorld) -> None:
    other = ed25519("other")
    enrolled.enrol(OTHER_DID, other)
    slots = [enrolled.slot(), enrolled.slot()]
    old, new = (enrolled.certificate(slot=slot) for slot in slots)
    enrolled.logged(as_submission(old, slots[0]))
    foreign_slot = enrolled.slot(OTHER_DID)
    foreign = enrolled.certificate(slot=foreign_slot, did=OTHER_DID, signer=other)
    enrolled.logged(as_submission(foreign, foreign_slot))
    for replacement in (new, foreign):
        item = enrolled.status(old, StatusAction.SUPERSEDE, replaced_by=replacement.document_hash)
        assert _refused(enrolled, item) == (InvalidInput, "no-replacement")
    with pytest.raises(InvalidInput, match="cannot replace itself"):
        enrolled.status(old, StatusAction.SUPERSEDE, replaced_by=old.document_hash)
    enrolled.logged(as_submission(new, slots[1]))
    enrolled.logged(enrolled.status(old, StatusAction.SUPERSEDE, replaced_by=new.document_hash))
    view = enrolled.registry.certificate(old.document_hash)
    assert view is not None
    assert (view.status.revoked, view.status.replaced_by) == (True, new.document_hash)


def test_every_refusal_says_what_to_do(enrolled: RegistryWorld) -> None:
    content = conformity_content(slot=Slot(0, 9), origin=enrolled.origin)
    document = enrolled.sign(content, SAMPLE_DID, certificate_challenge(Slot(0, 9)), enrolled.issuer)
    outcome: Outcome = enrolled.submit(as_submission(document, Slot(0, 9)))[0]
    assert str(outcome.problem) == (
        "slot [0, 9] is not reserved for did:web:mau.example.vn; reserve slots and sign again"
    )


def test_a_certificate_has_no_more_statements_than_its_evidence_can_carry(
    enrolled: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MAX_STATEMENTS", 3)
    slot = enrolled.slot()
    document = enrolled.certificate(slot=slot)
    enrolled.logged(as_submission(document, slot))
    for action in (StatusAction.BIND_FILE, StatusAction.SUSPEND, StatusAction.REINSTATE):
        enrolled.logged(enrolled.status(document, action))
    too_many = (InvalidInput, "too-many-statements")
    assert _refused(enrolled, enrolled.status(document, StatusAction.BIND_FILE)) == too_many
    # What warns of a certificate is never refused for that reason.
    enrolled.logged(enrolled.status(document, StatusAction.SUSPEND))
    assert _refused(enrolled, enrolled.status(document, StatusAction.REINSTATE)) == too_many
    enrolled.logged(enrolled.status(document, StatusAction.WITHDRAW))
