"""The people and places of one row: client, sites, testing laboratory, signatory."""

import datetime as dt
import re
from typing import Final

from certlog.strict_json import JSONObject, JSONValue
from issuer.body import Body
from issuer.cells import CellReader, is_scientific

_VN_TAX_CODE: Final = re.compile(r"[0-9]{10}(-?[0-9]{3})?|[0-9]{12}", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_SHOWN: Final = 60


def present(**members: JSONValue) -> JSONObject:
    """Return an object of the members that have a value: absent ones are left out, never null."""
    return {name: value for name, value in members.items() if value is not None and value != []}


def read_client(cells: CellReader) -> JSONObject:
    """Read the certified organisation; a Vietnamese tax code is checked for its form."""
    country = (cells.text("country") or "VN").upper()
    tax_code = cells.text("tax_code")
    if not _COUNTRY.fullmatch(country):
        cells.report("country", "bad-country", found=country[:_SHOWN])
    if tax_code and is_scientific(tax_code):
        cells.report("tax_code", "scientific", found=tax_code[:_SHOWN])
    elif country == "VN" and tax_code and not _VN_TAX_CODE.fullmatch(tax_code):
        cells.report("tax_code", "bad-tax-code", found=tax_code)
    return present(
        name=cells.text("client"),
        nameEn=cells.text("client_en"),
        legalId=tax_code,
        address=cells.text("client_address"),
        country=country,
    )


def read_sites(cells: CellReader) -> list[JSONValue]:
    """Read the sites, each written `name = address`."""
    sites: list[JSONValue] = []
    for text in cells.texts("sites"):
        name, equals, address = (part.strip() for part in text.partition("="))
        if name and equals and address:
            sites.append({"name": name, "address": address})
        else:
            cells.report("sites", "bad-pair", found=text[:_SHOWN])
    return sites


def read_evidence(cells: CellReader, decision: dt.date | None) -> list[JSONValue]:
    """Read the test report; its laboratory and date go with it, and the decision rests on it."""
    report, laboratory, date = cells.text("test_report"), cells.text("test_lab"), cells.date("test_date")
    accreditation = cells.text("test_lab_accreditation")
    columns = ("test_report", "test_lab", "test_date")
    filled = [column for column in (*columns, "test_lab_accreditation") if cells.text(column) is not None]
    empty = [column for column in columns if cells.text(column) is None and column not in cells.failed]
    if not filled:
        return []
    for column in empty:
        cells.report(filled[0], "needs-column", expected=cells.heading(column))
    day = date.isoformat() if date else None
    if day and decision and day > decision.isoformat():
        values = {"found": day, "expected": decision.isoformat()}
        cells.report("test_date", "date-after", other=cells.heading("decision_date"), **values)
    return [present(testReportNo=report, lab=laboratory, labAccreditation=accreditation, date=day)]


def read_signatory(cells: CellReader, body: Body) -> JSONObject:
    """Return who authorised the certificate: the row's signatory, or the body's."""
    return {
        "name": cells.text("signatory") or body.signatory["name"],
        "title": cells.text("signatory_title") or body.signatory["title"],
    }
