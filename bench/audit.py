"""A full audit of a large log from its files: every entry parsed, verified and replayed, every epoch recomputed."""

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.big_log import BigLog, write_big_log
from bench.measure import Figure, Stopwatch, children_memory, peak_memory, reset_peak_memory
from verifier.audit import audit
from verifier.audit_record import Audit, AuditRequest
from verifier.audit_state import AuditState
from verifier.log_source import FolderSource
from verifier.mirror import Mirror

GOAL_SECONDS: Final = 180.0
_MILLION: Final = 1_000_000
_SAMPLED: Final = 1 << 14
"""Entries between two looks at the memory of the other processes."""


def measure(count: int) -> Iterator[Figure]:
    """Audit a log of `count` certificates, and again from the state that the first audit left."""
    with tempfile.TemporaryDirectory(prefix="certlog-bench-") as name:
        log = write_big_log(Path(name), count)
        reset_peak_memory()
        whole = Stopwatch()
        memory: list[float] = []
        before = _children_work()
        with whole.running():
            first = _audited(log, None, memory)
        goal, work = GOAL_SECONDS * count / _MILLION, whole.busy + _children_work() - before
        yield Figure(f"{log.size:,} entries audited, {_jobs()} processes", whole.seconds, "s", goal=goal)
        yield Figure("  work of all processes, shared by 2 cores", work / 2, "s", goal=goal)
        yield Figure("  of it the first process, which replays", whole.busy, "s")
        yield Figure("  memory of the first process", peak_memory(), "MB")
        yield Figure("  memory of each other", max(memory, default=0.0), "MB")
        again = Stopwatch()
        with again.running():
            _audited(log, first.new_state(), [])
        yield Figure("  again, signatures known by the root", again.seconds, "s")


def _audited(log: BigLog, state: AuditState | None, memory: list[float]) -> Audit:
    def sample(done: int, _total: int) -> None:
        if done % _SAMPLED == 0:
            memory.append(children_memory())

    request = AuditRequest(
        log.trust_root,
        Mirror(FolderSource(log.folder), None),
        now=lambda: int(time.time()),
        sleep=time.sleep,
        state=state,
        jobs=_jobs(),
        progress=sample,
    )
    found = audit(request)
    if found.finding_count or found.new_state() is None:
        message = f"the log is right, and the audit says {found.findings[:1]}"
        raise RuntimeError(message)
    return found


def _children_work() -> float:
    """Return the seconds of work of processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _jobs() -> int:
    return os.cpu_count() or 1
