"""The dates of one row, in the order that the work has: decision, issue, effect, expiry."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from issuer.cells import CellReader

_ORDER: Final = (
    # earlier column, later column: both dates may fall on one day
    ("decision_date", "issue_date"),
    ("decision_date", "effective_date"),
    ("effective_date", "expiry_date"),
    ("issue_date", "expiry_date"),
)


@dataclass(frozen=True, slots=True)
class RowDates:
    """Dates of one row; None where the cell was empty or reported."""

    decision: dt.date | None
    issue: dt.date | None
    effective: dt.date | None
    original: dt.date | None
    expiry: dt.date | None


def read_dates(cells: CellReader, kind: str | None) -> RowDates:
    """Read the dates and report those out of order; a lot has no expiry, everything else needs one."""
    names = ("decision_date", "issue_date", "effective_date", "expiry_date", "original_date")
    dates = {name: cells.date(name) for name in names}
    dates["effective_date"] = dates["effective_date"] or dates["issue_date"]
    for earlier, later in _ORDER:
        _require_order(cells, dates, earlier, later)
    original, issued = dates["original_date"], dates["issue_date"]
    if original and issued and original > issued:
        values = {"found": original.isoformat(), "expected": issued.isoformat()}
        cells.report("original_date", "date-after", other=cells.heading("issue_date"), **values)
    if kind == "batch" and dates["expiry_date"]:
        cells.report("expiry_date", "needless-for-kind", kind=cells.text("kind") or "")
    if kind and kind != "batch" and not dates["expiry_date"] and "expiry_date" not in cells.failed:
        cells.report("expiry_date", "empty-for-kind", kind=cells.text("kind") or "")
    return RowDates(
        decision=dates["decision_date"],
        issue=dates["issue_date"],
        effective=dates["effective_date"],
        original=dates["original_date"],
        expiry=dates["expiry_date"],
    )


def _require_order(cells: CellReader, dates: dict[str, dt.date | None], earlier: str, later: str) -> None:
    first, second = dates[earlier], dates[later]
    if not first or not second or second >= first or later in cells.failed:
        return
    if later == "effective_date" and cells.text("effective_date") is None:
        return  # it is the issue date, which has its own message
    values = {"found": second.isoformat(), "expected": first.isoformat()}
    cells.report(later, "date-before", other=cells.heading(earlier), **values)
