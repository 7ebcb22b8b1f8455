"""A withdrawal that became void without a word about its issuer accuses nobody: whoever added the key was robbed."""

from typing import Any

import pytest

from certlog.entry import StatementEntry
from certlog.log_replay import LogReplay
from certlog.scopes import DelegatedScope
from certlog.status import StatusAction
from certlog.status_proof import StatusProof
from certlog.trust import CompromiseKey, Delegate, TrustAction
from tests.support.certificates import SAMPLE_AUTHORITY, SAMPLE_DID
from tests.support.controls import Control, require_noticed
from tests.support.possession import added_key
from tests.support.signing import ed25519
from tests.support.small_log import SmallLog
from tests.support.trust_log import AUTHORITY, AUTHORITY_DID
from tests.verifier.dishonest import Liar
from tests.verifier.test_omission import no_contradiction
from verifier import verify_omission as verify_omission_module


def voided_with_its_delegate() -> tuple[Liar, StatusProof]:
    """A key withdraws; the delegate that had added that key turns out to be robbed, and the withdrawal is void.

    Nothing is said about the issuer, and its own record shows no compromised key.
    """
    liar = Liar()
    log, second = liar.log, ed25519("second")
    log.enrol(AUTHORITY.public_key, AUTHORITY_DID)
    delegated = (DelegatedScope("designation", SAMPLE_AUTHORITY),)
    log.state(Delegate((TrustAction.ADD_KEY,), delegated), AUTHORITY_DID)
    added = added_key(second.public_key, SAMPLE_DID, origin=log.origin)
    index = log.state(added, SAMPLE_DID, signer=AUTHORITY, did=AUTHORITY_DID)
    log.change_status(liar.certificate, StatusAction.WITHDRAW, "invalid", signer=second)
    withdrawn = liar.state()
    log.state(CompromiseKey(AUTHORITY.public_key, index), AUTHORITY_DID)
    liar.say(revoked=False)
    return liar, withdrawn


def test_an_event_that_is_void_with_its_keys_delegate_accuses_nobody() -> None:
    liar, withdrawn = voided_with_its_delegate()
    statement = liar.state()
    assert not any(key.compromised_since is not None for key in statement.record.record.keys)
    assert replayed(liar.log).status(liar.certificate.document_hash).revoked is False
    no_contradiction(liar, statement)
    no_contradiction(liar, statement, earlier=withdrawn)


def test_a_compromise_of_the_issuers_keys_alone_would_accuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_the_issuer(entry: Any) -> bool:
        content = entry.document.content if isinstance(entry, StatementEntry) else {}
        return (content.get("subject"), content.get("action")) == (SAMPLE_DID, "compromiseKey")

    control = Control(
        verify_omission_module,
        "_compromises",
        of_the_issuer,
        test_an_event_that_is_void_with_its_keys_delegate_accuses_nobody,
    )
    require_noticed(control, monkeypatch)


def replayed(log: SmallLog) -> LogReplay:
    """Replay a log that an audit finds nothing wrong with."""
    replay = LogReplay(log.operator, log.origin)
    assert [finding for entry in log.entries for finding in replay.add(entry.to_bytes())] == []
    return replay
