"""Checks 8 and 10: the proven status, its age, and the bound file."""

from dataclasses import replace

import pytest

from certlog.entry import Entry, EpochEntry, StatementEntry
from certlog.evidence import Evidence, ProvenEntry
from certlog.slots import Slot
from certlog.status import FileBinding, StatusAction
from certlog.trust import CompromiseKey
from tests.support.certificates import conformity_content
from tests.support.possession import added_key
from tests.support.signing import ed25519
from tests.verifier.world import (
    DAY,
    HOUR,
    NOW,
    Case,
    ask,
    case_of,
    enrolled_world,
    honest_case,
    sign_certificate,
    trust_root,
)
from verifier.chain_view import NOT_CONSULTED
from verifier.report import CheckName, Outcome, Page, Reason, Remark, Verdict
from verifier.verify import File

PDF = "application/pdf"
PAGE = b"%PDF-1.7 the issuer's final page"
BOUND = FileBinding(File.of(PAGE, PDF).sha256, PDF)


def case_with(*events: tuple[StatusAction, str]) -> Case:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    for action, reason in events:
        world.change_status(document, action, reason)
    return case_of(world, document, index)


def bound_case(*bindings: FileBinding) -> Case:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    for binding in bindings:
        world.change_status(document, StatusAction.BIND_FILE, file=binding)
    return case_of(world, document, index)


def lied_epoch(case: Case, entry: Entry, index: int) -> Evidence:
    return replace(case.evidence, epoch=ProvenEntry(index, entry, case.evidence.epoch.path))


def test_a_withdrawal_whose_entry_is_left_out_still_shows_without_its_reason() -> None:
    case = case_with((StatusAction.WITHDRAW, "nonconformity"))
    report = ask(case, evidence=replace(case.evidence, events=()))
    assert (report.verdict, report.reason) == (Verdict.WITHDRAWN, Reason.REVOKED_REASON_NOT_IN_FILE)
    assert report.status is None


def test_a_suspension_whose_entry_is_left_out_still_shows_without_its_reason() -> None:
    case = case_with((StatusAction.SUSPEND, "investigation"))
    report = ask(case, evidence=replace(case.evidence, events=()))
    assert (report.verdict, report.reason) == (Verdict.SUSPENDED, Reason.SUSPENDED_REASON_NOT_IN_FILE)


def test_a_bit_that_the_registry_set_without_any_event_still_shows() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.set_bit(0, Slot(0, 0), value=True)
    assert ask(case_of(world, document, index)).reason is Reason.REVOKED_REASON_NOT_IN_FILE


def test_a_withdrawal_that_the_registrys_list_omits_is_believed_and_remarked_on() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.change_status(document, StatusAction.WITHDRAW, "nonconformity")
    world.set_bit(0, Slot(0, 0), value=False)
    report = ask(case_of(world, document, index))
    assert report.verdict is Verdict.WITHDRAWN
    assert Remark.REGISTRY_OMITS_EVENT in report.remarks


def test_a_suspension_that_the_list_contradicts_is_never_green() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.change_status(document, StatusAction.SUSPEND, "investigation")
    world.set_bit(1, Slot(0, 0), value=False)
    report = ask(case_of(world, document, index))
    assert (report.verdict, report.reason) == (Verdict.CANNOT_CHECK, Reason.STATUS_DISAGREES)


def test_leaving_out_the_reinstatement_is_never_green() -> None:
    case = case_with((StatusAction.SUSPEND, "investigation"), (StatusAction.REINSTATE, "corrected"))
    assert ask(case).verdict is Verdict.VALID
    assert (
        ask(case, evidence=replace(case.evidence, events=case.evidence.events[:1])).verdict
        is Verdict.CANNOT_CHECK
    )


def test_an_event_of_another_certificate_is_refused() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    other = sign_certificate(conformity_content(slot=Slot(0, 1), number="MAU-2026-0002"), slot=Slot(0, 1))
    world.log_certificate(other, Slot(0, 1))
    event = world.change_status(other, StatusAction.SUSPEND, "investigation", slot=Slot(0, 1))
    case = case_of(world, document, index)
    mixed = replace(case.evidence, events=(world.prove(event, case.sizes[-1]),))
    assert ask(case, evidence=mixed).check(CheckName.STATUS).reason is Reason.ANOTHER_DOCUMENT


