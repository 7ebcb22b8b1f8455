"""What every tracked file keeps to: length, no registry's host, no machine's path, reasons for exceptions."""

import re
from collections.abc import Mapping

import pytest

from tests.support.repository import LOCKS, ROOT, texts

MAX_LINES = 400
SOURCES = ("*.py", "*.sol", "*.js", "*.mjs", "*.html", "*.css", "*.typ")

# Written in pieces, so that this file does not name what it looks for.
REGISTRY_HOSTS = re.compile(
    r"\b(?:"
    + "|".join((r"pypi\.or" + "g", r"pythonhoste" + "d", r"registry\.npm" + "js", r"npmmirro" + "r"))
    + ")"
)
MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(?:" + "|".join(("wor" + "k", "roo" + "t", "hom" + "e/[a-z]+", "opt/py" + "pi")) + r")\b"
)
# The rule's code, then why: a bare code says only what was switched off.
NOQA = re.compile(r"#\s*noqa\b(?P<rest>.*)")
NOQA_WITH_REASON = re.compile(r":\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*\W+\w+.*")
TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[)")


def lines_that_match(pattern: re.Pattern[str], files: Mapping[str, str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def ignores_without_reason(pyproject: str) -> list[str]:
    """Return the lines of ruff's ignore lists that switch a rule off and do not say why."""
    section = pyproject[pyproject.index("[tool.ruff.lint]") :]
    rule = re.compile(r'^\s+"[A-Z]+\d*",(?P<reason>.*)$')
    found = [rule.match(line) for line in section.splitlines()]
    return [match.group() for match in found if match and not re.match(r" # \w+", match["reason"])]


def test_a_source_file_is_one_topic_long() -> None:
    too_long = {name: len(text.splitlines()) for name, text in texts(*SOURCES).items()}
    assert {name: length for name, length in too_long.items() if length > MAX_LINES} == {}


def test_no_tracked_file_names_a_package_registry() -> None:
    assert lines_that_match(REGISTRY_HOSTS, texts()) == []


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    assert lines_that_match(MACHINE_PATHS, texts()) == []


def test_no_lock_holds_an_address() -> None:
    assert lines_that_match(re.compile(r"://|file:"), texts(*LOCKS)) == []


@pytest.mark.parametrize(
    "planted", ["index-url = https://pypi.or" + "g/simple", "https://registry.npm" + "js.org/x"]
)
def test_a_planted_registry_is_found(planted: str) -> None:
    assert lines_that_match(REGISTRY_HOSTS, {"a": planted}) == [f"a:1: {planted}"]


@pytest.mark.parametrize("planted", ["/wor" + "k/x", "see /roo" + "t/.cache", "=/hom" + "e/an/certlog"])
def test_a_planted_machine_path_is_found(planted: str) -> None:
    assert len(lines_that_match(MACHINE_PATHS, {"a": planted})) == 1


@pytest.mark.parametrize("harmless", ["the home/work balance", "https://example.vn/working", "docs/workers"])
def test_a_word_that_is_no_machine_path_is_let_through(harmless: str) -> None:
    assert lines_that_match(MACHINE_PATHS, {"a": harmless}) == []


def test_every_rule_that_is_switched_off_says_why() -> None:
    assert ignores_without_reason((ROOT / "pyproject.toml").read_text(encoding="utf-8")) == []


def test_a_planted_rule_without_reason_is_found() -> None:
    planted = '[tool.ruff.lint]\nignore = [\n    "S101",\n    "D1", # why\n]\n'
    assert ignores_without_reason(planted) == ['    "S101",']


def test_every_exception_on_a_line_says_which_rule_and_why() -> None:
    found = [
        f"{name}:{number}: {match.group()}"
        for name, text in texts("*.py").items()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := NOQA.search(line)) and not NOQA_WITH_REASON.fullmatch(match["rest"])
    ]
    assert [line for line in found if not line.startswith("tests/project/test_tracked_files.py")] == []


def test_every_type_ignore_names_its_error() -> None:
    here = "tests/project/test_tracked_files.py"
    files = {name: text for name, text in texts("*.py").items() if name != here}
    assert lines_that_match(TYPE_IGNORE, files) == []
