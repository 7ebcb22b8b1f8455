"""The HTTP API: what each address answers, and that submitting keeps its promises."""

import json
import tracemalloc
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from certlog.canonical import canonicalize
from certlog.digests import RootHash
from certlog.encoding import b64url, b64url_decode
from certlog.tree import leaf_hash, verify_consistency
from certlog.trust_root import TrustRoot
from tests.web.stand_in import COSIGNER, DID, NOW, ORIGIN, TOKEN, StandIn, anchor_rows
from verifier.report import Verdict
from web.services import Waiting

BEARER = {"Authorization": f"Bearer {TOKEN}"}
ENTRY = {"type": "certificate", "v": 1}


def post_lines(client: FlaskClient, *lines: str | dict[str, Any]) -> TestResponse:
    body = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    return client.post("/api/v1/batches", data=body, content_type="application/x-ndjson", headers=BEARER)


def answers(response: TestResponse) -> list[dict[str, Any]]:
    assert response.status_code == 200
    assert response.mimetype == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def test_a_certificate_answers_with_verdict_checks_and_both_languages(
    client: FlaskClient, stand_in: StandIn
) -> None:
    identifier = stand_in.add(Verdict.SUSPENDED)
    answer = client.get(f"/api/v1/certificates/{identifier.lower()}").json
    assert answer is not None
    assert (answer["id"], answer["verdict"], answer["answeredBy"]) == (identifier, "suspended", "registry")
    assert [check["number"] for check in answer["checks"]] == list(range(1, 11))
    assert answer["words"]["vi"]["title"] == "Đang bị tạm đình chỉ"
    assert answer["chain"]["blockNumber"] == 1234


def test_evidence_and_document_are_downloads_named_for_the_certificate(
    client: FlaskClient, stand_in: StandIn
) -> None:
    identifier = stand_in.add(Verdict.VALID)
    evidence = client.get(f"/api/v1/certificates/{identifier}/evidence")
    assert evidence.headers["Content-Disposition"] == f'attachment; filename="{identifier}.certlog.json"'
    assert evidence.data == b'{"v":1}'
    document = client.get(f"/api/v1/certificates/{identifier}/document")
    assert document.headers["Content-Disposition"] == f'attachment; filename="{identifier}.json"'


@pytest.mark.parametrize("tail", ["", "/evidence", "/document"])
def test_unknown_and_mistyped_ids_are_told_apart(client: FlaskClient, tail: str) -> None:
    unknown = client.get(f"/api/v1/certificates/WERC8GMRZGE196QVYK49{tail}")
    mistyped = client.get(f"/api/v1/certificates/WERC8GMRZGE196QVYK48{tail}")
    assert (unknown.status_code, mistyped.status_code) == (404, 400)
    assert unknown.json is not None
    assert mistyped.json is not None
    assert (unknown.json["code"], mistyped.json["code"]) == ("not-found", "mistyped-id")


def test_the_log_tells_its_newest_checkpoint(client: FlaskClient, stand_in: StandIn) -> None:
    stand_in.entries = [b"one", b"two"]
    log = client.get("/api/v1/log").json
    assert log is not None
    assert (log["origin"], log["size"], log["root"]) == (ORIGIN, 2, b64url(stand_in.head().root))
    note = client.get("/checkpoint")
    assert note.text == "\n".join(log["checkpoint"]) + "\n"
    assert (note.mimetype, note.headers["Cache-Control"]) == ("text/plain", "public, max-age=1")


def test_entries_come_as_they_are_stored_and_may_be_kept_for_ever(
    client: FlaskClient, stand_in: StandIn
) -> None:
    stand_in.entries = [b'{"type":"certificate"}']
    response = client.get("/api/v1/entries/0")
    assert response.data == stand_in.entries[0]
    assert "immutable" in response.headers["Cache-Control"]
    assert client.get("/api/v1/entries/1").status_code == 404
    proof = client.get("/api/v1/entries/0/proof")
    assert proof.text.startswith("c2sp.org/tlog-proof@v1\n")


@pytest.mark.parametrize("index", ["-1", "1e3", "9" * 30, "0x1"])
def test_an_index_that_cannot_be_one_is_not_found(client: FlaskClient, index: str) -> None:
    assert client.get(f"/api/v1/entries/{index}").status_code == 404


def test_a_consistency_proof_verifies(client: FlaskClient, stand_in: StandIn) -> None:
    stand_in.entries = [b"one", b"two", b"three"]
    old_root = RootHash(stand_in.head().root)
    stand_in.entries += [b"four", b"five"]
    answer = client.get("/api/v1/consistency?from=3&to=5").json
    assert answer is not None
    path = tuple(b64url_decode(node, 32) for node in answer["proof"])
    verify_consistency(3, old_root, 5, RootHash(stand_in.head().root), path)


