"""A large spreadsheet through `certlog issuer issue --no-pdf`, up to a registry that answers at once: the desk's part.

Reading and checking rows is shared by as many processes as there are cores; signing is one process's work.
"""

import csv
import io
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bench.measure import Figure, Stopwatch, peak_memory, reset_peak_memory
from bench.sample import EXAMPLES, ORIGIN, body, throw_away_key
from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument
from certlog.errors import Unavailable
from certlog.slots import LIST_SIZE, Slot
from issuer.draft_stream import TableDrafts
from issuer.input_file import InputFile
from issuer.issue import Request, Tools, issue
from issuer.journal import open_journal
from issuer.read_file import CERTIFICATES
from issuer.registry_port import Item, Outcome, ReservedSlots, StatusView
from issuer.spreadsheet import read_sheet

GOAL_MEMORY: Final = 300.0
_NUMBER: Final = "Số giấy chứng nhận"
_LONG: Final = 2**33


class _Answers:
    """A registry that logs everything at once; implements issuer.registry_port.Registry."""

    def __init__(self) -> None:
        self._reserved = 0
        self._logged = 0
        self._lock = threading.Lock()

    def origin(self) -> str:
        return ORIGIN

    def reserve_slots(self, count: int) -> ReservedSlots:
        first = self._reserved
        self._reserved += count
        slots = tuple(Slot(i // LIST_SIZE, i % LIST_SIZE) for i in range(first, first + count))
        return ReservedSlots(slots, _LONG)

    def submit(self, items: Sequence[Item]) -> tuple[Outcome, ...]:
        with self._lock:
            first = self._logged
            self._logged += len(items)
        return tuple(Outcome("logged", first + i, "x" * 43) for i in range(len(items)))

    def status(self, certificate: DocumentHash) -> StatusView:
        raise Unavailable(certificate.hex())

    def document(self, identifier: str) -> bytes:
        raise Unavailable(identifier)


def measure(count: int) -> Iterator[Figure]:
    """Issue a spreadsheet of `count` rows."""
    key, watch, jobs = throw_away_key(), Stopwatch(), os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="certlog-bench-") as place:
        file = Path(place) / "many.csv"
        _write(file, count)
        reset_peak_memory()
        with watch.running(), open_journal(Path(place) / "out") as journal:
            drafts = TableDrafts(read_sheet(InputFile.at(file), CERTIFICATES), body(), key.did, jobs)
            tools = Tools(
                key, journal, _Answers(), _no_page, _prints, lambda: int(time.time()), os.urandom, _quiet
            )
            report = issue(Request(drafts, Path(place) / "out", pdf=False), tools)
    if len(report.issued) != count:
        raise RuntimeError(report.problems[:3])
    yield Figure(f"a spreadsheet of {count:,} rows, {jobs} processes (clock)", watch.seconds, "s")
    yield Figure("  certificates", count / watch.seconds, "/s")
    yield Figure("  the first process's own work", watch.busy, "s")
    yield Figure("  its memory", peak_memory(), "MB", goal=GOAL_MEMORY)


def _write(path: Path, count: int) -> None:
    text = (EXAMPLES / "conformity.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for i in range(count):
            writer.writerow(rows[i % len(rows)] | {_NUMBER: f"BENCH-{i:07}"})


def _no_page(secured: SecuredDocument, signed_at: int, key_text: str = "") -> bytes:
    raise NotImplementedError


def _prints(_text: str) -> str:
    return ""


def _quiet(_stage: str, _done: int, _total: int) -> None:
    """Show nothing."""
