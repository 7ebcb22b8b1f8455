"""What the worker process measures while it works: calls to nodes, the account's means, whether signing has stopped.

A node's address may hold a key of its operator's: only its host and port are a label.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from anchoring.fees import FeePolicy, fees_now
from anchoring.line import Pins
from anchoring.ports import Chain
from certlog.errors import Unavailable

LOOK_EVERY: Final = 60
"""Seconds between two looks at the account's balance."""
ANCHOR_GAS: Final = 80_000
_SECONDS: Final = (0.005, 0.02, 0.1, 0.5, 1.0, 2.0, 5.0)


class Meters:
    """One process's counters and gauges. Thread-safe."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them; all are labelled by line where a line is meant."""
        self.rpc: Final = Counter(
            "certlog_rpc_requests",
            "Calls to nodes, by outcome: answered, refused, failed.",
            ("line", "node", "method", "outcome"),
            registry=registry,
        )
        self.rpc_seconds: Final = Histogram(
            "certlog_rpc_seconds",
            "How long nodes take to answer.",
            ("line", "node"),
            registry=registry,
            buckets=_SECONDS,
        )
        self.signing_halted: Final = Gauge(
            "certlog_signing_halted",
            "1 while nothing is signed until a person has looked.",
            registry=registry,
        )
        self.running: Final = Gauge(
            "certlog_anchoring_running",
            "0 once a line's anchoring has ended by itself, until the worker is started again.",
            ("line",),
            registry=registry,
        )
        self.balance: Final = Gauge(
            "certlog_account_balance_wei", "What the anchorer's account owns.", ("line",), registry=registry
        )
        self.price: Final = Gauge(
            "certlog_gas_price_wei",
            "What would be offered for a unit of gas now.",
            ("line",),
            registry=registry,
        )
        self.affordable: Final = Gauge(
            "certlog_anchors_affordable",
            "Anchors that the account can pay for now.",
            ("line",),
            registry=registry,
        )

    def of_line(self, line: str) -> Callable[[str, str, float, str], None]:
        """Return what an endpoint is told to call after each exchange of a line."""

        def observe(endpoint: str, method: str, seconds: float, outcome: str) -> None:
            node = urlsplit(endpoint).netloc.rpartition("@")[2]
            self.rpc.labels(line, node, method, outcome).inc()
            self.rpc_seconds.labels(line, node).observe(seconds)

        return observe

    def account(self, line: str, pins: Pins, fees: FeePolicy, now: Callable[[], int]) -> "AccountMeter":
        """Return the meter of a line's account."""
        return AccountMeter(self, line, pins, fees, now)


class AccountMeter:
    """Looks at the account now and then, in the thread that anchors, through that thread's own connection."""

    def __init__(
        self, meters: Meters, line: str, pins: Pins, fees: FeePolicy, now: Callable[[], int]
    ) -> None:
        """Look at nothing yet."""
        self._meters = meters
        self._line = line
        self._pins = pins
        self._fees = fees
        self._now = now
        self._next = 0

    def look(self, chain: Chain) -> None:
        """Read balance and price unless they were read lately; what cannot be read is not shown."""
        if self._now() < self._next:
            return
        self._next = self._now() + LOOK_EVERY
        meters, line = self._meters, self._line
        try:
            latest = chain.latest()
            balance = chain.balance(self._pins.account, latest)
            price = fees_now(self._fees, latest.base_fee, chain.gas_price).max_fee
        except Unavailable:
            for gauge in (meters.balance, meters.price, meters.affordable):
                gauge.remove(line)
            return
        meters.balance.labels(line).set(balance)
        meters.price.labels(line).set(price)
        meters.affordable.labels(line).set(balance // (ANCHOR_GAS * price) if price else float("inf"))
