"""Check 7: only what a reader saw on the pinned contract counts; the anchors in a file are pointers."""

from dataclasses import replace

import pytest

from certlog.encoding import b64, b64_decode
from certlog.evidence import AnchorPointer, Evidence
from certlog.trust_root import LogId, TrustRoot
from tests.support.certificates import conformity_content
from tests.support.signing import Cosigner, cosigner
from tests.verifier.pins import pin_log_ids
from tests.verifier.world import (
    AUDITORS,
    CHAIN_ID,
    DAY,
    HOUR,
    LOG_ID,
    NOW,
    TX_HASH,
    Case,
    ask,
    case_of,
    enrolled_world,
    honest_case,
    sign_certificate,
    trust_root,
)
from verifier.chain_view import NOT_CONSULTED, AnchorReading, ChainView
from verifier.report import CheckName, Outcome, Reason, Remark, Verdict

OTHER_LOG = "0x" + "2e" * 32


def only(case: Case, *readings: AnchorReading) -> ChainView:
    return replace(case.view, readings=readings)


def pointing_to(case: Case, pointer: AnchorPointer) -> Evidence:
    heads = tuple(replace(head, anchors=(pointer,)) for head in case.evidence.heads)
    return replace(case.evidence, heads=heads)


def single_head_case(**anchor: int | None) -> Case:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    return case_of(world, document, world.log_certificate(document), **anchor)  # type: ignore[arg-type]


def auditing(quorum: int, *auditors: Cosigner) -> TrustRoot:
    keys = tuple(auditor.verifier_key for auditor in auditors)
    return replace(trust_root(), auditors=keys, auditor_quorum=quorum)


def test_one_anchored_head_of_two_is_enough() -> None:
    case = honest_case()
    for reading, head in zip(case.view.readings, case.evidence.heads, strict=True):
        bare = tuple(replace(h, anchors=() if h is not head else h.anchors) for h in case.evidence.heads)
        report = ask(case, evidence=replace(case.evidence, heads=bare), view=only(case, reading))
        assert report.check(CheckName.ANCHOR).outcome is Outcome.PASSED


def test_an_anchor_is_found_without_any_pointer_in_the_file() -> None:
    case = honest_case()
    bare = tuple(replace(head, anchors=()) for head in case.evidence.heads)
    assert ask(case, evidence=replace(case.evidence, heads=bare)).verdict is Verdict.VALID


@pytest.mark.parametrize(
    "foreign",
    [
        {"chain_id": 1},
        {"contract": "0x" + "dd" * 20},
        {"log_id": OTHER_LOG},
        {"root": bytes(32)},
        {"size": 6},
    ],
    ids=["chain", "contract", "log", "root", "size"],
)
def test_a_reading_of_anything_else_than_the_pins_proves_nothing(foreign: dict[str, object]) -> None:
    case = single_head_case()
    reading = replace(case.view.readings[0], **foreign)  # type: ignore[arg-type]
    report = ask(case, view=only(case, reading))
    assert report.verdict is not Verdict.VALID
    assert report.check(CheckName.ANCHOR).outcome is not Outcome.PASSED


def test_a_pointer_to_a_chain_that_is_not_pinned_cannot_be_checked() -> None:
    case = single_head_case()
    evidence = pointing_to(case, AnchorPointer(1, TX_HASH, 200, NOW - HOUR))
    report = ask(case, evidence=evidence, view=NOT_CONSULTED)
    assert (report.verdict, report.reason) == (Verdict.CANNOT_CHECK, Reason.FOREIGN_CHAIN)


def test_an_edited_block_time_is_contradicted_by_the_chain() -> None:
    case = single_head_case()
    edited = pointing_to(case, AnchorPointer(CHAIN_ID, TX_HASH, 200, NOW - 5))
    report = ask(case, evidence=edited)
    assert (report.verdict, report.reason) == (Verdict.CONTRADICTED, Reason.OTHER_BLOCK_TIME)


def test_old_evidence_with_an_edited_block_time_is_never_green() -> None:
    case = single_head_case(epoch_time=NOW - 10 * DAY, block_time=NOW - 10 * DAY + 60)
    edited = pointing_to(case, AnchorPointer(CHAIN_ID, TX_HASH, 200, NOW - 60))
    assert ask(case, evidence=edited).verdict is Verdict.CONTRADICTED
    assert ask(case, evidence=edited, view=NOT_CONSULTED).verdict is Verdict.CANNOT_CHECK
    assert ask(case).verdict is Verdict.CANNOT_CHECK


