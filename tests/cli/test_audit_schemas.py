"""What `certlog audit` writes for programs is what the published JSON Schemas say, and they refuse everything else."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema_rs import Draft202012Validator

from certlog.findings import Fault
from certlog.schemas.audit import ASSESSMENT_PACK, AUDIT_PARTS, AUDIT_REPORT
from certlog.schemas.catalogue import SCHEMAS
from certlog.status import StatusAction
from tests.cli.test_audit import pins, run
from tests.cli.test_audit_pack import assessed, made
from tests.support.served_log import write_log
from tests.verifier.audited import relog, sample
from tests.verifier.test_audit_anchors import ANCHORED, audited_on
from verifier.audit_json import audit_json
from verifier.audit_parts import AuditFault, Part, State, part_of

REPORT: Final = Draft202012Validator(AUDIT_REPORT, offline=True)
PACK: Final = Draft202012Validator(ASSESSMENT_PACK, offline=True)


def problems(validator: Draft202012Validator, value: object) -> list[str]:
    """Return what is wrong with a value."""
    return [error.message for error in validator.iter_errors(value)]


def report(folder: Path, tmp_path: Path, log: Any) -> dict[str, Any]:
    """Return the report.json that the command writes."""
    run(folder, "--trust-root", pins(log, tmp_path), "--report", tmp_path / "report", "--documents")
    found: dict[str, Any] = json.loads((tmp_path / "report/report.json").read_bytes())
    return found


def test_reports_of_each_result_are_as_published(tmp_path: Path) -> None:
    log, documents = sample()
    folder = write_log(log, tmp_path / "log", documents)
    clean = report(folder, tmp_path, log)
    (folder / "tile/0/000.p" / str(log.size)).unlink()
    unchecked = report(folder, tmp_path, log)
    log.entries[6] = log.entries[5]
    relog(log)
    wrong = report(write_log(log, folder), tmp_path, log)
    assert [found["result"] for found in (clean, unchecked, wrong)] == ["clean", "not checked", "finding"]
    for found in (clean, unchecked, wrong):
        assert problems(REPORT, found) == []


def test_a_report_with_anchors_is_as_published(tmp_path: Path) -> None:
    log, _ = sample()
    audit = audited_on(log, write_log(log, tmp_path / "log"), ANCHORED[AuditFault.FOREIGN_HEAD])
    found = json.loads(json.dumps(audit_json(audit)))
    assert found["anchors"] != []
    assert problems(REPORT, found) == []


def test_a_pack_is_as_published(tmp_path: Path) -> None:
    log, documents = assessed()
    found = made(log, documents[:8], tmp_path, "--out", str(tmp_path / "pack"))
    assert problems(PACK, found) == []
    for which, value in broken(found):
        assert problems(PACK, value) != [], which


def test_another_form_of_a_report_is_refused(tmp_path: Path) -> None:
    log, _ = sample()
    log.entries[6] = log.entries[5]
    relog(log)
    found = report(write_log(log, tmp_path / "log"), tmp_path, log)
    for which, value in broken(found):
        assert problems(REPORT, value) != [], which


def broken(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a document without each of its members, with one more, and with one of another type; the same one below."""
    for name in found:
        yield name, {key: value for key, value in found.items() if key != name}
        yield name, found | {name: {"of": "another type"}}
    yield "more", found | {"more": 1}
    for name, value in found.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for which, item in broken(value[0]):
                whole = copy.deepcopy(found)
                whole[name][0] = item
                yield f"{name}/{which}", whole


def test_every_part_state_and_code_is_in_the_schema() -> None:
    assert tuple(part.value for part in Part) == AUDIT_PARTS
    part = {"part": "tree", "what": "x"}
    schema = Draft202012Validator(AUDIT_REPORT["properties"]["parts"]["items"], offline=True)  # type: ignore[index]
    for state in State:
        assert problems(schema, part | {"state": state.value}) == []
    finding = Draft202012Validator(AUDIT_REPORT["properties"]["findings"]["items"], offline=True)  # type: ignore[index]
    for code in (*Fault, *AuditFault):
        row = {
            "code": code.value,
            "part": part_of(code).value,
            "index": 0,
            "what": "x",
            "expected": "",
            "found": "",
        }
        assert problems(finding, row) == []
    event = Draft202012Validator(ASSESSMENT_PACK["properties"]["events"]["items"], offline=True)  # type: ignore[index]
    for action in StatusAction:
        row = {"index": "1", "loggedBy": "2026-11-20T02:00:00Z", "id": "00000-00000-00000-00000"}
        assert problems(event, row | {"action": action.value, "reason": ""}) == []


@pytest.mark.parametrize("name", ["audit-report", "assessment-pack"])
def test_they_are_in_the_catalogue(name: str) -> None:
    assert SCHEMAS[name]["$id"] == f"https://registry.example.vn/schemas/{name}/v1"
