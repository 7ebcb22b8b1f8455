"""The report on a dated status proof as text for a terminal: what is stated and when, then every check."""

from typing import Final

import click

from certlog.certificate_id import certificate_id, format_id
from cli.verdict_text import chain_line, check_lines, section
from verifier.chain_view import ChainView
from verifier.report import Reason, Remark
from verifier.verify_status import Standing, StatusReport
from verifier.words import CHECKED_HERE, Language, Phrase, reason_text, remark_text, show_time
from verifier.words_standing import LIMITS, dates_of, standing_title

_COLOURS: Final = {
    Standing.CLEAR: "green",
    Standing.SUSPENDED: "yellow",
    Standing.REVOKED: "red",
    Standing.REFUSED: "red",
}
_CODE: Final = Phrase("Mã tra cứu", "Certificate code")
_PLACE: Final = Phrase("Mục trong sổ", "Entry in the log")
_CHECKS: Final = Phrase("Các bước kiểm tra", "Checks")
_LIMITS: Final = Phrase("Những điều không được chứng minh", "What is not proven")
_TRUST_ROOT: Final = Phrase("gốc tin cậy", "trust root")
_CHAIN: Final = Phrase("chuỗi khối", "chain")


def render_status(report: StatusReport, language: Language, *, fingerprint: str, view: ChainView) -> str:
    """Return the whole text, styled for a terminal."""
    checks = [line for check in report.checks for line in check_lines(check, language)]
    remarks = ([Remark.TEST_CHAIN] if report.is_test_chain else []) + (
        [] if report.consulted else [Remark.CHAIN_NOT_CONSULTED]
    )
    lines = [
        click.style(standing_title(report, language), fg=_COLOURS[report.standing], bold=True),
        *dates_of(report, language),
        *_reason(report.reason, language),
        *(f"! {remark_text(remark, language)}" for remark in remarks),
        "",
        f"  {_CODE.text(language)}: {format_id(certificate_id(report.document_hash))}",
        f"  {_PLACE.text(language)}: {report.index}",
        *section(_CHECKS, language, checks),
        *section(_LIMITS, language, [phrase.text(language) for phrase in LIMITS]),
        "",
        f"{CHECKED_HERE.text(language)}: {show_time(report.at, language)}",
        f"  {_TRUST_ROOT.text(language)}: {fingerprint}",
        f"  {_CHAIN.text(language)}: {chain_line(view, language)}",
    ]
    return "\n".join(lines)


def _reason(reason: Reason | None, language: Language) -> list[str]:
    return [] if reason is None else [f"→ {reason_text(reason, language)}"]
