"""The registry as it is run: real processes on a free port, stopped together, with one clear line for each mistake."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from anchoring.database import open_database
from anchoring.settings import DATABASE_NAME
from certlog.checkpoint import open_checkpoint
from certlog.digests import RootHash
from certlog.trust_root import TrustRoot
from cli.main import main
from issuer.key_file import create_key_file
from registry.data_folder import DataFolder
from registry.last_signed_head import LastSignedHeadFile, SignedHead
from storage.database import closed_at_end
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN
from tests.support.registry import OPERATOR_DID, counted_bytes

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "throw-away passphrase"
READY_SECONDS = 60
ANCHORING = f"""\
origin = "{SAMPLE_ORIGIN}"
endpoint = "http://127.0.0.1:8545"
chain_id = 31337
chain_class = "local"
contract = "0x{"11" * 20}"
code_hash = "0x{"22" * 32}"
log_id = "0x{"33" * 32}"
account = "0x{"44" * 20}"
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the operator's, the recovery and a body's key files, and their passphrase."""
    folder, random_bytes = tmp_path_factory.mktemp("desk"), counted_bytes()
    (folder / "passphrase").write_text(PASSPHRASE + "\n")
    for name, did in (("operator", OPERATOR_DID), ("recovery", OPERATOR_DID), ("body", SAMPLE_DID)):
        create_key_file(folder / f"{name}.key", PASSPHRASE, did=did, random_bytes=random_bytes)
    return folder


@pytest.fixture
def data(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return the data folder of a new registry, made by the command."""
    assert _here(capsys, *_init(desk, tmp_path / "data")) == (0, "")
    return tmp_path / "data"


def _init(desk: Path, data: Path) -> list[str]:
    return [
        *("registry", "init", "--data", str(data), "--origin", SAMPLE_ORIGIN),
        *("--public-url", "http://127.0.0.1:8080", "--epoch-interval", "1"),
        *(
            "--operator-key",
            str(desk / "operator.pub.json"),
            "--recovery-key",
            str(desk / "recovery.pub.json"),
        ),
    ]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli.main", *arguments]


def _environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CERTLOG_")}
    return kept | {"PYTHONPATH": str(ROOT), "CERTLOG_LANG": "en"}


