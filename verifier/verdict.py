"""From ten checks to one verdict: the table of docs/formats.md, section 10. The first row that matches wins.

The default is "cannot check", never "valid": green needs every check to have passed.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from verifier.report import Check, CheckName, Look, Outcome, Reason, Verdict

FAILED_AS: Final[Mapping[Reason, Verdict]] = {
    Reason.MALFORMED: Verdict.ALTERED,
    Reason.ANOTHER_DOCUMENT: Verdict.ALTERED,
    Reason.BAD_SIGNATURE: Verdict.ALTERED,
    Reason.WRONG_DOMAIN: Verdict.ALTERED,
    Reason.WRONG_CHALLENGE: Verdict.ALTERED,
    Reason.WRONG_ISSUER: Verdict.ALTERED,
    Reason.PROOF_MISMATCH: Verdict.ALTERED,
    Reason.NOT_INCLUDED: Verdict.ALTERED,
    Reason.HEADS_NOT_RISING: Verdict.ALTERED,
    Reason.NOT_SIGNED_BY_LOG: Verdict.ALTERED,
    Reason.FILE_DIFFERS: Verdict.ALTERED,
    Reason.ABSENT_FROM_CHAIN: Verdict.CONTRADICTED,
    Reason.OTHER_BLOCK_TIME: Verdict.CONTRADICTED,
    Reason.NOT_ENROLLED: Verdict.NOT_TRUSTED,
    Reason.KEY_NOT_ADDED: Verdict.NOT_TRUSTED,
    Reason.SIGNER_NOT_ALLOWED: Verdict.NOT_TRUSTED,
    Reason.RECORD_MISSING: Verdict.NOT_TRUSTED,
    Reason.KEY_NOT_IN_FORCE: Verdict.NOT_TRUSTED,
    Reason.SCOPE_NOT_GRANTED: Verdict.NOT_TRUSTED,
    Reason.SCOPE_NOT_IN_FORCE: Verdict.NOT_TRUSTED,
    Reason.WITHDRAWN: Verdict.WITHDRAWN,
    Reason.REVOKED_REASON_NOT_IN_FILE: Verdict.WITHDRAWN,
    Reason.CANCELLED: Verdict.CANCELLED,
    Reason.SUPERSEDED: Verdict.SUPERSEDED,
    Reason.SUSPENDED: Verdict.SUSPENDED,
    Reason.SUSPENDED_REASON_NOT_IN_FILE: Verdict.SUSPENDED,
    Reason.NOT_YET_VALID: Verdict.NOT_YET_VALID,
    Reason.EXPIRED: Verdict.EXPIRED,
    Reason.EPOCH_NOT_LAST: Verdict.CANNOT_CHECK,
    Reason.EPOCH_FROM_THE_FUTURE: Verdict.CANNOT_CHECK,
    Reason.STATUS_NOT_PROVEN: Verdict.CANNOT_CHECK,
    Reason.STATUS_DISAGREES: Verdict.CANNOT_CHECK,
}
"""What a failed check means; a reason that is not listed can end in "cannot check" only."""

LOOKS: Final[Mapping[Verdict, Look]] = {
    Verdict.ALTERED: Look.RED,
    Verdict.CONTRADICTED: Look.RED,
    Verdict.NOT_TRUSTED: Look.RED,
    Verdict.WITHDRAWN: Look.RED,
    Verdict.CANCELLED: Look.RED,
    Verdict.SUPERSEDED: Look.NEUTRAL,
    Verdict.SUSPENDED: Look.AMBER,
    Verdict.NOT_YET_VALID: Look.AMBER,
    Verdict.EXPIRED: Look.AMBER,
    Verdict.PENDING: Look.NEUTRAL,
    Verdict.VALID: Look.GREEN,
    Verdict.CANNOT_CHECK: Look.NEUTRAL,
    Verdict.UNKNOWN: Look.NEUTRAL,
    Verdict.MISTYPED: Look.NEUTRAL,
}

_ORDER: Final = tuple(Verdict)
_GENUINE: Final = (
    CheckName.BYTES,
    CheckName.SIGNATURE,
    CheckName.ISSUER,
    CheckName.SCOPE,
    CheckName.INCLUSION,
    CheckName.CHECKPOINT,
)
_ABOUT_CONTENT: Final = (CheckName.BYTES, CheckName.SCOPE)
_NEEDS_GENUINE: Final = (
    Verdict.WITHDRAWN,
    Verdict.CANCELLED,
    Verdict.SUPERSEDED,
    Verdict.SUSPENDED,
    Verdict.NOT_YET_VALID,
    Verdict.EXPIRED,
)
_WAITING: Final = (Reason.NOT_ANCHORED_YET, Reason.NOT_FINAL_YET)


class Decision(NamedTuple):
    """A verdict and the reason of the check that decided it (None for valid)."""

    verdict: Verdict
    reason: Reason | None


def decide(checks: Sequence[Check]) -> Decision:
    """Return the verdict of ten checks.

    1. A failed check: the verdict that stands first in the table.
    2. All passed (10 may be without a file): valid.
    3. All but 7, which waits for its anchor: pending.
    4. Anything else: cannot check.

    Status and dates speak only of a certificate whose checks 1 to 6 passed: an unproven one is not "expired". Where
    the content is sealed or withheld, the record alone may be withdrawn, suspended or pending, and never valid.
    """
    if tuple(check.name for check in checks) != tuple(CheckName):
        fault = f"expected the ten checks in order, found {[str(check.name) for check in checks]}"
        raise ValueError(fault)
    failures = [Decision(verdict, check.reason) for check in checks if (verdict := _failed_as(check, checks))]
    if failures:  # 1
        return min(failures, key=lambda decision: _ORDER.index(decision.verdict))
    open_checks = [check for check in checks if not _is_settled(check)]
    if not open_checks:  # 2
        return Decision(Verdict.VALID, None)
    waiting = [check for check in open_checks if check.name is CheckName.ANCHOR and check.reason in _WAITING]
    unread = [check for check in open_checks if check.reason is Reason.CONTENT_MISSING]
    others = [check for check in open_checks if check not in waiting and check not in unread]
    if waiting and not others:  # 3
        return Decision(Verdict.PENDING, waiting[0].reason)
    is_record = bool(unread) and checks[1].outcome is Outcome.PASSED
    decisive = [*others, *unread] if is_record else [check for check in open_checks if check not in waiting]
    return Decision(Verdict.CANNOT_CHECK, decisive[0].reason)  # 4


def look(decision: Decision, *, anchor_is_old: bool) -> Look:
    """Return how a verdict is shown; green turns amber when the newest anchor is too old."""
    if decision.verdict is Verdict.VALID and anchor_is_old:
        return Look.AMBER
    return LOOKS[decision.verdict]


def _failed_as(check: Check, checks: Sequence[Check]) -> Verdict | None:
    """Return the verdict that a failed check asks for, or None if it did not fail or may not speak yet."""
    if check.outcome is not Outcome.FAILED:
        return None
    verdict = (
        Verdict.CANNOT_CHECK if check.reason is None else FAILED_AS.get(check.reason, Verdict.CANNOT_CHECK)
    )
    genuine = all(_speaks_for_it(other) for other in checks if other.name in _GENUINE)
    return None if verdict in _NEEDS_GENUINE and not genuine else verdict


def _speaks_for_it(check: Check) -> bool:
    """Whether a check passed, or could not be made because only the record is here: its status is the record's."""
    unread = check.outcome is Outcome.NOT_CHECKED and check.reason is Reason.CONTENT_MISSING
    return check.outcome is Outcome.PASSED or (unread and check.name in _ABOUT_CONTENT)


def _is_settled(check: Check) -> bool:
    return check.outcome is Outcome.PASSED or (
        check.name is CheckName.FILE and check.reason is Reason.NO_FILE
    )
