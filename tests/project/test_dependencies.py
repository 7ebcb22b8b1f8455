"""What we import is what we declare, and no dependency owns one of our top-level names."""

import ast
import sys
import tomllib
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.repository import PACKAGES, ROOT, tracked

# Declared because they are loaded by name or by another program, not by an import of ours.
LOADED_BY_NAME = {
    "fontpkg-be-vietnam-pro": "issuer/print_typesetter.py reads the fonts in it, and needs none of its code",
    "fontpkg-noto-sans": "as fontpkg-be-vietnam-pro",
    "gunicorn": "`certlog registry serve` starts it as a program",
    "psycopg": "SQLAlchemy loads it for the URL of a PostgreSQL database",
    "coincurve": "eth-keys takes it when it is there: ten times faster than its own arithmetic",
}


def imported(names: Iterable[str]) -> dict[str, str]:
    """Return each third-party top-level module that the files import, with one file that does."""
    found: dict[str, str] = {}
    for name in names:
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            found.update({module.split(".")[0]: name for module in modules})
    ours = {*PACKAGES, "tests", *sys.stdlib_module_names}
    return {module: name for module, name in found.items() if module not in ours}


def runtime_requirements() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def owners(names: Iterable[str], distributions: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return which distributions, other than this one, bring a top-level module of these names."""
    found = {
        name: sorted(
            title for title, modules in distributions.items() if name in modules and title != "certlog"
        )
        for name in names
    }
    return {name: titles for name, titles in found.items() if titles}


def installed_modules() -> dict[str, set[str]]:
    """Return the top-level modules of every installed distribution, by its name."""
    found: dict[str, set[str]] = {}
    for module, titles in metadata.packages_distributions().items():
        for title in titles:
            found.setdefault(canonicalize_name(title), set()).add(module)
    return found


def test_no_dependency_owns_one_of_our_top_level_names() -> None:
    modules = installed_modules()
    assert "flask" in modules["flask"]
    assert owners([*PACKAGES, "tests", "tools"], modules) == {}


def test_a_dependency_with_one_of_our_names_is_found() -> None:
    planted = {"some-verifier": {"verifier", "helpers"}, "certlog": {"web", "cli"}, "flask": {"flask"}}
    assert owners(PACKAGES, planted) == {"verifier": ["some-verifier"]}


def test_every_third_party_import_of_the_product_is_declared() -> None:
    titles = metadata.packages_distributions()
    declared = runtime_requirements()
    files = tracked(*(f"{package}/**.py" for package in PACKAGES))
    undeclared = {
        module: name
        for module, name in imported(files).items()
        if declared.isdisjoint(canonicalize_name(title) for title in titles.get(module, []))
    }
    assert undeclared == {}


def test_every_declared_dependency_is_used() -> None:
    titles = metadata.packages_distributions()
    files = tracked(*(f"{package}/**.py" for package in PACKAGES))
    used = {canonicalize_name(title) for module in imported(files) for title in titles.get(module, [])}
    assert runtime_requirements() - used - LOADED_BY_NAME.keys() == set()


def test_a_planted_import_is_seen(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("import os\nimport numpy.linalg\nfrom certlog import keys\nfrom requests import get\n")
    assert imported([str(planted)]) == {"numpy": str(planted), "requests": str(planted)}
