"""The tests reach all of the contract: its lines, its instructions, and both ways of each of its decisions.

What is missing is named by line. The report alone: python -m tests.contracts.coverage
"""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from anchoring import contract
from tests.contracts import coverage
from tests.contracts.coverage import Instruction, Trace
from tests.contracts.hardhat import ROOT, CompiledProject

SOURCE = (ROOT / coverage.SOURCE).read_text("utf-8")
LINES = SOURCE.splitlines()


@pytest.fixture(scope="module")
def traced(
    tested_project: CompiledProject, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Instruction], Trace]:
    """Return the deployed code, and what the Python tests execute of it."""
    code, as_hex = coverage.compiled(tested_project.project)
    trace, traced_hex = coverage.trace_of_python_tests(tmp_path_factory.mktemp("trace"))
    assert as_hex == traced_hex == contract.artifact().runtime.hex()
    return code, trace


def line_of(text: str) -> int:
    """Return the number of the one line that contains a text."""
    (number,) = (number for number, line in enumerate(LINES, 1) if text in line)
    return number


def test_the_solidity_tests_reach_every_line(tmp_path: Path) -> None:
    report = coverage.of_solidity_tests(tmp_path / "project")
    sys.stdout.write(report.counted)
    assert not report.missed, "\n".join(report.missed)


def test_the_python_tests_execute_every_instruction_and_decide_both_ways(
    traced: tuple[list[Instruction], Trace],
) -> None:
    report = coverage.judge(*traced, SOURCE)
    sys.stdout.write(report.counted)
    assert not report.missed, "\n".join(report.missed)


def test_nothing_is_left_out_but_three_checks_of_the_compilers_own(
    traced: tuple[list[Instruction], Trace],
) -> None:
    """They are size - 1 with 0 <= index < size; ++used, at most 63 times; path[used] where used < path.length."""
    code, trace = traced
    blocks = coverage.Blocks(code)
    assert len(blocks.panic_ways()) == 3
    assert not blocks.panicking & trace.executed, "then it is no check that cannot fail"
    lines = {one.line for one in code if one.position in blocks.panicking}
    assert lines == {None, line_of("path[used]")}


@pytest.mark.parametrize(
    ("text", "forget"),
    [
        ("revert SuccessorAlreadyOpen(", lambda trace, here: Trace(trace.executed - here, trace.jumps)),
        (
            "if (!old.isSealed) {",
            lambda trace, here: Trace(
                trace.executed, frozenset(way for way in trace.jumps if way[0] not in here)
            ),
        ),
        (
            "for {} iszero(and(fn, 1)) {} {",
            lambda trace, here: Trace(
                trace.executed, frozenset(way for way in trace.jumps if not (way[0] in here and way[1]))
            ),
        ),
    ],
    ids=["a line", "a decision", "one way of a decision"],
)
def test_what_was_not_reached_is_named(
    traced: tuple[list[Instruction], Trace],
    text: str,
    forget: Callable[[Trace, frozenset[int]], Trace],
) -> None:
    code, trace = traced
    number = line_of(text)
    here = frozenset(one.position for one in code if one.line == number)
    report = coverage.judge(code, forget(trace, here), SOURCE)
    assert report.missed
    assert all(f"{coverage.SOURCE}:{number}: " in sentence for sentence in report.missed)


def test_a_line_that_hardhat_did_not_see_is_named() -> None:
    number = line_of("revert SuccessorAlreadyOpen(")
    report = coverage.read_lcov(f"TN:\nSF:{coverage.SOURCE}\nDA:23,1\nDA:{number},0\nend_of_record\n")
    assert report.counted == "1 of 2 lines"
    assert report.missed == (f"{coverage.SOURCE}:{number}: never executed: {LINES[number - 1].strip()}",)


@pytest.mark.deep
def test_without_the_tests_of_roles_lines_are_missing(tmp_path: Path) -> None:
    report = coverage.of_solidity_tests(tmp_path / "project", without="CheckpointAnchorRoles.t.sol")
    assert any("Sha256Failed" in sentence for sentence in report.missed)
