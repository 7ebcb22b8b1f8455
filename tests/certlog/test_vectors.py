"""The project's own vectors: each is answered as its file says, and writing them again changes nothing."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema_rs import Draft202012Validator

from certlog.canonical import canonicalize
from certlog.certificate_id import certificate_id, format_id, parse_id
from certlog.checkpoint import open_checkpoint
from certlog.credential import check_certificate, claimed_scopes
from certlog.digests import DocumentHash, LeafHash, RootHash, digest_from_text, sha256
from certlog.documents import SecuredDocument, require_binding, verify_proof
from certlog.encoding import b64url, b64url_decode
from certlog.entry import EpochEntry, parse_entry
from certlog.epoch import Epoch
from certlog.errors import InvalidInput, NotTrusted, SignatureMismatch
from certlog.evidence import Evidence
from certlog.issuer_record import IssuerRecord, trust_tree
from certlog.keys import PublicKey
from certlog.note import VerifierKey, cosignature_time, parse_note
from certlog.operator_record import OperatorRecord, PinnedRotation
from certlog.profiles import is_confidential
from certlog.schemas.catalogue import SCHEMAS
from certlog.sealed import open_sealed
from certlog.slots import LIST_SIZE
from certlog.status import INITIAL, StatusStatement, step
from certlog.status_list import decode_list, empty_list, get_bit, set_bit, status_leaf, status_tree
from certlog.strict_json import parse, parse_canonical
from certlog.timestamps import parse_time
from certlog.tlog_proof import verify_tlog_proof
from certlog.tree import MemoryTree, leaf_hash, verify_consistency, verify_inclusion
from certlog.trust_root import TrustRoot
from certlog.trust_state import Operator, TrustState
from tests.support import tile_answers
from tests.support.judged_vectors import omission_proof, status_proof, verification
from tools.vectors.__main__ import all_files
from verifier.webhook_signature import ID, SIGNATURE, TIMESTAMP, check_webhook, parse_secret

FOLDER: Final = Path(__file__).resolve().parents[2] / "vectors"
FILES: Final = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.json"))
LIMIT: Final = 1 << 20

Given = dict[str, Any]
Answer = dict[str, Any]


def strict_json(given: Given) -> Answer:
    data = given["text"].encode() if "text" in given else b64url_decode(given["bytes"])
    return {"canonical": canonicalize(parse(data, max_bytes=LIMIT)).decode()}


def canonical_object(given: Given) -> Answer:
    data = given["text"].encode()
    return {"canonical": canonicalize(parse_canonical(data, max_bytes=LIMIT)).decode()}


def public_key(given: Given) -> Answer:
    key = PublicKey.from_multibase(given["multibase"])
    return {"type": key.type.value, "raw": b64url(key.raw)}


def identifier(given: Given) -> Answer:
    found = certificate_id(DocumentHash(digest_from_text(given["documentHash"])))
    return {"id": found, "shown": format_id(found)}


def typed_id(given: Given) -> Answer:
    return {"id": parse_id(given["typed"])}


def secured_document(given: Given) -> Answer:
    document = SecuredDocument.from_json(given["document"])
    require_binding(document.proof, domain=given["domain"], challenge=given["challenge"])
    verify_proof(document.document_hash, document.proof, document.proof.key)
    proof_hash = sha256(canonicalize(document.proof.options_json()))
    return {
        "documentHash": b64url(document.document_hash),
        "proofHash": b64url(proof_hash),
        "signedBytes": b64url(proof_hash + document.document_hash),
        "id": certificate_id(document.document_hash),
    }


def certificate(given: Given) -> Answer:
    content = given["content"]
    check_certificate(content, origin=given["origin"])
    claims = [
        {
            "kind": claim.kind,
            "authority": claim.authority,
            "measurands" if claim.measured else "standards": list(claim.topics),
        }
        for claim in claimed_scopes(content)
    ]
    return {"claims": claims, "confidential": is_confidential(content)}


def sealed(given: Given) -> Answer:
    blob, key = b64url_decode(given["sealed"]), b64url_decode(given["key"])
    found = open_sealed(blob, key, DocumentHash(digest_from_text(given["documentHash"])))
    return {"document": found.to_bytes().decode()}


def webhook(given: Given) -> Answer:
    headers = {ID: given["id"], TIMESTAMP: given["timestamp"], SIGNATURE: given["signature"]}
    secret, body = parse_secret(given["secret"]), given["body"].encode()
    return {"id": check_webhook(secret, headers, body, now=given["at"])}


def entry(given: Given) -> Answer:
    data = given["entry"].encode()
    found = parse_entry(data)
    assert found.to_bytes() == data
    return {"type": found.to_json()["type"], "leafHash": b64url(leaf_hash(data))}


def tree_root(given: Given) -> Answer:
    return {"root": b64url(MemoryTree(leaf_hash(b64url_decode(leaf)) for leaf in given["leaves"]).root())}


def hashes(texts: list[str]) -> tuple[bytes, ...]:
    return tuple(digest_from_text(text) for text in texts)


def inclusion(given: Given) -> Answer:
    leaf, root = hashes([given["leafHash"], given["root"]])
    verify_inclusion(LeafHash(leaf), given["index"], given["size"], hashes(given["path"]), RootHash(root))
    return {"verified": True}


def consistency(given: Given) -> Answer:
    old, new = hashes([given["oldRoot"], given["newRoot"]])
    path = hashes(given["path"])
    verify_consistency(given["oldSize"], RootHash(old), given["newSize"], RootHash(new), path)
    return {"verified": True}


def checkpoint(given: Given) -> Answer:
    found = open_checkpoint(given["note"], VerifierKey.from_text(given["vkey"]))
    return {"origin": found.origin, "size": found.size, "root": b64url(found.root)}


def cosignature(given: Given) -> Answer:
    time = cosignature_time(parse_note(given["note"]), VerifierKey.from_text(given["vkey"]))
    if time is None:
        raise SignatureMismatch("no cosignature of this key")
    return {"time": time}


def tlog_proof(given: Given) -> Answer:
    leaf, key = digest_from_text(given["leafHash"]), VerifierKey.from_text(given["vkey"])
    found = verify_tlog_proof(given["proof"], LeafHash(leaf), key)
    size = open_checkpoint(found.checkpoint_note, key).size
    return {"index": found.index, "size": size, "extra": b64url(found.extra)}


def status_list(given: Given) -> Answer:
    bits = decode_list(given["encodedList"])
    indices = [index for index in range(LIST_SIZE) if bits[index >> 3] and get_bit(bits, index)]
    return {"set": indices, "leafHash": b64url(status_leaf(bits))}


def pairs(given: list[Given]) -> list[tuple[bytes, bytes]]:
    return [(with_bits(pair["revocation"]), with_bits(pair["suspension"])) for pair in given]


def with_bits(indices: list[int]) -> bytes:
    bits = empty_list()
    for index in indices:
        bits = set_bit(bits, index, True)
    return bits


def tree_of_lists(given: Given) -> Answer:
    return {"root": b64url(status_tree(pairs(given["lists"])).root())}


def status_replay(given: Given) -> Answer:
    status = INITIAL
    for event in given["events"]:
        digest = DocumentHash(sha256(canonicalize(event["document"])))
        status = step(status, StatusStatement.from_json(event["document"]), digest, index=event["index"])
    last = None if status.last is None else b64url(status.last)
    return {
        "suspended": status.suspended,
        "revoked": status.revoked,
        "files": len(status.files),
        "last": last,
    }


def trust_replay(given: Given) -> Answer:
    pinned = given["operator"]
    key, recovery = (PublicKey.from_multibase(pinned[name]) for name in ("key", "recoveryKey"))
    pins = tuple(PinnedRotation.from_json(pin) for pin in pinned.get("rotations", []))
    state = TrustState(Operator(pinned["did"], key, recovery, pins), given["origin"])
    for statement in given["statements"]:
        state.apply(statement["index"], SecuredDocument.from_json(statement["document"]))
    return {
        "operator": state.operator_record.to_json(),
        "records": [record.to_json() for record in state.records],
        "trustRoot": b64url(state.trust_tree().root()),
    }


def epoch(given: Given) -> Answer:
    lists, records = pairs(given["lists"]), [IssuerRecord.from_json(record) for record in given["records"]]
    operator = OperatorRecord.from_json(given["operator"])
    found = EpochEntry(
        Epoch(
            number=given["number"],
            time=parse_time(given["time"]),
            as_of=given["asOf"],
            status_lists=len(lists),
            status_root=status_tree(lists).root(),
            trust_records=1 + len(records),
            trust_root=trust_tree(operator, records).root(),
        )
    )
    return {"entry": found.to_bytes().decode(), "leafHash": b64url(found.leaf_hash)}


def trust_root(given: Given) -> Answer:
    return {"fingerprint": TrustRoot.parse(given["text"].encode()).fingerprint()}


def evidence(given: Given) -> Answer:
    found = Evidence.parse(given["text"].encode())
    assert found.certificate is not None
    return {"index": found.index, "documentHash": b64url(found.certificate.document_hash)}


KINDS: Final[dict[str, Callable[[Given], Answer]]] = {
    "strict-json": strict_json,
    "canonical-object": canonical_object,
    "public-key": public_key,
    "certificate-id": identifier,
    "typed-id": typed_id,
    "secured-document": secured_document,
    "certificate": certificate,
    "sealed": sealed,
    "webhook": webhook,
    "entry": entry,
    "tree-root": tree_root,
    "inclusion": inclusion,
    "consistency": consistency,
    **tile_answers.KINDS,
    "checkpoint": checkpoint,
    "cosignature": cosignature,
    "tlog-proof": tlog_proof,
    "status-list": status_list,
    "status-tree": tree_of_lists,
    "status-replay": status_replay,
    "trust-replay": trust_replay,
    "epoch": epoch,
    "trust-root": trust_root,
    "evidence": evidence,
    "verification": verification,
    "status-proof": status_proof,
    "omission-proof": omission_proof,
}
NOT_GENUINE: Final = {"altered", "contradicted", "not_trusted", "refused"}


@pytest.mark.parametrize("path", FILES)
def test_the_vector_is_answered_as_its_file_says(path: str) -> None:
    case = json.loads((FOLDER / path).read_bytes())
    run = KINDS[case["kind"]]
    if "wanted" in case:
        assert run(case["input"]) == case["wanted"], case["about"]
        return
    with pytest.raises((InvalidInput, NotTrusted)) as refusal:
        run(case["input"])
    found = refusal.value
    assert isinstance(found, InvalidInput | NotTrusted)
    assert found.code == case["refused"], case["about"]


@pytest.mark.parametrize("path", FILES)
def test_the_vectors_name_says_whether_it_must_be_refused(path: str) -> None:
    case = json.loads((FOLDER / path).read_bytes())
    assert path.startswith(f"{case['kind']}/")
    judged = (
        {case["wanted"].get(name) for name in ("verdict", "standing")} if "wanted" in case else {"refused"}
    )
    must_be_refused = bool(judged & NOT_GENUINE)
    assert path.endswith("_fail.json") is must_be_refused


def test_writing_the_vectors_again_changes_nothing() -> None:
    wanted = all_files()
    assert sorted(wanted) == FILES
    changed = [path for path, data in wanted.items() if (FOLDER / path).read_bytes() != data]
    assert changed == []


def test_every_kind_is_described_and_has_vectors_to_accept_and_to_refuse() -> None:
    described = (FOLDER / "README.md").read_text(encoding="utf-8")
    only_answers = {"certificate-id", "tree-root", "new-tiles", "status-tree", "epoch"}
    for kind in KINDS:
        assert f"\n### {kind}\n" in described
        names = [path for path in FILES if path.startswith(f"{kind}/")]
        assert any(not name.endswith("_fail.json") for name in names), kind
        assert kind in only_answers or any(name.endswith("_fail.json") for name in names), kind


def schema_of(content: Given) -> str:
    words = re.findall("[A-Z][a-z]*", content["type"][1])
    return "-".join(words).lower()


def instances() -> list[tuple[str, str, Any]]:
    """Return (path, schema, value) of what accepted vectors hold in a published form."""
    found: list[tuple[str, str, Any]] = []
    for path in FILES:
        case = json.loads((FOLDER / path).read_bytes())
        given = case["input"]
        match case["kind"]:
            case "certificate" if "wanted" in case:
                found.append((path, schema_of(given["content"]), given["content"]))
            case "entry" if "wanted" in case:
                found.append((path, "entry", json.loads(given["entry"])))
            case "trust-root" if "wanted" in case:
                found.append((path, "trust-root", json.loads(given["text"])))
            case "trust-replay" if "wanted" in case:
                found += [(path, "issuer-record", record) for record in case["wanted"]["records"]]
            case "status-replay" if "wanted" in case:
                found += [(path, "status-document", event["document"]) for event in given["events"]]
            case "verification" if case["wanted"]["verdict"] == "valid":
                found.append((path, "evidence", given["evidence"]))
            case "status-proof" if "wanted" in case:
                found.append((path, "status-proof", given["proof"]))
            case "omission-proof" if "wanted" in case:
                found.append((path, "omission-proof", given["proof"]))
            case _:
                continue
    return found


def test_what_the_vectors_hold_is_valid_by_the_published_json_schemas() -> None:
    validators = {name: Draft202012Validator(schema, offline=True) for name, schema in SCHEMAS.items()}
    checked = set()
    for path, schema, value in instances():
        assert [error.message for error in validators[schema].iter_errors(value)] == [], path
        checked.add(schema)
    certificates = {"conformity-certificate", "calibration-certificate", "attested-file-certificate"}
    assert checked == certificates | {
        "entry",
        "trust-root",
        "issuer-record",
        "status-document",
        "evidence",
        "status-proof",
        "omission-proof",
    }


def test_the_vectors_are_plain_ascii_and_hold_no_private_key() -> None:
    for path in FILES:
        text = (FOLDER / path).read_text(encoding="ascii")
        assert "PRIVATE KEY" not in text