@pytest.mark.parametrize(
    "query", ["", "from=1", "from=a&to=2", "from=1&from=2&to=3", "from=-1&to=2", "from=٣&to=5"]
)
def test_a_query_that_is_no_number_is_refused(client: FlaskClient, query: str) -> None:
    response = client.get(f"/api/v1/consistency?{query}")
    assert response.status_code == 422
    assert response.json is not None
    assert response.json["code"] == "bad-number"


def test_the_anchors_are_listed_newest_first_with_times(client: FlaskClient, stand_in: StandIn) -> None:
    stand_in.rows = anchor_rows(3)
    listed = client.get("/api/v1/anchors").json
    assert listed is not None
    assert [batch["number"] for batch in listed["batches"]] == [3, 2, 1]
    assert listed["batches"][0]["txHash"] is None
    assert listed["batches"][1]["blockTime"] == "2026-11-22T02:45:02Z"
    assert (listed["nextBefore"], listed["blockNumber"]) == (None, 1234)
    older = client.get("/api/v1/anchors?before=2").json
    assert older is not None
    assert [batch["number"] for batch in older["batches"]] == [1]


def test_the_trust_root_is_the_canonical_file(client: FlaskClient) -> None:
    data = client.get("/api/v1/trust-root").data
    assert TrustRoot.parse(data).to_bytes() == data


def test_status_lists_are_served_at_the_address_that_certificates_name(client: FlaskClient) -> None:
    for purpose in ("revocation", "suspension"):
        response = client.get(f"/status/{purpose}/0")
        assert (response.status_code, response.mimetype) == (200, "application/vc")
    assert client.get("/status/revocation/1").status_code == 404
    assert client.get("/status/message/0").status_code == 404


def test_an_issuer_learns_where_its_statements_end(client: FlaskClient) -> None:
    assert client.get(f"/api/v1/issuers/{DID}/trust").json == {"last": "A" * 43}
    assert client.get("/api/v1/issuers/did:web:khac.example.vn/trust").json == {"last": None}
    assert client.get("/api/v1/issuers/nonsense/trust").status_code == 422
    assert client.get(f"/api/v1/certificates/{'A' * 43}/status").status_code == 404


def test_slots_are_reserved_with_a_token(client: FlaskClient) -> None:
    response = client.post("/api/v1/slots", json={"count": 2}, headers=BEARER)
    assert response.status_code == 201
    assert response.json == {"slots": [[0, 0], [0, 1]], "expires": "2026-11-23T03:00:00Z"}


@pytest.mark.parametrize("count", [0, 1001, -1, "2", True, None, 1.5])
def test_a_wrong_count_is_refused(client: FlaskClient, count: object) -> None:
    response = client.post("/api/v1/slots", json={"count": count}, headers=BEARER)
    assert response.status_code in (400, 422)


def test_an_entry_is_logged_in_canonical_form_and_the_same_again_gives_the_same_answer(
    client: FlaskClient, stand_in: StandIn
) -> None:
    first = client.post("/api/v1/entries", json={"entry": {"v": 1, "type": "certificate"}}, headers=BEARER)
    again = client.post("/api/v1/entries", json={"entry": ENTRY}, headers=BEARER)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.json is not None
    assert stand_in.entries == [canonicalize({"v": 1, "type": "certificate"})]
    assert first.json["leafHash"] == b64url(leaf_hash(stand_in.entries[0]))
    assert first.headers["Cache-Control"] == "no-store"


def test_a_refused_entry_is_a_problem_with_its_place(client: FlaskClient) -> None:
    response = client.post("/api/v1/entries", json={"entry": {"type": "epoch"}}, headers=BEARER)
    assert response.status_code == 422
    assert response.json is not None
    assert (response.json["code"], response.json["place"]) == ("bad-entry", "/entry/type")


