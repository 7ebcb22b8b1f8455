"""`certlog issuer labels`: labels for instruments and products whose certificates were issued from a folder."""

from pathlib import Path
from typing import Unpack

import click

from cli.issuer_options import SpeakOptions, output_of, speaking, told
from cli.language import Command
from issuer.disk import cannot_write
from issuer.http_registry import RegistryAddress
from issuer.journal import open_journal
from issuer.print_labels import SHEETS, LabelMaker, rows_to_label

_PATH = click.Path(path_type=Path)


class _LabelOptions(SpeakOptions):
    certificates: tuple[str, ...]
    folder: Path
    public_url: str
    sheet: str
    skip: int
    path: Path | None


@click.command(cls=Command)
@click.argument("certificates", nargs=-1)
@click.option("--out", "folder", type=_PATH, required=True, help="Folder of the PDFs and the journal.")
@click.option("--public-url", required=True, help="Address in the QR code: https://HOST")
@click.option(
    "--sheet",
    type=click.Choice(list(SHEETS)),
    default="roll",
    show_default=True,
    help="Labels on each A4 page; roll: one a page of the label's own size, 62 x 30 mm.",
)
@click.option(
    "--skip", type=click.IntRange(0, 26), default=0, help="Places of the first sheet that are used already."
)
@click.option("--to", "path", type=_PATH, help="The PDF to write; default: labels.pdf in the folder.")
@speaking
def labels(**options: Unpack[_LabelOptions]) -> None:
    """Make labels for CERTIFICATES (numbers or ids), or for the newest version of each in the folder.

    A label carries the code, the short id, the body, the instrument and its serial number, and dates. It never carries
    the key of sealed content, the customer or a result.
    """
    output, path = output_of(options), options["path"] or options["folder"] / "labels.pdf"
    with told(output):
        address = RegistryAddress.from_text(options["public_url"]).to_text()
        make = LabelMaker(address, SHEETS[options["sheet"]], options["skip"])
        with open_journal(options["folder"], create=False) as journal:
            rows = rows_to_label(journal, options["certificates"])
        made = make([row.secured() for row in rows], max((row.signed_at for row in rows), default=0))
        try:
            path.write_bytes(made.pdf)
        except OSError as error:
            raise cannot_write(path, error) from error
        output.result({"labels": made.count, "pdf": str(path)})
        output.say("labels-made", count=made.count, path=path)
