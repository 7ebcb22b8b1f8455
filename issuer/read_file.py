"""From a file of any kind to drafts: JSON, CSV, XLSX or ODS; certificates of conformity or of calibration.

This is step 1 of issuing, which touches nothing: it may be run alone, to see what would be issued.
"""

from dataclasses import dataclass
from typing import Final

from issuer.body import Body
from issuer.calibration_columns import CALIBRATION
from issuer.calibration_sheets import read_calibration_sheets
from issuer.columns import CONFORMITY, Columns
from issuer.drafts import Drafts
from issuer.headings import no_table
from issuer.input_file import InputFile
from issuer.json_drafts import read_json_drafts
from issuer.json_file import MAX_JSON_BYTES
from issuer.problems import Place, RowProblem
from issuer.result_columns import RESULTS
from issuer.rows import read_rows
from issuer.spreadsheet import read_sheet
from issuer.table import Table

CERTIFICATES: Final[tuple[Columns, ...]] = (CONFORMITY, CALIBRATION)


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file holds.

    Attributes:
        drafts: certificates, mistakes and advice.
        tables: the sheets that they were read from; none for JSON.
    """

    drafts: Drafts
    tables: tuple[Table, ...] = ()

    @property
    def notices(self) -> tuple[RowProblem, ...]:
        """What the person should know about how it was read, such as a guessed encoding."""
        return tuple(notice for table in self.tables if table.grid for notice in table.grid.notices)


def read_file_drafts(
    file: InputFile, body: Body, did: str, *, sheet: str | None = None, results: InputFile | None = None
) -> ReadFile:
    """Read a file and understand all of it.

    Args:
        file: its name's ending tells JSON; everything else is told by its bytes.
        body: the certification body or laboratory.
        did: the DID that will sign.
        sheet: the sheet of certificates, where the first with known headings is not meant.
        results: the results of calibrations, where they are in another file.
    """
    if file.name.lower().endswith(".json"):
        return ReadFile(read_json_drafts(file.head(MAX_JSON_BYTES + 1), body, did))
    table = read_sheet(file, CERTIFICATES, sheet)
    if table.columns is not CALIBRATION:
        return ReadFile(read_rows(table, body, did), (table,))
    if results is None and (table.grid is None or not table.sheet):
        tables = (table, no_table(RowProblem(Place(0), "no-results"), None, RESULTS))
    else:
        tables = (table, read_sheet(results or file, (RESULTS,), label=results.name if results else ""))
    return ReadFile(read_calibration_sheets(*tables, body, did), tables)