def test_an_event_by_someone_else_has_no_effect() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.change_status(document, StatusAction.WITHDRAW, "nonconformity", signer=ed25519("thief"))
    world.set_bit(0, Slot(0, 0), value=False)
    assert ask(case_of(world, document, index)).verdict is Verdict.VALID


def test_an_event_signed_after_its_keys_compromise_is_void() -> None:
    world = enrolled_world()
    second = ed25519("second key of the issuer")
    world.state(added_key(second.public_key))
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    event = world.change_status(document, StatusAction.BIND_FILE, file=BOUND, signer=second)
    world.state(CompromiseKey(second.public_key, event))
    report = ask(case_of(world, document, index), file=File.of(PAGE, PDF))
    assert report.page is Page.NOT_CHECKED


def test_an_event_left_without_effect_by_a_void_one_still_counts_for_what_follows_it() -> None:
    # As the registry replays it: else a withdrawal that a registry omits would go unnoticed behind such an event.
    world = enrolled_world()
    second = ed25519("second key of the issuer")
    world.state(added_key(second.public_key))
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    event = world.change_status(document, StatusAction.SUSPEND, "investigation", signer=second)
    world.change_status(document, StatusAction.REINSTATE, "corrected")
    world.change_status(document, StatusAction.WITHDRAW, "nonconformity")
    world.state(CompromiseKey(second.public_key, event))
    world.set_bit(0, Slot(0, 0), value=False)
    report = ask(case_of(world, document, index))
    assert report.reason is Reason.WITHDRAWN
    assert Remark.REGISTRY_OMITS_EVENT in report.remarks


def test_a_void_event_still_counts_for_what_follows_it() -> None:
    world = enrolled_world()
    second = ed25519("second key of the issuer")
    world.state(added_key(second.public_key))
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    event = world.change_status(document, StatusAction.BIND_FILE, file=BOUND, signer=second)
    world.change_status(document, StatusAction.WITHDRAW, "nonconformity")
    world.state(CompromiseKey(second.public_key, event))
    assert ask(case_of(world, document, index)).reason is Reason.WITHDRAWN


def test_events_out_of_order_are_refused() -> None:
    case = case_with((StatusAction.SUSPEND, "investigation"), (StatusAction.REINSTATE, "corrected"))
    reversed_events = replace(case.evidence, events=tuple(reversed(case.evidence.events)))
    assert ask(case, evidence=reversed_events).check(CheckName.STATUS).reason is Reason.PROOF_MISMATCH


def test_an_event_that_is_not_in_the_log_is_refused() -> None:
    case = case_with((StatusAction.SUSPEND, "investigation"))
    moved = replace(case.evidence.events[0], path=case.evidence.epoch.path)
    report = ask(case, evidence=replace(case.evidence, events=(moved,)))
    assert report.check(CheckName.STATUS).reason is Reason.PROOF_MISMATCH


def test_an_event_with_anothers_signature_is_refused() -> None:
    case = case_with((StatusAction.SUSPEND, "investigation"), (StatusAction.REINSTATE, "corrected"))
    first, second = case.evidence.events
    assert isinstance(first.entry, StatementEntry)
    assert isinstance(second.entry, StatementEntry)
    forged = replace(first.entry.document, proof=second.entry.document.proof)
    evidence = replace(case.evidence, events=(replace(first, entry=StatementEntry("status", forged)), second))
    assert ask(case, evidence=evidence).verdict is Verdict.ALTERED


@pytest.mark.parametrize("which", [0, 1])
def test_a_clean_list_that_the_epoch_does_not_hold_is_refused(which: int) -> None:
    events = (
        (StatusAction.WITHDRAW, "nonconformity") if which == 0 else (StatusAction.SUSPEND, "investigation")
    )
    case = case_with(events)
    lists = list(case.evidence.lists)
    lists[which] = replace(lists[which], bits=bytes(len(lists[which].bits)))
    report = ask(case, evidence=replace(case.evidence, lists=(lists[0], lists[1]), events=()))
    assert (report.verdict, report.reason) == (Verdict.ALTERED, Reason.PROOF_MISMATCH)


