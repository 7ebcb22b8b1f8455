"""What every `certlog operator` statement needs: the key and its passphrase, the registry and a token.

Secrets come from files or from the person at the keyboard, never from the environment, which other programs can read.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import click

from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from cli.language import language_of_answers
from cli.operator_desk import OperatorDesk
from cli.passphrase import ask_passphrase
from issuer.http_registry import HttpRegistry, RegistryAddress
from issuer.key_file import IssuerKey, open_key_file

FILE = click.Path(path_type=Path, dir_okay=False)

Command = TypeVar("Command", bound=Callable[..., Any])

passphrase_option = click.option(
    "--passphrase-file", type=FILE, help="Read the key's passphrase from the first line of this file."
)


class Signing(TypedDict):
    """The options of `signing`, as click passes them."""

    key_path: Path
    passphrase_file: Path | None
    registry_url: str
    token_file: Path
    as_did: str | None


def signing(command: Command) -> Command:
    """Add the options of a command that signs a statement and sends it."""
    for option in (
        click.option(
            "--as", "as_did", metavar="DID", help="Sign in the name of this DID  [default: the key's own]"
        ),
        click.option("--token-file", type=FILE, required=True, help="File with the signer's API token."),
        click.option(
            "--registry", "registry_url", required=True, help="Address of the registry: https://HOST"
        ),
        passphrase_option,
        click.option("--key", "key_path", type=FILE, required=True, help="The key file that signs."),
    ):
        command = option(command)
    return command


def open_desk(options: Signing) -> OperatorDesk:
    """Unlock the key and return the desk; nothing is sent yet."""
    registry = HttpRegistry(
        RegistryAddress.from_text(options["registry_url"]),
        first_line(options["token_file"]),
        language_of_answers(),
    )
    key = open_key_file(options["key_path"], read_passphrase(options["passphrase_file"]))
    if options["as_did"] is not None:
        key = IssuerKey(options["as_did"], key.signer)
    return OperatorDesk(registry, key, now)


def read_passphrase(path: Path | None, *, new: bool = False) -> str:
    """Return the passphrase from a file, or ask for it (twice for a new key)."""
    if path is not None:
        return first_line(path)
    return ask_passphrase(again=new)


def first_line(path: Path) -> str:
    """Return the first line of a secret's file.

    Raises:
        InvalidInput: the file cannot be read, or its first line is empty.
    """
    try:
        line = path.read_text("utf-8").partition("\n")[0].rstrip("\r")
    except OSError as error:
        message = Sentence("cannot read {path}: {reason}", path=path, reason=error)
        raise InvalidInput(message, code="not-readable") from error
    except UnicodeDecodeError as error:
        message = Sentence("{path}: expected a text in UTF-8", path=path)
        raise InvalidInput(message, code="not-readable") from error
    if not line:
        message = Sentence("{path}: the first line is empty", path=path)
        raise InvalidInput(message, code="not-readable")
    return line


def now() -> int:
    """Return the system clock in whole seconds."""
    return int(time.time())
