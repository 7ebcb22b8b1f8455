"""From the plain form of a calibration certificate (examples/README.md) to a draft.

JSON files hold it as it is; spreadsheets are folded into it. At the end the certificate's own schema and rules are
asked, and what they refuse is told at the member of the plain form that it came from.
"""

import re
from collections.abc import Iterator
from typing import Final

from certlog.calibration_advice import advice_on
from certlog.errors import InvalidInput
from certlog.schemas.calibration import REPRODUCTION_STATEMENT, STATEMENT_ITEMS_ONLY, TITLE, TYPE
from certlog.schemas.envelope import CONTEXTS, types_of
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, JSONValue
from issuer.body import Body, Laboratory
from issuer.calibration_results import read_result, read_unit
from issuer.calibration_words import BASIS_WORDS, CALIBRATION_WORDS, PLACE_WORDS, VERDICT_WORDS
from issuer.columns import fold
from issuer.drafts import Draft, Source, refusals
from issuer.plain import Findings, PlainReader, without_none
from issuer.problems import RowProblem
from issuer.words import LANGUAGE_WORDS, REASON_WORDS

MAX_VERSION: Final = 9999
_ADDRESS: Final = 500
_CAPITAL: Final = re.compile("[A-Z]")
_PLAIN_NAMES: Final = {
    # Where a member of credentialSubject has another name, or another depth, in the plain form.
    "customer/name": "customer",
    "customer/address": "customer_address",
    "customer/contact": "customer_contact",
    "performanceLocation": "place_address",
    "conformityStatements": "conformity",
    "externalProvider": "external",
    "resultRefs": "results",
    "recalibrationDue/date": "recalibration_due",
    "laboratory/accreditation": "accreditation",
    "standardName": "standard",
    "certificateNo": "certificate",
    "certificateIssuer": "issuer",
    "uncertainty/k": "k",
    "uncertainty/p": "p",
    "uncertainty/values": "uncertainty",
    "sampling/description": "sampling",
}


def is_calibration(plain: JSONObject) -> bool:
    """Tell whether an object of a file says that it is a calibration certificate."""
    return fold(str(plain.get("kind", ""))) in map(fold, CALIBRATION_WORDS)


def read_calibration(
    plain: JSONObject, source: Source, body: Body, did: str
) -> tuple[Draft | None, list[RowProblem], list[RowProblem]]:
    """Understand one calibration certificate.

    Args:
        plain: its plain form.
        source: where that stands; asked with paths such as `results/0/rows/3/1`.
        body: the laboratory.
        did: the DID that will sign.

    Returns:
        The draft, or None where something is wrong; the mistakes; and advice, which stops nothing.
    """
    findings = Findings(source)
    reader = PlainReader(plain, findings)
    if body.laboratory is None:
        findings.report("kind", "no-laboratory")
        return None, findings.problems, []
    reader.word("kind", dict.fromkeys(CALIBRATION_WORDS, "calibration"), required=True)
    draft = _read_draft(reader, source, body, body.laboratory, did)
    reader.refuse_others()
    if findings.problems:
        return None, findings.problems, []
    for problem in refusals(draft.content):
        path = _plain_path(problem.place)
        findings.report(path, "refused-content", found=_told(problem, path))
    if findings.problems:
        return None, findings.problems, []
    return draft, [], list(_advice(draft, source, body.laboratory))


def _read_draft(plain: PlainReader, source: Source, body: Body, laboratory: Laboratory, did: str) -> Draft:
    number = plain.text("number", required=True) or ""
    version = plain.integer("version", 1, MAX_VERSION) or 1
    reason = plain.word("replace_reason", REASON_WORDS)
    if version > 1 and not reason:
        plain.report("replace_reason", "missing-reason", found=str(version))
    if version == 1 and reason:
        plain.report("replace_reason", "needless-reason")
    issued = plain.date("issue_date", required=True)
    content = without_none(
        type=list(types_of(TYPE)),
        issuer={"id": did, "name": body.name, "legalId": body.legal_id},
        validFrom=f"{issued}T00:00:00{body.offset}",
        name=list(TITLE),
        certificateNumber=number,
        version=version,
        language=plain.word("language", LANGUAGE_WORDS) or "vi",
        issuedEarlier=plain.date("issued_earlier"),
        credentialSubject=_subject(plain, body, laboratory, issued),
    )
    content["@context"] = list(CONTEXTS)
    return Draft(source, number, version, content, reason)


def _subject(plain: PlainReader, body: Body, laboratory: Laboratory, issued: str | None) -> JSONObject:
    begun = plain.date("performed_from", required=True)
    adjusted = plain.truth("adjusted")
    results: list[JSONValue] = [
        read_result(item, i, adjusted=adjusted)
        for i, item in enumerate(plain.objects("results", required=True))
    ]
    return without_none(
        title=list(TITLE),
        laboratory=_laboratory(plain, laboratory, results),
        performanceLocation=without_none(
            kind=plain.word("place", PLACE_WORDS) or "laboratory",
            address=plain.text("place_address", longest=_ADDRESS),
        ),
        customer=without_none(
            name=plain.text("customer", required=True),
            address=plain.text("customer_address", required=True, longest=_ADDRESS),
            contact=plain.text("customer_contact"),
        ),
        methods=[_method(item) for item in plain.objects("methods", required=True, short="number")],
        items=[_item(item) for item in plain.objects("items", required=True)],
        receiptDate=plain.date("receipt_date"),
        performedFrom=begun,
        performedTo=plain.date("performed_to") or begun,
        issueDate=issued,
        sampling=_sampling(plain),
        statementItemsOnly=STATEMENT_ITEMS_ONLY,
        reproductionStatement=REPRODUCTION_STATEMENT,
        results=results,
        authorisedBy=_signatories(plain, body),
        externalProvider=_external(plain),
        environment=[_environment(item) for item in plain.objects("environment")],
        traceability=[_standard(item) for item in plain.objects("traceability", required=True)],
        adjustment="performed" if adjusted else "none",
        conformityStatements=[_statement(item) for item in plain.objects("conformity")],
        opinions=plain.local("opinions"),
        recalibrationDue=_recalibration(plain),
    )


