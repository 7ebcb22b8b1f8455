"""An audit as JSON, for programs and for the report: English sentences, and codes that never change."""

from certlog.encoding import b64url
from certlog.findings import Finding
from certlog.strict_json import JSONObject
from certlog.timestamps import format_time
from verifier.audit_parts import part_of
from verifier.audit_record import Audit
from verifier.chain_view import AnchorReading

REPORT_VERSION = 1


def audit_json(found: Audit) -> JSONObject:
    """Return the report as JSON (docs/auditing.md)."""
    return {
        "v": REPORT_VERSION,
        "result": result_of(found),
        "origin": found.origin,
        "source": found.source,
        "trustRoot": found.fingerprint,
        "size": found.size,
        "root": b64url(found.root),
        "checkpoint": [*found.note.split("\n")[:-1]],
        "started": format_time(found.started),
        "finished": format_time(found.finished),
        "endsInEpoch": found.ends_in_epoch,
        "first": finding_json(found.findings[0]) if found.findings else None,
        "findingCount": found.finding_count,
        "findings": [finding_json(finding) for finding in found.findings],
        "parts": [
            {"part": part.part.value, "state": part.state.value, "what": str(part.what)}
            for part in found.parts
        ],
        "anchors": [_anchor_json(anchor) for anchor in found.anchors],
    }


def result_of(found: Audit) -> str:
    """Return the audit's one word: `finding`, `not checked` or `clean`."""
    if found.finding_count:
        return "finding"
    return "clean" if found.is_whole else "not checked"


def finding_json(finding: Finding) -> JSONObject:
    """Return one finding."""
    return {
        "code": str(finding.code),
        "part": part_of(finding.code).value,
        "index": finding.index,
        "what": str(finding.what),
        "expected": finding.expected,
        "found": finding.found,
    }


def _anchor_json(anchor: AnchorReading) -> JSONObject:
    return {
        "chainId": anchor.chain_id,
        "size": anchor.size,
        "root": b64url(anchor.root),
        "blockNumber": anchor.block_number,
        "blockTime": format_time(anchor.block_time or 0),
    }
