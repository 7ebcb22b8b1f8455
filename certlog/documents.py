"""Secured documents: a JSON object with exactly one Data Integrity proof, in the registry's own profile.

The profile (docs/formats.md, section 1) fixes the proof's members and signs the log's origin and the kind of
statement, so that a signature made for one log, slot and kind is worth nothing in another.
"""

from dataclasses import dataclass
from typing import Final

from certlog import cryptosuites
from certlog.canonical import canonicalize
from certlog.digests import DocumentHash, sha256
from certlog.errors import InvalidInput, SignatureMismatch
from certlog.keys import PublicKey, Signer, split_verification_method, verification_method
from certlog.sentences import Sentence
from certlog.slots import Slot
from certlog.strict_json import JSONObject, JSONValue, get_str, members, parse_object
from certlog.timestamps import format_time, parse_time

MAX_DOCUMENT_BYTES: Final = 256 * 1024
"""Largest certificate in bytes: a calibration of hundreds of points is about 100 KiB."""

STATUS_CHALLENGE: Final = "status"
TRUST_CHALLENGE: Final = "trust"

_TEXTS: Final = frozenset({str})

_REQUIRED: Final = (
    "type",
    "cryptosuite",
    "created",
    "verificationMethod",
    "proofPurpose",
    "domain",
    "challenge",
    "proofValue",
)


def certificate_challenge(slot: Slot) -> str:
    """Return the challenge that a certificate's proof signs: its own status slot."""
    return f"certificate:{slot.list}/{slot.index}"


@dataclass(frozen=True, slots=True)
class Proof:
    """One Data Integrity proof of the profile; `context` is the document's @context, or None without one."""

    cryptosuite: str
    created: str
    verification_method: str
    domain: str
    challenge: str
    proof_value: str
    context: JSONValue = None

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "/proof") -> "Proof":
        """Parse a proof; unknown members, another type or purpose are refused."""
        obj = members(value, required=_REQUIRED, optional=("@context",), place=place)
        fixed = {"type": "DataIntegrityProof", "proofPurpose": "assertionMethod"}
        for name, expected in fixed.items():
            if obj[name] != expected:
                raise InvalidInput(
                    Sentence("expected {expected!r}", expected=expected),
                    place=f"{place}/{name}",
                    code="bad-proof",
                )
        suite = get_str(obj, "cryptosuite", place)
        if suite not in cryptosuites.SUITES:
            raise InvalidInput(
                Sentence("unknown suite {suite!r}", suite=suite[:40]),
                place=f"{place}/cryptosuite",
                code="unknown-suite",
            )
        if "@context" in obj and obj["@context"] is None:
            raise InvalidInput("@context is null", place=place, code="bad-proof")
        created, method = get_str(obj, "created", place), get_str(obj, "verificationMethod", place)
        parse_time(created, f"{place}/created")
        split_verification_method(method, f"{place}/verificationMethod")
        proof = cls(
            cryptosuite=suite,
            created=created,
            verification_method=method,
            domain=get_str(obj, "domain", place),
            challenge=get_str(obj, "challenge", place),
            proof_value=get_str(obj, "proofValue", place),
            context=obj.get("@context"),
        )
        cryptosuites.signature_from_text(proof.proof_value)
        return proof

    def options_json(self) -> JSONObject:
        """Return the proof without proofValue: what is hashed and signed."""
        return _options(
            self.cryptosuite,
            self.created,
            self.verification_method,
            self.domain,
            self.challenge,
            self.context,
        )

    def to_json(self) -> JSONObject:
        """Return the whole proof."""
        return self.options_json() | {"proofValue": self.proof_value}

    @property
    def did(self) -> str:
        """The signer's DID."""
        return self.verification_method.partition("#")[0]

    @property
    def key(self) -> PublicKey:
        """The key that the proof names; whether it is the signer's is for the trust list to say."""
        return split_verification_method(self.verification_method)[1]


