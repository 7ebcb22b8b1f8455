"""A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket, gone when the run ends.

One for the run; each test gets a database of its own, copied from a template where it asks for that. The server keeps
fsync on, as the product demands; in a folder in memory that costs nothing. It orders text as Vietnamese does, so
that a place which relies on the order of bytes without saying so is found.
"""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg

from tests.support.requires import postgresql

OWNER: Final = "certlog"
SUPERUSER: Final = "postgres"
START_SECONDS: Final = 60
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 # a folder made by mkdtemp, where there is room
_PREFIX: Final = "certlog-pg-"
_ROOM: Final = 2**30
_SERVER: Final = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "max_wal_size": "128MB",
    "log_min_messages": "fatal",
    "timezone": "UTC",
}


@dataclass
class Cluster:
    """A running server; databases are named by number."""

    folder: Path
    programs: Path
    process: subprocess.Popen[bytes] | None = None
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def url(self, database: str, user: str = OWNER) -> str:
        """Return a URL as settings name it."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def create(self, template: str = "template1") -> str:
        """Make a database that belongs to an ordinary role, empty or as a copy; return its name."""
        name = f"t{next(self.numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
        return name

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.sql(f"DROP DATABASE {database} WITH (FORCE)")

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement as the superuser."""
        connected = psycopg.connect(
            host=str(self.folder), dbname=database, user=SUPERUSER, autocommit=True, connect_timeout=10
        )
        with connected as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def damage(self, database: str, statement: str) -> None:
        """Change rows as whoever owns the server can: without triggers and constraints."""
        self.sql(f"SET session_replication_role = replica; {statement}", database)

    def end_sessions(self, database: str) -> int:
        """End every session of a database at once, as a failing server does; return how many there were."""
        found = self.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        )
        return len(found)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        for name, value in _SERVER.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self.process = _run(command, self.folder, log.fileno())
        end = time.monotonic() + START_SECONDS
        while True:
            with suppress(psycopg.OperationalError):
                self.sql("SELECT 1")
                return
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError((self.folder / "log").read_text())
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT orderly, SIGQUIT as a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(START_SECONDS)
            self.process = None


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Make and start a server; nothing of it is left at the end."""
    programs = postgresql()
    in_memory = _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free > _ROOM
    above = _IN_MEMORY if in_memory else Path(tempfile.gettempdir())
    _remove_abandoned(above)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=above))
    cluster = Cluster(folder, programs)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        _init(programs, folder)
        cluster.start()
        cluster.sql(f"CREATE ROLE {OWNER} LOGIN")
        yield cluster
    finally:
        cluster.stop(signal.SIGQUIT)
        shutil.rmtree(folder)


def _remove_abandoned(above: Path) -> None:
    """Remove what a run left that was killed: its server has ended with it, its folder has not."""
    for path in above.glob(f"{_PREFIX}*-*"):
        owner = path.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not _runs(int(owner)):
            shutil.rmtree(path, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _init(programs: Path, folder: Path) -> None:
    base = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", SUPERUSER]
    options = ["--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions", "--locale=C.UTF-8"]
    vietnamese = ["--locale-provider=icu", "--icu-locale=vi"]
    for more in (vietnamese, []):
        with (folder / "log").open("ab") as log:
            if _run([*base, *options, *more], folder, log.fileno()).wait() == 0:
                return
    raise AssertionError((folder / "log").read_text())


def _run(command: list[str], folder: Path, log: int) -> subprocess.Popen[bytes]:
    """Start a program as a user who is not root, and let it end with this process."""
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "INT", "--", *command]
    user: dict[str, Any] = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
    return subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **user
    )
