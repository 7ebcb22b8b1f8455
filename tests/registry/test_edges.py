"""Single lines of the registry that no other case leans on: each test was written for a defect that went unnoticed."""

from pathlib import Path

import pytest

from certlog.digests import DocumentHash, RootHash
from certlog.documents import STATUS_CHALLENGE
from certlog.entry import StatementEntry
from certlog.errors import InvalidInput, NotTrusted, SignatureMismatch, Unavailable
from certlog.note import NoteSigner
from certlog.slots import Slot
from certlog.status import StatusAction, StatusStatement
from certlog.timestamps import format_time
from certlog.trust import ChangeScope, GrantScope, TrustAction
from registry.last_signed_head import LastSignedHeadFile, SignedHead, SigningHalted
from registry.log_state import DatabaseState
from registry.submission import Submission
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN
from tests.support.registry import OTHER_DID, SCOPE, RegistryWorld, as_submission, make_world
from tests.support.signing import ed25519


def refused_as(world: RegistryWorld, item: Submission) -> str:
    outcome = world.submit(item)[0]
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


def test_another_bodys_statement_in_its_own_name_changes_no_certificate(enrolled: RegistryWorld) -> None:
    other, slot = ed25519("other"), enrolled.slot()
    enrolled.enrol(OTHER_DID, other)
    document = enrolled.certificate(slot=slot)
    enrolled.logged(as_submission(document, slot))
    statement = StatusStatement(
        document.document_hash,
        OTHER_DID,
        StatusAction.WITHDRAW,
        format_time(enrolled.clock()),
        None,
        reason="nonconformity",
    )
    signed = enrolled.sign(statement.to_json(), OTHER_DID, STATUS_CHALLENGE, other)
    item = Submission(StatementEntry("status", signed).to_bytes())
    assert refused_as(enrolled, item) == "not-its-issuer"
    view = enrolled.registry.certificate(document.document_hash)
    assert view is not None
    assert not view.status.revoked


def test_another_bodys_unused_slots_do_not_count(tmp_path: Path) -> None:
    world = make_world(tmp_path / "small", max_unused_slots=2)
    world.enrol()
    world.enrol(OTHER_DID, ed25519("other"))
    world.registry.reserve_slots(OTHER_DID, 2)
    assert len(world.registry.reserve_slots(SAMPLE_DID, 2).slots) == 2
    world.close()


def test_a_certificate_whose_id_another_has_is_refused(
    enrolled: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = enrolled.slot()
    item = as_submission(enrolled.certificate(slot=slot), slot)
    # 95 bits do not collide in a test: the state is made to say that they did.
    taken = DocumentHash(bytes(32))
    monkeypatch.setattr(DatabaseState, "certificate_with_id", lambda _self, _identifier: taken)
    (outcome,) = enrolled.submit(item)
    assert isinstance(outcome.problem, InvalidInput)
    assert outcome.problem.code == "id-taken"


def test_no_batch_has_a_number_below_zero(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    with pytest.raises(InvalidInput, match="batch -1 cannot be sealed"):
        enrolled.publisher.seal_batch(-1)


def test_a_swap_from_another_root_of_the_same_size_is_refused(tmp_path: Path) -> None:
    file = LastSignedHeadFile(tmp_path / "last-signed-head.json", SAMPLE_ORIGIN)
    file.create(SignedHead(1, RootHash(b"\x01" * 32)))
    with file.locked(), pytest.raises(SigningHalted, match="expected size 1 0202"):
        file.swap(SignedHead(1, RootHash(b"\x02" * 32)), SignedHead(2, RootHash(b"\x03" * 32)))
    assert file.read().size == 1


class BrokenKey:
    """A signer whose device answers, and signs wrongly."""

    def __init__(self, true: NoteSigner) -> None:
        self.verifier_key = true.verifier_key

    def sign(self, message: bytes) -> bytes:
        """Return 64 bytes that are no signature of the message."""
        return bytes(64 if message else 0)


def test_a_head_that_the_key_signed_wrongly_is_not_published(
    enrolled: RegistryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = enrolled.publisher._signer
    monkeypatch.setattr(signer, "_signer", BrokenKey(signer._signer))
    with pytest.raises(SignatureMismatch):
        enrolled.publisher.start()
    with pytest.raises(Unavailable):
        enrolled.registry.checkpoint()
