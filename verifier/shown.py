"""What a report shows beside its verdict: the kind of certificate, the enrolled issuer, and remarks."""

from typing import Final

from certlog.credential import validity
from certlog.errors import InvalidInput
from certlog.issuer_record import IssuerRecord
from certlog.scopes import Scope
from certlog.strict_json import JSONObject, JSONValue
from certlog.timestamps import parse_time
from verifier.check_anchor import AnchorFacts
from verifier.check_status import StatusFacts
from verifier.report import Check, CheckName, Issuer, Kind, Outcome, Page, Reason, Remark

_KINDS = {
    "product_regulation": Kind.PRODUCT,
    "product_standard": Kind.PRODUCT,
    "batch": Kind.LOT,
}


def kind_of(content: JSONObject) -> Kind:
    """Return the kind of a certificate, as far as the words differ; UNKNOWN for any other document."""
    types = content.get("type")
    subject = content.get("credentialSubject")
    if not isinstance(types, list) or not isinstance(subject, dict):
        return Kind.UNKNOWN
    if "CalibrationCertificate" in types or subject.get("attestedKind") == "calibration":
        return Kind.CALIBRATION
    if subject.get("attestedKind") == "conformity":
        return Kind.OTHER_CONFORMITY
    if "ConformityCertificate" in types:
        return _KINDS.get(str(subject.get("certificateKind")), Kind.OTHER_CONFORMITY)
    return Kind.UNKNOWN


DATED_EARLIER_SECONDS: Final = 7 * 86_400
"""A certificate that applies from so long before its first anchor is said to be registered later."""


def issuer_of_record(record: IssuerRecord) -> Issuer:
    """Return the issuer as the operator enrolled it."""
    names = [("vi", record.names.vi)] + ([] if record.names.en is None else [("en", record.names.en)])
    return Issuer(record.did, tuple(names), record.legal_id)


def remarks_on(
    content: JSONObject,
    checks: tuple[Check, ...],
    *,
    page: Page,
    scopes: tuple[Scope, ...],
    enrolled: IssuerRecord | None,
    anchor: AnchorFacts,
    status: StatusFacts,
    anchor_is_old: bool,
) -> tuple[Remark, ...]:
    """Return what must be said beside the verdict, in a fixed order."""
    reasons = {check.reason for check in checks}
    anchor_check = next(check for check in checks if check.name is CheckName.ANCHOR)
    told: list[tuple[bool, Remark]] = [
        (anchor.local, Remark.TEST_CHAIN),
        (_not_consulted(anchor_check), Remark.CHAIN_NOT_CONSULTED),
        (anchor_is_old, Remark.ANCHOR_OLD),
        (status.omitted, Remark.REGISTRY_OMITS_EVENT),
        (page is Page.NOT_CHECKED, Remark.PAGE_NOT_CHECKED),
        (Reason.NOTHING_CLAIMED in reasons, Remark.NOT_ACCREDITED),
        (any(scope.source.by == "operator" for scope in scopes), Remark.SCOPE_TRANSCRIBED),
        (
            bool(scopes) and all(scope.source.by == "authority" for scope in scopes),
            Remark.SCOPE_BY_AUTHORITY,
        ),
        (
            enrolled is not None and "issuer" in content and _names_differ(content["issuer"], enrolled),
            Remark.ISSUER_NAME_DIFFERS,
        ),
        ("issuedEarlier" in content or _dated_earlier(content, anchor.first), Remark.REGISTERED_LATER),
    ]
    return tuple(remark for applies, remark in told if applies)


def remarks_on_calibration(content: JSONObject, at: int) -> tuple[Remark, ...]:
    """Return what a calibration certificate itself gives reason to say; nothing for other kinds."""
    told = (
        (_is_partly_accredited(content), Remark.PARTLY_ACCREDITED),
        (_is_recalibration_due(content, at), Remark.RECALIBRATION_DUE),
    )
    return tuple(remark for applies, remark in told if applies)


def _dated_earlier(content: JSONObject, anchored: int | None) -> bool:
    """The chain shows only that it existed by `anchored`; a date well before that is the body's word (threat B7)."""
    try:
        valid_from, _ = validity(content)
    except InvalidInput:
        return False
    return anchored is not None and valid_from + DATED_EARLIER_SECONDS < anchored


def _is_partly_accredited(content: JSONObject) -> bool:
    """A laboratory may report results outside its accreditation if they are told apart (ILAC-P8)."""
    subject = _object(content.get("credentialSubject"))
    accreditation = _object(_object(subject.get("laboratory")).get("accreditation"))
    results, measurands = subject.get("results"), accreditation.get("measurands")
    if not isinstance(results, list) or not isinstance(measurands, list):
        return False
    return any(_object(result).get("quantity") not in measurands for result in results)


def _is_recalibration_due(content: JSONObject, at: int) -> bool:
    """Information only (ISO/IEC 17025, 7.8.4.3): the day ends in the offset in which validFrom is written."""
    due = _object(_object(content.get("credentialSubject")).get("recalibrationDue")).get("date")
    begins = content.get("validFrom")
    if not isinstance(due, str) or not isinstance(begins, str):
        return False
    try:
        return at > parse_time(f"{due}T23:59:59{begins[19:]}")
    except InvalidInput:
        return False


def _object(value: JSONValue) -> JSONObject:
    return value if isinstance(value, dict) else {}


def _not_consulted(check: Check) -> bool:
    if check.outcome is Outcome.PASSED:
        return check.reason in (Reason.SEEN_HEAD, Reason.AUDITORS)
    return check.reason is Reason.CHAIN_NOT_CONSULTED


def _names_differ(claimed: JSONValue, enrolled: IssuerRecord) -> bool:
    if not isinstance(claimed, dict):
        return True
    names = (enrolled.names.vi, enrolled.names.en)
    return claimed.get("name") not in names or claimed.get("legalId") != enrolled.legal_id
