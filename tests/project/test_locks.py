"""The locks say what pyproject.toml and package.json ask for, with hashes, and hold what every platform needs."""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.repository import ROOT

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {canonicalize_name(match["name"]): match["version"] for match in PIN.finditer(text)}


def declared() -> tuple[list[Requirement], list[Requirement]]:
    """Return what pyproject.toml asks for at run time (extras included) and for development."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = [line for lines in project["project"]["optional-dependencies"].values() for line in lines]
    groups = [
        line for lines in project["dependency-groups"].values() for line in lines if isinstance(line, str)
    ]
    runtime = project["project"]["dependencies"] + extras
    return [Requirement(line) for line in runtime], [Requirement(line) for line in groups]


def out_of_step(wanted: list[Requirement], locked: Mapping[str, str]) -> list[str]:
    """Return the requirements that a lock lacks, or holds in a version that is not allowed."""
    found = {str(requirement): locked.get(canonicalize_name(requirement.name)) for requirement in wanted}
    return [
        f"{text}: {version or 'absent'}"
        for text, version in found.items()
        if version is None or not Requirement(text).specifier.contains(version)
    ]


def npm(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / name).read_text(encoding="utf-8"))
    return content


def test_the_locks_are_in_step_with_pyproject() -> None:
    runtime, development = declared()
    assert out_of_step(runtime, pins("requirements.txt")) == []
    assert out_of_step(runtime + development, pins("requirements-dev.txt")) == []


def test_a_lock_out_of_step_is_noticed() -> None:
    wanted = [Requirement("flask>=3.1"), Requirement("web3>=8,<9"), Requirement("segno")]
    assert out_of_step(wanted, {"flask": "3.1.3", "web3": "9.0.0"}) == ["web3<9,>=8: 9.0.0", "segno: absent"]


def test_the_development_lock_holds_the_runtime_lock() -> None:
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_pinned_package_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE))
    assert len(entries) == len(PIN.findall(text))
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_npm_lock_is_in_step_with_package_json() -> None:
    package, root = npm("package.json"), npm("package-lock.json")["packages"][""]
    for part in ("dependencies", "devDependencies"):
        assert package[part] == root[part]


def test_package_json_names_exact_versions() -> None:
    package = npm("package.json")
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert {
        name: version for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)
    } == {}


def test_the_npm_lock_holds_every_platforms_optional_packages() -> None:
    packages = npm("package-lock.json")["packages"]
    missing = [
        name
        for package in packages.values()
        for name in package.get("optionalDependencies", {})
        if not any(path.endswith(f"node_modules/{name}") for path in packages)
    ]
    assert missing == []


def test_the_npm_lock_has_a_hash_for_what_this_platform_installs() -> None:
    packages = npm("package-lock.json")["packages"]
    without = [path for path, package in packages.items() if path and "integrity" not in package]
    # Entries of platforms whose packages no registry had when the lock was made; npm takes their hash on trust there.
    assert [path for path in without if not packages[path].get("optional")] == []
    assert [path for path in without if re.search(r"linux-(amd64|x64)(-gnu)?$", path)] == []


def test_every_package_with_an_install_script_is_decided_about() -> None:
    with_scripts = {
        path.rpartition("node_modules/")[2]
        for path, package in npm("package-lock.json")["packages"].items()
        if package.get("hasInstallScript") and "fsevents" not in path
    }
    assert npm("package.json")["allowScripts"] == dict.fromkeys(sorted(with_scripts), False)
    assert "ignore-scripts=true" in (ROOT / ".npmrc").read_text(encoding="utf-8").splitlines()
