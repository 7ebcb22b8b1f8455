"""`certlog authority`: an authority to which the operator delegated states in its own name, with its own key and token.

A ministry enrols bodies, an accreditation body grants scopes: what each may do is what its delegation says.
"""

from pathlib import Path
from typing import Unpack

import click

from certlog.scopes import Names
from certlog.trust import Enrol
from cli.language import Group
from cli.operator_options import FILE, Signing, open_desk, signing
from cli.prove_key import prove_key
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


@click.group("authority", cls=Group)
def authority() -> None:
    """At an authority's desk: state what the operator delegated, in the authority's own name."""


@authority.command("enrol")
@click.argument("public_part", type=FILE)
@click.option("--name", required=True, help="The body's name in Vietnamese.")
@click.option("--name-en", help="The body's name in English.")
@click.option("--legal-id", required=True, help="Its mã số doanh nghiệp.")
@click.option("--without-key", is_flag=True, help="Enrol only; the delegation may not include keys.")
@signing
def enrol(  # one parameter an option
    public_part: Path,
    *,
    name: str,
    name_en: str | None,
    legal_id: str,
    without_key: bool,
    **options: Unpack[Signing],
) -> None:
    """Enrol the body of a .pub.json file and register the key in it.

    Make sure first that the file is the body's: compare the key with them over another channel.
    """
    public, desk = read_public(public_part), open_desk(options)
    keys = [] if without_key else [proven_key(public, desk)]
    state(desk, public.did, [Enrol(Names(name, name_en), legal_id), *keys])


for _command in (prove_key, add_key, retire_key, compromise_key, grant_command(transcribes=False), show):
    authority.add_command(_command)
add_scope_commands(authority)
