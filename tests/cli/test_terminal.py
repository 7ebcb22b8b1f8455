"""What a terminal would obey is never printed: names of files, and what others answered, may hold anything."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli.language
from certlog import clean_text
from certlog.clean_text import json_text
from cli.language import say, shown
from cli.main import certlog, main
from tests.support.controls import Control, require_noticed
from tests.support.served_log import put, write_log
from tests.support.small_log import SmallLog

OBEYED = "\x1b[2J\x1b]0;owned\x07\r\x9b31m\u202e\x08"


def test_the_name_of_a_file_cannot_send_commands_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["verify", "--lang", "en", "--trust-root", str(tmp_path / OBEYED), "x.json"])
    said = capfd.readouterr().err
    assert "no such file" in said
    assert not set(OBEYED) & set(said) - set("[2J]0;owned31m")


TURNING = "\u0085\u009b31m\u202e\u2066\u200f\x7f"
"""What JSON itself lets through: C1, DEL, and what turns text around."""


def test_what_programs_are_given_is_read_back_and_steers_no_terminal() -> None:
    value = {"name": TURNING, "list": [f"Trung tâm {TURNING}", "\n\t"], "half": "\ud800"}
    for indent in (None, 2):
        text = json_text(value, indent=indent)
        assert json.loads(text) == value
        assert all(character.isprintable() or character == "\n" for character in text)
        assert "Trung tâm \\u0085\\u009b31m\\u202e" in text


def test_the_origin_of_a_hostile_log_steers_nothing_in_json(tmp_path: Path) -> None:
    log = SmallLog()
    log.close()
    folder = write_log(log, tmp_path / "log")
    hostile = log.note().replace(f"{log.origin}\n", f"{log.origin}/{TURNING}\n", 1)
    put(folder, "checkpoint", hostile.encode())
    root = tmp_path / "trust-root.json"
    root.write_bytes(log.trust_root().to_bytes())
    words = ["--trust-root", str(root), "--folder", str(tmp_path / "watch"), "--no-chain", "--json"]
    result = CliRunner().invoke(certlog, ["monitor", str(folder), *words])
    assert result.exit_code == 1
    assert "\\u009b31m\\u202e" in result.output
    assert not set(TURNING) & set(result.output) - set("31m")


def test_no_command_prints_json_any_other_way() -> None:
    folder = Path(cli.language.__file__).parent
    printed = [path.name for path in folder.glob("*.py") if "echo(json.dumps" in path.read_text("utf-8")]
    assert printed == []


def test_json_that_is_not_cleaned_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    control = Control(
        clean_text,
        "_UNSAFE",
        re.compile("(?!)"),
        test_what_programs_are_given_is_read_back_and_steers_no_terminal,
    )
    require_noticed(control, monkeypatch)


def test_a_line_that_is_said_keeps_its_own_spaces(capfd: pytest.CaptureFixture[str]) -> None:
    say(f"U\u00a0=\u00a00,1\tmm\n{OBEYED}")
    said = capfd.readouterr().out
    assert said.startswith("U\u00a0=\u00a00,1\tmm\n\ufffd[2J\ufffd]0;owned\ufffd\ufffd\ufffd31m\ufffd\ufffd")


def test_text_that_is_not_cleaned_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def cleaned() -> None:
        assert "\x1b" not in cli.language.shown(OBEYED)

    assert shown("Trung tâm Chứng nhận Mẫu") == "Trung tâm Chứng nhận Mẫu"
    require_noticed(Control(cli.language, "shown", lambda text: text, cleaned), monkeypatch)