@dataclass(frozen=True, slots=True)
class SecuredDocument:
    """A document, its proof, and the hash that identifies it. Treat `content` as read-only."""

    content: JSONObject
    proof: Proof
    document_hash: DocumentHash

    @classmethod
    def from_json(cls, value: JSONValue, place: str = "") -> "SecuredDocument":
        """Split an object into document and proof; the proof's @context must equal the document's."""
        if not isinstance(value, dict) or "proof" not in value:
            raise InvalidInput("expected an object with a proof", place=place, code="no-proof")
        content = {name: member for name, member in value.items() if name != "proof"}
        proof = Proof.from_json(value["proof"], f"{place}/proof")
        return cls.of(content, proof, place)

    @classmethod
    def of(cls, content: JSONObject, proof: Proof, place: str = "") -> "SecuredDocument":
        """Join a document and its proof, computing the document hash."""
        if not _same_context(proof, content):
            message = "the proof's @context differs from the document's"
            raise InvalidInput(message, place=f"{place}/proof/@context", code="bad-proof")
        return cls(content, proof, DocumentHash(sha256(canonicalize(content))))

    @classmethod
    def parse(cls, data: bytes, *, max_bytes: int = MAX_DOCUMENT_BYTES) -> "SecuredDocument":
        """Read a secured document from JSON bytes, pretty-printed or canonical."""
        return cls.from_json(parse_object(data, max_bytes=max_bytes))

    def to_json(self) -> JSONObject:
        """Return the document with its proof."""
        return self.content | {"proof": self.proof.to_json()}

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the document with its proof."""
        return canonicalize(self.to_json())


def secure(
    content: JSONObject, *, signer: Signer, did: str, domain: str, challenge: str, created: int | str
) -> SecuredDocument:
    """Sign a document.

    Args:
        content: the document, without proof.
        signer: holds the key; its kind decides the suite.
        did: the signer's DID.
        domain: the log's origin.
        challenge: `certificate:<list>/<index>`, `status` or `trust`.
        created: when it is signed: seconds since the epoch, or the text form with the signer's offset.
    """
    created = created if isinstance(created, str) else format_time(created)
    suite, method = cryptosuites.SUITE_OF[signer.public_key.type], verification_method(did, signer.public_key)
    # What Proof.from_json would refuse, of all that is not fixed here.
    parse_time(created, "/proof/created")
    split_verification_method(method, "/proof/verificationMethod")
    options = _options(suite, created, method, domain, challenge, content.get("@context"))
    document_hash = DocumentHash(sha256(canonicalize(content)))
    value = cryptosuites.sign(document_hash, options, signer)
    proof = Proof(suite, created, method, domain, challenge, value, content.get("@context"))
    return SecuredDocument(content, proof, document_hash)


def verify_proof(document_hash: DocumentHash, proof: Proof, key: PublicKey) -> None:
    """Check a proof of the profile under a registered key.

    Raises:
        InvalidInput: the suite does not fit the key.
        SignatureMismatch: another key is named, or the signature does not verify.
    """
    cryptosuites.verify(document_hash, proof.to_json(), key)


def require_binding(proof: Proof, *, domain: str, challenge: str) -> None:
    """Require that a proof was made for this log and this kind of statement.

    Raises:
        SignatureMismatch: it was made for another log, slot or kind.
    """
    if proof.domain != domain:
        message = Sentence(
            "expected domain {domain!r}, found {found!r}", domain=domain, found=proof.domain[:80]
        )
        raise SignatureMismatch(message, place="/proof/domain", code="wrong-domain")
    if proof.challenge != challenge:
        message = Sentence(
            "expected challenge {challenge!r}, found {found!r}",
            challenge=challenge,
            found=proof.challenge[:80],
        )
        raise SignatureMismatch(message, place="/proof/challenge", code="wrong-challenge")


def _options(  # noqa: PLR0917 - the members, in the order of a proof
    cryptosuite: str, created: str, method: str, domain: str, challenge: str, context: JSONValue
) -> JSONObject:
    obj: JSONObject = {} if context is None else {"@context": context}
    obj |= {
        "type": "DataIntegrityProof",
        "cryptosuite": cryptosuite,
        "created": created,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
        "domain": domain,
        "challenge": challenge,
    }
    return obj


def _same_context(proof: Proof, content: JSONObject) -> bool:
    """Tell whether proof and document have the same @context, or both none."""
    left, right = proof.context, content.get("@context")
    if left is None and "@context" not in content:
        return True
    if isinstance(left, list) and _TEXTS.issuperset(map(type, left)) and left == right:
        return True
    return _context_bytes(proof.options_json()) == _context_bytes(content)


def _context_bytes(obj: JSONObject) -> bytes:
    """Return the canonical @context member, present or not: as bytes, since True == 1 in Python, not in JSON."""
    return canonicalize({name: member for name, member in obj.items() if name == "@context"})
