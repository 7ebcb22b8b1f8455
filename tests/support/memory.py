"""The most memory that a process ever held, for tests that start one to measure it."""

import re
import resource
import sys
from pathlib import Path


def peak_megabytes() -> int:
    """Return the peak of this program alone.

    On Linux, ru_maxrss of a child begins with what its parent held when it forked, so that a large test process would
    fail the small one; the kernel's own mark starts anew with each program.
    """
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+([0-9]+) kB", status.read_text()) if status.exists() else None
    if found:
        return int(found[1]) // 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024) if sys.platform == "darwin" else peak // 1024
