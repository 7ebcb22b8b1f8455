"""docs/auditing.md says what every finding means."""

import re
from pathlib import Path

from certlog.findings import Fault
from verifier.audit_parts import PART_NAMES, AuditFault, Part, part_of

PAGE = Path(__file__).parents[2] / "docs" / "auditing.md"


def test_every_code_of_a_finding_is_explained_and_none_other() -> None:
    table = PAGE.read_text(encoding="utf-8").split("## What a finding means")[1].split("\n## ")[0]
    explained = {
        code for row in table.split("\n| ")[3:] for code in re.findall(r"`([a-z-]+)`", row.split(" | ")[0])
    }
    assert explained == {*Fault, *AuditFault}


def test_every_part_has_a_name_and_every_code_a_part() -> None:
    assert set(PART_NAMES) == set(Part)
    for fault in (*Fault, *AuditFault):
        assert part_of(fault) in Part
    assert {part_of(fault) for fault in AuditFault if "anchor" in fault} == {Part.ANCHORS}
