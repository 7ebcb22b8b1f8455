"""The standards of one row, and the designation and accreditation under which the body certified to them.

A technical regulation (QCVN) is certified by a designated body only; nothing else may name a designation.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from certlog.strict_json import JSONObject, JSONValue
from issuer.body import Body
from issuer.cells import CellReader
from issuer.words import parse_standard

_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class RowStandards:
    """Criteria of one row, with the designation and accreditation as the certificate carries them."""

    criteria: list[JSONValue]
    designation: "JSONObject | None"
    accreditation: "JSONObject | None"


def read_standards(cells: CellReader, kind: str | None, body: Body, decision: dt.date | None) -> RowStandards:
    """Read the standards and what entitled the body on the day of its decision."""
    criteria = _criteria(cells)
    regulations = [str(item["number"]) for item in criteria if item["kind"] == "QCVN"]
    designation = _in_body_file(cells, "designation", body.designations, decision)
    accreditation = _in_body_file(cells, "accreditation", body.accreditations, decision)
    if "standards" not in cells.failed and criteria:
        if kind == "product_regulation" and not regulations:
            cells.report("standards", "no-regulation")
        elif regulations and not designation and "designation" not in cells.failed:
            cells.report("designation", "missing-designation", found=regulations[0])
        elif designation and not regulations:
            cells.report("designation", "needless-designation")
    return RowStandards(list(criteria), designation, accreditation)


def _criteria(cells: CellReader) -> list[JSONObject]:
    criteria: list[JSONObject] = []
    for text in cells.texts("standards"):
        parsed = parse_standard(text)
        if parsed is None:
            cells.report("standards", "bad-standard", found=text[:_SHOWN])
            continue
        kind, number, year, amendment = parsed
        if any(item["number"] == number for item in criteria):
            cells.report("standards", "duplicate-standard", found=number)
            continue
        item: JSONObject = {"kind": kind, "number": number, "year": year}
        criteria.append(item if amendment is None else {**item, "amendment": amendment})
    return criteria


def _in_body_file(
    cells: CellReader, column: str, known: Mapping[str, JSONObject], decision: dt.date | None
) -> "JSONObject | None":
    name = cells.text(column)
    if name is None:
        return None
    if name not in known:
        listed = ", ".join(known) or "-"
        cells.report(column, "not-in-body-file", found=name[:_SHOWN], expected=listed)
        return None
    found = known[name]
    end = str(found["validUntil"])
    if decision and end < decision.isoformat():
        cells.report(column, "ended", found=name, end=end, expected=decision.isoformat())
    return found
