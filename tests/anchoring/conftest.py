"""Fixtures of the anchoring tests: a world on the fake chain, and one on Anvil."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from anchoring.database import open_database
from anchoring.local_node import LocalNode
from anchoring.settings import make_settings, save_settings
from tests.anchoring.anvil import CHAIN_ID, AnvilWorld, deploy_contract, fund, make_anvil_world
from tests.anchoring.fake_log import ORIGIN
from tests.anchoring.test_settings import VALUES
from tests.anchoring.world import World, make_world
from tests.support.databases import Place, new_place
from tests.support.postgres import Cluster
from tests.support.softhsm import token_module

__all__ = ["token_module"]


@pytest.fixture(scope="session")
def template(cluster: Cluster | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Return an empty, migrated database to copy."""
    with new_place(tmp_path_factory.mktemp("template") / "anchoring.db", cluster) as place:
        open_database(place.address, create=True).close()
        yield place


@pytest.fixture
def place(tmp_path: Path, cluster: Cluster | None, template: Place) -> Iterator[Place]:
    """Return an empty, migrated database of the test's own."""
    with new_place(tmp_path / "anchoring.db", cluster, template) as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, place: Place) -> Iterator[World]:
    """Return a fresh world with three entries in its log."""
    made = make_world(tmp_path, place)
    if place.url is not None:
        save_settings(make_settings(VALUES | {"database": place.url}, "the tests"), tmp_path)
    yield made
    made.die()
    made.database.close()


@pytest.fixture(scope="session")
def anvil_node() -> Iterator[LocalNode]:
    """Start an Anvil of our own, with two accounts that have ether."""
    with LocalNode(chain_id=CHAIN_ID, block_time=None) as started:
        fund(started)
        yield started


@pytest.fixture(scope="session")
def anvil_contract(anvil_node: LocalNode) -> str:
    """Deploy the contract; return its address."""
    return deploy_contract(anvil_node)


@pytest.fixture
def anvil(
    tmp_path: Path, anvil_node: LocalNode, anvil_contract: str, request: pytest.FixtureRequest
) -> Iterator[AnvilWorld]:
    """Return a line whose origin is made of the test's name."""
    origin = f"{ORIGIN}/{request.node.originalname.replace('_', '-')}"[:200]
    made = make_anvil_world(tmp_path, anvil_node, anvil_contract, origin)
    yield made
    made.close()
