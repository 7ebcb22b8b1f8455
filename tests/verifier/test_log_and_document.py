"""Checks 1, 2, 5, 6: the document, its signature, its place in the log, and who signed the log's heads."""

from dataclasses import replace

import pytest

from certlog.checkpoint import Checkpoint
from certlog.digests import RootHash
from certlog.documents import STATUS_CHALLENGE, SecuredDocument, secure
from certlog.evidence import Evidence
from certlog.note import sign_note
from certlog.scopes import Names
from certlog.slots import Slot
from certlog.strict_json import JSONObject, JSONValue
from certlog.trust import Enrol
from certlog.trust_root import LogKey
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN, conformity_content
from tests.support.signing import ed25519, log_signer, p256
from tests.verifier.world import (
    ISSUER,
    LOG,
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
from verifier.check_document import differences
from verifier.report import CheckName, Outcome, Reason, Report, Verdict
from verifier.verify import verify


def alone(document: SecuredDocument) -> Report:
    return verify(None, trust_root(), NOW, NOT_CONSULTED, certificate=document)


def altered_for(report: Report) -> Reason | None:
    assert report.verdict is Verdict.ALTERED
    return report.reason


def with_content(case: Case, **members: JSONValue) -> Evidence:
    content = case.document.content | members
    return replace(case.evidence, certificate=SecuredDocument.of(content, case.document.proof))


def test_changed_content_fails_the_signature_and_the_inclusion() -> None:
    case = honest_case()
    report = ask(case, evidence=with_content(case, certificateNumber="MAU-2026-0009"))
    assert altered_for(report) is Reason.BAD_SIGNATURE
    assert report.check(CheckName.INCLUSION).reason is Reason.NOT_INCLUDED


def test_content_outside_the_schema_is_altered_and_names_the_place() -> None:
    case = honest_case()
    report = ask(case, evidence=with_content(case, grade="AAA"))
    assert altered_for(report) is Reason.MALFORMED
    assert "grade" in report.check(CheckName.BYTES).why


def test_content_without_a_status_entry_ends_in_a_report() -> None:
    case = honest_case()
    report = ask(case, evidence=with_content(case, credentialStatus=[]))
    assert altered_for(report) is Reason.MALFORMED
    assert report.check(CheckName.INCLUSION).outcome is Outcome.NOT_CHECKED


def test_a_good_signature_for_another_log_is_refused() -> None:
    document = sign_certificate(conformity_content(), domain="other.example.vn")
    assert altered_for(alone(document)) is Reason.WRONG_DOMAIN


def test_a_good_signature_for_another_slot_is_refused() -> None:
    document = sign_certificate(conformity_content(), slot=Slot(0, 1))
    assert altered_for(alone(document)) is Reason.WRONG_CHALLENGE


def test_a_good_signature_for_another_kind_of_statement_is_refused() -> None:
    document = secure(
        conformity_content(),
        signer=ISSUER,
        did=SAMPLE_DID,
        domain=SAMPLE_ORIGIN,
        challenge=STATUS_CHALLENGE,
        created=NOW,
    )
    assert altered_for(alone(document)) is Reason.WRONG_CHALLENGE


def test_a_key_of_another_body_cannot_sign_for_this_issuer() -> None:
    document = sign_certificate(conformity_content(), did="did:web:other.example.vn")
    assert altered_for(alone(document)) is Reason.WRONG_ISSUER


def test_a_high_s_signature_is_refused_and_its_twin_accepted() -> None:
    def signed(*, high_s: bool) -> SecuredDocument:
        return secure(
            conformity_content(),
            signer=p256("issuer", high_s=high_s),
            did=SAMPLE_DID,
            domain=SAMPLE_ORIGIN,
            challenge="certificate:0/0",
            created=NOW,
        )

    assert alone(signed(high_s=False)).check(CheckName.SIGNATURE).outcome is Outcome.PASSED
    assert alone(signed(high_s=True)).check(CheckName.SIGNATURE).reason is Reason.BAD_SIGNATURE


def test_the_document_of_other_evidence_is_refused_with_the_places_that_differ() -> None:
    case = honest_case()
    other = sign_certificate(conformity_content(number="MAU-2026-0009"))
    report = ask(case, certificate=other)
    assert altered_for(report) is Reason.ANOTHER_DOCUMENT
    assert report.check(CheckName.BYTES).why == "differs at /certificateNumber"


@pytest.mark.parametrize(
    ("left", "right", "places"),
    [
        ({"a": 1}, {"a": 2}, ["/a"]),
        ({"a": 1}, {"b": 1}, ["/a", "/b"]),
        ({"a": [1, {"b": "x"}]}, {"a": [1, {"b": "y"}]}, ["/a/1/b"]),
        ({"a": [1]}, {"a": [1, 2]}, ["/a"]),
        ({"a": 1}, {"a": True}, ["/a"]),
        ({"a": 1}, {"a": 1}, []),
        (1, 2, ["/"]),
    ],
)
def test_differences_are_named_by_place(left: JSONObject, right: JSONObject, places: list[str]) -> None:
    assert differences(left, right) == places


def test_a_second_document_on_one_slot_is_not_in_the_log() -> None:
    case = honest_case()
    second = sign_certificate(conformity_content(number="MAU-2026-0009"))
    evidence = replace(case.evidence, certificate=second)
    report = ask(case, evidence=evidence)
    assert report.check(CheckName.SIGNATURE).outcome is Outcome.PASSED
    assert altered_for(report) is Reason.NOT_INCLUDED


def test_the_same_content_signed_again_is_another_entry() -> None:
    case = honest_case()
    again = secure(
        case.document.content,
        signer=ISSUER,
        did=SAMPLE_DID,
        domain=SAMPLE_ORIGIN,
        challenge="certificate:0/0",
        created=NOW,
    )
    assert altered_for(ask(case, certificate=again)) is Reason.NOT_INCLUDED


@pytest.mark.parametrize("index", [0, 2, 4, 6, 7, 2**62])
def test_another_index_is_refused(index: int) -> None:
    case = honest_case()
    assert ask(case, evidence=replace(case.evidence, index=index)).verdict is Verdict.ALTERED


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("change", ["cut", "lengthened", "emptied", "swapped", "short hash"])
def test_a_changed_path_of_either_head_is_refused(which: int, change: str) -> None:
    case = honest_case()
    heads = list(case.evidence.heads)
    path = heads[which].path
    changed = {
        "cut": path[:-1],
        "lengthened": (*path, bytes(32)),
        "emptied": (),
        "swapped": (path[1], path[0], *path[2:]),
        "short hash": (path[0][:31], *path[1:]),
    }
    heads[which] = replace(heads[which], path=changed[change])
    report = ask(case, evidence=replace(case.evidence, heads=tuple(heads)))
    assert altered_for(report) is Reason.NOT_INCLUDED


def test_heads_must_rise_in_size() -> None:
    case = honest_case()
    first, last = case.evidence.heads
    for heads in ((last, first), (last, last)):
        evidence = replace(case.evidence, heads=heads)
        assert ask(case, evidence=evidence).check(CheckName.INCLUSION).reason is Reason.HEADS_NOT_RISING


def test_a_checkpoint_that_an_unknown_key_signed_in_the_logs_name_is_never_green() -> None:
    """A thief, or the log itself after a rotation that this trust root has not heard of: a newer root tells."""
    case = honest_case()
    size = case.sizes[-1]
    text = Checkpoint(SAMPLE_ORIGIN, size, case.world.root(size)).to_text()
    forged = sign_note(text, log_signer(SAMPLE_ORIGIN, "thief"))
    heads = (case.evidence.heads[0], replace(case.evidence.heads[1], checkpoint=forged))
    report = ask(case, evidence=replace(case.evidence, heads=heads))
    assert (report.verdict, report.reason) == (Verdict.CANNOT_CHECK, Reason.UNKNOWN_LOG_KEY)
    pinned = LogKey(log_signer(SAMPLE_ORIGIN, "thief").verifier_key, 0, size)
    root = replace(trust_root(), log_keys=(pinned, *trust_root().log_keys))
    beyond = ask(case, evidence=replace(case.evidence, heads=heads), root=root)
    assert altered_for(beyond) is Reason.NOT_SIGNED_BY_LOG


def test_a_checkpoint_with_a_bad_signature_in_the_logs_name_is_refused() -> None:
    case = honest_case()
    first, last = case.evidence.heads
    stolen = first.checkpoint.split("\n\n")[0] + "\n\n" + last.checkpoint.split("\n\n")[1]
    evidence = replace(case.evidence, heads=(replace(first, checkpoint=stolen), last))
    assert altered_for(ask(case, evidence=evidence)) is Reason.NOT_SIGNED_BY_LOG


def test_a_checkpoint_of_another_log_is_refused() -> None:
    case = honest_case()
    size = case.sizes[-1]
    other = log_signer("other.example.vn")
    foreign = sign_note(Checkpoint("other.example.vn", size, case.world.root(size)).to_text(), other)
    heads = (case.evidence.heads[0], replace(case.evidence.heads[1], checkpoint=foreign))
    assert altered_for(ask(case, evidence=replace(case.evidence, heads=heads))) is Reason.NOT_SIGNED_BY_LOG


def test_a_checkpoint_that_is_none_is_refused() -> None:
    case = honest_case()
    heads = (replace(case.evidence.heads[0], checkpoint="no note\n"),)
    assert altered_for(ask(case, evidence=replace(case.evidence, heads=heads))) is Reason.NOT_SIGNED_BY_LOG


def test_a_log_key_counts_only_for_the_sizes_that_it_is_pinned_for() -> None:
    case = honest_case()
    old = log_signer(SAMPLE_ORIGIN, "older log key").verifier_key
    boundary = case.sizes[-1]
    keys = (LogKey(LOG.verifier_key, 0, boundary), LogKey(old, boundary, None))
    report = ask(case, root=replace(trust_root(), log_keys=keys))
    assert altered_for(report) is Reason.NOT_SIGNED_BY_LOG


@pytest.mark.parametrize("part", ["epoch", "lists", "records", "trust", "heads"])
def test_evidence_mixed_from_two_epochs_is_altered(part: str) -> None:
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    old = case_of(world, document, index)
    world.set_bit(0, Slot(0, 9), value=True)
    world.state(Enrol(Names("Một tổ chức khác"), "0100000003"), subject="did:web:another.example.vn")
    new = case_of(world, document, index, epoch_time=NOW - 60, block_time=NOW - 30, block_number=300)
    assert ask(new).verdict is Verdict.VALID
    mixed = replace(new.evidence, **{part: getattr(old.evidence, part)})
    assert ask(new, evidence=mixed).verdict is Verdict.ALTERED


def test_a_root_that_the_log_did_not_sign_is_refused() -> None:
    case = honest_case()
    size = case.sizes[-1]
    forged = sign_note(Checkpoint(SAMPLE_ORIGIN, size, RootHash(bytes(32))).to_text(), LOG)
    heads = (case.evidence.heads[0], replace(case.evidence.heads[1], checkpoint=forged))
    assert ask(case, evidence=replace(case.evidence, heads=heads)).verdict is Verdict.ALTERED


def test_a_strangers_own_signature_over_the_same_content_is_not_in_the_log() -> None:
    case = honest_case()
    document = sign_certificate(case.document.content, signer=ed25519("thief"))
    report = ask(case, evidence=replace(case.evidence, certificate=document))
    assert altered_for(report) is Reason.NOT_INCLUDED
    assert report.check(CheckName.ISSUER).reason is Reason.KEY_NOT_ADDED
