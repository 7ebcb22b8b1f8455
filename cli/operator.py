"""`certlog operator`: who may issue, with which keys and scopes. Signed here; the private key never leaves this desk.

Each command signs a trust statement, sends it to the registry and prints the position at which it was logged.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Unpack

import click

from certlog.errors import InvalidInput
from certlog.keys import PublicKey
from certlog.scopes import DelegatedScope, Names, Scope, Source
from certlog.sentences import Sentence
from certlog.timestamps import parse_date
from certlog.trust import (
    AddKey,
    Change,
    ChangeScope,
    CompromiseKey,
    Delegate,
    Enrol,
    GrantScope,
    RetireKey,
    RotateOperator,
    TrustAction,
)
from cli.language import Group, say
from cli.operator_options import FILE, Signing, open_desk, passphrase_option, read_passphrase, signing
from cli.registry_tokens import token
from issuer.key_file import PublicPart, create_key_file, public_path

_NOT_DELEGABLE: Final = (TrustAction.DELEGATE, TrustAction.ROTATE_OPERATOR)
_DELEGABLE: Final = [action.value for action in TrustAction if action not in _NOT_DELEGABLE]


@click.group("operator", cls=Group)
def operator() -> None:
    """At the operator's desk: enrol bodies, their keys and scopes."""


operator.add_command(token)


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
@signing
def enrol(
    public_part: Path, name: str, name_en: str | None, legal_id: str, **options: Unpack[Signing]
) -> None:
    """Enrol the body of a .pub.json file and register the key in it.

    Make sure first that the file is the body's: compare the key with them over another channel.
    """
    public = _public(public_part)
    _state(options, public.did, [Enrol(Names(name, name_en), legal_id), AddKey(public.key)])


@operator.command("add-key")
@click.argument("public_part", type=FILE)
@signing
def add_key(public_part: Path, **options: Unpack[Signing]) -> None:
    """Register one more key of an enrolled body, from its .pub.json file."""
    public = _public(public_part)
    _state(options, public.did, [AddKey(public.key)])


@operator.command("retire-key")
@click.argument("did")
@click.argument("key")
@signing
def retire_key(did: str, key: str, **options: Unpack[Signing]) -> None:
    """End the use of a body's KEY (multibase) from now on; what it signed stays."""
    _state(options, did, [RetireKey(PublicKey.from_multibase(key, "KEY"))])


@operator.command("compromise-key")
@click.argument("did")
@click.argument("key")
@click.option(
    "--since", type=click.IntRange(min=0), required=True, help="First log entry that no longer counts."
)
@signing
def compromise_key(did: str, key: str, since: int, **options: Unpack[Signing]) -> None:
    """Void everything that a body's KEY (multibase) signed at or after entry --since. This cannot be undone."""
    _state(options, did, [CompromiseKey(PublicKey.from_multibase(key, "KEY"), since)])


@operator.command("grant-scope")
@click.argument("did")
@click.option("--kind", type=click.Choice(["designation", "accreditation"]), required=True)
@click.option("--authority", required=True, help="Who designated or accredited, as certificates write it.")
@click.option("--standard", "standards", multiple=True, help="Such as 'QCVN 4:2009/BKHCN'; repeatable.")
@click.option("--measurand", "measurands", multiple=True, help="For laboratories, instead of standards.")
@click.option("--from", "valid_from", required=True, metavar="YYYY-MM-DD", help="First day.")
@click.option("--until", metavar="YYYY-MM-DD", help="Last day.")
@click.option("--source-url", help="Where the operator read it; left out when the authority itself signs.")
@click.option("--source-date", metavar="YYYY-MM-DD", help="When the operator read it.")
@signing
def grant_scope(  # noqa: PLR0913 # one parameter an option
    did: str,
    *,
    kind: str,
    authority: str,
    standards: tuple[str, ...],
    measurands: tuple[str, ...],
    valid_from: str,
    until: str | None,
    source_url: str | None,
    source_date: str | None,
    **options: Unpack[Signing],
) -> None:
    """Grant a designation or accreditation to an enrolled body."""
    if bool(standards) == bool(measurands):
        raise click.UsageError("give --standard or --measurand, one kind of them")
    if (source_url is None) != (source_date is None):
        raise click.UsageError("--source-url and --source-date go together")
    for day in filter(None, (valid_from, until, source_date)):
        parse_date(day)
    scope = Scope(
        kind=kind,
        topics=standards or measurands,
        measured=bool(measurands),
        authority=authority,
        source=Source("authority") if source_url is None else Source("operator", source_url, source_date),
        valid_from=valid_from,
        valid_until=until,
    )
    try:
        _state(options, did, [GrantScope(scope)])
    except InvalidInput as error:
        if error.code != "bad-source" or source_url is not None:
            raise
        message = Sentence(
            "{reason}; say with --source-url and --source-date where and when the operator read it",
            reason=error,
        )
        raise InvalidInput(message, code=error.code) from error


def _scope_change(name: str, action: TrustAction, summary: str) -> None:
    @operator.command(name, help=summary)
    @click.argument("did")
    @click.option("--grant", type=click.IntRange(min=0), required=True, help="The log entry that granted it.")
    @signing
    def change_scope(did: str, grant: int, **options: Unpack[Signing]) -> None:
        _state(options, did, [ChangeScope(action, grant)])


_scope_change("suspend-scope", TrustAction.SUSPEND_SCOPE, Sentence("Suspend a granted scope."))
_scope_change("reinstate-scope", TrustAction.REINSTATE_SCOPE, Sentence("Reinstate a suspended scope."))
_scope_change(
    "withdraw-scope", TrustAction.WITHDRAW_SCOPE, Sentence("Withdraw a scope, or a delegation, for good.")
)


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
    """Let an enrolled authority make statements in its own name."""
    allowed = [scope.partition(":") for scope in scopes]
    if any(not authority for _, _, authority in allowed):
        raise click.UsageError("--scope: expected KIND:AUTHORITY, such as 'designation:Bộ Mẫu'")
    delegated = tuple(DelegatedScope(kind, authority) for kind, _, authority in allowed)
    _state(options, did, [Delegate(tuple(TrustAction(action) for action in actions), delegated)])


@operator.command("rotate")
@click.argument("public_part", type=FILE)
@click.option("--old", required=True, help="The present operator key (multibase) that is replaced.")
@signing
def rotate(public_part: Path, old: str, **options: Unpack[Signing]) -> None:
    """Replace the operator's key by that of a .pub.json file; signed by the old key or the recovery key.

    The new .pub.json bears the operator's DID. Verifiers follow from their pinned key by this statement.
    """
    public = _public(public_part)
    _state(options, public.did, [RotateOperator(PublicKey.from_multibase(old, "--old"), public.key)])


def _state(options: Signing, subject: str, changes: Sequence[Change]) -> None:
    """Sign, send, and print where each statement was logged."""
    positions = open_desk(options).state(subject, changes)
    for position, change in zip(positions, changes, strict=True):
        change_name = type(change).__name__
        say(
            Sentence(
                "entry {position}: {change} {subject}", position=position, change=change_name, subject=subject
            )
        )


def _public(path: Path) -> PublicPart:
    try:
        return PublicPart.parse(path.read_bytes())
    except OSError as error:
        message = Sentence("cannot read {path}: {reason}", path=path, reason=error)
        raise InvalidInput(message, code="not-readable") from error
    except InvalidInput as error:
        message = Sentence("{path}: expected the .pub.json of a key; {reason}", path=path, reason=error)
        raise InvalidInput(message, code=error.code) from error
