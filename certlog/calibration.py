"""A calibration certificate: the rules that relate its members, what it claims, and what anyone may see of it.

Its shape is schemas/calibration.py; clauses are those of ISO/IEC 17025:2017 and ILAC-P14:09/2020. What is unusual but
lawful is advice to the laboratory (calibration_advice.py), never a reason to refuse.
"""

from collections.abc import Callable, Iterator
from typing import Final

from certlog.calibration_results import check_results
from certlog.decimals import value_of
from certlog.dsi_units import check_unit
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
)
from certlog.errors import InvalidInput
from certlog.schemas.calibration import CALIBRATION_CERTIFICATE, TYPE
from certlog.sentences import Sentence
from certlog.strict_json import JSONObject, JSONValue, get_list, get_object, get_str

_PUBLIC: Final = (
    *("@context", "id", "type", "issuer", "validFrom", "credentialStatus", "name", "certificateNumber"),
    *("version", "replaces", "language"),
)
_SERIAL_SHOWN: Final = 4
_SERIAL_LEAST: Final = 6
"""A shorter serial is not shown in part: its end would be most of it."""


def _claimed_scopes(content: JSONObject) -> tuple[ClaimedScope, ...]:
    """An accreditation covers the measurands that it lists; results of other quantities are outside the claim."""
    laboratory = get_object(subject_of(content), "laboratory")
    if "accreditation" not in laboratory:
        return ()
    accreditation = get_object(laboratory, "accreditation")
    measurands = tuple(map(str, get_list(accreditation, "measurands")))
    return (ClaimedScope("accreditation", get_str(accreditation, "body"), measurands, measured=True),)


def _public_members(content: JSONObject) -> JSONObject:
    """Laboratory, number, kinds of instrument and date of issue: the rest is the customer's (ISO/IEC 17025, 4.2)."""
    subject = subject_of(content)
    shown: JSONObject = {
        "laboratory": subject["laboratory"],
        "items": [_public_item(item) for item in items_of(subject, "items")],
        "issueDate": subject["issueDate"],
    }
    return {name: content[name] for name in _PUBLIC if name in content} | {"credentialSubject": shown}


def _public_item(item: JSONObject) -> JSONObject:
    shown: JSONObject = {"name": item["name"]}
    serial = str(item.get("serial", ""))
    if len(serial) >= _SERIAL_LEAST:
        shown["serial"] = f"…{serial[-_SERIAL_SHOWN:]}"
    return shown


def _rules(content: JSONObject) -> Iterator[InvalidInput]:
    dates = list(_impossible_dates(content))
    yield from dates
    if not dates:
        yield from _date_rules(content)
    subject = subject_of(content)
    for rule in (
        _item_rules,
        _place_rules,
        _environment_rules,
        check_results,
        _reference_rules,
        _claim_rules,
    ):
        yield from rule(subject)
    texts = (content.get(name) for name in ("name", "description"))
    yield from language_problems(zip(("/name", "/description"), texts, strict=True))
    yield from language_problems(_local_texts(subject, "/credentialSubject"))


def _impossible_dates(content: JSONObject) -> Iterator[InvalidInput]:
    subject, place = subject_of(content), "/credentialSubject"
    dated: list[tuple[JSONObject, str, str]] = [(content, "", "issuedEarlier")]
    dated += [(subject, place, name) for name in ("receiptDate", "performedFrom", "performedTo", "issueDate")]
    laboratory = get_object(subject, "laboratory")
    accreditation = object_of(laboratory.get("accreditation", {}))
    dated.append((accreditation, f"{place}/laboratory/accreditation", "validUntil"))
    for name in ("sampling", "recalibrationDue"):
        dated.append((object_of(subject.get(name, {})), f"{place}/{name}", "date"))
    for i, item in enumerate(items_of(subject, "traceability")):
        dated.append((item, f"{place}/traceability/{i}", "validUntil"))
    yield from date_problems(dated)
    yield from time_problems(content)


def _date_rules(content: JSONObject) -> Iterator[InvalidInput]:
    """ISO dates compare as text; validFrom's own date is read in the offset that it is written in."""
    subject = subject_of(content)
    begun, ended = get_str(subject, "performedFrom"), get_str(subject, "performedTo")
    issued = get_str(subject, "issueDate")
    received = str(subject.get("receiptDate", ended))
    later = Sentence(
        "expected {date} (the calibration's first day) or later, found {found}", date=begun, found=ended
    )
    if ended < begun:
        yield subject_problem("performedTo", later, "date-order")
    if issued < ended:
        message = Sentence(
            "expected {date} (the calibration's last day) or later, found {found}", date=ended, found=issued
        )
        yield subject_problem("issueDate", message, "date-order")
    if received > ended:
        message = Sentence(
            "expected {date} (the calibration's last day) or earlier, found {found}",
            date=ended,
            found=received,
        )
        yield subject_problem("receiptDate", message, "date-order")
    effective = get_str(content, "validFrom")[:10]
    if effective != issued:
        message = Sentence("expected the date of issue {date}, found {found}", date=issued, found=effective)
        yield InvalidInput(message, place="/validFrom", code="date-order")
    due = object_of(subject.get("recalibrationDue", {})).get("date")
    if isinstance(due, str) and due <= ended:
        message = Sentence(
            "expected a date after {date} (the calibration's last day), found {found}", date=ended, found=due
        )
        yield subject_problem("recalibrationDue/date", message, "date-order")
    yield from _ended_before(subject, begun, issued)


