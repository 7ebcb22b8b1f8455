"""`certlog issuer`: keys, issuing from a spreadsheet, submitting, and status changes, at the issuing body's desk.

Exit status: 0 done; 1 done in part (rows left out or entries refused); 2 refused; 3 not possible now, try again.
"""

import os
from pathlib import Path
from typing import Final, Unpack

import click

from certlog.errors import Unavailable
from certlog.keys import KeyType
from certlog.sentences import Sentence
from certlog.status import StatusAction
from cli.issuer_bulk import bulk_options, print_command
from cli.issuer_files import IssuerGroup, issue_files
from cli.issuer_labels import labels
from cli.issuer_options import (
    DeskOptions,
    PassphraseOptions,
    SubmitOptions,
    desk_options,
    now,
    open_key,
    open_registry,
    output_of,
    passphrase_options,
    progress_bars,
    read_file,
    read_passphrase,
    speaking,
    submit_options,
    told,
)
from cli.issuer_report import submitted_json, tell_advice, tell_mistakes, tell_report, tell_submitted
from cli.issuer_status import bind, change_command, supersede
from cli.issuer_tables import (
    TableOptions,
    check,
    read_input,
    save_refused,
    table_options,
    tell_notices,
    tell_plan,
    template,
)
from cli.prove_key import prove_key
from issuer.body import read_body
from issuer.content_modes import ContentMode
from issuer.draft_stream import DraftStream, TableDrafts
from issuer.drafts import Drafts
from issuer.http_registry import RegistryAddress
from issuer.input_file import InputFile
from issuer.issue import IssueReport, Request, RowsRefused, Tools, issue
from issuer.journal import open_journal
from issuer.key_file import PublicPart, create_key_file, public_path
from issuer.large_file import open_large
from issuer.pdf import PdfMaker, find_unprintable
from issuer.read_file import ReadFile
from issuer.submit import submit_waiting
from issuer.table import MAX_FILE_BYTES

_KEY_TYPES: Final = {"ed25519": KeyType.ED25519, "p256": KeyType.P256}
_PATH: Final = click.Path(path_type=Path)


class _KeygenOptions(PassphraseOptions):
    path: Path
    kind: str
    did: str | None


class _SubmitCommandOptions(SubmitOptions):
    resume: bool


class _IssueOptions(DeskOptions, TableOptions):
    file: Path
    body_path: Path | None
    public_url: str | None
    content: str | None
    partial: bool
    no_submit: bool
    no_pdf: bool
    jobs: int
    dry_run: bool
    errors: Path | None


@click.group(cls=IssuerGroup)
def issuer() -> None:
    """At the issuing body: keys, issuing, submitting, status changes."""


@issuer.command()
@click.option("--out", "path", type=_PATH, required=True, help="The key file to make.")
@click.option("--type", "kind", type=click.Choice(list(_KEY_TYPES)), default="ed25519", show_default=True)
@click.option("--did", help="A did:web that the body controls; without it, the did:key of the key.")
@passphrase_options
@speaking
def keygen(**options: Unpack[_KeygenOptions]) -> None:
    """Make a signing key: an encrypted file that stays here, and a public part for the operator."""
    output, path = output_of(options), options["path"]
    with told(output):
        passphrase = read_passphrase(options, confirm=True)
        key_type = _KEY_TYPES[options["kind"]]
        public = create_key_file(
            path, passphrase, key_type=key_type, did=options["did"], random_bytes=os.urandom
        )
        output.say("key-made", path=path, did=public.did)
        output.say("send-public", public=public_path(path), path=path)
        output.result({"did": public.did, "key": public.key.multibase, "type": str(public.key.type)})


