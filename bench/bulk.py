"""A hundred thousand certificates, end to end: sign, admit, log durably, seal a head, make the evidence of all.

Signing and submitting overlap, as `certlog issuer` does it: while batches are under way the next ones are signed. The
contents are prepared beforehand; reading a spreadsheet is not part of it.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from bench.admission import BATCH, signed_items
from bench.measure import Figure, Stopwatch, children_memory, children_work, peak_memory
from bench.served import Served, served, wait_for_head
from issuer.registry_port import Outcome
from registry.evidence_export import EvidenceExport

GOAL_SECONDS: Final = 20.0
GOAL_MEMORY: Final = 300.0
UNDER_WAY: Final = 3


def measure(count: int) -> Iterator[Figure]:
    """Take `count` certificates all the way."""
    goal = GOAL_SECONDS * count / 100_000
    with served() as registry:
        watch = Stopwatch()
        before = children_work()
        with watch.running("sign and admit"):
            _sign_and_submit(registry, count)
        with watch.running("wait for the sealed head"), registry.opened() as opened:
            wait_for_head(opened, count)
        servers = children_work() - before
        with watch.running("evidence for all"):
            size = _evidence(registry, count)
        yield Figure(f"{count:,} end to end (clock)", watch.seconds, "s", goal=goal)
        for name, seconds in watch.parts():
            yield Figure(f"  {name}", seconds, "s")
        work = (watch.busy + servers) / 2
        yield Figure("  work of all processes, shared by 2 cores", work, "s", goal=goal)
        yield Figure("  of it the issuer and the export", watch.busy, "s")
        yield Figure("  of it the servers", servers, "s")
        yield Figure("  memory of the largest server process", children_memory(), "MB", goal=GOAL_MEMORY)
        yield Figure("  memory of the issuer and the export", peak_memory(), "MB", goal=GOAL_MEMORY)
        yield Figure("  evidence file, on average", size / count / 1e6, "MB")


def _sign_and_submit(registry: Served, count: int) -> None:
    under_way: list[Future[tuple[Outcome, ...]]] = []
    with ThreadPoolExecutor(UNDER_WAY) as pool:
        for start in range(0, count, BATCH):
            items = signed_items(registry, min(BATCH, count - start), publish=False)
            if len(under_way) >= UNDER_WAY:
                _require_logged(under_way.pop(0).result())
            under_way.append(pool.submit(registry.client.submit, items))
        for answer in under_way:
            _require_logged(answer.result())


def _require_logged(outcomes: tuple[Outcome, ...]) -> None:
    refused = [outcome for outcome in outcomes if outcome.status != "logged"]
    if refused:
        raise RuntimeError(refused[0])


def _evidence(registry: Served, count: int) -> int:
    """Make every evidence file; return their bytes together."""
    with registry.opened() as opened, opened.database.reading() as connection:
        export = EvidenceExport(
            connection, opened.tiles.nodes(connection), opened.settings.operator, lambda _index: ()
        )
        sizes = [len(data) for _, data in export.certificates()]
    if len(sizes) != count:
        message = f"expected {count} files, found {len(sizes)}"
        raise RuntimeError(message)
    return sum(sizes)
