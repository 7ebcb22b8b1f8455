"""The values of a certificate that people compare with the paper or product in their hands.

Shows what domain rules make public: of a calibration certificate no customer, results or full serial number, of the
authorising person the title only. Content is the signed document; nothing is taken from anywhere else.
"""

from dataclasses import dataclass, field
from typing import Final

from flask_babel import gettext as _

from certlog.strict_json import JSONObject, JSONValue
from web.language import current_language, show_day

SERIAL_CHARACTERS_SHOWN: Final = 4
_SAYS_AMENDMENT: Final = ("sửa đổi", "amendment")


@dataclass(frozen=True, slots=True)
class Row:
    """One value with its label. A big one is what the eye should find first."""

    label: str
    value: str
    big: bool = False
    note: str = ""
    code: bool = False


@dataclass(frozen=True, slots=True)
class Thing:
    """One product, lot, instrument or site: a heading and the values that tell it from others."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything to compare, in reading order."""

    kind: str
    rows: tuple[Row, ...]
    dates: tuple[Row, ...]
    body: tuple[Row, ...]
    things: tuple[Thing, ...] = ()
    things_title: str = ""
    sites: tuple[Thing, ...] = field(default=())


def comparison(content: JSONObject) -> Comparison:
    """Choose and label the values of a certificate's content."""
    subject = _object(content, "credentialSubject")
    types = _texts(content.get("type"))
    if "CalibrationCertificate" in types:
        return _calibration(content, subject)
    if "AttestedFileCertificate" in types:
        return _attested(content, subject)
    return _conformity(content, subject)


def certificate_kind(kind: str) -> str:
    """Name a certificate's kind as the profession does."""
    names = {
        "product_regulation": _("Certificate of conformity to technical regulation"),
        "product_standard": _("Certificate of conformity to standard"),
        "batch": _("Certificate of conformity for one lot"),
        "management_system": _("Management system certificate"),
        "person": _("Certificate of person"),
        "process_service": _("Process or service certificate"),
    }
    return names.get(kind, _("Certificate"))


def attested_kind(kind: str) -> str:
    """Name what a body's own file is; verification is that of legal metrology, and never calibration."""
    names = {
        "conformity": _("Certificate of conformity"),
        "calibration": _("Calibration certificate"),
        "verification": _("Verification certificate (legal metrology)"),
        "test": _("Test report"),
        "inspection": _("Inspection certificate"),
    }
    return names.get(kind, _("Certificate"))


