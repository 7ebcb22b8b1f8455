"""Every error is a problem document for programs and a neutral page for people; nothing internal leaves."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from certlog.errors import CertlogError, InvalidInput, NotTrusted, SignatureMismatch, Unavailable
from tests.web.stand_in import TOKEN, StandIn, app_around
from verifier.report import Verdict
from web.problems import MEDIA_TYPE

BEARER = {"Authorization": f"Bearer {TOKEN}"}
SECRET = "/srv/data/registry.db: password=hunter2"


def problem_of(client: FlaskClient, method: str, path: str, **arguments: Any) -> dict[str, Any]:
    response = client.open(path, method=method, **arguments)
    assert response.mimetype == MEDIA_TYPE, response.text
    problem: dict[str, Any] | None = response.json
    assert problem is not None
    assert problem["status"] == response.status_code
    assert problem.keys() >= {"type", "title", "status", "code", "detail"}
    return problem


@pytest.mark.parametrize(
    ("method", "path", "arguments", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("GET", "/api/v1/nothing", {}, 404),
        ("GET", "/static/nothing.css", {}, 404),
        ("DELETE", "/api/v1/log", {}, 405),
        ("POST", "/c/WERC8GMRZGE196QVYK49", {}, 405),
        ("POST", "/api/v1/entries", {"json": {"entry": {}}}, 401),
        ("POST", "/api/v1/entries", {"data": "{}", "content_type": "text/plain", "headers": BEARER}, 415),
        ("POST", "/api/v1/entries", {"data": b"{}", "headers": BEARER}, 415),
        ("POST", "/api/v1/batches", {"json": {}, "headers": BEARER}, 415),
        (
            "POST",
            "/api/v1/entries",
            {"data": b"{", "content_type": "application/json", "headers": BEARER},
            400,
        ),
        ("POST", "/api/v1/entries", {"json": {}, "headers": BEARER}, 422),
        ("POST", "/api/v1/entries", {"json": [], "headers": BEARER}, 422),
        ("POST", "/api/v1/entries", {"json": {"entry": {}, "more": 1}, "headers": BEARER}, 422),
        ("POST", "/api/v1/slots", {"json": {"count": 1, "x": "y" * 5000}, "headers": BEARER}, 413),
        ("GET", "/c/abc/qr.svg", {}, 400),
    ],
)
def test_every_error_is_a_problem_document(
    client: FlaskClient, method: str, path: str, arguments: dict[str, Any], status: int
) -> None:
    assert problem_of(client, method, path, **arguments)["status"] == status


def test_a_wrong_method_names_those_that_are_known(client: FlaskClient) -> None:
    assert "GET" in client.delete("/api/v1/log").headers["Allow"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"entry":{"a":1,"a":2}}', "duplicate-member"),
        (b'{"entry":{},"entry":{}}', "duplicate-member"),
        (b'{"entry":{"a":1.0}}', "float"),
        (b'{"entry":{"a":NaN}}', "float"),
        (b'{"entry":{"a":9007199254740993}}', "integer-range"),
        (b'{"entry":{"a":"\\u202e"}}', "forbidden-character"),
        (b'{"entry":{"a":"e\xcc\x81"}}', "not-nfc"),
        (b'{"entry":{"a":"\xff"}}', "not-utf8"),
        (b'{"entry":' + b"[" * 5000 + b"]" * 5000 + b"}", "too-deep"),
    ],
)
def test_bodies_are_read_by_the_strict_parser(
    client: FlaskClient, stand_in: StandIn, body: bytes, code: str
) -> None:
    found = problem_of(
        client, "POST", "/api/v1/entries", data=body, content_type="application/json", headers=BEARER
    )
    assert (found["status"], found["code"]) == (400, code)
    assert stand_in.entries == []


def test_a_missing_member_is_named_with_its_place(client: FlaskClient) -> None:
    found = problem_of(client, "POST", "/api/v1/entries", json={"document": {}}, headers=BEARER)
    assert (found["code"], found["place"]) == ("invalid-input", "json: /entry")


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (InvalidInput("wrong", place="/x", code="some-rule"), 422, "some-rule"),
        (SignatureMismatch("wrong"), 422, "signature-mismatch"),
        (NotTrusted("not yours", code="wrong-submitter"), 403, "wrong-submitter"),
        (Unavailable(SECRET), 503, "unavailable"),
        (CertlogError(SECRET), 500, "internal-error"),
        (RuntimeError(SECRET), 500, "internal-server-error"),
        (ZeroDivisionError(SECRET), 500, "internal-server-error"),
    ],
)
def test_an_error_of_ours_becomes_its_problem_and_tells_nothing_internal(
    client: FlaskClient, stand_in: StandIn, failure: Exception, status: int, code: str
) -> None:
    stand_in.failure = failure
    response = client.post("/api/v1/entries", json={"entry": {}}, headers=BEARER)
    assert response.mimetype == MEDIA_TYPE
    assert response.json is not None
    assert (response.status_code, response.json["code"]) == (status, code)
    assert "hunter2" not in response.text
    assert "Traceback" not in response.text


def test_what_is_unavailable_says_when_to_try_again(client: FlaskClient, stand_in: StandIn) -> None:
    stand_in.failure = Unavailable("busy")
    assert client.get("/api/v1/log").headers["Retry-After"] == "5"
    assert client.get("/healthz").status_code == 503


@pytest.mark.parametrize("failure", [Unavailable(SECRET), RuntimeError(SECRET)])
def test_a_browser_gets_a_neutral_page_and_never_a_verdict(
    client: FlaskClient, stand_in: StandIn, failure: Exception
) -> None:
    identifier = stand_in.add(Verdict.VALID)
    stand_in.failure = failure
    response = client.get(f"/vi/c/{identifier}", headers={"Accept": "text/html,*/*;q=0.8"})
    assert response.status_code >= 500
    assert response.mimetype == "text/html"
    assert "verdict-neutral" in response.text
    assert "Điều này không nói gì về bất kỳ giấy chứng nhận nào." in response.text
    assert "hunter2" not in response.text


def test_a_page_that_is_not_there_speaks_the_language_of_its_path(client: FlaskClient) -> None:
    page = client.get("/en/nothing", headers={"Accept": "text/html", "Accept-Language": "vi"})
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "There is no such page" in page.text


def test_debug_is_off_and_errors_are_not_propagated_to_the_server() -> None:
    app = app_around(StandIn())
    assert not app.debug
    assert not app.testing
    assert app.config["PROPAGATE_EXCEPTIONS"] is None
