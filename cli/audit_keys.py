"""Auditors' keys: made, shown, and opened, to cosign and to sign reports. Key files are those of an issuing body."""

import os
from pathlib import Path
from typing import Final, Unpack

import click

from certlog.clean_text import json_text
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from cli.issuer_options import PassphraseOptions, passphrase_options, read_passphrase, speaking
from cli.language import Command, say
from issuer.key_file import create_key_file, open_key_file
from verifier.cosigner import AuditorKey

_WEB: Final = "did:web:"


@click.command("keygen", cls=Command)
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--name", required=True, help="The auditor's name in signatures: a domain of its own.")
@passphrase_options
@speaking
def keygen(path: Path, name: str, **options: Unpack[PassphraseOptions]) -> None:
    """Make an auditor's key: an encrypted file that is never overwritten and only its owner can read.

    Prints the two verifier keys: the one that a trust root lists among its auditors, and the one that checks reports.
    """
    passphrase = read_passphrase(options, confirm=True)
    create_key_file(path, passphrase, did=f"{_WEB}{name}", random_bytes=os.urandom)
    key = open_auditor_key(path, passphrase)
    if options["as_json"]:
        keys = {"cosigner": key.cosigner_key.to_text(), "report": key.report_key.to_text()}
        click.echo(json_text(keys, indent=2))
        return
    say(Sentence("for trust roots, among the auditors: {vkey}", vkey=key.cosigner_key.to_text()))
    say(Sentence("for whoever checks a report: {vkey}", vkey=key.report_key.to_text()))


def open_auditor_key(path: Path, passphrase: str) -> AuditorKey:
    """Unlock an auditor's key.

    Raises:
        InvalidInput: not such a key file, or a wrong passphrase.
    """
    opened = open_key_file(path, passphrase)
    if not opened.did.startswith(_WEB):
        message = Sentence(
            "{path} bears no name; make an auditor's key with: certlog audit keygen --name DOMAIN", path=path
        )
        raise InvalidInput(message, code="not-an-auditor")
    return AuditorKey(opened.did.removeprefix(_WEB), opened.signer)
