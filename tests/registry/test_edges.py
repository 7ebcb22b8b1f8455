"""Single lines of the registry that no other case leans on: each test was written for a defect that went unnoticed."""

from pathlib import Path

import pytest

from certlog.errors import NotTrusted
from certlog.slots import Slot
from certlog.trust import ChangeScope, GrantScope, TrustAction
from registry.last_signed_head import SigningHalted
from tests.support.certificates import SAMPLE_DID
from tests.support.registry import SCOPE, RegistryWorld, as_submission, make_world


def refused_as(world: RegistryWorld, item: object) -> str:
    outcome = world.submit(item)[0]  # type: ignore[arg-type]
    assert outcome.status == "refused"
    assert isinstance(outcome.problem, NotTrusted)
    return outcome.problem.code


def test_a_slot_after_the_last_reserved_one_belongs_to_nobody(enrolled: RegistryWorld) -> None:
    last = enrolled.slot()
    beyond = Slot(last.list, last.index + 1)
    item = as_submission(enrolled.certificate(slot=beyond), beyond)
    assert refused_as(enrolled, item) == "slot-not-reserved"


def test_a_slot_no_longer_counts_in_the_second_in_which_it_expires(tmp_path: Path) -> None:
    world = make_world(tmp_path / "small", max_unused_slots=2)
    world.enrol()
    expires = world.registry.reserve_slots(SAMPLE_DID, 2).expires_at
    world.clock.time = expires - 1
    with pytest.raises(NotTrusted, match="holds 2 unused slots and may hold 2"):
        world.registry.reserve_slots(SAMPLE_DID, 1)
    world.clock.time = expires
    assert len(world.registry.reserve_slots(SAMPLE_DID, 2).slots) == 2
    world.close()


def test_content_published_later_must_have_had_its_scope_when_it_was_logged(world: RegistryWorld) -> None:
    world.enrol(scope=None)
    early, late = world.slot(), world.slot()
    before, after = (world.certificate(slot=slot) for slot in (early, late))
    world.logged(as_submission(before, early, publish=False))
    assert refused_as(world, as_submission(before, early)) == "scope-not-in-force"
    grant = world.logged(world.trust(GrantScope(SCOPE)))
    assert refused_as(world, as_submission(before, early)) == "scope-not-in-force"
    assert world.registry.document(before.document_hash) is None
    world.logged(as_submission(after, late, publish=False))
    world.logged(world.trust(ChangeScope(TrustAction.WITHDRAW_SCOPE, grant)))
    assert world.submit(as_submission(after, late))[0].status == "exists"
    assert world.registry.document(after.document_hash) == after.to_bytes()


def test_an_older_batch_is_still_answered_after_a_newer_one(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    first, second = enrolled.publisher.seal_batch(0), enrolled.publisher.seal_batch(1)
    assert first.size < second.size
    assert enrolled.publisher.seal_batch(0) == first


def test_a_size_below_the_last_signed_one_is_never_signed(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    signed = enrolled.publisher.latest_size()
    assert signed > 1
    with pytest.raises(SigningHalted, match=f"size {signed} is signed already, so size 1 cannot be signed"):
        enrolled.publisher._signer.sign(1)
