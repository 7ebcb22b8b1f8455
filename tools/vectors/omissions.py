"""Vectors of omission proofs: what shows a lie about a status, and what accuses an honest registry."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from certlog.documents import SecuredDocument
from certlog.evidence import ProvenEntry
from certlog.omission_proof import Base, OmissionProof, Tail
from certlog.status import StatusAction
from certlog.status_list import set_bit
from certlog.status_proof import StatusProof
from certlog.strict_json import JSONObject
from certlog.tail import peaks_of
from certlog.trust import CompromiseKey
from tests.support.small_log import SmallLog
from tools.vectors.case import Case, accepted, refused
from tools.vectors.deflate import encoded_list
from tools.vectors.scenes import ISSUER, certified, started

KIND: Final = "omission-proof"
_A: Final = StatusAction


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield from _shown()
    yield from _false()


def _shown() -> Iterator[Case]:
    log, certificate = _logged()
    event = _drop(log, certificate, _A.WITHDRAW, "nonconformity")
    log.close()
    yield _accepted(
        "withdrawal-omitted",
        "The log holds the withdrawal; its epoch does not state it.",
        log,
        _proof(log, certificate),
        ("revocation_omitted", event),
    )
    log, certificate = _logged()
    event = _drop(log, certificate, _A.SUSPEND, "investigation")
    log.close()
    proof = _proof(log, certificate, tail_from=event + 1)
    yield _accepted(
        "suspension-omitted",
        "With every entry after it: nothing lifted it.",
        log,
        proof,
        ("suspension_omitted", event),
    )
    log, certificate = _logged()
    _say(log, 0, value=True)
    log.close()
    proof = _proof(log, certificate, tail_from=log.positions[certificate.document_hash][0] + 1)
    yield _accepted(
        "revocation-invented",
        "No entry since the certificate's says so.",
        log,
        proof,
        ("revocation_invented", None),
    )
    log, certificate = certified()
    earlier = log.status_proof(certificate)
    _say(log, 1, value=True)
    log.close()
    yield _accepted(
        "two-statements",
        "Another bit than an earlier epoch's, and nothing in between.",
        log,
        _based(log, certificate, earlier),
        ("suspension_invented", None),
    )


def _false() -> Iterator[Case]:
    log, certificate = _logged()
    log.change_status(certificate, _A.SUSPEND, "investigation", signer=ISSUER)
    log.change_status(certificate, _A.REINSTATE, "corrected", signer=ISSUER)
    log.close()
    suspended = _proof(log, certificate, events=slice(0, 1))
    yield _refused("reinstated-later", "The reinstatement is left out.", log, suspended, "tail-missing")
    index = suspended.events[0].index
    yield _refused(
        "reinstated-in-the-tail",
        "It stands in the tail.",
        log,
        _proof(log, certificate, events=slice(0, 1), tail_from=index + 1),
        "later-event",
    )
    whole = _proof(log, certificate, events=slice(0, 1), tail_from=index + 1)
    yield _refused(
        "tail-altered",
        "Another entry in its place.",
        log,
        replace(whole, tail=_altered(whole.tail)),
        "invalid-proof",
    )
    yield _refused(
        "not-linked",
        "The event names an earlier one that is not here.",
        log,
        _proof(log, certificate, events=slice(1, 2)),
        "not-linked",
    )
    log, certificate = _logged()
    event = log.change_status(certificate, _A.WITHDRAW, "invalid", signer=ISSUER)
    log.close()
    stated = _proof(log, certificate)
    yield _refused("no-contradiction", "The epoch states the withdrawal.", log, stated, "no-contradiction")
    log.state(CompromiseKey(ISSUER.public_key, event))
    _say(log, 0, value=False)
    log.close()
    void = _proof(log, certificate, tail_from=event + 1)
    yield _refused(
        "void-event", "The key was compromised since the withdrawal.", log, void, "no-contradiction"
    )
    log, certificate = certified()
    earlier = log.status_proof(certificate)
    log.change_status(certificate, _A.WITHDRAW, "invalid", signer=ISSUER)
    log.close()
    late = replace(_proof(log, certificate), statement=earlier)
    yield _refused(
        "event-after-the-epoch", "The withdrawal came after what was stated.", log, late, "invalid-proof"
    )
    yield _refused(
        "event-between",
        "An event lies between the two statements.",
        log,
        _based(log, certificate, earlier),
        "later-event",
    )
    given = _given(log, _proof(log, certificate))
    whole_proof: Any = given["proof"]
    yield refused(
        KIND,
        "another-kind",
        "Not an omission proof.",
        {**given, "proof": {**whole_proof, "kind": "statusProof"}},
        "wrong-kind",
    )


def _logged() -> tuple[SmallLog, SecuredDocument]:
    log = started()
    return log, log.certify(ISSUER)


def _drop(log: SmallLog, certificate: SecuredDocument, action: StatusAction, reason: str) -> int:
    before = log.lists[0]
    index = log.change_status(certificate, action, reason, signer=ISSUER)
    log.lists[0] = before
    return index


def _say(log: SmallLog, which: int, *, value: bool) -> None:
    revocation, suspension = log.lists[0]
    changed = set_bit((revocation, suspension)[which], 0, value)
    log.lists[0] = (changed, suspension) if which == 0 else (revocation, changed)


def _proof(
    log: SmallLog, certificate: SecuredDocument, *, events: slice = slice(None), tail_from: int | None = None
) -> OmissionProof:
    found = tuple(
        ProvenEntry(index, log.entries[index], log.tree.inclusion(index))
        for index, _ in log.statements("status")
    )
    tail = None if tail_from is None else _tail(log, tail_from)
    return OmissionProof(log.status_proof(certificate), found[events], (), tail)


def _based(log: SmallLog, certificate: SecuredDocument, earlier: StatusProof) -> OmissionProof:
    epoch = ProvenEntry(earlier.epoch.index, earlier.epoch.entry, log.tree.inclusion(earlier.epoch.index))
    return OmissionProof(
        log.status_proof(certificate), tail=_tail(log, epoch.index + 1), base=Base(epoch, earlier.lists)
    )


def _tail(log: SmallLog, start: int) -> Tail:
    return Tail(
        start, peaks_of(start, log.tree.read), tuple(entry.to_bytes() for entry in log.entries[start:])
    )


def _altered(tail: Tail | None) -> Tail:
    if tail is None:
        raise TypeError(tail)
    return replace(tail, entries=(tail.entries[-1], *tail.entries[1:]))


def _given(log: SmallLog, proof: OmissionProof) -> JSONObject:
    value: Any = proof.to_json()
    pairs = [(value["statement"]["lists"], proof.statement.lists)]
    if proof.base is not None:
        pairs.append((value["base"]["lists"], proof.base.lists))
    for items, lists in pairs:
        for item, proven in zip(items, lists, strict=True):
            item["bits"] = encoded_list(proven.bits)
    return {"proof": value, "trustRoot": log.trust_root().to_json()}


def _accepted(
    name: str, about: str, log: SmallLog, proof: OmissionProof, answer: tuple[str, int | None]
) -> Case:
    return accepted(KIND, name, about, _given(log, proof), {"contradiction": answer[0], "event": answer[1]})


def _refused(name: str, about: str, log: SmallLog, proof: OmissionProof, code: str) -> Case:
    return refused(KIND, name, about, _given(log, proof), code)
