"""Controls of the web tests: with one defence switched off, the test that docs/threats.md names must fail."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.support.controls import Control, require_noticed
from tests.web import test_pages, test_problems, test_security
from tests.web.stand_in import StandIn, app_around
from web import api_submit, compare, security
from web.strict_provider import StrictJSONProvider


def _careless(_: object, text: str | bytes, **__: object) -> Any:
    return json.loads(text)


def _strict_bodies() -> None:
    stand_in = StandIn()
    app = app_around(stand_in)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    body = b'{"entry":{"a":9007199254740993}}'
    test_problems.test_bodies_are_read_by_the_strict_parser(
        app.test_client(), stand_in, body, "integer-range"
    )


def _comparison() -> None:
    stand_in = StandIn()
    test_pages.test_what_to_compare_is_shown_with_its_vietnamese_text_intact(
        app_around(stand_in).test_client(), stand_in
    )


def _limits() -> None:
    test_security.test_each_endpoint_has_its_own_smaller_limit(app_around(StandIn()).test_client(), 5_000)


CONTROLS: Final[Mapping[str, Control]] = {
    "bodies by the common parser": Control(StrictJSONProvider, "loads", _careless, _strict_bodies),
    "headers that say nothing": Control(
        security,
        "ALWAYS",
        dict.fromkeys(security.ALWAYS, ""),
        lambda: test_security.test_every_answer_of_every_route_has_the_headers(StandIn(), fails=False),
    ),
    "nothing to compare": Control(compare, "_present", lambda _: (), _comparison),
    "bodies of any size": Control(
        api_submit,
        "_BODIES",
        {name: (media_type, None) for name, (media_type, _) in api_submit._BODIES.items()},
        _limits,
    ),
}


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS.keys())
def test_a_defect_of_the_web_is_noticed(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    require_noticed(control, monkeypatch)
