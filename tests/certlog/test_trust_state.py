"""Replay of trust statements: each action, each refusal, delegation, rotation; a refusal changes nothing."""

import pytest

from certlog.documents import SecuredDocument
from certlog.errors import InvalidInput, NotTrusted, SignatureMismatch
from certlog.trust import (
    Change,
    ChangeScope,
    CompromiseKey,
    Enrol,
    GrantScope,
    RetireKey,
    TrustAction,
    TrustStatement,
)
from certlog.trust_state import TrustState, replay
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN
from tests.support.possession import added_key, rotation_to
from tests.support.signing import ed25519
from tests.support.small_log import DESIGNATION, OPERATOR_DID, SmallLog
from tests.support.trust_log import (
    AUTHORITY,
    AUTHORITY_DID,
    BY_AUTHORITY,
    FIRST,
    KEY,
    MAY_GRANT,
    NAMES,
    OTHER_DID,
    code_of,
    enrolled,
    operator_signed,
    refuse,
    with_delegate,
)


def test_enrolling_adding_a_key_and_granting_a_scope_make_a_record() -> None:
    record = enrolled().trust.require_record(SAMPLE_DID)
    assert (record.did, record.names.vi, record.legal_id) == (
        SAMPLE_DID,
        "Trung tâm Chứng nhận Mẫu",
        "0109999999",
    )
    assert [(key.key, key.added, key.retired, key.compromised_since) for key in record.keys] == [
        (KEY, 1, None, None)
    ]
    assert [(scope.scope, scope.grant, scope.suspended, scope.withdrawn) for scope in record.scopes] == [
        (DESIGNATION, 2, (), None)
    ]


def test_nothing_is_known_before_the_first_statement() -> None:
    state = SmallLog().trust
    assert state.records == ()
    assert state.record(SAMPLE_DID) is None
    assert state.last(SAMPLE_DID) is None
    assert bytes(state.trust_tree().root()) == state.operator_record.leaf_hash
    with pytest.raises(NotTrusted, match=f"{SAMPLE_DID} is not enrolled in this registry"):
        state.require_record(SAMPLE_DID)


def test_retiring_a_key_notes_the_entry_once() -> None:
    log = enrolled()
    log.state(RetireKey(KEY))
    assert log.trust.require_record(SAMPLE_DID).keys[0].retired == 3
    assert code_of(refuse(log, RetireKey(KEY))) == "no-effect"


def test_a_compromise_may_only_move_to_an_earlier_entry() -> None:
    log = enrolled()
    assert "`since` may only name this or an earlier entry" in str(refuse(log, CompromiseKey(KEY, 4)))
    log.state(CompromiseKey(KEY, 3))
    assert "only decrease" in str(refuse(log, CompromiseKey(KEY, 3)))
    log.state(CompromiseKey(KEY, 1))
    assert log.trust.require_record(SAMPLE_DID).keys[0].compromised_since == 1


def test_a_scope_is_suspended_reinstated_and_withdrawn_at_its_entries() -> None:
    log = enrolled()
    for action in (
        TrustAction.SUSPEND_SCOPE,
        TrustAction.REINSTATE_SCOPE,
        TrustAction.SUSPEND_SCOPE,
        TrustAction.WITHDRAW_SCOPE,
    ):
        log.state(ChangeScope(action, 2))
    scope = log.trust.require_record(SAMPLE_DID).scopes[0]
    assert (scope.suspended, scope.withdrawn) == (((3, 4), (5, None)), 6)
    assert [index for index in range(9) if scope.in_force_at(index)] == [4]


@pytest.mark.parametrize(
    ("before", "action"),
    [
        ([], "reinstateScope"),
        (["suspendScope"], "suspendScope"),
        (["suspendScope", "reinstateScope"], "reinstateScope"),
        (["withdrawScope"], "suspendScope"),
        (["withdrawScope"], "reinstateScope"),
        (["withdrawScope"], "withdrawScope"),
        (["suspendScope", "withdrawScope"], "reinstateScope"),
        (["suspendScope", "withdrawScope"], "withdrawScope"),
    ],
)
def test_a_change_of_a_scope_without_effect_is_refused(before: list[str], action: str) -> None:
    log = enrolled()
    for earlier in before:
        log.state(ChangeScope(TrustAction(earlier), 2))
    assert code_of(refuse(log, ChangeScope(TrustAction(action), 2))) == "no-effect"


def test_changing_a_scope_that_was_never_granted_is_refused() -> None:
    assert code_of(refuse(enrolled(), ChangeScope(TrustAction.SUSPEND_SCOPE, 1))) == "no-grant"


@pytest.mark.parametrize(
    "change", [Enrol(NAMES, "0109999999"), rotation_to(ed25519("operator").public_key, KEY, SAMPLE_DID)]
)
def test_a_body_is_not_enrolled_twice_and_is_no_operator(change: Change) -> None:
    assert code_of(refuse(enrolled(), change)) in {"enrolled", "bad-rotation"}


