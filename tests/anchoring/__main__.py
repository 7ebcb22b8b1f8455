"""`make sim N=5000`: so many lives of the anchoring worker, and how soon each planted defect is found."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.anchoring.planted import DEFECTS, ENOUGH
from tests.anchoring.sim_world import sim_database
from tests.anchoring.simulation import Tally, find, judge_lives

MOST = 1_000
"""Lives within which a planted defect must be found."""
ALONE = 200
"""Lives in which one of two layers must be enough."""
PART = 100
"""Lives of one part: a process takes one, and then the next that nobody has taken."""


def main(say: Callable[[str], object]) -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.anchoring", description=__doc__)
    parser.add_argument("--lives", type=int, default=5_000, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first life; each next one is one higher")
    parser.add_argument(
        "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes (%(default)s)"
    )
    parser.add_argument("--no-defects", action="store_true", help="leave the planted defects out")
    told = parser.parse_args()
    violations = lives(range(told.seed, told.seed + told.lives), told.jobs, say)
    unfound = 0 if told.no_defects else defects(say)
    return 1 if violations or unfound else 0


def lives(seeds: range, jobs: int, say: Callable[[str], object]) -> int:
    """Run lives in several processes and say what they came to; return the number of violations."""
    tally, violations, begun = Tally(), 0, time.monotonic()
    say(f"seeds {seeds.start} to {seeds.stop - 1}, {jobs} processes")
    for part in parts(seeds, jobs):
        before = tally.counts["lives"] // 1_000
        tally.counts += part.counts
        violations += len(part.violations)
        for violation in part.violations:
            say(f"VIOLATION {violation}")
        if tally.counts["lives"] // 1_000 > before:
            say(f"{tally.counts['lives']} lives, {violations} violations")
    seconds = time.monotonic() - begun
    say(str(tally))
    bad = f"{violations} violations (lost, doubled, falsely final, stuck)"
    say(f"{tally.counts['lives']} lives, {bad}; {tally.counts['lives'] / seconds:.1f} a second")
    return violations


def parts(seeds: range, jobs: int) -> Iterator[Tally]:
    """Run lives part by part, in whatever order the parts are done."""
    cut = [seeds[at : at + PART] for at in range(0, len(seeds), PART)]
    if jobs == 1:
        yield from map(live, cut)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(live, cut)


def live(seeds: range) -> Tally:
    """Run one part, in a database of its own."""
    with sim_database() as database:
        return judge_lives(database, seeds)


def defects(say: Callable[[str], object]) -> int:
    """Say how soon each planted defect is found; return how many are not, or are seen where there is none."""
    wrong = 0
    with sim_database() as database:
        for name, mutant in DEFECTS.items():
            found = find(database, mutant, MOST)
            wrong += found is None
            say(
                f"planted: {name}: "
                + (f"found in life {found[0]}: {found[1][:160]}" if found else "NOT FOUND")
            )
        for name, mutant in ENOUGH.items():
            found = find(database, mutant, ALONE)
            wrong += found is not None
            say(
                f"alone: {name}: "
                + (f"NOT ENOUGH: {found[1][:160]}" if found else f"enough in {ALONE} lives")
            )
    return wrong


if __name__ == "__main__":
    sys.exit(main(lambda line: print(line, flush=True)))  # noqa: T201 - a program that people run
