"""A missing system package skips a test with the line that installs it; in CI it fails."""

from pathlib import Path

import pytest

from tests.support.fixtures import fixtures_dir
from tests.support.requires import require


def test_what_is_there_lets_the_test_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTLOG_REQUIRE", "all")
    require("/usr/bin/chromium", "Chromium", "apt-get install chromium")


def test_what_is_missing_skips_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CERTLOG_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs Chromium.*apt-get install chromium"):
        require("", "Chromium", "apt-get install chromium")


def test_what_is_missing_fails_where_everything_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTLOG_REQUIRE", "all")
    with pytest.raises(pytest.fail.Exception, match="needs Chromium"):
        require("", "Chromium", "apt-get install chromium")


def test_the_fixtures_are_where_the_variable_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "merkle").mkdir()
    monkeypatch.setenv("CERTLOG_FIXTURES", str(tmp_path))
    assert fixtures_dir() == tmp_path
    assert fixtures_dir("merkle") == tmp_path / "merkle"


def test_absent_fixtures_skip_with_the_variables_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CERTLOG_REQUIRE", raising=False)
    monkeypatch.setenv("CERTLOG_FIXTURES", str(tmp_path / "nowhere"))
    with pytest.raises(pytest.skip.Exception, match="CERTLOG_FIXTURES"):
        fixtures_dir()
