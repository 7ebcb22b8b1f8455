"""A large spreadsheet of certificates of conformity, whose rows are not held in memory; see read_file.py for others."""

from issuer.body import Body
from issuer.columns import CONFORMITY
from issuer.draft_stream import TableDrafts
from issuer.input_file import InputFile
from issuer.read_file import CERTIFICATES
from issuer.spreadsheet import read_sheet


def open_large(
    file: InputFile, body: Body, did: str, *, sheet: str | None = None, jobs: int = 1
) -> TableDrafts | None:
    """Return the drafts of a large file as a stream; None for what read_file_drafts reads whole.

    Args:
        file: the file.
        body: the certification body.
        did: the DID that will sign.
        sheet: the sheet of certificates, where the first with known headings is not meant.
        jobs: processes that understand rows.
    """
    if file.name.lower().endswith(".json"):
        return None
    table = read_sheet(file, CERTIFICATES, sheet)
    stream = TableDrafts(table, body, did, jobs)
    return stream if table.columns is CONFORMITY and not stream.is_small() else None
