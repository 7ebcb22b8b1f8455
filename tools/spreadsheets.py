"""Make the example workbooks from the example CSV and JSON files: `python -m tools.spreadsheets`.

XLSX comes from the template's own writer; ODS is written here, by hand, in the few tags that it needs.
"""

import csv
import datetime as dt
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias
from xml.sax.saxutils import escape, quoteattr

from issuer.calibration_columns import CALIBRATION
from issuer.columns import CONFORMITY, Columns, Holds, fold
from issuer.result_columns import RESULTS
from issuer.template import (
    CALIBRATION_CHOICES,
    CONFORMITY_SHEET,
    RESULTS_CHOICES,
    TemplateSheet,
    write_template,
)

EXAMPLES: Final = Path(__file__).resolve().parents[1] / "examples"
OdsCell: TypeAlias = "str | dt.date | float | bool | OdsXml"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_DAY_FIRST: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_TYPE: Final = "application/vnd.oasis.opendocument.spreadsheet"
_URN: Final = "urn:oasis:names:tc:opendocument:xmlns"
_SPACES: Final = " ".join(
    f'xmlns:{name}="{_URN}:{name}:1.0"' for name in ("office", "table", "text", "style")
)


class OdsXml(str):
    """A cell, or a row, in XML as it is."""

    __slots__ = ()


def ods_bytes(sheets: Mapping[str, Sequence[Sequence[OdsCell] | OdsXml]], before: str = "") -> bytes:
    """Return an ODS file; `before` is XML that stands before the sheets, such as styles."""
    tables = "".join(
        f"<table:table table:name={quoteattr(name)}>{''.join(map(_ods_row, rows))}</table:table>"
        for name, rows in sheets.items()
    )
    body = f"{before}<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES} office:version="1.3">'
    )
    manifest = (
        f'<manifest:manifest xmlns:manifest="{_URN}:manifest:1.0" manifest:version="1.3">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_TYPE}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return zip_bytes(
        {
            "mimetype": _TYPE.encode(),
            "content.xml": f"{content}{body}</office:document-content>".encode(),
            "META-INF/manifest.xml": manifest.encode(),
        }
    )


def zip_bytes(parts: Mapping[str, bytes]) -> bytes:
    """Return a ZIP file whose bytes depend on the parts only; the first is stored, as OpenDocument asks."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for i, (name, data) in enumerate(parts.items()):
            method = zipfile.ZIP_DEFLATED if i else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, method)
    return buffer.getvalue()


def _ods_row(cells: Sequence[OdsCell] | OdsXml) -> str:
    if isinstance(cells, OdsXml):
        return cells
    return f"<table:table-row>{''.join(map(_ods_cell, cells))}</table:table-row>"


def _ods_cell(cell: OdsCell) -> str:
    match cell:
        case OdsXml():
            return cell
        case bool():
            kind, shown = f'boolean" office:boolean-value="{str(cell).lower()}', str(cell).upper()
        case float():
            kind, shown = f'float" office:value="{cell!r}', f"{cell:g}"
        case dt.date():
            kind, shown = f'date" office:date-value="{cell.isoformat()}', f"{cell:%d/%m/%Y}"
        case _:
            kind, shown = "string", cell
    if shown == "":
        return "<table:table-cell/>"
    paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in shown.split("\n"))
    return f'<table:table-cell office:value-type="{kind}">{paragraphs}</table:table-cell>'


def typed_rows(path: Path, columns: Columns) -> list[dict[str, str | dt.date]]:
    """Return the rows of an example CSV file by column name, with dates as workbooks have them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    found = [columns.by_heading[fold(heading)] for heading in lines[0]]
    return [
        {column.name: _typed(text, column.holds) for column, text in zip(found, line, strict=True)}
        for line in lines[1:]
    ]


def _typed(text: str, holds: Holds) -> str | dt.date:
    if holds is not Holds.DATE or not text:
        return text
    found = _DAY_FIRST.fullmatch(text)
    return dt.date(int(found[3]), int(found[2]), int(found[1])) if found else dt.date.fromisoformat(text)


