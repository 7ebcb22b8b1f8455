"""Vectors of dated status proofs: what an epoch states of one certificate, and what must not pass for that."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any, Final

from certlog.documents import SecuredDocument
from certlog.evidence import ProvenRecord
from certlog.issuer_record import trust_tree
from certlog.scopes import Names
from certlog.status import StatusAction
from certlog.status_proof import StatusProof
from certlog.strict_json import JSONObject
from certlog.timestamps import format_time
from certlog.trust import CompromiseKey, Enrol
from tests.support.signing import log_signer
from tests.support.small_log import SmallLog
from tools.vectors.case import Case
from tools.vectors.deflate import encoded_list
from tools.vectors.scenes import AT, ISSUER, certified, certified_at, pointer, reading

KIND: Final = "status-proof"


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield from _stated()
    yield from _refused()


def _stated() -> Iterator[Case]:
    log, certificate = certified()
    yield _case("clear", "Neither bit is set; the head is anchored.", log, certificate, "clear")
    yield _case(
        "clear-not-anchored", "The date is the log's word alone.", log, certificate, "clear", anchored=False
    )
    log.change_status(certificate, StatusAction.SUSPEND, "investigation", signer=ISSUER)
    log.close()
    yield _case("suspended", "The suspension bit is set.", log, certificate, "suspended")
    log.change_status(certificate, StatusAction.WITHDRAW, "nonconformity", signer=ISSUER)
    log.close()
    yield _case(
        "revoked", "Both bits are set: it was suspended when it was withdrawn.", log, certificate, "revoked"
    )


def _refused() -> Iterator[Case]:
    log, certificate = certified()
    given = _given(log, certificate, log.status_proof(certificate))
    log.change_status(certificate, StatusAction.WITHDRAW, "invalid", signer=ISSUER)
    log.close()
    later = _given(log, certificate, log.status_proof(certificate))
    for name, about, path, value in (
        (
            "other-bits",
            "The list is not the one in the status tree.",
            ("lists", 0, "bits"),
            encoded_list(_one_bit()),
        ),
        ("other-index", "The entry stands elsewhere.", ("index",), 3),
        ("other-slot", "The signature is for another slot.", ("entry", "slot"), [0, 1]),
        (
            "two-epochs",
            "The lists of an older epoch beside a newer head.",
            ("lists",),
            _at(given, ("proof", "lists")),
        ),
    ):
        whole = later if name == "two-epochs" else given
        yield _refusal(name, about, _with(whole, ("proof", *path), value))
    yield _refusal(
        "another-kind", "Not a status proof.", _with(given, ("proof", "kind"), "evidence"), read="wrong-kind"
    )
    yield _refusal(
        "version-2", "A version that nobody knows.", _with(given, ("proof", "v"), 2), read="bad-version"
    )
    log, certificate = certified()
    log.log_key = log_signer(log.origin, "thief")
    forged = _given(log, certificate, log.status_proof(certificate))
    forged["trustRoot"] = certified()[0].trust_root().to_json()
    yield _refusal("another-log-key", "A thief signed the checkpoint.", forged)
    log, certificate = certified_at(AT + 7200)
    yield _refusal(
        "from-the-future", "The epoch's time is after the reader's clock.", _given(log, certificate)
    )
    log, certificate = certified()
    log.state(CompromiseKey(ISSUER.public_key, log.positions[certificate.document_hash][0]))
    log.close()
    yield _refusal(
        "key-compromised", "The record says that the key was compromised by then.", _given(log, certificate)
    )
    log, certificate = certified()
    log.state(Enrol(Names("Tổ chức khác"), "0101010101"), "did:web:khac.example.vn")
    log.close()
    other = next(i for i, record in enumerate(log.stated) if record.did != certificate.proof.did)
    given = _given(log, certificate)
    proof = _at(given, ("proof",))
    proof["record"] = _record(log, other)
    yield _refusal("another-record", "The record is another body's.", _with(given, ("proof",), proof))


def _record(log: SmallLog, index: int) -> JSONObject:
    position = 1 + index  # leaf 0 is the operator's record
    tree = trust_tree(log.stated_operator, log.stated)
    return ProvenRecord(position, log.stated[index], tree.inclusion(position)).to_json()


def _one_bit() -> bytes:
    return b"\x40" + bytes(16383)


def _given(
    log: SmallLog, certificate: SecuredDocument, proof: StatusProof | None = None, *, anchored: bool = True
) -> JSONObject:
    anchors = [pointer(log, log.size)] if anchored else []
    found = proof or log.status_proof(certificate, anchors=anchors)
    value: Any = found.to_json()
    for item, proven in zip(value["lists"], found.lists, strict=True):
        item["bits"] = encoded_list(proven.bits)
    return {
        "proof": value,
        "trustRoot": log.trust_root().to_json(),
        "at": format_time(AT),
        "chainView": {
            "readings": [reading(log, log.size)] if anchored else [],
            "readAt": format_time(AT),
            "blockNumber": 1000,
        },
    }


def _case(
    name: str,
    about: str,
    log: SmallLog,
    certificate: SecuredDocument,
    standing: str,
    *,
    anchored: bool = True,
) -> Case:
    wanted: JSONObject = {"standing": standing, "statusAsOf": format_time(log.epochs[-1].time)}
    return Case(KIND, name, about, _given(log, certificate, anchored=anchored), wanted)


def _refusal(name: str, about: str, given: JSONObject, *, read: str = "") -> Case:
    wanted: JSONObject | None = None if read else {"standing": "refused", "statusAsOf": None}
    return Case(KIND, name, about, given, wanted, read or "refused")


def _at(given: JSONObject, path: Sequence[str | int]) -> Any:  # noqa: ANN401 # JSON
    found: Any = copy.deepcopy(given)
    for part in path:
        found = found[part]
    return found


def _with(given: JSONObject, path: Sequence[str | int], value: object) -> JSONObject:
    whole: Any = copy.deepcopy(given)
    holder = whole
    for part in path[:-1]:
        holder = holder[part]
    if holder[path[-1]] == value:
        message = f"nothing changed at {path}"
        raise ValueError(message)
    holder[path[-1]] = value
    found: JSONObject = whole
    return found
