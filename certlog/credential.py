"""The content of a certificate of conformity: whether it is well formed, and what it claims.

Shape is the JSON Schema of schemas/conformity.py; this module adds the rules that relate two members. It
looks neither at the signature nor at whether a claimed scope was granted: verifier and trust list do.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from jsonschema_rs import Draft202012Validator, ValidationError

from certlog.errors import InvalidInput
from certlog.schemas.conformity import CONFORMITY_CERTIFICATE, CONTEXTS, TYPES
from certlog.slots import Slot
from certlog.status_list import credential_status
from certlog.strict_json import JSONObject, JSONValue, check_value, get_int, get_list, get_object, get_str
from certlog.timestamps import parse_date, parse_time

__all__ = [
    "CONTEXTS",
    "TYPES",
    "ClaimedScope",
    "check_certificate",
    "check_gtin",
    "claimed_scopes",
    "credential_status",
    "find_problems",
    "issuer_of",
    "number_of",
    "slot_of",
    "validity",
    "version_of",
]

_VALIDATOR: Final = Draft202012Validator(CONFORMITY_CERTIFICATE, offline=True, mask="the value")
_STATUS_LIST: Final = re.compile(r"https://.{1,200}/status/revocation/(0|[1-9][0-9]{0,9})", re.ASCII)
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)
# Mã số thuế / mã số doanh nghiệp: 10 digits, a dependent unit adds 3; household businesses use 12.
_VN_LEGAL_ID: Final = re.compile(r"[0-9]{10}(-?[0-9]{3})?|[0-9]{12}", re.ASCII)
_LOT_METHODS: Final = (7, 8)
_SHOWN: Final = 60


class ClaimedScope(NamedTuple):
    """What a certificate says its body was entitled to do; the trust list tells whether it was.

    `kind` is "designation" (chỉ định) or "accreditation" (công nhận).
    """

    kind: str
    authority: str
    standards: tuple[str, ...]


def check_certificate(content: JSONObject, *, origin: str) -> None:
    """Require a well-formed certificate of conformity, without its proof.

    Args:
        content: the document without `proof`.
        origin: the log's origin, which its status entries must name.

    Raises:
        InvalidInput: the first problem; its place is a JSON pointer.
    """
    check_value(content)
    try:
        # Only the first problem: to list the hundred thousand of a stranger's document costs seconds.
        _VALIDATOR.validate(content)
    except ValidationError as error:
        raise _from_schema(error) from None
    for problem in _problems_between_members(content, origin):
        raise problem


def find_problems(content: JSONObject, *, origin: str) -> Iterator[InvalidInput]:
    """Yield every problem of a certificate: text rules first, then shape, then the rules between members.

    A later kind is looked for only where the earlier ones found nothing, since it relies on them.
    """
    try:
        check_value(content)
    except InvalidInput as error:
        yield error
        return
    shape = [_from_schema(error) for error in _VALIDATOR.iter_errors(content)]
    yield from shape
    if not shape:
        yield from _problems_between_members(content, origin)


def _problems_between_members(content: JSONObject, origin: str) -> Iterator[InvalidInput]:
    dates = list(_impossible_dates(content))
    yield from dates
    for rule in (_kind_rules, _criteria_rules, _product_rules, _client_rules, _language_rules):
        yield from rule(content)
    if not dates:
        yield from _date_rules(content)
    yield from _status_rules(content, origin)


def claimed_scopes(content: JSONObject) -> tuple[ClaimedScope, ...]:
    """Return the scopes that a checked certificate claims; none is lawful for voluntary certificates.

    A designation covers the technical regulations (QCVN) among the criteria, an accreditation all criteria.
    """
    subject = _subject(content)
    criteria = [_object(item) for item in get_list(subject, "criteria", "/credentialSubject")]
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


def slot_of(content: JSONObject) -> Slot:
    """Return the status slot that a certificate names in its credentialStatus."""
    for item in get_list(content, "credentialStatus"):
        entry = _object(item, "/credentialStatus")
        if entry.get("statusPurpose") == "revocation":
            found = _STATUS_LIST.fullmatch(get_str(entry, "statusListCredential", "/credentialStatus"))
            index = get_str(entry, "statusListIndex", "/credentialStatus")
            if found and _INDEX.fullmatch(index):
                return Slot.of(int(found[1]), int(index), "/credentialStatus")
    message = "expected a revocation entry with a status list and an index in it"
    raise InvalidInput(message, place="/credentialStatus", code="bad-slot")


def number_of(content: JSONObject) -> str:
    """Return the certificate number."""
    return get_str(content, "certificateNumber")


def version_of(content: JSONObject) -> int:
    """Return the version: 1, and one more for each replacement under the same number."""
    return get_int(content, "version")


def issuer_of(content: JSONObject) -> str:
    """Return the issuer's DID."""
    return get_str(get_object(content, "issuer"), "id", "/issuer")


