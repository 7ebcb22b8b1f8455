"""Scopes, their sources, and names: closed forms."""

from dataclasses import replace
from typing import Final

import pytest

from certlog.errors import InvalidInput
from certlog.scopes import MAX_ITEMS, DelegatedScope, Names, Scope, Source
from certlog.strict_json import JSONObject, JSONValue
from tests.support.small_log import DESIGNATION

LABORATORY: Final = Scope(
    kind="accreditation",
    topics=("mass", "temperature"),
    measured=True,
    authority="BoA",
    source=Source("authority"),
    valid_from="2026-01-01",
)


@pytest.mark.parametrize("scope", [DESIGNATION, LABORATORY])
def test_a_scope_is_read_and_written_alike(scope: Scope) -> None:
    assert Scope.from_json(scope.to_json()) == scope


def test_a_scope_of_a_body_lists_standards_and_one_of_a_laboratory_measurands() -> None:
    assert DESIGNATION.to_json()["standards"] == ["QCVN 4:2009/BKHCN"]
    assert LABORATORY.to_json()["measurands"] == ["mass", "temperature"]
    assert LABORATORY.to_json()["dates"] == {"from": "2026-01-01"}
    with pytest.raises(InvalidInput, match="unknown member 'standards'"):
        Scope.from_json(LABORATORY.to_json() | {"standards": ["a"]})


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"kind": "licence"}, "^/s/kind: expected 'designation' or 'accreditation'$"),
        ({"standards": []}, "^/s/standards: expected different strings, 1 to 200 of them$"),
        ({"standards": ["a", "a"]}, "^/s/standards: expected different strings"),
        ({"standards": ["a", 1]}, "^/s/standards: expected different strings"),
        ({"standards": "a"}, "^/s/standards: expected an array, found a string$"),
        ({"authority": None}, "^/s/authority: expected a string"),
        ({"dates": {}}, "^/s/dates: member 'from' is missing$"),
        ({"dates": {"from": "2026"}}, "^/s/dates/from: expected a date YYYY-MM-DD"),
        (
            {"dates": {"from": "2026-01-01", "until": "2026-02-30"}},
            "^/s/dates/until: expected a date that exists",
        ),
        ({"dates": {"from": "2026-01-01", "until": None}}, "^/s/dates/until: expected a string"),
        ({"dates": {"from": "2026-01-01", "to": "2027-01-01"}}, "unknown member 'to'"),
        ({"grant": 5}, "unknown member 'grant'"),
    ],
)
def test_a_scope_outside_the_closed_form_is_refused(members: JSONObject, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        Scope.from_json(DESIGNATION.to_json() | members, "/s")


def test_a_scope_lists_at_most_200_topics() -> None:
    topics = tuple(f"TCVN {number}" for number in range(MAX_ITEMS))
    assert Scope.from_json(replace(DESIGNATION, topics=topics).to_json()).topics == topics
    with pytest.raises(InvalidInput, match="1 to 200 of them"):
        Scope.from_json(replace(DESIGNATION, topics=(*topics, "one more")).to_json())


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"by": "operator"}, "member 'date' is missing"),
        ({"by": "operator", "url": "https://a.vn", "date": "2026"}, "^/date: expected a date"),
        ({"by": "operator", "url": "https://a.vn", "date": "2026-01-01", "x": 1}, "unknown member 'x'"),
        ({"by": "authority", "url": "https://a.vn"}, "unknown member 'url'"),
        (
            {"by": "someone", "url": "https://a.vn", "date": "2026-01-01"},
            "^/by: expected 'authority' or 'operator'$",
        ),
        ({"by": "operator", "url": None, "date": "2026-01-01"}, "^/url: expected a string"),
        ("authority", "expected an object, found a string"),
    ],
)
def test_a_source_outside_the_closed_form_is_refused(value: JSONValue, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        Source.from_json(value)


@pytest.mark.parametrize("names", [Names("Tên"), Names("Tên", "Name")])
def test_names_are_read_and_written_alike(names: Names) -> None:
    assert Names.from_json(names.to_json()) == names


@pytest.mark.parametrize(
    "value", [{}, {"en": "Name"}, {"vi": 1}, {"vi": "a", "fr": "b"}, {"vi": "a", "en": None}, "a"]
)
def test_names_of_another_form_are_refused(value: JSONValue) -> None:
    with pytest.raises(InvalidInput, match=r"is missing|expected a string|unknown member|expected an object"):
        Names.from_json(value)


def test_a_delegated_scope_is_a_kind_and_an_authority() -> None:
    scope = DelegatedScope("designation", "Ủy ban")
    assert DelegatedScope.from_json(scope.to_json()) == scope
    with pytest.raises(InvalidInput, match="unknown member 'standards'"):
        DelegatedScope.from_json(scope.to_json() | {"standards": []})
