"""`certlog issuer` at the desk: one clear line for each thing that goes wrong, never a traceback, nothing half done."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from certlog.certificate_id import format_id
from cli.issuer import issuer
from issuer.key_file import PublicPart, create_key_file, public_path
from tests.support.desk import EXAMPLES, Desk, two_rows
from tests.support.http_fake_registry import TOKEN, HttpFake, serving

PASSPHRASE = "mật khẩu dùng một lần"


@pytest.fixture(autouse=True)
def vietnamese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTLOG_LANG", "vi")


@pytest.fixture(scope="module")
def key_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "issuer.pem"
    create_key_file(path, PASSPHRASE, random_bytes=os.urandom)
    return path


@pytest.fixture
def fake() -> Iterator[HttpFake]:
    desk = Desk.at(Path())
    desk.now = 4_000_000_000  # the command's clock is the real one
    with serving(desk.registry) as running:
        yield running


class Shell:
    """Runs commands with the options that they all need; each may be replaced by the test."""

    def __init__(self, folder: Path, key_path: Path, address: str) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.key_path = key_path
        self.address = address
        self.passphrase = PASSPHRASE
        self.token = TOKEN
        self.file = folder / "conformity.csv"
        self.file.write_bytes(two_rows())
        (folder / "body.toml").write_bytes((EXAMPLES / "body.toml").read_bytes())

    def submit_options(self) -> list[str]:
        (self.folder / "token").write_text(f"{self.token}\n")
        return [
            "--out",
            str(self.out),
            "--registry",
            self.address,
            "--token-file",
            str(self.folder / "token"),
        ]

    def desk_options(self) -> list[str]:
        (self.folder / "passphrase").write_text(f"{self.passphrase}\n")
        key = ["--key", str(self.key_path), "--passphrase-file", str(self.folder / "passphrase")]
        return [*self.submit_options(), *key]

    def run(self, *arguments: str, options: Sequence[str] | None = None) -> Result:
        chosen = self.desk_options() if options is None else options
        return CliRunner().invoke(issuer, [*arguments, *chosen])

    def issue(self, *more: str) -> Result:
        return self.run("issue", str(self.file), *more)


@pytest.fixture
def shell(tmp_path: Path, key_path: Path, fake: HttpFake) -> Shell:
    return Shell(tmp_path, key_path, fake.address)


def one_line(result: Result, status: int) -> str:
    """Return what an error said: one line, no traceback."""
    assert result.exit_code == status, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return str(line)


def test_issue_signs_prints_submits_and_says_so(shell: Shell, fake: HttpFake) -> None:
    result = shell.issue()

    assert result.exit_code == 0, result.output
    assert "2 giấy chứng nhận trong tệp, ký mới 2" in result.stderr
    assert len(fake.registry.entries) == 4
    assert len(list(shell.out.glob("MAU-HQ-26-000?_*.pdf"))) == 2


def test_json_output_is_for_programs(shell: Shell, fake: HttpFake) -> None:
    result = shell.issue("--json")

    answer = json.loads(result.stdout)
    assert result.stderr == ""
    assert [item["number"] for item in answer["issued"]] == ["MAU-HQ-26-0001", "MAU-HQ-26-0002"]
    assert {item["id"] for item in answer["issued"]} == set(fake.registry.documents)
    assert (answer["signed"], answer["logged"], answer["refused"]) == (2, 4, [])


def test_status_commands_name_a_certificate_by_number_or_id(shell: Shell, fake: HttpFake) -> None:
    first, second = json.loads(shell.issue("--json").stdout)["issued"]

    assert shell.run("suspend", first["number"], "--reason", "fee_unpaid").exit_code == 0
    assert shell.run("reinstate", format_id(first["id"]), "--reason", "corrected").exit_code == 0
    assert shell.run("cancel", second["number"], "--reason", "client_request").exit_code == 0
    result = shell.run("withdraw", first["id"], "--reason", "invalid", "--lang", "en")

    assert result.exit_code == 0, result.output
    assert "Logged withdraw for MAU-HQ-26-0001 at position 7 of the log." in result.stderr
    assert all(status.revoked for status in fake.registry.statuses.values())


def test_a_new_version_supersedes_the_old_one(shell: Shell, fake: HttpFake) -> None:
    shell.issue()
    old = next(iter(fake.registry.statuses))
    lines = two_rows().decode().split("\r\n")
    number, _, rest = lines[1].partition(",")
    heading = lines[0].replace("Số giấy chứng nhận,", "Số giấy chứng nhận,Phiên bản,Lý do thay thế,")
    shell.file.write_text(f"{heading}\n{number},2,gia hạn,{rest}\n", encoding="utf-8")

    hint = shell.issue("--lang", "en").stderr
    result = shell.run("supersede", "MAU-HQ-26-0001")

    assert "certlog issuer supersede MAU-HQ-26-0001" in hint
    assert result.exit_code == 0, result.output
    assert (fake.registry.statuses[old].revoked, fake.registry.statuses[old].reason) == (True, "renewed")
    assert one_line(shell.run("supersede", "MAU-HQ-26-0002", "--lang", "en"), 2).endswith(
        "replaces nothing: issue its next version first, then repeat this command"
    )


def test_a_sealed_pdf_is_bound_by_the_id_in_its_name(shell: Shell, fake: HttpFake) -> None:
    shell.issue()
    pdf = next(shell.out.glob("*.pdf"))
    pdf.write_bytes(pdf.read_bytes() + b"seal")

    result = shell.run("bind", str(pdf))

    assert result.exit_code == 0, result.output
    assert sorted(len(status.files) for status in fake.registry.statuses.values()) == [1, 2]


def test_mistakes_are_listed_before_a_passphrase_is_asked_for(shell: Shell) -> None:
    shell.file.write_bytes(two_rows(CR="CE"))
    errors = shell.folder / "errors.csv"

    result = shell.run("issue", str(shell.file), "--errors", str(errors), options=shell.desk_options()[:-2])

    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert lines[0].startswith("Hàng 2, cột ")
    assert "(Dấu): “CE” không có trong danh sách: CR, CS, CB." in lines[0]
    assert lines[-1] == f"1 lỗi trong {shell.file}; chưa cấp giấy nào. Sửa rồi chạy lại."
    assert not shell.out.exists()
    with errors.open(encoding="utf-8-sig", newline="") as file:
        heading, row = csv.reader(file)
    assert heading == ["row", "column", "code", "vi", "en"]
    assert row[:3] == ["2", "mark", "unknown-word"]
    assert row[4].startswith("Row 2, column")


def test_partial_leaves_the_wrong_rows_out_and_says_so_in_its_status(shell: Shell, fake: HttpFake) -> None:
    shell.file.write_bytes(two_rows(CR="CE"))

    result = shell.issue("--partial", "--lang", "en")

    assert result.exit_code == 1
    assert "Mistakes: 1; the rows with mistakes were left out." in result.stderr
    assert len(fake.registry.documents) == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [("vi", "Lỗi: sai mật khẩu, hoặc tệp khóa bị hỏng"), ("en", "Error: the passphrase is wrong")],
)
def test_a_wrong_passphrase_is_one_line_and_nothing_is_done(shell: Shell, language: str, words: str) -> None:
    shell.passphrase = "một mật khẩu khác"

    line = one_line(shell.issue("--lang", language), 2)

    assert line.startswith(words)
    assert shell.passphrase not in line
    assert not shell.out.exists()


def test_a_stopped_registry_is_one_line_and_status_3(shell: Shell) -> None:
    shell.address = "http://127.0.0.1:1"

    line = one_line(shell.issue(), 3)

    assert line.startswith("Tạm thời không thực hiện được: sổ đăng ký tại http://127.0.0.1:1 không trả lời")
    assert list(shell.out.glob("*.pdf")) == []


def test_a_registry_that_stops_in_the_middle_leaves_all_for_resume(shell: Shell, fake: HttpFake) -> None:
    fake.stop_at = "/api/v1/batches"
    result = shell.issue("--lang", "en")
    fake.stop_at = ""

    resumed = shell.run("submit", "--resume", "--lang", "en", options=shell.submit_options())

    assert result.exit_code == 3
    assert f"certlog issuer submit --resume --out {shell.out}" in result.stderr
    assert resumed.exit_code == 0, resumed.output
    assert resumed.stderr == "The registry logged 4 entries (and had 0 before).\n"


def test_a_refused_token_is_one_line(shell: Shell) -> None:
    shell.token = "expired"

    assert one_line(shell.issue(), 2).startswith("Lỗi: sổ đăng ký từ chối mã truy cập")


def test_an_output_folder_that_cannot_be_written_is_one_line(shell: Shell) -> None:
    (shell.folder / "file").write_text("")
    shell.out = shell.folder / "file" / "out"

    line = one_line(shell.issue(), 2)

    assert line.startswith("Lỗi: không ghi được ")
    assert "chọn thư mục mà bạn được ghi" in line


@pytest.mark.parametrize(
    ("missing", "words"),
    [("conformity.csv", "cannot read"), ("body.toml", "it describes the certification body"), ("token", "")],
)
def test_a_missing_file_is_one_line(shell: Shell, missing: str, words: str) -> None:
    options = shell.desk_options()
    (shell.folder / missing).unlink()

    line = one_line(shell.run("issue", str(shell.file), "--lang", "en", options=options), 2)

    assert words in line
    assert missing in line


def test_submit_without_a_journal_is_one_line_and_makes_no_folder(shell: Shell) -> None:
    line = one_line(shell.run("submit", "--resume", options=shell.submit_options()), 2)

    assert line.startswith("Lỗi: không có nhật ký trong ")
    assert not shell.out.exists()


def test_an_item_that_is_refused_is_listed_and_the_status_is_1(shell: Shell, fake: HttpFake) -> None:
    fake.registry.lifetime = -1  # every slot has expired

    result = shell.issue("--lang", "en")

    assert result.exit_code == 1
    refusals = [line for line in result.stderr.splitlines() if line.startswith("Refused")]
    assert refusals == [f"Refused: MAU-HQ-26-000{i} (issue): the slot expired [slot-expired]" for i in (1, 2)]


def test_keygen_makes_a_key_that_issues(shell: Shell, tmp_path: Path) -> None:
    passphrase = tmp_path / "new-passphrase"
    passphrase.write_text("a long enough passphrase\n")
    path = tmp_path / "new.pem"
    options = ["--out", str(path), "--passphrase-file", str(passphrase), "--type", "p256"]

    result = shell.run("keygen", "--did", "did:web:mau.example.vn", options=options)

    assert result.exit_code == 0, result.output
    assert PublicPart.parse(public_path(path).read_bytes()).did == "did:web:mau.example.vn"
    assert "Không gửi" in result.stderr
    shell.key_path, shell.passphrase = path, "a long enough passphrase"
    assert shell.issue().exit_code == 0
    assert one_line(shell.run("keygen", options=options), 2).startswith("Lỗi: ")


def test_a_passphrase_can_come_from_a_descriptor_or_the_keyboard(shell: Shell) -> None:
    common = shell.desk_options()[:-2]
    reader, writer = os.pipe()
    os.write(writer, f"{PASSPHRASE}\n".encode())
    os.close(writer)
    arguments = ["issue", str(shell.file), *common]

    by_descriptor = CliRunner().invoke(issuer, [*arguments, "--passphrase-fd", str(reader)])
    os.close(reader)
    by_keyboard = CliRunner().invoke(issuer, arguments, input=f"{PASSPHRASE}\n")

    assert (by_descriptor.exit_code, by_keyboard.exit_code) == (0, 0)
    assert PASSPHRASE not in by_keyboard.output


def test_without_a_terminal_the_passphrase_is_not_asked_for_in_the_open(shell: Shell) -> None:
    arguments = ["issuer", "issue", str(shell.file), *shell.desk_options()[:-2]]

    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Lỗi: không có bàn phím để hỏi mật khẩu; dùng --passphrase-file")


def test_a_file_cannot_send_commands_to_the_terminal(shell: Shell) -> None:
    shell.file.write_bytes(b"\x1b[2J\x1b]0;owned\x07,number\n1,2\n")

    result = shell.issue()

    assert result.exit_code == 2
    assert "\x1b" not in result.output
    assert "\x07" not in result.output
