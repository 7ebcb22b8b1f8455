"""The results of a calibration certificate: tables of decimal texts, each with its unit and its expanded uncertainty.

ISO/IEC 17025:2017, 7.8.4.1 a, and ILAC-P14:09/2020, section 5: U at most two significant digits, with k and p.
"""

from collections.abc import Iterator
from typing import Final

from certlog.decimals import is_decimal, significant_digits, value_of
from certlog.dsi_units import check_unit
from certlog.envelope import items_of, subject_problem
from certlog.errors import InvalidInput
from certlog.schemas.calibration import NUMBER_COLUMNS
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, get_list, get_object, get_str

MAX_UNCERTAINTY_DIGITS: Final = 2
FINDINGS: Final = ("measuredValue", "measurementError", "correction")
"""What a calibration finds; a table without any of these columns has no result."""


def check_results(subject: JSONObject) -> Iterator[InvalidInput]:
    """Yield every problem inside the results of a certificate whose shape is right."""
    refs: set[str] = set()
    for i, result in enumerate(items_of(subject, "results")):
        place, ref = f"results/{i}", get_str(result, "ref")
        if ref in refs:
            yield subject_problem(
                f"{place}/ref", Sentence("{found!r} is the ref of two results", found=ref), "ref"
            )
        refs.add(ref)
        yield from _unit_problems(result, place)
        yield from _column_problems(result, place)
        yield from _row_problems(result, place)
        yield from _uncertainty_problems(result, place)
    stages = {result.get("stage") for result in items_of(subject, "results")}
    if subject["adjustment"] == "performed" and "afterAdjustment" not in stages:
        message = Sentence("expected a result from after the adjustment (ISO/IEC 17025, 7.8.4.1 d)")
        yield subject_problem("results", message, "no-results-after")


def _unit_problems(result: JSONObject, place: str) -> Iterator[InvalidInput]:
    holders = [(place, result), (f"{place}/uncertainty", get_object(result, "uncertainty"))]
    holders += [(f"{place}/columns/{i}", column) for i, column in enumerate(items_of(result, "columns"))]
    for where, holder in holders:
        if "unit" in holder:
            try:
                check_unit(get_str(holder, "unit"), f"/credentialSubject/{where}/unit")
            except InvalidInput as error:
                yield error


def _column_problems(result: JSONObject, place: str) -> Iterator[InvalidInput]:
    columns = items_of(result, "columns")
    seen: set[str] = set()
    for i, column in enumerate(columns):
        name = f"{column['kind']} {column.get('label', '')}"
        if name in seen:
            message = Sentence("expected a label of its own, since {kind} stands twice", kind=column["kind"])
            yield subject_problem(f"{place}/columns/{i}", message, "column")
        seen.add(name)
        if "unit" in column and column["kind"] not in NUMBER_COLUMNS:
            message = Sentence("a column of texts has no unit")
            yield subject_problem(f"{place}/columns/{i}/unit", message, "column")
    if not {column["kind"] for column in columns} & set(FINDINGS):
        message = Sentence("expected a column of what was found: {names}", names=", ".join(FINDINGS))
        yield subject_problem(f"{place}/columns", message, "column")


def _row_problems(result: JSONObject, place: str) -> Iterator[InvalidInput]:
    kinds = [get_str(column, "kind") for column in items_of(result, "columns")]
    for i, row in enumerate(get_list(result, "rows")):
        cells = row if isinstance(row, list) else []
        if len(cells) != len(kinds):
            message = Sentence(
                "expected {wanted} cells, one a column, found {found}", wanted=len(kinds), found=len(cells)
            )
            yield subject_problem(f"{place}/rows/{i}", message, "row-length")
            continue
        for j, (kind, cell) in enumerate(zip(kinds, cells, strict=True)):
            if kind in NUMBER_COLUMNS and not is_decimal(str(cell)):
                message = Sentence("expected a decimal number such as 20.05, found {found!r}", found=cell)
                yield subject_problem(f"{place}/rows/{i}/{j}", message, "decimal")


def _uncertainty_problems(result: JSONObject, place: str) -> Iterator[InvalidInput]:
    uncertainty, place = get_object(result, "uncertainty"), f"{place}/uncertainty"
    values, rows = [str(value) for value in get_list(uncertainty, "values")], get_list(result, "rows")
    if len(values) not in (1, len(rows)):
        message = Sentence(
            "expected 1 value, or {rows}: one a row; found {found}", rows=len(rows), found=len(values)
        )
        yield subject_problem(f"{place}/values", message, "uncertainty")
    for i, value in enumerate(values):
        if value_of(value) <= 0:
            message = Sentence("expected more than 0, found {found}", found=value)
            yield subject_problem(f"{place}/values/{i}", message, "uncertainty")
        elif significant_digits(value) > MAX_UNCERTAINTY_DIGITS:
            message = Sentence("expected at most 2 significant digits (ILAC-P14), found {found}", found=value)
            yield subject_problem(f"{place}/values/{i}", message, "uncertainty-digits")
    if value_of(get_str(uncertainty, "k")) < 1:
        message = Sentence("expected a coverage factor of at least 1, found {found}", found=uncertainty["k"])
        yield subject_problem(f"{place}/k", message, "uncertainty")
    if not 0 < value_of(get_str(uncertainty, "p")) < 1:
        message = Sentence("expected a probability between 0 and 1, found {found}", found=uncertainty["p"])
        yield subject_problem(f"{place}/p", message, "uncertainty")
