"""What to offer for gas: EIP-1559 fees from the newest base fee, or a legacy price; what a bump offers. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from anchoring.batch import Fees
from certlog.errors import Unavailable
from certlog.sentences import Sentence


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """Limits, in wei for one unit of gas. Zero is allowed: there are chains whose gas is free."""

    legacy: bool = False
    """True: type 0 transactions at the node's gas price; False: EIP-1559."""
    priority_fee: int = 1_000_000_000
    """The tip for whoever makes the block; EIP-1559 only."""
    max_fee: int = 500_000_000_000
    """Never more than this; while the chain asks more, the batch waits unsigned."""
    gas_price: int | None = None
    """Type 0 only: the price to offer, whatever the node suggests; None: what the node suggests."""


FREE_GAS: Final = FeePolicy(priority_fee=0, gas_price=0)
"""For chains whose gas costs nothing and whose accounts may own nothing; their nodes may still suggest a price."""


def fees_now(policy: FeePolicy, base_fee: int | None, suggested: Callable[[], int]) -> Fees:
    """Return what to offer now.

    Args:
        policy: type, limits and prices.
        base_fee: the newest block's; None where blocks have none.
        suggested: asks the node for its gas price; called for type 0 without a price of our own.

    Raises:
        Unavailable: the chain asks more than the limit now, or has no base fee where one is needed.
    """
    if not policy.legacy:
        return dynamic_fees(base_fee, policy)
    return legacy_fees(suggested() if policy.gas_price is None else policy.gas_price, policy)


def can_bump(policy: FeePolicy, offered: Fees) -> bool:
    """Tell whether more may be offered than before: not for free, not at a price of our own, not at the limit."""
    own_price = policy.legacy and policy.gas_price is not None
    return offered.max_fee > 0 and not own_price and _raised(offered.max_fee) <= policy.max_fee


def bumped_fees(policy: FeePolicy, offered: Fees, wanted: Fees | None) -> Fees:
    """Return what T6 offers: both fees raised by an eighth or more, rounded up, never above the limit.

    Nodes take a replacement only when both fees rise (geth: by 10 %), the tip too, and from zero as well.

    Args:
        policy: type and limits; can_bump has said yes.
        offered: the newest attempt's.
        wanted: what a new transaction would offer now; None while the chain asks more than the limit.
    """
    now = wanted or offered
    max_fee = min(max(_raised(offered.max_fee), now.max_fee), policy.max_fee)
    if offered.priority_fee is None:
        return Fees(max_fee, None)
    priority_fee = max(_raised(offered.priority_fee), now.priority_fee or 0)
    return Fees(max_fee, min(priority_fee, max_fee))


def _raised(fee: int) -> int:
    """Return 1.125 times a fee, rounded up, and always more than it."""
    return max(fee + 1, -(-fee * 9 // 8))


def dynamic_fees(base_fee: int | None, policy: FeePolicy) -> Fees:
    """Return EIP-1559 fees: room for the base fee to double, never above the limit.

    Raises:
        Unavailable: the chain has no base fee, or asks more than the limit now.
    """
    if base_fee is None:
        raise Unavailable('this chain\'s blocks have no base fee; set: transactions = "legacy"')
    needed = base_fee + policy.priority_fee
    _require_affordable(needed, policy)
    return Fees(max_fee=min(base_fee + needed, policy.max_fee), priority_fee=policy.priority_fee)


def legacy_fees(gas_price: int, policy: FeePolicy) -> Fees:
    """Return the fees of a type 0 transaction.

    Raises:
        Unavailable: the node asks more than the limit now.
    """
    _require_affordable(gas_price, policy)
    return Fees(max_fee=gas_price, priority_fee=None)


def _require_affordable(needed: int, policy: FeePolicy) -> None:
    if needed > policy.max_fee:
        message = Sentence(
            "gas costs {needed} wei now, the limit is {max_fee}; the batch waits (setting max_fee)",
            needed=needed,
            max_fee=policy.max_fee,
        )
        raise Unavailable(message)
