"""From a sheet of calibration certificates and a sheet of their results to the plain form, and from there to drafts.

A mistake that the plain form's reader finds at a path such as `results/0/rows/3/1` is told at the cell that it came
from. Measured values are copied as written; a decimal comma becomes a point only where it cannot separate thousands.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from certlog.strict_json import JSONObject, JSONValue
from issuer.body import Body
from issuer.calibration_input import read_calibration
from issuer.calibration_words import CALIBRATION_WORDS
from issuer.cells import CellReader
from issuer.columns import Holds
from issuer.drafts import Draft, Drafts
from issuer.problems import Place, RowProblem
from issuer.result_columns import VALUE_COLUMNS
from issuer.table import Row, Table

_ITEM: Final = (
    "manufacturer",
    "model",
    "serial",
    "asset_id",
    "range",
    "resolution",
    "condition",
    "condition_en",
    "group",
)
_AS_IS: Final = (
    "number", "version", "replace_reason", "customer", "customer_address", "customer_contact", "place",
    "place_address", "receipt_date", "performed_from", "performed_to", "issue_date", "adjusted", "accreditation",
    "recalibration_due", "recalibration_basis", "opinions", "issued_earlier", "language",
)  # fmt: skip
_STANDARD: Final = {
    "serial": "standard_serial",
    "certificate": "standard_certificate",
    "issuer": "standard_issuer",
    "valid_until": "standard_valid_until",
}
_OF_RESULT: Final = (
    "result_en", "quantity", "unit", "stage", "condition_label", "condition_label_en", "condition_unit",
    "uncertainty_unit", "k", "p", "distribution",
)  # fmt: skip
_RESULT_NAMES: Final = {"result": "name", "result_en": "name_en"}
_ENVIRONMENT: Final = re.compile(
    r"(?P<quantity>[^=]+)=\s*(?P<low>[^\s…±\[\]]+)\s*(?P<sign>…|\.\.\.?|±)\s*(?P<high>[^\s…±\[\]]+)\s*\[(?P<unit>[^\[\]]+)\]"
)
_COMMA: Final = re.compile(r"([-+]?)([0-9]+),([0-9]+)", re.ASCII)
_THOUSANDS: Final = re.compile(r"[-+]?[1-9][0-9]{0,2}(,[0-9]{3})+", re.ASCII)


@dataclass(slots=True)
class _Result:
    """One table of results: its rows as they stand in their sheet, and which columns are filled."""

    rows: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)

    def columns(self) -> list[str]:
        """Return the value columns that any row fills, in the page's order, U last where each row has its own."""
        names = [
            column.name for column in VALUE_COLUMNS if any(column.name in cells for _, cells in self.rows)
        ]
        return [*names, "uncertainty"] if self._own_uncertainty() else names

    def _own_uncertainty(self) -> bool:
        filled = [number for number, cells in self.rows if "uncertainty" in cells]
        return len(filled) > 1 or (bool(filled) and (len(self.rows) == 1 or filled[0] != self.rows[0][0]))

    def plain(self) -> JSONObject:
        """Return the plain form."""
        first = self.rows[0][1]
        columns = self.columns()
        kinds: list[JSONValue] = [self._column(name, first) for name in columns]
        rows: list[JSONValue] = [[cells.get(name, "") for name in columns] for _, cells in self.rows]
        names = (
            "result",
            "result_en",
            "quantity",
            "unit",
            "stage",
            "uncertainty_unit",
            "k",
            "p",
            "distribution",
        )
        plain: JSONObject = {_RESULT_NAMES.get(name, name): first[name] for name in names if name in first}
        if "uncertainty" in first and "uncertainty" not in columns:
            plain["uncertainty"] = first["uncertainty"]
        return {**plain, "columns": kinds, "rows": rows}

    @staticmethod
    def _column(name: str, first: Mapping[str, str]) -> JSONValue:
        if name != "condition":
            return name
        labels = {name: f"condition_{name}" for name in ("label", "label_en", "unit")}
        return {
            "kind": name,
            **{member: first[column] for member, column in labels.items() if column in first},
        }


