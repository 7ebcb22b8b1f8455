"""What `certlog audit` prints for people: the one word, the first difference, each part."""

from collections.abc import Iterator, Mapping
from typing import Final

from certlog.findings import Finding
from certlog.sentences import Sentence
from certlog.timestamps import format_time
from verifier.audit_json import result_of
from verifier.audit_parts import PART_NAMES, State
from verifier.audit_record import Audit

RESULTS: Final[Mapping[str, Sentence]] = {
    "clean": Sentence("CLEAN: nothing was found that should not be so"),
    "finding": Sentence("FINDING: this log is not what it should be"),
    "not checked": Sentence("NOT CHECKED: nothing was found, but not everything could be looked at"),
}
STATES: Final[Mapping[State, Sentence]] = {
    State.CLEAN: Sentence("clean"),
    State.FINDING: Sentence("FINDING"),
    State.NOT_CHECKED: Sentence("could not be checked"),
    State.LEFT_OUT: Sentence("left out"),
}
_SHOWN: Final = 20


def audit_lines(found: Audit) -> Iterator[str]:
    """Yield the lines of a result."""
    yield RESULTS[result_of(found)]
    yield Sentence(
        "{origin}, size {size}, read from {source}, {at}",
        origin=found.origin,
        size=found.size,
        source=found.source,
        at=format_time(found.finished),
    )
    if found.findings:
        yield ""
        yield Sentence("first difference:")
        yield finding_line(found.findings[0])
    yield ""
    for part in found.parts:
        yield Sentence(
            "{name}: {state}; {what}", name=PART_NAMES[part.part], state=STATES[part.state], what=part.what
        )
    if len(found.findings) > 1:
        yield ""
        yield Sentence("all findings, {count}:", count=found.finding_count)
        for finding in found.findings[:_SHOWN]:
            yield finding_line(finding)
    if found.finding_count > _SHOWN:
        yield Sentence("… and {count} more: use --json", count=found.finding_count - _SHOWN)


def finding_line(finding: Finding) -> Sentence:
    """Return one finding in a line."""
    return Sentence(
        "  entry {index}, {code}: {what}", index=finding.index, code=finding.code, what=finding.what
    )
