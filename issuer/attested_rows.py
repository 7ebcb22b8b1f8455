"""A list of PDF files in the body's own layout, one header a row (CSV, XLSX, ODS or JSON), as drafts of certificates.

The list names each file, which lies beside it; nothing outside the list's folder is ever read. The files themselves
are looked at by issuer/attested.py.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certlog.schemas.attested import PDF, TYPE
from certlog.schemas.envelope import CONTEXTS, types_of
from certlog.strict_json import JSONObject, JSONValue
from issuer.attested_columns import ATTESTED_COLUMNS, CONFIDENTIAL_KINDS, KIND_WORDS, TITLES, VISIBILITY_WORDS
from issuer.body import Body
from issuer.cells import CellReader
from issuer.columns import LIST_SEPARATOR
from issuer.drafts import Draft, refusals
from issuer.input_file import InputFile
from issuer.json_file import read_items
from issuer.problems import Place, RowProblem
from issuer.row_parties import present, read_signatory
from issuer.row_standards import read_standards
from issuer.rows import MAX_VERSION, RowSource
from issuer.spreadsheet import read_spreadsheet
from issuer.table import Row, Table
from issuer.words import LANGUAGE_WORDS, REASON_WORDS

_ORDER: Final = (
    ("received_date", "performed_from"),
    ("performed_from", "performed_to"),
    ("performed_to", "issue_date"),
    ("issue_date", "expiry_date"),
)


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One row: where it stands, the file that it names, and how a draft is made once the file's hash is known."""

    source: RowSource
    path: Path
    draft: Callable[[JSONObject, list[JSONValue]], "Draft | tuple[RowProblem, ...]"]


def read_list(path: Path) -> Table:
    """Read a list of files; what is wrong with its form is in the table's `problems`."""
    if path.suffix.lower() != ".json":
        return read_spreadsheet(InputFile.at(path), ATTESTED_COLUMNS)
    with InputFile.at(path).open() as file:
        items, problems = read_items(file.read())
    rows = [_json_row(number, item, problems) for number, item in items]
    return Table({}, tuple(rows), tuple(problems), columns=ATTESTED_COLUMNS)


def read_listed(
    table: Table, row: Row, folder: Path, body: Body, did: str
) -> ListedFile | tuple[RowProblem, ...]:
    """Understand one row; the file that it names is not opened.

    Args:
        table: the list.
        row: one of its rows.
        folder: where the list lies, and its files.
        body: the certification body or laboratory.
        did: the issuer's DID.
    """
    if any(not problem.place.column for problem in row.problems):
        return row.problems
    told = ("missing-column", "duplicate-column", "hidden-column")
    unusable = frozenset(problem.place.column for problem in table.problems if problem.code in told)
    cells = CellReader(table, row, unusable)
    source = RowSource(table.headings, row, table.sheet)
    path = _file(cells, folder)
    number, version = cells.text("number"), cells.number("version", 1, MAX_VERSION) or 1
    reason = cells.word("replace_reason", REASON_WORDS)
    if (version == 1) is not (reason is None) and not {"version", "replace_reason"} & cells.failed:
        code = "needless-reason" if reason else "missing-reason"
        cells.report("replace_reason", code, found=str(version))
    content = _content(cells, body, did)
    if cells.failed or path is None or number is None:
        return tuple(cells.problems)
    content |= {"certificateNumber": number, "version": version}

    def draft(file: JSONObject, related: list[JSONValue]) -> "Draft | tuple[RowProblem, ...]":
        subject: JSONObject = {**_object(content["credentialSubject"]), "file": file}
        whole = content | {"credentialSubject": subject} | ({"relatedResource": related} if related else {})
        wrong = tuple(
            RowProblem(source.place(), "refused-content", {"found": str(problem)})
            for problem in refusals(whole)
        )
        return wrong or Draft(source, number, version, whole, reason)

    return ListedFile(source, path, draft)


def file_member(digest: str, *, stamped: bool) -> JSONObject:
    """Return the member that says which PDF a certificate is about."""
    return {"mediaType": PDF, "sourceDigest": digest, "stamped": stamped}


def names_of(kind: str) -> list[JSONValue]:
    """Return the name of a kind of certificate in both languages."""
    vi, en = TITLES[kind]
    return [{"@language": "vi", "@value": vi}, {"@language": "en", "@value": en}]


