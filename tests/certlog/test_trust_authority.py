"""Who may state what: the operator and its rotated keys, delegates within their delegation, nobody else."""

import pytest

from certlog.errors import NotTrusted
from certlog.scopes import Scope, Source
from certlog.trust import (
    Change,
    ChangeScope,
    CompromiseKey,
    Delegate,
    Enrol,
    GrantScope,
    RetireKey,
    RotateOperator,
    TrustAction,
)
from tests.support.certificates import SAMPLE_AUTHORITY, SAMPLE_DID
from tests.support.possession import added_key, rotation_to
from tests.support.signing import ed25519
from tests.support.small_log import DESIGNATION, OPERATOR_DID, SmallLog
from tests.support.trust_log import (
    AUTHORITY,
    AUTHORITY_DID,
    BY_AUTHORITY,
    FIRST,
    ISSUER,
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


@pytest.mark.parametrize("label", ["issuer", "recovery", "thief"])
def test_only_the_operators_key_speaks_for_the_operator(label: str) -> None:
    with pytest.raises(NotTrusted, match="not the operator's key") as refusal:
        SmallLog().trust.apply(0, operator_signed(FIRST, signer=ed25519(label)))
    assert refusal.value.code == "not-operator"


def test_someone_who_is_not_enrolled_states_nothing() -> None:
    assert code_of(refuse(SmallLog(), FIRST.change, signer=ed25519("thief"), did=OTHER_DID)) == "not-enrolled"


def test_a_body_states_nothing_about_itself_without_a_delegation() -> None:
    error = refuse(enrolled(), added_key(ed25519("new").public_key), signer=ISSUER, did=SAMPLE_DID)
    assert str(error) == f"{SAMPLE_DID} has no delegation for addKey of this scope"


def test_a_delegate_grants_and_withdraws_what_was_delegated_in_its_own_name() -> None:
    log = with_delegate()
    grant = log.state(GrantScope(BY_AUTHORITY), signer=AUTHORITY, did=AUTHORITY_DID)
    log.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, grant), signer=AUTHORITY, did=AUTHORITY_DID)
    assert log.trust.require_record(SAMPLE_DID).scopes[-1].withdrawn == grant + 1


@pytest.mark.parametrize(
    "change",
    [
        Enrol(NAMES, "0300000000"),
        added_key(ed25519("new").public_key),
        ChangeScope(TrustAction.SUSPEND_SCOPE, 2),
        Delegate((TrustAction.GRANT_SCOPE,), ()),
    ],
)
def test_a_delegate_does_nothing_that_was_not_delegated(change: Change) -> None:
    assert code_of(refuse(with_delegate(), change, signer=AUTHORITY, did=AUTHORITY_DID)) == "not-delegated"


@pytest.mark.parametrize(
    ("kind", "authority"), [("accreditation", SAMPLE_AUTHORITY), ("designation", "Bộ khác")]
)
def test_a_delegate_grants_no_scope_of_another_kind_or_authority(kind: str, authority: str) -> None:
    scope = Scope(kind, ("x",), False, authority, Source("authority"), "2026-01-01")
    assert (
        code_of(refuse(with_delegate(), GrantScope(scope), signer=AUTHORITY, did=AUTHORITY_DID))
        == "not-delegated"
    )


def test_a_delegate_does_not_withdraw_a_delegation() -> None:
    log = with_delegate()
    log.enrol(ed25519("second").public_key, OTHER_DID)
    second = log.state(MAY_GRANT, OTHER_DID)
    change = ChangeScope(TrustAction.WITHDRAW_SCOPE, second)
    assert code_of(refuse(log, change, OTHER_DID, signer=AUTHORITY, did=AUTHORITY_DID)) == "not-delegated"


