"""Options that the commands of `certlog issuer` share, and what they open: keys, tokens, registries, progress."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from certlog.clean_text import json_text
from certlog.errors import CertlogError, InvalidInput, NotTrusted
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject
from cli.endings import exit_status
from cli.issuer_words import error_text, say
from cli.language import language, language_of_answers
from cli.passphrase import ask_passphrase
from issuer.http_registry import HttpRegistry, RegistryAddress
from issuer.key_file import IssuerKey, open_key_file
from issuer.problems import Language
from issuer.submit import Progress

EXIT_IN_PART: Final = 1
_MAX_SECRET_FILE: Final = 4096

_PATH: Final = click.Path(path_type=Path)

Command = TypeVar("Command", bound=Callable[..., None])


class SpeakOptions(TypedDict):
    """What --json chose."""

    as_json: bool


class PassphraseOptions(SpeakOptions):
    """Where a key's passphrase comes from; a prompt if nowhere else."""

    passphrase_file: Path | None
    passphrase_fd: int | None


class SubmitOptions(SpeakOptions):
    """The folder with the journal, and the registry."""

    folder: Path
    registry_url: str
    token_file: Path


class DeskOptions(SubmitOptions, PassphraseOptions):
    """Everything that signing and submitting needs."""

    key_path: Path


@dataclass(frozen=True, slots=True)
class Output:
    """How a command speaks: its language, and whether to people or, as JSON, to programs."""

    language: Language
    as_json: bool

    def say(self, name: str, **values: object) -> None:
        """Tell people something, on standard error; programs get result() only."""
        if not self.as_json:
            click.echo(say(self.language, name, **values), err=True)

    def line(self, text: str) -> None:
        """Tell people one line that is already in their language."""
        if not self.as_json:
            click.echo(text, err=True)

    def result(self, value: JSONObject) -> None:
        """Give programs the result, on standard output."""
        if self.as_json:
            click.echo(json_text(value, indent=2))

    def fail(self, error: CertlogError) -> int:
        """Tell an error in one line, and return the exit status that fits it."""
        code = error.code if isinstance(error, InvalidInput | NotTrusted) else "unavailable"
        self.line(error_text(self.language, error))
        self.result({"error": {"code": code, "message": str(error)}})
        return exit_status(error)


def speaking(command: Command) -> Command:
    """Add --json; --lang is every command's."""
    return _with(
        command,
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output."),
    )


def passphrase_options(command: Command) -> Command:
    """Add where a passphrase comes from; never the environment, which other programs can read."""
    return _with(
        command,
        click.option("--passphrase-file", type=_PATH, help="Read the passphrase from a file."),
        click.option("--passphrase-fd", type=int, help="Read the passphrase from this open file descriptor."),
    )


def submit_options(command: Command) -> Command:
    """Add --out, --registry, --token-file and how to speak."""
    command = speaking(command)
    return _with(
        command,
        click.option(
            "--out", "folder", type=_PATH, required=True, help="Folder of the PDFs and the journal."
        ),
        click.option("--registry", "registry_url", required=True, help="The registry: https://HOST"),
        click.option("--token-file", type=_PATH, required=True, help="File with the API token."),
    )


def desk_options(command: Command) -> Command:
    """Add what submit_options adds, and the key."""
    command = passphrase_options(submit_options(command))
    return _with(
        command,
        click.option("--key", "key_path", type=_PATH, required=True, help="Key file made by keygen."),
    )


def output_of(options: SpeakOptions) -> Output:
    """Return how a command speaks."""
    return Output(language(), options["as_json"])


def read_passphrase(options: PassphraseOptions, *, confirm: bool = False) -> str:
    """Return the passphrase from a file, a descriptor, or the person at the keyboard."""
    path, descriptor = options["passphrase_file"], options["passphrase_fd"]
    if path is not None and descriptor is not None:
        raise click.UsageError("give --passphrase-file or --passphrase-fd, not both")
    if path is not None:
        return _secret_of(read_file(path, _MAX_SECRET_FILE))
    if descriptor is not None:
        try:
            return _secret_of(os.read(descriptor, _MAX_SECRET_FILE))
        except OSError as error:
            message = Sentence(
                "cannot read file descriptor {descriptor}: {reason}",
                descriptor=descriptor,
                reason=error,
            )
            raise InvalidInput(message, code="not-readable") from error
    again = say(language(), "passphrase-again") if confirm else False
    return ask_passphrase(say(language(), "passphrase"), again=again)


def open_key(options: DeskOptions) -> IssuerKey:
    """Unlock the key file."""
    return open_key_file(options["key_path"], read_passphrase(options))


def open_registry(url: str, token_file: Path) -> HttpRegistry:
    """Return a registry with the token of a file; nothing is sent yet."""
    address = RegistryAddress.from_text(url)
    token = _secret_of(read_file(token_file, _MAX_SECRET_FILE)).strip()
    if not token or not token.isascii() or not token.isprintable():
        raise InvalidInput(
            Sentence("{token_file} does not hold an API token", token_file=token_file), code="not-readable"
        )
    return HttpRegistry(address, token, language_of_answers())


@contextmanager
def progress_bars(output: Output) -> Iterator[Progress]:
    """Show bars to a person at a terminal, and nothing otherwise."""
    console = Console(stderr=True)
    if output.as_json or not console.is_terminal:
        yield lambda _stage, _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(say(output.language, stage), total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield show


@contextmanager
def told(output: Output) -> Iterator[None]:
    """Turn an error raised on purpose into one line and an exit status; anything else is a defect."""
    try:
        yield
    except CertlogError as error:
        sys.exit(output.fail(error))


def read_file(path: Path, longest: int) -> bytes:
    """Return a file's bytes, at most `longest` and one more."""
    try:
        with path.open("rb") as file:
            return file.read(longest + 1)
    except OSError as error:
        raise InvalidInput(
            Sentence("cannot read {path}: {reason}", path=path, reason=error), code="not-readable"
        ) from error


def _secret_of(data: bytes) -> str:
    """Return the first line of a secret's file, without its end."""
    try:
        return data.decode("utf-8").split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        raise InvalidInput("expected a text in UTF-8", code="not-readable") from None


def now() -> int:
    """Return the time, in seconds since the epoch."""
    return int(time.time())


def _with(command: Command, *options: Callable[[Command], Command]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
