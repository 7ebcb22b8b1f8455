"""COSE receipts after the log key was rotated: each is by the key that signed its head, and by no other."""

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from certlog.checkpoint import read_checkpoint
from certlog.cose_receipt import verify_consistency_receipt, verify_inclusion_receipt
from certlog.credential import slot_of
from certlog.errors import InvalidInput, Unavailable
from certlog.keys import KeyType, PublicKey
from certlog.note import VerifierKey
from certlog.tree import leaf_hash
from registry import receipts
from registry.keys import LogSigner, load_key
from registry.log_key_rotation import LogKeyRotation
from registry.opening import open_publisher, open_rotation
from registry.receipts import Receipts
from tests.support.controls import Control, require_failure
from tests.support.registry import RegistryWorld, as_submission


@pytest.fixture
def rotation(enrolled: RegistryWorld) -> Iterator[LogKeyRotation]:
    opened = open_rotation(enrolled.folder, replace(enrolled.surroundings, random_bytes=os.urandom))
    yield opened
    opened.database.close()


def maker(world: RegistryWorld) -> Receipts:
    key = LogSigner(world.origin, load_key(world.folder.log_key))
    return Receipts(world.registry.database, world.registry.tiles, key)


def public(vkey: VerifierKey) -> PublicKey:
    return PublicKey(KeyType.ED25519, vkey.raw)


def grow(world: RegistryWorld) -> None:
    world.publisher.database.close()
    world.publisher = open_publisher(world.folder, world.surroundings)
    world.clock.time += 3600
    world.publisher.tick()


def require_waiting(world: RegistryWorld) -> None:
    """The new key has signed nothing yet, and makes no receipt of what another signed."""
    made: list[bytes] = []
    with pytest.raises(Unavailable, match="before the rotation"):
        made.append(maker(world).of_entry(1))
    with pytest.raises(Unavailable, match="before the rotation"):
        made.append(maker(world).of_growth(2))
    assert made == []


def test_a_receipt_is_by_the_key_that_signed_its_head(
    enrolled: RegistryWorld, rotation: LogKeyRotation, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled.publisher.start()
    document = enrolled.certificate()
    index = enrolled.logged(as_submission(document, slot_of(document.content)))
    enrolled.clock.time += 120
    enrolled.publisher.tick()
    entry = enrolled.registry.entry(index)
    assert entry is not None
    leaf, old = leaf_hash(entry.data), read_checkpoint(enrolled.registry.checkpoint())
    before = maker(enrolled).of_entry(index)
    first, second = (key.vkey for key in rotation.rotate())
    require_waiting(enrolled)
    newest_key = Control(
        receipts, "key_at", lambda keys, _size: keys[-1].vkey, lambda: require_waiting(enrolled)
    )
    require_failure(newest_key, monkeypatch)
    grow(enrolled)
    new = read_checkpoint(enrolled.registry.checkpoint())
    after, growth = maker(enrolled).of_entry(index), maker(enrolled).of_growth(old.size)
    assert verify_inclusion_receipt(before, leaf, public(first)).size == old.size
    assert verify_inclusion_receipt(after, leaf, public(second)).size == new.size
    verify_consistency_receipt(growth, old.root, new.root, public(second))
    for receipt, key in ((before, second), (after, first)):
        with pytest.raises(InvalidInput):
            verify_inclusion_receipt(receipt, leaf, public(key))
