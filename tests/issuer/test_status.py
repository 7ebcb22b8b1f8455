"""Status changes: each names the one before, is signed for its log, and is kept before it is sent."""

import hashlib
from typing import NoReturn

import pytest

from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.status import CertificateStatus, FileBinding, StatusAction
from issuer.issue import Issued
from issuer.key_file import IssuerKey
from issuer.signers import Ed25519Signer
from issuer.status import Change, Changed, StatusTools, change_status, find_certificate
from tests.support.desk import Desk, two_rows


@pytest.fixture
def issued(desk: Desk) -> Issued:
    return desk.issue(two_rows()).issued[0]


def change(desk: Desk, name: str, wanted: Change) -> Changed:
    with desk.journal() as journal:
        certificate = find_certificate(journal, desk.registry, name)
        return change_status(
            certificate, wanted, StatusTools(desk.key, journal, desk.registry, lambda: desk.now)
        )


def status(desk: Desk, document_hash: DocumentHash) -> CertificateStatus:
    return desk.registry.statuses[document_hash]


def test_suspend_reinstate_withdraw_follow_each_other(desk: Desk, issued: Issued) -> None:
    change(desk, issued.number, Change(StatusAction.SUSPEND, "surveillance_overdue"))
    assert status(desk, issued.document_hash).suspended
    change(desk, issued.id, Change(StatusAction.REINSTATE, "corrected"))
    assert not status(desk, issued.document_hash).suspended
    changed = change(desk, issued.id.lower(), Change(StatusAction.WITHDRAW, "nonconformity"))
    assert status(desk, issued.document_hash).revoked
    assert changed.log_index == len(desk.registry.entries) - 1


def test_a_change_without_effect_is_refused_once_and_not_sent_again(desk: Desk, issued: Issued) -> None:
    with pytest.raises(InvalidInput, match="refused to reinstate 'MAU-HQ-26-0001'.*not suspended") as caught:
        change(desk, issued.number, Change(StatusAction.REINSTATE, "corrected"))

    assert caught.value.code == "no-effect"
    assert desk.resume().refused == ()


def test_a_file_sealed_later_is_bound_after_the_first(desk: Desk, issued: Issued) -> None:
    sealed = FileBinding(hashlib.sha256(issued.pdf.read_bytes() + b"seal").digest(), "application/pdf")

    change(desk, issued.number, Change(StatusAction.BIND_FILE, file=sealed))

    first, second = status(desk, issued.document_hash).files
    assert first.sha256 == hashlib.sha256(issued.pdf.read_bytes()).digest()
    assert second == sealed


def test_supersede_names_the_replacement(desk: Desk, issued: Issued) -> None:
    with desk.journal() as journal:
        replacement = find_certificate(journal, desk.registry, "MAU-HQ-26-0002")

    change(desk, issued.number, Change(StatusAction.SUPERSEDE, "renewed", replaced_by=replacement))

    after = status(desk, issued.document_hash)
    assert (after.revoked, after.replaced_by) == (True, replacement.document_hash)


def test_a_lost_answer_is_made_good_by_resume(desk: Desk, issued: Issued) -> None:
    desk.registry.fail_after = len(desk.registry.entries)
    with pytest.raises(Unavailable, match="does not answer"):
        change(desk, issued.number, Change(StatusAction.SUSPEND, "investigation"))
    desk.registry.fail_after = None

    assert desk.resume().logged == 1
    assert status(desk, issued.document_hash).suspended


def test_a_statement_whose_request_was_refused_is_not_sent_later(
    desk: Desk, issued: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_items: object) -> NoReturn:
        raise NotTrusted("the registry refused the token", code="token-refused")

    with monkeypatch.context() as patch:
        patch.setattr(desk.registry, "submit", refuse)
        with pytest.raises(NotTrusted, match="refused the token"):
            change(desk, issued.number, Change(StatusAction.WITHDRAW, "invalid"))

    assert desk.resume().logged == 0
    assert not status(desk, issued.document_hash).revoked


def test_an_overtaken_statement_is_refused_and_dropped(desk: Desk, issued: Issued) -> None:
    desk.registry.fail_after = len(desk.registry.entries)
    with pytest.raises(Unavailable, match="does not answer"):
        change(desk, issued.number, Change(StatusAction.SUSPEND, "investigation"))
    desk.registry.fail_after = None
    change(desk, issued.number, Change(StatusAction.SUSPEND, "fee_unpaid"))

    assert [refusal.code for refusal in desk.resume().refused] == ["wrong-previous"]
    assert desk.resume().refused == ()


def test_another_bodys_certificate_is_not_changed(desk: Desk, issued: Issued) -> None:
    other = Ed25519Signer(bytes(32))
    desk.key = IssuerKey("did:web:other.example.vn", other)
    entries = len(desk.registry.entries)

    with pytest.raises(NotTrusted, match=r"this key signs as did:web:other\.example\.vn"):
        change(desk, issued.number, Change(StatusAction.WITHDRAW, "invalid"))
    assert len(desk.registry.entries) == entries


def test_a_certificate_of_another_computer_is_found_at_the_registry(desk: Desk, issued: Issued) -> None:
    desk.folder = desk.folder.with_name("another")
    with desk.journal() as journal:
        found = find_certificate(journal, desk.registry, issued.id)

    assert found.document_hash == issued.document_hash
    assert isinstance(found, SecuredDocument)


@pytest.mark.parametrize("name", ["MAU-HQ-26-9999", "WERC8GMRZGE196QVYK48"])
def test_an_unknown_name_is_told(desk: Desk, issued: Issued, name: str) -> None:
    assert issued.number != name
    with desk.journal() as journal, pytest.raises(InvalidInput, match="no certificate .* in this journal"):
        find_certificate(journal, desk.registry, name)