@issuer.command(name="issue")
@click.argument("file", type=_PATH)
@click.option("--body", "body_path", type=_PATH, help="Default: body.toml beside FILE.")
@click.option("--public-url", help="Address in the QR code; default: the registry's.")
@click.option(
    "--content",
    type=click.Choice([mode.value for mode in ContentMode]),
    help="What the registry gets of the content; default: public, and sealed for calibration.",
)
@click.option("--partial", is_flag=True, help="Issue the good rows although others have mistakes.")
@click.option("--no-submit", is_flag=True, help="Sign and print only; `submit --resume` sends it later.")
@bulk_options
@click.option("--dry-run", is_flag=True, help="Only say what would be issued; sign, write and send nothing.")
@click.option("--errors", type=_PATH, help="Also write the mistakes to this CSV file.")
@table_options
@desk_options
def issue_command(**options: Unpack[_IssueOptions]) -> None:
    """Issue the certificates of FILE (CSV, XLSX, ODS or JSON): sign, print, submit.

    Repeating it is safe: what was signed before stays as it is, and what was not submitted is.
    """
    output = output_of(options)
    with told(output):
        large = None if options["dry_run"] else _open_large(options)
        read = ReadFile(Drafts((), ()), (large.table,)) if large else _read(options)
        if options["dry_run"]:
            tell_plan(output, read, options["refused"], options["errors"])
        tell_notices(output, read)
        tell_advice(output, read.drafts.advice)
        if read.drafts.problems and not options["partial"]:
            save_refused(output, options["refused"], read, read.drafts.problems)
            tell_mistakes(output, read.drafts.problems, options["file"], options["errors"])
        try:
            report = _issue(large or read.drafts, options)
        except RowsRefused as refused:
            save_refused(output, options["refused"], read, refused.problems)
            tell_mistakes(output, refused.problems, options["file"], options["errors"])
        save_refused(output, options["refused"], read, report.problems)
        submitted = not options["no_submit"]
        if options["no_pdf"]:
            output.say("not-printed", folder=options["folder"])
        tell_report(output, report, options["folder"], options["errors"], submitted=submitted)


@issuer.command()
@click.option("--resume", is_flag=True, help="Send what waits in the journal (all that submit does).")
@submit_options
def submit(**options: Unpack[_SubmitCommandOptions]) -> None:
    """Submit what was signed and is not known to be logged; safe to repeat."""
    output = output_of(options)
    with told(output):
        registry = open_registry(options["registry_url"], options["token_file"])
        with open_journal(options["folder"], create=False) as journal, progress_bars(output) as progress:
            submitted = submit_waiting(journal, registry, progress)
        output.result(submitted_json(submitted))
        tell_submitted(output, submitted)


for _action, _help in (
    (StatusAction.SUSPEND, Sentence("Suspend CERTIFICATE (its number or id) until it is reinstated.")),
    (StatusAction.REINSTATE, Sentence("Reinstate a suspended CERTIFICATE (its number or id).")),
    (StatusAction.WITHDRAW, Sentence("Withdraw CERTIFICATE (its number or id) for good.")),
    (StatusAction.CANCEL, Sentence("Cancel CERTIFICATE (its number or id) for good, at its holder's wish.")),
):
    issuer.add_command(change_command(_action, _help))
issuer.add_command(supersede)
issuer.add_command(prove_key)
issuer.add_command(bind)
issuer.add_command(check)
issuer.add_command(template)
issuer.add_command(labels)
issuer.add_command(issue_files)
issuer.add_command(print_command)


def _read(options: _IssueOptions) -> ReadFile:
    """Read the file with what can be known before the key is unlocked."""
    body = read_body(options["body_path"] or options["file"].with_name("body.toml"))
    public = PublicPart.parse(read_file(public_path(options["key_path"]), MAX_FILE_BYTES))
    return read_input(options["file"], body, public.did, options)


def _open_large(options: _IssueOptions) -> TableDrafts | None:
    """Return the rows of a large file as a stream: they are understood after the key is unlocked."""
    body = read_body(options["body_path"] or options["file"].with_name("body.toml"))
    public = PublicPart.parse(read_file(public_path(options["key_path"]), MAX_FILE_BYTES))
    file = InputFile.at(options["file"])
    return open_large(file, body, public.did, sheet=options["sheet"], jobs=options["jobs"])


def _issue(drafts: Drafts | DraftStream, options: _IssueOptions) -> IssueReport:
    output, folder = output_of(options), options["folder"]
    registry = open_registry(options["registry_url"], options["token_file"])
    printed = RegistryAddress.from_text(options["public_url"] or options["registry_url"])
    key = open_key(options)
    with open_journal(folder) as journal, progress_bars(output) as progress:
        make_pdf = PdfMaker(printed.to_text())
        tools = Tools(key, journal, registry, make_pdf, find_unprintable, now, os.urandom, progress)
        request = Request(
            drafts,
            folder,
            content=None if options["content"] is None else ContentMode(options["content"]),
            partial=options["partial"],
            submit=not options["no_submit"],
            pdf=not options["no_pdf"],
        )
        try:
            return issue(request, tools)
        except Unavailable:
            if journal.waiting_count():
                output.say("kept", folder=folder)
            raise