@pytest.mark.parametrize(
    "change",
    [
        added_key(KEY, OTHER_DID),
        RetireKey(KEY),
        CompromiseKey(KEY, 0),
        GrantScope(DESIGNATION),
        ChangeScope(TrustAction.SUSPEND_SCOPE, 2),
        MAY_GRANT,
    ],
)
def test_nothing_is_stated_about_a_body_that_is_not_enrolled(change: Change) -> None:
    assert code_of(refuse(enrolled(), change, OTHER_DID)) == "not-enrolled"


@pytest.mark.parametrize(
    "change", [RetireKey(ed25519("other").public_key), CompromiseKey(ed25519("other").public_key, 0)]
)
def test_a_key_that_a_body_does_not_have_is_neither_retired_nor_compromised(change: Change) -> None:
    assert code_of(refuse(enrolled(), change)) == "unknown-key"


@pytest.mark.parametrize("subject", [SAMPLE_DID, OTHER_DID])
def test_a_key_is_registered_once_in_the_whole_registry(subject: str) -> None:
    log = enrolled()
    log.state(Enrol(NAMES, "0200000000"), OTHER_DID)
    error = refuse(log, added_key(KEY, subject), subject)
    assert f"the key is registered already, for {SAMPLE_DID}" in str(error)
    log.state(RetireKey(KEY))
    assert code_of(refuse(log, added_key(KEY, subject), subject)) == "known-key"


@pytest.mark.parametrize("label", ["operator", "recovery"])
def test_the_operators_keys_are_no_bodys_keys(label: str) -> None:
    assert "registered already, for the operator" in str(
        refuse(enrolled(), added_key(ed25519(label).public_key))
    )


def test_a_statement_must_follow_the_subjects_last_one() -> None:
    log = enrolled()
    first = log.trust_document(RetireKey(KEY))
    log.state(ChangeScope(TrustAction.SUSPEND_SCOPE, 2))
    with pytest.raises(
        InvalidInput, match=r"^/previous: it does not follow the subject's last trust statement$"
    ):
        log.trust.apply(log.size, first)


def test_the_first_statement_about_a_subject_names_no_previous_one() -> None:
    log = enrolled()
    statement = TrustStatement(OTHER_DID, log.trust.last(SAMPLE_DID), Enrol(NAMES, "0200000000"))
    with pytest.raises(InvalidInput, match="does not follow"):
        log.trust.apply(log.size, operator_signed(statement))


def test_the_same_statement_is_not_applied_twice() -> None:
    log = enrolled()
    document = log.trust_document(ChangeScope(TrustAction.SUSPEND_SCOPE, 2))
    log.trust.apply(3, document)
    with pytest.raises(InvalidInput, match="does not follow"):
        log.trust.apply(4, document)


@pytest.mark.parametrize(
    ("domain", "challenge"),
    [("other.example.vn", "trust"), (SAMPLE_ORIGIN, "status"), (SAMPLE_ORIGIN, "certificate:0/0")],
)
def test_a_statement_made_for_another_log_or_kind_is_refused(domain: str, challenge: str) -> None:
    with pytest.raises(SignatureMismatch, match=r"^/proof/(domain|challenge): expected "):
        SmallLog().trust.apply(0, operator_signed(FIRST, domain=domain, challenge=challenge))


def test_a_statement_changed_after_signing_is_refused() -> None:
    document = operator_signed(FIRST)
    changed = SecuredDocument.of(document.content | {"legalId": "0200000000"}, document.proof)
    with pytest.raises(SignatureMismatch, match="does not verify"):
        SmallLog().trust.apply(0, changed)


def test_replaying_a_log_gives_the_same_records_and_root() -> None:
    log = with_delegate()
    log.state(GrantScope(BY_AUTHORITY), signer=AUTHORITY, did=AUTHORITY_DID)
    again = replay(log.operator, log.origin, log.statements("trust"))
    assert again.records == log.trust.records
    assert again.trust_tree().root() == log.trust.trust_tree().root()
    assert [record.did for record in again.records] == [SAMPLE_DID, AUTHORITY_DID]


def test_replay_stops_at_the_first_bad_statement() -> None:
    log = enrolled()
    statements = log.statements("trust")
    with pytest.raises(InvalidInput, match="does not follow"):
        replay(log.operator, log.origin, [statements[0], statements[2]])


def test_replay_under_another_pinned_operator_trusts_nothing() -> None:
    log = enrolled()
    other = type(log.operator)(OPERATOR_DID, ed25519("thief").public_key, ed25519("thief 2").public_key)
    with pytest.raises(NotTrusted, match="not the operator's key"):
        replay(other, log.origin, log.statements("trust"))


def test_a_partial_replay_checks_everything_but_the_chain_of_previous() -> None:
    log = enrolled()
    enrol, add_key, grant = log.statements("trust")
    log.state(ChangeScope(TrustAction.SUSPEND_SCOPE, 2))
    partial = TrustState(log.operator, log.origin, partial=True)
    partial.apply(*enrol)
    partial.apply(*grant)
    assert [scope.grant for scope in partial.require_record(SAMPLE_DID).scopes] == [2]
    with pytest.raises(InvalidInput, match="the subject is enrolled already"):
        partial.apply(*enrol)
    with pytest.raises(NotTrusted, match="is not enrolled"):
        TrustState(log.operator, log.origin, partial=True).apply(*add_key)
