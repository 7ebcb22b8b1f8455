"""Upgrading evidence: pending, anchored, fresher; what was proven stays, and another history is refused."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pytest

from certlog.checkpoint import Checkpoint
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput
from certlog.evidence import Evidence
from certlog.note import sign_note
from certlog.status import StatusAction
from certlog.trust_root import TrustRoot
from tests.support.signing import cosigner, ed25519
from tests.support.small_log import SmallLog, one_certificate
from tools.vectors.scenes import AT, ISSUER, pointer
from verifier import upgrade
from verifier.check_log import open_heads
from verifier.report import Report, Verdict
from verifier.upgrade import Subject, upgraded

AUDITOR: Final = cosigner("auditor.example.vn/a", time=AT)


def anchored(log: SmallLog, certificate: SecuredDocument, *sizes: int) -> Evidence:
    """Return evidence with these heads anchored and the newest one after them."""
    earlier = [size for size in sizes if size < log.size]
    return log.evidence(certificate, earlier=earlier, anchors={size: [pointer(log, size)] for size in sizes})


def upgrade_of(
    log: SmallLog, old: Evidence | None, new: Evidence, root: TrustRoot | None = None
) -> tuple[Evidence, Report]:
    return upgraded(
        old,
        new,
        Subject(None),
        root or log.trust_root(),
        at=AT,
        consistency=log.tree.consistency,
    )


def sizes(evidence: Evidence) -> list[tuple[int, int]]:
    return [(head.size, len(head.head.anchors)) for head in open_heads(evidence)]


def grown(times: int) -> tuple[SmallLog, SecuredDocument, list[int]]:
    """Return a log whose certificate is followed by this many epochs, and the sizes that end in one."""
    log, certificate = one_certificate()
    ends = [log.size]
    for number in range(times):
        log.enrol(ed25519(f"body {number}").public_key, f"did:web:b{number}.example.vn")
        log.close()
        ends.append(log.size)
    return log, certificate, ends


def test_pending_becomes_anchored_and_then_fresher_and_the_first_anchor_stays() -> None:
    log, certificate = one_certificate()
    first = log.size
    pending = log.evidence(certificate)
    found, _ = upgrade_of(log, pending, anchored(log, certificate, first))
    assert sizes(found) == [(first, 1)]
    log.close()
    second = log.size
    log.close()
    found, _ = upgrade_of(log, found, anchored(log, certificate, second))
    assert sizes(found) == [(first, 1), (second, 1), (log.size, 0)]
    log.close()
    third = log.size
    found, _ = upgrade_of(log, found, anchored(log, certificate, third))
    assert sizes(found) == [(first, 1), (third, 1)]
    assert Evidence.parse(found.to_bytes()) == found


def test_an_answer_without_anchors_loses_none() -> None:
    log, certificate, (first, second, _) = grown(2)
    old = anchored(log, certificate, first, second)
    found, _ = upgrade_of(log, old, log.evidence(certificate))
    assert sizes(found) == [(first, 1), (second, 1), (log.size, 0)]


def test_a_head_that_only_the_auditors_proved_stays() -> None:
    log, certificate = one_certificate()
    first, root = log.size, replace(log.trust_root(), auditors=(AUDITOR.verifier_key,), auditor_quorum=1)
    old = log.evidence(certificate)
    note = sign_note(Checkpoint(log.origin, first, log.tree.root()).to_text(), log.log_key, AUDITOR)
    old = replace(old, heads=(replace(old.heads[0], checkpoint=note),))
    log.close()
    found, _ = upgrade_of(log, old, log.evidence(certificate), root)
    assert [head.size for head in open_heads(found)] == [first, log.size]
    assert found.heads[0].checkpoint == note
    without, _ = upgrade_of(log, old, log.evidence(certificate))
    assert [head.size for head in open_heads(without)] == [log.size]


def test_cosignatures_of_the_same_head_are_kept() -> None:
    log, certificate = one_certificate()
    plain = log.evidence(certificate)
    note = sign_note(Checkpoint(log.origin, log.size, log.tree.root()).to_text(), log.log_key, AUDITOR)
    cosigned = replace(plain, heads=(replace(plain.heads[0], checkpoint=note),))
    for old, new in ((cosigned, plain), (plain, cosigned)):
        assert upgrade_of(log, old, new)[0].heads[0].checkpoint == note


def test_what_the_new_epoch_says_counts_a_withdrawal_included() -> None:
    log, certificate = one_certificate()
    old = log.evidence(certificate)
    log.change_status(certificate, StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    log.close()
    found, report = upgrade_of(log, old, log.evidence(certificate))
    assert report.verdict is Verdict.WITHDRAWN
    assert len(found.events) == 1


def test_an_older_answer_is_refused() -> None:
    log, certificate = one_certificate()
    old = log.evidence(certificate)
    log.close()
    with pytest.raises(InvalidInput) as refusal:
        upgrade_of(log, log.evidence(certificate), old)
    assert refusal.value.code == "older"


def test_another_certificates_evidence_is_refused() -> None:
    log, certificate, _ = grown(0)
    other_log, other = one_certificate()
    other = other_log.certify(ISSUER, certificate.content | {"certificateNumber": "MAU-2026-0009"})
    other_log.close()
    with pytest.raises(InvalidInput) as refusal:
        upgraded(
            log.evidence(certificate),
            other_log.evidence(other),
            Subject(certificate),
            log.trust_root(),
            at=AT,
            consistency=log.tree.consistency,
        )
    assert refusal.value.code == "another-document"


def forked() -> tuple[SmallLog, Evidence, SmallLog, Evidence]:
    """Return two histories of one log: the same certificate, and other entries after it."""
    log, certificate = one_certificate()
    other, _ = one_certificate()
    for one, name in ((log, "a"), (other, "b")):
        one.enrol(ed25519(name).public_key, f"did:web:{name}.example.vn")
        one.close()
    other.close()
    return log, anchored(log, certificate, log.size), other, other.evidence(certificate)


def test_another_history_is_refused_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _, old, other, new = forked()
    with pytest.raises(InvalidInput, match="two histories") as refusal:
        upgrade_of(other, old, new)
    assert refusal.value.code == "two-histories"
    monkeypatch.setattr(upgrade, "_require_continued", lambda *_: None)
    upgrade_of(other, old, new)  # without that step it would have been taken


def test_a_forged_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    log, certificate, _ = grown(1)
    old, new = log.evidence(certificate), log.evidence(certificate)
    revocation, suspension = new.lists
    forged = replace(new, lists=(replace(revocation, bits=b"\x80" + bytes(16383)), suspension))
    with pytest.raises(InvalidInput, match="does not verify"):
        upgrade_of(log, old, forged)
    monkeypatch.setattr(upgrade, "_require_genuine", lambda *_: None)
    upgrade_of(log, old, forged)


def test_the_document_in_the_file_stays_where_the_registry_withholds_it() -> None:
    log, certificate = one_certificate()
    old = log.evidence(certificate)
    log.close()
    found, _ = upgrade_of(log, old, replace(log.evidence(certificate), certificate=None))
    assert found.certificate == certificate


def test_whatever_the_order_of_answers_the_first_anchor_is_never_lost() -> None:
    log, certificate, ends = grown(4)
    answers: Sequence[Sequence[int]] = ((ends[0],), (), (ends[1],), (ends[0], ends[2]), (), (ends[3],))
    found = anchored(log, certificate, ends[0])
    for answer in answers:
        log.close()
        found, _ = upgrade_of(log, found, anchored(log, certificate, *answer))
        assert sizes(found)[0] == (ends[0], 1)
        assert len(found.heads) <= 3
        assert found.heads[-1].checkpoint == log.note()