def _content(cells: CellReader, body: Body, did: str) -> JSONObject:
    kind = cells.word("kind", KIND_WORDS) or "conformity"
    names = dict.fromkeys(name for pair in _ORDER for name in pair)
    dates = {name: cells.date(name) for name in names}
    for earlier, later in _ORDER:
        _require_order(cells, dates, earlier, later)
    if kind == "calibration" and dates["performed_to"] is None and "performed_to" not in cells.failed:
        cells.report("performed_to", "empty-for-kind", kind=cells.text("kind") or "")
    if kind == "calibration" and dates["expiry_date"]:
        cells.report("expiry_date", "needless-for-kind", kind=cells.text("kind") or "")
    standards = read_standards(cells, None, body, dates["issue_date"])
    subject = present(
        attestedKind=kind,
        visibility=_visibility(cells, kind),
        body=body.laboratory.party if body.laboratory else body.certification_body,
        items=_items(cells),
        client=_client(cells),
        criteria=standards.criteria,
        designation=standards.designation,
        accreditation=standards.accreditation if kind == "conformity" else None,
        issueDate=_iso(dates["issue_date"]),
        expiryDate=_iso(dates["expiry_date"]),
        receiptDate=_iso(dates["received_date"]),
        performedFrom=_iso(dates["performed_from"]),
        performedTo=_iso(dates["performed_to"]),
        authorisedBy=[_signatory(cells, body)],
    )
    title = cells.text("title")
    content: JSONObject = {"@context": list(CONTEXTS), "type": list(types_of(TYPE))}
    return content | present(
        issuer={"id": did, "name": body.name, "legalId": body.legal_id},
        name=[{"@language": "vi", "@value": title}] if title else names_of(kind),
        language=cells.word("language", LANGUAGE_WORDS) or "vi",
        validFrom=f"{_iso(dates['issue_date'])}T00:00:00{body.offset}",
        validUntil=f"{_iso(end)}T23:59:59{body.offset}" if (end := dates["expiry_date"]) else None,
        issuedEarlier=_iso(cells.date("issued_earlier")),
        credentialSubject=subject,
    )


def _visibility(cells: CellReader, kind: str) -> str:
    found = cells.word("visibility", VISIBILITY_WORDS)
    if kind == "calibration" and found == "public":
        cells.report("visibility", "calibration-public")
    return found or ("confidential" if kind in CONFIDENTIAL_KINDS else "public")


def _items(cells: CellReader) -> list[JSONValue]:
    names = cells.texts("item")
    details = present(
        manufacturer=cells.text("manufacturer"), model=cells.text("model"), serial=cells.text("serial")
    )
    if len(names) > 1 and details:
        cells.report("item", "details-of-many", found=str(len(names)))
    return [{"name": name, **details} for name in names]


def _client(cells: CellReader) -> "JSONObject | None":
    name = cells.text("client")
    party = present(name=name, address=cells.text("client_address"), legalId=cells.text("tax_code"))
    if party and name is None and "client" not in cells.failed:
        cells.report("client", "empty")
    return party or None


def _signatory(cells: CellReader, body: Body) -> JSONObject:
    found = read_signatory(cells, body)
    return {"name": found["name"], "role": found["title"]}


def _require_order(cells: CellReader, dates: dict[str, dt.date | None], earlier: str, later: str) -> None:
    first, second = dates[earlier], dates[later]
    if first and second and second < first and later not in cells.failed:
        values = {"found": second.isoformat(), "expected": first.isoformat()}
        cells.report(later, "date-before", other=cells.heading(earlier), **values)


def _file(cells: CellReader, folder: Path) -> Path | None:
    """Return the file that a row names: in the list's folder or below it, wherever links lead."""
    name = cells.text("file")
    if name is None:
        return None
    home = folder.resolve()
    path = (home / name).resolve()
    if not path.is_relative_to(home) or "\\" in name:
        cells.report("file", "file-outside", found=name)
    elif path.suffix.lower() != ".pdf":
        cells.report("file", "file-not-pdf", found=name)
    elif not path.is_file():
        cells.report("file", "no-such-file", found=name)
    return path


def _json_row(number: int, item: JSONObject, problems: list[RowProblem]) -> Row:
    cells: dict[str, str] = {}
    for name, value in item.items():
        text = _text(value)
        if name not in ATTESTED_COLUMNS.by_name:
            near = {"found": name, "near": ATTESTED_COLUMNS.all[0].name}
            problems.append(RowProblem(Place(number, name), "unknown-column", near))
        elif text is None:
            problems.append(RowProblem(Place(number, name), "not-text"))
        else:
            cells[name] = text
    return Row(number, cells)


def _text(value: JSONValue) -> str | None:
    if isinstance(value, list):
        texts = [item for item in value if isinstance(item, str) and LIST_SEPARATOR not in item]
        return f" {LIST_SEPARATOR} ".join(texts) if len(texts) == len(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _object(value: JSONValue) -> JSONObject:
    return value if isinstance(value, dict) else {}


def _iso(date: dt.date | None) -> str | None:
    return date.isoformat() if date else None
