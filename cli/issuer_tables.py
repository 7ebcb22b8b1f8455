"""`certlog issuer template` and `certlog issuer check`: a workbook to fill in, and what a filled one would issue.

Neither needs a key, a registry or a network, and `check` writes nothing but the file of refused rows that it is asked
for.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypedDict, TypeVar, Unpack

import click

from certlog.strict_json import JSONObject
from cli.endings import EXIT_REFUSED
from cli.issuer_options import Output, SpeakOptions, output_of, speaking, told
from cli.issuer_report import in_language, list_mistakes, problems_json, tell_advice
from cli.language import Command as SpeakingCommand
from issuer.body import Body, read_body
from issuer.calibration_columns import CALIBRATION
from issuer.drafts import Draft
from issuer.input_file import InputFile
from issuer.problems import RowProblem
from issuer.read_file import ReadFile, read_file_drafts
from issuer.refused_rows import refused_sheets, write_refused
from issuer.result_columns import RESULTS
from issuer.template import (
    CALIBRATION_CHOICES,
    CONFORMITY_SHEET,
    RESULTS_CHOICES,
    TemplateSheet,
    write_template,
)

_PATH: Final = click.Path(path_type=Path)
_NO_ONE: Final = "did:web:check.invalid"
"""Stands in for the signer, whose key is not needed to look at a file."""
_LISTED: Final = 50
_TEMPLATES: Final = {
    "conformity": (CONFORMITY_SHEET,),
    "calibration": (
        TemplateSheet("Giấy chứng nhận", CALIBRATION, CALIBRATION_CHOICES),
        TemplateSheet("Kết quả", RESULTS, RESULTS_CHOICES),
    ),
}

Command = TypeVar("Command", bound=Callable[..., None])


class TableOptions(TypedDict):
    """Which sheets of which files are read, and where the rows go that were refused."""

    sheet: str | None
    results: Path | None
    refused: Path | None


class _TemplateOptions(SpeakOptions):
    file: Path
    profile: str


class _CheckOptions(SpeakOptions, TableOptions):
    file: Path
    body_path: Path | None


def table_options(command: Command) -> Command:
    """Add --sheet, --results and --refused."""
    options = (
        click.option("--sheet", help="Sheet of the workbook; default: the first with known headings."),
        click.option("--results", type=_PATH, help="Calibration results, where they are in another file."),
        click.option(
            "--refused",
            type=_PATH,
            help="Write the rows with mistakes here, to correct and issue: .csv or .xlsx.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def read_input(file: Path, body: Body, did: str, options: TableOptions) -> ReadFile:
    """Read a file with what the command line says about its sheets."""
    results = options["results"]
    return read_file_drafts(
        InputFile.at(file),
        body,
        did,
        sheet=options["sheet"],
        results=None if results is None else InputFile.at(results),
    )


def tell_notices(output: Output, read: ReadFile) -> None:
    """Say how the file was read, where that is not plain."""
    for notice in read.notices:
        output.line(notice.text(output.language))


def save_refused(output: Output, path: Path | None, read: ReadFile, problems: tuple[RowProblem, ...]) -> None:
    """Write the rows that were refused in the layout of their file, where --refused names a place."""
    if path is None or not problems:
        return
    told = [in_language(problem, output.language) for problem in problems]
    sheets = refused_sheets(read.tables, read.drafts.good, told, output.language)
    if sheets:
        output.say("refused-in", path=path, count=write_refused(path, sheets))


@click.command(cls=SpeakingCommand)
@click.argument("file", type=_PATH)
@click.option("--profile", type=click.Choice(list(_TEMPLATES)), default="conformity", show_default=True)
@speaking
def template(**options: Unpack[_TemplateOptions]) -> None:
    """Write FILE (.xlsx), an empty workbook with headings, lists to choose from, and what each column means."""
    output = output_of(options)
    with told(output):
        write_template(options["file"], _TEMPLATES[options["profile"]])
        output.say("template-made", path=options["file"])
        output.result({"template": str(options["file"])})


@click.command(cls=SpeakingCommand)
@click.argument("file", type=_PATH)
@click.option("--body", "body_path", type=_PATH, help="Default: body.toml beside FILE.")
@table_options
@speaking
def check(**options: Unpack[_CheckOptions]) -> None:
    """Read FILE as `issue` would, and say what it would issue and what is wrong; nothing is signed or sent."""
    output, file = output_of(options), options["file"]
    with told(output):
        body = read_body(options["body_path"] or file.with_name("body.toml"))
        read = read_input(file, body, _NO_ONE, options)
        tell_plan(output, read, options["refused"])


def tell_plan(output: Output, read: ReadFile, refused: Path | None, errors: Path | None = None) -> None:
    """Say what a file would issue, and end with the exit status that fits."""
    drafts = read.drafts
    tell_notices(output, read)
    tell_advice(output, drafts.advice)
    for draft in drafts.good[:_LISTED]:
        output.line(_line(draft))
    if len(drafts.good) > _LISTED:
        output.say("check-more", count=len(drafts.good) - _LISTED)
    list_mistakes(output, drafts.problems, errors)
    save_refused(output, refused, read, drafts.problems)
    output.say("check-done", count=len(drafts.good), problems=len(drafts.problems))
    output.result(
        {
            "certificates": [_draft_json(draft) for draft in drafts.good],
            "problems": problems_json(drafts.problems),
            "advice": problems_json(drafts.advice),
        }
    )
    sys.exit(EXIT_REFUSED if drafts.problems else 0)


def _line(draft: Draft) -> str:
    return f"{draft.source.place().row}\t{draft.number}\t{draft.version}\t{_name(draft)}\t{_holder(draft)}"


def _draft_json(draft: Draft) -> JSONObject:
    place = draft.source.place()
    return {"row": place.row, "sheet": place.sheet, "number": draft.number, "version": draft.version}


def _name(draft: Draft) -> str:
    names = draft.content["name"]
    first = names[0] if isinstance(names, list) else names
    return str(first["@value"]) if isinstance(first, dict) else str(first)


def _holder(draft: Draft) -> str:
    subject = draft.content["credentialSubject"]
    holder = subject.get("client") or subject.get("customer") if isinstance(subject, dict) else None
    return str(holder.get("name", "")) if isinstance(holder, dict) else ""
