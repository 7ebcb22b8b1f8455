"""What a signer's compromised key stated is void in every replay (threats B8, E7)."""

from typing import Any, Final

import pytest

from certlog import trust_state, trust_view
from certlog.evidence import Evidence
from certlog.scopes import DelegatedScope
from certlog.trust import ChangeScope, CompromiseKey, Delegate, Enrol, GrantScope, RetireKey, TrustAction
from certlog.trust_state import TrustState
from tests.support.certificates import SAMPLE_AUTHORITY, SAMPLE_DID
from tests.support.controls import Control, nothing, require_noticed
from tests.support.possession import added_key, rotation_to
from tests.support.signing import ed25519
from tests.support.small_log import DESIGNATION, OPERATOR_DID, SmallLog
from tests.support.trust_log import (
    AUTHORITY,
    AUTHORITY_DID,
    BY_AUTHORITY,
    KEY,
    NAMES,
    OTHER_DID,
    code_of,
    enrolled,
    refuse,
    with_delegate,
)

BY_DELEGATE: Final[dict[str, Any]] = {"signer": AUTHORITY, "did": AUTHORITY_DID}
ALL: Final = Delegate(
    tuple(a for a in TrustAction if a not in {TrustAction.DELEGATE, TrustAction.ROTATE_OPERATOR}),
    (DelegatedScope("designation", SAMPLE_AUTHORITY),),
)


def all_powerful() -> SmallLog:
    """Return a log in which entry 3 enrols an authority, 4 adds its key, 5 delegates everything that can be."""
    log = enrolled()
    log.enrol(AUTHORITY.public_key, AUTHORITY_DID)
    log.state(ALL, AUTHORITY_DID)
    return log


def found_out(log: SmallLog, since: int) -> None:
    log.state(CompromiseKey(AUTHORITY.public_key, since), AUTHORITY_DID)


def grants(log: SmallLog) -> list[int]:
    return [scope.grant for scope in log.trust.require_record(SAMPLE_DID).scopes]


def test_a_grant_by_a_compromised_delegate_is_void_and_what_it_stated_before_stays() -> None:
    log = with_delegate()
    before = log.state(GrantScope(BY_AUTHORITY), **BY_DELEGATE)
    after = log.state(GrantScope(BY_AUTHORITY), **BY_DELEGATE)
    assert grants(log) == [2, before, after]
    found_out(log, after)
    assert grants(log) == [2, before]


def test_a_void_statement_still_counts_for_previous() -> None:
    log = with_delegate()
    log.state(GrantScope(BY_AUTHORITY), **BY_DELEGATE)
    last = log.trust.last(SAMPLE_DID)
    found_out(log, 6)
    assert log.trust.last(SAMPLE_DID) == last
    log.state(ChangeScope(TrustAction.SUSPEND_SCOPE, 2))


def test_a_withdrawal_by_a_compromised_delegate_is_undone() -> None:
    log = all_powerful()
    grant = log.state(GrantScope(BY_AUTHORITY), **BY_DELEGATE)
    stolen = log.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, grant), **BY_DELEGATE)
    found_out(log, stolen)
    assert log.trust.require_record(SAMPLE_DID).scopes[-1].withdrawn is None


def test_a_body_that_a_thief_enrolled_is_gone_with_its_key_and_what_rests_on_it() -> None:
    log = all_powerful()
    stolen = log.state(Enrol(NAMES, "0200000000"), OTHER_DID, **BY_DELEGATE)
    log.state(added_key(ed25519("crony").public_key, OTHER_DID), OTHER_DID, **BY_DELEGATE)
    log.state(GrantScope(DESIGNATION), OTHER_DID)  # the operator, in good faith
    found_out(log, stolen)
    assert log.trust.record(OTHER_DID) is None
    log.state(Enrol(NAMES, "0200000000"), OTHER_DID)
    log.state(added_key(ed25519("crony").public_key, OTHER_DID), OTHER_DID)
    assert log.trust.require_record(OTHER_DID).scopes == ()


def test_a_key_that_a_thief_declared_compromised_is_good_again() -> None:
    log = all_powerful()
    stolen = log.state(CompromiseKey(KEY, 0), **BY_DELEGATE)
    assert log.trust.require_record(SAMPLE_DID).keys[0].compromised_since == 0
    found_out(log, stolen)
    assert log.trust.require_record(SAMPLE_DID).keys[0].compromised_since is None


