"""A real registry in a folder of its own, served as in earnest: gunicorn's workers, the publisher, SQLite on disk.

The operator's and the issuer's keys are thrown away; no chain is attached.
"""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from bench.sample import ORIGIN, throw_away_key
from certlog.documents import TRUST_CHALLENGE, secure
from certlog.entry import StatementEntry
from certlog.errors import Unavailable
from certlog.possession import prove_possession
from certlog.scopes import Names, Scope, Source
from certlog.trust import AddKey, Change, Enrol, GrantScope, TrustStatement
from cli.serving import ServeOptions, serve
from issuer.http_registry import HttpRegistry, RegistryAddress
from issuer.key_file import IssuerKey
from registry.data_folder import DataFolder
from registry.opening import Surroundings, initialise, open_registry, system_now
from registry.service import Registry
from registry.settings import make_settings
from registry.submission import Submission

WORKERS: Final = 2
_LOOK: Final = 0.05
_REGULATIONS: Final = ("2:2021", "3:2019", "4:2009", "7:2019", "9:2012")
_FOREVER: Final = ("2020-01-01", "2099-12-31")


@dataclass(frozen=True, slots=True)
class Served:
    """A registry that is being served."""

    folder: DataFolder
    url: str
    client: HttpRegistry
    key: IssuerKey

    @contextmanager
    def opened(self) -> Iterator[Registry]:
        """Open the same registry in this process."""
        with _opened(self.folder) as registry:
            yield registry


@contextmanager
def served(workers: int = WORKERS) -> Iterator[Served]:
    """Make a registry, enrol one body, serve it, and leave nothing of it behind."""
    place = Path(tempfile.mkdtemp(prefix="certlog-bench-"))
    try:
        folder, key = DataFolder(place / "data"), throw_away_key()
        token = _make(folder, key)
        with _serving(folder, workers) as url:
            yield Served(folder, url, HttpRegistry(RegistryAddress.from_text(url), token), key)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def wait_for_head(registry: Registry, count: int) -> None:
    """Wait until a signed head ends in an epoch that contains everything that was submitted."""
    logged = registry.size()
    while True:
        size = registry.head().size
        entry = registry.entry(size - 1)
        if size > count and size >= logged and entry is not None and entry.type == "epoch":
            return
        time.sleep(_LOOK)


def _make(folder: DataFolder, key: IssuerKey) -> str:
    """Make the registry and enrol the body; return the body's token."""
    operator, recovery = throw_away_key("operator"), throw_away_key("recovery")
    settings = make_settings(
        {
            "origin": ORIGIN,
            "public_url": "http://127.0.0.1",
            "operator_did": operator.did,
            "operator_key": operator.signer.public_key.multibase,
            "recovery_key": recovery.signer.public_key.multibase,
            "epoch_interval": 1,
            "max_unused_slots": 10_000_000,
        }
    )
    initialise(folder, settings, Surroundings(os.environ))
    changes: tuple[Change, ...] = (
        Enrol(Names("Trung tâm Chứng nhận Mẫu"), "0109999999"),
        AddKey(
            key.signer.public_key,
            prove_possession(key.signer, key.did, origin=ORIGIN, created=system_now()),
        ),
        GrantScope(_scope("designation", "Ủy ban Tiêu chuẩn Đo lường Chất lượng Quốc gia", _regulations())),
        GrantScope(_scope("accreditation", "Văn phòng Công nhận Chất lượng (BoA)", ("ISO 9001:2015",))),
    )
    with _opened(folder) as registry:
        for change in changes:
            statement = TrustStatement(key.did, registry.last_trust_statement(key.did), change)
            document = secure(
                statement.to_json(),
                signer=operator.signer,
                did=operator.did,
                domain=ORIGIN,
                challenge=TRUST_CHALLENGE,
                created=system_now(),
            )
            (outcome,) = registry.submit([Submission(StatementEntry("trust", document).to_bytes())])
            if outcome.problem is not None:
                raise outcome.problem
        return registry.tokens.create(key.did, 1).text


def _regulations() -> tuple[str, ...]:
    return tuple(f"QCVN {number}/BKHCN" for number in _REGULATIONS)


def _scope(kind: str, authority: str, topics: tuple[str, ...]) -> Scope:
    source = Source("operator", "https://registry.example.vn/decisions", _FOREVER[0])
    return Scope(kind, topics, False, authority, source, *_FOREVER)  # noqa: FBT003 # not measured


@contextmanager
def _opened(folder: DataFolder) -> Iterator[Registry]:
    registry = open_registry(folder, Surroundings(os.environ))
    try:
        yield registry
    finally:
        registry.database.close()


@contextmanager
def _serving(folder: DataFolder, workers: int) -> Iterator[str]:
    told: SimpleQueue[str] = SimpleQueue()
    stop = threading.Event()
    options = ServeOptions(folder.path, "127.0.0.1", 0, workers, 4, None)

    def run() -> None:
        try:
            serve(options, os.environ, stop, told.put)
        except Unavailable as error:
            told.put(str(error))

    thread = threading.Thread(target=run, name="serve")
    thread.start()
    try:
        said = told.get()
        address = next((word for word in said.split() if word.startswith("http://")), "")
        if not address:
            raise Unavailable(said)
        yield address
    finally:
        stop.set()
        thread.join()
