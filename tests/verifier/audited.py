"""Logs to audit, honest ones, and what an audit of them says; for the tests of the audit."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from certlog.documents import SecuredDocument
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.strict_json import JSONObject
from certlog.trust_root import TrustRoot
from tests.support.certificates import conformity_content
from tests.support.signing import ed25519
from tests.support.small_log import SmallLog
from tests.support.trust_log import enrolled
from verifier.audit import audit
from verifier.audit_parts import Part, State
from verifier.audit_record import Audit, AuditRequest
from verifier.audit_state import AuditState
from verifier.log_source import LogSource, log_source
from verifier.mirror import Mirror

ISSUER: Final = ed25519("issuer")


def sample(extra: int = 0) -> tuple[SmallLog, list[SecuredDocument]]:
    """Return an honest log with two epochs, three certificates, one withdrawn; and more certificates if wanted."""
    log = enrolled()
    log.close()
    documents = [log.certify(ISSUER, content(i)) for i in range(3 + extra)]
    log.close()
    log.change_status(documents[1], StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    log.close()
    return log, documents


def content(position: int) -> JSONObject:
    """Return a certificate of its own slot and number, which claims the granted designation."""
    number = f"MAU-2026-{position:04}"
    return conformity_content(slot=Slot(0, position), number=number)


def audited(
    log: SmallLog,
    source: LogSource | Path | str,
    *,
    folder: Path | None = None,
    state: AuditState | None = None,
    trust_root: TrustRoot | None = None,
    now: int | None = None,
    **options: object,
) -> Audit:
    """Audit what a source holds; offline unless a trust root with a chain is given."""
    found = log_source(str(source)) if isinstance(source, Path | str) else source
    pins = trust_root or replace(log.trust_root(), chains=())
    request = AuditRequest(
        pins, Mirror(found, folder), now=lambda: now or log.time, sleep=lambda _: None, state=state
    )
    try:
        return audit(replace(request, **options))  # type: ignore[arg-type] # a test's own options
    finally:
        found.close()


def codes(found: Audit) -> list[str]:
    """Return the codes of the findings, first difference first."""
    return [finding.code for finding in found.findings]


def states(found: Audit) -> dict[Part, State]:
    """Return how each part went."""
    return {result.part: result.state for result in found.parts}


def relog(log: SmallLog) -> None:
    """Make the tree of the entries as they now are."""
    entries, log.entries = log.entries, []
    log.tree = type(log.tree)()
    for entry in entries:
        log.append(entry)
