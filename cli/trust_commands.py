"""Commands that sign one trust statement, for whoever may make it: the operator, or an authority by its delegation.

`certlog operator` and `certlog authority` offer the same ones; the registry decides who has the right.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Unpack

import click

from certlog.clean_text import json_text
from certlog.errors import InvalidInput
from certlog.keys import PublicKey
from certlog.scopes import Scope, Source
from certlog.sentences import Sentence
from certlog.timestamps import parse_date
from certlog.trust import (
    TRUST_ACTION_WORDS,
    AddKey,
    Change,
    ChangeScope,
    CompromiseKey,
    GrantScope,
    RetireKey,
    TrustAction,
    action_of,
)
from cli.language import Command, say
from cli.operator_desk import OperatorDesk
from cli.operator_options import FILE, Signing, open_desk, signing
from issuer.http_registry import HttpRegistry, RegistryAddress
from issuer.key_file import PublicPart
from issuer.possession import possession_for


@click.command("add-key", cls=Command)
@click.argument("public_part", type=FILE)
@signing
def add_key(public_part: Path, **options: Unpack[Signing]) -> None:
    """Register one more key of an enrolled body, from its .pub.json file, which proves that the body has the key."""
    public, desk = read_public(public_part), open_desk(options)
    state(desk, public.did, [proven_key(public, desk)])


@click.command("retire-key", cls=Command)
@click.argument("did")
@click.argument("key")
@signing
def retire_key(did: str, key: str, **options: Unpack[Signing]) -> None:
    """End the use of a body's KEY (multibase) from now on; what it signed stays."""
    state(open_desk(options), did, [RetireKey(PublicKey.from_multibase(key, "KEY"))])


@click.command("compromise-key", cls=Command)
@click.argument("did")
@click.argument("key")
@click.option(
    "--since", type=click.IntRange(min=0), required=True, help="First log entry that no longer counts."
)
@signing
def compromise_key(did: str, key: str, since: int, **options: Unpack[Signing]) -> None:
    """Void everything that a body's KEY (multibase) signed at or after entry --since. This cannot be undone.

    That goes for certificates, for changes of status, and for what an authority stated about others. --since can later
    be moved to an earlier entry, never to a later one.
    """
    state(open_desk(options), did, [CompromiseKey(PublicKey.from_multibase(key, "KEY"), since)])


def scope_command(name: str, action: TrustAction, summary: str) -> click.Command:
    """Return the command that changes a granted scope."""

    @click.command(name, cls=Command, help=summary)
    @click.argument("did")
    @click.option("--grant", type=click.IntRange(min=0), required=True, help="The log entry that granted it.")
    @signing
    def change_scope(did: str, grant: int, **options: Unpack[Signing]) -> None:
        state(open_desk(options), did, [ChangeScope(action, grant)])

    return change_scope


def grant_command(*, transcribes: bool) -> click.Command:
    """Return `grant-scope`: of an operator, who transcribes a decision and says from where, or of the authority itself.

    Args:
        transcribes: whether --source-url and --source-date say where the signer read the decision.
    """

    @click.command("grant-scope", cls=Command, help=_TRANSCRIBE if transcribes else _GRANT)
    @click.argument("did")
    @click.option("--kind", type=click.Choice(["designation", "accreditation"]), required=True)
    @click.option(
        "--authority", required=True, help="Who designated or accredited, as certificates write it."
    )
    @click.option("--standard", "standards", multiple=True, help="Such as 'QCVN 4:2009/BKHCN'; repeatable.")
    @click.option("--measurand", "measurands", multiple=True, help="For laboratories, instead of standards.")
    @click.option("--from", "valid_from", required=True, metavar="YYYY-MM-DD", help="First day.")
    @click.option("--until", metavar="YYYY-MM-DD", help="Last day.")
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
        source_url: str | None = None,
        source_date: str | None = None,
        **options: Unpack[Signing],
    ) -> None:
        if bool(standards) == bool(measurands):
            raise click.UsageError("give --standard or --measurand, one kind of them")
        if (source_url is None) != (source_date is None):
            raise click.UsageError("--source-url and --source-date go together")
        for day in filter(None, (valid_from, until, source_date)):
            parse_date(day)
        source = Source("authority") if source_url is None else Source("operator", source_url, source_date)
        scope = Scope(kind, standards or measurands, bool(measurands), authority, source, valid_from, until)
        _grant(open_desk(options), did, scope)

    if transcribes:
        grant_scope.params += [
            click.Option(["--source-url"], help="Where the operator read the authority's decision."),
            click.Option(["--source-date"], metavar="YYYY-MM-DD", help="When the operator read it."),
        ]
    return grant_scope


_TRANSCRIBE: Final = Sentence(
    "Transcribe a designation or accreditation of an enrolled body from the authority's own decision."
)
_GRANT: Final = Sentence(
    "Grant a designation or accreditation to an enrolled body, in the authority's own name."
)


def _grant(desk: OperatorDesk, did: str, scope: Scope) -> None:
    try:
        state(desk, did, [GrantScope(scope)])
    except InvalidInput as error:
        if error.code != "bad-source" or scope.source.url is not None:
            raise
        message = Sentence(
            "{reason}; say with --source-url and --source-date where and when the operator read it",
            reason=error,
        )
        raise InvalidInput(message, code=error.code) from error


@click.command("show", cls=Command)
@click.argument("did")
@click.option("--registry", "registry_url", required=True, help="Address of the registry: https://HOST")
def show(did: str, registry_url: str) -> None:
    """Print what the log says of a body (or of the operator): its keys, scopes and delegations, with their entries."""
    found = HttpRegistry(RegistryAddress.from_text(registry_url)).records_of(did)
    click.echo(json_text(found, indent=2))


def state(desk: OperatorDesk, subject: str, changes: Sequence[Change]) -> None:
    """Sign, send, and print where each statement was logged."""
    positions = desk.state(subject, changes)
    for position, change in zip(positions, changes, strict=True):
        change_name = TRUST_ACTION_WORDS[action_of(change)]
        say(
            Sentence(
                "entry {position}: {change} {subject}", position=position, change=change_name, subject=subject
            )
        )


def proven_key(public: PublicPart, desk: OperatorDesk) -> AddKey:
    """Return the registration of a key, with its holder's proof for the desk's registry.

    Raises:
        InvalidInput: the public part holds no such proof.
    """
    return AddKey(public.key, possession_for(public, desk.registry.origin()))


def read_public(path: Path) -> PublicPart:
    """Read a .pub.json file.

    Raises:
        InvalidInput: it cannot be read, or is something else.
    """
    try:
        return PublicPart.parse(path.read_bytes())
    except OSError as error:
        message = Sentence("cannot read {path}: {reason}", path=path, reason=error)
        raise InvalidInput(message, code="not-readable") from error
    except InvalidInput as error:
        message = Sentence("{path}: expected the .pub.json of a key; {reason}", path=path, reason=error)
        raise InvalidInput(message, code=error.code) from error


def add_scope_commands(group: click.Group) -> None:
    """Add the three changes of a granted scope."""
    for name, action, summary in (
        ("suspend-scope", TrustAction.SUSPEND_SCOPE, Sentence("Suspend a granted scope.")),
        ("reinstate-scope", TrustAction.REINSTATE_SCOPE, Sentence("Reinstate a suspended scope.")),
        ("withdraw-scope", TrustAction.WITHDRAW_SCOPE, Sentence("Withdraw a scope for good.")),
    ):
        group.add_command(scope_command(name, action, summary))
