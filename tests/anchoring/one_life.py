"""Lives from submit to final, as processes that may be killed anywhere: python -m tests.anchoring.one_life.

The program starts once, for the imports cost more than a life; each line on its standard input is a life, in a child
of its own, and answered with the child's process id and, when it is dead, its exit code.
"""

import json
import os
import sys
import time
import traceback
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from anchoring.settings import load_settings
from anchoring.store import AnchorStore
from anchoring.worker import Did
from cli.anchoring import open_worker
from registry.data_folder import DataFolder
from registry.opening import Surroundings, open_publisher, open_registry
from registry.submission import Submission
from tests.anchoring import ended_sessions
from tests.anchoring.anvil import SIGNER, now

STEPS = 80


@dataclass(frozen=True)
class Life:
    """What one life is given."""

    data: str
    """The data folder."""
    entry: str
    """A file with one submission."""
    url: str
    """The node's."""
    out: str
    """The file that gets what it has promised, once it has; what went wrong goes into the same name and `.err`."""
    traced: bool = True
    """Wait until strace is attached."""
    promise_first: bool = False
    """A planted defect."""
    end_session_at: int = 0
    """At which statement or commit the database server ends the session; 0 for never."""

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


def mine(url: str) -> None:
    """Let the node make a block."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "evm_mine", "params": []}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - as above
        answer.read()


def live(folder: Path, entry: bytes, url: str, *, promise_first: bool = False) -> None:
    """Submit, sign, seal, send, and wait until it is final; `promise_first` is a planted defect."""
    data, surroundings = DataFolder(folder), Surroundings(os.environ)
    registry, publisher = open_registry(data, surroundings), open_publisher(data, surroundings)
    if promise_first:
        os.write(1, f"logged {publisher.latest_size()}\n".encode())
    outcome = registry.submit([Submission(entry)])[0]
    if outcome.status not in ("logged", "exists"):
        raise SystemExit(f"refused: {outcome}")
    os.write(1, f"logged {outcome.index}\n".encode())
    publisher.tick()
    store = AnchorStore.open(load_settings(folder).address(folder), create=True)
    store.request_batch()
    store.database.close()
    with open_worker(folder, publisher, SIGNER, now) as (worker, _):
        for _step in range(STEPS):
            step = worker.step()
            if step.did is Did.FINAL:
                os.write(1, b"final\n")
                break
            if step.did is Did.HALTED:
                raise SystemExit(f"halted: {step.detail}")
            mine(url)
        else:
            raise SystemExit("not final")
    publisher.database.close()
    registry.database.close()


def _child(given: Life) -> int:
    """Live in this process; return the exit code."""
    for number, name in ((1, given.out), (2, f"{given.out}.err")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    while given.traced and "TracerPid:\t0\n" in Path("/proc/self/status").read_text():
        time.sleep(0.002)
    if given.traced:
        time.sleep(0.02)
    if given.end_session_at:
        ended_sessions.end_at(given.end_session_at)
    try:
        live(Path(given.data), Path(given.entry).read_bytes(), given.url, promise_first=given.promise_first)
    except SystemExit as refused:
        os.write(2, str(refused).encode())
        return 1
    except BaseException:  # noqa: BLE001 - a process ends with a traceback, whatever it is
        os.write(2, traceback.format_exc().encode())
        return 1
    return 0


def main() -> None:
    """Serve lives until standard input ends."""
    for line in sys.stdin.buffer:
        given = Life(**json.loads(line))
        if (pid := os.fork()) == 0:
            os._exit(_child(given))
        os.write(1, f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
