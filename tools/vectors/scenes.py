"""Small registries and the questions about them that verification vectors ask."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from certlog.digests import sha256
from certlog.documents import SecuredDocument, certificate_challenge, secure
from certlog.encoding import b64url
from certlog.entry import certificate_entry
from certlog.evidence import AnchorPointer, Evidence
from certlog.keys import Signer
from certlog.scopes import Scope
from certlog.slots import Slot
from certlog.status import FileBinding
from certlog.strict_json import JSONObject, JSONValue
from certlog.timestamps import format_time
from certlog.trust_root import TrustRoot
from tests.support.certificates import SAMPLE_DID
from tests.support.signing import ed25519
from tests.support.small_log import DESIGNATION, START, SmallLog
from tools.vectors.case import Case
from tools.vectors.deflate import encoded_list

FIRST_SLOT: Final = Slot(0, 0)
KIND: Final = "verification"
AT: Final = START + 3600
ISSUER: Final = ed25519("issuer")
PDF: Final = b"%PDF-1.7 the issuer's final file"
BOUND: Final = FileBinding(sha256(PDF), "application/pdf")


@dataclass(frozen=True)
class Question:
    """What a verifier is asked: everything that it may know."""

    log: SmallLog
    evidence: JSONObject
    anchored: tuple[int, ...]
    at: int = AT
    file: bytes | None = None
    trust_root: TrustRoot | None = None
    readings: tuple[JSONValue, ...] | None = None

    def to_json(self) -> JSONObject:
        """Return the vector's input."""
        readings = self.readings
        if readings is None:
            readings = tuple(reading(self.log, size) for size in self.anchored)
        given: JSONObject = {
            "evidence": self.evidence,
            "trustRoot": (self.trust_root or self.log.trust_root()).to_json(),
            "at": format_time(self.at),
            "chainView": {"readings": list(readings), "readAt": format_time(self.at), "blockNumber": 1000},
        }
        if self.file is not None:
            given["file"] = {"sha256": b64url(sha256(self.file)), "mediaType": "application/pdf"}
        return given


def pointer(log: SmallLog, size: int) -> AnchorPointer:
    """Return where the head of this size was anchored: ten seconds after its last entry, in block 100 + size."""
    chain = log.trust_root().chains[0]
    return AnchorPointer(
        chain.id, "0x" + sha256(str(size).encode()).hex(), 100 + size, START + 60 * size + 10
    )


def reading(log: SmallLog, size: int, **changed: Any) -> JSONValue:  # noqa: ANN401 # JSON values
    """Return what the contract answers for the head of this size."""
    chain, anchor = log.trust_root().chains[0], pointer(log, size)
    answer: JSONObject = {
        "chainId": chain.id,
        "contract": chain.contract,
        "logId": chain.log_ids[0].log_id,
        "size": size,
        "root": b64url(log.tree.root(size)),
        "blockTime": format_time(anchor.block_time),
        "blockNumber": anchor.block_number,
        "final": True,
    }
    return {**answer, **changed}


def ask(
    log: SmallLog,
    certificate: SecuredDocument,
    *,
    anchored: Sequence[int] | None = None,
    earlier: Sequence[int] = (),
    **more: Any,  # noqa: ANN401 # Question's
) -> Question:
    """Return the question about a certificate with complete evidence; by default the last head is anchored."""
    sizes = (log.size,) if anchored is None else tuple(anchored)
    pointers = {size: [pointer(log, size)] for size in sizes}
    evidence = log.evidence(certificate, earlier=earlier, anchors=pointers)
    return Question(log, evidence_json(evidence), sizes, **more)


def evidence_json(evidence: Evidence) -> JSONObject:
    """Return evidence as JSON, with lists compressed in a way that depends on no zlib."""
    value: Any = evidence.to_json()
    for item, proven in zip(value["lists"], evidence.lists, strict=True):
        item["bits"] = encoded_list(proven.bits)
    found: JSONObject = value
    return found


def started(signer: Signer = ISSUER, scope: Scope | None = DESIGNATION) -> SmallLog:
    """Return a log with an epoch, one body, its key (entry 2) and its scope (entry 3)."""
    log = SmallLog()
    log.close()
    log.enrol(signer.public_key, SAMPLE_DID, *([scope] if scope else []))
    return log


def certified(signer: Signer = ISSUER, content: JSONObject | None = None) -> tuple[SmallLog, SecuredDocument]:
    """Return such a log with one certificate, and an epoch after it."""
    log = started(signer)
    certificate = log.certify(signer, content)
    log.close()
    return log, certificate


def judged(name: str, about: str, question: Question, verdict: str, check: int | None = None) -> Case:
    """Return a case with its verdict and the number of the check that decides it.

    Verdicts that say "this is not genuine" make it a `_fail` case.
    """
    wanted: JSONObject = {"verdict": verdict, "decidedBy": check}
    bad = verdict if verdict in {"altered", "contradicted", "not_trusted"} else ""
    return Case(KIND, name, about, question.to_json(), wanted, bad)


def certified_at(epoch_time: int) -> tuple[SmallLog, SecuredDocument]:
    """Return a log with one certificate and an epoch that states this time."""
    log = started()
    certificate = log.certify(ISSUER)
    log.close(epoch_time)
    return log, certificate


def changed(question: Question, path: Sequence[str | int], value: object) -> Question:
    """Return a question whose evidence has another value at a place."""
    whole: Any = copy.deepcopy(question.evidence)
    holder = whole
    for part in path[:-1]:
        holder = holder[part]
    if holder[path[-1]] == value:
        message = f"nothing changed at {path}"
        raise ValueError(message)
    holder[path[-1]] = value
    return replace(question, evidence=whole)


def logged(
    log: SmallLog,
    content: JSONObject,
    signer: Signer,
    *,
    domain: str | None = None,
    slot: Slot = FIRST_SLOT,
    signed_for: Slot = FIRST_SLOT,
) -> SecuredDocument:  # frozen
    """Log a certificate whose proof may be wrong, as a careless registry would."""
    document = secure(
        content,
        signer=signer,
        did=SAMPLE_DID,
        domain=domain or log.origin,
        challenge=certificate_challenge(signed_for),
        created="2026-11-20T09:00:00+07:00",
    )
    log.positions[document.document_hash] = (log.append(certificate_entry(document, slot)), slot)
    log.lists.append((bytes(16384), bytes(16384)))
    log.close()
    return document