def test_block_numbers_are_not_compared_since_rollups_number_otherwise() -> None:
    case = single_head_case()
    evidence = pointing_to(case, AnchorPointer(CHAIN_ID, TX_HASH, 7, NOW - HOUR + 60))
    assert ask(case, evidence=evidence).verdict is Verdict.VALID


def test_an_absent_anchor_is_contradicted_only_by_a_view_at_or_past_its_block() -> None:
    case = single_head_case(block_number=200)
    absent = replace(case.view.readings[0], block_time=None, block_number=None)
    at_block = replace(only(case, absent), block_number=200)
    older = replace(only(case, absent), block_number=199)
    assert ask(case, view=at_block).verdict is Verdict.CONTRADICTED
    report = ask(case, view=older)
    assert (report.verdict, report.reason) == (Verdict.CANNOT_CHECK, Reason.CHAIN_VIEW_TOO_OLD)


def test_a_reading_may_say_itself_at_which_block_it_was_made() -> None:
    case = single_head_case(block_number=200)
    absent = replace(case.view.readings[0], block_time=None, block_number=None, read_block=199)
    assert ask(case, view=only(case, absent)).reason is Reason.CHAIN_VIEW_TOO_OLD
    assert ask(case, view=only(case, replace(absent, read_block=200))).verdict is Verdict.CONTRADICTED


def test_a_view_that_is_not_final_neither_proves_nor_contradicts() -> None:
    case = single_head_case()
    absent = replace(case.view.readings[0], block_time=None, block_number=None, final=False)
    assert ask(case, view=only(case, absent)).reason is Reason.CHAIN_NOT_CONSULTED
    seen = replace(case.view.readings[0], final=False)
    assert ask(case, view=only(case, seen)).verdict is Verdict.PENDING


def test_another_root_of_the_same_size_on_the_contract_is_contradicted() -> None:
    case = single_head_case()
    bare = tuple(replace(head, anchors=()) for head in case.evidence.heads)
    fork = replace(case.view.readings[0], root=b"f" * 32)
    report = ask(case, evidence=replace(case.evidence, heads=bare), view=only(case, fork))
    assert (report.verdict, report.reason) == (Verdict.CONTRADICTED, Reason.ABSENT_FROM_CHAIN)


def test_an_anchor_above_the_largest_trusted_size_is_refused() -> None:
    case = single_head_case()
    size = case.sizes[-1]
    assert ask(case, root=pin_log_ids(LogId(LOG_ID, size))).verdict is Verdict.VALID
    report = ask(case, root=pin_log_ids(LogId(LOG_ID, size - 1)))
    assert (report.verdict, report.reason) == (Verdict.CANNOT_CHECK, Reason.ABOVE_MAX_SIZE)


def test_above_the_limit_of_an_old_log_only_its_successor_counts() -> None:
    case = single_head_case()
    root = pin_log_ids(LogId(LOG_ID, case.sizes[-1] - 1), LogId(OTHER_LOG, None))
    assert ask(case, root=root).verdict is not Verdict.VALID
    moved = replace(case.view.readings[0], log_id=OTHER_LOG)
    assert ask(case, root=root, view=only(case, moved)).verdict is Verdict.VALID


def test_absence_is_believed_only_when_every_pinned_log_was_asked() -> None:
    case = single_head_case()
    root = pin_log_ids(LogId(LOG_ID, None), LogId(OTHER_LOG, None))
    absent = replace(case.view.readings[0], block_time=None, block_number=None)
    assert ask(case, root=root, view=only(case, absent)).verdict is Verdict.CANNOT_CHECK
    both = only(case, absent, replace(absent, log_id=OTHER_LOG))
    assert ask(case, root=root, view=both).verdict is Verdict.CONTRADICTED


def test_a_head_that_this_device_saw_anchored_makes_offline_green() -> None:
    case = honest_case()
    report = ask(case, view=replace(NOT_CONSULTED, seen=(case.view.readings[0],)))
    assert report.verdict is Verdict.VALID
    assert report.check(CheckName.ANCHOR).reason is Reason.SEEN_HEAD
    assert Remark.CHAIN_NOT_CONSULTED in report.remarks


