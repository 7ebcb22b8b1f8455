"""Logs with a body and a delegated authority, for tests of who may state what."""

from typing import Final

import pytest

from certlog.documents import SecuredDocument, secure
from certlog.errors import CertlogError, InvalidInput, NotTrusted
from certlog.keys import PublicKey, Signer
from certlog.scopes import DelegatedScope, Names, Scope, Source
from certlog.trust import Change, Delegate, Enrol, TrustAction, TrustStatement
from certlog.trust_state import TrustState
from tests.support.certificates import SAMPLE_AUTHORITY, SAMPLE_DID, SAMPLE_ORIGIN
from tests.support.signing import ed25519, p256
from tests.support.small_log import DESIGNATION, OPERATOR_DID, SmallLog

ISSUER: Final = ed25519("issuer")
KEY: Final = ISSUER.public_key
AUTHORITY_DID: Final = "did:web:uyban.example.vn"
AUTHORITY: Final = p256("authority")
OTHER_DID: Final = "did:web:khac.example.vn"
NAMES: Final = Names("Trung tâm Chứng nhận Mẫu")
BY_AUTHORITY: Final = Scope(
    kind="designation",
    topics=("QCVN 9:2012/BKHCN",),
    measured=False,
    authority=SAMPLE_AUTHORITY,
    source=Source("authority"),
    valid_from="2026-01-01",
)
MAY_GRANT: Final = Delegate(
    (TrustAction.GRANT_SCOPE, TrustAction.WITHDRAW_SCOPE), (DelegatedScope("designation", SAMPLE_AUTHORITY),)
)

FIRST: Final = TrustStatement(SAMPLE_DID, None, Enrol(NAMES, "0109999999"))


def enrolled() -> SmallLog:
    """Return a log with one body: entry 0 enrols, 1 adds its key, 2 grants its scope."""
    log = SmallLog()
    log.enrol(KEY, SAMPLE_DID, DESIGNATION)
    return log


def with_delegate() -> SmallLog:
    """Return such a log with an authority: entry 3 enrols it, 4 adds its key, 5 delegates to it."""
    log = enrolled()
    log.enrol(AUTHORITY.public_key, AUTHORITY_DID)
    log.state(MAY_GRANT, AUTHORITY_DID)
    return log


def fingerprint(state: TrustState) -> tuple[bytes, PublicKey, object]:
    """Return what a change of the state would change."""
    return (
        state.trust_tree().root(),
        state.operator_key,
        [state.last(did) for did in (SAMPLE_DID, AUTHORITY_DID)],
    )


def refuse(
    log: SmallLog,
    change: Change,
    subject: str = SAMPLE_DID,
    *,
    signer: Signer | None = None,
    did: str = OPERATOR_DID,
) -> CertlogError:
    """Return the error of a statement that must be refused, having checked that nothing changed."""
    before = fingerprint(log.trust)
    with pytest.raises((InvalidInput, NotTrusted)) as refusal:
        log.state(change, subject, signer=signer, did=did)
    assert fingerprint(log.trust) == before
    return refusal.value


def code_of(error: CertlogError) -> str:
    """Return the kind of a refusal."""
    assert isinstance(error, InvalidInput | NotTrusted)
    return error.code


def operator_signed(
    statement: TrustStatement,
    *,
    domain: str = SAMPLE_ORIGIN,
    challenge: str = "trust",
    signer: Signer | None = None,
) -> SecuredDocument:
    """Return a statement signed in the operator's name, right or wrong."""
    return secure(
        statement.to_json(),
        signer=signer or ed25519("operator"),
        did=OPERATOR_DID,
        domain=domain,
        challenge=challenge,
        created=0,
    )
