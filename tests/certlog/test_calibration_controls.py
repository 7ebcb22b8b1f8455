"""Controls of the rules of calibration certificates: with a rule switched off, its test fails."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from certlog import calibration, calibration_results
from certlog.envelope import ClaimedScope
from certlog.errors import InvalidInput
from certlog.scopes import Scope
from tests.certlog import test_calibration
from tests.issuer import test_calibration as desk
from tests.support.controls import Control, nothing, require_noticed
from tests.verifier import test_calibration as verified
from verifier import check_trust

REFERENCE: Final = "conformityStatements/0/resultRefs/0"


def no_problem(_: object) -> Iterator[InvalidInput]:
    """A rule that finds nothing."""
    yield from ()


def any_topics(scope: Scope, claim: ClaimedScope) -> bool:
    """Forget whether topics are measurands or standards."""
    return (scope.kind, scope.authority) == (claim.kind, claim.authority)


def mistake(name: str) -> Callable[[], None]:
    """Return the test of one mistake in an issuing file."""
    return lambda: desk.test_each_mistake_is_found_at_its_member_and_nothing_else_is(*desk.MISTAKES[name])


def rule(change: dict[str, Any], place: str, code: str) -> Callable[[], None]:
    """Return the test of one rule."""
    return lambda: test_calibration.test_each_rule_refuses_at_its_member(change, place, code)


CONTROLS: Final[Mapping[str, Control]] = {
    "items need no number": Control(
        calibration,
        "_item_rules",
        no_problem,
        mistake("unidentified item"),
    ),
    "results are not looked at": Control(
        calibration,
        "check_results",
        no_problem,
        mistake("U of 3 digits"),
    ),
    "any number of digits in U": Control(
        calibration_results,
        "MAX_UNCERTAINTY_DIGITS",
        9,
        mistake("U of 3 digits"),
    ),
    "any text is a number": Control(
        calibration_results,
        "is_decimal",
        lambda _: True,
        rule({"results/0/rows/0/1": "20,05"}, "results/0/rows/0/1", "decimal"),
    ),
    "units are not read": Control(
        calibration,
        "check_unit",
        nothing,
        rule({"environment/0/unit": "\\celsius"}, "environment/0/unit", "unit"),
    ),
    "references are not followed": Control(
        calibration,
        "_reference_rules",
        no_problem,
        rule({REFERENCE: "r9"}, REFERENCE, "unknown-result"),
    ),
    "dates in any order": Control(
        calibration,
        "_date_rules",
        no_problem,
        rule({"performedFrom": "2026-11-19"}, "performedTo", "date-order"),
    ),
    "measurands and standards are one": Control(
        check_trust,
        "covers",
        any_topics,
        lambda: verified.test_an_accreditation_that_does_not_cover_its_measurands_is_not_trusted(
            replace(verified.ACCREDITED, measured=False)
        ),
    ),
}


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS.keys())
def test_a_defect_of_the_rules_is_noticed(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    require_noticed(control, monkeypatch)


def test_a_public_page_that_shows_everything_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    control = Control(
        test_calibration,
        "public_members",
        lambda content: content,
        test_calibration.test_the_public_members_of_a_calibration_hold_nothing_of_its_customer,
    )
    require_noticed(control, monkeypatch)
