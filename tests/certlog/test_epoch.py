"""Epochs: a closed document, written one way."""

from dataclasses import replace
from typing import Final

import pytest

from certlog.digests import RootHash
from certlog.epoch import Epoch
from certlog.errors import InvalidInput
from certlog.strict_json import JSONValue

EPOCH: Final = Epoch(
    number=3,
    time=1_795_316_400,
    as_of=17,
    status_lists=1,
    status_root=RootHash(bytes(32)),
    trust_records=2,
    trust_root=RootHash(bytes([1]) * 32),
)


def test_an_epoch_is_written_with_the_names_of_the_formats_page() -> None:
    assert EPOCH.to_json() == {
        "number": 3,
        "time": "2026-11-22T03:00:00Z",
        "asOf": 17,
        "statusLists": 1,
        "statusRoot": "A" * 43,
        "trustRecords": 2,
        "trustRoot": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
    }
    assert Epoch.from_json(EPOCH.to_json()) == EPOCH


@pytest.mark.parametrize("name", ["number", "asOf", "statusLists", "trustRecords"])
@pytest.mark.parametrize("value", [None, -1, True, "3", []])
def test_a_count_that_is_no_natural_number_is_refused(name: str, value: JSONValue) -> None:
    with pytest.raises(InvalidInput, match=f"^/e/{name}: expected an integer >= 0"):
        Epoch.from_json(EPOCH.to_json() | {name: value}, "/e")


@pytest.mark.parametrize(
    "value", ["2026-11-22T10:00:00+07:00", "2026-11-22T03:00:00+00:00", "2026-11-22", ""]
)
def test_a_time_that_is_not_written_in_utc_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match=r"^/e/time: expected YYYY-MM-DDTHH:MM:SSZ"):
        Epoch.from_json(EPOCH.to_json() | {"time": value}, "/e")


@pytest.mark.parametrize("name", ["statusRoot", "trustRoot"])
@pytest.mark.parametrize("value", ["", "A" * 42, "A" * 44, "A" * 42 + "B"])
def test_a_root_that_is_not_32_bytes_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=r"expected 32 bytes|base64url"):
        Epoch.from_json(EPOCH.to_json() | {name: value})


@pytest.mark.parametrize("name", EPOCH.to_json())
def test_each_member_is_required_and_no_other_is_allowed(name: str) -> None:
    without = {key: value for key, value in EPOCH.to_json().items() if key != name}
    with pytest.raises(InvalidInput, match=f"member '{name}' is missing"):
        Epoch.from_json(without)
    with pytest.raises(InvalidInput, match="unknown member 'x'"):
        Epoch.from_json(EPOCH.to_json() | {"x": 1})


def test_epochs_that_differ_anywhere_have_other_json() -> None:
    for other in (replace(EPOCH, number=4), replace(EPOCH, as_of=18), replace(EPOCH, trust_records=3)):
        assert other.to_json() != EPOCH.to_json()
