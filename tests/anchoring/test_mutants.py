"""Controls of the worker's tests: with one check switched off, the test that docs/threats.md names must fail.

The contract has its own controls (tests/contracts), and so have finality and nonces (test_schedules.py).
"""

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from sqlalchemy import true

from anchoring import advice, decision, desk, fees, line_store, look, recovery, store
from anchoring.batch import Fees
from tests.anchoring import test_advice, test_bumps, test_halts, test_leader, test_recover, test_worker
from tests.anchoring.fake_chain import GAS_USED
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
        "check_head",
        nothing,
        lambda: test_halts.test_a_head_that_this_database_never_sent_halts_the_line(world),
    ),
    "any anchorer": lambda world: Control(
        decision, "check_head", nothing, lambda: test_halts.test_a_new_anchorer_halts_the_line(world)
    ),
    "a restored backup goes on": lambda world: Control(
        decision,
        "check_head",
        nothing,
        lambda: test_halts.test_a_restored_backup_halts_instead_of_going_on(world),
    ),
    "a final anchor may go": lambda world: Control(
        decision,
        "check_finality",
        nothing,
        lambda: test_halts.test_a_reorganisation_beyond_finality_halts_the_line(world),
    ),
    "a forked log is anchored": lambda world: Control(
        desk, "verify_consistency", nothing, lambda: test_halts.test_a_forked_log_is_never_signed_for(world)
    ),
    "gas at any price": lambda world: Control(
        fees,
        "_require_affordable",
        nothing,
        lambda: test_worker.test_nothing_is_signed_while_gas_is_too_dear(world),
    ),
    "a bump above the limit": lambda world: Control(
        desk,
        "bumped_fees",
        lambda _policy, offered, _wanted: Fees(offered.max_fee * 3, offered.priority_fee * 3),
        lambda: test_bumps.test_a_fee_that_rose_a_hundredfold_and_fell_doubles_nothing(world),
    ),
    "any day": lambda world: Control(
        desk,
        "check_spending",
        nothing,
        lambda: test_bumps.test_beyond_the_days_limit_nothing_new_is_signed_and_the_log_goes_on(
            world, {"daily_gas": 2 * GAS_USED + 399_999}
        ),
    ),
    "an opening without gas is given up": lambda world: Control(
        decision,
        "_more_gas",
        nothing,
        lambda: test_bumps.test_an_opening_that_ran_out_of_gas_is_tried_again_with_more(world),
    ),
    "what is gone from the chain stays shown": lambda world: Control(
        store,
        "_counts",
        true,
        lambda: test_advice.test_a_successor_shows_nothing_that_is_gone_and_anchors_it_again(world),
    ),
    "any head is gone on from": lambda world: Control(
        advice,
        "_own_sizes",
        lambda _line, facts: {facts.final_head.size},
        lambda: test_advice.test_a_strange_head_on_a_chain_that_was_set_back_is_no_head_to_go_on_from(world),
    ),
    "any history is resumed": lambda world: Control(
        advice,
        "same",
        lambda _root, _other: True,
        lambda: test_advice.test_another_history_is_told_and_never_anchored(world),
    ),
    "any head is taken over": lambda world: Control(
        recovery,
        "_known_to_the_log",
        lambda _newer, _facts: True,
        lambda: test_recover.test_a_thiefs_head_above_ours_is_never_taken_over(world),
    ),
    "a repair before all is final": lambda world: Control(
        recovery,
        "_require_settled",
        nothing,
        lambda: test_recover.test_nothing_is_repaired_before_all_is_final(world),
    ),
    "a look at two histories": lambda world: Control(
        look,
        "_require_same",
        nothing,
        lambda: test_worker.test_a_reorganisation_in_the_middle_of_a_look_decides_nothing(world),
    ),
    "no fence": lambda world: Control(
        line_store.LineStore,
        "leading",
        lambda store: store._database.writing(),
        lambda: test_leader.test_a_worker_that_lost_its_lock_writes_nothing(world),
    ),
}


@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS.keys())
def test_a_defect_of_the_worker_is_noticed(
    world: World, control: Callable[[World], Control], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_failure(control(world), monkeypatch)
