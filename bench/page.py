"""The public verdict page under load, and a trivial answer of the same server as its limit.

wrk does the asking where it is installed; else a few threads of this process, which then share its cores.
"""

import http.client
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urlsplit

from bench.admission import BATCH, signed_items
from bench.measure import Figure, children_work
from bench.served import WORKERS, Served, served, wait_for_head
from certlog.certificate_id import certificate_id
from certlog.entry import CertificateEntry, parse_entry

GOAL: Final = 3_000
GOAL_P99: Final = 30.0
SECONDS: Final = 5.0
CLIENTS: Final = 16
ASKED: Final = 20
WARMING: Final = 12
"""How often each page is asked for beforehand: every worker must have rendered it."""


def measure(count: int) -> Iterator[Figure]:
    """Ask for the pages of some of `count` certificates."""
    with served() as registry:
        items = signed_items(registry, count, publish=True)
        for start in range(0, len(items), BATCH):
            registry.client.submit(items[start : start + BATCH])
        with registry.opened() as opened:
            wait_for_head(opened, count)
        entries = [parse_entry(item.entry) for item in items[:ASKED]]
        ids = [certificate_id(e.document_hash) for e in entries if isinstance(e, CertificateEntry)]
        seconds = min(SECONDS, max(0.2, count / 200))
        limit, _ = _load(registry, ["/robots.txt"], seconds)
        pages = [f"/vi/c/{identifier}" for identifier in ids]
        cold, _ = _with_threads(registry, pages, 0, turns=WARMING * len(pages))
        before = children_work()
        rate, p99 = _load(registry, pages, seconds)
        work = children_work() - before
        asked = "wrk" if shutil.which("wrk") else "threads of this process"
        yield Figure(
            f"verdict page, {WORKERS} workers, asked by {asked}", rate, "/s", limit, "a trivial answer", GOAL
        )
        yield Figure("  while most of them are asked for the first time", cold, "/s")
        yield Figure("  99 of 100 answered within", p99, "ms", goal=GOAL_P99)
        free = rate * seconds * WORKERS / work if work else 0.0
        yield Figure(f"  the servers' work alone, on {WORKERS} free cores", free, "/s", goal=GOAL)


def _load(registry: Served, paths: Sequence[str], seconds: float) -> tuple[float, float]:
    """Return answers a second, and milliseconds within which 99 of 100 came."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return _with_threads(registry, paths, seconds)
    script = registry.folder.path / "paths.lua"
    listed = ", ".join(f'"{path}"' for path in paths)
    script.write_text(
        f"local p = {{{listed}}}\nlocal i = 0\n"
        "request = function() i = i % #p + 1 return wrk.format('GET', p[i]) end\n",
        "ascii",
    )
    command = [wrk, "-t2", f"-c{CLIENTS}", f"-d{max(1, int(seconds))}s", "--latency", "-s", str(script)]
    done = subprocess.run([*command, registry.url], capture_output=True, text=True, check=True)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    if rate is None or p99 is None:
        raise RuntimeError(done.stdout)
    return float(rate[1]), float(p99[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[p99[2]]


def _with_threads(
    registry: Served, paths: Sequence[str], seconds: float, *, turns: int = 0
) -> tuple[float, float]:
    """Ask for some seconds, or until each client has had its share of `turns`."""
    address = urlsplit(registry.url)
    took: list[float] = []
    begin = time.perf_counter()
    lock, end = threading.Lock(), begin + seconds

    def client(first: int) -> None:
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
        own: list[float] = []
        turn = first
        while (start := time.perf_counter()) < end or len(own) * CLIENTS < turns:
            connection.request("GET", paths[turn % len(paths)])
            connection.getresponse().read()
            own.append(time.perf_counter() - start)
            turn += 1
        connection.close()
        with lock:
            took.extend(own)

    with ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(client, i) for i in range(CLIENTS)]:
            done.result()
    took.sort()
    return len(took) / (time.perf_counter() - begin), took[int(len(took) * 0.99)] * 1000