def validity(content: JSONObject) -> tuple[int, int | None]:
    """Return (validFrom, validUntil) in seconds since the epoch; a lot's certificate has no end."""
    valid_from = parse_time(get_str(content, "validFrom"), "/validFrom")
    if "validUntil" not in content:
        return valid_from, None
    return valid_from, parse_time(get_str(content, "validUntil"), "/validUntil")


def check_gtin(digits: str) -> bool:
    """Tell whether the last digit of a GTIN-8, -12, -13 or -14 is its GS1 check digit."""
    weighted = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(reversed(digits)))
    return weighted % 10 == 0


def _from_schema(error: ValidationError) -> InvalidInput:
    place = "".join(f"/{step}" for step in error.instance_path)
    found = error.instance
    shown = f", found {found!r}" if isinstance(found, str | int) and len(repr(found)) <= _SHOWN else ""
    return InvalidInput(f"{error.message}{shown}", place=place, code=f"schema-{error.kind.name}")


def _impossible_dates(content: JSONObject) -> Iterator[InvalidInput]:
    subject = _subject(content)
    dated: list[tuple[JSONObject, str, str]] = [(content, "", "issuedEarlier")]
    names = ("decisionDate", "issueDate", "originalIssueDate", "expiryDate")
    dated += [(subject, "/credentialSubject", name) for name in names]
    for name in ("cbRegistration", "designation", "accreditation", "surveillance"):
        if name in subject:
            holder, place = get_object(subject, name), f"/credentialSubject/{name}"
            dated += [(holder, place, "validUntil"), (holder, place, "nextDue")]
    for i, item in enumerate(_items(subject, "evidence")):
        dated.append((item, f"/credentialSubject/evidence/{i}", "date"))
    for holder, place, name in dated:
        if name in holder:
            yield from _problem_of(parse_date, get_str(holder, name, place), f"{place}/{name}")
    for name in ("validFrom", "validUntil"):
        if name in content:
            yield from _problem_of(parse_time, get_str(content, name), f"/{name}")


def _problem_of(parse: Callable[[str, str], object], text: str, place: str) -> Iterator[InvalidInput]:
    try:
        parse(text, place)
    except InvalidInput as error:
        yield error


def _date_rules(content: JSONObject) -> Iterator[InvalidInput]:
    subject = _subject(content)
    decided, issued = get_str(subject, "decisionDate"), get_str(subject, "issueDate")
    # ISO dates compare as text; validFrom's own date is read in the offset that it is written in.
    begins = get_str(content, "validFrom")[:10]
    if issued < decided:
        message = f"expected {decided} (the decision) or later, found {issued}"
        yield _subject_problem("issueDate", message, "date-order")
    if begins < decided:
        message = f"expected the decision's date {decided} or later, found {begins}"
        yield InvalidInput(message, place="/validFrom", code="date-order")
    original = subject.get("originalIssueDate")
    if isinstance(original, str) and original > issued:
        message = f"expected {issued} (this issue) or earlier, found {original}"
        yield _subject_problem("originalIssueDate", message, "date-order")
    for name in ("cbRegistration", "designation", "accreditation"):
        until = _object(subject.get(name, {})).get("validUntil")
        if isinstance(until, str) and until < decided:
            message = f"expected to be in force on the day of the decision {decided}, found an end on {until}"
            yield _subject_problem(f"{name}/validUntil", message, "ended-before-decision")
    valid_from, valid_until = validity(content)
    if valid_until is not None:
        if valid_until <= valid_from:
            yield InvalidInput("expected a time after validFrom", place="/validUntil", code="date-order")
        ends = get_str(content, "validUntil")[:10]
        if subject.get("expiryDate") != ends:
            yield _subject_problem("expiryDate", f"expected the date of validUntil, {ends}", "date-order")


