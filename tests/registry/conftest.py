"""A fresh registry for each test that asks for one, on SQLite and again on PostgreSQL: a copy of one made once."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.cosigners import COSIGNER_SETTINGS
from tests.support.databases import Place, new_place
from tests.support.postgres import Cluster
from tests.support.registry import RegistryWorld, make_world, open_world


@dataclass(frozen=True)
class Template:
    """A closed registry to copy: its folder and where its database is."""

    folder: Path
    place: Place


@pytest.fixture(scope="session")
def blank(cluster: Cluster | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """Return a closed, empty registry."""
    folder = tmp_path_factory.mktemp("registry") / "blank"
    with new_place(folder / "registry.db", cluster) as place:
        make_world(folder, place).close()
        yield Template(folder, place)


@pytest.fixture(scope="session")
def with_body(
    cluster: Cluster | None, blank: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Template]:
    """Return a closed registry in which the sample body is enrolled."""
    folder = tmp_path_factory.mktemp("registry") / "with-body"
    with copied(blank, folder, cluster) as place:
        world = open_world(folder, place)
        world.enrol()
        world.close()
        yield Template(folder, place)


@pytest.fixture(scope="session")
def with_auditors(cluster: Cluster | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """Return a closed registry that pins the cosigners of tests.support.cosigners, with the sample body enrolled."""
    folder = tmp_path_factory.mktemp("registry") / "audited"
    with new_place(folder / "registry.db", cluster) as place:
        world = make_world(folder, place, **COSIGNER_SETTINGS)
        world.clock.time += 2 * 86_400  # the sample certificate is valid by now
        world.enrol()
        world.close()
        yield Template(folder, place)


@pytest.fixture
def audited(cluster: Cluster | None, with_auditors: Template, tmp_path: Path) -> Iterator[RegistryWorld]:
    """Return a registry that pins two auditors, both wanted, and a witness; the sample body is enrolled."""
    with copied(with_auditors, tmp_path / "data", cluster) as place:
        world = open_world(tmp_path / "data", place)
        world.clock.time += 2 * 86_400
        yield world
        world.close()


@pytest.fixture
def world(cluster: Cluster | None, blank: Template, tmp_path: Path) -> Iterator[RegistryWorld]:
    """Return an empty registry: no entry, no enrolled body."""
    with copied(blank, tmp_path / "data", cluster) as place:
        world = open_world(tmp_path / "data", place)
        yield world
        world.close()


@pytest.fixture
def enrolled(cluster: Cluster | None, with_body: Template, tmp_path: Path) -> Iterator[RegistryWorld]:
    """Return a registry in which the sample body is enrolled, with a key and a scope (entries 0 to 2)."""
    with copied(with_body, tmp_path / "data", cluster) as place:
        world = open_world(tmp_path / "data", place)
        yield world
        world.close()


@contextmanager
def copied(template: Template, folder: Path, cluster: Cluster | None) -> Iterator[Place]:
    """Copy a registry's folder and its database."""
    shutil.copytree(template.folder, folder)
    source = template.place if cluster else Place(template.folder / "registry.db")
    with new_place(folder / "registry.db", cluster, source) as place:
        yield place
