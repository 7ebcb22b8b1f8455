"""Tells people and programs what an issuing run found and did, and ends with the exit status that fits."""

import csv
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from certlog.encoding import b64url
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.status import StatusAction
from certlog.strict_json import JSONObject, JSONValue
from cli.endings import EXIT_REFUSED
from cli.issuer_options import EXIT_IN_PART, Output
from issuer.issue import Issued, IssueReport
from issuer.problems import RowProblem
from issuer.submit import Submitted
from web.translation import LANGUAGES, Language, said

_LISTED: Final = 200
# What a spreadsheet takes for the start of a formula.
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")


def tell_mistakes(
    output: Output, problems: Sequence[RowProblem], file: Path, errors: Path | None
) -> NoReturn:
    """List the mistakes of a file, of which nothing was issued, and end."""
    list_mistakes(output, problems, errors)
    output.say("mistakes", count=len(problems), file=file)
    output.result({"error": {"code": "rows-refused"}, "problems": problems_json(problems)})
    sys.exit(EXIT_REFUSED)


def tell_advice(output: Output, advice: Sequence[RowProblem]) -> None:
    """List what the laboratory should look at; nothing is stopped by it."""
    for remark in advice:
        output.line(in_language(remark, output.language).text(output.language))


def tell_report(
    output: Output, report: IssueReport, folder: Path, errors: Path | None, *, submitted: bool
) -> NoReturn:
    """Tell what was issued, and end."""
    output.result(
        {
            "issued": [_issued_json(issued) for issued in report.issued],
            "signed": report.signed,
            "problems": problems_json(report.problems),
            **submitted_json(report.submitted),
        }
    )
    if report.problems:
        list_mistakes(output, report.problems, errors)
        output.say("left-out", count=len(report.problems))
    output.say("issued", count=len(report.issued), signed=report.signed, folder=folder)
    for issued in report.issued:
        if issued.version > 1:
            output.say("supersede-hint", number=issued.number, folder=folder)
    if not submitted:
        output.say("waiting", folder=folder)
        sys.exit(EXIT_IN_PART if report.problems else 0)
    tell_submitted(output, report.submitted, in_part=bool(report.problems))


def tell_submitted(output: Output, submitted: Submitted, *, in_part: bool = False) -> NoReturn:
    """Tell what was submitted, and end."""
    if submitted.logged or submitted.existed or submitted.refused:
        output.say("submitted", logged=submitted.logged, existed=submitted.existed)
    else:
        output.say("nothing-to-send")
    refused = {item.number for item in submitted.refused if item.action == "issue"}
    for item in submitted.refused:
        if item.action == StatusAction.BIND_FILE and item.number in refused:
            continue  # it follows from the certificate's own refusal
        output.say("refused-item", number=item.number, action=item.action, code=item.code, detail=item.detail)
    sys.exit(EXIT_IN_PART if submitted.refused or in_part else 0)


def submitted_json(submitted: Submitted) -> JSONObject:
    """Return the counts and refusals of a submission."""
    refused: list[JSONValue] = [
        {"number": item.number, "action": item.action, "code": item.code, "detail": item.detail}
        for item in submitted.refused
    ]
    return {"logged": submitted.logged, "existed": submitted.existed, "refused": refused}


def list_mistakes(output: Output, problems: Sequence[RowProblem], errors: Path | None = None) -> None:
    """List mistakes, as many as a person reads; all of them go to the file for errors and to programs."""
    for problem in problems[:_LISTED]:
        output.line(in_language(problem, output.language).text(output.language))
    if len(problems) > _LISTED:
        output.say("more-mistakes", count=len(problems) - _LISTED)
    if errors is not None:
        _write_errors(errors, problems)
        output.say("errors-in", path=errors)


def _write_errors(path: Path, problems: Sequence[RowProblem]) -> None:
    """Write the mistakes as CSV, in both languages; no cell can start a spreadsheet formula."""
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row", "column", "code", "vi", "en"])
            for problem in problems:
                place = problem.place
                texts = (in_language(problem, language).text(language) for language in LANGUAGES)
                cells = (str(place.row), place.column, problem.code, *texts)
                writer.writerow([f"'{cell}" if cell.startswith(_RISKY) else cell for cell in cells])
    except OSError as error:
        raise InvalidInput(
            Sentence("cannot write {path}: {reason}", path=path, reason=error), code="not-writable"
        ) from error


def _issued_json(issued: Issued) -> JSONObject:
    return {
        "number": issued.number,
        "version": issued.version,
        "id": issued.id,
        "documentHash": b64url(issued.document_hash),
        "pdf": str(issued.pdf),
        "logIndex": issued.log_index,
    }


def in_language(problem: RowProblem, language: Language) -> RowProblem:
    """Return a mistake whose sentences of the formats (what a certificate's own rules refuse) are in a language too."""
    values = {
        name: said(value, language) if isinstance(value, Sentence) else value
        for name, value in problem.values.items()
    }
    return replace(problem, values=values)


def problems_json(problems: Sequence[RowProblem]) -> list[JSONValue]:
    """Return mistakes for programs: place, code and both languages."""
    return [
        {
            "row": problem.place.row,
            "column": problem.place.column,
            **({"sheet": problem.place.sheet, "cell": problem.place.cell} if problem.place.sheet else {}),
            "code": problem.code,
            "vi": in_language(problem, "vi").text("vi"),
            "en": problem.text("en"),
        }
        for problem in problems
    ]
