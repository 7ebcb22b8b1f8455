"""From the registry's answer to what the verdict page shows, in reading order and in the page's language.

The words of verdicts, checks and reasons come from verifier.words, so that page and command line say the same.
Content is shown only where the report carries it: of an altered certificate it does not.
"""

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _

from certlog.certificate_id import ID_LENGTH, format_id
from certlog.encoding import b64url
from certlog.timestamps import format_time
from verifier import words
from verifier.report import Check, Issuer, Look, Outcome, Reason, Remark, Report, Verdict
from verifier.report_json import report_json
from web.compare import Comparison, Row, comparison
from web.language import Language, show_moment
from web.services import Answer
from web.translation import said

ICONS: Final[dict[Verdict, str]] = {
    Verdict.ALTERED: "cross",
    Verdict.CONTRADICTED: "cross",
    Verdict.NOT_TRUSTED: "cross",
    Verdict.WITHDRAWN: "cross",
    Verdict.CANCELLED: "stop",
    Verdict.SUPERSEDED: "arrow",
    Verdict.SUSPENDED: "pause",
    Verdict.NOT_YET_VALID: "clock",
    Verdict.EXPIRED: "clock",
    Verdict.PENDING: "clock",
    Verdict.VALID: "tick",
    Verdict.CANNOT_CHECK: "question",
    Verdict.UNKNOWN: "question",
    Verdict.MISTYPED: "question",
}
OUTCOME_ICONS: Final[dict[Outcome, str]] = {
    Outcome.PASSED: "tick",
    Outcome.FAILED: "cross",
    Outcome.NOT_CHECKED: "dash",
}
WITHOUT_CERTIFICATE: Final = frozenset({Verdict.UNKNOWN, Verdict.MISTYPED})
NOTES: Final = frozenset(
    {
        Remark.NOT_ACCREDITED,
        Remark.PARTLY_ACCREDITED,
        Remark.RECALIBRATION_DUE,
        Remark.SCOPE_TRANSCRIBED,
        Remark.SCOPE_BY_AUTHORITY,
        Remark.REGISTERED_LATER,
    }
)
"""Remarks that stand beside the issuer; the test chain has its banner on every page."""
WARNINGS: Final = frozenset(Remark) - NOTES - {Remark.TEST_CHAIN}
OF_DATES: Final = frozenset({Verdict.NOT_YET_VALID, Verdict.EXPIRED})
"""Their sentence is the reason; saying it twice helps nobody."""
OF_STATUS: Final = frozenset({Verdict.WITHDRAWN, Verdict.CANCELLED, Verdict.SUPERSEDED, Verdict.SUSPENDED})


@dataclass(frozen=True, slots=True)
class CheckView:
    """One numbered check as a person reads it; `evidence` are label and value pairs."""

    number: int
    name: str
    outcome: str
    look: str
    icon: str
    reason: str
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CertificateView:
    """Everything on the verdict page."""

    identifier: str
    shown_id: str
    verdict: Verdict
    look: Look
    icon: str
    title: str
    sentence: str
    found: bool
    reason: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    freshness: tuple[Row, ...]
    issuer_name: str
    issuer_rows: tuple[Row, ...]
    comparison: Comparison | None
    not_proven: tuple[str, ...]
    checks: tuple[CheckView, ...]
    replacement: str | None
    checked_at: int
    is_sealed: bool
    document_hash: str


def certificate_view(answer: Answer, language: Language) -> CertificateView:
    """Arrange an answer for the page."""
    report = answer.report
    content = None if report.verdict is Verdict.ALTERED else report.content
    found = report.verdict not in WITHOUT_CERTIFICATE
    return CertificateView(
        identifier=answer.identifier,
        shown_id=format_id(answer.identifier) if len(answer.identifier) == ID_LENGTH else answer.identifier,
        verdict=report.verdict,
        look=report.look,
        icon=ICONS[report.verdict],
        title=words.title(report, language),
        sentence=words.sentence(report, language),
        found=found,
        reason=_main_reason(report, language),
        warnings=_remarks(report, WARNINGS, language),
        notes=_remarks(report, NOTES, language),
        freshness=_freshness(answer, language) if found else (),
        issuer_name=_issuer_name(report.issuer, language),
        issuer_rows=_issuer_rows(report.issuer),
        comparison=None if content is None else comparison(content),
        not_proven=words.not_proven(report, language),
        checks=tuple(_check(check, language) for check in report.checks) if found else (),
        replacement=answer.replacement,
        checked_at=report.at,
        is_sealed=answer.is_sealed and found and content is None and report.verdict is not Verdict.ALTERED,
        document_hash="" if report.document_hash is None else b64url(report.document_hash),
    )


def _remarks(report: Report, wanted: frozenset[Remark], language: Language) -> tuple[str, ...]:
    return tuple(words.remark_on(remark, report, language) for remark in report.remarks if remark in wanted)


