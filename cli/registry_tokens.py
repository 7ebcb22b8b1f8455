"""`certlog registry token` (and `certlog operator token`): make and end API tokens, on the registry machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from certlog.sentences import Sentence
from certlog.timestamps import format_time
from cli.language import Group, say

if TYPE_CHECKING:
    from registry.service import Registry

_DATA: Final = click.option(
    "--data",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    envvar="CERTLOG_DATA",
    show_envvar=True,
    help="The registry's data folder.",
)


@click.group("token", cls=Group)
def token() -> None:
    """API tokens: each belongs to one DID, expires, and is shown once."""


@token.command("create")
@_DATA
@click.option("--did", required=True, help="Whose entries it submits: an issuer's DID, or the operator's.")
@click.option("--days", type=int, default=90, show_default=True, help="How long it lives.")
def create(folder: Path, did: str, days: int) -> None:
    """Make a token and print it, this once, on standard output; hand it over on a safe way."""
    with _opened(folder) as registry:
        made = registry.tokens.create(did, days)
    click.echo(made.text)
    until = format_time(made.expires_at)
    say(Sentence("for {did}, until {until}; it is not shown again", did=did, until=until), err=True)


@token.command("revoke")
@_DATA
@click.argument("prefix")
def revoke(folder: Path, prefix: str) -> None:
    """End a token at once. PREFIX is the part between its two underscores."""
    with _opened(folder) as registry:
        registry.tokens.revoke(prefix)
    say(Sentence("revoked"), err=True)


@contextmanager
def _opened(folder: Path) -> "Iterator[Registry]":
    from registry.data_folder import DataFolder  # noqa: PLC0415 - the operator's desk starts without a database
    from registry.opening import Surroundings, open_registry  # noqa: PLC0415 - as above

    registry = open_registry(DataFolder(folder), Surroundings(os.environ))
    try:
        yield registry
    finally:
        registry.database.close()
