"""`certlog issuer suspend | reinstate | withdraw | cancel | supersede | bindFile`: later changes of a certificate."""

import hashlib
from pathlib import Path
from typing import Final, Unpack

import click

from certlog.certificate_id import ID_LENGTH
from certlog.credential import number_of
from certlog.documents import SecuredDocument
from certlog.encoding import b64url
from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.status import ACTION_WORDS, REASONS, FileBinding, StatusAction
from certlog.strict_json import get_str
from cli.issuer_options import (
    DeskOptions,
    desk_options,
    now,
    open_key,
    open_registry,
    output_of,
    read_file,
    told,
)
from cli.language import Command, in_words
from issuer.http_registry import HttpRegistry
from issuer.journal import Journal, open_journal
from issuer.pdf import MEDIA_TYPE
from issuer.status import Change, Changed, StatusTools, change_status, find_certificate

_MAX_BOUND_FILE: Final = 256 * 1024 * 1024
_MEDIA_TYPES: Final = {".pdf": MEDIA_TYPE, ".xml": "application/xml"}

_version = click.option("--version", type=int, help="Which version of a number; default: the newest.")


class _ChangeOptions(DeskOptions):
    certificate: str
    version: int | None
    reason: str
    effective: str | None


class _BindOptions(DeskOptions):
    file: Path
    certificate: str | None
    version: int | None


class _SupersedeOptions(DeskOptions):
    number: str
    version: int | None


def change_command(action: StatusAction, help_text: str) -> click.Command:
    """Return the command of one action that has a reason."""

    @click.command(name=action.value, cls=Command, help=help_text)
    @click.argument("certificate")
    @click.option("--reason", type=click.Choice(list(REASONS[action])), required=True)
    @click.option("--effective", help="From when, as 2026-11-22T08:00:00+07:00; default: now.")
    @_version
    @desk_options
    def command(**options: Unpack[_ChangeOptions]) -> None:
        output = output_of(options)
        with told(output), open_journal(options["folder"]) as journal:
            registry = open_registry(options["registry_url"], options["token_file"])
            certificate = find_certificate(journal, registry, options["certificate"], options["version"])
            change = Change(action, reason=options["reason"], effective=options["effective"])
            changed = _change(certificate, change, journal, registry, options)
        _tell(changed, change, options)

    return command


@click.command(cls=Command)
@click.argument("number")
@_version
@desk_options
def supersede(**options: Unpack[_SupersedeOptions]) -> None:
    """Mark the certificate that the newest version of NUMBER replaces as replaced by it."""
    output = output_of(options)
    with told(output), open_journal(options["folder"]) as journal:
        registry = open_registry(options["registry_url"], options["token_file"])
        new = find_certificate(journal, registry, options["number"], options["version"])
        replaces = new.content.get("replaces")
        if not isinstance(replaces, dict):
            raise InvalidInput(
                Sentence(
                    "{number!r} replaces nothing: issue its next version first, then repeat this command",
                    number=number_of(new.content),
                ),
                code="replaces-nothing",
            )
        old = journal.of_hash(get_str(replaces, "digest")).secured()
        change = Change(StatusAction.SUPERSEDE, reason=get_str(replaces, "reason"), replaced_by=new)
        changed = _change(old, change, journal, registry, options)
    _tell(changed, change, options)


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("certificate", required=False)
@_version
@desk_options
def bind(**options: Unpack[_BindOptions]) -> None:
    """Bind FILE, byte for byte, to CERTIFICATE (number or id): a PDF that was sealed after it was made.

    Without CERTIFICATE, the id at the end of the file's name is used.
    """
    output = output_of(options)
    with told(output), open_journal(options["folder"]) as journal:
        change = Change(StatusAction.BIND_FILE, file=_binding(options["file"]))
        registry = open_registry(options["registry_url"], options["token_file"])
        name = options["certificate"] or options["file"].stem[-ID_LENGTH:]
        certificate = find_certificate(journal, registry, name, options["version"])
        changed = _change(certificate, change, journal, registry, options)
    _tell(changed, change, options)


def _binding(file: Path) -> FileBinding:
    media_type = _MEDIA_TYPES.get(file.suffix.lower())
    if media_type is None:
        raise InvalidInput(
            Sentence("expected a .pdf or .xml file, found {name}", name=file.name), code="bad-media-type"
        )
    data = read_file(file, _MAX_BOUND_FILE)
    if len(data) > _MAX_BOUND_FILE:
        raise InvalidInput(
            Sentence("{file} has more than {most} bytes", file=file, most=_MAX_BOUND_FILE), code="too-large"
        )
    return FileBinding(hashlib.sha256(data).digest(), media_type)


def _change(
    certificate: SecuredDocument,
    change: Change,
    journal: Journal,
    registry: HttpRegistry,
    options: DeskOptions,
) -> Changed:
    tools = StatusTools(open_key(options), journal, registry, now)
    try:
        return change_status(certificate, change, tools)
    except Unavailable:
        if journal.waiting():
            output_of(options).say("kept", folder=options["folder"])
        raise


def _tell(changed: Changed, change: Change, options: DeskOptions) -> None:
    output = output_of(options)
    output.say(
        "changed",
        action=in_words(ACTION_WORDS[change.action]),
        number=changed.number,
        index=changed.log_index,
    )
    output.result(
        {
            "action": change.action.value,
            "number": changed.number,
            "certificate": b64url(changed.certificate),
            "logIndex": changed.log_index,
        }
    )
