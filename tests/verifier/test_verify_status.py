"""Dated status proofs: what is stated, when and on whose word; and that each step is what refuses its forgery."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from certlog.checkpoint import Checkpoint
from certlog.digests import DocumentHash
from certlog.errors import CertlogError
from certlog.note import sign_note
from certlog.status import StatusAction
from certlog.status_proof import StatusProof
from certlog.trust_root import LogKey, TrustRoot
from tests.support.signing import Cosigner, cosigner, ed25519, log_signer
from tests.support.small_log import SmallLog, one_certificate
from tools.vectors.scenes import AT, pointer
from verifier.chain_view import NOT_CONSULTED, AnchorReading, ChainView
from verifier.report import CheckName, Reason
from verifier.verify_status import Standing, StatusReport, verify_status

ISSUER: Final = ed25519("issuer")
LOG, CERTIFICATE = one_certificate()
PROOF: Final = LOG.status_proof(CERTIFICATE)


def ask(proof: StatusProof = PROOF, view: ChainView = NOT_CONSULTED, at: int = AT) -> StatusReport:
    return verify_status(proof, LOG.trust_root(), at, view)


def anchored(log: SmallLog, *, block_time: int | None = None) -> ChainView:
    chain, size = log.trust_root().chains[0], log.size
    reading = AnchorReading(
        chain_id=chain.id,
        contract=chain.contract,
        log_id=chain.log_ids[0].log_id,
        size=size,
        root=log.tree.root(size),
        block_time=block_time or pointer(log, size).block_time,
        block_number=pointer(log, size).block_number,
        final=True,
    )
    return ChainView(readings=(reading,), read_at=AT, block_number=1000)


def test_without_a_chain_the_date_is_the_registrys_word_alone() -> None:
    report = ask()
    assert (report.standing, report.reason) == (Standing.CLEAR, None)
    assert report.epoch is not None
    assert report.epoch.time == LOG.epochs[-1].time
    assert (report.block_time, report.consulted) == (None, False)
    assert report.ages.anchored is None


def test_with_the_chain_it_was_stated_at_the_latest_by_the_blocks_time() -> None:
    report = ask(view=anchored(LOG))
    assert report.standing is Standing.CLEAR
    assert report.block_time == pointer(LOG, LOG.size).block_time
    assert report.consulted
    assert report.ages.anchored == AT - report.block_time


def test_a_proof_does_not_grow_stale_but_tells_its_age() -> None:
    years = 10 * 365 * 86_400
    report = ask(at=AT + years)
    assert report.standing is Standing.CLEAR
    assert report.ages.signed == AT + years - LOG.epochs[-1].time


def test_it_never_says_that_the_issuer_was_authorised() -> None:
    reasons = [check.reason for check in ask().checks if check.name is CheckName.ISSUER]
    assert reasons == [Reason.RECORD_ONLY]


def test_a_proof_about_another_certificate_than_the_one_in_hand_is_refused() -> None:
    other = DocumentHash(b"\1" * 32)
    report = verify_status(PROOF, LOG.trust_root(), AT, NOT_CONSULTED, certificate=other)
    assert (report.standing, report.reason) == (Standing.REFUSED, Reason.ANOTHER_DOCUMENT)
    same_one = verify_status(
        PROOF, LOG.trust_root(), AT, NOT_CONSULTED, certificate=CERTIFICATE.document_hash
    )
    assert same_one.standing is Standing.CLEAR


def test_every_older_proof_tells_its_own_date_after_a_withdrawal() -> None:
    log, certificate = one_certificate()
    before = log.status_proof(certificate)
    log.change_status(certificate, StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    log.close()
    after = ask(log.status_proof(certificate))
    assert (after.standing, after.reason) == (Standing.REVOKED, Reason.REVOKED_REASON_NOT_IN_FILE)
    old = ask(before)
    assert old.epoch is not None
    assert after.epoch is not None
    assert old.epoch.time < after.epoch.time


def test_the_auditors_quorum_dates_nothing_but_is_said() -> None:
    auditor = cosigner("auditor.example.vn/a", time=AT)
    log, certificate = one_certificate()
    note = auditor_note(log, auditor)
    proof = replace(
        log.status_proof(certificate), head=replace(log.status_proof(certificate).head, checkpoint=note)
    )
    root = replace(log.trust_root(), auditors=(auditor.verifier_key,), auditor_quorum=1)
    report = verify_status(proof, root, AT, NOT_CONSULTED)
    assert report.standing is Standing.CLEAR
    assert [c.reason for c in report.checks if c.name is CheckName.ANCHOR] == [Reason.AUDITORS]
    assert report.block_time is None


def auditor_note(log: SmallLog, auditor: Cosigner) -> str:
    text = Checkpoint(log.origin, log.size, log.tree.root()).to_text()
    return sign_note(text, log.log_key, auditor)


def other_bits() -> tuple[StatusProof, TrustRoot, ChainView]:
    revocation, suspension = PROOF.lists
    forged = replace(PROOF, lists=(replace(revocation, bits=b"\x40" + bytes(16383)), suspension))
    return forged, LOG.trust_root(), NOT_CONSULTED


def other_record() -> tuple[StatusProof, TrustRoot, ChainView]:
    record = replace(PROOF.record.record, legal_id="0000000000")
    return replace(PROOF, record=replace(PROOF.record, record=record)), LOG.trust_root(), NOT_CONSULTED


def other_signature() -> tuple[StatusProof, TrustRoot, ChainView]:
    log, certificate = one_certificate()
    value = log.status_proof(certificate).entry.to_json()
    forged = StatusProof.from_json(PROOF.to_json() | {"entry": value | {"slot": [0, 1]}})
    return forged, LOG.trust_root(), NOT_CONSULTED


def other_log_key() -> tuple[StatusProof, TrustRoot, ChainView]:
    log, certificate = one_certificate()
    thief = log_signer(log.origin, "thief")
    log.log_key = thief
    root = LOG.trust_root()
    ended = LogKey(thief.verifier_key, 0, 1)  # known, and rotated away long ago
    return log.status_proof(certificate), replace(root, log_keys=(ended, *root.log_keys)), NOT_CONSULTED


def older_epoch() -> tuple[StatusProof, TrustRoot, ChainView]:
    """A dropped withdrawal: the old lists and epoch under a head that has moved on."""
    log, certificate = one_certificate()
    old = log.status_proof(certificate)
    size = log.size
    log.change_status(certificate, StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    log.close()
    new = log.status_proof(certificate)
    epoch = replace(old.epoch, path=log.tree.inclusion(size - 1))
    return replace(old, head=new.head, epoch=epoch), log.trust_root(), NOT_CONSULTED


def contradicted() -> tuple[StatusProof, TrustRoot, ChainView]:
    view = anchored(LOG)
    fork = replace(view.readings[0], root=b"\7" * 32)
    return PROOF, LOG.trust_root(), replace(view, readings=(fork,))


def from_the_future() -> tuple[StatusProof, TrustRoot, ChainView]:
    return PROOF, LOG.trust_root(), anchored(LOG, block_time=LOG.epochs[-1].time - 400)


def _nothing(*_: object, **__: object) -> None:
    return None


def _epoch_anywhere(proven: object, _: object) -> object:
    return proven.entry.epoch  # type: ignore[attr-defined]


FORGERIES: Final[dict[str, tuple[Callable[[], tuple[StatusProof, TrustRoot, ChainView]], str, object]]] = {
    "other bits": (other_bits, "verifier.check_status.verify_inclusion", _nothing),
    "another record": (other_record, "verifier.verify_status.verify_inclusion", _nothing),
    "another log key": (other_log_key, "verifier.check_log._signature_problem", lambda *_: ""),
    "an older epoch": (older_epoch, "verifier.verify_status.prove_epoch", _epoch_anywhere),
    "a fork on the chain": (contradicted, "verifier.check_anchor._first_contradiction", _nothing),
    "a time after its block": (from_the_future, "verifier.verify_status.clock_problem", _nothing),
}


@pytest.mark.parametrize(("forge", "step", "no_step"), FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_status_proof_is_refused_and_by_that_step(
    forge: Callable[[], tuple[StatusProof, TrustRoot, ChainView]],
    step: str,
    no_step: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proof, root, view = forge()
    assert verify_status(proof, root, AT, view).standing is Standing.REFUSED
    monkeypatch.setattr(step, no_step)
    assert verify_status(proof, root, AT, view).standing is not Standing.REFUSED, (
        f"{step} is not what refused it"
    )


def test_a_signature_for_another_slot_is_refused() -> None:
    proof, root, view = other_signature()
    report = verify_status(proof, root, AT, view)
    assert (report.standing, report.reason) == (Standing.REFUSED, Reason.WRONG_CHALLENGE)


def test_no_changed_character_of_a_proof_is_accepted() -> None:
    text = PROOF.to_bytes().decode()
    changed, accepted = 0, []
    for place in range(0, len(text), 5):
        if not text[place].isalnum():
            continue
        other = "A" if text[place] != "A" else "B"
        changed += 1
        try:
            proof = StatusProof.parse((text[:place] + other + text[place + 1 :]).encode())
        except CertlogError:
            continue
        # GZIP's header may name another system: the list that it holds is then the same, and so is the proof.
        if proof != PROOF and ask(proof).standing is not Standing.REFUSED:
            accepted.append(place)
    assert changed > 300
    assert accepted == []
