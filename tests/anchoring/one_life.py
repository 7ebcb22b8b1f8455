"""One life from submit to final, as a process that may be killed anywhere: python -m tests.anchoring.one_life.

Arguments: data folder, file with one submission, the node's URL. It prints what it has promised, and only then.
"""

import json
import os
import sys
import urllib.request
from pathlib import Path

from anchoring.store import AnchorStore
from anchoring.worker import Did
from cli.anchoring import open_worker
from registry.data_folder import DataFolder
from registry.opening import Surroundings, open_publisher, open_registry
from registry.submission import Submission
from tests.anchoring.anvil import SIGNER, now

STEPS = 80


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
    assert outcome.status in ("logged", "exists"), outcome
    os.write(1, f"logged {outcome.index}\n".encode())
    publisher.tick()
    store = AnchorStore.open(folder / "anchoring.db", create=True)
    store.request_batch()
    store.database.close()
    with open_worker(folder, publisher, SIGNER, now) as (worker, _):
        for _step in range(STEPS):
            step = worker.step()
            if step.did is Did.FINAL:
                os.write(1, b"final\n")
                return
            if step.did is Did.HALTED:
                raise SystemExit(f"halted: {step.detail}")
            mine(url)
    raise SystemExit("not final")


if __name__ == "__main__":
    defect = sys.argv[4] == "promise-first"
    live(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes(), sys.argv[3], promise_first=defect)