def text_of(value: JSONValue) -> str:
    """Return a text in the page's language where the document has it, else in any that it has."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    texts = {_text(item, "@language"): _text(item, "@value") for item in value if isinstance(item, dict)}
    return texts.get(current_language()) or next(iter(texts.values()), "")


def _conformity(content: JSONObject, subject: JSONObject) -> Comparison:
    client, scheme = _object(subject, "client"), _object(subject, "scheme")
    rows = [
        Row(_("Certificate number"), _text(content, "certificateNumber"), big=True, note=_version(content)),
        Row(_("Holder"), _text(client, "name"), big=True, note=_text(client, "nameEn")),
        Row(_("Holder's tax or business code"), _text(client, "legalId")),
        Row(_("Holder's address"), _text(client, "address")),
        *(_criterion(item) for item in _objects(subject, "criteria")),
        Row(_("Scope of certification"), text_of(_object(subject, "scope").get("text"))),
    ]
    if scheme:
        rows.append(Row(_("Assessment method"), _method(scheme)))
    return Comparison(
        kind=certificate_kind(_text(subject, "certificateKind")),
        rows=_present(rows),
        dates=_conformity_dates(content, subject),
        body=_body(content, subject),
        things=tuple(_product(item) for item in _objects(subject, "products")),
        things_title=_("Products and models"),
        sites=tuple(_site(item) for item in _objects(subject, "sites")),
    )


def _calibration(content: JSONObject, subject: JSONObject) -> Comparison:
    laboratory = _object(subject, "laboratory")
    dates = [
        Row(_("Calibrated from"), show_day(_text(subject, "performedFrom"))),
        Row(_("Calibrated until"), show_day(_text(subject, "performedTo")), big=True),
        Row(_("Date of issue"), show_day(_text(subject, "issueDate")), big=True),
    ]
    body = [
        Row(_("Laboratory"), _text(laboratory, "name")),
        Row(_("Laboratory code"), _text(laboratory, "code")),
    ]
    return Comparison(
        kind=_("Calibration certificate"),
        rows=_present(
            [
                Row(
                    _("Certificate number"),
                    _text(content, "certificateNumber"),
                    big=True,
                    note=_version(content),
                )
            ]
        ),
        dates=_present(dates),
        body=_present(body),
        things=tuple(_instrument(item) for item in _objects(subject, "items")),
        things_title=_("Measuring instruments"),
    )


def _attested(content: JSONObject, subject: JSONObject) -> Comparison:
    """The header of a body's own file; the file itself is checked by whoever holds it."""
    client, body, file = (_object(subject, name) for name in ("client", "body", "file"))
    whose = _("Holder") if subject.get("attestedKind") == "conformity" else _("Customer")
    rows = [
        Row(_("Certificate number"), _text(content, "certificateNumber"), big=True, note=_version(content)),
        Row(whose, _text(client, "name"), big=True, note=_text(client, "address")),
        *(_criterion(item) for item in _objects(subject, "criteria")),
        Row(_("Kind of file"), _text(file, "mediaType"), note=_("Hand the file itself to certlog verify.")),
        Row(_("SHA-256 of the body's own file"), _text(file, "sourceDigest"), code=True),
    ]
    dates = [
        Row(_("Work done from"), show_day(_text(subject, "performedFrom"))),
        Row(_("Work done until"), show_day(_text(subject, "performedTo")), big=True),
        Row(_("Date of issue"), show_day(_text(subject, "issueDate")), big=True),
        Row(_("Expiry date"), show_day(_text(subject, "expiryDate")), big=True),
    ]
    until = _("until %(day)s", day="{day}")
    said_of_body = [
        Row(_("Named on the certificate"), _text(body, "name"), note=_text(body, "address")),
        Row(_("Laboratory code"), _text(body, "code")),
        Row(
            _("Designation decision"),
            *_named(_object(subject, "designation"), "decisionNo", "authority", until),
        ),
        Row(_("Accreditation"), *_named(_object(subject, "accreditation"), "code", "body", until)),
    ]
    is_confidential = subject.get("visibility") == "confidential"
    show = _instrument if is_confidential else _attested_item
    return Comparison(
        kind=attested_kind(_text(subject, "attestedKind")),
        rows=_present(rows),
        dates=_present(dates),
        body=_present(said_of_body),
        things=tuple(show(item) for item in _objects(subject, "items")),
        things_title=_("Items"),
    )


def _attested_item(item: JSONObject) -> Thing:
    rows = [
        Row(_("Manufacturer"), _text(item, "manufacturer")),
        Row(_("Model or type"), _text(item, "model"), big=True),
        Row(_("Serial number"), _text(item, "serial"), big=True),
    ]
    return Thing(text_of(item.get("name")), _present(rows))


def _criterion(item: JSONObject) -> Row:
    amendment = _text(item, "amendment")
    number = _text(item, "number")
    title = text_of(item.get("title"))
    amended = amendment
    if amendment and not amendment.casefold().startswith(_SAYS_AMENDMENT):
        amended = _("Amendment: %(amendment)s", amendment=amendment)
    return Row(_("Standard or regulation"), number, big=True, note=" · ".join(filter(None, (title, amended))))


