"""The operator's record in check 3: a rotation cannot be left out, a key that ended states nothing (threat B11)."""

from dataclasses import replace
from typing import Final

import pytest

from certlog.entry import StatementEntry
from certlog.issuer_record import IssuerRecord, KeyRecord, ScopeRecord
from certlog.operator_record import OperatorRecord, PinnedRotation
from certlog.trust import CompromiseKey, Enrol, GrantScope
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.controls import Control, nothing, require_noticed
from tests.support.possession import added_key, rotation_to
from tests.support.signing import ed25519
from tests.verifier.test_issuer import append_forged
from tests.verifier.world import (
    ISSUER,
    NAMES,
    NOW,
    OPERATOR,
    OPERATOR_DID,
    RECOVERY,
    SCOPE,
    Case,
    World,
    ask,
    case_of,
    enrolled_world,
    sign_certificate,
    trust_root,
)
from verifier import check_trust
from verifier.report import CheckName, Reason, Verdict

NEW: Final = ed25519("operator 2")
ROTATED_AT: Final = 0


def old_key_goes_on(*, operator: OperatorRecord | None = None) -> Case:
    """Return a case whose old operator key enrolled a body after its rotation; the evidence leaves that one out.

    Args:
        operator: what the epoch says of the operator, where the registry lies about that too.
    """
    world = World()
    world.state(rotation_to(OPERATOR.public_key, NEW.public_key), subject=OPERATOR_DID)
    for change in (Enrol(NAMES, "0109999999"), added_key(ISSUER.public_key), GrantScope(SCOPE)):
        append_forged(world, change, signer=OPERATOR, did=OPERATOR_DID)
    forged = IssuerRecord(
        SAMPLE_DID, NAMES, "0109999999", (KeyRecord(ISSUER.public_key, 2),), (ScopeRecord(SCOPE, 3),)
    )
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    size = world.close_epoch(records=[forged], operator=operator)
    world.anchor(size, block_time=NOW - 3000, block_number=200)
    evidence = world.evidence(document, index, (size,))
    evidence = replace(evidence, trust=tuple(p for p in evidence.trust if p.index != ROTATED_AT))
    return Case(world, document, index, (size,), evidence, world.view(size))


def why(case: Case, **more: object) -> str:
    report = ask(case, **more)  # type: ignore[arg-type]  # root
    assert report.verdict is Verdict.NOT_TRUSTED
    return str(next(check for check in report.checks if check.name is CheckName.ISSUER).why)


def test_a_rotation_that_the_evidence_leaves_out_is_in_the_operators_record() -> None:
    assert "the operator's key was replaced at entry 0, before 1" in why(old_key_goes_on())


def test_a_rotation_that_the_registry_denies_is_refused_where_it_is_pinned() -> None:
    lying = OperatorRecord.first(trust_root().operator)
    pinned = replace(trust_root().operator, rotations=(PinnedRotation(ROTATED_AT, NEW.public_key),))
    root = replace(trust_root(), operator=pinned)
    assert "not the operator's key" in why(old_key_goes_on(operator=lying), root=root)


def test_a_registry_that_denies_a_rotation_signs_a_lie_that_its_own_log_refutes() -> None:
    """Without a pin the verdict rests on the epoch: what refutes it is the rotation's entry, in the same log."""
    case = old_key_goes_on(operator=OperatorRecord.first(trust_root().operator))
    assert ask(case).verdict is Verdict.VALID
    denied = case.evidence.operator.record
    rotation = case.world.entries[ROTATED_AT]
    assert isinstance(rotation, StatementEntry)
    assert rotation.document.content["new"] == NEW.public_key.multibase
    assert denied.find(NEW.public_key) is None
    honest = case.world.trust.operator_record
    assert denied.leaf_hash != honest.leaf_hash


def test_another_record_than_the_epoch_commits_is_altered() -> None:
    case = old_key_goes_on()
    first = OperatorRecord.first(trust_root().operator)
    forged = replace(case.evidence, operator=replace(case.evidence.operator, record=first))
    assert ask(case, evidence=forged).reason is Reason.PROOF_MISMATCH


def test_statements_of_a_compromised_operator_key_are_refused() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    for change in (
        rotation_to(OPERATOR.public_key, NEW.public_key),
        CompromiseKey(OPERATOR.public_key, 1),
    ):
        signed = world.sign_statement(change, subject=OPERATOR_DID, signer=RECOVERY)
        world.trust.apply(world.size, signed)
        world.append(StatementEntry("trust", signed))
    case = case_of(world, document, index)
    silent = replace(case.evidence, trust=case.evidence.trust[:3])
    report = ask(case, evidence=silent)
    # The record of the body lost its key with the statement that had added it.
    assert (report.verdict, report.reason) == (Verdict.NOT_TRUSTED, Reason.KEY_NOT_ADDED)


def test_old_evidence_holds_under_a_root_that_pins_the_rotation_after_it() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    at = world.state(rotation_to(OPERATOR.public_key, NEW.public_key), subject=OPERATOR_DID)
    case = case_of(world, document, index)
    pinned = replace(trust_root().operator, rotations=(PinnedRotation(at, NEW.public_key),))
    assert ask(case, root=replace(trust_root(), operator=pinned)).verdict is Verdict.VALID
    other = replace(trust_root().operator, rotations=(PinnedRotation(at, ed25519("x").public_key),))
    assert ask(case, root=replace(trust_root(), operator=other)).verdict is Verdict.NOT_TRUSTED


def test_a_verifier_that_does_not_ask_the_operators_record_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    control = Control(
        check_trust,
        "_require_operator",
        nothing,
        test_a_rotation_that_the_evidence_leaves_out_is_in_the_operators_record,
    )
    require_noticed(control, monkeypatch)
