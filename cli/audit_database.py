"""`certlog audit --data FOLDER`: joins the audit of a log with a comparison of the registry's own database."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from certlog.errors import Unavailable
from certlog.findings import Finding, in_order
from certlog.sentences import Sentence
from certlog.tile_reader import TileReader
from registry.compare_with_log import differences
from registry.data_folder import DataFolder
from registry.opening import Surroundings, open_registry
from verifier.audit_parts import AuditFault, Part, PartResult, State
from verifier.audit_record import Audit
from verifier.mirror import Mirror


def with_database(found: Audit, mirror: Mirror, folder: Path) -> Audit:
    """Return an audit with one part more: the database of a data folder, compared with the log that was audited."""
    if not found.log_is_right:
        why = Sentence("the log itself is not right: there is nothing to compare with")
        return _with(found, PartResult(Part.DATABASE, State.NOT_CHECKED, why), ())
    tree = TileReader(mirror, found.size, found.root)
    try:
        registry = open_registry(DataFolder(folder), Surroundings(os.environ))
        try:
            with tempfile.TemporaryDirectory(prefix="certlog-audit-") as scratch:
                told = tuple(
                    differences(
                        registry.database,
                        Path(scratch) / "scratch.db",
                        registry.settings.operator,
                        registry.origin,
                        (found.size, lambda index: tree.read(0, index)),
                    )
                )
        finally:
            registry.database.close()
    except Unavailable as error:
        return _with(found, PartResult(Part.DATABASE, State.NOT_CHECKED, str(error)), ())
    findings = tuple(Finding(AuditFault.DATABASE_DIFFERS, found_at.index, found_at.what) for found_at in told)
    if findings:
        result = PartResult(Part.DATABASE, State.FINDING, Sentence("findings: {count}", count=len(findings)))
    else:
        what = Sentence("{size} entries and every table are what the log says", size=found.size)
        result = PartResult(Part.DATABASE, State.CLEAN, what)
    return _with(found, result, findings)


def _with(found: Audit, part: PartResult, findings: tuple[Finding, ...]) -> Audit:
    return replace(
        found,
        parts=(*found.parts, part),
        findings=in_order((*found.findings, *findings)),
        finding_count=found.finding_count + len(findings),
    )
