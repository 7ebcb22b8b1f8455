"""Prometheus' own checker reads the alarms: each goes off on what it is for and on nothing else (docs/prometheus)."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.support.repository import ROOT
from tests.support.requires import promtool

FOLDER: Final = ROOT / "docs" / "prometheus"
RULES: Final = "certlog.rules.yml"
CASES: Final = "certlog.rules.test.yml"
ALARMS: Final = [
    rule for group in yaml.safe_load((FOLDER / RULES).read_text())["groups"] for rule in group["rules"]
]
NAMES: Final = [alarm["alert"] for alarm in ALARMS]


def tried(folder: Path = FOLDER) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [promtool(), "test", "rules", CASES],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def with_defect(folder: Path, name: str, expression: str) -> Path:
    """Copy the alarms and their cases, one alarm asking for something else."""
    rules = yaml.safe_load((FOLDER / RULES).read_text())
    for alarm in rules["groups"][0]["rules"]:
        if alarm["alert"] == name:
            alarm["expr"] = expression
    (folder / RULES).write_text(yaml.safe_dump(rules))
    (folder / CASES).write_bytes((FOLDER / CASES).read_bytes())
    return folder


def test_prometheus_takes_the_rules() -> None:
    done = subprocess.run(
        [promtool(), "check", "rules", RULES], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert (done.returncode, f"{len(ALARMS)} rules found" in done.stdout) == (0, True), done.stderr


def test_each_alarm_goes_off_on_what_it_is_for_and_on_nothing_else() -> None:
    done = tried()
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alarm", ALARMS, ids=NAMES)
@pytest.mark.parametrize("never", [True, False], ids=["never", "whenever it is measured"])
def test_an_alarm_that_goes_off_never_or_always_is_noticed(
    alarm: dict[str, str], tmp_path: Path, *, never: bool
) -> None:
    always = re.sub(r"\s(==|>|<)\s.*", "", alarm["expr"], flags=re.DOTALL)
    defect = "vector(0) > 1" if never else always
    assert defect != alarm["expr"]
    done = tried(with_defect(tmp_path, alarm["alert"], defect))
    assert (done.returncode, alarm["alert"] in done.stdout + done.stderr) == (1, True), done.stdout
