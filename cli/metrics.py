"""`/metrics` of the worker process, for Prometheus, on the loopback address only.

Everything that is stored is read from the two databases when somebody asks, so that it is the same in every process and
after every restart; only calls to nodes and the account's means are counted in memory (meters.py). Web workers serve no
metrics: what they do is in the web server's own log. docs/alarms.md says what each is for.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from anchoring.batch import HaltReason, State
from anchoring.database import open_database
from anchoring.line import ProblemKind
from anchoring.lines import load_lines
from anchoring.measures import LineMeasures, measure_line
from anchoring.settings import AnchoringSettings
from certlog.errors import CertlogError, Unavailable
from certlog.sentences import Sentence
from cli.meters import Meters
from registry.database import Database
from registry.measures import LogMeasures, measure_log
from storage.database import closed_at_end

HOST: Final = "127.0.0.1"
NO_BATCH: Final = "none"


class StoredMetrics(Collector):
    """Reads both databases at each scrape; one that cannot be read is shown as such and hides nothing else."""

    def __init__(self, database: Database, folder: Path, now: Callable[[], int]) -> None:
        """Take the registry's database, the data folder and the clock."""
        self._database = database
        self._folder = folder
        self._now = now

    def describe(self) -> Iterator[Metric]:
        """Nothing is read when it is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Return every family."""
        readable = GaugeMetricFamily("certlog_database_readable", "1 if it can be read.", labels=["database"])
        lines = self._lines(readable)
        try:
            log = measure_log(self._database, [found.anchored_size for found, _ in lines.values()])
            readable.add_metric(["registry"], 1)
        except Unavailable:
            readable.add_metric(["registry"], 0)
            yield readable
            return
        yield readable
        now = self._now()
        yield from _of_log(log, now)
        yield from _of_lines(lines, log, now)

    def _lines(self, readable: GaugeMetricFamily) -> Mapping[str, tuple[LineMeasures, AnchoringSettings]]:
        found: dict[str, tuple[LineMeasures, AnchoringSettings]] = {}
        try:
            for line, settings in load_lines(self._folder).items():
                with closed_at_end(open_database(settings.address(self._folder), create=False)) as database:
                    measured = measure_line(database, settings.target(), settings.account, self._now())
                if measured is not None:
                    found[line] = (measured, settings)
        except CertlogError:
            readable.add_metric(["anchoring"], 0)
        else:
            readable.add_metric(["anchoring"], 1)
        return found


