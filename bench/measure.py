"""What a measurement is made of: a clock, the memory of a process, and lines that set ours beside the limit."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import click

Unit = Literal["/s", "µs", "ms", "s", "MB", "B", "%"]
_MORE_IS_BETTER: Final = ("/s",)
_ENOUGH: Final = 0.2


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number beside what it is compared with.

    Attributes:
        name: what was done.
        ours: the number.
        unit: of the numbers; more is better for "/s", less for the others.
        limit: what this machine allowed in the same run; None where there is nothing to compare with.
        limit_name: what the limit is made of.
        goal: what we aim at; None where there is none.
    """

    name: str
    ours: float
    unit: Unit
    limit: float | None = None
    limit_name: str = ""
    goal: float | None = None

    @property
    def ratio(self) -> float | None:
        """How near ours comes to the limit: 1 is equal, less is slower."""
        if not self.limit or not self.ours:
            return None
        return self.ours / self.limit if self.unit in _MORE_IS_BETTER else self.limit / self.ours

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.ours >= self.goal if self.unit in _MORE_IS_BETTER else self.ours <= self.goal


@dataclass
class Stopwatch:
    """Seconds on the clock, and seconds of this process's own work: the latter hardly minds a busy machine."""

    seconds: float = 0.0
    busy: float = 0.0
    _parts: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def running(self, part: str = "") -> Iterator[None]:
        """Add what happens within to both sums, and to the part's own."""
        clock, busy = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            spent = time.perf_counter() - clock
            self.seconds += spent
            self.busy += time.process_time() - busy
            if part:
                self._parts[part] = self._parts.get(part, 0.0) + spent

    def parts(self) -> tuple[tuple[str, float], ...]:
        """Return the parts in the order in which they first ran."""
        return tuple(self._parts.items())


def cost_of(once: Callable[[], object], *, at_least: float = _ENOUGH) -> float:
    """Return the seconds of work that one call takes: the best of three rounds of equal length."""
    calls, spent = 1, 0.0
    while True:
        spent = _round(once, calls)
        if spent >= at_least / 4:
            break
        calls *= 4
    return min(spent, *(_round(once, calls) for _ in range(2))) / calls


def _round(once: Callable[[], object], calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        once()
    return time.process_time() - start


def peak_memory(pid: int | str = "self") -> float:
    """Return the most memory that a process has held, in MB (Linux; 0 where the system does not tell)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0


def reset_peak_memory() -> None:
    """Let peak_memory of this process count from now (Linux; elsewhere nothing happens)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")


def show(figures: Iterator[Figure]) -> None:
    """Print figures as they come."""
    for figure in figures:
        click.echo(f"  {line_of(figure)}")


def line_of(figure: Figure) -> str:
    """Return one figure as a line of text."""
    text = f"{figure.name:<58} {_number(figure.ours, figure.unit):>14}"
    if figure.limit is not None:
        text += f"   limit {_number(figure.limit, figure.unit):>12}"
        text += f"   ratio {figure.ratio:4.2f}" if figure.ratio is not None else ""
    if figure.goal is not None:
        word = "reached" if figure.reached else "not reached"
        text += f"   goal {_number(figure.goal, figure.unit)} ({word})"
    return text + (f"   [{figure.limit_name}]" if figure.limit_name else "")


def _number(value: float, unit: Unit) -> str:
    shown = f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"  # noqa: PLR2004 # three digits are enough
    return f"{shown}{unit}" if unit == "/s" else f"{shown} {unit}"


def children_work() -> float:
    """Return the seconds of work of all processes that descend from this one and still run (Linux)."""
    ticks = os.sysconf("SC_CLK_TCK")
    return sum(_ticks(pid) for pid in _descendants(os.getpid())) / ticks


def children_memory() -> float:
    """Return the most memory that any descendant of this process has held, in MB (Linux)."""
    return max((peak_memory(pid) for pid in _descendants(os.getpid())), default=0.0)


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (task / "children").read_text("ascii").split()
        except OSError:  # it has just ended
            continue
        for child in map(int, children):
            yield child
            yield from _descendants(child)


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])  # utime and stime, after the name in parentheses
