"""Fixtures of the anchoring tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from anchoring.database import open_database
from tests.anchoring.world import World, make_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty, migrated database file to copy."""
    path = tmp_path_factory.mktemp("template") / "anchoring.db"
    open_database(path, create=True).close()
    return path


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Iterator[World]:
    """Return a fresh world with three entries in its log."""
    made = make_world(tmp_path, template)
    yield made
    made.database.close()
