"""`certlog evidence upgrade` as a person runs it: side files, PDFs, and what must stay as it is."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

import pikepdf
import pytest
from click.testing import CliRunner, Result

from certlog.certificate_id import certificate_id
from certlog.digests import sha256
from certlog.encoding import b64url
from certlog.errors import InvalidInput, Unavailable
from certlog.evidence import Evidence
from certlog.status import FileBinding, StatusAction
from cli.main import certlog
from tests.support.small_log import SmallLog, one_certificate
from tests.verifier.fake_registry import FakeRegistry, serving_registry
from tools.vectors.scenes import ISSUER, pointer
from verifier.check_log import open_heads
from verifier.pdf_attachments import read_attachments

LOG, CERTIFICATE = one_certificate()
ID: Final = certificate_id(CERTIFICATE.document_hash)
FIRST: Final = LOG.size
PENDING: Final = LOG.evidence(CERTIFICATE)
LOG.close()
FRESH: Final = LOG.evidence(CERTIFICATE, earlier=[FIRST], anchors={FIRST: [pointer(LOG, FIRST)]})


def run(*arguments: str | Path) -> Result:
    runner = CliRunner(env={"CERTLOG_LANG": "en"})
    return runner.invoke(certlog, ["evidence", "upgrade", *map(str, arguments)], catch_exceptions=False)


def answers(log: SmallLog, evidence: Evidence) -> dict[str, bytes]:
    found = {f"/api/v1/certificates/{ID}/evidence": evidence.to_bytes()}
    for size in range(1, log.size):
        proof = [b64url(node) for node in log.tree.consistency(size)]
        found[f"/api/v1/consistency?from={size}&to={log.size}"] = json.dumps({"proof": proof}).encode()
    return found


@pytest.fixture
def served() -> Iterator[FakeRegistry]:
    with serving_registry(FakeRegistry(answers=answers(LOG, FRESH))) as registry:
        yield registry


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    path = tmp_path / "trust-root.json"
    path.write_bytes(LOG.trust_root().to_bytes())
    return path


def heads(data: bytes) -> list[int]:
    return [head.size for head in open_heads(Evidence.parse(data))]


def pdf(*, attached: dict[str, bytes]) -> bytes:
    document = pikepdf.new()
    document.add_blank_page()
    for name, data in attached.items():
        document.attachments[name] = data
    target = BytesIO()
    document.save(target)
    return target.getvalue()


def test_an_evidence_file_is_upgraded_in_place_and_again_changes_nothing(
    served: FakeRegistry, pins: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"{ID}.certlog.json"
    path.write_bytes(PENDING.to_bytes())
    told = run(path, "--registry", served.url, "--trust-root", pins)
    assert told.exit_code == 0
    assert "heads: 2, of which 1 name an anchor" in told.output
    assert heads(path.read_bytes()) == [FIRST, LOG.size]
    before = path.stat().st_mtime_ns
    assert "stays as it is" in run(path, "--registry", served.url, "--trust-root", pins).output
    assert path.stat().st_mtime_ns == before


def test_evidence_is_fetched_beside_a_certificate_that_had_none(
    served: FakeRegistry, pins: Path, tmp_path: Path
) -> None:
    path = tmp_path / "giay.json"
    path.write_bytes(CERTIFICATE.to_bytes())
    assert run(path, "--registry", served.url, "--trust-root", pins).exit_code == 0
    assert Evidence.parse((tmp_path / "giay.certlog.json").read_bytes()) == FRESH
    assert path.read_bytes() == CERTIFICATE.to_bytes()


def test_a_pdf_that_carries_evidence_gets_the_new_one_inside(
    served: FakeRegistry, pins: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    attached = {"certificate.json": CERTIFICATE.to_bytes(), f"{ID}.certlog.json": PENDING.to_bytes()}
    path.write_bytes(pdf(attached=attached))
    assert run(path, "--registry", served.url, "--trust-root", pins).exit_code == 0
    found = read_attachments(path.read_bytes())
    assert found.certificate == CERTIFICATE.to_bytes()
    assert found.evidence == FRESH.to_bytes()
    assert not (tmp_path / "a.certlog.json").exists()


def test_a_sealed_pdf_is_never_rewritten(served: FakeRegistry, pins: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    attached = {"certificate.json": CERTIFICATE.to_bytes(), f"{ID}.certlog.json": PENDING.to_bytes()}
    sealed = pdf(attached=attached) + b"\n% /ByteRange [0 1 2 3]\n"
    path.write_bytes(sealed)
    assert run(path, "--registry", served.url, "--trust-root", pins).exit_code == 0
    assert path.read_bytes() == sealed
    assert heads((tmp_path / "a.certlog.json").read_bytes()) == [FIRST, LOG.size]


def test_a_pdf_whose_bytes_are_bound_is_never_rewritten(pins: Path, tmp_path: Path) -> None:
    log, certificate = one_certificate()
    attached = {
        "certificate.json": certificate.to_bytes(),
        f"{ID}.certlog.json": log.evidence(certificate).to_bytes(),
    }
    data = pdf(attached=attached)
    file = FileBinding(sha256(data), "application/pdf")
    log.change_status(certificate, StatusAction.BIND_FILE, signer=ISSUER, file=file)
    log.close()
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    with serving_registry(FakeRegistry(answers=answers(log, log.evidence(certificate)))) as registry:
        assert run(path, "--registry", registry.url, "--trust-root", pins).exit_code == 0
    assert path.read_bytes() == data
    assert heads((tmp_path / "a.certlog.json").read_bytes()) == [log.size]


def test_what_is_refused_leaves_the_file_as_it_was(served: FakeRegistry, pins: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.certlog.json"
    path.write_bytes(PENDING.to_bytes())
    other_log, _ = one_certificate()
    content = CERTIFICATE.content | {"certificateNumber": "MAU-2026-0009"}
    other = other_log.certify(ISSUER, content)
    other_log.close()
    served.answers[f"/api/v1/certificates/{ID}/evidence"] = other_log.evidence(other).to_bytes()
    with pytest.raises(InvalidInput):
        run(path, "--registry", served.url, "--trust-root", pins)
    served.answers.clear()
    with pytest.raises(InvalidInput, match="no certificate has this code"):
        run(path, "--registry", served.url, "--trust-root", pins)
    served.answers = answers(LOG, FRESH)
    served.answers[f"/api/v1/consistency?from={FIRST}&to={LOG.size}"] = b'{"proof":[]}'
    with pytest.raises(InvalidInput, match="two histories"):
        run(path, "--registry", served.url, "--trust-root", pins)
    assert path.read_bytes() == PENDING.to_bytes()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.certlog.json", "trust-root.json"]


def test_a_folder_that_cannot_be_written_leaves_the_file_as_it_was(
    served: FakeRegistry, pins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.certlog.json"
    path.write_bytes(PENDING.to_bytes())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Unavailable, match="cannot write"):
        run(path, "--registry", served.url, "--trust-root", pins)
    assert path.read_bytes() == PENDING.to_bytes()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.certlog.json", "trust-root.json"]
