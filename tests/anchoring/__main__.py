"""`make sim N=5000`: so many lives of the anchoring worker, and how soon each planted defect is found."""

import argparse
import sys
import time
from collections.abc import Callable

from tests.anchoring.planted import DEFECTS, ENOUGH
from tests.anchoring.schedule import Violation
from tests.anchoring.sim_world import sim_database
from tests.anchoring.simulation import Story, Tally, find

MOST = 1_000


def main(say: Callable[[str], object]) -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.anchoring", description=__doc__)
    parser.add_argument("--lives", type=int, default=5_000, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first life; each next one is one higher")
    parser.add_argument(
        "--minutes", type=float, default=1e9, help="stop after so many, and say how many lives fitted"
    )
    parser.add_argument("--no-defects", action="store_true", help="leave the planted defects out")
    told = parser.parse_args()
    violations = lives(told.seed, told.lives, told.minutes * 60, say)
    unfound = 0 if told.no_defects else defects(say)
    return 1 if violations or unfound else 0


def lives(first: int, count: int, seconds: float, say: Callable[[str], object]) -> int:
    """Run lives and say what they came to; return the number of violations."""
    tally, violations, begun, cpu = Tally(), 0, time.monotonic(), time.process_time()
    say(f"seeds {first} to {first + count - 1}")
    with sim_database() as database:
        for seed in range(first, first + count):
            try:
                tally.counts += Story(database, seed).run()
            except Violation as violation:
                violations += 1
                say(f"VIOLATION {violation}")
            tally.counts["lives"] += 1
            if tally.counts["lives"] % 1_000 == 0:
                say(f"{tally.counts['lives']} lives, {violations} violations")
            if time.monotonic() - begun > seconds:
                break
    rate = tally.counts["lives"] / (time.process_time() - cpu)
    say(str(tally))
    bad = f"{violations} violations (lost, doubled, falsely final, stuck)"
    say(f"{tally.counts['lives']} lives, {bad}; {rate:.1f} a second of one core")
    return violations


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
            found = find(database, mutant, MOST // 10)
            wrong += found is not None
            say(f"alone: {name}: " + (f"NOT ENOUGH: {found[1][:160]}" if found else "enough"))
    return wrong


if __name__ == "__main__":
    sys.exit(main(lambda line: print(line, flush=True)))  # noqa: T201 - a program that people run