def test_the_two_lists_cannot_be_exchanged() -> None:
    case = case_with((StatusAction.SUSPEND, "investigation"))
    revocation, suspension = case.evidence.lists
    evidence = replace(case.evidence, lists=(suspension, revocation))
    assert ask(case, evidence=evidence).reason is Reason.PROOF_MISMATCH


def test_a_slot_beyond_the_committed_lists_is_not_proven() -> None:
    world = enrolled_world()
    slot = Slot(1, 0)
    document = sign_certificate(conformity_content(slot=slot), slot=slot)
    report = ask(case_of(world, document, world.log_certificate(document, slot)))
    assert (report.verdict, report.reason) == (Verdict.CANNOT_CHECK, Reason.STATUS_NOT_PROVEN)


def test_an_epoch_that_is_not_the_heads_last_leaf_proves_no_status() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.close_epoch(time=NOW - 2 * HOUR)
    case = case_of(world, document, index)
    older = world.prove(index + 1, case.sizes[-1])
    report = ask(case, evidence=replace(case.evidence, epoch=older))
    assert (report.verdict, report.reason) == (Verdict.CANNOT_CHECK, Reason.EPOCH_NOT_LAST)


def test_an_epoch_that_speaks_of_another_moment_of_the_log_proves_no_status() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    size = world.close_epoch()
    entry = world.entries[size - 1]
    assert isinstance(entry, EpochEntry)
    world.append(EpochEntry(entry.epoch))
    world.epochs[size] = world.epochs[size - 1]
    last = size + 1
    world.anchor(last, block_time=NOW - 3000, block_number=200)
    case = Case(world, document, index, (last,), world.evidence(document, index, (last,)), world.view(last))
    assert ask(case).reason is Reason.EPOCH_NOT_LAST


def test_another_kind_of_last_leaf_proves_no_status() -> None:
    case = honest_case()
    wrong = lied_epoch(case, case.world.entries[case.index], case.index)
    assert ask(case, evidence=wrong).verdict is not Verdict.VALID


@pytest.mark.parametrize(
    ("ahead", "verdict"), [(300, Verdict.VALID), (301, Verdict.CANNOT_CHECK)], ids=["tolerated", "refused"]
)
def test_an_epoch_from_the_future_of_the_reader_is_refused(ahead: int, verdict: Verdict) -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    case = case_of(world, document, index, epoch_time=NOW + ahead, block_time=NOW + ahead)
    assert ask(case).verdict is verdict


@pytest.mark.parametrize(
    ("ahead", "verdict"), [(300, Verdict.VALID), (301, Verdict.CANNOT_CHECK)], ids=["tolerated", "refused"]
)
def test_an_epoch_dated_after_its_own_block_is_refused(ahead: int, verdict: Verdict) -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    case = case_of(world, document, index, epoch_time=NOW - HOUR, block_time=NOW - HOUR - ahead)
    assert ask(case).verdict is verdict


def test_a_fresh_epoch_under_an_old_anchor_cannot_be_backdated_into_freshness() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    case = case_of(world, document, index, epoch_time=NOW - 10, block_time=NOW - 3 * DAY)
    assert ask(case).verdict is Verdict.CANNOT_CHECK


@pytest.mark.parametrize(("age", "verdict"), [(DAY, Verdict.VALID), (DAY + 1, Verdict.CANNOT_CHECK)])
def test_a_status_counts_up_to_its_largest_age(age: int, verdict: Verdict) -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    assert (
        ask(case_of(world, document, index, epoch_time=NOW - age, block_time=NOW - age + 5)).verdict
        is verdict
    )


def test_the_age_is_counted_from_the_earlier_of_epoch_and_block() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    report = ask(case_of(world, document, index, epoch_time=NOW - 100, block_time=NOW - 200))
    assert report.ages.signed == 200


