"""Controls of the worker's tests: with one check switched off, the test that docs/threats.md names must fail.

The contract has its own controls (tests/contracts), and so have finality and nonces (test_schedules.py).
"""

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from anchoring import decision, fees, look, worker
from tests.anchoring import test_halts, test_worker
from tests.anchoring.world import World
from tests.support.controls import Control, nothing, require_failure

CONTROLS: Final[Mapping[str, Callable[[World], Control]]] = {
    "any chain": lambda world: Control(
        look, "check_pins", nothing, lambda: test_halts.test_another_chain_halts_the_line(world)
    ),
    "any code": lambda world: Control(
        look, "check_pins", nothing, lambda: test_halts.test_other_code_halts_the_line(world)
    ),
    "any head": lambda world: Control(
        decision,
        "_check_head",
        nothing,
        lambda: test_halts.test_a_head_that_this_database_never_sent_halts_the_line(world),
    ),
    "any anchorer": lambda world: Control(
        decision, "_check_head", nothing, lambda: test_halts.test_a_new_anchorer_halts_the_line(world)
    ),
    "a restored backup goes on": lambda world: Control(
        decision,
        "_check_head",
        nothing,
        lambda: test_halts.test_a_restored_backup_halts_instead_of_going_on(world),
    ),
    "a final anchor may go": lambda world: Control(
        decision,
        "_check_finality",
        nothing,
        lambda: test_halts.test_a_reorganisation_beyond_finality_halts_the_line(world),
    ),
    "a forked log is anchored": lambda world: Control(
        worker, "verify_consistency", nothing, lambda: test_halts.test_a_forked_log_is_never_signed_for(world)
    ),
    "gas at any price": lambda world: Control(
        fees,
        "_require_affordable",
        nothing,
        lambda: test_worker.test_nothing_is_signed_while_gas_is_too_dear(world),
    ),
}


@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS.keys())
def test_a_defect_of_the_worker_is_noticed(
    world: World, control: Callable[[World], Control], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_failure(control(world), monkeypatch)
