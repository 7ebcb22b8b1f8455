"""Reports for when there is nothing to verify: an unknown or mistyped id, or no evidence to be had.

All ten checks are "not checked"; the verdict is neutral. Nothing here can be green.
"""

from dataclasses import replace

from certlog.errors import MistypedId
from certlog.sentences import Sentence
from verifier.report import CheckName, Reason, Report, Verdict, not_checked
from verifier.verdict import LOOKS


def nothing_checked(verdict: Verdict, reason: Reason, *, at: int, why: str = "") -> Report:
    """Return a report in which every check says the same: that it was not made, and why.

    Raises:
        ValueError: for a verdict that only checks can give.
    """
    if verdict not in (Verdict.UNKNOWN, Verdict.MISTYPED, Verdict.CANNOT_CHECK, Verdict.PENDING):
        message = Sentence("{verdict} needs checks", verdict=verdict)
        raise ValueError(message)
    checks = tuple(not_checked(name, reason, why=why) for name in CheckName)
    return Report(verdict, LOOKS[verdict], checks, at, reason)


def mistyped(error: MistypedId, *, at: int) -> Report:
    """Return the report for an id whose check character is wrong."""
    return nothing_checked(Verdict.MISTYPED, Reason.MISTYPED_ID, at=at, why=str(error))


def unknown(*, at: int, registry: str) -> Report:
    """Return the report for an id that the registry does not have."""
    return nothing_checked(
        Verdict.UNKNOWN, Reason.NO_SUCH_ID, at=at, why=Sentence("asked {registry}", registry=registry)
    )


def as_unknown(report: Report) -> Report:
    """Return a report on a certificate in hand that the registry does not have: its own checks stay as they are."""
    if report.verdict is not Verdict.CANNOT_CHECK:
        return report
    checks = tuple(
        replace(check, reason=Reason.NO_SUCH_ID) if check.reason is Reason.NO_EVIDENCE else check
        for check in report.checks
    )
    return replace(
        report, verdict=Verdict.UNKNOWN, look=LOOKS[Verdict.UNKNOWN], reason=Reason.NO_SUCH_ID, checks=checks
    )