def _product(item: JSONObject) -> Thing:
    batch = _object(item, "batch")
    ratings = [
        Row(_text(rating, "name"), f"{_text(rating, 'value')} {_text(rating, 'unit')}".strip())
        for rating in _objects(item, "ratings")
    ]
    rows = [
        Row(_("Model or type"), _text(item, "model"), big=True),
        Row(_("Brand"), _text(item, "brand")),
        Row(_("GTIN (barcode)"), _text(item, "gtin"), code=True),
        Row(_("HS code"), _text(item, "hsCode")),
        Row(_("Lot"), _text(batch, "no"), big=True),
        Row(_("Quantity in the lot"), _text(batch, "qty")),
        Row(_("Import declaration"), _text(batch, "importDecl")),
        *ratings,
    ]
    return Thing(_text(item, "name"), _present(rows))


def _instrument(item: JSONObject) -> Thing:
    serial = _text(item, "serial")
    shown = f"…{serial[-SERIAL_CHARACTERS_SHOWN:]}" if len(serial) > SERIAL_CHARACTERS_SHOWN else ""
    rows = [
        Row(_("Manufacturer"), _text(item, "manufacturer")),
        Row(_("Model or type"), _text(item, "model"), big=True),
        Row(_("Serial number, last characters"), shown, big=True),
    ]
    return Thing(text_of(item.get("name")), _present(rows))


def _site(item: JSONObject) -> Thing:
    rows = [Row(_("Address"), _text(item, "address")), Row(_("Activities"), text_of(item.get("activities")))]
    return Thing(_text(item, "name"), _present(rows))


def _conformity_dates(content: JSONObject, subject: JSONObject) -> tuple[Row, ...]:
    rows = [
        Row(_("First issued"), show_day(_text(subject, "originalIssueDate"))),
        Row(_("Date of decision"), show_day(_text(subject, "decisionDate"))),
        Row(_("Date of issue"), show_day(_text(subject, "issueDate")), big=True),
        Row(_("In force from"), show_day(_text(content, "validFrom"))),
        Row(_("Expiry date"), show_day(_text(subject, "expiryDate")), big=True),
    ]
    if not _text(content, "validUntil"):
        rows.append(Row(_("Expiry date"), _("none: for this lot only"), big=True))
    return _present(rows)


def _body(content: JSONObject, subject: JSONObject) -> tuple[Row, ...]:
    body, registration = _object(subject, "certificationBody"), _object(subject, "cbRegistration")
    designation, accreditation = _object(subject, "designation"), _object(subject, "accreditation")
    until = _("until %(day)s", day="{day}")
    rows = [
        Row(_("Certification body on the certificate"), _text(body, "name"), note=_text(body, "address")),
        Row(_("Registration of activity"), *_named(registration, "number", "issuedBy", until)),
        Row(_("Designation decision"), *_named(designation, "decisionNo", "authority", until)),
        Row(_("Scope of designation"), _text(designation, "scope")),
        Row(_("Accreditation"), *_named(accreditation, "code", "body", until)),
        Row(_("Signed by (title)"), _text(_object(subject, "authorisedBy"), "title")),
    ]
    if _text(content, "issuedEarlier"):
        rows.append(Row(_("Issued before it was registered"), show_day(_text(content, "issuedEarlier"))))
    return _present(rows)


def _named(holder: JSONObject, number: str, by: str, until: str) -> tuple[str, bool, str]:
    """Value, not big, and the note "by whom, until when"."""
    end = _text(holder, "validUntil")
    note = " · ".join(filter(None, (_text(holder, by), until.replace("{day}", show_day(end)) if end else "")))
    return _text(holder, number), False, note


def _method(scheme: JSONObject) -> str:
    number, kind = scheme.get("vnMethod"), _text(scheme, "iso17067Type")
    return _("Method %(number)s (ISO/IEC 17067 scheme type %(kind)s)", number=number, kind=kind)


def _version(content: JSONObject) -> str:
    version = content.get("version")
    return _("Version %(number)s", number=version) if isinstance(version, int) and version > 1 else ""


def _present(rows: list[Row]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.value)


def _object(holder: JSONObject, name: str) -> JSONObject:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _objects(holder: JSONObject, name: str) -> list[JSONObject]:
    value = holder.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(holder: JSONObject, name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _texts(value: JSONValue) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
