"""From checks and facts to the report that people and programs read. Nothing is verified here."""

from dataclasses import dataclass, field
from typing import Final

from certlog.credential import validity
from certlog.digests import DocumentHash
from certlog.errors import InvalidInput
from certlog.scopes import Scope
from certlog.strict_json import JSONObject
from verifier.check_anchor import AnchorFacts
from verifier.check_status import StatusFacts
from verifier.check_trust import Authority
from verifier.report import Ages, Check, CheckName, Page, Report, Verdict
from verifier.shown import issuer_of_record, kind_of, remarks_on, remarks_on_calibration
from verifier.verdict import decide, look

PROVEN_CHECKS: Final = (
    CheckName.ISSUER,
    CheckName.SCOPE,
    CheckName.INCLUSION,
    CheckName.CHECKPOINT,
    CheckName.ANCHOR,
    CheckName.STATUS,
)
"""Checks 3 to 8: those that need an evidence file."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What checks 3 to 8 found in the evidence; the checks stand in the order of their numbers."""

    checks: tuple[Check, ...]
    index: int | None = None
    authority: Authority | None = None
    scopes: tuple[Scope, ...] = ()
    anchor: AnchorFacts = field(default_factory=AnchorFacts)
    status: StatusFacts = field(default_factory=StatusFacts)


def assemble(
    shown: JSONObject | None,
    document_hash: DocumentHash,
    checks: tuple[Check, ...],
    proven: Proven,
    *,
    max_anchor_age: int,
    at: int,
    page: Page,
) -> Report:
    """Return the report. Of an altered certificate nothing is shown but what differs.

    `shown` is the content as it came, or None where only its record is known.
    """
    decision = decide(checks)
    ages = Ages(
        proven.status.age, None if proven.anchor.newest is None else max(0, at - proven.anchor.newest)
    )
    anchor_is_old = ages.anchored is not None and ages.anchored > max_anchor_age
    hidden = decision.verdict is Verdict.ALTERED
    content: JSONObject = {} if hidden or shown is None else shown
    enrolled = None if hidden or proven.authority is None else proven.authority.record
    valid_from, valid_until = _dates(content)
    return Report(
        verdict=decision.verdict,
        look=look(decision, anchor_is_old=anchor_is_old),
        checks=checks,
        at=at,
        reason=decision.reason,
        remarks=remarks_on(
            content,
            checks,
            page=page,
            scopes=proven.scopes,
            enrolled=enrolled,
            anchor=proven.anchor,
            status=proven.status,
            anchor_is_old=anchor_is_old,
        )
        + remarks_on_calibration(content, at),
        kind=kind_of(content),
        page=page,
        content=None if hidden else shown,
        document_hash=document_hash,
        index=proven.index,
        issuer=None if enrolled is None else issuer_of_record(enrolled),
        status=proven.status.change,
        status_as_of=proven.status.as_of,
        ages=ages,
        anchored_at=proven.anchor.first,
        anchor_expected_by=_expected_by(decision.verdict, proven.status.as_of, max_anchor_age),
        valid_from=valid_from,
        valid_until=valid_until,
    )


def _dates(content: JSONObject) -> tuple[int | None, int | None]:
    try:
        return validity(content)
    except InvalidInput:
        return None, None


def _expected_by(verdict: Verdict, as_of: int | None, max_anchor_age: int) -> int | None:
    """A pending certificate's anchor is due before the newest anchor would count as old."""
    return as_of + max_anchor_age if verdict is Verdict.PENDING and as_of is not None else None
