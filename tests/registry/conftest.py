"""A fresh registry for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.registry import RegistryWorld, make_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RegistryWorld]:
    """Return an empty registry: no entry, no enrolled body."""
    world = make_world(tmp_path / "data")
    yield world
    world.close()


@pytest.fixture
def enrolled(world: RegistryWorld) -> RegistryWorld:
    """Return a registry in which the sample body is enrolled, with a key and a scope (entries 0 to 2)."""
    world.enrol()
    return world
