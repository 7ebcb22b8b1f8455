"""Status lists as a running registry serves them, read by programs that nobody here wrote: npm's and PyPI's."""

import json
import socket
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import pytest

from certlog.certificate_id import certificate_id
from certlog.documents import SecuredDocument
from certlog.status import StatusAction
from certlog.status_list import PURPOSES, list_url
from certlog.strict_json import JSONObject
from certlog.trust_root import TrustRoot
from tests.interop.test_npm_suites import SIGNERS, Answer, ask
from tests.support.peers import REQUIREMENTS, python_of
from tests.web.real import RealRegistry, make_real_registry
from tests.web.serving import gunicorn

A: Final = StatusAction
HISTORIES: Final[dict[str, tuple[tuple[StatusAction, ...], list[bool]]]] = {
    "nothing": ((), [False, False]),
    "suspended": ((A.SUSPEND,), [False, True]),
    "reinstated": ((A.SUSPEND, A.REINSTATE), [False, False]),
    "withdrawn": ((A.WITHDRAW,), [True, False]),
    "cancelled while suspended": ((A.SUSPEND, A.CANCEL), [True, True]),
    "neighbour": ((), [False, False]),
}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    made = make_real_registry(tmp_path_factory.mktemp("served") / "data", clock=1_795_316_400)
    yield made
    made.close()


@pytest.fixture(scope="module")
def documents(real: RealRegistry) -> dict[str, SecuredDocument]:
    """Return a certificate for each history, all in one list."""
    found = {}
    for name, (actions, _) in HISTORIES.items():
        found[name] = real.issue()
        for action in actions:
            real.world.logged(real.world.status(found[name], action))
    real.anchor()
    return found


@pytest.fixture(scope="module")
def port(real: RealRegistry, documents: dict[str, SecuredDocument]) -> Iterator[int]:
    assert documents
    with socket.create_server(("127.0.0.1", 0)) as listener, gunicorn(real.world.folder.path, listener):
        yield listener.getsockname()[1]


def get(port: int, path: str) -> tuple[bytes, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 200
        return response.read(), response.headers["Content-Type"]
    finally:
        connection.close()


@pytest.fixture(scope="module")
def lists(port: int, real: RealRegistry) -> dict[str, JSONObject]:
    """Return both lists, exactly as served, by the address that certificates name."""
    found: dict[str, JSONObject] = {}
    for purpose in PURPOSES:
        data, media_type = get(port, f"/status/{purpose}/0")
        assert media_type == "application/vc"
        found[list_url(real.world.origin, purpose, 0)] = json.loads(data)
    return found


def list_key(port: int) -> str:
    return TrustRoot.parse(get(port, "/api/v1/trust-root")[0]).list_key.multibase


def test_npm_reads_what_is_served_as_we_mean_it(
    port: int, lists: dict[str, JSONObject], documents: dict[str, SecuredDocument]
) -> None:
    cases = {name: ("status", document.to_json()) for name, document in documents.items()}
    answers = ask(cases, lists, list_key=list_key(port))
    assert answers == {
        name: Answer(verified=True, error="", statuses=bits) for name, (_, bits) in HISTORIES.items()
    }


def test_the_index_of_the_certificate_is_its_slot_in_the_log(
    port: int, documents: dict[str, SecuredDocument]
) -> None:
    for document in documents.values():
        code = certificate_id(document.document_hash)
        proof = json.loads(get(port, f"/api/v1/certificates/{code}/status-proof")[0])
        entries: Any = document.content["credentialStatus"]
        assert [entry["statusListIndex"] for entry in entries] == [str(proof["entry"]["slot"][1])] * 2
        assert [entry["statusListCredential"].rsplit("/", 1)[1] for entry in entries] == ["0", "0"]


def test_a_list_that_was_changed_on_the_way_is_refused_there(
    port: int, lists: dict[str, JSONObject], documents: dict[str, SecuredDocument]
) -> None:
    changed: Any = json.loads(json.dumps(lists))
    first = next(iter(changed.values()))
    first["credentialSubject"]["encodedList"] = next(reversed(changed.values()))["credentialSubject"][
        "encodedList"
    ]
    cases = {"withdrawn": ("status", documents["withdrawn"].to_json())}
    assert not ask(cases, changed, list_key=list_key(port))["withdrawn"].verified


def openvc(port: int, document: SecuredDocument, lists: dict[str, JSONObject]) -> dict[str, Any]:
    given = {
        "certificate": document.to_json(),
        "lists": lists,
        "listKey": list_key(port),
        "issuerKey": SIGNERS["eddsa-jcs-2022"].public_key.multibase,
    }
    done = subprocess.run(
        [python_of("openvc"), REQUIREMENTS / Path("status_openvc.py")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.deep
@pytest.mark.timeout(600)
def test_openvc_reads_what_is_served_as_we_mean_it(
    port: int, lists: dict[str, JSONObject], documents: dict[str, SecuredDocument]
) -> None:
    for name, document in documents.items():
        revoked, suspended = HISTORIES[name][1]
        assert openvc(port, document, lists) == {"ok": True, "revoked": revoked, "suspended": suspended}
    changed: Any = json.loads(json.dumps(lists))
    next(iter(changed.values()))["validFrom"] = "2026-01-01T00:00:00Z"
    assert not openvc(port, documents["withdrawn"], changed)["ok"]
