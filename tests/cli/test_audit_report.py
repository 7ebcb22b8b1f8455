"""The report of an audit: in both languages, hostile text stays text, and its signature covers every file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from certlog.errors import InvalidInput, SignatureMismatch
from certlog.findings import Finding
from certlog.note import VerifierKey, sign_note
from cli import audit_report
from cli.audit_report import check_report, report_files, report_page, signed_note
from cli.report_page import html_page
from tests.cli.test_audit import auditor, pins, run
from tests.support.controls import Control, nothing, require_failure, require_noticed
from tests.support.served_log import write_log
from tests.support.signing import ed25519
from tests.verifier.audited import audited, sample
from verifier.cosigner import AuditorKey, ReportSigner

KEY = AuditorKey("auditor.example.vn", ed25519("auditor"))
HOSTILE = "<script>alert(1)</script>&\"'"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a signed report of a clean log."""
    log, _ = sample()
    found = audited(log, write_log(log, tmp_path / "log"))
    files = report_files(found, pdf=False)
    report = tmp_path / "report"
    report.mkdir()
    for name, data in files.items():
        (report / name).write_bytes(data)
    (report / "report.note").write_text(signed_note(found, files, ReportSigner(KEY)), encoding="utf-8")
    return report


def test_a_report_says_it_in_both_languages_and_a_signature_covers_it(folder: Path) -> None:
    assert "Đối soát registry.example.vn" in (folder / "report.vi.html").read_text(encoding="utf-8")
    assert "Audit of registry.example.vn" in (folder / "report.en.html").read_text(encoding="utf-8")
    assert json.loads((folder / "report.json").read_bytes())["result"] == "clean"
    assert "3 files as signed" in check_report(folder, KEY.report_key)


@pytest.mark.parametrize("name", ["report.vi.html", "report.en.html", "report.json"])
def test_a_changed_or_missing_file_is_not_the_report(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data + b" ")
    with pytest.raises(InvalidInput, match="not the file that was signed"):
        check_report(folder, KEY.report_key)
    (folder / name).unlink()
    with pytest.raises(InvalidInput, match="missing"):
        check_report(folder, KEY.report_key)


def test_a_file_that_nobody_signed_is_not_part_of_the_report(folder: Path) -> None:
    """As the PDF that a forger puts beside three files that are as signed."""
    (folder / "letter.txt").write_text("as you asked")
    check_report(folder, KEY.report_key)
    (folder / "report.vi.pdf").write_bytes(b"%PDF-1.7 all is well")
    with pytest.raises(InvalidInput, match=r"report\.vi\.pdf is not among the files that were signed"):
        check_report(folder, KEY.report_key)


def test_a_note_of_another_kind_is_no_report(folder: Path) -> None:
    (folder / "report.note").write_text(
        sign_note("certlog.audit-report/v1\nlog\n", ReportSigner(KEY)), "utf-8"
    )
    with pytest.raises(InvalidInput, match="something else than a report"):
        check_report(folder, KEY.report_key)


def test_a_check_of_the_signed_files_alone_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    control = Control(
        audit_report,
        "_require_no_other",
        nothing,
        lambda: test_a_file_that_nobody_signed_is_not_part_of_the_report(folder),
    )
    require_failure(control, monkeypatch)


def test_another_auditors_key_is_not_the_signers(folder: Path) -> None:
    other = VerifierKey(KEY.name, KEY.report_key.key_type, ed25519("other").public_key.raw)
    with pytest.raises(SignatureMismatch):
        check_report(folder, other)
    # A cosignature of the same key is no signature of a report.
    with pytest.raises(SignatureMismatch):
        check_report(folder, KEY.cosigner_key)


def test_a_signature_that_is_not_looked_at_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt() -> None:
        test_another_auditors_key_is_not_the_signers(folder)

    require_noticed(Control(audit_report, "note_signed_by", lambda *_: True, attempt), monkeypatch)


def test_hostile_text_in_a_finding_is_text(tmp_path: Path) -> None:
    log, _ = sample()
    found = audited(log, write_log(log, tmp_path / "log"))
    hostile = replace(
        found, source=HOSTILE, findings=(Finding("bad-list", 1, HOSTILE),), finding_count=1, origin=HOSTILE
    )
    html = html_page(report_page(hostile, "vi")).decode()
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_the_command_writes_signs_and_checks_a_report_with_pdf(tmp_path: Path) -> None:
    log, _ = sample()
    key, secret, _ = auditor()
    out = tmp_path / "report"
    done = run(
        write_log(log, tmp_path / "log"),
        *("--trust-root", pins(log, tmp_path), "--report", out, "--pdf"),
        *("--sign", key, "--passphrase-file", secret),
    )
    assert done.exit_code == 0
    assert (out / "report.vi.pdf").read_bytes().startswith(b"%PDF-")
    note = (out / "report.note").read_text(encoding="utf-8")
    vkey = auditor_report_key(key, secret)
    assert "report.en.pdf" in note
    checked = run("check-report", out, "--auditor", vkey)
    assert checked.exit_code == 0
    assert "5 files as signed" in checked.output


def auditor_report_key(key: Path, secret: Path) -> str:
    """Return the vkey for reports of a key file."""
    from cli.audit_keys import open_auditor_key  # noqa: PLC0415 - one use

    passphrase = secret.read_text(encoding="utf-8").strip()
    return open_auditor_key(key, passphrase).report_key.to_text()