def test_a_bound_file_passes_and_is_green() -> None:
    report = ask(bound_case(BOUND), file=File.of(PAGE, PDF))
    assert (report.verdict, report.page) == (Verdict.VALID, Page.BOUND)
    assert report.check(CheckName.FILE).outcome is Outcome.PASSED


@pytest.mark.parametrize("change", ["digit", "longer", "shorter"])
def test_a_doctored_file_is_altered(change: str) -> None:
    doctored = {"digit": PAGE.replace(b"1.7", b"1.8"), "longer": PAGE + b"\n", "shorter": PAGE[:-1]}[change]
    report = ask(bound_case(BOUND), file=File.of(doctored, PDF))
    assert (report.verdict, report.reason, report.page) == (
        Verdict.ALTERED,
        Reason.FILE_DIFFERS,
        Page.DIFFERENT,
    )


def test_a_file_that_nobody_bound_is_never_green() -> None:
    report = ask(honest_case(), file=File.of(PAGE, PDF))
    assert (report.verdict, report.reason) == (Verdict.CANNOT_CHECK, Reason.PAGE_NOT_BOUND)
    assert report.page is Page.NOT_CHECKED
    assert Remark.PAGE_NOT_CHECKED in report.remarks
    assert report.content is not None


def test_a_binding_of_another_media_type_says_nothing_of_this_file() -> None:
    xml = FileBinding(BOUND.sha256, "application/xml")
    assert ask(bound_case(xml), file=File.of(PAGE, PDF)).reason is Reason.PAGE_NOT_BOUND


def test_any_of_several_bound_files_counts() -> None:
    other = FileBinding(File.of(b"%PDF second", PDF).sha256, PDF)
    assert ask(bound_case(other, BOUND), file=File.of(PAGE, PDF)).verdict is Verdict.VALID


def test_a_binding_that_the_file_leaves_out_does_not_count() -> None:
    case = bound_case(BOUND)
    evidence = replace(case.evidence, events=())
    assert ask(case, evidence=evidence, file=File.of(PAGE, PDF)).reason is Reason.PAGE_NOT_BOUND


def test_a_bound_file_of_a_suspended_certificate_is_suspended() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.change_status(document, StatusAction.BIND_FILE, file=BOUND)
    world.change_status(document, StatusAction.SUSPEND, "investigation")
    report = ask(case_of(world, document, index), file=File.of(PAGE, PDF))
    assert (report.verdict, report.page) == (Verdict.SUSPENDED, Page.BOUND)


def test_a_file_whose_anchor_is_pending_and_page_unbound_is_told_to_compare() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    case = case_of(world, document, world.log_certificate(document), block_time=None)
    report = ask(case, file=File.of(PAGE, PDF))
    assert (report.verdict, report.reason) == (Verdict.CANNOT_CHECK, Reason.PAGE_NOT_BOUND)


def test_offline_a_bound_file_with_its_side_file_passes_all_but_the_anchor() -> None:
    report = ask(bound_case(BOUND), file=File.of(PAGE, PDF), view=NOT_CONSULTED, root=trust_root())
    assert (report.verdict, report.reason) == (Verdict.CANNOT_CHECK, Reason.CHAIN_NOT_CONSULTED)
    open_checks = [check.number for check in report.checks if check.outcome is not Outcome.PASSED]
    assert open_checks == [7]


def test_of_a_hundred_older_statuses_none_beyond_the_largest_age_is_green() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    sizes = []
    for hours in range(100, 0, -1):
        size = world.close_epoch(time=NOW - hours * HOUR)
        world.anchor(size, block_time=NOW - hours * HOUR + 12, block_number=1000 - hours)
        sizes.append((hours, size))
    for hours, size in sizes:
        case = Case(
            world, document, index, (size,), world.evidence(document, index, (size,)), world.view(size)
        )
        wanted = Verdict.VALID if hours <= 24 else Verdict.CANNOT_CHECK
        assert ask(case).verdict is wanted, f"{hours} hours old"


def test_an_old_status_under_an_anchor_of_today_is_not_fresh() -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    case = case_of(world, document, index, epoch_time=NOW - 3 * DAY, block_time=NOW - 60)
    assert ask(case).reason is Reason.STATUS_TOO_OLD
