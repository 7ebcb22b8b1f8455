"""`prove-key`: the holder of a key agrees, with that key, to its registration in one log. The key stays here."""

from pathlib import Path

import click

from certlog.sentences import Sentence
from cli.language import Command, say
from cli.operator_options import FILE, now, passphrase_option, read_passphrase
from issuer.http_registry import HttpRegistry, RegistryAddress
from issuer.key_file import public_path
from issuer.possession import prove_key as prove


@click.command("prove-key", cls=Command)
@click.option("--key", "key_path", type=FILE, required=True, help="The key file.")
@click.option("--origin", help="The log's origin, such as registry.example.vn.")
@click.option(
    "--registry", "registry_url", metavar="URL", help="Ask this registry for its log's origin instead."
)
@click.option("--as", "did", help="The DID that the key is registered for  [default: the key's own]")
@passphrase_option
def prove_key(
    key_path: Path,
    origin: str | None,
    registry_url: str | None,
    did: str | None,
    passphrase_file: Path | None,
) -> None:
    """Sign, with the key itself, that it may be registered; the .pub.json then holds the proof.

    Hand the .pub.json to the operator after that. The proof is good for this key, this DID and this log only.
    """
    if (origin is None) == (registry_url is None):
        raise click.UsageError("give --origin or --registry, one of them")
    if registry_url is not None:
        origin = HttpRegistry(RegistryAddress.from_text(registry_url)).origin()
    prove(key_path, read_passphrase(passphrase_file), origin or "", now(), did=did)
    path = public_path(key_path)
    say(Sentence("{path} now proves possession of its key, for the log {origin}", path=path, origin=origin))