def _main_reason(report: Report, language: Language) -> str:
    """Why it is not green: the issuer's own reason of a status, else that of the check which decided."""
    if report.verdict is Verdict.VALID or report.verdict in WITHOUT_CERTIFICATE or report.reason is None:
        return ""
    if report.status is not None and report.verdict in OF_STATUS:
        reason = status_reason(report.status.reason)
        return _(
            "The issuer's reason: %(reason)s. Applies from %(moment)s.",
            reason=reason,
            moment=show_moment(report.status.effective),
        )
    if report.verdict in OF_DATES:
        return ""
    if report.reason is Reason.CONTENT_MISSING and report.document_hash is not None:
        return ""  # the verdict's own sentence says it
    return _("Why: %(reason)s.", reason=words.reason_text(report.reason, language))


def status_reason(code: str) -> str:
    """Say the reason code of a status document (certlog.status.REASONS)."""
    reasons = {
        "nonconformity": _("nonconformity found"),
        "surveillance_overdue": _("surveillance is overdue"),
        "misuse_of_mark": _("misuse of the certificate or mark"),
        "fee_unpaid": _("fees not paid"),
        "client_request": _("at the holder's request"),
        "investigation": _("under investigation"),
        "corrected": _("causes corrected"),
        "suspended_in_error": _("it was suspended in error"),
        "suspension_expired": _("the suspension was not resolved in time"),
        "invalid": _("issued in error"),
        "key_compromise": _("the signing key was compromised"),
        "production_ended": _("production has ended"),
        "correction": _("correction"),
        "scope_extended": _("scope extended"),
        "scope_reduced": _("scope reduced"),
        "renewed": _("renewed"),
        "reissued": _("issued again"),
    }
    return reasons.get(code, code)


def _freshness(answer: Answer, language: Language) -> tuple[Row, ...]:
    """When each thing that the verdict rests on was last known."""
    report, chain = answer.report, answer.chain_view
    rows = [Row(_("Checked"), show_moment(report.at))]
    if report.status_as_of is not None:
        rows.append(Row(_("Status as of"), show_moment(report.status_as_of)))
    if report.ages.signed is not None:
        rows.append(Row(_("Age of the signed status"), words.show_age(report.ages.signed, language)))
    if report.anchored_at is not None:
        rows.append(Row(_("Anchored on the chain by"), show_moment(report.anchored_at)))
    elif report.anchor_expected_by is not None:
        rows.append(Row(_("Anchor expected by"), show_moment(report.anchor_expected_by)))
    if report.ages.anchored is not None:
        rows.append(Row(_("Age of the newest anchor"), words.show_age(report.ages.anchored, language)))
    if chain.read_at is None:
        rows.append(Row(_("Chain last read"), _("not yet")))
    else:
        block = _("at block %(number)s", number=chain.block_number) if chain.block_number is not None else ""
        rows.append(Row(_("Chain last read"), show_moment(chain.read_at), note=block))
    return tuple(rows)


def _issuer_name(issuer: Issuer | None, language: Language) -> str:
    if issuer is None:
        return ""
    names = dict(issuer.names)
    return names.get(language) or next(iter(names.values()), issuer.did)


def _issuer_rows(issuer: Issuer | None) -> tuple[Row, ...]:
    if issuer is None:
        return ()
    return (
        Row(_("Tax or business code"), issuer.legal_id),
        Row(_("Identifier in the trust list"), issuer.did, code=True),
    )


def _check(check: Check, language: Language) -> CheckView:
    looks = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.NOT_CHECKED: "open"}
    evidence = ((_("Expected"), check.expected), (_("Found"), check.found), (_("Detail"), check.why))
    return CheckView(
        number=check.number,
        name=words.CHECK_NAMES[check.name].text(language),
        outcome=words.OUTCOMES[check.outcome].text(language),
        look=looks[check.outcome],
        icon=OUTCOME_ICONS[check.outcome],
        reason="" if check.reason is None else words.reason_text(check.reason, language),
        evidence=tuple((label, said(value, language)) for label, value in evidence if value),
    )


def public_report(answer: Answer) -> dict[str, object]:
    """Return the answer for the API: the report, the words in both languages, and what check 7 rests on."""
    report, chain = answer.report, answer.chain_view
    texts = {
        language: {"title": words.title(report, language), "sentence": words.sentence(report, language)}
        for language in words.LANGUAGES
    }
    return {
        "id": answer.identifier,
        "answeredBy": "registry",
        **report_json(report),
        "replacement": answer.replacement,
        "sealed": answer.is_sealed,
        "words": texts,
        "chain": {
            "readAt": None if chain.read_at is None else format_time(chain.read_at),
            "blockNumber": chain.block_number,
            "blockTime": None if chain.block_time is None else format_time(chain.block_time),
            "source": chain.source,
            "problem": chain.problem,
        },
    }
