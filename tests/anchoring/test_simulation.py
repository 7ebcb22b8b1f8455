"""Lives of the real worker under everything at once (simulation.py), and each planted defect, found within 1,000."""

import pytest

from tests.anchoring.planted import DEFECTS, ENOUGH
from tests.anchoring.sim_world import sim_database
from tests.anchoring.simulation import find, judge_lives
from tests.support.deep import cases, tell

SAMPLE = 25
CAMPAIGN = cases(5_000)
WITHIN = 1_000

_deep = (pytest.mark.deep, pytest.mark.timeout(3600))


@pytest.mark.parametrize("lives", [SAMPLE, pytest.param(CAMPAIGN, marks=_deep)], ids=["sample", "campaign"])
def test_no_life_loses_doubles_falsely_finishes_or_gets_stuck(
    lives: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with sim_database() as database:
        tally = judge_lives(database, range(lives))
    tell(capsys, f"simulation: seeds 0 to {lives - 1}: {tally}")
    assert not tally.violations
    assert tally.counts["lives"] == lives
    assert tally.counts["batches"] > lives
    assert tally.counts["crashes"] > lives
    assert tally.counts["reorganisations"] > lives


@pytest.mark.deep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_found_within_a_thousand_lives(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with sim_database() as database:
        found = find(database, DEFECTS[name], WITHIN)
    assert found is not None
    tell(capsys, f"planted: {name}: life {found[0]}: {found[1]}")


@pytest.mark.deep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", ENOUGH)
def test_one_of_two_layers_is_enough_alone(name: str) -> None:
    with sim_database() as database:
        assert find(database, ENOUGH[name], cases(200)) is None


def test_final_at_one_confirmation_is_found_in_the_sample() -> None:
    with sim_database() as database:
        assert find(database, DEFECTS["final at one confirmation"], SAMPLE) is not None
