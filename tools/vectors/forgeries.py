"""Vectors of the whole verification, of what must be refused: altered, not authorised, or not even readable."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from certlog.canonical import canonicalize
from certlog.checkpoint import Checkpoint, sign_checkpoint
from certlog.digests import sha256
from certlog.documents import TRUST_CHALLENGE, SecuredDocument, secure
from certlog.encoding import b64url
from certlog.entry import StatementEntry
from certlog.issuer_record import IssuerRecord, KeyRecord, ScopeRecord
from certlog.operator_record import OperatorRecord, PinnedRotation
from certlog.scopes import Names
from certlog.slots import Slot
from certlog.strict_json import JSONObject
from certlog.trust import (
    ChangeScope,
    CompromiseKey,
    Enrol,
    GrantScope,
    RetireKey,
    TrustAction,
    TrustStatement,
)
from certlog.trust_state import TrustState
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.possession import added_key, rotation_to
from tests.support.signing import ed25519, log_signer, p256
from tests.support.small_log import DESIGNATION, OPERATOR_DID, SmallLog
from tools.vectors.case import Case, accepted, refused
from tools.vectors.deflate import encoded_list
from tools.vectors.scenes import (
    ISSUER,
    Question,
    ask,
    certified,
    changed,
    judged,
    logged,
    started,
)

INVENTED: Final = IssuerRecord(
    did=SAMPLE_DID,
    names=Names("Trung tâm Chứng nhận Mẫu"),
    legal_id="0109999999",
    keys=(KeyRecord(ISSUER.public_key, 3),),
    scopes=(ScopeRecord(DESIGNATION, 4),),
)


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    yield from _altered()
    yield from _untrusted()
    yield from _forged()
    yield from _unreadable()


def _altered() -> Iterator[Case]:
    log, certificate = certified()
    first = log.size
    log.close()
    good = ask(log, certificate, earlier=[first])
    heads: Any = good.evidence["heads"]
    path = heads[1]["path"]
    other = b64url(sha256(b"another"))
    note = heads[1]["checkpoint"]
    subject = ("certificate", "credentialSubject")
    for name, about, place, value, check in (
        (
            "altered-number",
            "Another certificate number.",
            ("certificate", "certificateNumber"),
            "MAU-2026-0002",
            2,
        ),
        ("altered-product", "One digit of a product.", (*subject, "products", 0, "model"), "VCm 2x2,5", 2),
        ("altered-dates", "Three years more.", ("certificate", "validUntil"), "2032-11-19T23:59:59+07:00", 1),
        ("altered-salt", "Another salt.", ("certificate", "salt"), "BAAAAAAAAAAAAAAAAAAAAA", 2),
        (
            "altered-slot",
            "Another place in one list only.",
            ("certificate", "credentialStatus", 0, "statusListIndex"),
            "1",
            1,
        ),
        ("truncated-path", "The last hash of the path is missing.", ("heads", 1, "path"), path[:-1], 5),
        ("extended-path", "A hash too many.", ("heads", 1, "path"), [*path, other], 5),
        ("other-hash-in-path", "One hash of the path.", ("heads", 1, "path", 0), other, 5),
        ("other-index", "Another position in the log.", ("index",), 5, 5),
        ("altered-size", "Another size in the checkpoint.", ("heads", 1, "checkpoint", 1), "8", 3),
        (
            "altered-root",
            "Another root in the checkpoint.",
            ("heads", 1, "checkpoint", 2),
            heads[0]["checkpoint"][2],
            3,
        ),
        ("heads-falling", "The heads in the wrong order.", ("heads",), heads[::-1], 3),
        ("trust-path", "A path of a trust statement.", ("trust", 0, "path", 0), other, 3),
        (
            "trust-altered",
            "A trust statement changed after signing.",
            ("trust", 0, "entry", "document", "legalId"),
            "0100000009",
            3,
        ),
        (
            "record-altered",
            "Another record of the issuer.",
            ("records", 0, "record", "legalId"),
            "0100000009",
            3,
        ),
        (
            "list-altered",
            "A list that the epoch does not commit.",
            ("lists", 0, "bits"),
            encoded_list(b"\x01" + bytes(16383)),
            8,
        ),
    ):
        yield judged(name, about, changed(good, place, value), "altered", check)
    thief = sign_checkpoint(
        Checkpoint(log.origin, log.size, log.tree.root()), log_signer(log.origin, "thief")
    )
    lines = thief.split("\n")[:-1]
    yield judged(
        "checkpoint-of-another-key",
        "A checkpoint that a key signed in the log's name of which the trust root knows nothing: a newer one may.",
        changed(good, ("heads", 1, "checkpoint"), lines),
        "cannot_check",
        6,
    )
    yield judged(
        "wrong-origin",
        "Another origin in the checkpoint.",
        changed(good, ("heads", 1, "checkpoint"), ["other.example.vn", *note[1:]]),
        "altered",
        6,
    )


def _untrusted() -> Iterator[Case]:
    log = started()
    document = logged(log, conformity_content(), ISSUER, domain="other.example.vn")
    yield judged("other-domain", "The issuer signed it for another log.", ask(log, document), "altered", 2)
    log = started()
    document = logged(log, conformity_content(slot=Slot(0, 1)), ISSUER, slot=Slot(0, 1))
    yield judged("other-slot", "The issuer signed it for another slot.", ask(log, document), "altered", 2)
    log = started(p256("issuer"))
    document = logged(log, conformity_content(), p256("issuer", high_s=True))
    yield judged("high-s", "A P-256 signature in its other form.", ask(log, document), "altered", 2)
    log = started()
    document = logged(log, conformity_content(), ed25519("thief"))
    yield judged(
        "unregistered-key", "Signed with a key that nobody registered.", ask(log, document), "not_trusted", 3
    )
    log = started()
    log.state(RetireKey(ISSUER.public_key))
    yield judged(
        "retired-key",
        "The key was retired before.",
        ask(log, logged(log, conformity_content(), ISSUER)),
        "not_trusted",
        3,
    )
    log, certificate = certified()
    log.state(CompromiseKey(ISSUER.public_key, 3))
    log.close()
    yield judged(
        "compromised-key",
        "The key is found compromised since before.",
        ask(log, certificate),
        "not_trusted",
        3,
    )
    log = SmallLog()
    document = logged(log, conformity_content(), ISSUER)
    yield judged("not-enrolled", "Nobody enrolled the issuer.", ask(log, document), "not_trusted", 3)
    other = replace(DESIGNATION, topics=("QCVN 9:2012/BKHCN",))
    log = started(scope=other)
    yield judged(
        "scope-not-granted",
        "Designated for another regulation.",
        ask(log, logged(log, conformity_content(), ISSUER)),
        "not_trusted",
        4,
    )
    for name, action in (
        ("scope-suspended", TrustAction.SUSPEND_SCOPE),
        ("scope-withdrawn", TrustAction.WITHDRAW_SCOPE),
    ):
        log = started()
        log.state(ChangeScope(action, 3))
        document = logged(log, conformity_content(), ISSUER)
        yield judged(
            name, "The designation did not stand when it was logged.", ask(log, document), "not_trusted", 4
        )
    ended = replace(DESIGNATION, valid_until="2026-06-30")
    log = started(scope=ended)
    yield judged(
        "scope-ended",
        "The designation ended before validFrom.",
        ask(log, logged(log, conformity_content(), ISSUER)),
        "not_trusted",
        4,
    )
    log, certificate = certified()
    log.state(ChangeScope(TrustAction.WITHDRAW_SCOPE, 3))
    log.close()
    yield judged(
        "scope-withdrawn-later", "The designation ended after it was logged.", ask(log, certificate), "valid"
    )


def _forged() -> Iterator[Case]:
    log = SmallLog()
    log.close()
    document = logged(log, conformity_content(), ISSUER)
    log.close(records=[INVENTED])
    about = "The registry invents a record; no statement of the operator stands behind it."
    yield judged("forged-record", about, ask(log, document), "not_trusted", 3)
    honest = SmallLog().trust_root()
    log = SmallLog(operator="thief")
    log.enrol(ISSUER.public_key, SAMPLE_DID, DESIGNATION)
    certificate = log.certify(ISSUER)
    log.close()
    about = "The statements are signed with a key that is not the pinned operator's."
    yield judged("forged-operator", about, ask(log, certificate, trust_root=honest), "not_trusted", 3)
    log, certificate = _by_the_old_operator_key()
    log.close(records=[INVENTED])
    about = "The old operator key states after its rotation; the evidence leaves the rotation out."
    yield judged("rotation-left-out", about, _without_rotation(log, certificate), "not_trusted", 3)
    log, certificate = _by_the_old_operator_key()
    log.close(records=[INVENTED], operator=OperatorRecord.first(log.operator))
    pin = PinnedRotation(1, ed25519("operator 2").public_key)
    pinned = replace(log.trust_root(), operator=replace(log.operator, rotations=(pin,)))
    about = "The registry denies the rotation in its record too; the trust root pins it."
    question = replace(_without_rotation(log, certificate), trust_root=pinned)
    yield judged("rotation-denied", about, question, "not_trusted", 3)


def _by_the_old_operator_key() -> tuple[SmallLog, SecuredDocument]:
    """Return a log whose operator rotated at entry 1; then the old key enrolled a body, which certified."""
    log = SmallLog()
    log.close()
    log.state(rotation_to(log.operator.key, ed25519("operator 2").public_key, OPERATOR_DID), OPERATOR_DID)
    forged = TrustState(log.operator, log.origin)
    key = added_key(ISSUER.public_key)
    for change in (Enrol(INVENTED.names, INVENTED.legal_id), key, GrantScope(DESIGNATION)):
        statement = TrustStatement(SAMPLE_DID, forged.last(SAMPLE_DID), change)
        document = secure(
            statement.to_json(),
            signer=log.operator_signer,
            did=OPERATOR_DID,
            domain=log.origin,
            challenge=TRUST_CHALLENGE,
            created=log.time,
        )
        forged.apply(log.size, document)
        log.append(StatementEntry("trust", document))
    return log, log.certify(ISSUER)


def _without_rotation(log: SmallLog, certificate: SecuredDocument) -> Question:
    question = ask(log, certificate)
    evidence: Any = question.evidence
    kept = [item for item in evidence["trust"] if item["entry"]["document"]["action"] != "rotateOperator"]
    return replace(question, evidence={**evidence, "trust": kept})


def _unreadable() -> Iterator[Case]:
    """Evidence that is refused before any check: the wanted answer is that it cannot be read."""
    log, certificate = certified()
    good = ask(log, certificate)
    value: Any = good.evidence
    head, proof = value["heads"][0], value["certificate"]["proof"]
    for name, about, other, code in (
        ("unknown-member", "A member that the form does not have.", {"verdict": "valid"}, "unknown-member"),
        ("version-2", "A version that does not exist yet.", {"v": 2}, "bad-version"),
        ("no-heads", "No head.", {"heads": []}, "bad-evidence"),
        ("five-heads", "Five heads.", {"heads": [head] * 5}, "too-many"),
        ("one-list", "One list.", {"lists": value["lists"][:1]}, "bad-evidence"),
        (
            "empty-anchors",
            "anchors is left out where empty.",
            {"heads": [head | {"anchors": []}]},
            "bad-anchor",
        ),
        (
            "checkpoint-in-one-string",
            "The note is an array of lines.",
            {"heads": [head | {"checkpoint": "text"}]},
            "wrong-type",
        ),
        (
            "bomb",
            "A list that inflates to 1 MiB.",
            {"lists": [value["lists"][0] | {"bits": encoded_list(bytes(1 << 20))}, value["lists"][1]]},
            "bad-list",
        ),
        (
            "unknown-proof-member",
            "A member that a proof does not have.",
            {"certificate": value["certificate"] | {"proof": proof | {"nonce": "x"}}},
            "unknown-member",
        ),
        ("negative-index", "A negative index.", {"index": -1}, "wrong-type"),
    ):
        text = canonicalize(value | other).decode()
        yield refused("evidence", name, about, {"text": text}, code)
    text = canonicalize(value).decode()
    for name, about, broken, code in (
        (
            "duplicate-member",
            "Two indices: readers would differ.",
            text.replace('"index":', '"index":0,"index":', 1),
            "duplicate-member",
        ),
        ("spaced", "Not its own canonical form.", text + "\n", "not-canonical"),
        ("float", "A number with a fraction.", text.replace('"version":1', '"version":1.0'), "float"),
        (
            "not-nfc",
            "A letter and its accent as two characters.",
            text.replace("chứng nhận", "chứng nhạ\u0302n"),
            "not-nfc",
        ),
    ):
        yield refused("evidence", name, about, {"text": broken}, code)
    wanted: JSONObject = {"index": value["index"], "documentHash": b64url(certificate.document_hash)}
    yield accepted(
        "evidence",
        "readable",
        "Evidence that can be read; whether it proves anything is another kind.",
        {"text": text},
        wanted,
    )
