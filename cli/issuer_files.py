"""`certlog issuer issue-files`: certificates that are files already, a DCC in XML or a PDF in the body's own layout.

`certlog issuer issue X.xml …` comes here too. docs/dcc.md tells what is checked and where PTB's schemas are had.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Unpack

import click

from certlog.errors import Unavailable
from cli.issuer_options import (
    DeskOptions,
    desk_options,
    now,
    open_key,
    open_registry,
    output_of,
    progress_bars,
    read_file,
    told,
)
from cli.issuer_report import tell_advice, tell_mistakes, tell_report
from cli.language import Command, Group
from issuer.attested import AttestedFiles, AttestedReader
from issuer.attested_companions import write_companions
from issuer.body import read_body
from issuer.content_modes import ContentMode
from issuer.dcc import DccChecks
from issuer.drafts import Drafts
from issuer.http_registry import RegistryAddress
from issuer.issue import IssueReport, Request, RowsRefused, Tools, issue
from issuer.journal import open_journal
from issuer.key_file import PublicPart, public_path
from issuer.stamp import DEFAULT_SIZE_MM, Corner, StampPlace
from issuer.table import MAX_FILE_BYTES

_NAMED: Final = 3
_PATH: Final = click.Path(path_type=Path)


class _FilesOptions(DeskOptions):
    paths: tuple[Path, ...]
    body_path: Path | None
    dcc_schema: Path | None
    public_url: str | None
    content: str | None
    no_stamp: bool
    stamp_page: int
    stamp_corner: str
    stamp_size: float
    partial: bool
    no_submit: bool
    errors: Path | None


class IssuerGroup(Group):
    """The group `issuer`, in which `issue` with an .xml file means `issue-files`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the words name."""
        if args[:1] == ["issue"] and any(word.lower().endswith(".xml") for word in args[1:]):
            args = ["issue-files", *args[1:]]
        return super().resolve_command(ctx, args)


@click.command(name="issue-files", cls=Command)
@click.argument("paths", type=_PATH, nargs=-1, required=True)
@click.option("--body", "body_path", type=_PATH, help="Default: body.toml beside the first PATH.")
@click.option(
    "--dcc-schema",
    type=_PATH,
    help="Folder of PTB's schemas and schematron (docs/dcc.md); default: [dcc] schema in body.toml.",
)
@click.option("--public-url", help="Address in the QR code; default: the registry's.")
@click.option(
    "--content",
    type=click.Choice([mode.value for mode in ContentMode]),
    help="What the registry gets of the content; default: public, and sealed where it is confidential.",
)
@click.option(
    "--no-stamp", is_flag=True, help="Bind PDFs as they are; needed for those that bear a signature."
)
@click.option("--stamp-page", type=int, default=-1, show_default=True, help="1: the first, -1: the last.")
@click.option(
    "--stamp-corner",
    type=click.Choice([corner.value for corner in Corner]),
    default=Corner.AUTO.value,
    show_default=True,
    help="Where on the page; auto: the first corner that is blank.",
)
@click.option("--stamp-size", type=float, default=DEFAULT_SIZE_MM, show_default=True, help="In millimetres.")
@click.option("--partial", is_flag=True, help="Issue the good files although others have mistakes.")
@click.option("--no-submit", is_flag=True, help="Sign and bind only; `submit --resume` sends it later.")
@click.option("--errors", type=_PATH, help="Also write the mistakes to this CSV file.")
@desk_options
def issue_files(**options: Unpack[_FilesOptions]) -> None:
    """Issue PATHS: DCC files (.xml), folders of them, lists (CSV, XLSX, ODS, JSON) that name PDF files beside them.

    Each file is bound byte for byte; a PDF gets a QR code first, unless --no-stamp. Repeating it is safe.
    """
    output, named = output_of(options), _names(options["paths"])
    with told(output):
        reader = _reader(options)
        drafts = reader.read(options["paths"])
        tell_advice(output, drafts.advice)
        if drafts.problems and not options["partial"]:
            tell_mistakes(output, drafts.problems, named, options["errors"])
        try:
            report = _issue(drafts, reader.files(), options)
        except RowsRefused as refused:
            tell_mistakes(output, refused.problems, named, options["errors"])
        tell_report(output, report, options["folder"], options["errors"], submitted=not options["no_submit"])


def _reader(options: _FilesOptions) -> AttestedReader:
    body_path = options["body_path"] or _beside(options["paths"])
    body = read_body(body_path)
    schema = options["dcc_schema"] or (body_path.parent / body.dcc_schema if body.dcc_schema else None)
    public = PublicPart.parse(read_file(public_path(options["key_path"]), MAX_FILE_BYTES))
    printed = RegistryAddress.from_text(options["public_url"] or options["registry_url"])
    place = StampPlace(options["stamp_page"], Corner(options["stamp_corner"]), options["stamp_size"])
    return AttestedReader(
        body,
        public.did,
        lambda: DccChecks.open(schema),
        printed.to_text(),
        None if options["no_stamp"] else place,
    )


def _issue(drafts: Drafts, files: AttestedFiles, options: _FilesOptions) -> IssueReport:
    output, folder = output_of(options), options["folder"]
    registry = open_registry(options["registry_url"], options["token_file"])
    key = open_key(options)
    with open_journal(folder) as journal, progress_bars(output) as progress:
        tools = Tools(key, journal, registry, files, _sets_no_type, now, os.urandom, progress)
        request = Request(
            drafts,
            folder,
            content=None if options["content"] is None else ContentMode(options["content"]),
            partial=options["partial"],
            submit=not options["no_submit"],
        )
        try:
            report = issue(request, tools)
        except Unavailable:
            if journal.waiting():
                output.say("kept", folder=folder)
            raise
        write_companions(report.issued, files, journal)
        return report


def _sets_no_type(_text: str) -> str:
    """Every character can be shown: the file is the body's own, and nothing of it is set anew."""
    return ""


def _names(paths: Sequence[Path]) -> Path:
    """Return what to call the files of one run: three of them at most."""
    shown = ", ".join(path.name for path in paths[:_NAMED])
    return Path(shown if len(paths) <= _NAMED else f"{shown} …")


def _beside(paths: Sequence[Path]) -> Path:
    folder = paths[0] if paths[0].is_dir() else paths[0].parent
    return folder / "body.toml"
