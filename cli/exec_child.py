"""Becomes another program that dies with its parent: `python -m cli.exec_child PARENT PROGRAM ARGUMENT…`.

On Linux the kernel sends SIGTERM when the parent ends, however it ends (prctl PR_SET_PDEATHSIG; it survives exec), so
that no web server or worker is left behind by a killed `certlog registry serve`. Elsewhere it only becomes the program.
"""

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Tie this process to its parent, then become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # The parent may have died before the call above: then nobody will ever send the signal.
    if os.getppid() != parent:
        sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 # no shell: the very program that serving.py names


if __name__ == "__main__":
    main()
