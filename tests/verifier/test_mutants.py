"""Mutant control: for every check, and for the steps inside them, a certificate that only this step refuses.

Each case is not valid; with the step switched off it becomes valid. So the step is really what refuses it, and a test
suite that lost the step would notice.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest

from certlog.evidence import Evidence, ProvenEntry
from certlog.slots import Slot
from certlog.status import FileBinding, StatusAction
from certlog.strict_json import JSONValue
from certlog.trust import CompromiseKey, Enrol, RetireKey
from certlog.trust_state import TrustState
from tests.support.certificates import conformity_content
from tests.support.possession import added_key
from tests.verifier.world import (
    DAY,
    HOUR,
    ISSUER,
    NAMES,
    NOW,
    Case,
    World,
    ask,
    case_of,
    enrolled_world,
    honest_case,
    sign_certificate,
    trust_root,
)
from verifier.chain_view import NOT_CONSULTED, ChainView
from verifier.check_anchor import AnchorFacts
from verifier.check_file import File
from verifier.check_status import StatusFacts
from verifier.check_trust import Authority
from verifier.report import Check, CheckName, Page, Verdict, passed

PDF = "application/pdf"


class Broken(NamedTuple):
    """A case with what the test hands in instead of its own parts."""

    case: Case
    evidence: Evidence | None = None
    view: ChainView | None = None
    file: File | None = None
    at: int = NOW

    def is_valid(self) -> bool:
        report = ask(self.case, evidence=self.evidence, view=self.view, file=self.file, at=self.at)
        return report.verdict is Verdict.VALID


def certified(world: World, **members: JSONValue) -> Case:
    content = conformity_content() | members
    document = sign_certificate(content)
    return case_of(world, document, world.log_certificate(document))


def malformed() -> Broken:
    return Broken(certified(enrolled_world(), issuedEarlier="30/02/2026"))


def signed_for_another_log() -> Broken:
    world = enrolled_world()
    document = sign_certificate(conformity_content(), domain="other.example.vn")
    return Broken(case_of(world, document, world.log_certificate(document)))


def retired_key() -> Broken:
    world = enrolled_world()
    world.state(RetireKey(ISSUER.public_key))
    case = certified(world)
    return Broken(case, replace(case.evidence, trust=case.evidence.trust[:3]))


def scope_never_granted() -> Broken:
    world = World()
    world.state(Enrol(NAMES, "0109999999"))
    world.state(added_key(ISSUER.public_key))
    return Broken(certified(world))


def not_in_the_log() -> Broken:
    case = honest_case()
    heads = tuple(replace(head, path=()) for head in case.evidence.heads)
    return Broken(case, replace(case.evidence, heads=heads))


def signed_by_a_stolen_name() -> Broken:
    """A signature of the log's own key, from under another head."""
    case = honest_case()
    first, last = case.evidence.heads
    stolen = last.checkpoint.partition("\n\n")[0] + "\n\n" + first.checkpoint.partition("\n\n")[2]
    return Broken(case, replace(case.evidence, heads=(first, replace(last, checkpoint=stolen))))


def chain_not_read() -> Broken:
    return Broken(honest_case(), view=NOT_CONSULTED)


def withdrawn() -> Broken:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.change_status(document, StatusAction.WITHDRAW, "nonconformity")
    return Broken(case_of(world, document, index))


def not_yet_valid() -> Broken:
    return Broken(certified(enrolled_world(), validFrom="2026-11-23T00:00:00+07:00"))


def doctored_file() -> Broken:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    bound = FileBinding(File.of(b"%PDF original", PDF).sha256, PDF)
    world.change_status(document, StatusAction.BIND_FILE, file=bound)
    return Broken(case_of(world, document, index), file=File.of(b"%PDF doctored", PDF))


def _passed(name: CheckName) -> Callable[..., Check]:
    return lambda *_, **__: passed(name)


def _no_issuer_check(evidence: Evidence, *_: object) -> tuple[Check, Authority]:
    root = trust_root()
    state = TrustState(root.operator, root.origin, partial=True)
    for proven in evidence.trust:
        state.apply(proven.index, proven.entry.document)  # type: ignore[union-attr]
    return passed(CheckName.ISSUER), Authority(state, evidence.records[0].record)


CHECKS = [
    (CheckName.BYTES, "check_bytes", _passed(CheckName.BYTES), malformed),
    (CheckName.SIGNATURE, "check_signature", _passed(CheckName.SIGNATURE), signed_for_another_log),
    (CheckName.ISSUER, "check_issuer", _no_issuer_check, retired_key),
    (CheckName.SCOPE, "check_scope", lambda *_: (passed(CheckName.SCOPE), ()), scope_never_granted),
    (CheckName.INCLUSION, "check_inclusion", _passed(CheckName.INCLUSION), not_in_the_log),
    (CheckName.CHECKPOINT, "check_checkpoints", _passed(CheckName.CHECKPOINT), signed_by_a_stolen_name),
    (CheckName.ANCHOR, "check_anchor", lambda *_: (passed(CheckName.ANCHOR), AnchorFacts()), chain_not_read),
    (CheckName.STATUS, "check_status", lambda *_: (passed(CheckName.STATUS), StatusFacts()), withdrawn),
    (CheckName.DATES, "check_dates", _passed(CheckName.DATES), not_yet_valid),
    (CheckName.FILE, "check_file", lambda *_: (passed(CheckName.FILE), Page.BOUND), doctored_file),
]


