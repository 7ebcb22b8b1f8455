"""`certlog operator`: who may issue, with which keys and scopes. Signed here; the private key never leaves this desk.

Each command signs a trust statement, sends it to the registry and prints the position at which it was logged.
"""

import os
from pathlib import Path
from typing import Final, Unpack

import click

from certlog.keys import PublicKey
from certlog.scopes import DelegatedScope, Names, Resemblance, ResemblanceReason
from certlog.sentences import Sentence
from certlog.trust import ChangeScope, Delegate, Enrol, RotateOperator, TrustAction
from cli.language import Group, say
from cli.operator_options import FILE, Signing, open_desk, passphrase_option, read_passphrase, signing
from cli.prove_key import prove_key
from cli.registry_tokens import token
from cli.trust_commands import (
    add_key,
    add_scope_commands,
    compromise_key,
    grant_command,
    proven_key,
    read_public,
    retire_key,
    show,
    state,
)
from issuer.key_file import create_key_file, public_path
from issuer.possession import possession_for

_NOT_DELEGABLE: Final = (TrustAction.DELEGATE, TrustAction.ROTATE_OPERATOR)
_DELEGABLE: Final = [action.value for action in TrustAction if action not in _NOT_DELEGABLE]


@click.group("operator", cls=Group)
def operator() -> None:
    """At the operator's desk: enrol bodies, their keys and scopes."""


@operator.command("keygen")
@click.option("--out", "path", type=FILE, required=True, help="The key file to make.")
@click.option("--did", help="A did:web that the operator controls; without it, the did:key of the key.")
@passphrase_option
def keygen(path: Path, did: str | None, passphrase_file: Path | None) -> None:
    """Make an operator or recovery key; keep the recovery key where the operator key is not."""
    passphrase = read_passphrase(passphrase_file, new=True)
    public = create_key_file(path, passphrase, did=did, random_bytes=os.urandom)
    click.echo(public.did)
    say(Sentence("public part: {path}", path=public_path(path)))


@operator.command("enrol")
@click.argument("public_part", type=FILE)
@click.option("--name", required=True, help="The body's name in Vietnamese.")
@click.option("--name-en", help="The body's name in English.")
@click.option("--legal-id", required=True, help="Its mã số doanh nghiệp.")
@click.option(
    "--resembles",
    multiple=True,
    metavar="DID=REASON",
    help="An enrolled body whose name looks like this one, and why that is right: same_group, official_name or "
    "renamed. It is logged. Repeatable.",
)
@signing
def enrol(  # one parameter an option
    public_part: Path,
    *,
    name: str,
    name_en: str | None,
    legal_id: str,
    resembles: tuple[str, ...],
    **options: Unpack[Signing],
) -> None:
    """Enrol the body of a .pub.json file and register the key in it.

    Make sure first that the file is the body's: compare the key with them over another channel.
    """
    alike = tuple(_resemblance(text) for text in resembles)
    public, desk = read_public(public_part), open_desk(options)
    key = proven_key(public, desk)
    state(desk, public.did, [Enrol(Names(name, name_en), legal_id, alike), key])


@operator.command("delegate")
@click.argument("did")
@click.option("--action", "actions", type=click.Choice(_DELEGABLE), multiple=True, required=True)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="KIND:AUTHORITY",
    help="A scope that it may grant; repeatable.",
)
@signing
def delegate(did: str, actions: tuple[str, ...], scopes: tuple[str, ...], **options: Unpack[Signing]) -> None:
    """Let an enrolled authority make statements in its own name (`certlog authority`)."""
    allowed = [scope.partition(":") for scope in scopes]
    if any(not authority for _, _, authority in allowed):
        raise click.UsageError("--scope: expected KIND:AUTHORITY, such as 'designation:Bộ Mẫu'")
    delegated = tuple(DelegatedScope(kind, authority) for kind, _, authority in allowed)
    change = Delegate(tuple(TrustAction(action) for action in actions), delegated)
    state(open_desk(options), did, [change])


@operator.command("withdraw-delegation")
@click.argument("did")
@click.option("--delegation", type=click.IntRange(min=0), required=True, help="The log entry that delegated.")
@signing
def withdraw_delegation(did: str, delegation: int, **options: Unpack[Signing]) -> None:
    """End a delegation from now on; what the authority stated under it stays."""
    state(open_desk(options), did, [ChangeScope(TrustAction.WITHDRAW_SCOPE, delegation)])


@operator.command("rotate")
@click.argument("public_part", type=FILE)
@click.option("--old", required=True, help="The present operator key (multibase) that is replaced.")
@signing
def rotate(public_part: Path, old: str, **options: Unpack[Signing]) -> None:
    """Replace the operator's key by that of a .pub.json file; signed by the old key or the recovery key.

    The new .pub.json proves possession for the operator's DID (`prove-key --as DID`). With the recovery key, name the
    operator's DID with --as. Verifiers follow from their pinned key by this statement.
    """
    public, desk = read_public(public_part), open_desk(options)
    did = options["as_did"] or desk.key.did
    possession = possession_for(public, desk.registry.origin(), did)
    change = RotateOperator(PublicKey.from_multibase(old, "--old"), public.key, possession)
    state(desk, did, [change])


def _resemblance(text: str) -> Resemblance:
    did, _, reason = text.rpartition("=")
    if not did or reason not in tuple(ResemblanceReason):
        raise click.UsageError(
            "--resembles: expected DID=REASON, REASON one of same_group, official_name, renamed"
        )
    return Resemblance(did, ResemblanceReason(reason))


for _command in (
    token,
    prove_key,
    add_key,
    retire_key,
    compromise_key,
    grant_command(transcribes=True),
    show,
):
    operator.add_command(_command)
add_scope_commands(operator)
