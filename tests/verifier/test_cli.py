"""`certlog verify` and `certlog trust-root`, as a person runs them: exit status, words, and what is contacted."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
import pytest
from click.testing import CliRunner, Result

from certlog.certificate_id import certificate_id, format_id
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput
from certlog.status import FileBinding, StatusAction
from certlog.timestamps import parse_time
from certlog.trust_root import TrustRoot
from cli.verify import exit_status, verify
from issuer.pdf import PdfMaker
from tests.support.certificates import conformity_content
from tests.verifier import world as sample
from tests.verifier.fake_node import FakeNode, chain_of, serving
from tests.verifier.fake_registry import FakeRegistry, serving_registry
from tests.verifier.world import NOW, Case, case_of, enrolled_world, honest_case, sign_certificate
from verifier.chain_view import ChainView
from verifier.check_file import File
from verifier.report import Verdict
from verifier.seen_heads import format_seen, parse_seen

CASE: Final = honest_case()
ID: Final = certificate_id(CASE.document.document_hash)
AT: Final = "2026-11-22T10:00:00+07:00"
EVIDENCE_PATH: Final = f"/api/v1/certificates/{ID}/evidence"


def run(command: click.Command, *arguments: str | Path) -> Result:
    runner = CliRunner(env={"CERTLOG_LANG": "vi"})
    return runner.invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)


def pins(folder: Path, root: TrustRoot | None = None) -> Path:
    path = folder / "trust-root.json"
    path.write_bytes((root or sample.trust_root()).to_bytes())
    return path


def seen(folder: Path, view: ChainView = CASE.view) -> Path:
    path = folder / "seen.json"
    path.write_bytes(format_seen(view.readings))
    return path


def evidence(folder: Path, case: Case = CASE) -> Path:
    path = folder / "a.certlog.json"
    path.write_bytes(case.evidence.to_bytes())
    return path


def test_valid_evidence_exits_zero_and_says_the_verdict_first(tmp_path: Path) -> None:
    result = run(
        verify,
        evidence(tmp_path),
        "--trust-root",
        pins(tmp_path),
        "--offline",
        "--seen",
        seen(tmp_path),
        "--at",
        AT,
    )
    assert result.exit_code == 0
    assert result.output.startswith("Còn hiệu lực\n")


def test_every_check_is_printed_with_its_number(tmp_path: Path) -> None:
    result = run(
        verify, evidence(tmp_path), "--trust-root", pins(tmp_path), "--offline", "--at", AT, "--lang", "en"
    )
    for number in range(1, 11):
        assert f" {number}. " in result.output
    assert "7. Anchored on the chain: not checked (the chain could not be read)" in result.output


def test_what_the_answer_rests_on_is_printed(tmp_path: Path) -> None:
    result = run(
        verify, evidence(tmp_path), "--trust-root", pins(tmp_path), "--offline", "--lang", "en", "--at", AT
    )
    assert sample.trust_root().fingerprint() in result.output
    assert "Checked on this device" in result.output


def test_offline_without_seen_heads_there_is_no_answer(tmp_path: Path) -> None:
    result = run(verify, evidence(tmp_path), "--trust-root", pins(tmp_path), "--offline", "--at", AT)
    assert result.exit_code == 3
    assert result.output.startswith("Chưa kiểm tra được\n")


def test_a_withdrawn_certificate_exits_one(tmp_path: Path) -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.change_status(document, StatusAction.WITHDRAW, "nonconformity")
    path = evidence(tmp_path, case_of(world, document, index))
    result = run(verify, path, "--trust-root", pins(tmp_path), "--offline", "--at", AT)
    assert result.exit_code == 1
    assert "thu hồi (không phù hợp yêu cầu chứng nhận)" in result.output


def test_an_altered_copy_exits_one_and_hides_its_content(tmp_path: Path) -> None:
    evidence(tmp_path)
    content = CASE.document.content | {"certificateNumber": "MAU-2026-0009"}
    path = tmp_path / "a.json"
    path.write_bytes(SecuredDocument.of(content, CASE.document.proof).to_bytes())
    result = run(verify, path, "--trust-root", pins(tmp_path), "--offline", "--at", AT)
    assert result.exit_code == 1
    assert result.output.startswith("Nội dung không khớp bản đã đăng ký\n")
    assert "khác nhau tại /certificateNumber" in result.output
    assert "MAU-2026-0009" not in result.output


def test_the_moment_is_now_unless_another_is_named(tmp_path: Path) -> None:
    result = run(
        verify,
        evidence(tmp_path),
        "--trust-root",
        pins(tmp_path),
        "--offline",
        "--json",
        "--at",
        "2026-11-19T00:00:00Z",
    )
    assert json.loads(result.output)["verdict"] == "not_yet_valid"
    before = int(time.time())
    now = run(verify, evidence(tmp_path), "--trust-root", pins(tmp_path), "--offline", "--json")
    assert before <= parse_time(json.loads(now.output)["at"]) <= int(time.time())


def test_the_report_as_json_is_the_whole_report(tmp_path: Path) -> None:
    result = run(
        verify,
        *(evidence(tmp_path), "--trust-root", pins(tmp_path), "--offline", "--seen", seen(tmp_path)),
        *("--at", AT, "--json"),
    )
    report = json.loads(result.output)
    assert (report["verdict"], report["look"]) == ("valid", "green")
    assert [check["number"] for check in report["checks"]] == list(range(1, 11))


def test_the_chain_is_read_and_what_was_seen_is_kept_for_later(tmp_path: Path) -> None:
    anchored = {
        (sample.LOG_ID, size, bytes(CASE.world.root(size))): (pointer.block_time, pointer.block_number)
        for size, pointer in CASE.world.anchored.items()
    }
    kept = tmp_path / "seen.json"
    with serving(FakeNode(anchored=anchored)) as node:
        root = pins(tmp_path, replace(sample.trust_root(), chains=(chain_of(),)))
        online = run(
            verify, evidence(tmp_path), "--trust-root", root, "--rpc", node.url, "--seen", kept, "--at", AT
        )
    assert online.exit_code == 0
    assert [reading.size for reading in parse_seen(kept.read_bytes())] == list(CASE.sizes)
    offline = run(
        verify,
        evidence(tmp_path),
        "--trust-root",
        root,
        "--offline",
        "--seen",
        kept,
        "--at",
        AT,
        "--lang",
        "en",
    )
    assert offline.exit_code == 0
    assert "The chain was not consulted this time." in offline.output


def test_a_code_is_looked_up_at_the_named_registry(tmp_path: Path) -> None:
    with serving_registry(FakeRegistry({EVIDENCE_PATH: CASE.evidence.to_bytes()})) as registry:
        found = [
            run(
                verify,
                *(target, "--trust-root", pins(tmp_path), "--registry", registry.url),
                *("--seen", seen(tmp_path), "--at", AT),
            )
            for target in (ID, format_id(ID), f"{registry.url}/c/{ID}", f"{registry.url}/C/{ID}")
        ]
    assert [result.exit_code for result in found] == [0] * 4


def test_evidence_of_another_certificate_is_no_answer_to_a_code(tmp_path: Path) -> None:
    other = sign_certificate(conformity_content(number="MAU-2026-0099"))
    wrong = certificate_id(other.document_hash)
    answers = {f"/api/v1/certificates/{wrong}/evidence": CASE.evidence.to_bytes()}
    with serving_registry(FakeRegistry(answers)) as registry:
        result = run(
            verify,
            *(wrong, "--trust-root", pins(tmp_path), "--registry", registry.url),
            *("--seen", seen(tmp_path), "--at", AT, "--json"),
        )
    assert result.exit_code == 3
    report = json.loads(result.output)
    assert (report["verdict"], report["reason"]) == ("cannot_check", "another_document")


def test_an_unknown_code_exits_three(tmp_path: Path) -> None:
    with serving_registry(FakeRegistry()) as registry:
        result = run(verify, ID, "--trust-root", pins(tmp_path), "--registry", registry.url)
    assert result.exit_code == 3
    assert result.output.startswith("Không có trong sổ đăng ký này\n")


def test_a_mistyped_code_exits_three_and_asks_nobody(tmp_path: Path) -> None:
    with serving_registry(FakeRegistry()) as registry:
        wrong = ID[1] + ID[0] + ID[2:]
        result = run(verify, wrong, "--trust-root", pins(tmp_path), "--registry", registry.url)
        assert registry.asked == []
    assert result.exit_code == 3
    assert result.output.startswith("Mã bị gõ sai\n")
    assert result.output.count("có ký tự bị gõ sai") == 1
    assert "Các bước kiểm tra" not in result.output


def test_a_file_of_another_kind_is_named_with_what_is_expected(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# notes")
    with pytest.raises(InvalidInput, match=r"notes\.md: expected a PDF, an evidence file"):
        run(verify, path, "--trust-root", pins(tmp_path), "--offline")


def test_a_registry_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with serving_registry(FakeRegistry({EVIDENCE_PATH: b"{}"})) as registry:
        damaged = run(verify, ID, "--trust-root", pins(tmp_path), "--registry", registry.url)
    gone = run(verify, ID, "--trust-root", pins(tmp_path), "--registry", registry.url)
    assert (damaged.exit_code, gone.exit_code) == (3, 3)
    assert "câu trả lời không phải bằng chứng" in damaged.output
    assert "kết nối bị từ chối" in gone.output


def test_offline_a_code_needs_its_evidence_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="hand in the evidence file"):
        run(verify, ID, "--trust-root", pins(tmp_path), "--offline")


def test_a_page_of_another_host_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="use --registry"):
        run(verify, f"https://registry.example.com/c/{ID}", "--trust-root", pins(tmp_path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no such file: .*absent\.json"):
        run(verify, tmp_path / "absent.json", "--trust-root", pins(tmp_path))


def test_without_a_trust_root_the_command_says_which_option_is_missing(tmp_path: Path) -> None:
    result = run(verify, evidence(tmp_path))
    assert result.exit_code == 2
    assert "--trust-root" in result.output


def test_a_trust_root_that_is_none_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "trust-root.json"
    path.write_text("{}")
    with pytest.raises(InvalidInput, match="certlog trust-root export"):
        run(verify, evidence(tmp_path), "--trust-root", path)


def bound_pdf_case() -> tuple[Case, bytes]:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    pdf = PdfMaker("https://registry.example.vn")(document, NOW)
    binding = FileBinding(File.of(pdf, "application/pdf").sha256, "application/pdf")
    world.change_status(document, StatusAction.BIND_FILE, file=binding)
    return case_of(world, document, index), pdf


def run_pdf(folder: Path, case: Case, pdf: bytes) -> Result:
    path = folder / "a.pdf"
    path.write_bytes(pdf)
    evidence(folder, case)
    return run(
        verify,
        *(path, "--trust-root", pins(folder), "--offline", "--seen", seen(folder, case.view)),
        *("--at", AT, "--lang", "en"),
    )


def test_the_issuers_own_pdf_with_its_side_file_is_valid(tmp_path: Path) -> None:
    case, pdf = bound_pdf_case()
    result = run_pdf(tmp_path, case, pdf)
    assert result.exit_code == 0
    assert "10. File bound to the certificate: passed" in result.output


def test_a_doctored_pdf_is_never_green(tmp_path: Path) -> None:
    case, pdf = bound_pdf_case()
    doctored = pdf + b"\n% one more line after the end"
    result = run_pdf(tmp_path, case, doctored)
    assert result.exit_code == 1
    assert result.output.startswith("Does not match what was registered\n")


def test_a_pdf_that_nobody_bound_says_to_compare(tmp_path: Path) -> None:
    pdf = PdfMaker("https://registry.example.vn")(CASE.document, NOW)
    result = run_pdf(tmp_path, CASE, pdf)
    assert result.exit_code == 3
    assert result.output.startswith("The data inside is genuine; the visible page was not checked\n")


def test_a_pdf_alone_offline_cannot_be_checked(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(PdfMaker("https://registry.example.vn")(CASE.document, NOW))
    result = run(verify, path, "--trust-root", pins(tmp_path), "--offline", "--at", AT, "--json")
    report = json.loads(result.output)
    assert result.exit_code == 3
    assert [check["number"] for check in report["checks"] if check["outcome"] == "passed"] == [1, 2, 9]


def test_a_certificate_alone_is_completed_from_the_registry(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(CASE.document.to_bytes())
    with serving_registry(FakeRegistry({EVIDENCE_PATH: CASE.evidence.to_bytes()})) as registry:
        arguments = ("--trust-root", pins(tmp_path), "--registry", registry.url, "--at", AT)
        assert run(verify, path, *arguments, "--seen", seen(tmp_path)).exit_code == 0
    with serving_registry(FakeRegistry()) as registry:
        arguments = ("--trust-root", pins(tmp_path), "--registry", registry.url, "--at", AT)
        unknown = run(verify, path, *arguments)
    assert unknown.exit_code == 3
    assert unknown.output.startswith("Không có trong sổ đăng ký này\n")


def test_only_valid_exits_zero() -> None:
    assert [verdict for verdict in Verdict if exit_status(verdict) == 0] == [Verdict.VALID]
    assert exit_status(Verdict.ALTERED) == 1
    assert exit_status(Verdict.PENDING) == 3


def test_verifying_offline_loads_neither_network_nor_server_modules(tmp_path: Path) -> None:
    arguments = [str(evidence(tmp_path)), "--trust-root", str(pins(tmp_path)), "--offline", "--at", AT]
    program = (
        "import sys; from cli.verify import verify; "
        f"verify.main({arguments!r}, standalone_mode=False); "
        "print(sorted(m for m in ('http.client','flask','sqlalchemy','web3','pikepdf','typst') if m in sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.rstrip().endswith("[]")
