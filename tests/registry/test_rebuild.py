"""Every view follows from the entries alone: derived again it is the same, and a changed row is named."""

from pathlib import Path

import pytest

from certlog.errors import Unavailable
from certlog.keys import PublicKey
from certlog.status import StatusAction
from certlog.trust import ChangeScope, CompromiseKey, RetireKey, TrustAction
from registry.last_signed_head import SigningHalted
from registry.rebuild import ViewsDiffer, check
from tests.support.certificates import SAMPLE_DID
from tests.support.possession import added_key
from tests.support.registry import OTHER_DID, RegistryWorld, as_submission
from tests.support.signing import ed25519


@pytest.fixture
def full(enrolled: RegistryWorld) -> RegistryWorld:
    """Return a registry in which everything that this version can log has happened."""
    world, thief = enrolled, ed25519("stolen key")
    world.enrol(OTHER_DID, ed25519("other"))
    world.logged(world.trust(added_key(thief.public_key)))
    world.publisher.start()
    slots = world.registry.reserve_slots(SAMPLE_DID, 6).slots
    documents = [world.certificate(slot=slot) for slot in slots]
    for number, (document, slot) in enumerate(zip(documents, slots, strict=True)):
        world.logged(as_submission(document, slot, publish=number % 2 == 0))
    first, second, third, fourth, *_ = documents
    world.logged(world.status(first, StatusAction.BIND_FILE))
    world.logged(world.status(first, StatusAction.SUSPEND))
    world.publisher.seal_batch(0)
    since = world.logged(world.status(second, StatusAction.WITHDRAW, signer=thief))
    world.logged(world.status(first, StatusAction.REINSTATE))
    world.logged(world.status(third, StatusAction.SUPERSEDE, replaced_by=fourth.document_hash))
    world.publisher.seal_batch(1)
    _compromise(world, thief.public_key, since)
    world.logged(world.trust(ChangeScope(TrustAction.SUSPEND_SCOPE, 2)))
    world.publisher.seal_batch(2)
    return world


def _compromise(world: RegistryWorld, key: PublicKey, since: int) -> None:
    world.logged(world.trust(RetireKey(key)))
    world.logged(world.trust(CompromiseKey(key, since)))


def _check(world: RegistryWorld, folder: Path) -> int:
    return check(world.registry.database, folder / "scratch.db", world.settings.operator, world.origin)


def test_replaying_the_entries_gives_the_same_views(full: RegistryWorld, tmp_path: Path) -> None:
    assert _check(full, tmp_path) == full.registry.size() > 20


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE certificates SET issuer = 'did:web:other.vn' WHERE leaf_index = 8", "table certificates"),
        ("UPDATE certificates SET slot = 77 WHERE leaf_index = 8", "table certificates"),
        ("DELETE FROM statements WHERE leaf_index = 14", "table statements"),
        ("UPDATE bit_changes SET value = 1 - value", "table bit_changes"),
        ("DELETE FROM bit_changes WHERE leaf_index = 15", "table bit_changes"),
        ("INSERT INTO bit_changes VALUES (0, 3, 9, 1)", "table bit_changes"),
        ("UPDATE issuer_records SET data = x'7B7D' WHERE leaf_index = 1", "table issuer_records"),
        ("UPDATE epochs SET time = time + 1 WHERE number = 1", "table epochs"),
        ("UPDATE status_leaves SET hash = zeroblob(32) WHERE leaf = 0 AND epoch = 1", "table status_leaves"),
        ("INSERT INTO nodes VALUES (9, 0, zeroblob(32))", "table nodes"),
    ],
)
def test_a_changed_view_is_named(full: RegistryWorld, tmp_path: Path, statement: str, message: str) -> None:
    full.place.damage(statement)
    with pytest.raises(ViewsDiffer, match=message):
        _check(full, tmp_path)


def test_a_changed_entry_is_named(full: RegistryWorld, tmp_path: Path) -> None:
    full.place.damage("UPDATE entries SET data = x'7B7D' WHERE leaf_index = 8")
    with pytest.raises(SigningHalted, match="entry 8: missing, or its bytes"):
        _check(full, tmp_path)


def test_stored_records_that_contradict_the_log_are_not_committed(full: RegistryWorld) -> None:
    full.place.damage("DELETE FROM issuer_records WHERE leaf_index = 5")
    with pytest.raises(Unavailable, match=r"stored issuer records have root .*, the log gives"):
        full.publisher.seal_batch(3)
