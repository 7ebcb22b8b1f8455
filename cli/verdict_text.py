"""A verification report as text for a terminal: verdict first, then what to compare, then every check."""

from collections.abc import Iterator
from typing import Final

import click

from certlog.certificate_id import certificate_id, format_id
from certlog.digests import DocumentHash
from certlog.strict_json import JSONObject, JSONValue
from verifier.chain_view import NOT_CONSULTED, ChainView
from verifier.report import Check, CheckName, Kind, Look, Outcome, Report
from verifier.words import (
    CHECKED_HERE,
    Language,
    Phrase,
    calibration_days,
    check_line,
    not_proven,
    reason_text,
    remark_on,
    sentence,
    show_age,
    show_date,
    show_time,
    status_text,
    text_in,
    title,
)
from verifier.words_on import on_lines, on_title
from web.translation import said

_COLOURS: Final = {Look.RED: "red", Look.AMBER: "yellow", Look.GREEN: "green", Look.NEUTRAL: "blue"}
_MARKS: Final = {Outcome.PASSED: "+", Outcome.FAILED: "x", Outcome.NOT_CHECKED: "-"}

_COMPARE: Final = Phrase("So với giấy trong tay", "Compare with the paper in hand")
_CHECKS: Final = Phrase("Các bước kiểm tra", "Checks")
_NOT_PROVEN: Final = Phrase("Những điều không được chứng minh", "What is not proven")
_NUMBER: Final = Phrase("Số giấy chứng nhận", "Certificate number")
_CODE: Final = Phrase("Mã tra cứu", "Certificate code")
_ISSUER: Final = Phrase("Nơi cấp (theo ghi danh)", "Issuer (as enrolled)")
_CLIENT: Final = Phrase("Tổ chức được chứng nhận", "Certified organisation")
_PRODUCT: Final = Phrase("Sản phẩm", "Product")
_CRITERION: Final = Phrase("Căn cứ chứng nhận", "Criterion")
_LABORATORY: Final = Phrase("Phòng hiệu chuẩn", "Laboratory")
_INSTRUMENT: Final = Phrase("Phương tiện đo", "Instrument")
_CALIBRATED: Final = Phrase("Ngày hiệu chuẩn", "Calibrated on")
_ISSUED: Final = Phrase("Ngày cấp", "Issued on")
_RECALIBRATION: Final = Phrase("Đến hạn hiệu chuẩn lại (thông tin)", "Recalibration due (information)")
_FROM: Final = Phrase("Hiệu lực từ", "Valid from")
_UNTIL: Final = Phrase("Hiệu lực đến", "Valid until")
_STATUS: Final = Phrase("Trạng thái", "Status")
_AS_OF: Final = Phrase("Trạng thái tính đến", "Status as of")
_ANCHORED: Final = Phrase("Tồn tại muộn nhất vào (giờ khối)", "Existed at the latest on (block time)")
_STATUS_AGE: Final = Phrase("Tuổi của trạng thái đã ký", "Age of the signed status")
_ANCHOR_AGE: Final = Phrase("Tuổi của bản neo mới nhất đã biết", "Age of the newest anchor known")
_EXPECTED_BY: Final = Phrase("Bản neo muộn nhất vào", "Anchor expected by")
_TRUST_ROOT: Final = Phrase("gốc tin cậy", "trust root")
_CHAIN: Final = Phrase("chuỗi khối", "chain")
_BLOCK: Final = Phrase("khối", "block")
_NOT_ASKED: Final = Phrase("không được hỏi", "not consulted")
_EXPECTED: Final = Phrase("cần", "expected")
_FOUND: Final = Phrase("thấy", "found")


def render(report: Report, language: Language, *, fingerprint: str, view: ChainView) -> str:
    """Return the whole text, styled for a terminal (click strips the style elsewhere)."""
    lines = [
        click.style(title(report, language), fg=_COLOURS[report.look], bold=True),
        sentence(report, language),
        *([f"→ {reason_text(report.reason, language)}"] if report.reason is not None else []),
        *(f"! {remark_on(remark, report, language)}" for remark in report.remarks),
        *_on(report, language),
        *section(_COMPARE, language, _facts(report, language)),
        *_what_was_checked(report, language),
        "",
        f"{CHECKED_HERE.text(language)}: {show_time(report.at, language)}",
        f"  {_TRUST_ROOT.text(language)}: {fingerprint}",
        f"  {_CHAIN.text(language)}: {chain_line(view, language)}",
    ]
    return "\n".join(lines)


def _on(report: Report, language: Language) -> list[str]:
    """The answer for a moment that was asked about; it stands before what is true now."""
    if report.on is None:
        return []
    heading = click.style(on_title(report.on, language), bold=True)
    return ["", heading, *(f"  {line}" for line in on_lines(report.on, language))]


