"""What holds for every test: properties are checked the same way each run, and a fixture for the official vectors."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.fixtures import fixtures_dir

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
