"""A pytest plugin: writes down which instructions of the contract the tests of a run really execute on the chain.

Used by coverage.py, which starts pytest with `-p tests.contracts.tracing`. Calls are traced a second time on the same
state by the node itself (debug_traceCall); the code that runs is the deployed one. It judges nothing.
"""

import json
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from anchoring import contract
from tests.support import chain as chain_support
from tests.support.chain import LocalChain, Overrides, Reverted

OUTPUT: Final = "CERTLOG_TRACE_OUTPUT"
SAMPLE: Final = 20
"""How many of the calls that a test makes in one batch are traced."""

executed: set[int] = set()
"""Positions in the code."""
jumps: set[tuple[int, bool]] = set()
"""(position of a JUMPI, whether it jumped)."""


def record(steps: Sequence[dict[str, Any]]) -> None:
    """Take in one trace: only the contract's own frame, and every step's follower in it."""
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        executed.add(step["pc"])
        if step["op"] == "JUMPI" and following is not None:
            jumps.add((step["pc"], following["pc"] != step["pc"] + 1))


def trace(chain: LocalChain, call: dict[str, object], block: str, state: Overrides | None) -> None:
    """Run a call once more, and take in what it did."""
    options: dict[str, object] = {"disableStack": True, "disableMemory": True, "disableStorage": True}
    if state:
        options["stateOverrides"] = state
    record(
        [
            step
            for step in chain.rpc("debug_traceCall", call, block, options)["structLogs"]
            if step["depth"] == 1
        ]
    )


class TracedChain(LocalChain):
    """The chain of the tests, which also looks at what each call does."""

    def call(
        self,
        data: bytes,
        *,
        sender: str | None = None,
        block: str = "latest",
        value: int = 0,
        state: Overrides | None = None,
    ) -> bytes:
        """Trace, then do as usual."""
        trace(self, self._transaction(data, sender, value), block, state)
        return super().call(data, sender=sender, block=block, value=value, state=state)

    def calls(
        self, calls: Sequence[tuple[bytes, str | None]], states: Sequence[Overrides] = ()
    ) -> list[bytes | Reverted]:
        """Trace some, then do as usual."""
        for number in random.Random(1).sample(range(len(calls)), min(SAMPLE, len(calls))):
            trace(self, self._transaction(*calls[number]), "latest", states[number] if states else None)
        return super().calls(calls, states)

    def send(
        self, data: bytes, *, sender: str, to: str | None = "contract", gas: int = chain_support.GAS
    ) -> chain_support.Mined:
        """Trace what is sent to the contract with enough gas, then do as usual."""
        if to is not None and gas == chain_support.GAS:
            trace(self, self._transaction(data, sender), "latest", None)
        return super().send(data, sender=sender, to=to, gas=gas)


def pytest_configure() -> None:
    """Take the place of the chain that the tests' fixtures make."""
    chain_support.LocalChain = TracedChain  # type: ignore[misc] # it is one


def pytest_sessionfinish() -> None:
    """Write the traces."""
    found = {"executed": sorted(executed), "jumps": sorted(jumps), "code": contract.artifact().runtime.hex()}
    Path(os.environ[OUTPUT]).write_text(json.dumps(found), encoding="utf-8")
