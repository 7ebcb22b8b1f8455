"""Vectors of certificates' content: what each profile accepts, claims and refuses; and calibrations verified whole."""

import copy
from collections.abc import Iterator
from typing import Any, Final

from certlog.calibration import CALIBRATION
from certlog.conformity import CONFORMITY
from certlog.scopes import Scope, Source
from certlog.status import StatusAction
from certlog.strict_json import JSONObject
from tests.support.calibrations import SAMPLE_ACCREDITATION_BODY, calibration_content
from tests.support.certificates import SAMPLE_ORIGIN, conformity_content
from tools.vectors.case import Case, accepted, refused
from tools.vectors.scenes import AT, ISSUER, ask, judged, started

KIND: Final = "certificate"
_SHORT: Final = {
    "S": "credentialSubject",
    "R": "credentialSubject results 0",
    "U": "credentialSubject results 0 uncertainty",
}
_TEN_YEARS: Final = 10 * 365 * 86_400

MEASURANDS: Final = Scope(
    kind="accreditation",
    topics=("Khối lượng", "Nhiệt độ"),
    measured=True,
    authority=SAMPLE_ACCREDITATION_BODY,
    source=Source("operator", "https://boa.example.vn/vilas-9999", "2026-11-01"),
    valid_from="2026-01-01",
    valid_until="2029-12-31",
)


_NO_FINDINGS: Final = [{"kind": kind} for kind in ("referenceValue", "nominalValue", "condition")]
_RULE: Final = "S/conformityStatements/0/decisionRule"
_REFS: Final = "S/conformityStatements/0/resultRefs"
_STANDARD: Final = "S/traceability/0/validUntil"
_MEASURANDS: Final = "S/laboratory/accreditation/measurands"
_REFUSED_TABLES: Final[tuple[tuple[str, str, str, Any, str], ...]] = (
    ("calibration-float", "A measured value is a text.", "R/rows/0/0", 20, "schema-type"),
    ("calibration-comma", "A decimal comma.", "R/rows/0/0", "20,00", "decimal"),
    ("calibration-plus", "A plus sign.", "R/rows/0/2", "+0.05", "decimal"),
    ("calibration-short-row", "A row lacks a cell.", "R/rows/1", ["40.00", "39.98"], "row-length"),
    ("calibration-no-findings", "Nothing was found.", "R/columns", _NO_FINDINGS, "column"),
    ("calibration-three-digits", "U has 3 significant digits.", "U/values/0", "0.0250", "uncertainty-digits"),
    ("calibration-no-k", "U without its coverage factor.", "U/k", None, "schema-required"),
    ("calibration-no-p", "U without its coverage probability.", "U/p", None, "schema-required"),
    ("calibration-p-percent", "A probability is between 0 and 1.", "U/p", "95", "uncertainty"),
    ("calibration-values-count", "Three U, two rows.", "U/values", ["0.02"] * 3, "uncertainty"),
    ("calibration-unit", "No D-SI unit.", "R/unit", "\\celsius", "unit"),
    ("calibration-unit-of-u", "U in another unit, not named.", "U/sameUnit", False, "schema-required"),
)
_REFUSED_REST: Final[tuple[tuple[str, str, str, Any, str], ...]] = (
    ("unknown-type", "A type of no profile.", "type/1", "Diploma", "unknown-profile"),
    (
        "calibration-with-end",
        "It has no end of validity.",
        "validUntil",
        "2027-11-20T00:00:00Z",
        "schema-not",
    ),
    ("calibration-no-decision-rule", "Conformity without decision rule.", _RULE, None, "schema-required"),
    ("calibration-no-such-result", "A statement about no result.", _REFS, ["r2"], "unknown-result"),
    ("calibration-stage", "A stage, but no adjustment.", "R/stage", "afterAdjustment", "schema-falseSchema"),
    ("calibration-dates", "Issued before its end.", "S/performedTo", "2026-11-21", "date-order"),
    ("calibration-untraceable", "No standard was used.", "S/traceability", [], "schema-minItems"),
    ("calibration-overdue", "The standard was overdue.", _STANDARD, "2026-11-16", "ended-before-use"),
    ("calibration-measurand", "Not measured.", _MEASURANDS, ["Độ dài"], "unknown-measurand"),
    ("calibration-unidentified", "An item without number.", "S/items/0/serial", None, "unidentified-item"),
)


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield _accepted(
        "conformity",
        "A certificate of conformity to regulation claims its designation.",
        conformity_content(),
    )
    yield _accepted(
        "calibration", "A calibration certificate claims measurands, and has no end.", calibration_content()
    )
    adjusted = _with("S/adjustment", "performed")
    adjusted = _with("R/stage", "afterAdjustment", adjusted)
    yield _accepted("calibration-adjusted", "Every result says whether it is from before or after.", adjusted)
    unaccredited = _with("S/laboratory/accreditation", None)
    yield _accepted("calibration-unaccredited", "Nothing claimed: lawful.", unaccredited)
    yield from _refused()
    yield from _verified()


