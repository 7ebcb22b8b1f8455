"""Sealed content over HTTP: octets for anybody, kept for ever; submitted beside an entry and checked by its form."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certlog.canonical import canonicalize
from certlog.credential import credential_status, slot_of
from certlog.digests import sha256
from certlog.documents import certificate_challenge
from certlog.encoding import b64url
from certlog.entry import certificate_entry
from certlog.sealed import MAX_SEALED_BYTES, seal
from registry.submission import Submission
from tests.support.attested import attested_content
from tests.support.calibrations import calibration_content
from tests.support.certificates import SAMPLE_DID
from tests.support.registry import START, as_submission
from tests.web.real import RealRegistry, id_of, make_real_registry

KEY = sha256(b"a key")[:16]
CUSTOMER = "Công ty TNHH Thực phẩm Mẫu"


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealRegistry]:
    registry = make_real_registry(tmp_path / "data", clock=START)
    yield registry
    registry.close()


def sealed_certificate(real: RealRegistry) -> tuple[str, bytes]:
    """Log a sealed certificate; return its id and the sealed octets."""
    document = real.world.certificate()
    blob = seal(document.to_bytes(), document.document_hash, key=KEY, nonce=bytes(12))
    entry = as_submission(document, slot_of(document.content), publish=False).entry_bytes
    real.world.logged(Submission(entry, sealed=blob))
    return id_of(document), blob


def calibration(real: RealRegistry) -> Any:
    slot = real.world.slot()
    content: Any = calibration_content(slot=slot, origin=real.world.origin)
    del content["credentialSubject"]["laboratory"]["accreditation"]  # nothing claimed, nothing to be granted
    return real.world.sign(content, SAMPLE_DID, certificate_challenge(slot), real.world.issuer)


def test_sealed_octets_are_for_anybody_and_may_be_kept_for_ever(real: RealRegistry) -> None:
    identifier, blob = sealed_certificate(real)
    client = real.app.test_client()
    paths = [
        f"/c/{identifier}/sealed",
        f"/C/{identifier}/sealed",
        f"/api/v1/certificates/{identifier.lower()}/sealed",
    ]
    for path in paths:
        response = client.get(path)
        assert (response.status_code, response.data) == (200, blob)
        assert response.mimetype == "application/octet-stream"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get(paths[2]).headers["Access-Control-Allow-Origin"] == "*"


def test_where_nothing_is_sealed_there_is_nothing(real: RealRegistry) -> None:
    client = real.app.test_client()
    for document in (real.issue(), real.issue(publish=False)):
        assert client.get(f"/api/v1/certificates/{id_of(document)}/sealed").status_code == 404
    assert client.get("/api/v1/certificates/WERC8GMRZGE196QVYK49/sealed").status_code == 404
    assert client.get("/api/v1/certificates/ABC/sealed").status_code == 400


def test_the_answer_about_a_sealed_certificate_says_so_and_holds_nothing_of_it(real: RealRegistry) -> None:
    identifier, _ = sealed_certificate(real)
    real.anchor()
    real.poll()
    client = real.app.test_client()
    answer = client.get(f"/api/v1/certificates/{identifier}").json
    assert answer is not None
    assert (answer["sealed"], answer["content"], answer["verdict"]) == (True, None, "cannot_check")
    assert answer["issuer"]["names"]["vi"] == "Trung tâm Chứng nhận Mẫu"
    evidence = client.get(f"/api/v1/certificates/{identifier}/evidence").json
    assert evidence is not None
    assert "certificate" not in evidence


@pytest.mark.parametrize(
    ("member", "value", "status"),
    [
        ("sealed", b64url(bytes(28)), 422),
        ("sealed", b64url(bytes(MAX_SEALED_BYTES + 1)), 422),
        ("sealed", "not base64!", 422),
        ("sealed", "AB", 422),
        ("sealed", b64url(bytes(40)), 201),
        ("numberTag", "AAAA", 422),
        ("numberTag", b64url(bytes(32)), 201),
    ],
)
def test_sealed_content_and_tags_are_checked_by_their_form(
    real: RealRegistry, member: str, value: str, status: int
) -> None:
    document = real.world.certificate()
    entry = certificate_entry(document, slot_of(document.content)).to_json()
    token = real.world.registry.tokens.create(SAMPLE_DID, 1).text
    response = real.app.test_client().post(
        "/api/v1/entries",
        data=canonicalize({"entry": entry, member: value}),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    assert response.status_code == status, response.text


def test_the_content_of_a_calibration_is_refused_over_http_with_its_code(real: RealRegistry) -> None:
    document = calibration(real)
    entry = certificate_entry(document, slot_of(document.content)).to_json()
    token = real.world.registry.tokens.create(SAMPLE_DID, 1).text
    response = real.app.test_client().post(
        "/api/v1/entries",
        data=canonicalize({"entry": entry, "document": document.to_json()}),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    assert response.status_code == 422
    assert response.json is not None
    assert response.json["code"] == "confidential-content"


def test_a_page_shows_of_a_calibration_what_is_public_whatever_the_database_holds(
    real: RealRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as careless:
        careless.setattr("registry.submission.is_confidential", lambda _content: False)
        document = real.issue(calibration(real))
    real.anchor()
    real.poll()
    client = real.app.test_client()
    page = client.get(f"/vi/c/{id_of(document)}").text
    answer = client.get(f"/api/v1/certificates/{id_of(document)}").text
    for shown in ("Phòng Hiệu chuẩn Mẫu", "HC-2026-0001", "Nhiệt kế hiện số", "…8812"):
        assert shown in page
        assert shown in answer
    for hidden in (CUSTOMER, "SN778812", "20.05", "0.025", "Trần Thị Mẫu", "T-100", "V01.CN3.0001.26"):
        assert hidden not in page
        assert hidden not in answer


def attested(real: RealRegistry, kind: str) -> Any:
    slot = real.world.slot()
    content = attested_content(kind) | {"credentialStatus": credential_status(real.world.origin, slot)}
    return real.world.sign(content, SAMPLE_DID, certificate_challenge(slot), real.world.issuer)


def test_the_page_of_a_bodys_own_file_shows_its_header_and_names_the_file(real: RealRegistry) -> None:
    document = real.issue(attested(real, "verification"))
    real.anchor()
    real.poll()
    page = real.app.test_client().get(f"/vi/c/{id_of(document)}").text
    subject: Any = document.content["credentialSubject"]
    for shown in ("Giấy chứng nhận kiểm định", "Công ty TNHH Mẫu", "SN-77881234", "application/xml"):
        assert shown in page
    assert subject["file"]["sourceDigest"] in page
    assert "Nguyễn Văn Mẫu" not in page


def test_the_header_of_a_confidential_file_is_refused_in_clear(real: RealRegistry) -> None:
    document = attested(real, "calibration")
    (outcome,) = real.world.submit(as_submission(document, slot_of(document.content)))
    assert "is never kept in clear" in str(outcome.problem)
    page = real.app.test_client().get(f"/vi/c/{id_of(real.issue(document, publish=False))}").text
    assert "Công ty TNHH Mẫu" not in page