def _kind_rules(content: JSONObject) -> Iterator[InvalidInput]:
    subject = _subject(content)
    if "scheme" not in subject:
        return
    method = get_int(get_object(subject, "scheme"), "vnMethod")
    is_lot = subject["certificateKind"] == "batch"
    if is_lot and method not in _LOT_METHODS:
        yield _subject_problem("scheme/vnMethod", f"expected 7 or 8 for a lot, found {method}", "method")
    if not is_lot and method == _LOT_METHODS[0]:
        message = "method 7 certifies one lot: expected certificateKind batch"
        yield _subject_problem("scheme/vnMethod", message, "method")


def _criteria_rules(content: JSONObject) -> Iterator[InvalidInput]:
    seen: set[str] = set()
    for i, item in enumerate(_items(_subject(content), "criteria")):
        kind, number, year = get_str(item, "kind"), get_str(item, "number"), get_int(item, "year")
        # A QCVN under another kind would escape the designation that it needs.
        if not number.startswith((f"{kind} ", f"{kind}/")):
            message = f"expected to begin with {kind}, found {number!r}"
            yield _subject_problem(f"criteria/{i}/number", message, "criterion")
        elif str(year) not in number:
            message = f"expected the year in {number!r}, found {year}"
            yield _subject_problem(f"criteria/{i}/year", message, "criterion")
        if number in seen:
            yield _subject_problem(f"criteria/{i}/number", f"{number!r} is listed twice", "criterion")
        seen.add(number)


def _product_rules(content: JSONObject) -> Iterator[InvalidInput]:
    for i, item in enumerate(_items(_subject(content), "products")):
        gtin = item.get("gtin")
        if isinstance(gtin, str) and not check_gtin(gtin):
            yield _subject_problem(f"products/{i}/gtin", f"the check digit of {gtin} is wrong", "gtin")


def _client_rules(content: JSONObject) -> Iterator[InvalidInput]:
    client = get_object(_subject(content), "client")
    legal_id = get_str(client, "legalId")
    if client["country"] == "VN" and not _VN_LEGAL_ID.fullmatch(legal_id):
        message = f"expected 10 digits, 10-3 digits or 12 digits for Viet Nam, found {legal_id!r}"
        yield _subject_problem("client/legalId", message, "legal-id")


def _language_rules(content: JSONObject) -> Iterator[InvalidInput]:
    subject = _subject(content)
    texts = [("/name", content["name"]), ("/description", content.get("description"))]
    texts.append(("/credentialSubject/scope/text", get_object(subject, "scope")["text"]))
    for name, member in (("sites", "activities"), ("criteria", "title")):
        for i, item in enumerate(_items(subject, name)):
            texts.append((f"/credentialSubject/{name}/{i}/{member}", item.get(member)))
    for place, value in texts:
        tags = [_object(item)["@language"] for item in value] if isinstance(value, list) else []
        if len(set(map(str, tags))) != len(tags):
            yield InvalidInput("one language is given twice", place=place, code="language")


def _status_rules(content: JSONObject, origin: str) -> Iterator[InvalidInput]:
    try:
        slot = slot_of(content)
    except InvalidInput as error:
        yield error
        return
    if content["credentialStatus"] != credential_status(origin, slot):
        where = f"slot {slot.list}/{slot.index} at {origin}"
        message = f"expected exactly the revocation and the suspension entry of {where}"
        yield InvalidInput(message, place="/credentialStatus", code="bad-slot")


def _subject_problem(name: str, message: str, code: str) -> InvalidInput:
    return InvalidInput(message, place=f"/credentialSubject/{name}", code=code)


def _subject(content: JSONObject) -> JSONObject:
    return get_object(content, "credentialSubject")


def _items(holder: JSONObject, name: str) -> list[JSONObject]:
    return [_object(item) for item in get_list(holder, name)] if name in holder else []


def _object(value: JSONValue, place: str = "") -> JSONObject:
    if not isinstance(value, dict):
        raise InvalidInput("expected an object", place=place, code="not-object")
    return value
