"""Every published JSON Schema by its short name, for whoever serves or exports them."""

from collections.abc import Mapping
from typing import Final

from certlog.schemas.audit import ASSESSMENT_PACK, AUDIT_REPORT
from certlog.schemas.certificates import CERTIFICATES
from certlog.schemas.log import ENTRY, EPOCH
from certlog.schemas.parts import Schema
from certlog.schemas.proof_files import (
    EVIDENCE,
    ISSUER_RECORD,
    OMISSION_PROOF,
    OPERATOR_RECORD,
    SECURED_CERTIFICATES,
    STATUS_PROOF,
    TRUST_ROOT,
)
from certlog.schemas.statements import STATUS_DOCUMENT, TRUST_DOCUMENT

SCHEMAS: Final[Mapping[str, Schema]] = {
    **CERTIFICATES,
    **SECURED_CERTIFICATES,
    "status-document": STATUS_DOCUMENT,
    "trust-document": TRUST_DOCUMENT,
    "entry": ENTRY,
    "epoch": EPOCH,
    "issuer-record": ISSUER_RECORD,
    "operator-record": OPERATOR_RECORD,
    "evidence": EVIDENCE,
    "status-proof": STATUS_PROOF,
    "omission-proof": OMISSION_PROOF,
    "trust-root": TRUST_ROOT,
    "audit-report": AUDIT_REPORT,
    "assessment-pack": ASSESSMENT_PACK,
}
