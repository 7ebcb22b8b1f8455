"""`certlog registry receipt`: a COSE receipt (RFC 9942) of a certificate's entry, for SCITT programs."""

import os
from pathlib import Path

import click

from certlog.certificate_id import parse_id
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from cli.files import replace_file
from cli.language import Command, say

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("receipt", cls=Command)
@click.option("--data", "folder", type=_FOLDER, required=True, envvar="CERTLOG_DATA", help="The data folder.")
@click.option("--code", metavar="CODE", help="The certificate whose entry is in the log.")
@click.option("--from-size", type=int, help="Instead: that the newest head extends the log of this size.")
@click.option("-o", "--output", type=_FILE, help="Where to write it  [default: CODE.cbor, or from-SIZE.cbor]")
def receipt(*, folder: Path, code: str | None, from_size: int | None, output: Path | None) -> None:
    """Write a COSE receipt of the newest signed head, signed with the log key: for programs of other standards.

    It is an export and no evidence: it says nothing of status, trust or chain, and size and position are not signed.
    """
    from registry.data_folder import DataFolder  # noqa: PLC0415 - help needs no database
    from registry.keys import LogSigner, load_key  # noqa: PLC0415 - as above
    from registry.opening import Surroundings, open_registry  # noqa: PLC0415 - as above
    from registry.receipts import Receipts  # noqa: PLC0415 - as above

    if (code is None) == (from_size is None):
        raise click.UsageError("give --code CODE or --from-size SIZE")
    data = DataFolder(folder)
    registry = open_registry(data, Surroundings(os.environ))
    try:
        signer = LogSigner(registry.origin, load_key(data.log_key))
        receipts = Receipts(registry.database, registry.tiles, signer)
        if from_size is not None:
            path, content = Path(f"from-{from_size}.cbor"), receipts.of_growth(from_size)
        else:
            known = parse_id(code or "")
            view = registry.certificate_by_id(known)
            if view is None:
                raise InvalidInput("this registry has no certificate with this id", code="no-such-id")
            path, content = Path(f"{known}.cbor"), receipts.of_entry(view.index)
    finally:
        registry.database.close()
    replace_file(output or path, content)
    say(Sentence("{path}: {size} bytes", path=output or path, size=len(content)))
