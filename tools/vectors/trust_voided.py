"""Vectors of void statements: what a signer's compromised key stated, in the replay of trust statements."""

from collections.abc import Iterator
from typing import Any

from certlog.trust import (
    ChangeScope,
    CompromiseKey,
    Delegate,
    Enrol,
    GrantScope,
    TrustAction,
)
from tests.support.possession import added_key
from tests.support.signing import ed25519
from tests.support.small_log import DESIGNATION, OPERATOR_DID, SmallLog
from tools.vectors.case import Case
from tools.vectors.trust import (
    AUTHORITY,
    AUTHORITY_DID,
    BY_AUTHORITY,
    KEY,
    NAMES,
    OTHER_DID,
    accepted_replay,
    delegated,
    enrolled,
    rotation,
)


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield from _voided()


def _voided() -> Iterator[Case]:
    log = delegated()
    log.state(GrantScope(BY_AUTHORITY), signer=AUTHORITY, did=AUTHORITY_DID)
    log.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, 6), signer=AUTHORITY, did=AUTHORITY_DID)
    log.state(CompromiseKey(AUTHORITY.public_key, 7), AUTHORITY_DID)
    yield accepted_replay(
        "delegate-compromised",
        "What a delegate's key stated at or after `since` is void; the rest stays.",
        log,
    )
    log.state(CompromiseKey(AUTHORITY.public_key, 6), AUTHORITY_DID)
    log.state(GrantScope(DESIGNATION))
    yield accepted_replay(
        "delegate-compromised-earlier",
        "Moved earlier, the grant is void too; `previous` still follows the void statements.",
        log,
    )
    log = SmallLog()
    log.enrol(AUTHORITY.public_key, AUTHORITY_DID)
    log.state(Delegate((TrustAction.ENROL, TrustAction.ADD_KEY), ()), AUTHORITY_DID)
    by_thief: dict[str, Any] = {"signer": AUTHORITY, "did": AUTHORITY_DID}
    log.state(Enrol(NAMES, "0200000000"), OTHER_DID, **by_thief)
    log.state(added_key(KEY, OTHER_DID), OTHER_DID, **by_thief)
    log.state(GrantScope(DESIGNATION), OTHER_DID)
    log.state(CompromiseKey(AUTHORITY.public_key, 3), AUTHORITY_DID)
    log.state(Enrol(NAMES, "0200000000"), OTHER_DID)
    yield accepted_replay(
        "enrolment-void",
        "An enrolment is void, and with it the key and the scope; the body is enrolled again.",
        log,
    )
    log = enrolled()
    thief: dict[str, Any] = {"signer": ed25519("thief")}
    log.state(rotation("operator", "thief"), OPERATOR_DID)
    log.state(CompromiseKey(ed25519("operator").public_key, 0), OPERATOR_DID, **thief)
    log.state(Enrol(NAMES, "0200000000"), OTHER_DID, **thief)
    log.state(rotation("thief", "operator 2"), OPERATOR_DID, signer=ed25519("recovery"))
    log.state(CompromiseKey(ed25519("thief").public_key, 3), OPERATOR_DID, signer=ed25519("recovery"))
    log.state(CompromiseKey(ed25519("operator").public_key, 3), OPERATOR_DID, signer=ed25519("operator 2"))
    yield accepted_replay(
        "operator-recovered",
        "A thief rotates to his own key and voids the operator's: the recovery key takes the log back, "
        "what the thief stated is void, what the operator stated before stays.",
        log,
    )
