"""From the rows of a file to drafts: certificates complete but for id, salt, slot and what they replace.

Every row is read to its end and every problem kept. At the end the certificate's own schema and rules are asked
(issuer.drafts), so that nothing is signed that a registry or verifier would refuse.
"""

import datetime as dt
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from certlog.credential import CONTEXTS, TYPES
from certlog.strict_json import JSONObject
from issuer.body import Body
from issuer.cells import CellReader
from issuer.drafts import Draft, Drafts, refusals
from issuer.problems import Place, RowProblem
from issuer.row_dates import RowDates, read_dates
from issuer.row_parties import present, read_client, read_evidence, read_signatory, read_sites
from issuer.row_products import read_products, read_scheme
from issuer.row_standards import read_standards
from issuer.row_texts import read_scope, read_title
from issuer.table import MAX_PROBLEMS, Heading, Row, Table
from issuer.words import KIND_WORDS, LANGUAGE_WORDS, MARK_WORDS, REASON_WORDS

MAX_VERSION: Final = 9999
_MAX_MONTHS: Final = 120


@dataclass(frozen=True, slots=True)
class RowSource:
    """One row of a table, with the headings that it stands under."""

    headings: Mapping[str, Heading]
    row: Row
    sheet: str = ""

    def place(self, name: str = "") -> Place:
        """Return the place of a cell by its English column name."""
        return Table(self.headings, (), sheet=self.sheet).place(self.row.number, name)

    def name_of(self, character: str) -> str:
        """Return the column that holds a character; "" if it came from elsewhere, such as body.toml."""
        cells = self.row.cells.items()
        return next((name for name, text in cells if character in unicodedata.normalize("NFC", text)), "")


def read_rows(table: Table, body: Body, did: str) -> Drafts:
    """Understand every row of a table.

    Args:
        table: as read from a spreadsheet or JSON.
        body: the certification body.
        did: the issuer's DID, under which the certificates will be signed.
    """
    problems = list(table.problems)
    drafts: list[Draft] = []
    for draft, found in iter_rows(table, body, did):
        problems += found
        if draft is not None:
            drafts.append(draft)
    problems.sort(key=lambda problem: problem.place.order)
    return Drafts(tuple(drafts), tuple(problems))


def iter_rows(table: Table, body: Body, did: str) -> Iterator[tuple[Draft | None, tuple[RowProblem, ...]]]:
    """Yield the draft of each row, or None and what is wrong with the row; nothing is kept but numbers.

    The problems of the file and its headings are not among them. Reading stops beyond MAX_PROBLEMS.
    """
    # What was told once, at the headings, is not told again in every row.
    told = ("missing-column", "duplicate-column", "hidden-column")
    unusable = frozenset(problem.place.column for problem in table.problems if problem.code in told)
    reading = _Reading(table, body, did, unusable, {})
    count = 0
    for row in table.rows:
        draft, problems = reading.understand(row)
        yield draft, problems
        count += len(problems)
        if count > MAX_PROBLEMS:
            values = {"found": str(MAX_PROBLEMS), "row": str(row.number)}
            yield None, (RowProblem(Place(0, sheet=table.sheet), "too-many-problems", values),)
            return


@dataclass(frozen=True, slots=True)
class _Reading:
    table: Table
    body: Body
    did: str
    unusable: frozenset[str]
    seen: dict[tuple[str, int], int]

    def understand(self, row: Row) -> tuple[Draft | None, tuple[RowProblem, ...]]:
        if any(not problem.place.column for problem in row.problems):
            return None, row.problems
        cells = CellReader(self.table, row, self.unusable)
        source = RowSource(self.table.headings, row, self.table.sheet)
        draft = _read_row(cells, source, self.body, self.did)
        if draft is not None:
            _require_new(cells, draft, self.seen)
        return (None if cells.failed else draft), tuple(cells.problems)


def _read_row(cells: CellReader, source: RowSource, body: Body, did: str) -> Draft | None:
    number = cells.text("number")
    version = cells.number("version", 1, MAX_VERSION) or 1
    reason = _replace_reason(cells, version)
    kind = cells.word("kind", KIND_WORDS)
    dates = read_dates(cells, kind)
    standards = read_standards(cells, kind, body, dates.decision)
    subject = present(
        certificateKind=kind,
        certificationBody=body.certification_body,
        cbRegistration=body.registration,
        designation=standards.designation,
        accreditation=standards.accreditation,
        client=read_client(cells),
        sites=read_sites(cells),
        scope=read_scope(cells),
        products=read_products(cells, kind),
        criteria=standards.criteria,
        scheme=read_scheme(cells, kind),
        surveillance=_surveillance(cells),
        evidence=read_evidence(cells, dates.decision),
        mark=_mark(cells),
        authorisedBy=read_signatory(cells, body),
        soaVersion=cells.text("soa_version"),
        decisionDate=_iso(dates.decision),
        issueDate=_iso(dates.issue),
        originalIssueDate=_iso(dates.original),
        expiryDate=_iso(dates.expiry),
    )
    content: JSONObject = {"@context": list(CONTEXTS)}
    content |= present(
        type=list(TYPES),
        issuer={"id": did, "name": body.name, "legalId": body.legal_id},
        name=read_title(cells, kind),
        certificateNumber=number,
        version=version,
        language=cells.word("language", LANGUAGE_WORDS) or "vi",
        issuedEarlier=_iso(cells.date("issued_earlier")),
        credentialSubject=subject,
        **_validity(dates, body.offset),
    )
    if cells.failed or number is None:
        return None
    for problem in refusals(content):
        cells.report("", "refused-content", found=str(problem))
    return Draft(source, number, version, content, reason)


def _require_new(cells: CellReader, draft: Draft, seen: dict[tuple[str, int], int]) -> None:
    first = seen.setdefault((draft.number, draft.version), cells.row)
    if first != cells.row:
        values = {"found": draft.number, "version": str(draft.version), "first": str(first)}
        cells.report("number", "duplicate-number", **values)


def _replace_reason(cells: CellReader, version: int) -> str | None:
    reason = cells.word("replace_reason", REASON_WORDS)
    if version == 1 and reason and "version" not in cells.failed:
        cells.report("replace_reason", "needless-reason")
    if version > 1 and not reason and "replace_reason" not in cells.failed:
        cells.report("replace_reason", "missing-reason", found=str(version))
    return reason


def _validity(dates: RowDates, offset: str) -> JSONObject:
    begin = f"{_iso(dates.effective)}T00:00:00{offset}"
    if dates.expiry is None:
        return {"validFrom": begin}
    return {"validFrom": begin, "validUntil": f"{_iso(dates.expiry)}T23:59:59{offset}"}


def _surveillance(cells: CellReader) -> "JSONObject | None":
    months = cells.number("surveillance_months", 1, _MAX_MONTHS)
    due = cells.date("next_surveillance")
    if months is None:
        if due and "surveillance_months" not in cells.failed:
            expected = cells.heading("surveillance_months")
            cells.report("next_surveillance", "needs-column", expected=expected)
        return None
    return present(intervalMonths=months, nextDue=_iso(due))


def _mark(cells: CellReader) -> "JSONObject | None":
    mark = cells.word("mark", MARK_WORDS)
    return {"type": mark} if mark else None


def _iso(date: dt.date | None) -> str | None:
    return date.isoformat() if date else None
