"""A report as JSON, for `certlog verify --json` and the HTTP API, in the conventions of docs/formats.md, section 0.

Names in camel case, hashes in base64url, times as text in UTC; what is not known is null.
"""

from certlog.encoding import b64url
from certlog.strict_json import JSONObject, JSONValue
from certlog.timestamps import format_time
from verifier.report import Check, Issuer, Report, StatusChange
from verifier.report_on import StateOn
from verifier.verify_status import StatusReport


def report_json(report: Report) -> JSONObject:
    """Return a report as JSON."""
    return {
        "verdict": report.verdict.value,
        "look": report.look.value,
        "reason": report.reason,
        "remarks": [remark.value for remark in report.remarks],
        "kind": report.kind.value,
        "page": report.page.value,
        "at": format_time(report.at),
        "documentHash": _hash(report.document_hash),
        "index": report.index,
        "issuer": _issuer(report.issuer),
        "status": _status(report.status),
        "statusAsOf": _time(report.status_as_of),
        "statusAge": report.ages.signed,
        "anchoredAt": _time(report.anchored_at),
        "anchorAge": report.ages.anchored,
        "anchorExpectedBy": _time(report.anchor_expected_by),
        "validFrom": _time(report.valid_from),
        "validUntil": _time(report.valid_until),
        "checks": [_check(check) for check in report.checks],
        "content": report.content,
        **({} if report.on is None else {"on": _on(report.on)}),
    }


def _on(found: StateOn) -> JSONObject:
    return {
        "moment": format_time(found.on),
        "known": found.known.value,
        "states": [state.value for state in found.states],
        "byIssuer": None if found.by_issuer is None else found.by_issuer.value,
        "statedAt": format_time(found.stated_at),
        "registeredBy": _time(found.registered_by),
        "events": [{"action": action, "loggedBy": _time(bound)} for action, bound in found.events],
    }


def _check(check: Check) -> JSONObject:
    return {
        "number": check.number,
        "name": check.name.value,
        "outcome": check.outcome.value,
        "reason": check.reason,
        "expected": check.expected,
        "found": check.found,
        "why": check.why,
    }


def _issuer(issuer: Issuer | None) -> JSONValue:
    if issuer is None:
        return None
    names: JSONObject = dict(issuer.names)
    return {"did": issuer.did, "names": names, "legalId": issuer.legal_id}


def _status(status: StatusChange | None) -> JSONValue:
    if status is None:
        return None
    return {
        "action": status.action,
        "reason": status.reason,
        "effective": format_time(status.effective),
        "index": status.index,
        "replacedBy": _hash(status.replaced_by),
    }


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else format_time(seconds)


def _hash(digest: bytes | None) -> str | None:
    return None if digest is None else b64url(digest)


def status_report_json(report: StatusReport) -> JSONObject:
    """Return the report on a dated status proof as JSON."""
    epoch = report.epoch
    return {
        "standing": report.standing.value,
        "reason": report.reason,
        "at": format_time(report.at),
        "documentHash": b64url(report.document_hash),
        "index": report.index,
        "slot": report.slot.to_json(),
        "statusAsOf": None if epoch is None else format_time(epoch.time),
        "epoch": None if epoch is None else epoch.number,
        "blockTime": _time(report.block_time),
        "statusAge": report.ages.signed,
        "anchorAge": report.ages.anchored,
        "chainConsulted": report.consulted,
        "testChain": report.is_test_chain,
        "checks": [_check(check) for check in report.checks],
    }
