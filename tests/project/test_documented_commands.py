"""Every `certlog` command that a page shows exists as it is written: the command, each option, each choice."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import click
import pytest

from cli.audit import audit
from cli.main import certlog

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK: Final = re.compile(r"^ {4,}(?:[A-Z_]+=\S+ )?(certlog .*)$", re.MULTILINE)
_INLINE: Final = re.compile(r"`(certlog [^`]+)`")
_PLACEHOLDERS: Final = re.compile(r"…|\.\.\.|\s{3,}.*|\s#.*|[\[\]]|[|;>].*")
"""What stands in a line beside the command: what is left out, a remark, what may be left out, another command."""


def commands_of(text: str) -> Iterator[list[str]]:
    """Return the words of every command on a page."""
    whole = re.sub(r"\\\n\s*", "", text)
    for found in (*_BLOCK.findall(whole), *_INLINE.findall(re.sub(r"\s+", " ", text))):
        yield shlex.split(_PLACEHOLDERS.sub("", found))[1:]


def mistakes(words: list[str]) -> Iterator[str]:
    """Return what of a command line does not exist; a name alone, without its options, is right."""
    command: click.Command = certlog
    context = click.Context(certlog)
    if words[:1] == ["audit"] and words[1:2] and words[1] not in audit.commands:
        words = ["audit", "run", *words[1:]]  # what it does where it is given an address
    if words[:2] == ["issuer", "issue"] and any(word.endswith(".xml") for word in words):
        words = ["issuer", "issue-files", *words[2:]]  # what it does with such a file
    while isinstance(command, click.Group) and words and words[0].islower() and words[0][0] != "-":
        name, *words = words
        inner = command.get_command(context, name)
        if inner is None:
            yield f"no command {name}"
            return
        command = inner
    options = {
        name: param for param in command.get_params(context) for name in (*param.opts, *param.secondary_opts)
    }
    for word, following in pairwise([*words, ""]):
        name, _, value = word.partition("=")
        if not re.fullmatch(r"--[a-z][a-z0-9-]*", name):
            continue
        if name not in options:
            yield f"no option {name}"
            continue
        kind, chosen = options[name].type, value or following
        if isinstance(kind, click.Choice) and chosen[:1].islower() and chosen not in kind.choices:
            yield f"{name} takes no {chosen}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_on_a_page_exists(page: Path) -> None:
    found = list(commands_of(page.read_text("utf-8")))
    assert [(words, said) for words in found for said in mistakes(words)] == []


def test_the_pages_show_many_commands_and_a_wrong_one_is_noticed() -> None:
    assert sum(len(list(commands_of(page.read_text("utf-8")))) for page in PAGES) > 150
    wrong = "    certlog anchor nothing\n    certlog anchor status --nothing\n    certlog anchor open-log --class x\n"
    said = [each for words in commands_of(wrong) for each in mistakes(words)]
    assert said == ["no command nothing", "no option --nothing", "--class takes no x"]