@dataclass(frozen=True, slots=True)
class CalibrationSource:
    """The row of a certificate and the rows of its results; implements issuer.drafts.Source."""

    certificates: Table
    results: Table
    row: Row
    tables: tuple[_Result, ...]

    def place(self, name: str = "") -> Place:
        """Return the place of a member of the plain form by its path."""
        parts = name.split("/")
        if parts[0] == "results" and len(parts) > 1 and int(parts[1]) < len(self.tables):
            return self._place_of_result(self.tables[int(parts[1])], parts[2:])
        column = {"items": "item", "conformity": "specification", "authorised_by": "signatory"}.get(
            parts[0], parts[0]
        )
        last = parts[-1]
        if parts[0] == "items" and last in _ITEM:
            column = last
        elif parts[0] == "traceability":
            column = "traceability" if last == "statement" else _STANDARD.get(last, "standard")
        elif parts[0] == "conformity" and last in ("verdict", "decision_rule"):
            column = last
        elif parts[0] == "authorised_by" and last == "role":
            column = "signatory_role"
        return self.certificates.place(self.row.number, column)

    def name_of(self, character: str) -> str:
        """Return the path of a text that holds a character; "" if it came from elsewhere."""
        for name, text in self.row.cells.items():
            if character in unicodedata.normalize("NFC", text):
                return name
        for i, table in enumerate(self.tables):
            for r, (_, cells) in enumerate(table.rows):
                for name in cells:
                    if character in cells[name]:
                        columns = table.columns()
                        return (
                            f"results/{i}/rows/{r}/{columns.index(name)}"
                            if name in columns
                            else f"results/{i}/{name}"
                        )
        return ""

    def _place_of_result(self, table: _Result, path: list[str]) -> Place:
        names = {"name": "result", "name_en": "result_en", "columns": "condition", "rows": ""}
        first = table.rows[0][0]
        if len(path) == 3 and path[0] == "rows":  # noqa: PLR2004 - rows/<row>/<column>
            columns, column = table.columns(), int(path[2])
            row = table.rows[int(path[1])][0]
            return self.results.place(row, columns[column] if column < len(columns) else "")
        if path[:1] == ["columns"] and path[-1] in ("label", "label_en", "unit"):
            return self.results.place(first, f"condition_{path[-1]}")
        return self.results.place(first, names.get(path[0], path[0]) if path else "result")


def read_calibration_sheets(certificates: Table, results: Table, body: Body, did: str) -> Drafts:
    """Understand a sheet of certificates with the sheet of their results.

    Args:
        certificates: one row a certificate.
        results: one row for each row of a table of results.
        body: the laboratory.
        did: the issuer's DID, under which the certificates will be signed.
    """
    reading = _Reading(certificates, results, body, did)
    reading.read()
    problems = sorted(reading.problems, key=lambda problem: problem.place.order)
    refused = {problem.place.row for problem in problems if problem.place.sheet == results.sheet}
    kept = [draft for draft in reading.good if not _touches(draft, refused)]
    return Drafts(tuple(kept), tuple(problems), tuple(reading.advice))


class _Reading:
    """One reading of the two sheets, which gathers drafts, mistakes and advice."""

    def __init__(self, certificates: Table, results: Table, body: Body, did: str) -> None:
        self._certificates, self._results, self._body, self._did = certificates, results, body, did
        self.problems = [*certificates.problems, *results.problems]
        self.good: list[Draft] = []
        self.advice: list[RowProblem] = []
        self._first: dict[tuple[str, int], int] = {}

    def read(self) -> None:
        tables = _tables(self._results, self.problems)
        numbers: set[str] = set()
        unread = bool(_unusable(self._certificates))
        for row in self._certificates.rows:
            if any(not problem.place.column for problem in row.problems):
                self.problems += row.problems
                unread = True
            else:
                numbers.add(self._read_row(row, tables))
        if not unread:
            self.problems += _strays(self._results, tables, numbers)

    def _read_row(self, row: Row, tables: Mapping[str, Mapping[str, _Result]]) -> str:
        unusable = _unusable(self._certificates)
        cells = CellReader(self._certificates, row, unusable)
        plain = _plain(cells)
        number = str(plain.get("number", ""))
        found = tables.get(number, {})
        source = CalibrationSource(self._certificates, self._results, row, tuple(found.values()))
        draft, wrong, remarks = read_calibration(
            _with_results(plain, source.tables), source, self._body, self._did
        )
        told = {_cell_of(problem) for problem in (*cells.problems, *self.problems)}
        self.problems += cells.problems
        self.problems += [
            problem
            for problem in wrong
            if _cell_of(problem) not in told and problem.place.column not in unusable
        ]
        if draft is not None and not cells.failed:
            self._keep(draft, row, source, remarks)
        return number

    def _keep(self, draft: Draft, row: Row, source: CalibrationSource, remarks: list[RowProblem]) -> None:
        first = self._first.setdefault((draft.number, draft.version), row.number)
        if first == row.number:
            self.good.append(draft)
            self.advice += remarks
            return
        values = {"found": draft.number, "version": str(draft.version), "first": str(first)}
        self.problems.append(RowProblem(source.place("number"), "duplicate-number", values))


def _with_results(plain: JSONObject, tables: tuple[_Result, ...]) -> JSONObject:
    """Return the plain form with its results; a statement of conformity is about all of them."""
    whole: JSONObject = {**plain, "results": [table.plain() for table in tables]}
    statements = plain.get("conformity")
    if isinstance(statements, list):
        refs: list[JSONValue] = [f"r{i}" for i in range(1, len(tables) + 1)]
        whole["conformity"] = [{**item, "results": refs} for item in statements if isinstance(item, dict)]
    return whole


def _cell_of(problem: RowProblem) -> tuple[str, int, str]:
    return problem.place.sheet, problem.place.row, problem.place.column


