"""docs/threats.md names tests, vectors and files that exist, a test and a control for each attack."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.support.repository import ROOT, tracked

PAGE = (ROOT / "docs" / "threats.md").read_text("utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
VECTOR = re.compile(r"`(vectors/[\w./-]+\.json)`")
LINK = re.compile(r"\]\(([^)]+)\)")


def names_collected(source: str) -> set[str]:
    """Return the names of the tests that pytest would collect from a file."""
    nodes = [*ast.parse(source).body]
    nodes += [inner for node in nodes if isinstance(node, ast.ClassDef) for inner in node.body]
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name for node in functions if node.name.startswith("test_")}


def missing_tests(page: str) -> list[str]:
    known = {
        name: names_collected((ROOT / name).read_text("utf-8")) for name in tracked("tests/**/test_*.py")
    }
    return [f"{file}::{name}" for file, name in TEST.findall(page) if name not in known.get(file, ())]


def missing_files(page: str) -> list[str]:
    linked = [f"docs/{link}" for link in LINK.findall(page)]
    return [name for name in [*VECTOR.findall(page), *linked] if not (ROOT / name).resolve().is_file()]


def rows(page: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the tables of attacks."""
    for line in page.splitlines():
        if re.match(r"\| [A-E]\d+ \|", line):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def incomplete_rows(page: str) -> list[str]:
    """Return the rows without a test, or without a control: a test or a vector in the last cell."""
    return [
        cells[0]
        for cells in rows(page)
        if len(cells) != 5
        or not TEST.search(cells[3])
        or not (TEST.search(cells[4]) or VECTOR.search(cells[4]))
    ]


def test_every_named_test_exists() -> None:
    assert len(TEST.findall(PAGE)) > 100
    assert missing_tests(PAGE) == []


def test_every_named_vector_and_linked_file_exists() -> None:
    assert missing_files(PAGE) == []


def test_every_attack_has_a_test_and_a_control() -> None:
    assert len(list(rows(PAGE))) > 35
    assert incomplete_rows(PAGE) == []


def test_every_attack_is_on_the_page_once_or_named_as_open() -> None:
    defended = [cells[0] for cells in rows(PAGE)]
    assert len(defended) == len(set(defended))
    left = PAGE.split("## Not defended yet")[1]
    wanted = {"A": 11, "B": 12, "C": 15, "D": 6}
    for letter, last in wanted.items():
        for number in range(1, last + 1):
            name = f"{letter}{number}"
            assert name in defended or re.search(rf"\b{name}\b", left), name


@pytest.mark.parametrize(
    "planted",
    [
        "`tests/project/test_threats_page.py::test_that_nobody_wrote`",
        "`tests/project/test_no_such_file.py::test_every_named_test_exists`",
        "`tests/support/controls.py::nothing`",
        "`tests/project/test_threats_page.py::missing_tests`",
    ],
)
def test_a_planted_name_is_found(planted: str) -> None:
    assert missing_tests(f"| A1 | {planted} |") == [planted.strip("`")]


def test_a_planted_file_is_found() -> None:
    page = "`vectors/epoch/no-such_fail.json` [x](../certlog/no_such.py) [y](threats.md)"
    assert missing_files(page) == ["vectors/epoch/no-such_fail.json", "docs/../certlog/no_such.py"]


def test_a_planted_row_without_control_is_found() -> None:
    test = "`tests/project/test_threats_page.py::test_every_named_test_exists`"
    page = f"| A1 | a | b | {test} | none |\n| A2 | a | b | | {test} |\n| A3 | a | b | {test} | {test} |"
    assert incomplete_rows(page) == ["A1", "A2"]


def test_a_function_that_is_no_test_does_not_count() -> None:
    source = "def helper(): ...\ndef test_a(): ...\nclass TestB:\n    def test_c(self): ...\n"
    assert names_collected(source) == {"test_a", "test_c"}