@pytest.mark.parametrize("subject", [AUTHORITY_DID, OTHER_DID])
def test_a_delegate_says_nothing_about_delegates(subject: str) -> None:
    log = all_powerful()
    log.enrol(ed25519("second").public_key, OTHER_DID)
    log.state(ALL, OTHER_DID)
    key = AUTHORITY.public_key if subject == AUTHORITY_DID else ed25519("second").public_key
    for change in (
        added_key(ed25519("new").public_key, subject),
        RetireKey(key),
        CompromiseKey(key, 0),
        GrantScope(BY_AUTHORITY),
    ):
        assert code_of(refuse(log, change, subject, **BY_DELEGATE)) == "not-delegated"


def test_a_delegate_does_not_speak_of_the_operator() -> None:
    assert (
        code_of(refuse(all_powerful(), Enrol(NAMES, "0200000000"), OPERATOR_DID, **BY_DELEGATE))
        == "not-delegated"
    )


def taken_over() -> SmallLog:
    """Return a log whose operator key was stolen: the thief rotates, voids the old key and enrols (entries 3 to 5)."""
    log = enrolled()
    thief: dict[str, Any] = {"signer": ed25519("thief")}
    log.state(rotation_to(ed25519("operator").public_key, ed25519("thief").public_key), OPERATOR_DID)
    log.state(CompromiseKey(ed25519("operator").public_key, 0), OPERATOR_DID, **thief)
    log.state(Enrol(NAMES, "0200000000"), OTHER_DID, **thief)
    return log


def test_the_recovery_key_takes_the_log_back_from_a_thief_of_the_operator_key() -> None:
    log = taken_over()
    assert log.trust.record(SAMPLE_DID) is None  # the thief voided all that the operator had stated
    recovery: dict[str, Any] = {"signer": ed25519("recovery")}
    log.state(
        rotation_to(ed25519("thief").public_key, ed25519("operator 2").public_key), OPERATOR_DID, **recovery
    )
    log.state(CompromiseKey(ed25519("thief").public_key, 3), OPERATOR_DID, **recovery)
    assert log.trust.record(OTHER_DID) is None
    record = log.trust.record(SAMPLE_DID)
    assert record is not None
    assert ([key.added for key in record.keys], [scope.grant for scope in record.scopes]) == ([1], [2])
    assert log.trust.operator_key == ed25519("operator 2").public_key


def test_the_present_operator_key_never_disowns_itself() -> None:
    change = CompromiseKey(ed25519("operator").public_key, 0)
    assert code_of(refuse(enrolled(), change, OPERATOR_DID)) == "not-operator"
    log = enrolled()
    log.state(CompromiseKey(ed25519("operator").public_key, 3), OPERATOR_DID, signer=ed25519("recovery"))
    assert code_of(refuse(log, RetireKey(KEY))) == "compromised-key"
    log.state(
        rotation_to(ed25519("operator").public_key, ed25519("operator 2").public_key),
        OPERATOR_DID,
        signer=ed25519("recovery"),
    )
    log.state(RetireKey(KEY), signer=ed25519("operator 2"))


def test_a_replay_from_the_start_arrives_where_the_log_stands() -> None:
    for log in (taken_over(), all_powerful()):
        again = TrustState(log.operator, log.origin)
        for index, document in log.statements("trust"):
            again.apply(index, document)
        assert again.trust_tree().root() == log.trust.trust_tree().root()


def test_evidence_names_the_operators_keys() -> None:
    log = enrolled()
    log.state(rotation_to(ed25519("operator").public_key, ed25519("operator 2").public_key), OPERATOR_DID)
    certificate = log.certify(ed25519("issuer"))
    log.close()
    evidence = Evidence.from_json(log.evidence(certificate).to_json())
    keys = [(key.added, key.retired) for key in evidence.operator.record.keys]
    assert keys == [(None, 3), (3, None)]


CONTROLS: Final = {
    "nothing is void": Control(
        TrustState,
        "_voids",
        nothing,
        test_a_grant_by_a_compromised_delegate_is_void_and_what_it_stated_before_stays,
    ),
    "compromises in the order of the log": Control(
        trust_state,
        "reversed",
        lambda history: history,
        test_the_recovery_key_takes_the_log_back_from_a_thief_of_the_operator_key,
    ),
    "delegates of delegates": Control(
        trust_view.TrustView,
        "_require_own_matter",
        nothing,
        lambda: test_a_delegate_says_nothing_about_delegates(AUTHORITY_DID),
    ),
}


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS.keys())
def test_a_defect_of_the_rule_is_noticed(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust_state, "reversed", reversed, raising=False)
    require_noticed(control, monkeypatch)
