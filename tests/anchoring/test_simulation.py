"""A few lives of the real worker under everything at once (simulation.py), and each planted defect.

`make sim` runs thousands.
"""

import pytest

from tests.anchoring.planted import DEFECTS, ENOUGH
from tests.anchoring.sim_world import sim_database
from tests.anchoring.simulation import find, judge_lives
from tests.support.deep import tell

SAMPLE = 25
TWO_WORKERS = 60
WITHIN = 1_000


def test_no_life_loses_doubles_falsely_finishes_or_gets_stuck(capsys: pytest.CaptureFixture[str]) -> None:
    with sim_database() as database:
        tally = judge_lives(database, range(SAMPLE))
    tell(capsys, f"simulation: seeds 0 to {SAMPLE - 1}: {tally}")
    assert not tally.violations
    assert tally.counts["lives"] == SAMPLE
    assert tally.counts["batches"] > SAMPLE
    assert tally.counts["crashes"] > SAMPLE
    assert tally.counts["reorganisations"] > SAMPLE


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_found_within_a_thousand_lives(name: str) -> None:
    with sim_database() as database:
        assert find(database, DEFECTS[name], WITHIN) is not None


@pytest.mark.parametrize("name", ENOUGH)
def test_one_of_two_layers_is_enough_alone(name: str) -> None:
    with sim_database() as database:
        assert find(database, ENOUGH[name], TWO_WORKERS) is None
