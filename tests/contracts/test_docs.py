"""docs/contract.md names every function and states the gas that was measured."""

import json
import re

from anchoring import contract
from contracts import build
from tests.contracts.gas_snapshot import SNAPSHOT

PAGE = (build.ROOT / "docs" / "contract.md").read_text("utf-8")


def test_every_function_is_on_the_page() -> None:
    missing = [name for name in contract.artifact().functions if f"`{name}(" not in PAGE]
    assert not missing


def test_the_page_states_the_measured_gas() -> None:
    stated = {
        name: int(gas.replace(",", ""))
        for name, gas in re.findall(r"^\| ([\w].*) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    }
    measured = json.loads(SNAPSHOT.read_text("utf-8"))
    assert len(stated) >= 7
    assert stated == {name: measured[name] for name in stated}


def test_every_named_error_is_raised_in_a_test() -> None:
    folder = build.ROOT / "tests" / "contracts"
    tests = "".join(path.read_text("utf-8") for path in folder.glob("test_*.py"))
    untested = {
        entry["name"]
        for entry in contract.artifact().errors.values()
        if f'reverts("{entry["name"]}"' not in tests
    }
    assert not untested
