"""What a demo finds when it comes back: what it left, or what was lawfully changed since, and then it says so.

Between two runs a person may have done with the demo's folder whatever the commands allow. What they did stands in the
log; the log is audited, the page and the verifier must agree, and nothing is compared with a memory.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from certlog.certificate_id import format_id
from certlog.sentences import Sentence
from certlog.trust_root import TrustRoot
from certlog.trust_root_changes import changes
from cli.demo_stage import Stage, shown
from cli.files import replace_file
from verifier.report import Verdict

PROOF_SECONDS: Final = 90
_NOT_YET: Final = (Verdict.PENDING, Verdict.CANNOT_CHECK)
"""Ends by itself: the next epoch, or the next anchor, comes."""
_NEVER: Final = (Verdict.ALTERED, Verdict.CONTRADICTED, Verdict.UNKNOWN, Verdict.MISTYPED)
"""What nobody may lawfully bring about."""


@dataclass(frozen=True, slots=True)
class Left:
    """A certificate, and the verdict with which the first run left it."""

    identifier: str
    verdict: str


def follow_trust_root(stage: Stage, path: Path, published: TrustRoot) -> None:
    """Take over the trust root that the registry publishes now, if all that the demo's own one proved still holds.

    What the owner of the folder has pinned of the operator stays: the registry does not publish that.
    """
    known = TrustRoot.parse(path.read_bytes())
    if published.operator == replace(known.operator, rotations=()):
        published = replace(published, operator=known.operator)
    found = changes(known, published)
    if not found:
        return
    stage.say(Sentence("the registry publishes a newer trust root than {path}:", path=os.path.relpath(path)))
    for change in found:
        stage.say(change.what)
    keeps = all(change.keeps for change in found)
    stage.expect(Sentence("all that the old one proved still holds"), keeps, wanted=True)
    if keeps:
        replace_file(path, published.to_bytes())


def find_again(
    stage: Stage,
    left: Left,
    page: Callable[[], str],
    verify: Callable[[], str],
    alive: Sequence[Callable[[], bool]],
) -> str:
    """Wait until page and verifier say the same of a certificate, and say where that is not what the first run left.

    Args:
        stage: where it is said; what nobody may bring about is a failure there.
        left: the certificate.
        page: asks the registry's own verdict.
        verify: asks `certlog verify`.
        alive: what must run meanwhile.

    Raises:
        Unavailable: they do not agree in time.
    """
    name, found = format_id(left.identifier), ""

    def agreed() -> bool:
        nonlocal found
        found = page()
        return found not in _NOT_YET and verify() == found

    stage.wait(
        Sentence("{identifier}: the proof", identifier=name), agreed, seconds=PROOF_SECONDS, alive=alive
    )
    stage.expect(name, found, left.verdict if found in _NEVER else found)
    if found not in (*_NEVER, left.verdict):
        stage.say(
            Sentence("changed since the first run, which left it: {verdict}", verdict=shown(left.verdict))
        )
    return found