def _laboratory(plain: PlainReader, laboratory: Laboratory, results: list[JSONValue]) -> JSONObject:
    """Claim, of the accreditation that is named, the measurands that were measured."""
    code = plain.text("accreditation")
    if code is None:
        return laboratory.party
    found = laboratory.accreditations.get(code)
    if found is None:
        expected = ", ".join(laboratory.accreditations) or "-"
        plain.report("accreditation", "not-in-body-file", found=code, expected=expected)
        return laboratory.party
    measured = {result.get("quantity") for result in results if isinstance(result, dict)}
    listed = found["measurands"]
    claimed = [name for name in listed if name in measured] if isinstance(listed, list) else []
    if measured and not claimed:
        plain.report("accreditation", "nothing-accredited", found=code)
    return {**laboratory.party, "accreditation": {**found, "measurands": claimed}}


def _method(plain: PlainReader) -> JSONObject:
    found = without_none(
        number=plain.text("number", required=True),
        title=plain.local("title"),
        deviations=plain.local("deviations"),
    )
    plain.refuse_others()
    return found


def _item(plain: PlainReader) -> JSONObject:
    found = without_none(
        name=plain.local("name", required=True),
        manufacturer=plain.text("manufacturer"),
        model=plain.text("model"),
        serial=plain.text("serial"),
        assetId=plain.text("asset_id"),
        range=plain.text("range"),
        resolution=plain.text("resolution"),
        condition=plain.local("condition"),
        group=plain.integer("group", 1, 2),
    )
    plain.refuse_others()
    return found


def _environment(plain: PlainReader) -> JSONObject:
    unit = read_unit(plain, "unit", required=True)
    found = without_none(
        quantity=plain.local("quantity", required=True),
        min=plain.text("min"),
        max=plain.text("max"),
        value=plain.text("value"),
        uncertainty=plain.text("uncertainty"),
        unit=unit.dsi,
        displayUnit=unit.written,
    )
    plain.refuse_others()
    return found


def _standard(plain: PlainReader) -> JSONObject:
    found = without_none(
        standardName=plain.local("standard", required=True),
        serial=plain.text("serial"),
        certificateNo=plain.text("certificate", required=True),
        certificateIssuer=plain.text("issuer", required=True),
        certDigest=plain.text("digest"),
        validUntil=plain.date("valid_until"),
        statement=plain.local("statement"),
    )
    plain.refuse_others()
    return found


def _statement(plain: PlainReader) -> JSONObject:
    found = without_none(
        resultRefs=list(plain.texts("results", required=True)),
        specification=plain.local("specification", required=True),
        verdict=plain.word("verdict", VERDICT_WORDS, required=True),
        decisionRule=plain.local("decision_rule", required=True),
    )
    plain.refuse_others()
    return found


def _external(plain: PlainReader) -> JSONObject | None:
    for item in plain.objects("external"):
        found = without_none(
            name=item.text("name", required=True),
            resultRefs=list(item.texts("results", required=True)),
            text=item.local("text"),
        )
        item.refuse_others()
        return found
    return None


def _sampling(plain: PlainReader) -> JSONObject | None:
    description = plain.local("sampling")
    if description is None:
        return None
    date, location = plain.date("sampling_date"), plain.text("sampling_location", longest=_ADDRESS)
    return without_none(description=description, date=date, location=location)


def _recalibration(plain: PlainReader) -> JSONObject | None:
    """Only as agreed or required (ISO/IEC 17025, 7.8.4.3): a date without its basis is refused."""
    date, basis = plain.date("recalibration_due"), plain.word("recalibration_basis", BASIS_WORDS)
    if date is None and basis is None:
        return None
    for name, value, other in (
        ("recalibration_due", date, "recalibration_basis"),
        ("recalibration_basis", basis, "recalibration_due"),
    ):
        if value is None and not plain.has(name):
            plain.report(other, "needs-column", expected=name)
    return without_none(date=date, basis=basis)


def _signatories(plain: PlainReader, body: Body) -> list[JSONValue]:
    signatories: list[JSONValue] = []
    for item in plain.objects("authorised_by"):
        name, role = item.text("name", required=True), item.text("role", required=True)
        signatories.append(without_none(name=name, role=role))
        item.refuse_others()
    return signatories or [{"name": body.signatory["name"], "role": body.signatory["title"]}]


def _advice(draft: Draft, source: Source, laboratory: Laboratory) -> Iterator[RowProblem]:
    for place, _, message in advice_on(draft.content, laboratory.capabilities):
        yield RowProblem(source.place(_plain_path(place)), "advice", {"found": message})


def _told(problem: InvalidInput, path: str) -> str:
    if path or not problem.place:
        return problem.message
    return Sentence("{place}: {message}", place=problem.place, message=problem.message)


def _plain_path(pointer: str) -> str:
    """Return the member of the plain form that a JSON pointer into the certificate came from; "" where unsure."""
    if not pointer.startswith("/credentialSubject/"):
        return ""
    path = pointer.removeprefix("/credentialSubject/")
    for there, here in _PLAIN_NAMES.items():
        path = re.sub(rf"(^|(?<=/)){there}(?=/|$)", here, path)
    return _CAPITAL.sub(lambda found: f"_{found[0].lower()}", path)
