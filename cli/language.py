"""Which language the command line speaks, and commands whose help, prompts and errors are in it.

`--lang`, else CERTLOG_LANG, else the locale (LC_ALL, LC_MESSAGES, LANG), else Vietnamese: the C locale names no
language. Chosen once for the process, before anything is parsed, so that even a mistyped option is answered in it.
"""

import copy
import gettext
import inspect
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from web.translation import DOMAIN, FOLDER, LANGUAGES, Language, said

VARIABLE: Final = "CERTLOG_LANG"
DEFAULT: Final[Language] = "vi"
_LOCALE_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
_NO_LANGUAGE: Final = ("C", "POSIX")
_SPACES: Final = "\n\t\N{NO-BREAK SPACE}"

_spoken: list[Language] = [DEFAULT]


def language() -> Language:
    """Return the language of this process."""
    return _spoken[0]


def use(chosen: Language) -> None:
    """Speak this language from now on; click's own texts follow, through the gettext of the standard library."""
    _spoken[0] = chosen
    gettext.bindtextdomain(DOMAIN, str(FOLDER))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = chosen


def choose(arguments: Sequence[str], environ: Mapping[str, str]) -> Language:
    """Return the language for a command line in an environment; a word that names none is passed over."""
    named = _named_in(arguments) or environ.get(VARIABLE, "")
    for known in LANGUAGES:
        if named == known:
            return known
    locale = next(filter(None, (environ.get(name) for name in _LOCALE_VARIABLES)), "")
    spoken = locale.partition(".")[0].partition("_")[0]
    return "vi" if spoken == "vi" else DEFAULT if spoken in ("", *_NO_LANGUAGE) else "en"


def language_of_answers() -> Language:
    """Return the language in which a registry is asked to say why it refuses: what programs read is English."""
    context = click.get_current_context(silent=True)
    return "en" if context is not None and context.params.get("as_json") else language()


def in_words(text: str) -> str:
    """Return a sentence, or a plain text, in the language of this process."""
    return said(text, language())


def say(text: str, *, err: bool = False) -> None:
    """Print a line in the language of this process."""
    click.echo(shown(in_words(text)), err=err)


def shown(text: str) -> str:
    """Return text that a terminal shows and does not obey: names of files, and others' answers, may be anything."""
    return "".join(
        character if character.isprintable() or character in _SPACES else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def help_paragraphs(text: str) -> list[str]:
    """Return a help text as its paragraphs, each on one line: that is how catalogues have them."""
    return [" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n")]


class Command(click.Command):
    """A command that takes --lang and whose help and usage errors are in that language."""

    @property
    def help(self) -> str | None:
        """The help text, translated where it is shown."""
        return self._help and "\n\n".join(in_words(paragraph) for paragraph in help_paragraphs(self._help))

    @help.setter  # noqa: A003 - click's name for it
    def help(self, text: str | None) -> None:
        self._help = text

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 - click's signature
    ) -> click.Context:
        """Choose the language from the whole command line, then parse it."""
        if parent is None:
            use(choose(args, os.environ))
        return super().make_context(info_name, args, parent, **extra)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters, --lang, and --help, which comes last."""
        params = super().get_params(ctx)
        return [*params[:-1], _LANG, *params[-1:]]

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return --help with its English text, which is translated where it is shown."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "Show this message and exit."
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, and a group's commands."""
        options = (param for param in self.get_params(ctx) if isinstance(param, click.Option))
        records = [record for option in options if (record := _record(option, ctx)) is not None]
        with formatter.section(in_words("Options")):
            formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the last paragraph."""
        if self.epilog:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(in_words(self.epilog))

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the command; what it says against its own options is translated like click's."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if type(error) is not click.UsageError:
                raise  # click's own, in its own words
            raise click.UsageError(in_words(error.message), error.ctx) from error


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their whole first sentences; click would cut them at the line's end."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [
            (name, command.get_short_help_str(_WHOLE))
            for name, command in found
            if command is not None and not command.hidden
        ]
        if rows:
            with formatter.section(in_words("Commands")):
                formatter.write_dl(rows)


_WHOLE: Final = 400
"""Characters: longer than any first sentence of a help text."""

_LANG: Final = click.Option(
    ["--lang"], type=click.Choice(LANGUAGES), expose_value=False, help="Language of what is printed."
)


def _record(option: click.Option, ctx: click.Context) -> tuple[str, str] | None:
    shown = copy.copy(option)
    shown.help = option.help and in_words(option.help)
    if isinstance(option.show_default, str):
        shown.show_default = in_words(option.show_default)
    return shown.get_help_record(ctx)


def _named_in(arguments: Sequence[str]) -> str:
    named = ""
    for position, word in enumerate(arguments):
        if word == "--":
            break
        if word == "--lang":
            named = "".join(arguments[position + 1 : position + 2])
        elif word.startswith("--lang="):
            named = word.partition("=")[2]
    return named
