"""A process killed in the middle of appending leaves a log that is whole, and holds everything that it answered."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from certlog.digests import LeafHash
from registry.rebuild import check
from tests.support.certificates import SAMPLE_DID
from tests.support.registry import RegistryWorld, as_submission

ROOT = Path(__file__).resolve().parents[2]

_APPEND = """
import os
import sys
from pathlib import Path
from registry.data_folder import DataFolder
from registry.opening import Surroundings, open_registry
from registry.submission import Submission

registry = open_registry(DataFolder(Path(sys.argv[1])), Surroundings(os.environ, lambda: int(sys.argv[3])))
entries = Path(sys.argv[2]).read_text().split()
for start in range(0, len(entries), 5):
    items = [Submission(bytes.fromhex(entry)) for entry in entries[start : start + 5]]
    for outcome in registry.submit(items):
        print(outcome.status, outcome.index, outcome.leaf_hash.hex(), flush=True)
"""


@pytest.mark.parametrize("answers", [1, 61])
def test_a_killed_writer_loses_nothing_that_it_answered(
    enrolled: RegistryWorld, tmp_path: Path, answers: int
) -> None:
    slots = enrolled.registry.reserve_slots(SAMPLE_DID, 300).slots
    items = [as_submission(enrolled.certificate(slot=slot), slot, publish=False) for slot in slots]
    (tmp_path / "entries").write_text("\n".join(item.entry_bytes.hex() for item in items))
    arguments = [str(enrolled.folder.path), str(tmp_path / "entries"), str(enrolled.clock())]
    with subprocess.Popen(
        [sys.executable, "-c", _APPEND, *arguments],
        cwd=ROOT,
        env=os.environ | dict(enrolled.surroundings.environ),
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        seen = [writer.stdout.readline() for _ in range(answers)]
        os.kill(writer.pid, signal.SIGKILL)
        # What was still in the pipe had been answered too.
        seen += writer.stdout.read().splitlines(keepends=True)
    answered = [line.split() for line in seen if line.endswith("\n")]

    enrolled.reopen()
    for status, index, leaf in answered:
        stored = enrolled.registry.entry(int(index))
        assert stored is not None
        assert (status, stored.leaf_hash) == ("logged", LeafHash(bytes.fromhex(leaf)))
    size = enrolled.registry.size()
    found = check(
        enrolled.registry.database, tmp_path / "scratch.db", enrolled.settings.operator, enrolled.origin
    )
    assert found == size
    outcomes = enrolled.submit(*items)
    assert [outcome.index for outcome in outcomes] == list(range(3, 303))
    assert {o.status for o in outcomes[: size - 3]} == {"exists"}
    assert {o.status for o in outcomes[size - 3 :]} == {"logged"}
    enrolled.publisher.start()