@pytest.mark.parametrize(
    ("name", "function", "no_check", "broken"), CHECKS, ids=[str(row[0]) for row in CHECKS]
)
def test_each_check_is_what_refuses_its_case(
    name: CheckName,
    function: str,
    no_check: Callable[..., object],
    broken: Callable[[], Broken],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = broken()
    assert not case.is_valid()
    monkeypatch.setattr(f"verifier.verify.{function}", no_check)
    assert case.is_valid(), f"check {name} is not what refused it"


def test_every_check_has_its_mutant() -> None:
    assert [row[0] for row in CHECKS] == list(CheckName)


def forged_record() -> Broken:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.state(CompromiseKey(ISSUER.public_key, 3))
    case = case_of(world, document, index)
    proven = case.evidence.records[0]
    clean = replace(proven.record.keys[0], compromised_since=None)
    forged = replace(proven, record=replace(proven.record, keys=(clean,)))
    return Broken(case, replace(case.evidence, records=(forged,), trust=case.evidence.trust[:3]))


def statement_outside_the_log() -> Broken:
    case = honest_case()
    moved = tuple(replace(proven, path=()) for proven in case.evidence.trust)
    return Broken(case, replace(case.evidence, trust=moved))


def forged_lists() -> Broken:
    case = withdrawn().case
    clean = tuple(replace(proven, bits=bytes(len(proven.bits))) for proven in case.evidence.lists)
    return Broken(case, replace(case.evidence, lists=(clean[0], clean[1]), events=()))


def older_epoch() -> Broken:
    """An epoch from before the withdrawal, truly in the log, put under the newest head."""
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    first = world.close_epoch(time=NOW - 2 * HOUR)
    old = world.evidence(document, index, (first,))
    world.change_status(document, StatusAction.WITHDRAW, "nonconformity")
    case = case_of(world, document, index)
    older: ProvenEntry = world.prove(first - 1, case.sizes[-1])
    evidence = replace(case.evidence, epoch=older, lists=old.lists, records=old.records, events=())
    return Broken(case, evidence)


def stale() -> Broken:
    return Broken(honest_case(), at=NOW + 2 * DAY)


def from_the_future() -> Broken:
    return Broken(honest_case(), at=NOW - HOUR - 400)


def edited_block_time() -> Broken:
    case = honest_case()
    heads = tuple(
        replace(head, anchors=tuple(replace(anchor, block_time=NOW - 5) for anchor in head.anchors))
        for head in case.evidence.heads
    )
    return Broken(case, replace(case.evidence, heads=heads))


def bit_without_its_event() -> Broken:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.set_bit(0, Slot(0, 0), value=True)
    return Broken(case_of(world, document, index))


def _nothing(*_: object, **__: object) -> None:
    return None


def _trusting_epoch(proven: ProvenEntry, _: object) -> object:
    return proven.entry.epoch  # type: ignore[union-attr]


STEPS = [
    ("verifier.check_trust.verify_inclusion", _nothing, forged_record),
    ("verifier.check_trust.prove_entry", _nothing, statement_outside_the_log),
    ("verifier.check_status.verify_inclusion", _nothing, forged_lists),
    ("verifier.verify.prove_epoch", _trusting_epoch, older_epoch),
    ("verifier.check_status._age_problem", _nothing, stale),
    ("verifier.check_status.clock_problem", _nothing, from_the_future),
    ("verifier.check_anchor._first_contradiction", _nothing, edited_block_time),
    ("verifier.check_status._bits_problem", _nothing, bit_without_its_event),
    ("verifier.check_log._signature_problem", lambda *_: "", signed_by_a_stolen_name),
    ("verifier.check_log.verify_inclusion", _nothing, not_in_the_log),
    ("verifier.check_document.require_binding", _nothing, signed_for_another_log),
]


@pytest.mark.parametrize(
    ("step", "no_step", "broken"), STEPS, ids=[row[0].partition(".")[2] for row in STEPS]
)
def test_each_step_inside_a_check_is_what_refuses_its_case(
    step: str,
    no_step: Callable[..., object],
    broken: Callable[[], Broken],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = broken()
    assert not case.is_valid()
    monkeypatch.setattr(step, no_step)
    assert case.is_valid(), f"{step} is not what refused it"
