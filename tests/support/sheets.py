"""Spreadsheets for tests: good rows with a cell changed here and there, as CSV, XLSX and ODS."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import xlsxwriter

from issuer.columns import BY_NAME
from tools.spreadsheets import zip_bytes

SHEET: Final = "Giấy chứng nhận"
GOOD: Final = {
    "number": "MAU-1",
    "version": "",
    "kind": "hợp quy",
    "client": "Công ty TNHH Mẫu",
    "tax_code": "0100000001",
    "client_address": "Hà Nội",
    "country": "",
    "sites": "",
    "scope": "Dây điện bọc nhựa PVC",
    "sector_codes": "",
    "product": "Dây điện",
    "model": "VCm 2×1,5 | VCm 2×2,5",
    "brand": "MẪU",
    "gtin": "8930000001016 | 8930000001023",
    "hs_code": "8544.49.41",
    "ratings": "Điện áp = 300/500 [V]",
    "batch_no": "",
    "quantity": "",
    "standards": "QCVN 4:2009/BKHCN | TCVN 6610-5:2014",
    "method": "5",
    "scheme_type": "",
    "designation": "9901/QĐ-TĐC",
    "accreditation": "",
    "decision_date": "16/11/2026",
    "issue_date": "18/11/2026",
    "effective_date": "",
    "original_date": "",
    "expiry_date": "17/11/2029",
    "test_report": "TN-1",
    "test_lab": "Phòng Thử nghiệm Mẫu",
    "test_date": "02/11/2026",
    "mark": "CR",
    "surveillance_months": "12",
    "next_surveillance": "",
    "replace_reason": "",
}
HEADINGS: Final = [BY_NAME[name].vi for name in GOOD]
LETTERS: Final = {name: chr(65 + i) if i < 26 else "A" + chr(39 + i) for i, name in enumerate(GOOD)}


@dataclass(frozen=True)
class Formula:
    """A cell that is calculated; `value` is what the file keeps of the last time."""

    text: str
    value: Any = 0


@dataclass(frozen=True)
class Number:
    """A number with a number format."""

    value: float
    format: str = "General"


@dataclass(frozen=True)
class Page:
    """A sheet of a workbook; `change` gets the worksheet and the workbook at the end."""

    rows: Sequence[Sequence[Any]]
    change: Callable[[Any, Any], object] = field(default=lambda _page, _book: None)


def good_row(position: int, **changes: Any) -> list[Any]:
    """Return a good row's cells with some changed; its position makes it a certificate of its own."""
    return list((GOOD | {"number": f"MAU-{position}"} | changes).values())


def csv_of(rows: Sequence[Sequence[str]], headings: Sequence[str] | None = None, **form: Any) -> bytes:
    """Return rows as CSV in UTF-8, or in the `encoding` and with the `delimiter` given."""
    encoding = form.pop("encoding", "utf-8")
    text = io.StringIO()
    writer = csv.writer(text, **form)
    writer.writerow(HEADINGS if headings is None else headings)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_of(pages: Mapping[str, Page]) -> bytes:
    """Return a workbook as Excel writes it: texts shared, dates and numbers with their formats."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"strings_to_formulas": False, "strings_to_numbers": False}) as book:
        for name, page in pages.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(page.rows):
                for c, cell in enumerate(row):
                    _write(book, sheet, r, c, cell)
            page.change(sheet, book)
    return buffer.getvalue()


def one_sheet(rows: Sequence[Sequence[Any]], change: Callable[[Any, Any], object] | None = None) -> bytes:
    """Return a workbook of one sheet with the usual headings."""
    page = Page([HEADINGS, *rows]) if change is None else Page([HEADINGS, *rows], change)
    return xlsx_of({SHEET: page})


def repacked(data: bytes, **changes: bytes) -> bytes:
    """Return a workbook with parts replaced or added: `sheet1=…` is xl/worksheets/sheet1.xml."""
    names = {
        name: f"xl/worksheets/{name}.xml" if name.startswith("sheet") else f"xl/{name}.xml"
        for name in changes
    }
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    return zip_bytes(parts | {names[name]: part for name, part in changes.items()})


def worksheet(rows: str, before: str = "") -> bytes:
    """Return a worksheet part around the XML of its rows."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?><worksheet xmlns="{space}">{before}<sheetData>{rows}</sheetData></worksheet>'.encode()


def _write(book: Any, sheet: Any, row: int, column: int, cell: Any) -> None:
    match cell:
        case Formula():
            sheet.write_formula(row, column, cell.text, None, cell.value)
        case Number():
            sheet.write_number(row, column, cell.value, book.add_format({"num_format": cell.format}))
        case bool():
            sheet.write_boolean(row, column, cell)
        case int() | float():
            sheet.write_number(row, column, cell)
        case dt.datetime():
            sheet.write_datetime(row, column, cell, book.add_format({"num_format": "dd/mm/yyyy hh:mm"}))
        case dt.date():
            sheet.write_datetime(row, column, cell, book.add_format({"num_format": "dd/mm/yyyy"}))
        case _:
            sheet.write_string(row, column, cell)
