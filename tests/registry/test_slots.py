"""Slots are handed out in order, once, to one issuer, and unused ones expire."""

import threading
from contextlib import closing
from pathlib import Path

import pytest

from certlog.errors import InvalidInput, NotTrusted
from certlog.slots import LIST_SIZE, Slot
from registry.slots import position_of, slot_at
from tests.support.certificates import SAMPLE_DID
from tests.support.registry import OTHER_DID, RegistryWorld, as_submission, make_world
from tests.support.signing import ed25519


def test_slots_come_in_order_across_issuers(enrolled: RegistryWorld) -> None:
    enrolled.enrol(OTHER_DID, ed25519("other"))
    first = enrolled.registry.reserve_slots(SAMPLE_DID, 3)
    second = enrolled.registry.reserve_slots(OTHER_DID, 2)
    assert first.slots == (Slot(0, 0), Slot(0, 1), Slot(0, 2))
    assert second.slots == (Slot(0, 3), Slot(0, 4))
    assert first.expires_at == enrolled.clock() + enrolled.settings.slot_lifetime


def test_a_position_in_the_row_of_all_lists_names_one_slot() -> None:
    assert slot_at(LIST_SIZE - 1) == Slot(0, LIST_SIZE - 1)
    assert slot_at(LIST_SIZE) == Slot(1, 0)
    assert position_of(Slot(2, 5)) == 2 * LIST_SIZE + 5


def test_slots_that_threads_reserve_at_once_are_all_different(enrolled: RegistryWorld) -> None:
    found: list[Slot] = []

    def reserve() -> None:
        for _ in range(10):
            found.extend(enrolled.registry.reserve_slots(SAMPLE_DID, 7).slots)

    threads = [threading.Thread(target=reserve) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(position_of(slot) for slot in found) == list(range(420))


def test_only_an_enrolled_body_gets_slots(world: RegistryWorld) -> None:
    with pytest.raises(NotTrusted, match="is not enrolled"):
        world.registry.reserve_slots(SAMPLE_DID, 1)


@pytest.mark.parametrize("count", [0, -1, 1001])
def test_a_wrong_number_of_slots_is_refused(enrolled: RegistryWorld, count: int) -> None:
    with pytest.raises(InvalidInput, match="reserve 1 to 1000 slots at a time"):
        enrolled.registry.reserve_slots(SAMPLE_DID, count)


def test_an_issuer_holds_a_limited_number_of_unused_slots(tmp_path: Path) -> None:
    with closing(make_world(tmp_path, max_unused_slots=5)) as world:
        world.enrol()
        slots = world.registry.reserve_slots(SAMPLE_DID, 5).slots
        with pytest.raises(NotTrusted, match="holds 5 unused slots and may hold 5"):
            world.registry.reserve_slots(SAMPLE_DID, 1)
        world.logged(as_submission(world.certificate(slot=slots[3]), slots[3]))
        assert len(world.registry.reserve_slots(SAMPLE_DID, 1).slots) == 1


def test_expired_slots_no_longer_count_and_are_not_handed_out_again(enrolled: RegistryWorld) -> None:
    enrolled.registry.reserve_slots(SAMPLE_DID, 1000)
    enrolled.clock.time += enrolled.settings.slot_lifetime
    assert enrolled.registry.reserve_slots(SAMPLE_DID, 1).slots == (Slot(0, 1000),)
