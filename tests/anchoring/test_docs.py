"""docs/anchoring.md names every reason to halt, every state and every setting, and nothing else of the kind."""

import re
from pathlib import Path

from anchoring.batch import HaltReason, State
from anchoring.settings import AnchoringSettings

PAGE = (Path(__file__).parents[2] / "docs" / "anchoring.md").read_text("utf-8")


def table(heading: str) -> list[set[str]]:
    """Return the names in the first column of the first table below a heading."""
    below = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.*?) \|", below, re.MULTILINE)[2:]
    return [set(re.findall(r"`?([a-zA-Z0-9_-]+)`?", row)) for row in rows]


def test_every_reason_to_halt_is_explained() -> None:
    assert set().union(*table("Halted")) == set(HaltReason)


def test_every_state_is_explained() -> None:
    assert set().union(*table("The life of a batch")) == set(State)


def test_every_setting_is_explained() -> None:
    assert set().union(*table("Settings (`anchoring.toml`)")) == set(AnchoringSettings.model_fields)
