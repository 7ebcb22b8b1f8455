"""Vectors of secured documents: both suites, and every way in which a proof must not be taken for another."""

from collections.abc import Iterator
from typing import Any, Final

from certlog.canonical import canonicalize
from certlog.certificate_id import certificate_id
from certlog.digests import sha256
from certlog.documents import SecuredDocument, certificate_challenge, secure
from certlog.encoding import b64url, base58btc, base58btc_decode
from certlog.keys import KeyType, PublicKey, Signer
from certlog.slots import Slot
from certlog.strict_json import JSONObject
from tests.support.certificates import SAMPLE_DID, SAMPLE_ORIGIN, conformity_content
from tests.support.signing import ed25519, p256
from tools.vectors.case import Case, accepted, refused

KIND: Final = "secured-document"
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
CHALLENGE: Final = certificate_challenge(Slot(0, 0))


def signed(signer: Signer, content: JSONObject | None = None, challenge: str = CHALLENGE) -> SecuredDocument:
    """Return the sample certificate, or another document, signed."""
    return secure(
        conformity_content() if content is None else content,
        signer=signer,
        did=SAMPLE_DID,
        domain=SAMPLE_ORIGIN,
        challenge=challenge,
        created="2026-11-20T09:00:00+07:00",
    )


def cases() -> Iterator[Case]:
    """Yield the vectors of this module."""
    status: JSONObject = {"kind": "status", "note": "any object without @context"}
    yield _accepted("eddsa", "A certificate signed with Ed25519.", signed(ed25519("issuer")))
    yield _accepted("ecdsa", "A certificate signed with P-256.", signed(p256("issuer")))
    yield _accepted(
        "no-context",
        "A document without @context: the proof has none either.",
        signed(ed25519("issuer"), status, "status"),
    )
    document = signed(ed25519("issuer")).to_json()
    yield from _bindings(document)
    yield from _alterations(document)
    yield from _profile(document)
    yield from _signatures(document)


def _given(document: JSONObject, domain: str = SAMPLE_ORIGIN, challenge: str = CHALLENGE) -> JSONObject:
    return {"document": document, "domain": domain, "challenge": challenge}


def _accepted(name: str, about: str, document: SecuredDocument) -> Case:
    proof_hash = sha256(canonicalize(document.proof.options_json()))
    wanted: JSONObject = {
        "documentHash": b64url(document.document_hash),
        "proofHash": b64url(proof_hash),
        "signedBytes": b64url(proof_hash + document.document_hash),
        "id": certificate_id(document.document_hash),
    }
    return accepted(KIND, name, about, _given(document.to_json(), challenge=document.proof.challenge), wanted)


def _with_proof(document: JSONObject, **members: Any) -> JSONObject:  # noqa: ANN401 # JSON values
    proof: Any = document["proof"]
    return document | {"proof": {**proof, **members}}


def _bindings(document: JSONObject) -> Iterator[Case]:
    for name, about, domain, challenge, code in (
        ("other-domain", "Made for another log.", "registry.example.org", CHALLENGE, "wrong-domain"),
        ("other-index", "Made for another slot.", SAMPLE_ORIGIN, "certificate:0/1", "wrong-challenge"),
        (
            "other-list",
            "Made for a slot of another list.",
            SAMPLE_ORIGIN,
            "certificate:1/0",
            "wrong-challenge",
        ),
        (
            "as-status",
            "A certificate's proof used as a status document's.",
            SAMPLE_ORIGIN,
            "status",
            "wrong-challenge",
        ),
        (
            "as-trust",
            "A certificate's proof used as a trust document's.",
            SAMPLE_ORIGIN,
            "trust",
            "wrong-challenge",
        ),
    ):
        yield refused(KIND, name, about, _given(document, domain, challenge), code)


def _alterations(document: JSONObject) -> Iterator[Case]:
    for name, about, changed in (
        ("altered-number", "Another certificate number.", document | {"certificateNumber": "MAU-2026-0002"}),
        (
            "altered-name",
            "One letter of a Vietnamese name.",
            document | {"name": [{"@language": "vi", "@value": "Giấy chứng nhân hợp quy"}]},
        ),
        ("added-member", "A member added after signing.", document | {"description": "x"}),
        (
            "altered-created",
            "The time of signing.",
            _with_proof(document, created="2026-11-20T09:00:01+07:00"),
        ),
        (
            "altered-did",
            "Another DID with the same key.",
            _with_proof(
                document,
                verificationMethod=f"did:web:khac.example.vn#{ed25519('issuer').public_key.multibase}",
            ),
        ),
        (
            "other-key",
            "Another key of the same DID.",
            _with_proof(document, verificationMethod=f"{SAMPLE_DID}#{ed25519('thief').public_key.multibase}"),
        ),
    ):
        yield refused(KIND, name, about, _given(changed), "signature-mismatch")


