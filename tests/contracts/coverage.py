"""What of the contract the tests reach: lines by the Solidity tests, instructions and jumps by the Python ones.

Solidity: Hardhat's own count of lines (it counts no branches). Python: the deployed bytes themselves, from traces of a
real node; each conditional jump must have gone both ways. Run it alone: python -m tests.contracts.coverage
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from contracts import build
from tests.contracts.hardhat import ROOT, Project, make_project
from tests.contracts.tracing import OUTPUT

SOURCE: Final = "contracts/CheckpointAnchor.sol"
TRACED: Final = ("test_abi", "test_anchor", "test_differential", "test_logs", "test_successor")
"""The files of tests whose calls are traced."""

JUMP, JUMPI, JUMPDEST, PUSH1, PUSH32, INVALID = 0x56, 0x57, 0x5B, 0x60, 0x7F, 0xFE
ENDS: Final = frozenset({JUMP, JUMPI, 0x00, 0xF3, 0xFD, INVALID})
"""A block of code ends after these: jumps, STOP, RETURN, REVERT, INVALID."""

PANIC: Final = bytes.fromhex("4e487b71")
"""Selector of Panic(uint256): a check that Solidity added by itself failed."""


class Trace(NamedTuple):
    """What was executed: positions in the code, and (position of a JUMPI, whether it jumped)."""

    executed: frozenset[int]
    jumps: frozenset[tuple[int, bool]]


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of the code, and the text of the source that it comes from."""

    position: int
    opcode: int
    pushed: bytes
    line: int | None
    """None for what the compiler adds: reading of calls, checks."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was counted, and a sentence about each thing that was not reached."""

    counted: str
    missed: tuple[str, ...]


class Blocks:
    """The code in pieces that run from beginning to end, and what no call can reach in it."""

    def __init__(self, code: Sequence[Instruction]) -> None:
        self.code = code
        pieces: list[list[Instruction]] = [[]]
        for one in code:
            if pieces[-1] and (one.opcode == JUMPDEST or pieces[-1][-1].opcode in ENDS):
                pieces.append([])
            pieces[-1].append(one)
        panics = [piece for piece in pieces if len(piece) > 1 and piece[1].pushed[:4] == PANIC]
        starts = {piece[0].position for piece in panics}
        leading = [piece for piece in pieces if self._target(piece) in starts and piece[-1].opcode == JUMP]
        self.panicking: Final = {one.position for piece in (*panics, *leading) for one in piece}

    def panic_ways(self) -> set[tuple[int, bool]]:
        """Return the ways of conditional jumps that lead to nothing but a Panic."""
        ways = set()
        for before, one, after in zip(self.code, self.code[1:], self.code[2:], strict=False):
            if one.opcode == JUMPI:
                targets = ((int.from_bytes(before.pushed, "big"), True), (after.position, False))
                ways |= {(one.position, jumped) for target, jumped in targets if target in self.panicking}
        return ways

    @staticmethod
    def _target(piece: Sequence[Instruction]) -> int:
        return int.from_bytes(piece[-2].pushed, "big") if len(piece) > 1 and piece[-2].pushed else -1


def dissect(evm: Mapping[str, Any], source: bytes, file_id: int) -> list[Instruction]:
    """Return the instructions of compiled code, without what stands after its end (the compiler's version)."""
    code = bytes.fromhex(evm["object"])
    code = code[: -2 - int.from_bytes(code[-2:], "big")]
    found: list[Instruction] = []
    place = ["", "", ""]
    position = 0
    for entry in evm["sourceMap"].split(";"):
        # What a member leaves out is as in the member before.
        place = [new or old for new, old in zip([*entry.split(":")[:3], "", "", ""], place, strict=False)]
        start, _, file = map(int, place)
        opcode = code[position]
        width = opcode - PUSH1 + 1 if PUSH1 <= opcode <= PUSH32 else 0
        pushed = code[position + 1 : position + 1 + width]
        line = source[:start].count(b"\n") + 1 if file == file_id else None
        found.append(Instruction(position, opcode, pushed, line))
        position += 1 + width
    if code[position:] != bytes([INVALID]):
        raise AssertionError("expected the source map to end with the code")
    return found