def _accepted(name: str, about: str, content: JSONObject) -> Case:
    profile = CALIBRATION if CALIBRATION.type in str(content["type"]) else CONFORMITY
    claims: list[Any] = [
        {
            "kind": claim.kind,
            "authority": claim.authority,
            "measurands" if claim.measured else "standards": list(claim.topics),
        }
        for claim in profile.claimed_scopes(content)
    ]
    wanted: JSONObject = {"claims": claims, "confidential": profile.is_confidential(content)}
    return accepted(KIND, name, about, _given(content), wanted)


def _given(content: JSONObject) -> JSONObject:
    return {"content": content, "origin": SAMPLE_ORIGIN}


def _refused() -> Iterator[Case]:
    for name, about, path, value, code in (*_REFUSED_TABLES, *_REFUSED_REST):
        yield refused(KIND, name, about, _given(_with(path, value)), code)


def _with(path: str, value: object, of: JSONObject | None = None) -> JSONObject:
    """Return the sample calibration with another value at a JSON pointer; None takes the member away.

    R stands for the first result, U for its uncertainty, S for the subject.
    """
    content: Any = copy.deepcopy(of) if of is not None else calibration_content()
    holder, last = content, ""
    for step in _SHORT.get(path[:1], "").split() + path.lstrip("RUS/").split("/"):
        holder, last = (holder[_key(holder, last)] if last else holder), step
    if value is None:
        del holder[_key(holder, last)]
    else:
        holder[_key(holder, last)] = value
    found: JSONObject = content
    return found


def _key(holder: object, step: str) -> Any:  # noqa: ANN401 # a name or an index
    return int(step) if isinstance(holder, list) else step


def _verified() -> Iterator[Case]:
    log = started(ISSUER, MEASURANDS)
    certificate = log.certify(ISSUER, calibration_content())
    log.close()
    yield judged(
        "calibration",
        "Genuine; its laboratory was accredited for the measurand.",
        ask(log, certificate),
        "valid",
    )
    first = log.size
    log.close(AT + _TEN_YEARS)
    later = ask(log, certificate, earlier=[first], anchored=[first], at=AT + _TEN_YEARS + 60)
    yield judged("calibration-ten-years-later", "A calibration does not expire.", later, "valid")
    log = started(ISSUER, MEASURANDS)
    certificate = log.certify(ISSUER, calibration_content())
    log.change_status(certificate, StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    log.close()
    yield judged(
        "calibration-withdrawn", "Withdrawn by its laboratory.", ask(log, certificate), "withdrawn", 8
    )
    log = started()
    certificate = log.certify(ISSUER, calibration_content())
    log.close()
    yield judged(
        "calibration-scope-not-granted",
        "It claims an accreditation; the log grants a designation only.",
        ask(log, certificate),
        "not_trusted",
        4,
    )
    claim = _with("S/laboratory/accreditation/measurands", ["Độ dài"])
    claim = _with("R/quantity", "Độ dài", claim)
    log = started(ISSUER, MEASURANDS)
    certificate = log.certify(ISSUER, claim)
    log.close()
    yield judged(
        "calibration-measurand-outside",
        "Accredited, but for other measurands.",
        ask(log, certificate),
        "not_trusted",
        4,
    )
