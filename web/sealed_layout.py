"""What the page of sealed content says and in which order it shows values: data for web/static/sealed.js.

The server never sees the content, so it sends the layout of every kind of certificate in the page's language. What is
not laid out here is still shown: the script offers the whole document.
"""

from typing import Final

from flask_babel import gettext as _

from certlog.schemas.attested import KINDS
from web.compare import attested_kind, certificate_kind
from web.language import current_language

Layout = dict[str, object]
_SUBJECT: Final = "credentialSubject"


def sealed_layout() -> Layout:
    """Return words and layouts in the language of the request."""
    return {
        "language": current_language(),
        "words": {**_sayings(), **_codes()},
        "layouts": {
            "ConformityCertificate": _conformity(),
            "CalibrationCertificate": _calibration(),
            "AttestedFileCertificate": _attested(),
        },
    }


def _sayings() -> dict[str, object]:
    return {
        "ask": _("Type the characters after the # of the code, or scan the QR code on the certificate."),
        "opening": _("Opening the content on this device…"),
        "opened": _(
            "Opened on this device: the content below is exactly what was registered under this code. "
            "Compare it with the paper. Scopes of accreditation that it states were not checked here."
        ),
        "badKey": _("This cannot be the key: it has 22 letters, digits, - and _. Scan the QR code again."),
        "wrongKey": _("This key does not open the content: scan the whole QR code on the certificate again."),
        "differs": _("The content does not match what was registered: its hash differs. It is not shown."),
        "otherCode": _("The registry answered with the hash of another certificate than this code's."),
        "unreachable": _("The registry did not send the sealed content; try again in a moment."),
        "insecure": _("This browser opens sealed content only over a secure connection (https)."),
        "expired": _("The expiry date that it states has passed."),
        "early": _("The date from which it applies has not come."),
        "uncertainty": _("Expanded measurement uncertainty"),
        "all": _("All signed values, as they were signed"),
    }


def _codes() -> dict[str, object]:
    return {
        "text": ["measuringRange", "position", "remark"],
        "nominalValue": _("Nominal value"),
        "referenceValue": _("Reference value"),
        "measuredValue": _("Measured value"),
        "measurementError": _("Error"),
        "correction": _("Correction"),
        "repeatability": _("Repeatability"),
        "maximumPermissibleError": _("Maximum permissible error"),
        "condition": _("Measured at"),
        "measuringRange": _("Measuring range"),
        "position": _("Position"),
        "remark": _("Remark"),
        "beforeAdjustment": _("before adjustment"),
        "afterAdjustment": _("after adjustment"),
        "none": _("not performed"),
        "performed": _("performed"),
        "laboratory": _("at the laboratory"),
        "customer": _("at the customer's premises"),
        "laboratoryBranch": _("at a branch of the laboratory"),
        "customerBranch": _("at a branch of the customer"),
        "other": _("elsewhere"),
        "pass": _("pass"),
        "fail": _("fail"),
        "conditionalPass": _("conditional pass"),
        "conditionalFail": _("conditional fail"),
        "noPass": _("no pass stated"),
        "noFail": _("no fail stated"),
        **{kind: attested_kind(kind) for kind in KINDS},
        **{kind: certificate_kind(kind) for kind in _CERTIFICATE_KINDS},
    }


_CERTIFICATE_KINDS: Final = (
    "product_regulation",
    "product_standard",
    "batch",
    "management_system",
    "person",
    "process_service",
)


def _row(path: str, label: str, kind: str = "") -> list[str]:
    return [path, label, kind]


def _part(title: str, *rows: list[str]) -> Layout:
    return {"title": title, "list": list(rows)}


def _each(title: str, path: str, head: str, *rows: list[str]) -> Layout:
    return {"title": title, "each": f"{_SUBJECT}/{path}", "head": head, "list": list(rows)}


def _conformity() -> list[Layout]:
    of = f"{_SUBJECT}/"
    return [
        _part(
            _("The certificate"),
            _row("certificateNumber", _("Certificate number"), "big"),
            _row(f"{of}certificateKind", _("Kind"), "word"),
            _row(f"{of}client/name", _("Holder"), "big"),
            _row(f"{of}client/legalId", _("Holder's tax or business code")),
            _row(f"{of}client/address", _("Holder's address")),
            _row(f"{of}scope/text", _("Scope of certification")),
            _row(f"{of}originalIssueDate", _("First issued"), "day"),
            _row(f"{of}decisionDate", _("Date of decision"), "day"),
            _row(f"{of}issueDate", _("Date of issue"), "day"),
            _row("validFrom", _("In force from"), "day"),
            _row(f"{of}expiryDate", _("Expiry date"), "day"),
        ),
        _each(
            _("Standards and regulations"),
            "criteria",
            "number",
            _row("title", _("Title")),
            _row("year", _("Year")),
            _row("amendment", _("Amendment")),
        ),
        _each(
            _("Products and models"),
            "products",
            "name",
            _row("model", _("Model or type"), "big"),
            _row("brand", _("Brand")),
            _row("gtin", _("GTIN (barcode)")),
            _row("hsCode", _("HS code")),
            _row("batch/no", _("Lot"), "big"),
            _row("batch/qty", _("Quantity in the lot")),
            _row("batch/importDecl", _("Import declaration")),
        ),
        _each(
            _("Sites"), "sites", "name", _row("address", _("Address")), _row("activities", _("Activities"))
        ),
        _part(
            _("Issued by"),
            _row(f"{of}certificationBody/name", _("Certification body on the certificate")),
            _row(f"{of}cbRegistration/number", _("Registration of activity")),
            _row(f"{of}designation/decisionNo", _("Designation decision")),
            _row(f"{of}accreditation/code", _("Accreditation")),
            _row(f"{of}authorisedBy/title", _("Signed by (title)")),
            _row(f"{of}authorisedBy/name", _("Signed by (name)")),
        ),
    ]


