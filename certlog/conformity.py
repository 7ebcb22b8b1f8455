"""A certificate of conformity: the rules that relate its members, what it claims, and what anyone may see of it.

Its shape is schemas/conformity.py; sources are ISO/IEC 17065 7.7.1, ISO/IEC 17021-1 8.2.2 and Viet Nam's methods 1-8.
Whether a claimed scope was granted, verifier and trust list tell.
"""

import re
from collections.abc import Iterator
from typing import Final

from certlog.envelope import (
    ClaimedScope,
    Profile,
    date_problems,
    items_of,
    language_problems,
    object_of,
    subject_of,
    subject_problem,
    time_problems,
    validator_of,
    validity,
)
from certlog.errors import InvalidInput
from certlog.schemas.conformity import CONFORMITY_CERTIFICATE, TYPE
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, get_int, get_list, get_object, get_str

# Mã số thuế / mã số doanh nghiệp: 10 digits, a dependent unit adds 3; household businesses use 12.
_VN_LEGAL_ID: Final = re.compile(r"[0-9]{10}(-?[0-9]{3})?|[0-9]{12}", re.ASCII)
_LOT_METHODS: Final = (7, 8)


def _claimed_scopes(content: JSONObject) -> tuple[ClaimedScope, ...]:
    """A designation covers the technical regulations (QCVN) among the criteria, an accreditation all criteria."""
    subject = subject_of(content)
    criteria = [object_of(item) for item in get_list(subject, "criteria", "/credentialSubject")]
    claims: list[ClaimedScope] = []
    if "designation" in subject:
        regulations = tuple(get_str(item, "number") for item in criteria if item.get("kind") == "QCVN")
        authority = get_str(get_object(subject, "designation"), "authority")
        claims.append(ClaimedScope("designation", authority, regulations))
    if "accreditation" in subject:
        standards = tuple(get_str(item, "number") for item in criteria)
        body = get_str(get_object(subject, "accreditation"), "body")
        claims.append(ClaimedScope("accreditation", body, standards))
    return tuple(claims)


def _public_members(content: JSONObject) -> JSONObject:
    """Without the tests behind it and the name of who signed it (personal data): their holder shows those."""
    subject = {name: value for name, value in subject_of(content).items() if name != "evidence"}
    subject["authorisedBy"] = {"title": get_object(subject, "authorisedBy")["title"]}
    return {**content, "credentialSubject": subject}


def check_gtin(digits: str) -> bool:
    """Tell whether the last digit of a GTIN-8, -12, -13 or -14 is its GS1 check digit."""
    weighted = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(reversed(digits)))
    return weighted % 10 == 0


def _rules(content: JSONObject) -> Iterator[InvalidInput]:
    dates = list(_impossible_dates(content))
    yield from dates
    for rule in (_kind_rules, _criteria_rules, _product_rules, _client_rules, _language_rules):
        yield from rule(content)
    if not dates:
        yield from _date_rules(content)


def _impossible_dates(content: JSONObject) -> Iterator[InvalidInput]:
    subject = subject_of(content)
    dated: list[tuple[JSONObject, str, str]] = [(content, "", "issuedEarlier")]
    names = ("decisionDate", "issueDate", "originalIssueDate", "expiryDate")
    dated += [(subject, "/credentialSubject", name) for name in names]
    for name in ("cbRegistration", "designation", "accreditation", "surveillance"):
        if name in subject:
            holder, place = get_object(subject, name), f"/credentialSubject/{name}"
            dated += [(holder, place, "validUntil"), (holder, place, "nextDue")]
    for i, item in enumerate(items_of(subject, "evidence")):
        dated.append((item, f"/credentialSubject/evidence/{i}", "date"))
    yield from date_problems(dated)
    yield from time_problems(content)


