"""The README in Vietnamese is the README: the same parts in the same order, the same commands, the same links."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = (ROOT / "README.md").read_text("utf-8")
VIETNAMESE = (ROOT / "README.vi.md").read_text("utf-8")


def _commands(text: str) -> list[str]:
    lines = [line.split("#")[0].strip() for line in text.splitlines() if line.startswith("    ")]
    return [re.sub(r" --lang \w+$", "", line) for line in lines if line]


def test_it_has_the_same_parts() -> None:
    assert VIETNAMESE.count("\n## ") == ENGLISH.count("\n## ")


def test_it_has_the_same_commands() -> None:
    assert _commands(VIETNAMESE) == _commands(ENGLISH)


def test_its_tables_have_the_same_rows() -> None:
    rows = [sum(line.startswith("|") for line in text.splitlines()) for text in (VIETNAMESE, ENGLISH)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("text", [ENGLISH, VIETNAMESE], ids=["en", "vi"])
def test_its_links_lead_somewhere(text: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    assert [target for target in targets if not (ROOT / target).exists()] == []
