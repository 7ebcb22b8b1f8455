"""What issuing many certificates needs: several processes, PDFs later; `certlog issuer print` makes those left out."""

import os
from collections.abc import Callable
from typing import Final, TypeVar, Unpack

import click

from cli.issuer_options import DeskOptions, desk_options, now, open_key, output_of, progress_bars, told
from cli.language import Command as SpeakingCommand
from issuer.http_registry import RegistryAddress
from issuer.issue import PrintTools, print_waiting
from issuer.journal import open_journal
from issuer.pdf import PdfMaker

MAX_JOBS: Final = 64

Command = TypeVar("Command", bound=Callable[..., None])


class _PrintOptions(DeskOptions):
    public_url: str | None


def bulk_options(command: Command) -> Command:
    """Add --jobs and --no-pdf."""
    jobs = click.option(
        "--jobs",
        type=click.IntRange(1, MAX_JOBS),
        default=min(MAX_JOBS, os.cpu_count() or 1),
        show_default="the number of cores",
        help="Processes that read a large file.",
    )
    no_pdf = click.option(
        "--no-pdf", is_flag=True, help="Make no PDFs now; `certlog issuer print` does later."
    )
    return no_pdf(jobs(command))


@click.command(name="print", cls=SpeakingCommand)
@click.option("--public-url", help="Address in the QR code; default: the registry's.")
@desk_options
def print_command(**options: Unpack[_PrintOptions]) -> None:
    """Make the PDFs that `issue --no-pdf` left out, and sign what binds them; `submit --resume` sends that."""
    output, folder = output_of(options), options["folder"]
    with told(output):
        printed = RegistryAddress.from_text(options["public_url"] or options["registry_url"])
        key = open_key(options)
        with open_journal(folder, create=False) as journal, progress_bars(output) as progress:
            count = print_waiting(
                folder, PrintTools(key, journal, PdfMaker(printed.to_text()), now, progress)
            )
        output.say("printed", count=count, folder=folder)
        output.result({"printed": count})
