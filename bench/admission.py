"""Admission over HTTP into a real served registry: batches, every signature verified, and singles, each durable.

The limit of batches is libsodium's verification in as many processes; that of singles is SQLite's own durable commit.
"""

import http.client
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair

from bench.measure import Figure, children_work, cost_of
from bench.sample import ORIGIN, contents
from bench.served import WORKERS, Served, served
from certlog.credential import slot_of
from certlog.documents import certificate_challenge, secure
from certlog.entry import certificate_entry
from issuer.http_registry import line_of
from issuer.registry_port import Item

BATCH: Final = 1000
GOAL: Final = 8_000
GOAL_SINGLES: Final = 300
CLIENTS: Final = 8


def measure(count: int) -> Iterator[Figure]:
    """Submit `count` certificates as hashes, as many with their content, and a twentieth one by one."""
    with served() as registry:
        verify = min(WORKERS, os.cpu_count() or 1) / cost_of(_verification())
        for publish in (False, True):
            items = signed_items(registry, count, publish=publish)
            before = children_work()
            seconds = _in_batches(registry, items)
            work = children_work() - before
            what = "with content" if publish else "content withheld"
            name = f"Ed25519 verification alone, {WORKERS} processes"
            yield Figure(f"admission in batches, {what} (clock)", count / seconds, "/s", verify, name, GOAL)
            free = count * WORKERS / work
            yield Figure(f"  the servers' work alone, on {WORKERS} free cores", free, "/s", verify, "", GOAL)
        singles = signed_items(registry, max(1, count // 20), publish=False)
        rate = len(singles) / _one_by_one(registry, singles)
        name = "durable commits of one row"
        yield Figure("admission one by one, durable", rate, "/s", 1 / _durable_commit(), name, GOAL_SINGLES)


def signed_items(registry: Served, count: int, *, publish: bool) -> list[Item]:
    """Return items for newly reserved slots."""
    slots = registry.client.reserve_slots(count).slots
    items = []
    for content in contents(registry.key, iter(slots), first=slots[0].index):
        slot = slot_of(content)
        secured = secure(
            content,
            signer=registry.key.signer,
            did=registry.key.did,
            domain=ORIGIN,
            challenge=certificate_challenge(slot),
            created=int(time.time()),
        )
        document = secured.to_bytes() if publish else None
        items.append(Item(certificate_entry(secured, slot).to_bytes(), document))
    return items


def _in_batches(registry: Served, items: Sequence[Item]) -> float:
    batches = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
    start = time.perf_counter()
    with ThreadPoolExecutor(WORKERS + 1) as pool:
        for outcomes in pool.map(registry.client.submit, batches):
            refused = [outcome for outcome in outcomes if outcome.status != "logged"]
            if refused:
                raise RuntimeError(refused[0])
    return time.perf_counter() - start


def _one_by_one(registry: Served, items: Sequence[Item]) -> float:
    """Submit each by itself over connections that stay open, as issuers with one certificate at a time do."""
    address, token = urlsplit(registry.url), registry.client.token
    queue, lock = iter(items), threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        while True:
            with lock:
                item = next(queue, None)
            if item is None:
                connection.close()
                return
            connection.request("POST", "/api/v1/entries", line_of(item), headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != http.client.CREATED:
                raise RuntimeError(said[:300])

    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(client) for _ in range(CLIENTS)]:
            done.result()
    return time.perf_counter() - start


def _durable_commit() -> float:
    """Return the seconds of one commit of one row on this disk."""
    with tempfile.TemporaryDirectory() as place:
        connection = sqlite3.connect(Path(place) / "x.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE t (x BLOB)")
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < 1:
            connection.execute("INSERT INTO t VALUES (?)", (bytes(700),))
            count += 1
        connection.close()
        return (time.perf_counter() - start) / count


def _verification() -> Callable[[], object]:
    public, secret = crypto_sign_seed_keypair(bytes(32))
    signed = crypto_sign(bytes(64), secret)
    return lambda: crypto_sign_open(signed, public)