def _here(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run a command in this process; return its exit status and what it wrote on standard error."""
    handlers = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    for name, handler in handlers.items():
        signal.signal(name, handler)
    assert isinstance(ended.value.code, int)
    return ended.value.code, capsys.readouterr().err


def _output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command in this process that must succeed; return what it wrote on standard output."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    written = capsys.readouterr()
    assert ended.value.code == 0, written.err
    return written.out


@dataclass
class Served:
    """A running `certlog registry serve`."""

    process: subprocess.Popen[str]
    url: str

    def get(self, path: str) -> str:
        """Return what the web server answers."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=10)
        connection.request("GET", path)
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    def children(self) -> list[int]:
        """Return its living children: the worker and gunicorn's master."""
        return _children(self.process.pid)


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, ppid = path.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(ppid) == parent and state != "Z":
            found.append(int(path.parent.name))
    return found


def _wait_until_gone(pids: list[int]) -> None:
    end = time.monotonic() + READY_SECONDS
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < end, f"still running: {pids}"
        time.sleep(0.05)


@contextmanager
def _serving(data: Path) -> Iterator[Served]:
    command = _command("registry", "serve", "--data", str(data), "--port", "0", "--workers", "1")
    with subprocess.Popen(command, env=_environ(), cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if line.startswith("serving "):
                    yield Served(process, line.split()[1])
                    break
            else:
                pytest.fail("serve ended before it was ready")
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(READY_SECONDS)


def _grandchildren(served: Served) -> list[int]:
    return [pid for child in served.children() for pid in (child, *_children(child))]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_body_is_enrolled_from_the_desk_and_stopping_leaves_nothing(
    data: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = data.parent / "operator.token"
    token.write_text(
        _output(capsys, "registry", "token", "create", "--data", str(data), "--did", OPERATOR_DID)
    )
    with _serving(data) as served:
        signing = [
            *("--key", str(desk / "operator.key"), "--passphrase-file", str(desk / "passphrase")),
            *("--registry", served.url, "--token-file", str(token)),
        ]
        name = ["--name", "Trung tâm Chứng nhận Mẫu", "--legal-id", "0109999999"]
        enrol = ["operator", "enrol", str(desk / "body.pub.json"), *name, *signing]
        status, error = _here(capsys, *enrol)
        assert (status, "certlog issuer prove-key" in error) == (2, True)
        body = ["--key", str(desk / "body.key"), "--passphrase-file", str(desk / "passphrase")]
        _output(capsys, "issuer", "prove-key", *body, "--registry", served.url)
        enrolled = _output(capsys, *enrol)
        assert ["enrolment" in enrolled, "new key" in enrolled] == [True, True]
        assert len(enrolled.splitlines()) == 2
        scope = [
            *("--kind", "designation", "--authority", "Ủy ban Mẫu", "--standard", "QCVN 4:2009/BKHCN"),
            *("--from", "2026-01-01", "--source-url", "https://example.vn/1", "--source-date", "2026-01-05"),
        ]
        granted = _output(capsys, "operator", "grant-scope", SAMPLE_DID, *scope, *signing)
        grant = granted.split()[1].rstrip(":")
        suspend = ["operator", "suspend-scope", SAMPLE_DID, "--grant", grant, *signing]
        _output(capsys, *suspend)
        status, error = _here(capsys, *suspend)
        assert (status, "suspendScope has no effect" in error) == (2, True)

        end = time.monotonic() + READY_SECONDS
        while int(json.loads(served.get("/api/v1/log"))["size"]) <= int(grant) + 1:
            assert time.monotonic() < end
            time.sleep(0.1)
        root = TrustRoot.parse((data / "trust-root.json").read_bytes())
        open_checkpoint(served.get("/checkpoint"), root.log_keys[0].vkey)
        started = _grandchildren(served)
        assert len(started) >= 3
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(READY_SECONDS) == 0
        _wait_until_gone(started)
    assert "tree and tables are what the entries say" in _output(
        capsys, "registry", "check", "--data", str(data)
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_a_killed_parent_leaves_no_orphan(data: Path) -> None:
    with _serving(data) as served:
        started = _grandchildren(served)
        served.process.kill()
        served.process.wait()
        _wait_until_gone(started)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_when_one_child_dies_everything_stops_and_says_so(data: Path) -> None:
    with _serving(data) as served:
        started = _grandchildren(served)
        worker = next(
            pid for pid in served.children() if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
        os.kill(worker, signal.SIGKILL)
        assert served.process.wait(READY_SECONDS) == 3
        assert served.process.stderr is not None
        assert "the worker ended by itself (status -9)" in served.process.stderr.read()
        _wait_until_gone(started)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_with_json_every_line_of_every_process_is_an_object(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = _command(
        "registry", "serve", "--data", str(data), "--port", "0", "--workers", "1", "--log", "json"
    )
    with subprocess.Popen(command, env=_environ(), cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        said, worker = [], 0
        try:
            assert process.stderr is not None
            for line in process.stderr:
                said.append(line)
                if "serving http" in line:
                    worker, web = sorted(
                        _children(process.pid),
                        key=lambda pid: b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes(),
                    )
                    os.kill(_children(web)[0], signal.SIGKILL)  # gunicorn's own process says so
                if "SIGKILL" in line:
                    os.kill(worker, signal.SIGKILL)  # the parent of all says so
        finally:
            process.kill()
    found = [json.loads(line) for line in said]
    messages = " ".join(str(each.get("message", each["event"])) for each in found)
    for words in ("not anchoring", "serving http", "was sent SIGKILL", "the worker ended by itself"):
        assert words in messages
    assert all(each["level"] and each["timestamp"] for each in found)
    mistaken = ["registry", "worker", "--data", str(data.parent / "none"), "--log", "json"]
    status, error = _here(capsys, *mistaken)
    assert (status, "does not exist" in json.loads(error)["message"]) == (2, True)


def test_a_used_port_is_refused_before_anything_starts(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _children(os.getpid())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        status, error = _here(capsys, "registry", "serve", "--data", str(data), "--port", port)
    assert status == 3
    last = f"cannot serve on 127.0.0.1 port {port}: Address already in use; choose another with --port"
    assert error.splitlines()[-1] == f"certlog: {last}"
    assert _children(os.getpid()) == before


def test_serving_without_a_registry_says_how_to_make_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = (
        f"certlog: {tmp_path}/none/settings.toml does not exist; make the folder first: "
        f"certlog registry init --data {tmp_path}/none\n"
    )
    assert _here(capsys, "registry", "serve", "--data", str(tmp_path / "none")) == (2, error)


def test_an_unknown_setting_stops_the_start(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (data / "settings.toml").open("a", encoding="utf-8") as file:
        file.write("colour = 'red'\n")
    status, error = _here(capsys, "registry", "serve", "--data", str(data))
    assert (status, "unknown setting 'colour'" in error, error.count("\n")) == (2, True, 1)


def test_a_registry_is_made_whole_or_not_at_all(
    data: Path, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path.name for path in data.iterdir())
    status, error = _here(capsys, *_init(desk, data))
    assert (status, "exists and is not empty; nothing was changed" in error) == (2, True)
    assert sorted(path.name for path in data.iterdir()) == before
    same_key = _init(desk, tmp_path / "third")
    same_key[-1] = str(desk / "operator.pub.json")
    status, error = _here(capsys, *same_key)
    assert (status, "the recovery key is the operator's key" in error) == (2, True)
    assert not (tmp_path / "third").exists()
    status, error = _here(capsys, *_init(desk, data / "settings.toml" / "below"))
    assert (status, "choose another with --data" in error, error.count("\n")) == (3, True, 1)
    assert not list(tmp_path.rglob(".*.new"))


def test_a_restored_backup_is_not_served(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ahead = SignedHead(7, RootHash(bytes(32)))
    LastSignedHeadFile(data / "last-signed-head.json", SAMPLE_ORIGIN).reseed(ahead)
    status, error = _here(capsys, "registry", "serve", "--data", str(data), "--port", "0")
    assert status == 3
    assert "size 7 was signed, the database holds 0 entries: an old backup has been restored" in error


def test_serving_brings_anchorings_tables_up_to_date_even_where_nothing_is_anchored(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "anchoring.toml").write_text(ANCHORING, "utf-8")
    with closed_at_end(open_database(data / DATABASE_NAME, create=True)) as made:
        newest = made.version()
        made.downgrade("0003")
    # It stops at the next check: this folder's trust root lacks the chain.
    status, _ = _here(capsys, "registry", "serve", "--data", str(data), "--port", "0", "--no-anchoring")
    assert status == 2
    with closed_at_end(open_database(data / DATABASE_NAME, create=False)) as found:
        assert found.version() == newest


def test_a_lost_head_file_is_written_again_from_what_others_hold(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = DataFolder(data).last_signed_head
    before = file.read_bytes()
    file.unlink()
    arguments = ["registry", "reseed-head", "--data", str(data), "--size", "0", "--root"]
    status, _ = _here(capsys, *arguments, "zz")
    assert (status, file.exists()) == (2, False)
    assert _here(capsys, *arguments, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=") == (0, "")
    assert file.read_bytes() == before


def test_the_trust_root_gains_a_chain_and_changes_nothing_else_unasked(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = TrustRoot.parse((data / "trust-root.json").read_bytes())
    assert (root.origin, root.operator.did, root.chains) == (SAMPLE_ORIGIN, OPERATOR_DID, ())
    write = ["registry", "trust-root", "--data", str(data)]
    (data / "anchoring.toml").write_text(ANCHORING, "utf-8")
    status, error = _here(capsys, "registry", "serve", "--data", str(data), "--port", "0")
    assert (status, "lacks the chain of anchoring.toml; run: certlog registry trust-root" in error) == (
        2,
        True,
    )
    assert _here(capsys, *write) == (0, "")
    chained = TrustRoot.parse((data / "trust-root.json").read_bytes())
    assert [chain.id for chain in chained.chains] == [31337]
    (data / "anchoring.toml").write_text(ANCHORING.replace("31337", "31338"), "utf-8")
    status, error = _here(capsys, *write)
    assert (status, "which verifiers may rely on; use --replace to change it" in error) == (2, True)
    assert TrustRoot.parse((data / "trust-root.json").read_bytes()) == chained
    assert _here(capsys, *write, "--replace") == (0, "")
