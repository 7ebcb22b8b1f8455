"""The demonstration as a stranger runs it: once from nothing, then again on what the first run left."""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from certlog.certificate_id import format_id
from certlog.documents import STATUS_CHALLENGE, secure
from certlog.entry import StatementEntry
from certlog.status import StatusAction, StatusStatement
from certlog.timestamps import format_time
from issuer.key_file import open_key_file
from registry.data_folder import DataFolder
from registry.opening import Surroundings, open_registry
from registry.submission import Submission
from storage.database import closed_at_end

SECONDS = 420


def run_demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--once", "--data", str(folder), *words],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_of(folder: Path) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:  # it ended while it was looked at
            continue
        if str(folder) in line:
            found.append(line)
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo") / "folder"
    done = run_demo(folder, "--port", str(free_port()))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return folder, done.stdout


@pytest.mark.timeout(SECONDS)
def test_every_act_ends_as_it_should(played: tuple[Path, str]) -> None:
    _, said = played
    for wanted in (
        "certificates: 20",
        "genuine and valid: 20",
        "calibration certificates: 3",
        "genuine and unaltered: yes",
        "the customer's name on its page: no",
        "altered copy: Does not match what was registered",
        "doctored PDF: Does not match what was registered",
        "MAU-HQ-26-0005: Suspended",
        "MAU-HQ-26-0009: Withdrawn",
        "Everything is as it should be.",
    ):
        assert wanted in said
    assert "✗" not in said


@pytest.mark.timeout(SECONDS)
def test_every_printed_code_leads_to_its_own_page(played: tuple[Path, str]) -> None:
    folder, _ = played
    port = json.loads((folder / "demo.json").read_bytes())["port"]
    pdfs = sorted((folder / "body" / "out").glob("*.pdf"))
    assert len(pdfs) == 20
    for pdf in pdfs:
        with pypdfium2.PdfDocument(pdf) as document:  # type: ignore[no-untyped-call] # it has no types
            page = document[0].render(scale=2).to_pil()
        identifier = pdf.stem.partition("_")[2]
        assert [code.text for code in zxingcpp.read_barcodes(page)] == [
            f"HTTP://127.0.0.1:{port}/C/{identifier}"
        ]


def reinstate(folder: Path, identifier: str) -> None:
    """Do what `certlog issuer reinstate` does, straight into the registry: nothing serves just now."""
    passphrase = (folder / "body" / "passphrase").read_text("utf-8").strip()
    key = open_key_file(folder / "body" / "body.pem", passphrase)
    registry = open_registry(DataFolder(folder / "data"), Surroundings({}))
    with closed_at_end(registry.database):
        certificate = registry.certificate_by_id(identifier)
        assert certificate is not None
        statement = StatusStatement(
            certificate=certificate.document_hash,
            issuer=key.did,
            action=StatusAction.REINSTATE,
            effective=format_time(int(time.time())),
            previous=certificate.status.last,
            reason="corrected",
        )
        document = secure(
            statement.to_json(),
            signer=key.signer,
            did=key.did,
            domain=registry.origin,
            challenge=STATUS_CHALLENGE,
            created=int(time.time()),
        )
        (outcome,) = registry.submit([Submission(StatementEntry("status", document).to_bytes())])
        assert outcome.status == "logged"


@pytest.mark.timeout(SECONDS)
def test_a_second_run_finds_what_there_is_and_leaves_nothing_running(played: tuple[Path, str]) -> None:
    """What its owner has done since is no fault: a certificate is in force again, the log key was rotated."""
    folder, _ = played
    suspended = json.loads((folder / "demo.json").read_bytes())["suspended"]
    reinstate(folder, suspended)
    rotate = [sys.executable, "-m", "cli.main", "registry", "rotate-log-key", "--data", str(folder / "data")]
    assert subprocess.run(rotate, capture_output=True, timeout=SECONDS, check=False).returncode == 0
    done = run_demo(folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "survived the restart" in done.stdout
    assert "Everything is as it should be." in done.stdout
    assert "new log key registry.example.vn/demo+" in done.stdout
    assert "all that the old one proved still holds: yes" in done.stdout
    changed = f"{format_id(suspended)}: In force\n   changed since the first run, which left it: Suspended"
    assert changed in done.stdout
    assert done.stdout.count("changed since the first run") == 1
    assert processes_of(folder) == []


@pytest.mark.timeout(SECONDS)
def test_an_audit_of_its_tiles_and_its_database_finds_nothing(played: tuple[Path, str]) -> None:
    folder, _ = played
    data = folder / "data"
    words = [
        "audit",
        str(data / "tiles"),
        "--trust-root",
        str(data / "trust-root.json"),
        "--offline",
        "--json",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words, "--data", str(data)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-1000:]
    parts = {part["part"]: part["state"] for part in json.loads(done.stdout)["parts"]}
    wanted = ("checkpoint", "consistency", "tree", "entries", "epochs", "database")
    assert {name: parts[name] for name in wanted} == dict.fromkeys(wanted, "clean")


@pytest.mark.timeout(SECONDS)
def test_no_private_key_or_passphrase_is_said(played: tuple[Path, str]) -> None:
    folder, said = played
    told = said + (folder / "serve.log").read_text("utf-8")
    for desk in ("operator", "body", "laboratory", "chain"):
        secret = (folder / desk / "passphrase").read_text("utf-8").strip()
        assert len(secret) > 20
        assert secret not in told
    assert "PRIVATE KEY" not in told


def test_a_used_port_is_named_with_a_remedy_and_nothing_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run_demo(folder, "--port", str(port))
    assert done.returncode != 0
    assert f"port {port} is used by another program" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not folder.exists()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", "utf-8")
    done = run_demo(tmp_path, "--fresh", "--port", str(free_port()))
    assert done.returncode != 0
    assert "holds other files than a demo's" in done.stdout + done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_folder_that_cannot_be_made_is_one_line() -> None:
    done = run_demo(Path("/proc/certlog-demo"), "--port", str(free_port()))
    assert done.returncode != 0
    assert "choose another folder with --data" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