def _ended_before(subject: JSONObject, begun: str, issued: str) -> Iterator[InvalidInput]:
    accreditation = object_of(get_object(subject, "laboratory").get("accreditation", {}))
    held = [("laboratory/accreditation", accreditation, issued)]
    held += [(f"traceability/{i}", item, begun) for i, item in enumerate(items_of(subject, "traceability"))]
    for place, holder, day in held:
        until = holder.get("validUntil")
        if isinstance(until, str) and until < day:
            message = Sentence(
                "expected to be in force on {date}, found an end on {found}", date=day, found=until
            )
            yield subject_problem(f"{place}/validUntil", message, "ended-before-use")


def _item_rules(subject: JSONObject) -> Iterator[InvalidInput]:
    """7.8.2.1 g: unambiguous identification."""
    for i, item in enumerate(items_of(subject, "items")):
        if "serial" not in item and "assetId" not in item:
            message = Sentence(
                "expected a serial number or the owner's own number: the item must be identified"
            )
            yield subject_problem(f"items/{i}", message, "unidentified-item")


def _place_rules(subject: JSONObject) -> Iterator[InvalidInput]:
    place = get_object(subject, "performanceLocation")
    if place["kind"] != "laboratory" and "address" not in place:
        message = Sentence("expected the address where it was performed, since it was not at the laboratory")
        yield subject_problem("performanceLocation", message, "missing-address")


def _environment_rules(subject: JSONObject) -> Iterator[InvalidInput]:
    for i, item in enumerate(items_of(subject, "environment")):
        place = f"environment/{i}"
        yield from _raised(check_unit, get_str(item, "unit"), f"/credentialSubject/{place}/unit")
        if "min" in item and value_of(get_str(item, "min")) > value_of(get_str(item, "max")):
            message = Sentence("expected at least {low}, found {found}", low=item["min"], found=item["max"])
            yield subject_problem(f"{place}/max", message, "range")
        if "uncertainty" in item and value_of(get_str(item, "uncertainty")) <= 0:
            message = Sentence("expected more than 0, found {found}", found=item["uncertainty"])
            yield subject_problem(f"{place}/uncertainty", message, "uncertainty")


def _raised(check: Callable[[str, str], None], text: str, place: str) -> Iterator[InvalidInput]:
    try:
        check(text, place)
    except InvalidInput as error:
        yield error


def _reference_rules(subject: JSONObject) -> Iterator[InvalidInput]:
    known = {get_str(result, "ref") for result in items_of(subject, "results")}
    holders = [
        (f"conformityStatements/{i}", s) for i, s in enumerate(items_of(subject, "conformityStatements"))
    ]
    if "externalProvider" in subject:
        holders.append(("externalProvider", get_object(subject, "externalProvider")))
    for place, holder in holders:
        for i, ref in enumerate(get_list(holder, "resultRefs")):
            if ref not in known:
                message = Sentence("expected the ref of a result, found {found!r}", found=ref)
                yield subject_problem(f"{place}/resultRefs/{i}", message, "unknown-result")


def _claim_rules(subject: JSONObject) -> Iterator[InvalidInput]:
    accreditation = object_of(get_object(subject, "laboratory").get("accreditation", {}))
    if not accreditation:
        return
    measured = {result["quantity"] for result in items_of(subject, "results")}
    for i, measurand in enumerate(get_list(accreditation, "measurands")):
        if measurand not in measured:
            message = Sentence("expected the quantity of a result, found {found!r}", found=measurand)
            yield subject_problem(f"laboratory/accreditation/measurands/{i}", message, "unknown-measurand")


def _local_texts(value: JSONValue, place: str) -> Iterator[tuple[str, JSONValue]]:
    """Yield every text in several languages, at any depth (bounded by the strict parser)."""
    match value:
        case dict():
            for name, item in value.items():
                yield from _local_texts(item, f"{place}/{name}")
        case [{"@language": _}, *_]:
            yield place, value
        case list():
            for i, item in enumerate(value):
                yield from _local_texts(item, f"{place}/{i}")
        case _:
            return


CALIBRATION: Final = Profile(
    type=TYPE,
    validator=validator_of(CALIBRATION_CERTIFICATE),
    rules=_rules,
    claimed_scopes=_claimed_scopes,
    is_confidential=lambda _: True,
    public_members=_public_members,
)