@contextmanager
def serving_metrics(
    port: int | None, database: Database, folder: Path, now: Callable[[], int]
) -> Iterator[tuple[Meters, int] | None]:
    """Serve on the loopback address meanwhile; give the meters and the port, or None where no port is named.

    Raises:
        Unavailable: the port is used.
    """
    if port is None:
        yield None
        return
    registry = CollectorRegistry()
    meters = Meters(registry)
    registry.register(StoredMetrics(database, folder, now))
    try:
        server, thread = start_http_server(port, HOST, registry)
    except OSError as error:
        message = Sentence("cannot serve metrics on port {port}: {reason}", port=port, reason=error)
        raise Unavailable(message) from error
    try:
        yield meters, int(server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _of_log(log: LogMeasures, now: int) -> Iterator[Metric]:
    yield GaugeMetricFamily("certlog_log_entries", "Durable entries.", value=log.entries)
    yield GaugeMetricFamily(
        "certlog_published_entries", "Entries under the newest signed checkpoint.", value=log.published
    )
    yield GaugeMetricFamily(
        "certlog_unpublished_entries", "Entries that wait for a signature.", value=log.entries - log.published
    )
    if log.epoch_time is not None:
        yield GaugeMetricFamily(
            "certlog_epoch_age_seconds", "Age of the last epoch.", value=now - log.epoch_time
        )


def _of_lines(
    lines: Mapping[str, tuple[LineMeasures, AnchoringSettings]], log: LogMeasures, now: int
) -> Iterator[Metric]:
    """One family for each thing, a sample for each line; ages of what never was are left out."""
    for name, text, read in _NUMBERS:
        family = GaugeMetricFamily(f"certlog_{name}", text, labels=["line"])
        for line, (found, settings) in lines.items():
            value = read(found, settings, now)
            if value is not None:
                family.add_metric([line], value)
        yield family
    yield from _of_waiting(lines, log, now)
    for choice in _CHOICES:
        yield _states(choice, lines)


def _of_waiting(
    lines: Mapping[str, tuple[LineMeasures, AnchoringSettings]], log: LogMeasures, now: int
) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("certlog_unanchored_entries", "Entries in no FINAL batch.", labels=["line"])
    oldest = GaugeMetricFamily(
        "certlog_oldest_unanchored_seconds", "Age of the oldest entry in no FINAL batch.", labels=["line"]
    )
    for (line, (found, _)), logged_at in zip(lines.items(), log.logged_at, strict=True):
        waiting.add_metric([line], log.entries - found.anchored_size)
        oldest.add_metric([line], 0 if logged_at is None else now - logged_at)
    yield from (waiting, oldest)


@dataclass(frozen=True, slots=True)
class _Choice:
    """A family with a sample for each value that there is: 1 for the one that holds, 0 for the others."""

    name: str
    text: str
    label: str
    known: tuple[str, ...]
    read: Callable[[LineMeasures], str]


def _states(choice: _Choice, lines: Mapping[str, tuple[LineMeasures, AnchoringSettings]]) -> Metric:
    family = GaugeMetricFamily(f"certlog_{choice.name}", choice.text, labels=["line", choice.label])
    for line, (found, _) in lines.items():
        for value in choice.known:
            family.add_metric([line, str(value)], int(choice.read(found) == str(value)))
    return family


def _state(found: LineMeasures) -> str:
    return NO_BATCH if found.open_state is None else str(found.open_state)


def _age(at: int | None, now: int) -> int | None:
    return None if at is None else now - at


def _unfinal(found: LineMeasures) -> int | None:
    if found.latest_number is None or found.finalized_number is None:
        return None
    return found.latest_number - found.finalized_number


Read = Callable[[LineMeasures, AnchoringSettings, int], "int | None"]
_NUMBERS: Final[tuple[tuple[str, str, Read], ...]] = (
    ("anchored_entries", "Entries of the newest FINAL batch.", lambda found, _, __: found.anchored_size),
    (
        "anchor_age_seconds",
        "Age of the newest FINAL anchor.",
        lambda found, _, now: _age(found.anchored_at, now),
    ),
    (
        "batch_age_seconds",
        "Since when a batch is under way.",
        lambda found, _, now: _age(found.open_since, now),
    ),
    ("batch_attempts", "Signed transactions of the batch under way.", lambda found, _, __: found.attempts),
    (
        "chain_read_age_seconds",
        "Since when the chain was not read well.",
        lambda found, _, now: _age(found.read_at, now),
    ),
    (
        "chain_block_age_seconds",
        "Age of the newest block that was read.",
        lambda found, _, now: _age(found.latest_time, now),
    ),
    (
        "chain_unfinal_blocks",
        "Blocks between the newest and the final one.",
        lambda found, _, __: _unfinal(found),
    ),
    ("gas_today", "Units of gas spent on this UTC day.", lambda found, _, __: found.spent.gas),
    (
        "gas_daily_limit",
        "Units of gas that may be spent in a day.",
        lambda _, settings, __: settings.daily_gas,
    ),
    ("wei_today", "Wei spent on this UTC day.", lambda found, _, __: found.spent.wei),
    (
        "max_delay_seconds",
        "A new entry waits at most this long for its batch.",
        lambda _, settings, __: settings.max_delay,
    ),
    (
        "heartbeat_seconds",
        "A batch is anchored at least this often.",
        lambda _, settings, __: settings.heartbeat,
    ),
)
_CHOICES: Final = (
    _Choice("batch_state", "1 for the state of the batch under way.", "state", (NO_BATCH, *State), _state),
    _Choice(
        "halted",
        "1 for the reason why a line waits for the operator.",
        "reason",
        tuple(HaltReason),
        lambda found: found.halted,
    ),
    _Choice(
        "problem",
        "1 for what a line complains of.",
        "kind",
        tuple(ProblemKind),
        lambda found: found.problem,
    ),
)
