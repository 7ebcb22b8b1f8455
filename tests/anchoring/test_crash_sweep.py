"""One life from submit to final, killed or disturbed at every write, sync and send that it makes, one after another.

strace counts the calls of a life that nobody disturbs, and then makes the n-th of them the last, or fail. After each:
what was acknowledged is there, the same folder goes on to a final anchor, the chain holds one anchor for each batch.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from anchoring.batch import State
from anchoring.local_node import LocalNode
from anchoring.settings import load_settings, save_settings
from anchoring.store import AnchorStore, BatchSummary
from certlog.entry import certificate_entry
from registry.data_folder import DataFolder
from registry.log_tree import read_entry
from registry.opening import Surroundings, open_registry
from storage.database import closed_at_end
from tests.anchoring import one_life
from tests.anchoring.anchored import anchored_registry
from tests.anchoring.anvil import SIGNER, deploy_contract, fund
from tests.support.deep import cases
from tests.support.repository import ROOT
from tests.support.requires import require

CALLS: Final = ("fdatasync", "fsync", "pwrite64", "sendto")
RECOVERY_SECONDS: Final = 10.0


@dataclass
class Sweep:
    """A registry with two final batches and one certificate that is not submitted yet, to be copied for each point."""

    folder: Path
    node: LocalNode
    strace: str

    @property
    def template(self) -> Path:
        return self.folder / "template"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def fresh(self) -> None:
        """Put data folder and chain back to the beginning."""
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.template, self.data)
        self.node.rpc("evm_revert", self.snapshot)
        self.snapshot = self.node.rpc("evm_snapshot")

    def live(self, *strace: str, more: str = "") -> "subprocess.CompletedProcess[bytes]":
        """Run one life under strace."""
        command = [self.strace, "-f", "-qq", "-o", str(self.folder / "trace"), *strace]
        life = [sys.executable, "-m", "tests.anchoring.one_life", str(self.data), str(self.folder / "entry")]
        return subprocess.run(
            [*command, *life, self.node.url, more], cwd=ROOT, capture_output=True, check=False, timeout=120
        )

    def count(self, call: str) -> int:
        """Return how often an undisturbed life makes a call."""
        self.fresh()
        done = self.live("-e", f"trace={call}")
        assert done.stdout.endswith(b"final\n"), done.stderr
        return len(re.findall(rf"^\d+ +{call}\(", (self.folder / "trace").read_text(), re.MULTILINE))

    def recover(self) -> float:
        """Go on from what is there, in this process; return the seconds that it took."""
        started = time.monotonic()
        one_life.live(self.data, (self.folder / "entry").read_bytes(), self.node.url)
        return time.monotonic() - started

    def require_kept(self, said: bytes) -> None:
        """Require that what a life acknowledged is in the log, before anybody submits it again."""
        entry = (self.folder / "entry").read_bytes()
        registry = open_registry(DataFolder(self.data), Surroundings(os.environ))
        with closed_at_end(registry.database) as database, database.reading() as connection:
            for index in re.findall(rb"^logged (\d+)$", said, re.MULTILINE):
                stored = read_entry(connection, int(index))
                assert stored is not None, "what was acknowledged is lost"
                assert stored.data == entry, "what was acknowledged is lost"

    def check(self, said: bytes) -> None:
        """Compare what was promised, the database and the chain."""
        batches = self.batches()
        for index in re.findall(rb"^logged (\d+)$", said, re.MULTILINE):
            assert int(index) < batches[0].size, "what was acknowledged is not anchored"
        assert {batch.state for batch in batches} == {State.FINAL}
        nonce = int(self.node.rpc("eth_getTransactionCount", SIGNER.address, "latest"), 16)
        assert nonce == len(batches) + 1, "another number of transactions than batches and the opening"

    def batches(self) -> tuple[BatchSummary, ...]:
        store = AnchorStore.open(self.data / "anchoring.db", create=True)
        try:
            return store.batches()
        finally:
            store.database.close()

    snapshot: str = ""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sweep]:
    found = shutil.which("strace")
    require(found, "strace", "apt-get install strace")
    folder = tmp_path_factory.mktemp("sweep")
    with LocalNode(chain_id=1_337_001, block_time=None) as node:
        fund(node)
        contract = deploy_contract(node)
        with anchored_registry(folder / "template", node, contract, "sweep") as made:
            slot = made.world.slot()
            document = made.world.certificate(slot=slot)
            (folder / "entry").write_bytes(certificate_entry(document, slot).to_bytes())
        settings = load_settings(folder / "template")
        save_settings(settings.model_copy(update={"max_head_age": 10**6}), folder / "template")
        result = Sweep(folder, node, str(found))
        result.snapshot = node.rpc("evm_snapshot")
        yield result


def points(count: int) -> list[int]:
    """Return which of `count` calls to disturb: all of them, or the share that CERTLOG_DEEP says, evenly spread."""
    wanted = min(count, cases(count))
    return sorted({1 + at * count // wanted for at in range(wanted)})


def killed_everywhere(sweep: Sweep, call: str) -> tuple[int, float]:
    """Kill at each point of one call; return how many there were, and the longest recovery."""
    longest, tried = 0.0, points(sweep.count(call))
    for point in tried:
        sweep.fresh()
        died = sweep.live("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={point}")
        assert b"final" not in died.stdout or died.returncode != 0
        sweep.require_kept(died.stdout)
        took = sweep.recover()
        assert took < RECOVERY_SECONDS, f"{call} {point}: recovery took {took:.1f} s"
        longest = max(longest, took)
        sweep.check(died.stdout)
    return len(tried), longest


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("call", CALLS)
def test_a_life_killed_at_every_call_goes_on(sweep: Sweep, call: str) -> None:
    tried, longest = killed_everywhere(sweep, call)
    print(f"\nkilled at {tried} {call}; longest recovery {longest:.1f} s")  # noqa: T201 - the campaign's result


def disturbed(sweep: Sweep, error: str, call: str, every: int) -> None:
    """Let every n-th call fail; the process may stop or refuse, reads go on, and nothing acknowledged is lost."""
    sweep.fresh()
    done = sweep.live("-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={every}+{every}")
    assert b"Traceback" not in done.stderr or done.returncode != 0
    sweep.require_kept(done.stdout)
    assert sweep.batches(), "reads go on"
    sweep.recover()
    sweep.check(done.stdout)


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_a_disk_that_fails_at_every_nth_write_loses_nothing(sweep: Sweep, error: str) -> None:
    tried = points(100)
    for every in tried:
        for call in ("pwrite64", "fdatasync"):
            disturbed(sweep, error, call, every)
    print(f"\n{error} at every n-th write and sync, {len(tried)} values of n from 1 to 100")  # noqa: T201 - as above


@pytest.mark.deep
def test_an_acknowledgement_before_the_commit_is_found(sweep: Sweep) -> None:
    """Control: a life that promises first, killed before its first sync."""
    sweep.fresh()
    died = sweep.live(
        "-e", "trace=fdatasync", "-e", "inject=fdatasync:signal=KILL:when=1", more="promise-first"
    )
    assert died.stdout.startswith(b"logged ")
    with pytest.raises(AssertionError, match="what was acknowledged is lost"):
        sweep.require_kept(died.stdout)
