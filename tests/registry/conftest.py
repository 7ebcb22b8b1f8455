"""A fresh registry for each test that asks for one: a copy of one that was made once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.registry import RegistryWorld, make_world, open_world


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a closed, empty registry."""
    path = tmp_path_factory.mktemp("registry") / "blank"
    make_world(path).close()
    return path


@pytest.fixture(scope="session")
def with_body(blank: Path) -> Path:
    """Return the folder of a closed registry in which the sample body is enrolled."""
    path = shutil.copytree(blank, blank.parent / "with-body")
    world = open_world(path)
    world.enrol()
    world.close()
    return path


@pytest.fixture
def world(blank: Path, tmp_path: Path) -> Iterator[RegistryWorld]:
    """Return an empty registry: no entry, no enrolled body."""
    world = open_world(shutil.copytree(blank, tmp_path / "data"))
    yield world
    world.close()


@pytest.fixture
def enrolled(with_body: Path, tmp_path: Path) -> Iterator[RegistryWorld]:
    """Return a registry in which the sample body is enrolled, with a key and a scope (entries 0 to 2)."""
    world = open_world(shutil.copytree(with_body, tmp_path / "data"))
    yield world
    world.close()
