"""Appending to a log that is large already: a batch, its tiles and its signed head, at three sizes.

Admission is not in it (see admission): what is measured is whether the log itself slows down as it grows. The limit is
the same bytes hashed, committed to SQLite in one plain table and written to one file, as durably.
"""

import hashlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from bench.measure import Figure, peak_memory, reset_peak_memory
from bench.sample import ORIGIN, throw_away_key
from certlog.digests import sha256
from certlog.encoding import b64url
from registry.data_folder import DataFolder
from registry.full_check import FullCheck
from registry.last_signed_head import LastSignedHeadFile
from registry.opening import Surroundings, initialise, open_publisher, open_registry, open_tiles
from registry.publisher import Publisher
from registry.service import Registry
from registry.settings import make_settings
from registry.tile_writer import TileWriter

BATCH: Final = 1000
ROUNDS: Final = 20
_FILL: Final = 10_000
_NO_SLOWER: Final = 0.8
"""What may be lost between the smallest and the largest log: no more than chance takes on a shared machine."""
_ENTRY: Final = (
    '{"documentHash":"%s","proof":{"challenge":"certificate:0/%d","created":"2026-11-29T08:00:00Z","cryptosuite":'
    '"eddsa-jcs-2022","domain":"registry.example.vn","proofPurpose":"assertionMethod","proofValue":"z%s","type":'
    '"DataIntegrityProof","verificationMethod":"did:web:mau.example.vn#z6Mk%s"},"slot":[0,%d],"type":"certificate","v":1}'
)
"""An entry as long as a certificate's; nothing here reads what it says."""


def measure(count: int) -> Iterator[Figure]:
    """Append batches of a thousand at a hundredth, a tenth and all of `count` entries, each signed with its tiles."""
    with tempfile.TemporaryDirectory(prefix="certlog-bench-") as name:
        folder = DataFolder(Path(name) / "data")
        _make(folder)
        surroundings = Surroundings({})
        registry, publisher = open_registry(folder, surroundings), open_publisher(folder, surroundings)
        with closing(registry.database), closing(publisher.database):
            publisher.start()
            rates: list[float] = []
            for size in sorted({max(BATCH, count // part) for part in (100, 10, 1)}):
                _fill(registry, publisher, size)
                stored = registry.size()
                batches = [entries(10**9 + size * 100 + BATCH * turn, BATCH) for turn in range(ROUNDS)]
                limit = BATCH * ROUNDS / _limit(Path(name), batches)
                began = time.perf_counter()
                for batch in batches:
                    _append(registry, batch)
                    publisher.tick()
                rate = BATCH * ROUNDS / (time.perf_counter() - began)
                what = f"appended, tiles written, signed, from {stored:,} entries on"
                yield Figure(what, rate, "/s", limit, "hashed, committed, written, as durably")
                rates.append(rate)
            smallest, goal = rates[0], rates[0] * _NO_SLOWER
            what = "  in the largest log, beside the smallest"
            yield Figure(what, rates[-1], "/s", smallest, "the same in the smallest log", goal)
            yield from _checks(folder, registry)


def _checks(folder: DataFolder, registry: Registry) -> Iterator[Figure]:
    """Measure what every start and what every day reads again."""
    store = open_tiles(folder, registry.settings)
    head = LastSignedHeadFile(folder.last_signed_head, registry.origin).read()
    began = time.perf_counter()
    TileWriter(store).require_edge(head)
    yield Figure("  the right edge read again, at every start", (time.perf_counter() - began) * 1000, "ms")
    reset_peak_memory()
    began = time.perf_counter()
    FullCheck(folder.last_full_check, registry.database, store, lambda: int(time.time())).run(head)
    yield Figure("  all entries, nodes and tiles read again, daily", time.perf_counter() - began, "s")
    yield Figure("  memory while doing so", peak_memory(), "MB")


def entries(first: int, count: int) -> list[bytes]:
    """Return entries that differ from all others."""
    found = []
    for number in range(first, first + count):
        text = b64url(sha256(b"%d" % number))
        found.append((_ENTRY % (text, number % 131_072, text * 2, text, number % 131_072)).encode())
    return found


def _make(folder: DataFolder) -> None:
    operator, recovery = throw_away_key("operator"), throw_away_key("recovery")
    settings = make_settings(
        {
            "origin": ORIGIN,
            "public_url": f"https://{ORIGIN}",
            "operator_did": operator.did,
            "operator_key": operator.signer.public_key.multibase,
            "recovery_key": recovery.signer.public_key.multibase,
        }
    )
    initialise(folder, settings, Surroundings({}))


def _fill(registry: Registry, publisher: Publisher, size: int) -> None:
    stored = registry.size()
    while stored < size:
        count = min(_FILL, size - stored)
        _append(registry, entries(stored, count))
        publisher.tick()
        stored += count


def _append(registry: Registry, batch: Sequence[bytes]) -> None:
    with registry.writer.appending() as appending:
        for entry in batch:
            appending.leaves.append("certificate", entry)


def _limit(folder: Path, batches: Sequence[Sequence[bytes]]) -> float:
    """Return the seconds that the same bytes take without a log: a leaf and a node hash each, a commit, a file."""
    with closing(sqlite3.connect(folder / "limit.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS plain (number INTEGER PRIMARY KEY, hash BLOB, data BLOB)"
        )
        connection.execute("DELETE FROM plain")
        connection.commit()
        began = time.perf_counter()
        for batch in batches:
            hashes = [hashlib.sha256(b"\0" + entry).digest() for entry in batch]
            for digest in hashes:
                hashlib.sha256(b"\1" + digest + digest).digest()
            rows = list(zip(hashes, batch, strict=True))
            connection.executemany("INSERT INTO plain (hash, data) VALUES (?, ?)", rows)
            connection.commit()
            with (folder / "limit").open("wb") as file:
                file.write(b"".join(batch))
                file.flush()
                os.fsync(file.fileno())
        return time.perf_counter() - began
