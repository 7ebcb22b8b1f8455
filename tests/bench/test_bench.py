"""Each measurement runs, with tiny numbers: what it finds is nobody's business here."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from bench.__main__ import MEASUREMENTS, main
from bench.measure import Figure, Stopwatch, cost_of, line_of, peak_memory


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("issue", 20),
        ("spreadsheet", 20),
        ("bulk", 40),
        ("growth", 1200),
        ("audit", 600),
        ("sizes", 2000),
    ],
)
def test_a_measurement_runs_to_its_end(name: str, count: int) -> None:
    done = CliRunner().invoke(main, [name, "--count", str(count)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "goal" in done.output
    assert name in done.output


def test_a_rebuild_is_measured_to_its_end() -> None:
    done = CliRunner().invoke(main, ["rebuild", "--count", "600"], catch_exceptions=False)
    assert done.exit_code == 0
    assert "entries rebuilt" in done.output


@pytest.mark.deep
@pytest.mark.parametrize("name", ["admission", "page", "verify"])
def test_a_measurement_that_takes_seconds_runs_to_its_end(name: str) -> None:
    measure, _ = MEASUREMENTS[name]
    figures: Iterator[Figure] = measure(40)
    assert all(figure.ours > 0 for figure in figures)


def test_a_ratio_is_one_at_the_limit_and_less_where_we_are_slower() -> None:
    assert Figure("rate", 50, "/s", 100).ratio == 0.5
    assert Figure("time", 20, "µs", 10).ratio == 0.5
    assert Figure("alone", 20, "s").ratio is None


def test_a_goal_is_a_least_rate_or_a_most_time() -> None:
    assert Figure("rate", 50, "/s", goal=50).reached
    assert not Figure("rate", 49, "/s", goal=50).reached
    assert Figure("time", 50, "ms", goal=50).reached
    assert not Figure("time", 51, "ms", goal=50).reached
    assert Figure("none", 1, "ms").reached is None


def test_a_line_shows_ours_limit_ratio_and_goal() -> None:
    line = line_of(Figure("issue", 15_000, "/s", 20_000, "libraries alone", 12_000))
    for part in ("issue", "15,000/s", "20,000/s", "0.75", "12,000/s (reached)", "[libraries alone]"):
        assert part in line


def test_a_stopwatch_adds_up_what_ran_and_its_parts() -> None:
    watch = Stopwatch()
    for name in ("one", "two", "one"):
        with watch.running(name):
            sum(range(10_000))
    assert [name for name, _ in watch.parts()] == ["one", "two"]
    assert watch.seconds == pytest.approx(sum(seconds for _, seconds in watch.parts()))


def test_the_cost_of_a_call_is_measured() -> None:
    assert 0 < cost_of(lambda: sum(range(1000)), at_least=0.01) < 0.01


def test_this_process_has_held_memory() -> None:
    assert peak_memory() > 1
