"""What holds for every test: properties are checked the same way each run, and a fixture for the official vectors."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.fixtures import fixtures_dir
from tests.support.postgres import Cluster, running_cluster

# Tests compare what is said in English; those about another language choose it themselves.
os.environ["CERTLOG_LANG"] = "en"

# The same examples each time, and no deadline: a busy machine must not turn a right answer into a failure.
settings.register_profile(
    "everyday",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)
settings.register_profile(
    "deep", parent=settings.get_profile("everyday"), derandomize=False, max_examples=2000
)
settings.load_profile(os.environ.get("CERTLOG_HYPOTHESIS", "everyday"))


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """Return the folder of official vectors; skips where it is absent."""
    return fixtures_dir()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """Return the run's own PostgreSQL server; skips where there is no PostgreSQL."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def cluster(request: pytest.FixtureRequest) -> Cluster | None:
    """Return where a test's databases are: None for SQLite, then, for the same test again, a PostgreSQL server."""
    return request.getfixturevalue("postgres") if request.param == "postgresql" else None
