"""/metrics: what it says of a registry that anchors, and that every alarm asks for something that exists."""

import re
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from anchoring.batch import HaltReason
from anchoring.database import open_database
from anchoring.local_node import LocalNode
from anchoring.tables import halts, lines
from certlog.errors import Unavailable
from cli.anchoring import run_worker
from cli.meters import Meters
from cli.metrics import serving_metrics
from tests.anchoring.anchored import Anchored, anchored_registry
from tests.anchoring.anvil import SIGNER, deploy_contract, fund, now
from tests.support.repository import ROOT
from tests.support.requires import promtool

RULES = yaml.safe_load((ROOT / "docs" / "prometheus" / "certlog.rules.yml").read_text())
ALARMS = [rule for group in RULES["groups"] for rule in group["rules"]]
PAGE = (ROOT / "docs" / "alarms.md").read_text()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anchored]:
    with LocalNode(chain_id=1_337_001, block_time=None) as node:
        fund(node)
        contract = deploy_contract(node)
        with anchored_registry(
            tmp_path_factory.mktemp("metrics") / "data", node, contract, "metrics"
        ) as anchored:
            yield anchored


@contextmanager
def serving(made: Anchored) -> Iterator[tuple[Meters, str]]:
    with serving_metrics(0, made.world.publisher.database, made.folder.path, now) as served:
        assert served is not None
        yield served[0], f"http://127.0.0.1:{served[1]}/metrics"


def exposed(url: str) -> str:
    with closing(urllib.request.urlopen(url)) as answer:  # noqa: S310 - loopback
        return str(answer.read().decode())


def scrape(url: str) -> dict[tuple[str, ...], float]:
    return parsed(exposed(url))


def parsed(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class Once(threading.Event):
    """Lets a worker take so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left = steps

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0

    def wait(self, timeout: float | None = None) -> bool:
        return timeout is not None


def full(made: Anchored, monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, ...], float]:
    """Return every metric of a worker that took a few steps."""
    return parsed(full_text(made, monkeypatch))


def full_text(made: Anchored, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("cli.anchoring.signer_of_settings", lambda *_: SIGNER)
    with serving(made) as (meters, url):
        meters.signing_halted.set(0)
        meters.running.labels("main").set(1)
        run_worker(
            made.folder.path,
            made.world.publisher,
            "",
            stop=Once(3),
            now=now,
            report=lambda _: None,
            meters=meters,
        )
        return exposed(url)


def test_log_published_and_anchored_sizes_and_what_waits(
    made: Anchored, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.issue()
    found = full(made, monkeypatch)
    size = made.world.publisher.latest_size()
    assert found[("certlog_log_entries",)] == found[("certlog_published_entries",)] == size
    anchored = found["certlog_anchored_entries", "line=main"]
    assert 0 < anchored < size
    assert found["certlog_unanchored_entries", "line=main"] == size - anchored
    assert 0 <= found["certlog_oldest_unanchored_seconds", "line=main"] < 60
    assert found["certlog_epoch_age_seconds",] < 60
    assert found["certlog_database_readable", "database=anchoring"] == 1
    assert found["certlog_account_balance_wei", "line=main"] > 0
    assert found["certlog_gas_price_wei", "line=main"] > 0
    assert found["certlog_gas_today", "line=main"] > 0
    calls = {key: value for key, value in found.items() if key[0] == "certlog_rpc_requests_total"}
    assert {"method=eth_call", "outcome=answered"} <= set().union(*calls)


def test_a_halt_and_its_reason_are_told(made: Anchored) -> None:
    reason = ("certlog_halted", "line=main", "reason=foreign-head")
    with serving(made) as (_, url):
        assert scrape(url)[reason] == 0
        database = open_database(made.folder.path / "anchoring.db", create=False)
        with database.writing() as connection:
            line = connection.execute(lines.select()).first()
            assert line is not None
            values = {"line_id": line.id, "reason": str(HaltReason.FOREIGN_HEAD), "detail": "x", "at": now()}
            connection.execute(halts.insert().values(**values))
        assert scrape(url)[reason] == 1
        with database.writing() as connection:
            connection.execute(halts.delete())
        database.close()


def test_a_database_that_cannot_be_read_is_told_and_hides_nothing_else(made: Anchored) -> None:
    path = made.folder.path / "anchoring.toml"
    before = path.read_text()
    with serving(made) as (_, url):
        path.write_text("nonsense = 1")
        found = scrape(url)
        path.write_text(before)
    assert found["certlog_database_readable", "database=anchoring"] == 0
    assert found[("certlog_log_entries",)] > 0


def test_prometheus_own_checker_finds_nothing_to_say_of_the_metrics(
    made: Anchored, monkeypatch: pytest.MonkeyPatch
) -> None:
    checker = promtool()
    text = full_text(made, monkeypatch)
    broken = text.replace("# TYPE certlog_log_entries gauge", "# TYPE certlog_log_entries counter")
    for given, wanted in ((text, (0, "")), (broken, (3, "certlog_log_entries"))):
        done = subprocess.run(
            [checker, "check", "metrics"], input=given, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert (done.returncode, wanted[1] in said) == (wanted[0], True), said
        assert bool(said) == bool(wanted[1])


def test_a_used_port_is_refused(made: Anchored) -> None:
    with serving(made) as (_, url):
        port = int(url.split(":")[2].split("/")[0])
        again = serving_metrics(port, made.world.publisher.database, made.folder.path, now)
        with pytest.raises(Unavailable, match="cannot serve metrics on port"):
            again.__enter__()


def test_a_nodes_address_is_a_label_without_its_secret(made: Anchored) -> None:
    with serving(made) as (meters, url):
        meters.of_line("main")("https://user:geheim@node.example/v3/0123abcd", "eth_call", 0.1, "failed")
        found = scrape(url)
    assert (
        "certlog_rpc_requests_total",
        "line=main",
        "method=eth_call",
        "node=node.example",
        "outcome=failed",
    ) in found
    assert "geheim" not in str(found)
    assert "0123abcd" not in str(found)


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"\bcertlog_[a-z_]+", expression))


def test_every_alarm_asks_for_metrics_and_labels_that_exist(
    made: Anchored, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = full(made, monkeypatch)
    known = {key[0] for key in found} | {"certlog_batch_age_seconds"}  # absent while no batch is under way
    for alarm in ALARMS:
        assert names_in(alarm["expr"]) <= known, alarm["alert"]
        for label, value in re.findall(r'(\w+)="([a-z-]+)"', alarm["expr"].replace('job="certlog"', "")):
            assert any(f"{label}={value}" in key for key in found) or value == "failed", alarm["alert"]
    assert names_in("certlog_nothing_such > 1") - known


def test_every_alarm_is_explained_and_every_metric_is_on_the_page(
    made: Anchored, monkeypatch: pytest.MonkeyPatch
) -> None:
    headings = set(re.findall(r"^## (Certlog\w+)$", PAGE, re.MULTILINE))
    assert headings == {alarm["alert"] for alarm in ALARMS}
    for alarm in ALARMS:
        assert alarm["annotations"]["runbook_url"] == f"docs/alarms.md#{alarm['alert'].lower()}"
        assert alarm["labels"]["severity"] in ("page", "ticket")
    shown = {re.sub(r"_(bucket|count|sum|created)$", "", key[0]) for key in full(made, monkeypatch)}
    missing = {name for name in shown if f"`{name}" not in PAGE and f"`{name}`" not in PAGE} - {
        "certlog_rpc_requests"
    }
    assert missing == set()
