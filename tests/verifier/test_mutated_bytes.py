"""Evidence files that were changed by a byte, cut, or given a member: never valid with other content."""

import json
import random
from typing import Final

import pytest

from certlog.canonical import canonicalize
from certlog.errors import InvalidInput
from certlog.evidence import Evidence
from certlog.strict_json import JSONObject, JSONValue, parse_object
from tests.verifier.world import Case, ask, honest_case
from verifier.report import Verdict

SAMPLES: Final = 1200
CASE: Final = honest_case()
DATA: Final = CASE.evidence.to_bytes()

# Where a changed byte may leave the answer as it was: pointers say where to look, and prove nothing.
POINTERS: Final = ("txHash", "blockNumber")


def is_valid_with_other_content(case: Case, data: bytes) -> bool:
    try:
        evidence = Evidence.parse(data)
    except InvalidInput:
        return False
    report = ask(case, evidence=evidence)
    return report.verdict is Verdict.VALID and without_pointers(evidence) != without_pointers(case.evidence)


def without_pointers(evidence: Evidence) -> bytes:
    obj = evidence.to_json()
    heads = obj["heads"]
    assert isinstance(heads, list)
    for head in heads:
        assert isinstance(head, dict)
        anchors = head.get("anchors", [])
        assert isinstance(anchors, list)
        for anchor in anchors:
            assert isinstance(anchor, dict)
            for name in POINTERS:
                del anchor[name]
    return canonicalize(obj)


def test_no_single_changed_byte_gives_a_valid_certificate_with_other_content() -> None:
    chance = random.Random(20261122)
    for _ in range(SAMPLES):
        position, bit = chance.randrange(len(DATA)), 1 << chance.randrange(8)
        changed = bytearray(DATA)
        changed[position] ^= bit
        assert not is_valid_with_other_content(CASE, bytes(changed)), f"byte {position}, bit {bit}"


def test_no_replaced_character_gives_a_valid_certificate_with_other_content() -> None:
    chance = random.Random(20261123)
    letters = b'ABCabcxyz0123456789-_"{}[],:'
    for _ in range(SAMPLES):
        position = chance.randrange(len(DATA))
        changed = bytearray(DATA)
        changed[position] = chance.choice(letters)
        assert not is_valid_with_other_content(CASE, bytes(changed)), f"byte {position}"


def test_the_sampled_predicate_can_fail() -> None:
    fresher = honest_case().world
    fresher.close_epoch()
    size = fresher.size
    fresher.anchor(size, block_time=CASE.world.anchored[CASE.sizes[-1]].block_time, block_number=300)
    other = fresher.evidence(CASE.document, CASE.index, (size,))
    case = Case(fresher, CASE.document, CASE.index, (size,), CASE.evidence, fresher.view(size))
    assert is_valid_with_other_content(case, other.to_bytes())


def test_cut_files_are_refused() -> None:
    for length in range(0, len(DATA), 97):
        with pytest.raises(InvalidInput):
            Evidence.parse(DATA[:length])


def _places(value: JSONValue, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    match value:
        case dict():
            return [place, *(p for name, member in value.items() for p in _places(member, (*place, name)))]
        case list():
            return [p for i, item in enumerate(value) for p in _places(item, (*place, i))]
        case _:
            return []


def _at(obj: JSONObject, place: tuple[str | int, ...]) -> JSONObject:
    found: JSONValue = obj
    for step in place:
        found = found[step]  # type: ignore[index]
    assert isinstance(found, dict)
    return found


def test_an_unknown_member_anywhere_is_refused_or_never_valid() -> None:
    original = parse_object(DATA, max_bytes=len(DATA))
    places = _places(original)
    assert len(places) > 30
    for place in places:
        changed = json.loads(DATA)
        _at(changed, place)["extra"] = "x"
        assert not is_valid_with_other_content(CASE, canonicalize(changed)), place


def test_a_missing_member_anywhere_is_refused_or_never_valid() -> None:
    original = parse_object(DATA, max_bytes=len(DATA))
    for place in _places(original):
        for name in list(_at(original, place)):
            changed = json.loads(DATA)
            del _at(changed, place)[name]
            if name not in {"anchors", "certificate"}:
                assert not is_valid_with_other_content(CASE, canonicalize(changed)), (*place, name)


def test_shortened_paths_anywhere_are_never_valid() -> None:
    original = parse_object(DATA, max_bytes=len(DATA))
    for place in _places(original):
        path = _at(original, place).get("path")
        if isinstance(path, list) and path:
            changed = json.loads(DATA)
            _at(changed, place)["path"] = path[:-1]
            assert ask(CASE, evidence=Evidence.parse(canonicalize(changed))).verdict is not Verdict.VALID, (
                place
            )