def judge(code: Sequence[Instruction], trace: Trace, source: str) -> Report:
    """Return which instructions never ran and which conditional jumps went one way only."""
    blocks = Blocks(code)
    excused = blocks.panic_ways()
    wanted = [one for one in code if one.position not in blocks.panicking]
    idle = [one for one in wanted if one.position not in trace.executed]
    ways = {
        (one.position, jumped) for one in code if one.opcode == JUMPI for jumped in (True, False)
    } - excused
    missed_ways = {position for position, _ in ways - trace.jumps}
    one_way = [one for one in code if one.position in missed_ways and one not in idle]
    counted = (
        f"{len(wanted) - len(idle):,} of {len(wanted):,} instructions, "
        f"{len(ways & trace.jumps)} of {len(ways)} ways of conditional jumps, "
        f"on {len({one.line for one in wanted if one.line is not None})} lines; left out: "
        f"{len(excused)} checks of the compiler's own, which cannot fail"
    )
    lines = source.splitlines()
    missed = [*_named(idle, "never executed", lines), *_named(one_way, "decided one way only", lines)]
    return Report(counted, tuple(missed))


def _named(instructions: Iterable[Instruction], what: str, lines: Sequence[str]) -> list[str]:
    """Return one sentence a line of the source."""
    places = {one.line for one in instructions}
    numbers = sorted(number for number in places if number is not None)
    named = [f"{SOURCE}:{number}: {what}: {lines[number - 1].strip()}" for number in numbers]
    return [*named, *[f"{SOURCE}: {what}: code that the compiler added"] * (None in places)]


def read_lcov(text: str) -> Report:
    """Return Hardhat's count of the contract's lines."""
    own = next(part for part in text.split("end_of_record") if f"SF:{SOURCE}\n" in part)
    hits = {int(line): int(times) for line, times in re.findall(r"^DA:(\d+),(\d+)", own, re.MULTILINE)}
    lines = (ROOT / SOURCE).read_text("utf-8").splitlines()
    missed = [line for line, times in sorted(hits.items()) if times == 0]
    return Report(
        f"{len(hits) - len(missed)} of {len(hits)} lines",
        tuple(f"{SOURCE}:{line}: never executed: {lines[line - 1].strip()}" for line in missed),
    )


def of_solidity_tests(folder: Path, *, without: str | None = None) -> Report:
    """Run the Solidity tests, perhaps without one file of them, with a few cases each, and count lines."""
    project = make_project(folder)
    # Optimizing tests takes longer than running them.
    settings = {**build.SETTINGS, "optimizer": {"enabled": False}}
    (folder / "contracts" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    for name in ("CheckpointAnchorInvariants.t.sol", "CheckpointAnchorModel.t.sol", without):
        if name is not None:  # sequences of calls reach nothing that the single ones do not
            (folder / "contracts" / "test" / name).unlink()
    done = project.run("test", "solidity", "--coverage", runs=8)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return read_lcov((folder / "coverage" / "lcov.info").read_text("utf-8"))


def trace_of_python_tests(folder: Path) -> tuple[Trace, str]:
    """Run the Python tests with every call traced; returns what they executed, and of which code (hex)."""
    output = folder / "trace.json"
    files = [f"tests/contracts/{name}.py" for name in TRACED]
    command = [sys.executable, "-m", "pytest", "-p", "tests.contracts.tracing", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--quiet", *files],
        cwd=ROOT,
        env={**os.environ, OUTPUT: str(output)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    found = json.loads(output.read_text("utf-8"))
    return Trace(frozenset(found["executed"]), frozenset(map(tuple, found["jumps"]))), found["code"]


def compiled(project: Project) -> tuple[list[Instruction], str]:
    """Return the deployed code that Hardhat made in a project, dissected and in hex."""
    (output,) = (project.folder / "cache" / "hardhat-artifacts" / "build-info").glob("*.output.json")
    answer = json.loads(output.read_text("utf-8"))["output"]
    (name,) = (name for name in answer["sources"] if name.endswith("/CheckpointAnchor.sol"))
    evm = answer["contracts"][name]["CheckpointAnchor"]["evm"]["deployedBytecode"]
    source = (project.folder / SOURCE).read_bytes()
    return dissect(evm, source, answer["sources"][name]["id"]), evm["object"]


def main() -> int:
    """Print both reports; 1 unless everything was reached."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        project = make_project(folder / "plain")
        project.run("build")
        code, _ = compiled(project)
        trace, _ = trace_of_python_tests(folder)
        reports = {
            "Solidity tests": of_solidity_tests(folder / "counted"),
            "Python tests": judge(code, trace, (ROOT / SOURCE).read_text("utf-8")),
        }
    for name, report in reports.items():
        print(f"{name}: {report.counted}", *report.missed, sep="\n  ")  # noqa: T201 - it talks to who runs it
    return int(any(report.missed for report in reports.values()))


if __name__ == "__main__":
    raise SystemExit(main())
