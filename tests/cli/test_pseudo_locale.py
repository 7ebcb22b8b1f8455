"""A catalogue that wraps every template in ⟦ ⟧: whatever stays bare was not translatable, or is in a table of words."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from certlog.canonical import canonicalize
from certlog.sentences import Translate
from cli.language import use
from cli.main import main
from tests.cli.leaks import english_in
from tests.support.desk import EXAMPLES, two_rows
from tests.verifier import world as sample
from tests.web.stand_in import StandIn, app_around
from verifier.report import CheckName, Reason, Verdict, failed
from web.certificate_view import _check


@pytest.fixture(autouse=True)
def pseudo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def translator(_language: str) -> Translate:
        return lambda template: f"⟦{template}⟧" if template else template

    monkeypatch.setattr("web.translation.translator", translator)
    yield
    use("en")


def _run(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    with pytest.raises(SystemExit):
        main([*map(str, words), "--lang", "vi"])
    captured = capsys.readouterr()
    return captured.out + captured.err


@pytest.fixture
def altered(tmp_path: Path) -> list[str | Path]:
    """Return the words that verify a copy whose number was changed."""
    case = sample.honest_case()
    evidence = json.loads(case.evidence.to_bytes())
    evidence["certificate"]["certificateNumber"] += "9"
    (tmp_path / "a.certlog.json").write_bytes(canonicalize(evidence))
    (tmp_path / "pins.json").write_bytes(sample.trust_root().to_bytes())
    return ["verify", tmp_path / "a.certlog.json", "--trust-root", tmp_path / "pins.json", "--offline"]


def test_every_line_of_verify_goes_through_the_catalogue_or_a_table(
    altered: list[str | Path], capsys: pytest.CaptureFixture[str]
) -> None:
    text = _run(capsys, *altered)
    assert "⟦the Ed25519 signature does not verify⟧" in text
    assert english_in(text) == []


def test_every_line_of_a_check_with_mistakes_does_so_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "body.toml").write_bytes((EXAMPLES / "body.toml").read_bytes())
    (tmp_path / "a.csv").write_bytes(two_rows(**{"2026": "2O26"}))
    text = _run(capsys, "issuer", "check", tmp_path / "a.csv")
    assert text.count("Hàng 2") >= 1
    assert english_in(text.replace("2O26", "")) == []


@pytest.mark.parametrize(
    "words",
    [
        ("registry", "serve", "--data", "{}/nothing"),
        ("registry", "serve", "--data", "{}", "--port", "99999"),
        ("registry", "check", "--data", "{}"),
        ("anchor", "run", "--data", "{}"),
    ],
    ids=" ".join,
)
def test_every_line_of_a_refusal_does_so_too(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = _run(capsys, *(word.replace("{}", str(tmp_path)) for word in words))
    assert text.strip()
    assert english_in(text.replace(str(tmp_path), "")) == []


def test_what_a_check_expected_and_found_is_translated_on_the_page() -> None:
    check = failed(
        CheckName.STATUS, Reason.STATUS_TOO_OLD, expected="at most so old", found="older", why="so"
    )
    view = _check(check, "vi")
    assert [value for _, value in view.evidence] == ["⟦at most so old⟧", "⟦older⟧", "⟦so⟧"]


def test_what_a_problem_page_says_is_translated() -> None:
    page = app_around(StandIn()).test_client().get("/vi/nowhere", headers={"Accept": "text/html"})
    assert "⟦There is nothing at this address.⟧" in page.get_data(as_text=True)


def test_json_speaks_no_language(altered: list[str | Path], capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(_run(capsys, *altered, "--json"))
    assert report["verdict"] == Verdict.ALTERED
    assert "⟦" not in json.dumps(report, ensure_ascii=False)