def _profile(document: JSONObject) -> Iterator[Case]:
    proof: Any = document["proof"]
    without = {
        name: {k: v for k, v in proof.items() if k != name} for name in ("domain", "challenge", "@context")
    }
    for name, about, changed, code in (
        (
            "unknown-suite",
            "A suite outside the allow-list.",
            _with_proof(document, cryptosuite="eddsa-rdfc-2022"),
            "unknown-suite",
        ),
        ("no-suite", 'The suite "none".', _with_proof(document, cryptosuite="none"), "unknown-suite"),
        (
            "suite-of-other-key",
            "The other suite's name with this key.",
            _with_proof(document, cryptosuite="ecdsa-jcs-2019"),
            "suite-key-mismatch",
        ),
        (
            "other-type",
            "Another type of proof.",
            _with_proof(document, type="Ed25519Signature2020"),
            "bad-proof",
        ),
        (
            "other-purpose",
            "Another purpose.",
            _with_proof(document, proofPurpose="authentication"),
            "bad-proof",
        ),
        (
            "unknown-member",
            "A member that the profile does not have.",
            _with_proof(document, expires="2030-01-01T00:00:00Z"),
            "unknown-member",
        ),
        ("no-domain", "Without domain.", document | {"proof": without["domain"]}, "missing-member"),
        ("no-challenge", "Without challenge.", document | {"proof": without["challenge"]}, "missing-member"),
        (
            "no-context-in-proof",
            "The document has @context, the proof has none.",
            document | {"proof": without["@context"]},
            "bad-proof",
        ),
        (
            "context-prefix",
            "The proof's @context is only the beginning of the document's.",
            _with_proof(document, **{"@context": proof["@context"][:1]}),
            "bad-proof",
        ),
        (
            "context-null",
            "@context is null in the proof.",
            _with_proof(document, **{"@context": None}),
            "bad-proof",
        ),
        ("proof-set", "Two proofs.", document | {"proof": [proof, proof]}, "not-object"),
        ("one-proof-in-array", "One proof in an array.", document | {"proof": [proof]}, "not-object"),
        ("no-proof", "No proof.", {k: v for k, v in document.items() if k != "proof"}, "no-proof"),
        (
            "date-only",
            "A time of signing without time of day.",
            _with_proof(document, created="2026-11-20"),
            "bad-time",
        ),
        (
            "key-id-fragment",
            "A verification method that names a key id.",
            _with_proof(document, verificationMethod=f"{SAMPLE_DID}#key-1"),
            "bad-key",
        ),
    ):
        yield refused(KIND, name, about, _given(changed), code)


def _signatures(document: JSONObject) -> Iterator[Case]:
    proof: Any = document["proof"]
    signature = base58btc_decode(proof["proofValue"][1:], max_length=64)
    s_plus_order = int.from_bytes(signature[32:], "little") + ORDER
    identity = b"\x01" + bytes(31)
    weak = PublicKey(KeyType.ED25519, identity).multibase
    non_canonical = (2**255 - 19 + 3).to_bytes(32, "little") + signature[32:]
    mismatch = "signature-mismatch"
    for name, about, changed, code in (
        (
            "eddsa-s-plus-order",
            "S + L: another form of the same signature.",
            _valued(document, signature[:32] + s_plus_order.to_bytes(32, "little")),
            mismatch,
        ),
        ("eddsa-non-canonical-r", "R whose y is not reduced.", _valued(document, non_canonical), mismatch),
        (
            "eddsa-small-order-key",
            "The neutral point as key: R = A and S = 0 verify for every message.",
            _with_proof(_valued(document, identity + bytes(32)), verificationMethod=f"{SAMPLE_DID}#{weak}"),
            mismatch,
        ),
        (
            "eddsa-flipped-bit",
            "One bit of the signature.",
            _valued(document, bytes([signature[0] ^ 1]) + signature[1:]),
            mismatch,
        ),
        (
            "ecdsa-high-s",
            "s in the upper half: the other form of a P-256 signature.",
            signed(p256("issuer", high_s=True)).to_json(),
            mismatch,
        ),
        ("ecdsa-zeros", "r = s = 0.", _valued(signed(p256("issuer")).to_json(), bytes(64)), mismatch),
        ("short-signature", "63 bytes.", _valued(document, signature[:63]), mismatch),
        ("long-signature", "65 bytes.", _valued(document, signature + b"\0"), mismatch),
        (
            "base64-signature",
            "A proofValue in base64url.",
            _with_proof(document, proofValue="u" + b64url(signature)),
            mismatch,
        ),
        (
            "not-base58",
            "A character outside base58btc.",
            _with_proof(document, proofValue="z0" + proof["proofValue"][2:]),
            "bad-base58",
        ),
    ):
        yield refused(KIND, name, about, _given(changed), code)


def _valued(document: JSONObject, signature: bytes) -> JSONObject:
    return _with_proof(document, proofValue="z" + base58btc(signature))
