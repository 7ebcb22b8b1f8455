"""An issuer's desk and a served registry, as processes that can be killed at any point and started again."""

import csv
import http.client
import io
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certlog.scopes import Scope, Source
from certlog.trust import GrantScope
from issuer.journal import JOURNAL_NAME
from issuer.key_file import create_key_file, open_key_file
from registry.opening import system_now
from tests.support.certificates import SAMPLE_DID
from tests.support.databases import Place
from tests.support.registry import make_world

ROOT: Final = Path(__file__).resolve().parents[2]
EXAMPLES: Final = ROOT / "examples"
PATIENCE: Final = 120
_PASSPHRASE: Final = "throw-away passphrase"
_AUTHORITY: Final = "Ủy ban Tiêu chuẩn Đo lường Chất lượng Quốc gia"


@dataclass
class Scene:
    """A folder with key, table and body of an issuer, and the data folder of a registry that enrolled it."""

    folder: Path
    place: Place
    port: int
    count: int

    @property
    def data(self) -> Path:
        """The registry's data folder."""
        return self.folder / "data"

    @property
    def environ(self) -> dict[str, str]:
        """What every process is started with."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CERTLOG_")}
        named = {} if self.place.url is None else {"CERTLOG_REGISTRY_DATABASE": self.place.url}
        return kept | {"PYTHONPATH": str(ROOT)} | named

    def serve(self) -> "subprocess.Popen[bytes]":
        """Start serving; return when it answers."""
        served = self._start(
            *("registry", "serve", "--data", str(self.data), "--port", str(self.port)),
            *("--workers", "2", "--no-anchoring"),
        )
        try:
            self._wait_until_ready(served)
        except BaseException:
            kill_all(served)
            raise
        return served

    def issuing(self) -> "subprocess.Popen[bytes]":
        """Start issuing the whole table, or what is left of it."""
        return self._start(
            *("issuer", "issue", str(self.folder / "table.csv"), "--no-pdf", "--jobs", "1"),
            *("--key", str(self.folder / "body.key"), "--passphrase-file", str(self.folder / "passphrase")),
            *("--out", str(self.folder / "out"), "--registry", f"http://127.0.0.1:{self.port}"),
            *("--token-file", str(self.folder / "token")),
        )

    def progress(self) -> tuple[int, int]:
        """Return how many certificates are signed, and how many are known to be logged."""
        path = self.folder / "out" / JOURNAL_NAME
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
            signed = journal.execute("SELECT count(*) FROM certificates").fetchone()[0]
            logged = journal.execute("SELECT count(*) FROM outbox WHERE log_index IS NOT NULL").fetchone()[0]
            return signed, logged
        return 0, 0

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "cli.main", *arguments],
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def _wait_until_ready(self, served: "subprocess.Popen[bytes]") -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and served.poll() is None:
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                with closing(connection):
                    connection.request("GET", "/healthz")
                    if connection.getresponse().status == http.client.OK:
                        return
            time.sleep(0.05)
        raise AssertionError((self.folder / "said").read_text())


def make_scene(folder: Path, place: Place, count: int) -> Scene:
    """Make a registry, enrol a body, and write the body's table of `count` certificates."""
    scene = Scene(folder, place, _free_port(), count)
    (folder / "passphrase").write_text(_PASSPHRASE + "\n")
    create_key_file(folder / "body.key", _PASSPHRASE, did=SAMPLE_DID, random_bytes=os.urandom)
    key = open_key_file(folder / "body.key", _PASSPHRASE)
    settings: dict[str, str | int] = {"public_url": f"http://127.0.0.1:{scene.port}", "epoch_interval": 1}
    world = make_world(scene.data, place, **settings)
    with closing(world):
        world.clock.time = system_now()
        source = Source("operator", "https://example.vn/quyet-dinh", "2020-01-01")
        topics = ("QCVN 4:2009/BKHCN",)
        scope = Scope(
            "designation", topics, False, _AUTHORITY, source, "2020-01-01", "2099-12-31"
        )  # not measured
        world.enrol(signer=key.signer, scope=None)
        world.logged(world.trust(GrantScope(scope)))
        (folder / "token").write_text(world.registry.tokens.create(SAMPLE_DID, 1).text)
    (folder / "body.toml").write_bytes((EXAMPLES / "body.toml").read_bytes())
    (folder / "table.csv").write_text(_table(count), "utf-8")
    return scene


def kill_and_issue(scene: Scene, kills: int, seed: int) -> int:
    """Issue everything; kill issuer, server or database at random points on the way. Return how often it was."""
    chance = random.Random(seed)
    points = sorted(chance.sample(range(1, 2 * scene.count), kills))
    killed, end, served = 0, time.monotonic() + PATIENCE * (3 + kills), scene.serve()
    try:
        while time.monotonic() < end:
            if served.poll() is not None:
                served = scene.serve()
            ended, done = _until_next(scene, points[killed : killed + 1], served, chance)
            killed += ended
            if done:
                return killed
    finally:
        kill_all(served)
    raise AssertionError(f"not done after {killed} kills: {(scene.folder / 'said').read_text()[-2000:]}")


def kill_all(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and all that it started, as a power cut does: nobody is asked."""
    if process.poll() is not None:
        return
    pids = family(process.pid)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    end = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{pid}").exists() for pid in pids[1:]) and time.monotonic() < end:
        time.sleep(0.01)


def _until_next(
    scene: Scene, point: list[int], served: "subprocess.Popen[bytes]", chance: random.Random
) -> tuple[bool, bool]:
    """Issue until the next point, and kill somebody there; return whether one was, and whether all is done."""
    issuing = scene.issuing()
    try:
        while issuing.poll() is None:
            if point and sum(scene.progress()) >= point[0]:
                _kill(chance.choice(("issuer", "server", "database")), scene, issuing, served)
                return True, False
            time.sleep(0.02)
        return False, issuing.returncode == 0
    finally:
        kill_all(issuing)


def _kill(
    who: str, scene: Scene, issuing: "subprocess.Popen[bytes]", served: "subprocess.Popen[bytes]"
) -> None:
    if who == "database" and scene.place.cluster is not None:
        # The registry stays, and must find its way back to the server by itself.
        scene.place.cluster.stop(signal.SIGQUIT)
        scene.place.cluster.start()
    elif who == "issuer":
        kill_all(issuing)
    else:
        kill_all(served)


def family(parent: int) -> list[int]:
    """Return the process ids of a process and all that it started."""
    found: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            found[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    members = [parent]
    for pid in members:
        members += [child for child, its_parent in found.items() if its_parent == pid]
    return members


def _table(count: int) -> str:
    """Return the example's first certificate under many numbers."""
    heading, first, *_ = csv.reader(io.StringIO((EXAMPLES / "conformity.csv").read_text("utf-8-sig")))
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(heading)
    rows.writerows([f"MAU-{number:06}", *first[1:]] for number in range(1, count + 1))
    return written.getvalue()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