def _calibration() -> list[Layout]:
    of = f"{_SUBJECT}/"
    return [
        _part(
            _("The certificate"),
            _row("certificateNumber", _("Certificate number"), "big"),
            _row(f"{of}laboratory/name", _("Laboratory"), "big"),
            _row(f"{of}laboratory/code", _("Laboratory code")),
            _row(f"{of}laboratory/address", _("Address")),
            _row(f"{of}laboratory/accreditation/code", _("Accreditation")),
            _row(f"{of}customer/name", _("Customer"), "big"),
            _row(f"{of}customer/address", _("Customer's address")),
            _row(f"{of}customer/contact", _("Contact")),
            _row(f"{of}performanceLocation/kind", _("Place of calibration"), "word"),
            _row(f"{of}performanceLocation/address", _("Address of that place")),
            _row(f"{of}receiptDate", _("Received"), "day"),
            _row(f"{of}performedFrom", _("Calibrated from"), "day"),
            _row(f"{of}performedTo", _("Calibrated until"), "day"),
            _row(f"{of}issueDate", _("Date of issue"), "day"),
            _row(f"{of}recalibrationDue/date", _("Recalibration due"), "day"),
            _row(f"{of}adjustment", _("Adjustment"), "word"),
        ),
        _each(_("Measuring instruments"), "items", "name", *_item_rows()),
        _each(
            _("Methods"), "methods", "number", _row("title", _("Title")), _row("deviations", _("Deviations"))
        ),
        _each(
            _("Environmental conditions"),
            "environment",
            "quantity",
            _row("min", _("Lowest")),
            _row("max", _("Highest")),
            _row("value", _("Value")),
            _row("uncertainty", _("Uncertainty")),
            _row("displayUnit", _("Unit")),
        ),
        {"title": _("Results"), "results": f"{_SUBJECT}/results"},
        _each(
            _("Metrological traceability"),
            "traceability",
            "standardName",
            _row("serial", _("Serial number")),
            _row("certificateNo", _("Certificate number")),
            _row("certificateIssuer", _("Issued by")),
            _row("validUntil", _("Valid until"), "day"),
            _row("statement", _("Statement")),
        ),
        _each(
            _("Statements of conformity"),
            "conformityStatements",
            "specification",
            _row("verdict", _("Verdict"), "word"),
            _row("decisionRule", _("Decision rule")),
        ),
        _part(_("Opinions and interpretations"), _row(f"{of}opinions", _("Text"))),
        _each(_("Signed by"), "authorisedBy", "name", _row("role", _("Role"))),
    ]


def _attested() -> list[Layout]:
    of = f"{_SUBJECT}/"
    return [
        _part(
            _("The certificate"),
            _row("certificateNumber", _("Certificate number"), "big"),
            _row(f"{of}attestedKind", _("Kind"), "word"),
            _row(f"{of}body/name", _("Issued by"), "big"),
            _row(f"{of}body/code", _("Laboratory code")),
            _row(f"{of}client/name", _("Customer"), "big"),
            _row(f"{of}client/address", _("Customer's address")),
            _row(f"{of}receiptDate", _("Received"), "day"),
            _row(f"{of}performedFrom", _("Work done from"), "day"),
            _row(f"{of}performedTo", _("Work done until"), "day"),
            _row(f"{of}issueDate", _("Date of issue"), "day"),
            _row(f"{of}expiryDate", _("Expiry date"), "day"),
            _row(f"{of}file/mediaType", _("Kind of file")),
            _row(f"{of}file/sourceDigest", _("SHA-256 of the body's own file")),
        ),
        _each(_("Items"), "items", "name", *_item_rows()),
        _each(_("Standards and regulations"), "criteria", "number", _row("year", _("Year"))),
        _each(_("Signed by"), "authorisedBy", "name", _row("role", _("Role"))),
    ]


def _item_rows() -> tuple[list[str], ...]:
    return (
        _row("manufacturer", _("Manufacturer")),
        _row("model", _("Model or type"), "big"),
        _row("serial", _("Serial number"), "big"),
        _row("assetId", _("Asset number")),
        _row("range", _("Measuring range")),
        _row("resolution", _("Resolution")),
        _row("condition", _("Condition")),
    )