def _date_rules(content: JSONObject) -> Iterator[InvalidInput]:
    subject = subject_of(content)
    decided, issued = get_str(subject, "decisionDate"), get_str(subject, "issueDate")
    # ISO dates compare as text; validFrom's own date is read in the offset that it is written in.
    begins = get_str(content, "validFrom")[:10]
    if issued < decided:
        message = Sentence(
            "expected {decided} (the decision) or later, found {issued}", decided=decided, issued=issued
        )
        yield subject_problem("issueDate", message, "date-order")
    if begins < decided:
        message = Sentence(
            "expected the decision's date {decided} or later, found {begins}", decided=decided, begins=begins
        )
        yield InvalidInput(message, place="/validFrom", code="date-order")
    original = subject.get("originalIssueDate")
    if isinstance(original, str) and original > issued:
        message = Sentence(
            "expected {issued} (this issue) or earlier, found {original}", issued=issued, original=original
        )
        yield subject_problem("originalIssueDate", message, "date-order")
    for name in ("cbRegistration", "designation", "accreditation"):
        until = object_of(subject.get(name, {})).get("validUntil")
        if isinstance(until, str) and until < decided:
            message = Sentence(
                "expected to be in force on the day of the decision {decided}, found an end on {until}",
                decided=decided,
                until=until,
            )
            yield subject_problem(f"{name}/validUntil", message, "ended-before-decision")
    valid_from, valid_until = validity(content)
    if valid_until is not None:
        if valid_until <= valid_from:
            yield InvalidInput("expected a time after validFrom", place="/validUntil", code="date-order")
        ends = get_str(content, "validUntil")[:10]
        if subject.get("expiryDate") != ends:
            yield subject_problem(
                "expiryDate", Sentence("expected the date of validUntil, {ends}", ends=ends), "date-order"
            )


def _kind_rules(content: JSONObject) -> Iterator[InvalidInput]:
    subject = subject_of(content)
    if "scheme" not in subject:
        return
    method = get_int(get_object(subject, "scheme"), "vnMethod")
    is_lot = subject["certificateKind"] == "batch"
    if is_lot and method not in _LOT_METHODS:
        yield subject_problem(
            "scheme/vnMethod", Sentence("expected 7 or 8 for a lot, found {method}", method=method), "method"
        )
    if not is_lot and method == _LOT_METHODS[0]:
        message = "method 7 certifies one lot: expected certificateKind batch"
        yield subject_problem("scheme/vnMethod", message, "method")


def _criteria_rules(content: JSONObject) -> Iterator[InvalidInput]:
    seen: set[str] = set()
    for i, item in enumerate(items_of(subject_of(content), "criteria")):
        kind, number, year = get_str(item, "kind"), get_str(item, "number"), get_int(item, "year")
        # A QCVN under another kind would escape the designation that it needs.
        if not number.startswith((f"{kind} ", f"{kind}/")):
            message = Sentence("expected to begin with {kind}, found {number!r}", kind=kind, number=number)
            yield subject_problem(f"criteria/{i}/number", message, "criterion")
        elif str(year) not in number:
            message = Sentence("expected the year in {number!r}, found {year}", number=number, year=year)
            yield subject_problem(f"criteria/{i}/year", message, "criterion")
        if number in seen:
            yield subject_problem(
                f"criteria/{i}/number", Sentence("{number!r} is listed twice", number=number), "criterion"
            )
        seen.add(number)


def _product_rules(content: JSONObject) -> Iterator[InvalidInput]:
    for i, item in enumerate(items_of(subject_of(content), "products")):
        gtin = item.get("gtin")
        if isinstance(gtin, str) and not check_gtin(gtin):
            yield subject_problem(
                f"products/{i}/gtin", Sentence("the check digit of {gtin} is wrong", gtin=gtin), "gtin"
            )


def _client_rules(content: JSONObject) -> Iterator[InvalidInput]:
    client = get_object(subject_of(content), "client")
    legal_id = get_str(client, "legalId")
    if client["country"] == "VN" and not _VN_LEGAL_ID.fullmatch(legal_id):
        message = Sentence(
            "expected 10 digits, 10-3 digits or 12 digits for Viet Nam, found {legal_id!r}", legal_id=legal_id
        )
        yield subject_problem("client/legalId", message, "legal-id")


def _language_rules(content: JSONObject) -> Iterator[InvalidInput]:
    subject = subject_of(content)
    texts = [("/name", content["name"]), ("/description", content.get("description"))]
    texts.append(("/credentialSubject/scope/text", get_object(subject, "scope")["text"]))
    for name, member in (("sites", "activities"), ("criteria", "title")):
        for i, item in enumerate(items_of(subject, name)):
            texts.append((f"/credentialSubject/{name}/{i}/{member}", item.get(member)))
    yield from language_problems(texts)


CONFORMITY: Final = Profile(
    type=TYPE,
    validator=validator_of(CONFORMITY_CERTIFICATE),
    rules=_rules,
    claimed_scopes=_claimed_scopes,
    is_confidential=lambda _: False,
    public_members=_public_members,
)