@pytest.mark.parametrize("path", ["/api/v1/slots", "/api/v1/entries"])
@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_without_a_token_that_counts_nothing_is_done(
    client: FlaskClient, stand_in: StandIn, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = client.post(path, json={"count": 1, "entry": ENTRY}, headers=headers)
    assert (response.status_code, response.mimetype) == (401, "application/problem+json")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert (stand_in.entries, stand_in.slots_left) == ([], 1000)


def test_a_batch_answers_every_line_and_a_bad_one_stops_no_other(
    client: FlaskClient, stand_in: StandIn
) -> None:
    found = answers(
        post_lines(
            client,
            {"entry": ENTRY},
            '{"entry":{},"entry":{}}',
            "not json",
            {"entry": {"type": "epoch"}},
            {"document": {}},
            {"entry": ENTRY},
            {"entry": {"type": "certificate", "v": 2}},
        )
    )
    assert [line["line"] for line in found] == [1, 2, 3, 4, 5, 6, 7]
    wanted = ["logged", "refused", "refused", "refused", "refused", "exists", "logged"]
    assert [line["status"] for line in found] == wanted
    codes = [line["problem"]["code"] for line in found if line["status"] == "refused"]
    assert codes == ["duplicate-member", "not-json", "bad-entry", "invalid-input"]
    assert len(stand_in.entries) == 2


def test_a_batch_may_lack_the_last_line_end_and_an_empty_line_is_refused(client: FlaskClient) -> None:
    body = json.dumps({"entry": ENTRY})
    response = client.post("/api/v1/batches", data=body, content_type="application/x-ndjson", headers=BEARER)
    assert [line["status"] for line in answers(response)] == ["logged"]
    assert [
        line["status"] for line in answers(post_lines(client, {"entry": ENTRY}, "", {"entry": ENTRY}))
    ] == [
        "exists",
        "refused",
        "exists",
    ]


def test_a_batch_of_more_than_a_thousand_lines_is_refused_whole(
    client: FlaskClient, stand_in: StandIn
) -> None:
    response = post_lines(client, *[{"entry": ENTRY}] * 1001)
    assert response.status_code == 413
    assert stand_in.entries == []


def test_millions_of_lines_are_counted_before_they_are_kept(client: FlaskClient) -> None:
    body = b"x\n" * 2_000_000
    tracemalloc.start()
    try:
        response = client.post(
            "/api/v1/batches", data=body, content_type="application/x-ndjson", headers=BEARER
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert response.status_code == 413
    assert peak < 4 * len(body)


def test_a_line_larger_than_its_limit_is_refused_alone(client: FlaskClient) -> None:
    large = json.dumps({"entry": ENTRY, "document": {"x": "y" * 800_000}})
    found = answers(post_lines(client, large, {"entry": ENTRY}))
    assert [line["status"] for line in found] == ["refused", "logged"]
    assert found[0]["problem"]["code"] == "too-large"


def test_too_many_slots_is_answered_with_429(client: FlaskClient, stand_in: StandIn) -> None:
    stand_in.slots_left = 1
    response = client.post("/api/v1/slots", json={"count": 2}, headers=BEARER)
    assert (response.status_code, response.mimetype) == (429, "application/problem+json")


def test_health_tells_how_old_the_knowledge_of_the_chain_is(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.json == {
        "status": "ok",
        "logSize": 0,
        "unsigned": 0,
        "unsignedSeconds": 0,
        "tiles": "ok",
        "chainReadSecondsAgo": 5,
        "anchoringHalted": False,
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_health_tells_how_long_entries_have_waited_for_a_signed_head(
    client: FlaskClient, stand_in: StandIn
) -> None:
    stand_in.unsigned = Waiting(3, NOW - 700)
    document = client.get("/healthz").json
    assert document is not None
    assert (document["unsigned"], document["unsignedSeconds"]) == (3, 700)


def test_the_description_is_openapi_3_1_and_declares_every_problem(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document is not None
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            wanted = {"403", "413", "415"} if method == "post" else {"404", "405"}
            assert wanted | {"400", "422", "429", "503"} <= operation["responses"].keys(), (path, method)
            needs_token = method == "post" and path != "/api/v1/cosignatures"
            assert bool(operation.get("security")) == ("401" in operation["responses"]) == needs_token
            for status, response in operation["responses"].items():
                if int(status) >= 400 and status != "414":  # the web server's own, in HTML
                    assert list(response["content"]) == ["application/problem+json"]


def test_the_docs_page_lists_what_the_description_lists(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document is not None
    page = client.get("/en/docs").text
    for path in document["paths"]:
        assert path in page


NOTE = {"content_type": "text/plain"}


def test_a_cosigned_checkpoint_is_taken_without_a_token(client: FlaskClient) -> None:
    answer = client.post("/api/v1/cosignatures", data=f"note of {COSIGNER}", **NOTE)
    assert answer.json == {"size": 0, "cosigners": [COSIGNER], "new": 1}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"a stranger's note", "text/plain", 403, "unknown-cosigner"),
        (b"\xff", "text/plain", 400, "not-utf8"),
        (b"x" * 16385, "text/plain", 413, "request-entity-too-large"),
        (b"{}", "application/json", 415, "unsupported-media-type"),
    ],
)
def test_another_body_than_a_cosigned_checkpoint_is_refused(
    client: FlaskClient, body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = client.post("/api/v1/cosignatures", data=body, content_type=content_type)
    assert answer.json is not None
    assert (answer.status_code, answer.json["code"]) == (status, code)
