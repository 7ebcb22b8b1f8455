"""Vectors of the whole verification, of what is genuine: one verdict from evidence, trust root, chain and moment."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from certlog.digests import sha256
from certlog.documents import SecuredDocument
from certlog.encoding import b64url
from certlog.slots import Slot
from certlog.status import StatusAction
from certlog.strict_json import JSONObject
from certlog.timestamps import format_time
from certlog.trust import GrantScope
from tests.support.certificates import conformity_content
from tests.support.signing import ed25519, p256
from tools.vectors.case import Case
from tools.vectors.scenes import (
    AT,
    BOUND,
    ISSUER,
    PDF,
    ask,
    certified,
    certified_at,
    changed,
    judged,
    reading,
)
from tools.vectors.trust import AUTHORITY, AUTHORITY_DID, BY_AUTHORITY, delegated


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield from _genuine()
    yield from _by_status()
    yield from _chain()


def _genuine() -> Iterator[Case]:
    log, certificate = certified()
    yield judged("valid", "Anchored, fresh, nothing against it.", ask(log, certificate), "valid")
    yield judged("valid-p-256", "The same with a P-256 key.", ask(*certified(p256("issuer"))), "valid")
    yield judged(
        "pending",
        "In a signed head that is not anchored yet.",
        ask(log, certificate, anchored=()),
        "pending",
        7,
    )
    not_final = (reading(log, log.size, final=False),)
    yield judged(
        "not-final",
        "Anchored in a block that may still go.",
        ask(log, certificate, readings=not_final),
        "pending",
        7,
    )
    yield judged(
        "chain-not-read",
        "A pointer, and nobody asked the chain.",
        ask(log, certificate, readings=()),
        "cannot_check",
        7,
    )
    yield judged(
        "status-too-old",
        "The epoch is older than a day.",
        ask(log, certificate, at=AT + 100_000),
        "cannot_check",
        8,
    )
    yield judged(
        "expired", "After validUntil.", ask(log, certificate, at=AT + 4 * 365 * 86_400), "expired", 9
    )
    late = conformity_content() | {"validFrom": "2026-11-21T00:00:00+07:00"}
    yield judged("not-yet-valid", "Before validFrom.", ask(*certified(ISSUER, late)), "not_yet_valid", 9)
    log, certificate = certified()
    first = log.size
    log.enrol(ed25519("neighbour").public_key, "did:web:khac.example.vn")
    log.close()
    yield judged(
        "two-heads",
        "First anchored, newest signed.",
        ask(log, certificate, earlier=[first], anchored=[first]),
        "valid",
    )
    log.close()
    yield judged(
        "three-heads",
        "First anchored, newest anchored, newest signed.",
        ask(log, certificate, earlier=[first, log.size - 1], anchored=[first, log.size - 1]),
        "valid",
    )
    log = delegated()
    log.state(GrantScope(BY_AUTHORITY), signer=AUTHORITY, did=AUTHORITY_DID)
    content: Any = conformity_content()
    content["credentialSubject"]["criteria"] = [{"kind": "QCVN", "number": "QCVN 9:2012/BKHCN", "year": 2012}]
    certificate = log.certify(ISSUER, content)
    log.close()
    yield judged(
        "delegated-scope", "The scope was granted by the authority itself.", ask(log, certificate), "valid"
    )


def _by_status() -> Iterator[Case]:
    a = StatusAction
    for name, steps, verdict, check in (
        ("suspended", ((a.SUSPEND, "investigation"),), "suspended", 8),
        ("reinstated", ((a.SUSPEND, "investigation"), (a.REINSTATE, "corrected")), "valid", None),
        ("withdrawn", ((a.WITHDRAW, "nonconformity"),), "withdrawn", 8),
        (
            "suspended-then-cancelled",
            ((a.SUSPEND, "fee_unpaid"), (a.CANCEL, "client_request")),
            "cancelled",
            8,
        ),
    ):
        log, certificate = certified()
        for action, reason in steps:
            log.change_status(certificate, action, reason, signer=ISSUER)
        log.close()
        yield judged(name, f"After {len(steps)} status documents.", ask(log, certificate), verdict, check)
    log, certificate = certified()
    newer = log.certify(ISSUER, _second_version(certificate))
    log.change_status(certificate, a.SUPERSEDE, "correction", signer=ISSUER, replaced_by=newer.document_hash)
    log.close()
    yield judged("superseded", "Replaced by version 2.", ask(log, certificate), "superseded", 8)
    yield judged("superseding", "The replacement itself.", ask(log, newer), "valid")
    log, certificate = certified()
    log.change_status(certificate, a.WITHDRAW, "invalid", signer=ISSUER)
    log.close()
    silent = ask(log, certificate)
    yield judged(
        "withdrawn-without-entry",
        "The bit is set; the file does not hold the entry that says why.",
        replace(silent, evidence=silent.evidence | {"events": []}),
        "withdrawn",
        8,
    )
    log.lists[0] = (bytes(16384), bytes(16384))
    log.close()
    yield judged(
        "withdrawal-omitted",
        "The entry withdraws; the registry's newer list does not say so.",
        ask(log, certificate),
        "withdrawn",
        8,
    )
    log, certificate = certified()
    log.change_status(certificate, a.BIND_FILE, signer=ISSUER, file=BOUND)
    log.close()
    yield judged(
        "file-bound", "The file is the one that the issuer bound.", ask(log, certificate, file=PDF), "valid"
    )
    yield judged(
        "file-differs",
        "Another file of this kind is bound: one printed digit was changed.",
        ask(log, certificate, file=PDF + b" "),
        "altered",
        10,
    )
    log, certificate = certified()
    yield judged(
        "file-not-bound",
        "The content is genuine; nothing is known of the page.",
        ask(log, certificate, file=PDF),
        "cannot_check",
        10,
    )


def _second_version(certificate: SecuredDocument) -> JSONObject:
    replaced: JSONObject = {
        "id": certificate.content["id"],
        "digest": b64url(certificate.document_hash),
        "reason": "correction",
    }
    return conformity_content(slot=Slot(0, 1)) | {
        "id": "urn:uuid:0192f3a0-7c1e-4b3a-9d55-2f1c6a0b9e12",
        "version": 2,
        "replaces": replaced,
    }


def _chain() -> Iterator[Case]:
    log, certificate = certified()
    good = ask(log, certificate)
    absent = (reading(log, log.size, blockTime=None, blockNumber=None),)
    yield judged(
        "absent-from-chain",
        "A final view past the pointer's block has no such anchor.",
        replace(good, readings=absent),
        "contradicted",
        7,
    )
    fork = (reading(log, log.size, root=b64url(sha256(b"fork"))),)
    yield judged(
        "another-root-anchored",
        "Another root of this size is anchored: two histories.",
        replace(good, readings=fork),
        "contradicted",
        7,
    )
    edited = changed(good, ("heads", 0, "anchors", 0, "blockTime"), format_time(AT - 60))
    yield judged(
        "edited-block-time", "The file says another block time than the contract.", edited, "contradicted", 7
    )
    older = (reading(log, log.size, blockTime=None, blockNumber=None, readBlock=5),)
    yield judged(
        "view-too-old",
        "The view is older than the pointer's block: it proves nothing.",
        replace(good, readings=older),
        "cannot_check",
        7,
    )
    root = log.trust_root()
    chain = root.chains[0]
    capped = replace(
        root, chains=(replace(chain, log_ids=(replace(chain.log_ids[0], max_size=log.size - 1),)),)
    )
    yield judged(
        "above-max-size",
        "Anchors beyond maxSize do not count: a stolen anchorer's were left behind.",
        replace(good, trust_root=capped),
        "cannot_check",
        7,
    )
    elsewhere = (reading(log, log.size, contract="0x" + "ee" * 20),)
    yield judged(
        "another-contract",
        "Anchored by a contract that is not pinned.",
        replace(good, readings=elsewhere),
        "cannot_check",
        7,
    )
    log, certificate = certified_at(AT + 7200)
    yield judged(
        "epoch-from-the-future",
        "The epoch's time is after the reader's clock.",
        ask(log, certificate),
        "cannot_check",
        8,
    )
