"""What a terminal would obey is never printed: names of files, and what others answered, may hold anything."""

from pathlib import Path

import pytest

import cli.language
from cli.language import say, shown
from cli.main import main
from tests.support.controls import Control, require_noticed

OBEYED = "\x1b[2J\x1b]0;owned\x07\r\x9b31m\u202e\x08"


def test_the_name_of_a_file_cannot_send_commands_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["verify", "--lang", "en", "--trust-root", str(tmp_path / OBEYED), "x.json"])
    said = capfd.readouterr().err
    assert "no such file" in said
    assert not set(OBEYED) & set(said) - set("[2J]0;owned31m")


def test_a_line_that_is_said_keeps_its_own_spaces(capfd: pytest.CaptureFixture[str]) -> None:
    say(f"U\u00a0=\u00a00,1\tmm\n{OBEYED}")
    said = capfd.readouterr().out
    assert said.startswith("U\u00a0=\u00a00,1\tmm\n\ufffd[2J\ufffd]0;owned\ufffd\ufffd\ufffd31m\ufffd\ufffd")


def test_text_that_is_not_cleaned_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def cleaned() -> None:
        assert "\x1b" not in cli.language.shown(OBEYED)

    assert shown("Trung tâm Chứng nhận Mẫu") == "Trung tâm Chứng nhận Mẫu"
    require_noticed(Control(cli.language, "shown", lambda text: text, cleaned), monkeypatch)