def test_the_operator_withdraws_a_delegation_and_it_ends_there() -> None:
    log = with_delegate()
    end = log.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, 5), AUTHORITY_DID)
    assert log.trust.require_record(AUTHORITY_DID).delegations[0].withdrawn == end
    assert (
        code_of(refuse(log, GrantScope(BY_AUTHORITY), signer=AUTHORITY, did=AUTHORITY_DID)) == "not-delegated"
    )
    assert code_of(refuse(log, ChangeScope(TrustAction.WITHDRAW_SCOPE, 5), AUTHORITY_DID)) == "no-grant"
    assert code_of(refuse(log, ChangeScope(TrustAction.SUSPEND_SCOPE, 5), AUTHORITY_DID)) == "no-grant"


@pytest.mark.parametrize("end", [RetireKey(AUTHORITY.public_key), CompromiseKey(AUTHORITY.public_key, 0)])
def test_a_delegate_whose_key_ended_states_nothing(end: Change) -> None:
    log = with_delegate()
    log.state(end, AUTHORITY_DID)
    assert code_of(refuse(log, GrantScope(BY_AUTHORITY), signer=AUTHORITY, did=AUTHORITY_DID)) in {
        "retired-key",
        "compromised-key",
    }


def test_a_delegates_unregistered_key_states_nothing() -> None:
    assert (
        code_of(refuse(with_delegate(), GrantScope(BY_AUTHORITY), signer=ed25519("thief"), did=AUTHORITY_DID))
        == "unknown-key"
    )


def test_the_source_of_a_scope_says_who_signed_it() -> None:
    log = with_delegate()
    assert code_of(refuse(log, GrantScope(BY_AUTHORITY))) == "bad-source"
    assert code_of(refuse(log, GrantScope(DESIGNATION), signer=AUTHORITY, did=AUTHORITY_DID)) == "bad-source"


def rotation(old: str, new: str, did: str = OPERATOR_DID) -> RotateOperator:
    return rotation_to(ed25519(old).public_key, ed25519(new).public_key, did)


@pytest.mark.parametrize("signer", ["operator", "recovery"])
def test_the_operators_key_is_rotated_by_itself_or_by_the_recovery_key(signer: str) -> None:
    log = enrolled()
    log.trust.apply(
        3, log.trust_document(rotation("operator", "operator 2"), OPERATOR_DID, signer=ed25519(signer))
    )
    assert log.trust.operator_key == ed25519("operator 2").public_key
    with pytest.raises(NotTrusted, match="not the operator's key"):
        log.trust.apply(4, log.trust_document(RetireKey(KEY), signer=ed25519("operator")))
    log.trust.apply(4, log.trust_document(RetireKey(KEY), signer=ed25519("operator 2")))


def test_the_recovery_key_rotates_again_after_the_new_key_was_stolen() -> None:
    log = SmallLog()
    log.trust.apply(0, log.trust_document(rotation("operator", "operator 2"), OPERATOR_DID))
    log.trust.apply(
        1, log.trust_document(rotation("operator 2", "operator 3"), OPERATOR_DID, signer=ed25519("recovery"))
    )
    assert log.trust.operator_key == ed25519("operator 3").public_key


@pytest.mark.parametrize(
    ("change", "subject", "signer", "code"),
    [
        (rotation("operator", "new"), OPERATOR_DID, "thief", "not-operator"),
        (rotation("thief", "new"), OPERATOR_DID, "operator", "bad-rotation"),
        (rotation("operator", "operator"), OPERATOR_DID, "operator", "bad-rotation"),
        (rotation("operator", "new", SAMPLE_DID), SAMPLE_DID, "operator", "bad-rotation"),
        (rotation("operator", "issuer"), OPERATOR_DID, "operator", "known-key"),
    ],
)
def test_another_rotation_is_refused(change: Change, subject: str, signer: str, code: str) -> None:
    assert code_of(refuse(enrolled(), change, subject, signer=ed25519(signer))) == code


def test_after_a_rotation_the_old_key_does_not_rotate_back() -> None:
    log = SmallLog()
    log.trust.apply(0, log.trust_document(rotation("operator", "operator 2"), OPERATOR_DID))
    with pytest.raises(NotTrusted, match="not the operator's key"):
        log.trust.apply(
            1,
            log.trust_document(rotation("operator 2", "operator"), OPERATOR_DID, signer=ed25519("operator")),
        )
