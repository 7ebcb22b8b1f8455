"""Headers of every answer, limits of every body, and what a proxy may say."""

import io
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.stand_in import TOKEN, StandIn, app_around
from verifier.report import Verdict
from web.security import CONTENT_SECURITY_POLICY, MAX_BODY

VALUES = {
    "language": "vi",
    "identifier": "WERC8GMRZGE196QVYK49",
    "document_hash": "A" * 43,
    "did": "did:web:mau.example.vn",
    "index": "0",
    "number": "0",
    "purpose": "revocation",
    "filename": "certlog.css",
    "rest": "0/000",
}


def every_path(app: Flask) -> Iterator[tuple[str, str]]:
    """Return a method and a filled-in path of every rule, so that a new one cannot be forgotten."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^<>]*:)?([a-z_]+)>", lambda found: VALUES[found[1]], rule.rule)
        for method in sorted(rule.methods or ()):
            yield method, path


@pytest.mark.parametrize("fails", [False, True])
def test_every_answer_of_every_route_has_the_headers(stand_in: StandIn, fails: bool) -> None:
    stand_in.add(Verdict.VALID)
    stand_in.failure = RuntimeError("planted") if fails else None
    app = app_around(stand_in)
    client = app.test_client()
    paths = [*every_path(app), ("GET", "/nothing"), ("TRACE", "/"), ("GET", "/static/../app.py")]
    assert len(paths) > 60
    for method, path in paths:
        response = client.open(path, method=method)
        headers = response.headers
        assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, (method, path)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Frame-Options"] == "DENY"
        assert "camera=()" in headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in headers
        assert "Set-Cookie" not in headers


def test_the_policy_allows_neither_scripts_nor_inline_styles_nor_other_hosts() -> None:
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'")
    for word in ("unsafe", "script-src", "http", "data:", "*"):
        assert word not in CONTENT_SECURITY_POLICY
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY


def test_transport_security_is_promised_behind_https_only(client: FlaskClient) -> None:
    secure = client.get("/", base_url="https://registry.example.vn")
    assert secure.headers["Strict-Transport-Security"] == "max-age=63072000"


@pytest.mark.parametrize(("hops", "believed"), [(0, False), (1, True)])
def test_a_forwarded_scheme_counts_only_from_configured_proxies(
    stand_in: StandIn,
    hops: int,
    believed: bool,
) -> None:
    client = app_around(stand_in, proxy_hops=hops).test_client()
    response = client.get("/", headers={"X-Forwarded-Proto": "https"})
    assert ("Strict-Transport-Security" in response.headers) == believed


@pytest.mark.parametrize("path", ["/api/v1/log", "/api/v1/anchors", "/checkpoint", "/status/revocation/0"])
def test_other_sites_may_read_what_is_public(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"Origin": "https://elsewhere.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_other_sites_may_not_submit_nor_frame_nor_read_pages(client: FlaskClient) -> None:
    submitted = client.post("/api/v1/slots", json={"count": 1}, headers={"Authorization": f"Bearer {TOKEN}"})
    for response in (submitted, client.options("/api/v1/slots"), client.get("/")):
        assert "Access-Control-Allow-Origin" not in response.headers


def test_a_body_over_the_limit_is_refused_before_it_is_read(client: FlaskClient, stand_in: StandIn) -> None:
    class Counted(io.BytesIO):
        """A body that counts what is taken from it."""

        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            found = super().read(size)
            self.taken += len(found)
            return found

    body = Counted(b"x" * 1000)
    response = client.post(
        "/api/v1/batches",
        input_stream=body,
        environ_overrides={"CONTENT_LENGTH": str(MAX_BODY + 1)},
        content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    assert response.status_code == 413
    assert body.taken == 0
    assert stand_in.entries == []


@pytest.mark.parametrize("size", [5_000, 900_000])
def test_each_endpoint_has_its_own_smaller_limit(client: FlaskClient, size: int) -> None:
    path = "/api/v1/slots" if size < 10_000 else "/api/v1/entries"
    response = client.post(
        path,
        data=b" " * size,
        content_type="application/json",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    assert response.status_code == 413


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/vendor/%00", "/static/vendor/"]
)
def test_static_serves_only_what_was_there_at_start(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_style_sheet_is_compressed_and_kept_for_a_year_under_its_own_version(client: FlaskClient) -> None:
    link = re.search(r'href="(/static/certlog.css\?v=[0-9a-f]{12})"', client.get("/").text)
    assert link is not None
    plain = client.get(link[1])
    packed = client.get(link[1], headers={"Accept-Encoding": "gzip"})
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data)
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert client.get("/static/certlog.css").headers["Cache-Control"] == "public, max-age=3600"
    again = client.get(link[1], headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304