def _touches(draft: Draft, refused: set[int]) -> bool:
    """Tell whether a row of the draft's results was refused, so that its table would lack it."""
    source = draft.source
    if not isinstance(source, CalibrationSource):
        return False
    return any(number in refused for table in source.tables for number, _ in table.rows)


def _unusable(table: Table) -> frozenset[str]:
    told = ("missing-column", "duplicate-column", "hidden-column")
    return frozenset(problem.place.column for problem in table.problems if problem.code in told)


def _tables(results: Table, problems: list[RowProblem]) -> dict[str, dict[str, _Result]]:
    """Return the tables of results by certificate number and name, in the order of the sheet."""
    found: dict[str, dict[str, _Result]] = {}
    for row in results.rows:
        if any(not problem.place.column for problem in row.problems):
            problems += row.problems
            continue
        cells = CellReader(results, row, _unusable(results))
        texts = {name: text for name in results.columns.by_name if (text := _value(cells, name)) is not None}
        if "number" in texts and "result" in texts:
            table = found.setdefault(texts["number"], {}).setdefault(texts["result"], _Result())
            _same_as_first(cells, table, texts)
            table.rows.append((row.number, texts))
        problems += cells.problems
    return found


def _value(cells: CellReader, name: str) -> str | None:
    """Return a cell's text; in a measured value, a decimal comma that can be nothing else becomes a point."""
    text = cells.text(name)
    if text is None or cells.holds(name) is not Holds.MEASURED or "," not in text:
        return text
    if _THOUSANDS.fullmatch(text):
        cells.report(name, "ambiguous-comma", found=text[:60])
        return None
    found = _COMMA.fullmatch(text)
    return f"{found[1]}{found[2]}.{found[3]}" if found else text


def _same_as_first(cells: CellReader, table: _Result, texts: Mapping[str, str]) -> None:
    if not table.rows:
        return
    first = table.rows[0][1]
    for name in _OF_RESULT:
        if name in texts and texts[name] != first.get(name, ""):
            cells.report(name, "differs-in-result", found=texts[name][:60], expected=first.get(name, "")[:60])


def _strays(
    results: Table, tables: Mapping[str, Mapping[str, _Result]], numbers: Iterable[str]
) -> Iterator[RowProblem]:
    """Yield the results whose certificate is not on the other sheet, once each."""
    for number in tables.keys() - set(numbers):
        first = min(row for table in tables[number].values() for row, _ in table.rows)
        yield RowProblem(results.place(first, "number"), "no-certificate", {"found": number})


def _plain(cells: CellReader) -> JSONObject:
    """Return the plain form of a row, without its results."""
    plain: JSONObject = {"kind": CALIBRATION_WORDS[0]}
    plain |= _members(cells, {name: name for name in _AS_IS})
    item = _members(cells, {"name": "item", "name_en": "item_en"} | {name: name for name in _ITEM})
    statement = _members(cells, {name: name for name in ("specification", "verdict", "decision_rule")})
    signatory = _members(cells, {"name": "signatory", "role": "signatory_role"})
    plain["methods"] = list(cells.texts("methods"))
    plain["environment"] = list(_environment(cells))
    plain["traceability"] = list(_standards(cells))
    if item:
        plain["items"] = [item]
    if statement:
        plain["conformity"] = [statement]
    if signatory:
        plain["authorised_by"] = [signatory]
    return plain


def _members(cells: CellReader, names: Mapping[str, str]) -> JSONObject:
    return {member: text for member, column in names.items() if (text := cells.text(column)) is not None}


def _environment(cells: CellReader) -> Iterator[JSONObject]:
    for text in cells.texts("environment"):
        found = _ENVIRONMENT.fullmatch(text)
        if found is None:
            cells.report("environment", "bad-environment", found=text[:60])
            continue
        low, high = (_point(found[name]) for name in ("low", "high"))
        range_or_value: JSONObject = (
            {"value": low, "uncertainty": high} if found["sign"] == "±" else {"min": low, "max": high}
        )
        yield {"quantity": found["quantity"].strip(), **range_or_value, "unit": found["unit"].strip()}


def _point(text: str) -> str:
    found = _COMMA.fullmatch(text)
    return f"{found[1]}{found[2]}.{found[3]}" if found and not _THOUSANDS.fullmatch(text) else text


def _standards(cells: CellReader) -> Iterator[JSONObject]:
    names = cells.texts("standard")
    statement = cells.text("traceability")
    columns = {member: cells.texts(column) for member, column in _STANDARD.items()}
    for member, values in columns.items():
        if len(values) not in (0, 1, len(names)) and "standard" not in cells.failed:
            values_of = {"found": str(len(values)), "expected": str(len(names))}
            cells.report(_STANDARD[member], "item-count", **values_of)
    for i, name in enumerate(names):
        own: JSONObject = {
            member: values[i] if len(values) > 1 else values[0]
            for member, values in columns.items()
            if len(values) in (1, len(names))
        }
        yield {"standard": name, **own, **({"statement": statement} if statement else {})}