def test_a_seen_head_of_another_certificate_proves_nothing() -> None:
    case = honest_case()
    other = replace(case.view.readings[0], size=4, root=case.world.root(4))
    assert ask(case, view=replace(NOT_CONSULTED, seen=(other,))).verdict is Verdict.CANNOT_CHECK


def test_the_auditors_quorum_makes_offline_green() -> None:
    world = enrolled_world()
    world.cosigners = AUDITORS
    document = sign_certificate(conformity_content())
    case = case_of(world, document, world.log_certificate(document))
    report = ask(case, root=auditing(2, *AUDITORS), view=NOT_CONSULTED)
    assert (report.verdict, report.check(CheckName.ANCHOR).reason) == (Verdict.VALID, Reason.AUDITORS)
    assert Remark.CHAIN_NOT_CONSULTED in report.remarks
    assert report.anchored_at is None


def test_fewer_auditors_than_the_quorum_prove_nothing() -> None:
    world = enrolled_world()
    world.cosigners = AUDITORS[:1]
    document = sign_certificate(conformity_content())
    case = case_of(world, document, world.log_certificate(document))
    assert ask(case, root=auditing(2, *AUDITORS), view=NOT_CONSULTED).verdict is Verdict.CANNOT_CHECK
    twice = auditing(2, AUDITORS[0], AUDITORS[0])
    assert ask(case, root=twice, view=NOT_CONSULTED).verdict is Verdict.CANNOT_CHECK


def test_a_cosigner_that_is_not_pinned_proves_nothing() -> None:
    world = enrolled_world()
    world.cosigners = (cosigner("stranger.example", time=NOW),)
    document = sign_certificate(conformity_content())
    case = case_of(world, document, world.log_certificate(document))
    assert ask(case, root=auditing(1, AUDITORS[0]), view=NOT_CONSULTED).verdict is Verdict.CANNOT_CHECK


def test_a_forged_cosignature_proves_nothing() -> None:
    world = enrolled_world()
    impostor = Cosigner(AUDITORS[0].name, b"i" * 32, NOW)
    world.cosigners = (impostor,)
    document = sign_certificate(conformity_content())
    case = case_of(world, document, world.log_certificate(document))
    head = case.evidence.heads[0]
    # The impostor's line under the true auditor's key id: the signature is all that gives it away.
    line = next(line for line in head.checkpoint.split("\n") if line.startswith(f"— {impostor.name}"))
    raw = b64_decode(line.rpartition(" ")[2])
    forged = head.checkpoint.replace(line.rpartition(" ")[2], b64(AUDITORS[0].verifier_key.key_id + raw[4:]))
    evidence = replace(case.evidence, heads=(replace(head, checkpoint=forged),))
    root = auditing(1, AUDITORS[0])
    assert ask(case, evidence=evidence, root=root, view=NOT_CONSULTED).verdict is Verdict.CANNOT_CHECK


def test_no_quorum_of_no_auditors() -> None:
    case = honest_case()
    assert ask(case, root=auditing(0), view=NOT_CONSULTED).verdict is Verdict.CANNOT_CHECK


def test_a_local_chain_always_carries_the_banner() -> None:
    case = honest_case()
    root = trust_root()
    local = replace(root, chains=(replace(root.chains[0], chain_class="local"),))
    assert Remark.TEST_CHAIN in ask(case, root=local).remarks
    assert Remark.TEST_CHAIN in ask(case, root=local, view=NOT_CONSULTED).remarks
    assert Remark.TEST_CHAIN not in ask(case).remarks


def test_a_second_chain_alone_is_enough() -> None:
    case = honest_case()
    root = trust_root()
    second = replace(root.chains[0], id=1, contract="0x" + "ee" * 20)
    reading = replace(case.view.readings[1], chain_id=1, contract=second.contract)
    report = ask(case, root=replace(root, chains=(*root.chains, second)), view=only(case, reading))
    assert report.verdict is Verdict.VALID


def test_the_anchored_age_is_that_of_the_newest_known_anchor() -> None:
    case = honest_case()
    later = replace(case.view.readings[1], size=99, root=b"l" * 32, block_time=NOW - 60)
    report = ask(case, view=replace(case.view, seen=(later,)))
    assert report.ages.anchored == 60
