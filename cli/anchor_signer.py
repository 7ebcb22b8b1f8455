"""Which key signs a transaction: a keystore file, or a key in a PKCS#11 token, and where its secret comes from.

A passphrase or a PIN comes from a prompt, a file or an open descriptor, never from a command line or the environment,
which other programs can read.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypedDict, TypeVar

import click

from anchoring.keystore import open_keystore
from anchoring.pkcs11_key import TokenPlace, open_token
from anchoring.ports import TransactionSigner
from anchoring.settings import AnchoringSettings
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from cli.operator_options import first_line
from cli.passphrase import ask_passphrase

Command = TypeVar("Command", bound=Callable[..., Any])

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_MAX_SECRET: Final = 4096


class SecretOptions(TypedDict):
    """The options of `secret_options`, as click passes them."""

    passphrase_file: Path | None
    passphrase_fd: int | None


class SignerOptions(SecretOptions):
    """The options of `signer_options`, as click passes them."""

    keystore: Path | None
    pkcs11_module: Path | None
    pkcs11_token: str | None
    pkcs11_key: str | None


def secret_options(command: Command) -> Command:
    """Add where the passphrase or PIN comes from."""
    for option in (
        click.option(
            "--passphrase-fd", type=click.IntRange(min=0), help="Read it from this open descriptor instead."
        ),
        click.option(
            "--passphrase-file",
            type=_FILE,
            help="Read the key's passphrase, or the token's PIN, from the first line of this file instead of asking.",
        ),
    ):
        command = option(command)
    return command


def token_options(command: Command) -> Command:
    """Add where a token's key is."""
    for option in (
        click.option("--pkcs11-key", metavar="LABEL", help="The key's label in the token."),
        click.option("--pkcs11-token", metavar="LABEL", help="The token's label."),
        click.option(
            "--pkcs11-module",
            type=_FILE,
            help="A PKCS#11 library, for a key in a token or HSM instead of a file.",
        ),
    ):
        command = option(command)
    return command


def signer_options(help_text: str) -> Callable[[Command], Command]:
    """Add the options that name a key; the keystore's is described by `help_text`."""

    def added(command: Command) -> Command:
        keystore = click.option("--keystore", type=_FILE, help=help_text)
        return keystore(token_options(secret_options(command)))

    return added


def signer_of(told: SignerOptions) -> TransactionSigner:
    """Open the key that the options name.

    Raises:
        InvalidInput: none or two are named, or the key cannot be opened.
    """
    place = token_place(told["pkcs11_module"], told["pkcs11_token"], told["pkcs11_key"])
    if (told["keystore"] is None) == (place is None):
        raise InvalidInput(
            "name one key: --keystore FILE, or --pkcs11-module, --pkcs11-token and --pkcs11-key",
            code="no-key",
        )
    secret = read_secret(told, token=place is not None)
    if place is not None:
        return open_token(place, secret)
    return open_keystore(told["keystore"] or Path(), secret)


def signer_of_settings(settings: AnchoringSettings, keystore: Path, secret: str) -> TransactionSigner:
    """Open the anchorer's key: in the token that the settings name, or in its file."""
    place = token_of_settings(settings)
    return open_keystore(keystore, secret) if place is None else open_token(place, secret)


def token_of_settings(settings: AnchoringSettings) -> TokenPlace | None:
    """Return the token's key that the settings name, or None."""
    module = None if settings.pkcs11_module is None else Path(settings.pkcs11_module)
    return token_place(module, settings.pkcs11_token, settings.pkcs11_key)


def token_place(module: Path | None, token: str | None, key: str | None) -> TokenPlace | None:
    """Return the place of a token's key, or None where no part of it is named.

    Raises:
        InvalidInput: a part is missing.
    """
    if not (module or token or key):
        return None
    if module is None or not token or not key:
        raise InvalidInput(
            "a key in a token needs --pkcs11-module, --pkcs11-token and --pkcs11-key", code="no-key"
        )
    return TokenPlace(module, token, key)


def read_secret(told: SecretOptions, *, token: bool = False, new: bool = False) -> str:
    """Return the passphrase or PIN from where the options say, or ask for it (twice for a new key's).

    Raises:
        InvalidInput: two places are named, or nothing can be read there.
    """
    given = secret_lines(told)
    return ask_secret(token=token, new=new) if given is None else given[0]


def secret_lines(told: SecretOptions) -> list[str] | None:
    """Return the lines of text where the options say that secrets are, at least one; None where they say nothing.

    Raises:
        InvalidInput: two places are named, or nothing can be read there.
    """
    path, descriptor = told["passphrase_file"], told["passphrase_fd"]
    if path is not None and descriptor is not None:
        raise InvalidInput("name --passphrase-file or --passphrase-fd, not both", code="two-secrets")
    if path is not None:
        first_line(path)
        return path.read_text("utf-8").splitlines()
    return None if descriptor is None else _from_descriptor(descriptor)


def ask_secret(*, token: bool, new: bool = False, line: str = "") -> str:
    """Ask for a passphrase or PIN; `line` says whose it is where there are several."""
    question = Sentence("PIN") if token else Sentence("Passphrase")
    if line:
        question = Sentence("{question} ({line})", question=question, line=line)
    return ask_passphrase(question, again=new and not token)


def _from_descriptor(descriptor: int) -> list[str]:
    try:
        text = os.read(descriptor, _MAX_SECRET).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            Sentence("cannot read descriptor {number}: {reason}", number=descriptor, reason=error),
            code="not-readable",
        ) from error
    lines = text.splitlines()
    if not lines or not lines[0]:
        raise InvalidInput(
            Sentence("descriptor {number}: the first line is empty", number=descriptor), code="not-readable"
        )
    return lines
