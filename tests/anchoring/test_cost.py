"""`certlog anchor dry-run`: gas from the real contract, coin and money by exact arithmetic; nothing is left behind."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from anchoring.batch import Fees
from anchoring.cost import cost_lines, estimate
from anchoring.line import Policy
from anchoring.local_node import LocalNode
from certlog.errors import InvalidInput
from cli.anchor_dry_run import dry_run
from tests.anchoring.anchored import Anchored, anchored_registry

GWEI = 10**9


@pytest.fixture
def anchored(
    tmp_path: Path, anvil_node: LocalNode, anvil_contract: str, request: pytest.FixtureRequest
) -> Iterator[Anchored]:
    """Return a registry with two anchored batches."""
    with anchored_registry(tmp_path / "data", anvil_node, anvil_contract, request.node.originalname) as made:
        yield made


def run(anchored: Anchored, *options: str) -> str:
    arguments = ["--data", str(anchored.folder.path), *options]
    result = CliRunner().invoke(dry_run, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_an_anchor_and_a_day_are_told_in_gas_coin_and_money() -> None:
    cost = estimate(80_000, 10 * GWEI, Fees(21 * GWEI, GWEI), 500 * GWEI, Policy())
    assert [str(line) for line in cost_lines(cost, Decimal(65_000_000), "VND")] == [
        "an anchor now: 80,000 gas, 0.000880000 coin, 57,200.00 VND",
        "an anchor at most (setting max_fee): 80,000 gas, 0.040000000 coin, 2,600,000.00 VND",
        "a day by the policy, at most: 144 anchors, 11,520,000 gas, 0.126720000 coin, 8,236,800.00 VND",
        "a day at its limit (setting daily_gas): 50,000,000 gas, 25.000000000 coin, 1,625,000,000.00 VND",
    ]


def test_without_a_price_no_money_is_named_and_free_gas_costs_nothing() -> None:
    lines = cost_lines(estimate(80_000, None, Fees(0, None), 0, Policy()), None, "VND")
    assert str(lines[0]) == "an anchor now: 80,000 gas, 0.000000000 coin"


def test_the_days_limit_bounds_the_day_by_the_policy() -> None:
    cost = estimate(80_000, GWEI, Fees(GWEI, 0), GWEI, Policy(max_delay=1, daily_gas=800_000))
    assert cost.batches_a_day == 10


def test_the_real_contract_is_asked_and_nothing_is_left_behind(anchored: Anchored) -> None:
    anchored.issue()
    anchored.world.publisher.tick()
    before = anchored.world.registry.size()
    shown = run(anchored, "--price", "65000000")
    gas = int(re.findall(r"an anchor now: ([\d,]+) gas", shown)[0].replace(",", ""))
    assert 40_000 < gas < 90_000
    assert "VND" in shown
    assert anchored.world.registry.size() == before
    anchored.anchor()


def test_with_nothing_new_the_usual_cost_is_told(anchored: Anchored) -> None:
    assert "nothing new is signed yet: 79000 gas" in run(anchored)


def test_a_price_that_is_none_is_refused(anchored: Anchored) -> None:
    for price in ("dear", "-1", "NaN"):
        with pytest.raises(InvalidInput, match="expected a number such as 65000000"):
            run(anchored, "--price", price)