def _what_was_checked(report: Report, language: Language) -> Iterator[str]:
    if all(check.outcome is Outcome.NOT_CHECKED for check in report.checks):
        # There was no certificate to check: why is said once, not ten times.
        yield from dict.fromkeys(f"  {said(check.why, language)}" for check in report.checks if check.why)
        return
    checks = [line for check in report.checks for line in check_lines(check, language)]
    yield from section(_CHECKS, language, checks)
    yield from section(_NOT_PROVEN, language, list(not_proven(report, language)))


def section(heading: Phrase, language: Language, lines: list[str]) -> list[str]:
    """Return a heading and its lines, indented; nothing where there are none."""
    return (
        ["", click.style(heading.text(language), bold=True), *(f"  {line}" for line in lines)]
        if lines
        else []
    )


def check_lines(check: Check, language: Language) -> Iterator[str]:
    """Yield one check, and what was expected and found where it did not pass."""
    yield f"{_MARKS[check.outcome]} {check_line(check, language)}"
    if check.outcome is Outcome.PASSED:
        if check.name is CheckName.SCOPE and check.reason is None:
            # Who stands behind a claimed scope belongs to the answer: the authority's signature, or a reading of it.
            yield f"      {said(check.found, language)}"
        return
    for label, value in ((_EXPECTED, check.expected), (_FOUND, check.found)):
        if value:
            yield f"      {label.text(language)}: {said(value, language)}"
    if check.why:
        yield f"      {said(check.why, language)}"


def _facts(report: Report, language: Language) -> list[str]:
    facts = [
        *_certificate_facts(report),
        *_calibration_facts(report, language),
        *_proven_facts(report, language),
    ]
    return [f"{label.text(language)}: {value}" for label, value in facts if value]


def _certificate_facts(report: Report) -> Iterator[tuple[Phrase, str]]:
    content = report.content
    if content is None:
        return
    subject = _object(content.get("credentialSubject"))
    yield _NUMBER, _text(content.get("certificateNumber"))
    if report.issuer is not None:
        yield _ISSUER, f"{' / '.join(name for _, name in report.issuer.names)}, {report.issuer.legal_id}"
    yield _CLIENT, _text(_object(subject.get("client")).get("name"))
    for product in _objects(subject.get("products")):
        yield (
            _PRODUCT,
            ", ".join(filter(None, (_text(product.get(name)) for name in ("name", "model", "brand")))),
        )
    for criterion in _objects(subject.get("criteria")):
        yield _CRITERION, _text(criterion.get("number"))


def _calibration_facts(report: Report, language: Language) -> Iterator[tuple[Phrase, str]]:
    if report.kind is not Kind.CALIBRATION or report.content is None:
        return
    subject = _object(report.content.get("credentialSubject"))
    yield _LABORATORY, _text(_object(subject.get("laboratory")).get("name"))
    for item in _objects(subject.get("items")):
        parts = (text_in(item.get("name"), language), _text(item.get("model")), _text(item.get("serial")))
        yield _INSTRUMENT, ", ".join(filter(None, parts))
    yield _CALIBRATED, calibration_days(subject, language)
    due = _text(_object(subject.get("recalibrationDue")).get("date"))
    for label, day in ((_ISSUED, _text(subject.get("issueDate"))), (_RECALIBRATION, due)):
        if day:
            yield label, show_date(day, language)


def _proven_facts(report: Report, language: Language) -> Iterator[tuple[Phrase, str]]:
    if report.document_hash is not None and report.content is not None:
        yield _CODE, format_id(certificate_id(DocumentHash(report.document_hash)))
    times = (
        (_FROM, None if report.kind is Kind.CALIBRATION else report.valid_from),
        (_UNTIL, report.valid_until),
        (_AS_OF, report.status_as_of),
        (_ANCHORED, report.anchored_at),
        (_EXPECTED_BY, report.anchor_expected_by),
    )
    yield _STATUS, status_text(report, language)
    if report.status is not None and report.status.replaced_by is not None:
        yield _STATUS, f"→ {format_id(certificate_id(DocumentHash(report.status.replaced_by)))}"
    for label, moment in times:
        if moment is not None:
            yield label, show_time(moment, language)
    for label, age in ((_STATUS_AGE, report.ages.signed), (_ANCHOR_AGE, report.ages.anchored)):
        if age is not None:
            yield label, show_age(age, language)


def chain_line(view: ChainView, language: Language) -> str:
    """Return which node said what it said, and when; or that none was asked."""
    if view.source and view.block_number is not None:
        read = f"{view.source}, {_BLOCK.text(language)} {view.block_number}"
        return read if view.read_at is None else f"{read}, {show_time(view.read_at, language)}"
    return _NOT_ASKED.text(language) if view == NOT_CONSULTED else said(view.problem, language)


def _text(value: JSONValue) -> str:
    return value if isinstance(value, str) else ""


def _object(value: JSONValue) -> JSONObject:
    return value if isinstance(value, dict) else {}


def _objects(value: JSONValue) -> list[JSONObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
