"""What random histories are made of: bodies and their keys, the statements that can be made, and the trying of one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from certlog.digests import DocumentHash, RootHash
from certlog.documents import SecuredDocument
from certlog.keys import Signer
from certlog.scopes import DelegatedScope, Names, Scope, Source
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.trust import (
    AddKey,
    Delegate,
    RotateOperator,
    TrustAction,
)
from tests.support.certificates import SAMPLE_AUTHORITY, SAMPLE_DID
from tests.support.possession import added_key, rotation_to
from tests.support.registry import OPERATOR_DID, OTHER_DID
from tests.support.signing import ed25519, p256
from verifier.report import Verdict

AUTHORITY_DID: Final = "did:web:uyban.example.vn"
BODIES: Final = (SAMPLE_DID, OTHER_DID, AUTHORITY_DID)
NAMES: Final = {
    SAMPLE_DID: Names("Trung tâm Chứng nhận Mẫu"),
    OTHER_DID: Names("Viện Thử nghiệm Cáp"),
    AUTHORITY_DID: Names("Uỷ ban Tiêu chuẩn", "Standards Commission"),
}
LEGAL_IDS: Final = {SAMPLE_DID: "0109999999", OTHER_DID: "0100000003", AUTHORITY_DID: "0100000002"}
SCOPE: Final = Scope(
    kind="designation",
    topics=("QCVN 4:2009/BKHCN",),
    measured=False,
    authority=SAMPLE_AUTHORITY,
    source=Source("operator", "https://example.vn/quyet-dinh", "2026-01-05"),
    valid_from="2026-01-01",
    valid_until="2030-12-31",
)
BY_AUTHORITY: Final = replace(SCOPE, source=Source("authority"))
OTHER_KIND: Final = replace(SCOPE, kind="accreditation")
DELEGATION: Final = Delegate(
    (
        TrustAction.ENROL,
        TrustAction.ADD_KEY,
        TrustAction.RETIRE_KEY,
        TrustAction.COMPROMISE_KEY,
        TrustAction.GRANT_SCOPE,
        TrustAction.SUSPEND_SCOPE,
        TrustAction.REINSTATE_SCOPE,
        TrustAction.WITHDRAW_SCOPE,
    ),
    (DelegatedScope("designation", SAMPLE_AUTHORITY),),
)
KEYS: Final = {
    SAMPLE_DID: ("issuer", "p issuer", "issuer 3"),
    OTHER_DID: ("other", "p other"),
    AUTHORITY_DID: ("p authority", "authority 2"),
}
OPERATOR_LABELS: Final = ("operator", "operator 2", "operator 3", "operator 4", "operator 5")
BODY_LABELS: Final = tuple(label for labels in KEYS.values() for label in labels)
LABELS: Final = (*OPERATOR_LABELS, *BODY_LABELS)
DAYS: Final = 5 * 86_400
"""The registry's clock starts before the sample certificate's first day."""

ENDED: Final = {
    StatusAction.WITHDRAW: Verdict.WITHDRAWN,
    StatusAction.CANCEL: Verdict.CANCELLED,
    StatusAction.SUPERSEDE: Verdict.SUPERSEDED,
}


def signer(label: str) -> Signer:
    """Return the signer of a label; labels that begin with p are keys on P-256."""
    return p256(label) if label.startswith("p") else ed25519(label)


@dataclass
class Certificate:
    """A certificate of a history, and what the next statement about it must name as `previous`."""

    document: SecuredDocument
    slot: Slot
    last: DocumentHash | None = None

    @property
    def hash(self) -> DocumentHash:
        """What identifies it."""
        return self.document.document_hash


@dataclass(frozen=True)
class Sealed:
    """A head on the chain."""

    size: int
    root: RootHash
    block_time: int


@dataclass
class Act:
    """Something that can be tried.

    Attributes:
        what: for a failure's message.
        index: where it would stand in the log.
        is_lawful: asks the model.
        submit: hands it to the registry, which must answer as the model does.
        lawful: the model's answer, once it is being done.
    """

    what: object
    index: int
    is_lawful: Callable[[], bool]
    submit: Callable[[], None]
    lawful: bool = False

    def do(self) -> bool:
        """Do it; tell whether it was lawful."""
        self.lawful = self.is_lawful()
        self.submit()
        return self.lawful


def add_key(did: str, label: str) -> AddKey:
    """Return the change that registers a key for a body, to which its holder agrees."""
    return added_key(signer(label).public_key, did)


def rotate(old: str, new: str) -> RotateOperator:
    """Return the change from one operator key to another."""
    return rotation_to(signer(old).public_key, signer(new).public_key, OPERATOR_DID)
