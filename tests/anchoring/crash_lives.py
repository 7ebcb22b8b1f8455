"""A registry with one certificate that waits, to be put back and lived again for each point at which it may die."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

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
from tests.anchoring.one_life import Life
from tests.support.databases import Place, new_place
from tests.support.postgres import Cluster
from tests.support.repository import ROOT

CALLS: Final = (
    "fdatasync",
    "fsync",
    "pwrite64",
    "write",
    "ftruncate",
    "rename",
    "unlink",
    "sendto",
    "sendmsg",
)
"""On PostgreSQL it is the server that writes: there a life sends to it, with sendto, and keeps its few own files."""
RECOVERY_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Died:
    """How a life ended: what it had promised until then, its exit code, what it said."""

    out: str
    code: int
    said: str

    @property
    def lived(self) -> bool:
        """Whether it came to its end undisturbed."""
        return self.code == 0 and self.out.endswith("final\n")

    @property
    def acknowledged(self) -> list[int]:
        """The places in the log that it promised."""
        return [int(index) for index in re.findall(r"^logged (\d+)$", self.out, re.MULTILINE)]


@dataclass
class Lives:
    """A registry with two final batches and one certificate that is not submitted yet."""

    folder: Path
    node: LocalNode
    strace: str
    nursery: "subprocess.Popen[bytes]"
    saved: tuple[tuple[Place, Place], ...] = ()
    """On a server: each database and the copy of its beginning."""
    snapshot: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def template(self) -> Path:
        return self.folder / "template"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def entry(self) -> Path:
        return self.folder / "entry"

    def fresh(self) -> None:
        """Put data folder, databases and chain back to the beginning."""
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.template, self.data)
        for place, saved in self.saved:
            assert place.cluster is not None
            place.cluster.drop(place.name)
            place.cluster.sql(f"CREATE DATABASE {place.name} TEMPLATE {saved.name} OWNER certlog")
        self.node.rpc("evm_revert", self.snapshot)
        self.snapshot = self.node.rpc("evm_snapshot")

    def live(self, *strace: str, promise_first: bool = False, end_session_at: int = 0) -> Died:
        """Run one life, under strace where options for it are given."""
        out = self.folder / "out"
        life = Life(
            *(str(self.data), str(self.entry), self.node.url, str(out)),
            traced=bool(strace),
            promise_first=promise_first,
            end_session_at=end_session_at,
        )
        requests, answers = _pipe(self.nursery.stdin), _pipe(self.nursery.stdout)
        requests.write(life.to_line())
        requests.flush()
        pid = int(answers.readline())
        if strace:
            options = (self.strace, "-f", "-qqq", "-o", str(self.folder / "trace"), *strace)
            subprocess.run([*options, "-p", str(pid)], check=False, timeout=120, capture_output=True)
        code = int(answers.readline())
        return Died(out.read_text(), code, Path(f"{out}.err").read_text())

    def count(self, call: str) -> int:
        """Return how often an undisturbed life makes one of CALLS; one life tells about all."""
        if not self.counts:
            self.fresh()
            life = self.live("-e", f"trace={','.join(CALLS)}")
            assert life.lived, life
            trace = (self.folder / "trace").read_text()
            self.counts = Counter(re.findall(r"^\d+ +(\w+)\(", trace, re.MULTILINE))
        return self.counts[call]

    def recover(self, died: Died) -> float:
        """Go on from what is there, in this process, and judge it; return the seconds that it took."""
        self._require_kept(died)
        started = time.monotonic()
        one_life.live(self.data, self.entry.read_bytes(), self.node.url)
        took = time.monotonic() - started
        assert took < RECOVERY_SECONDS, f"recovery took {took:.1f} s"
        self._check(died)
        return took

    def _require_kept(self, died: Died) -> None:
        """Require that what a life acknowledged is in the log, before anybody submits it again; reads go on."""
        entry = self.entry.read_bytes()
        registry = open_registry(DataFolder(self.data), Surroundings(os.environ))
        with closed_at_end(registry.database) as database, database.reading() as connection:
            for index in died.acknowledged:
                stored = read_entry(connection, index)
                assert stored is not None, "what was acknowledged is lost"
                assert stored.data == entry, "what was acknowledged is lost"
        assert self._batches(), "what was anchored can be read"

    def _check(self, died: Died) -> None:
        """Compare what was promised, the database and the chain."""
        batches = self._batches()
        for index in died.acknowledged:
            assert index < batches[0].size, "what was acknowledged is not anchored"
        assert {batch.state for batch in batches} == {State.FINAL}
        nonce = int(self.node.rpc("eth_getTransactionCount", SIGNER.address, "latest"), 16)
        assert nonce == len(batches) + 1, "another number of transactions than batches and the opening"

    def _batches(self) -> tuple[BatchSummary, ...]:
        store = AnchorStore.open(load_settings(self.data).address(self.data))
        try:
            return store.batches()
        finally:
            store.database.close()


@contextmanager
def many_lives(folder: Path, strace: str, cluster: Cluster | None) -> Iterator[Lives]:
    """Make the registry, its node and the program whose children live; all are gone at the end."""
    template = folder / "template"
    with (
        LocalNode(chain_id=1_337_001, block_time=None) as node,
        new_place(template / "registry.db", cluster) as place,
        new_place(template / "anchoring.db", cluster) as anchors,
        _nursery() as nursery,
    ):
        fund(node)
        places = None if cluster is None else (place, anchors)
        with anchored_registry(template, node, deploy_contract(node), "sweep", places) as made:
            slot = made.world.slot()
            document = made.world.certificate(slot=slot)
            (folder / "entry").write_bytes(certificate_entry(document, slot).to_bytes())
        patient = load_settings(template).model_copy(update={"max_head_age": 10**6})
        save_settings(patient, template)
        saved = tuple((found, found.save()) for found in places or ())
        yield Lives(folder, node, strace, nursery, saved, node.rpc("evm_snapshot"))


@contextmanager
def _nursery() -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "tests.anchoring.one_life"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        try:
            yield started
        finally:
            _pipe(started.stdin).close()


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    assert end is not None
    return end
