"""Everything that Python code says to people has a Vietnamese translation with the same values; nothing is left."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po

from cli.language import Command
from cli.main import certlog
from tools.sentences import sentences_of, unsaid_f_strings

ROOT = Path(__file__).resolve().parents[2]
PO = Path("web/translations/vi/LC_MESSAGES/sentences.po")
# "giả" (fake) accuses; the others are legal terms for other activities (domain words, docs/words.md).
MINDED = (" giả ", "giả mạo", "kiểm định", "thẩm tra", "thẩm định")


def _check(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/catalogues.py", "--check"],
        cwd=root,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of what the check reads, with `certlog` as its only package."""
    for folder in ("tools", "certlog", "web"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("vendor", "__pycache__")
        )
    return tmp_path


def test_no_message_is_an_f_string() -> None:
    assert list(unsaid_f_strings(ROOT)) == []


def test_every_template_is_in_the_catalogue_and_none_is_left_over() -> None:
    with (ROOT / PO).open("rb") as file:
        catalogue = read_po(file, locale="vi")
    assert catalogue.obsolete == {}
    assert not any(message.fuzzy for message in catalogue)
    said = {text for text, _ in sentences_of(ROOT)}
    translated = {message.id for message in catalogue if message.string}
    assert said - translated == set()


def test_the_catalogue_says_nothing_that_the_profession_minds() -> None:
    with (ROOT / PO).open("rb") as file:
        said = " ".join(str(message.string).lower() for message in read_po(file))
    assert [word for word in MINDED if word in said] == []


def test_a_batch_of_anchoring_has_one_word_and_a_lot_of_goods_another() -> None:
    with (ROOT / PO).open("rb") as file:
        said = {str(each.id): str(each.string) for each in read_po(file, locale="vi")}
    lots = [text for text, words in said.items() if re.search(r"\blô\b", words, re.IGNORECASE)]
    assert [text for text in lots if "method" not in text] == []


def test_a_translation_that_is_removed_is_missed(copy: Path) -> None:
    text = (copy / PO).read_text("utf-8")
    wanted = 'msgstr "một đối tượng"'
    assert wanted not in _check(copy).stdout
    assert wanted in text
    (copy / PO).write_text(text.replace(wanted, 'msgstr ""'), "utf-8")
    assert "not translated: 'an object'" in _check(copy).stdout


def test_a_translation_with_another_value_is_found(copy: Path) -> None:
    text = (copy / PO).read_text("utf-8")
    wanted = 'msgstr "dòng {line} cột {column}"'
    assert wanted in text
    (copy / PO).write_text(text.replace(wanted, 'msgstr "dòng {line} cột {row}"'), "utf-8")
    assert "other values than 'line {line} column {column}'" in _check(copy).stdout


def test_a_new_sentence_is_missed(copy: Path) -> None:
    with (copy / "certlog" / "errors.py").open("a", encoding="utf-8") as file:
        file.write('\n\nNEW = Sentence("something {new}", new=1)\n')
    assert "not translated: 'something {new}'" in _check(copy).stdout


def test_every_command_takes_a_language_and_its_help_is_in_it() -> None:
    commands = dict(_commands(certlog, "certlog"))
    assert [name for name, command in commands.items() if not isinstance(command, Command)] == []
    assert len(commands) > 40


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from _commands(found, f"{name} {inner}")
