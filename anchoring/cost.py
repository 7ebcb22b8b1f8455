"""What anchoring costs, before anything is signed: in gas, in coin, and in money at a price that is named. Pure."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from anchoring.batch import Fees
from anchoring.line import Policy
from certlog.sentences import Sentence

WEI_IN_A_COIN: Final = 10**18
TYPICAL_GAS: Final = 79_000
"""An anchor at a million entries; gas/anchor in docs/contract.md."""
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Cost:
    """One anchor's cost, and a day's."""

    gas: int
    """Units that an anchor needs now."""
    now: int
    """Wei for one unit at the newest block's base fee."""
    most: int
    """Wei for one unit that the first attempt would offer."""
    limit: int
    """Wei for one unit that any bump may offer: max_fee."""
    batches_a_day: int
    """At most, by the policy's delay; a request or many entries at once come on top, up to the day's limit."""
    daily_gas: int


def estimate(gas: int, base_fee: int | None, fees: Fees, limit: int, policy: Policy) -> Cost:
    """Return the cost of anchors of this gas.

    Args:
        gas: what the node estimates, or TYPICAL_GAS.
        base_fee: the newest block's; None on chains without one.
        fees: what an attempt would offer now.
        limit: the most that a bump may offer.
        policy: how often batches may come.
    """
    tip = fees.max_fee if fees.priority_fee is None or base_fee is None else base_fee + fees.priority_fee
    batches = max(1, min(_DAY // policy.max_delay, policy.daily_gas // max(gas, 1)))
    return Cost(gas, min(tip, fees.max_fee), fees.max_fee, limit, batches, policy.daily_gas)


def cost_lines(cost: Cost, price: Decimal | None, currency: str) -> list[Sentence]:
    """Say the cost: an anchor now, an anchor at the limit, a day by the policy, a day at its limit.

    Args:
        cost: the estimate.
        price: money for one coin; None where nobody named one.
        currency: what the money is called.
    """
    rows = (
        (Sentence("an anchor now"), 1, cost.gas, cost.now),
        (Sentence("an anchor at most (setting max_fee)"), 1, cost.gas, cost.limit),
        (
            Sentence("a day by the policy, at most"),
            cost.batches_a_day,
            cost.gas * cost.batches_a_day,
            cost.now,
        ),
        (Sentence("a day at its limit (setting daily_gas)"), 0, cost.daily_gas, cost.limit),
    )
    return [
        Sentence(
            "{what}: {anchors}{gas} gas, {coin} coin{money}",
            what=what,
            anchors=Sentence("{count} anchors, ", count=count) if count > 1 else "",
            gas=f"{gas:,}",
            coin=f"{Decimal(gas * wei) / WEI_IN_A_COIN:.9f}",
            money=_money(gas * wei, price, currency),
        )
        for what, count, gas, wei in rows
    ]


def _money(wei: int, price: Decimal | None, currency: str) -> str:
    if price is None:
        return ""
    amount = (Decimal(wei) / WEI_IN_A_COIN * price).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    return f", {amount:,} {currency}"
