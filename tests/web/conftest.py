"""A stand-in registry and a client of the application around it."""

import pytest
from flask.testing import FlaskClient

from tests.web.stand_in import StandIn, app_around


@pytest.fixture
def stand_in() -> StandIn:
    """Return an empty registry in memory."""
    return StandIn()


@pytest.fixture
def client(stand_in: StandIn) -> FlaskClient:
    """Return a client of the application around it, which sees no exception that a browser would not see."""
    app = app_around(stand_in)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app.test_client()
