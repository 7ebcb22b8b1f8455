"""Commands with --lang vi say nothing in English: help, mistyped options, bad input, and what could not be reached."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from certlog.errors import CertlogError, InvalidInput
from certlog.status import ACTION_WORDS
from certlog.trust import TRUST_ACTION_WORDS, TrustAction
from cli.doctor_findings import SUBJECTS
from cli.language import language, use
from cli.main import certlog, main
from registry.settings import make_settings
from tests.cli.leaks import english_in
from tests.verifier import world as sample
from web.translation import said


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    use("en")


def _said(capsys: pytest.CaptureFixture[str], arguments: Sequence[str | Path]) -> tuple[object, str]:
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments), "--lang", "vi"])
    captured = capsys.readouterr()
    return ended.value.code, captured.out + captured.err


def _commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(inner, (*words, name))


@pytest.mark.parametrize("words", list(_commands(certlog)), ids=" ".join)
def test_help_is_vietnamese(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    status, text = _said(capsys, [*words, "--help"])
    assert status == 0
    assert text.startswith("Cách dùng: certlog")
    assert "Tùy chọn:" in text
    assert english_in(text) == []


BAD: list[tuple[str, ...]] = [
    ("verfy",),
    ("verify",),
    ("verify", "x"),
    ("verify", "x", "--trust-root", "{}/none.json"),
    ("verify", "x", "--trust-root", "{}/empty"),
    ("verify", "x", "--trust-root", "{}/text"),
    ("verify", "x", "--trust-root", "{}/pins.json", "--at", "yesterday"),
    ("verify", "x", "--trust-root", "{}/pins.json", "--offline"),
    ("verify", "{}/none.pdf", "--trust-root", "{}/pins.json", "--offline"),
    ("verify", "{}/text", "--trust-root", "{}/pins.json", "--offline"),
    ("verify", "{}", "--trust-root", "{}/pins.json", "--offline"),
    ("verify", "https://other.example.vn/c/X", "--trust-root", "{}/pins.json"),
    ("verify", "x", "--trust-root", "{}/pins.json", "--registry", "ftp://x"),
    ("trust-root", "export"),
    ("trust-root", "export", "--data", "{}/nothing"),
    ("trust-root", "show", "{}/text"),
    ("issuer", "keygen"),
    ("issuer", "keygen", "--out", "{}/k.pem", "--type", "rsa"),
    ("issuer", "keygen", "--out", "{}/k.pem", "--passphrase-file", "{}/none"),
    ("issuer", "keygen", "--out", "{}/k.pem", "--passphrase-file", "{}/short"),
    ("issuer", "keygen", "--out", "{}/no/k.pem", "--passphrase-file", "{}/long"),
    ("issuer", "keygen", "--out", "{}/k.pem", "--passphrase-file", "{}/long", "--did", "mailto:x"),
    ("issuer", "keygen", "--out", "{}/k.pem", "--passphrase-file", "{}/long", "--passphrase-fd", "0"),
    ("operator", "keygen", "--out", "{}/text", "--passphrase-file", "{}/long"),
    ("operator", "token", "create", "--data", "{}/nothing", "--did", "x"),
    ("operator", "retire-key", "did:web:x"),
    ("registry", "serve", "--data", "{}/nothing", "--port", "x"),
    ("registry", "serve", "--data", "{}/nothing", "--port", "70000"),
    ("registry", "serve", "--data", "{}/nothing"),
    ("registry", "worker", "--data", "{}/nothing"),
    ("registry", "check", "--data", "{}/nothing"),
    ("registry", "trust-root", "--data", "{}/nothing"),
    ("registry", "token", "revoke", "abc", "--data", "{}/nothing"),
    ("anchor", "status", "--data", "{}/nothing"),
    ("anchor", "status", "--data", "{}/text"),
    ("anchor", "keygen", "--out", "{}/a.json", "--passphrase-file", "{}/short"),
    ("anchor", "keygen", "--out", "{}/text", "--passphrase-file", "{}/long"),
    ("anchor", "deploy", "--endpoint", "http://127.0.0.1:1", "--chain-id", "0", "--keystore", "x"),
    ("anchor", "now", "--data", "{}/nothing"),
    ("anchor", "resume", "--data", "{}/nothing", "--because", "x"),
    ("demo", "--port", "0"),
    ("demo", "--data", "{}", "--once"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_bytes(b'{"this is": not JSON')
    (tmp_path / "short").write_bytes(b"short\n")
    (tmp_path / "long").write_bytes(b"long enough for anything\n")
    (tmp_path / "pins.json").write_bytes(sample.trust_root().to_bytes())
    return tmp_path


@pytest.mark.parametrize("words", BAD, ids=" ".join)
def test_what_is_wrong_is_said_in_vietnamese(
    words: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, text = _said(capsys, [word.replace("{}", str(folder)) for word in words])
    assert status in (1, 2, 3)
    assert text.strip()
    assert english_in(text.replace(str(folder), "")) == []


def test_the_same_command_without_the_option_speaks_the_variable_s_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERTLOG_LANG", "en")
    with pytest.raises(SystemExit):
        main(["verfy"])
    assert "No such command 'verfy'" in capsys.readouterr().err
    assert language() == "en"


def test_values_with_braces_are_shown_as_they_are() -> None:
    error = InvalidInput("no such member: {x}", place="/{a}/{}")
    assert said(str(error), "vi") == "/{a}/{}: no such member: {x}"
    wrapped = InvalidInput("{path}: {error}")
    assert said(str(wrapped), "vi") == "{path}: {error}"


def test_english_would_be_found() -> None:
    assert english_in("Lỗi: the file does not exist") == ["the", "file", "does", "not"]
    assert english_in("không có tệp này: /the/file 'not there' --from") == []


def test_an_error_of_ours_always_keeps_its_template() -> None:
    assert type(str(CertlogError("nothing"))).__name__ == "Sentence"


def test_what_the_doctor_looked_at_is_named_in_vietnamese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said_to_us = _said(capsys, ["doctor", "--desk", tmp_path])[1]

    assert "✓ máy: Python" in said_to_us
    assert [subject for subject in SUBJECTS if f" {subject}: " in said_to_us] == []


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_subject_of_the_doctor_has_a_vietnamese_name(subject: str) -> None:
    assert said(subject, "vi") != subject


@pytest.mark.parametrize("action", TrustAction)
def test_every_trust_statement_has_a_vietnamese_name(action: TrustAction) -> None:
    assert said(TRUST_ACTION_WORDS[action], "vi") != TRUST_ACTION_WORDS[action]


@pytest.mark.parametrize("word", ACTION_WORDS.values(), ids=str)
def test_every_change_of_status_has_a_vietnamese_name(word: str) -> None:
    assert said(word, "vi") != word


def test_a_private_key_in_place_of_the_public_part_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "operator.pem"
    key.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "ascii")
    words = ["--origin", "registry.example.vn", "--public-url", "https://registry.example.vn"]

    status, text = _said(
        capsys,
        [
            "registry",
            "init",
            "--data",
            tmp_path / "new",
            *words,
            "--operator-key",
            key,
            "--recovery-key",
            key,
        ],
    )

    assert status == 2
    assert f"{key}: cần tệp .pub.json của một khóa" in text


def test_an_origin_that_is_none_is_refused_in_one_language() -> None:
    with pytest.raises(InvalidInput) as refused:
        make_settings({"origin": "Bad Origin"})

    assert said(str(refused.value), "vi").startswith("thiết lập 'origin' trong các tùy chọn: cần tiền tố URL")


@pytest.mark.parametrize("group", ["authority", "operator", "anchor", "audit", "registry"])
def test_a_group_lists_its_commands_with_whole_sentences(
    group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([group, "--help", "--lang", "vi"])
    assert "..." not in capsys.readouterr().out.partition("Các lệnh:")[2]
