"""From the plain form of a calibration's results to the tables of the certificate.

A column `uncertainty` becomes the U of each row; a unit as people write it gets its D-SI spelling. Values are copied as
they are written: not one digit is added or taken away.
"""

from typing import Final, NamedTuple

from certlog.strict_json import JSONObject, JSONValue
from issuer.calibration_words import COLUMN_WORDS, DISTRIBUTION_WORDS, STAGE_WORDS, UNCERTAINTY_COLUMN
from issuer.plain import PlainReader, without_none
from issuer.unit_words import dsi_of

_USUAL_P: Final = "0.95"
_DSI: Final = "\\"


def read_result(plain: PlainReader, position: int, *, adjusted: bool) -> JSONObject:
    """Return one result as the certificate carries it; what is wrong is reported and left out."""
    stage = plain.word("stage", STAGE_WORDS, required=adjusted)
    if stage and not adjusted:
        plain.report("stage", "needs-column", expected="adjusted")
    unit = read_unit(plain, "unit", required=True)
    columns = [_read_column(column) for column in plain.objects("columns", required=True, short="kind")]
    rows = plain.rows("rows")
    at = next((i for i, column in enumerate(columns) if column.get("kind") == UNCERTAINTY_COLUMN), None)
    if at is not None:
        columns.pop(at)
    values = _uncertainty_values(plain, rows, at)
    result = without_none(
        ref=plain.text("ref") or f"r{position + 1}",
        name=plain.local("name", required=True),
        quantity=plain.text("quantity", required=True),
        unit=unit.dsi,
        displayUnit=unit.written,
        stage=stage,
        columns=columns,
        rows=[[cell for i, cell in enumerate(row) if i != at] for row in rows],
        uncertainty=_read_uncertainty(plain, values),
    )
    plain.refuse_others()
    return result


class Unit(NamedTuple):
    """A unit in D-SI and as it is written on the page; None where it is absent or was reported."""

    dsi: str | None
    written: str | None


def read_unit(
    plain: PlainReader, name: str, *, required: bool = False, display: str = "display_unit"
) -> Unit:
    """Return a unit that is written as people do, or in D-SI with its display."""
    found = plain.text(name, required=required)
    written = plain.text(display)
    if found is None:
        return Unit(None, None)
    if found.startswith(_DSI):
        if written is None:
            plain.report(display, "empty")
        return Unit(found, written)
    dsi = dsi_of(found)
    if dsi is None:
        plain.report(name, "unknown-unit", found=found[:60])
    return Unit(dsi, written or found)


def _read_column(plain: PlainReader) -> JSONObject:
    unit = read_unit(plain, "unit")
    column = without_none(
        kind=plain.word("kind", COLUMN_WORDS, required=True),
        label=plain.local("label"),
        unit=unit.dsi,
        displayUnit=unit.written,
    )
    plain.refuse_others()
    return column


def _uncertainty_values(plain: PlainReader, rows: list[list[str]], at: int | None) -> list[JSONValue]:
    one = plain.text("uncertainty", required=at is None)
    if at is None:
        return [one] if one is not None else []
    if one is not None:
        plain.report("uncertainty", "uncertainty-twice")
    return [row[at] for row in rows if at < len(row)]


def _read_uncertainty(plain: PlainReader, values: list[JSONValue]) -> JSONObject:
    unit = read_unit(plain, "uncertainty_unit", display="uncertainty_display_unit")
    found = without_none(
        kind="expanded",
        values=values,
        k=plain.text("k", required=True),
        p=plain.text("p") or _USUAL_P,
        distribution=plain.word("distribution", DISTRIBUTION_WORDS) or "normal",
        unit=unit.dsi,
        displayUnit=unit.written,
    )
    return {**found, "sameUnit": unit.dsi is None}
