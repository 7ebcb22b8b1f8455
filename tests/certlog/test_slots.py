"""Slots: two bounded integers and nothing else."""

import pytest

from certlog.errors import InvalidInput
from certlog.slots import LIST_SIZE, MAX_LIST, Slot
from certlog.strict_json import JSONValue


@pytest.mark.parametrize("value", [[0, 0], [0, LIST_SIZE - 1], [MAX_LIST, 5]])
def test_a_slot_within_its_bounds_is_read_and_written_alike(value: list[JSONValue]) -> None:
    assert Slot.from_json(value).to_json() == value


@pytest.mark.parametrize("value", [[0, LIST_SIZE], [0, -1], [-1, 0], [MAX_LIST + 1, 0]])
def test_a_slot_outside_its_bounds_is_refused(value: list[JSONValue]) -> None:
    with pytest.raises(InvalidInput, match=r"^/slot: no slot"):
        Slot.from_json(value, "/slot")


@pytest.mark.parametrize(
    "value",
    [None, "0/0", 0, [], [0], [0, 0, 0], [True, 0], [0, False], ["0", 0], [None, 0], {"list": 0, "index": 0}],
)
def test_a_slot_of_another_form_is_refused(value: JSONValue) -> None:
    with pytest.raises(InvalidInput, match=r"^/slot: expected a slot \[list, index\]$"):
        Slot.from_json(value, "/slot")


def test_slots_are_ordered_by_list_then_index() -> None:
    assert sorted([Slot(1, 0), Slot(0, 9), Slot(0, 2)]) == [Slot(0, 2), Slot(0, 9), Slot(1, 0)]