def calibration_rows(
    certificates: Sequence[Mapping[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of both sheets for certificates in the plain form, as far as the sheets can say them."""
    names = {column.name for column in CALIBRATION.all}
    rows = []
    results = []
    for plain in certificates:
        row = {name: value for name, value in plain.items() if name in names and isinstance(value, str)}
        item = plain["items"][0]
        row |= {name: str(value) for name, value in item.items() if name in names} | {"item": item["name"]}
        row["item_en"] = item.get("name_en", "")
        row["adjusted"] = "có" if plain.get("adjusted") else "không"
        row["methods"] = " | ".join(
            method if isinstance(method, str) else method["number"] for method in plain["methods"]
        )
        row["environment"] = " | ".join(map(_environment, plain["environment"]))
        for column, member in (
            ("standard", "standard"), ("standard_serial", "serial"), ("standard_certificate", "certificate"),
            ("standard_issuer", "issuer"), ("standard_valid_until", "valid_until"),
        ):  # fmt: skip
            row[column] = " | ".join(standard[member] for standard in plain["traceability"])
        rows.append(
            {
                name: _typed(value, CALIBRATION.by_name[name].holds)
                if "|" not in value and name != "standard_valid_until"
                else value
                for name, value in row.items()
            }
        )
        for result in plain["results"]:
            results += _result_rows(plain["number"], result)
    return rows, results


def _environment(condition: Mapping[str, str]) -> str:
    if "min" in condition:
        return f"{condition['quantity']} = {condition['min']} … {condition['max']} [{condition['unit']}]"
    return (
        f"{condition['quantity']} = {condition['value']} ± {condition['uncertainty']} [{condition['unit']}]"
    )


def _result_rows(number: str, result: Mapping[str, Any]) -> list[dict[str, str]]:
    kinds = [column if isinstance(column, str) else column["kind"] for column in result["columns"]]
    labels: Mapping[str, str] = next(
        (column for column in result["columns"] if not isinstance(column, str)), {}
    )
    rows = [
        {"number": number, "result": result["name"], **dict(zip(kinds, row, strict=True))}
        for row in result["rows"]
    ]
    names = {"name_en": "result_en", "uncertainty": "uncertainty"}
    names |= {
        name: name for name in ("quantity", "unit", "stage", "k", "p", "distribution", "uncertainty_unit")
    }
    rows[0] |= {column: result[name] for name, column in names.items() if name in result}
    rows[0] |= {f"condition_{name}": labels[name] for name in ("label", "label_en", "unit") if name in labels}
    return rows


def make_examples(folder: Path) -> None:
    """Write the example workbooks into a folder; those that are there are replaced."""
    rows = typed_rows(EXAMPLES / "conformity.csv", CONFORMITY)
    certificates, results = calibration_rows(
        json.loads((EXAMPLES / "calibration.json").read_text(encoding="utf-8"))
    )
    sheets = {
        "conformity.xlsx": [TemplateSheet(CONFORMITY_SHEET.name, CONFORMITY, CONFORMITY_SHEET.choices, rows)],
        "calibration.xlsx": [
            TemplateSheet("Giấy chứng nhận", CALIBRATION, CALIBRATION_CHOICES, certificates),
            TemplateSheet("Kết quả", RESULTS, RESULTS_CHOICES, results),
        ],
    }
    with tempfile.TemporaryDirectory() as made:
        for name, pages in sheets.items():
            write_template(Path(made, name), pages)
            (folder / name).write_bytes(Path(made, name).read_bytes())
    headings = [column.vi for column in CONFORMITY.all]
    lines = [[row.get(column.name, "") for column in CONFORMITY.all] for row in rows]
    (folder / "conformity.ods").write_bytes(ods_bytes({CONFORMITY_SHEET.name: [headings, *lines]}))


if __name__ == "__main__":
    make_examples(EXAMPLES)
