"""Everything about a submission that can be checked without looking at the log; see admission.py for the rest.

It needs no database and takes no lock, so that signatures of a whole batch are checked before the log is held.
"""

from dataclasses import dataclass

from certlog.certificate_id import certificate_id
from certlog.credential import check_certificate, issuer_of, slot_of
from certlog.digests import DIGEST_BYTES, LeafHash, same
from certlog.documents import (
    MAX_DOCUMENT_BYTES,
    STATUS_CHALLENGE,
    TRUST_CHALLENGE,
    Proof,
    SecuredDocument,
    certificate_challenge,
    require_binding,
    verify_proof,
)
from certlog.entry import (
    MAX_ENTRY_BYTES,
    CertificateEntry,
    Entry,
    EpochEntry,
    StatementEntry,
    entry_from_json,
    parse_entry,
)
from certlog.errors import InvalidInput, NotTrusted
from certlog.profiles import is_confidential
from certlog.sealed import require_sealed_length
from certlog.sentences import Sentence
from certlog.status import StatusStatement
from certlog.strict_json import JSONObject
from certlog.tree import leaf_hash


@dataclass(frozen=True, slots=True)
class Submission:
    """What an issuer or the operator sends: an entry and, as it chooses, the content (docs/formats.md, section 2.1).

    Attributes:
        entry_bytes: the entry's canonical bytes.
        document_bytes: the content in clear.
        sealed: the content, encrypted with a key that never comes here.
        number_tag: the issuer's HMAC of number and version, where the registry cannot read them.
        entry_value: what entry_bytes say, where the caller made them from it (canonicalize) and need not read them.
        document_value: the same of document_bytes.
    """

    entry_bytes: bytes
    document_bytes: bytes | None = None
    sealed: bytes | None = None
    number_tag: bytes | None = None
    entry_value: JSONObject | None = None
    document_value: JSONObject | None = None

    def entry(self) -> Entry:
        """Parse the entry."""
        if self.entry_value is None or len(self.entry_bytes) > MAX_ENTRY_BYTES:
            return parse_entry(self.entry_bytes)
        return entry_from_json(self.entry_value)

    def document(self) -> SecuredDocument | None:
        """Parse the content, where it is given in clear."""
        if self.document_bytes is None:
            return None
        if self.document_value is None or len(self.document_bytes) > MAX_DOCUMENT_BYTES:
            return SecuredDocument.parse(self.document_bytes)
        return SecuredDocument.from_json(self.document_value)


@dataclass(frozen=True, slots=True)
class NewCertificate:
    """A well-formed, correctly signed certificate entry, and its content where it is given.

    All that costs time is done here: what holds the log's end writes, and computes nothing.
    """

    entry: CertificateEntry
    data: bytes
    leaf_hash: LeafHash
    id: str
    document: SecuredDocument | None
    sealed: bytes | None = None
    number_tag: bytes | None = None
    document_bytes: bytes | None = None

    @property
    def proof(self) -> Proof:
        """The entry's proof."""
        return self.entry.proof


@dataclass(frozen=True, slots=True)
class NewStatus:
    """A well-formed, correctly signed status statement."""

    document: SecuredDocument
    statement: StatusStatement
    data: bytes
    leaf_hash: LeafHash

    @property
    def proof(self) -> Proof:
        """The document's proof."""
        return self.document.proof


@dataclass(frozen=True, slots=True)
class NewTrust:
    """A trust statement made for this log; its signature and its signer's right are checked by its replay."""

    document: SecuredDocument
    data: bytes
    leaf_hash: LeafHash

    @property
    def proof(self) -> Proof:
        """The document's proof."""
        return self.document.proof


Candidate = NewCertificate | NewStatus | NewTrust


def examine(submission: Submission, *, origin: str, submitter: str | None) -> Candidate:
    """Check a submission as far as its own bytes go.

    1. The entry is canonical and of a form that others may submit.
    2. It is signed by the DID that the submitter's token belongs to.
    3. Its proof is for this log, this kind of statement and this slot.
    4. Its signature verifies under the key that it names.
    5. Content in clear is the content that was signed, well formed, by this issuer and for this slot, and of a kind
       that may lie in clear. Sealed content has a possible length; more cannot be told without its key.

    Args:
        submission: the bytes received.
        origin: this log's origin.
        submitter: the DID of the API token, or None where no token was needed (tests, imports by the operator).

    Raises:
        InvalidInput: one of them fails; place and code say which.
        NotTrusted: step 2.
    """
    entry = submission.entry()  # 1
    match entry:
        case CertificateEntry():
            _require_submitter(entry.proof, submitter)  # 2
            require_binding(entry.proof, domain=origin, challenge=certificate_challenge(entry.slot))  # 3
            verify_proof(entry.document_hash, entry.proof, entry.proof.key)  # 4
            return _new_certificate(entry, submission, origin)  # 5
        case StatementEntry():
            _require_submitter(entry.document.proof, submitter)
            if (submission.document_bytes, submission.sealed, submission.number_tag) != (None, None, None):
                message = "a status or trust statement stands whole in its entry: send no document beside it"
                raise InvalidInput(message, place="/document", code="unexpected-document")
            return _new_statement(entry, submission.entry_bytes, origin)
        case EpochEntry():
            message = "only the log itself appends epochs"
            raise InvalidInput(message, place="/entry/type", code="epoch-submitted")


def _require_submitter(proof: Proof, submitter: str | None) -> None:
    if submitter is not None and proof.did != submitter:
        message = Sentence(
            "this API token submits for {submitter}; the entry is signed by {did}: use that body's token",
            submitter=submitter,
            did=proof.did,
        )
        raise NotTrusted(message, code="wrong-submitter")


def _new_certificate(entry: CertificateEntry, submission: Submission, origin: str) -> NewCertificate:
    if submission.document_bytes is not None and submission.sealed is not None:
        message = Sentence("expected the document in clear or sealed, found both: send one of them")
        raise InvalidInput(message, place="/sealed", code="two-contents")
    if submission.sealed is not None:
        require_sealed_length(submission.sealed)
    if submission.number_tag is not None and len(submission.number_tag) != DIGEST_BYTES:
        message = Sentence("expected 32 bytes, found {found}", found=len(submission.number_tag))
        raise InvalidInput(message, place="/numberTag", code="wrong-length")
    document, canonical = submission.document(), None
    if document is not None:
        _require_signed_content(document, entry)
        check_certificate(document.content, origin=origin)
        _require_own_issuer_and_slot(document, entry)
        _require_public_kind(document)
        # What was made canonical from the very value that was read needs not be written again.
        canonical = document.to_bytes() if submission.document_value is None else submission.document_bytes
    data, identifier = submission.entry_bytes, certificate_id(entry.document_hash)
    sealed, tag = submission.sealed, submission.number_tag
    return NewCertificate(entry, data, leaf_hash(data), identifier, document, sealed, tag, canonical)


def _require_signed_content(document: SecuredDocument, entry: CertificateEntry) -> None:
    if not same(document.document_hash, entry.document_hash):
        message = Sentence(
            "expected the document with hash {document_hash}, found {found}; send the very "
            "document that was signed",
            document_hash=entry.document_hash.hex(),
            found=document.document_hash.hex(),
        )
        raise InvalidInput(message, place="/document", code="other-document")
    if document.proof != entry.proof:
        message = Sentence("the document's proof differs from the entry's")
        raise InvalidInput(message, place="/document/proof", code="other-proof")


def _require_own_issuer_and_slot(document: SecuredDocument, entry: CertificateEntry) -> None:
    issuer, slot = issuer_of(document.content), slot_of(document.content)
    if issuer != entry.proof.did:
        message = Sentence("expected the signer {did}, found {issuer}", did=entry.proof.did, issuer=issuer)
        raise InvalidInput(message, place="/document/issuer/id", code="other-issuer")
    if slot != entry.slot:
        message = Sentence(
            "expected the entry's slot {slot}, found {found}", slot=entry.slot.to_json(), found=slot.to_json()
        )
        raise InvalidInput(message, place="/document/credentialStatus", code="other-slot")


def _require_public_kind(document: SecuredDocument) -> None:
    if is_confidential(document.content):
        message = Sentence(
            "the content of a calibration certificate is its customer's and is never kept in clear: "
            "issue with --content sealed or --content withheld, and submit again"
        )
        raise InvalidInput(message, place="/document", code="confidential-content")


def _new_statement(entry: StatementEntry, data: bytes, origin: str) -> NewStatus | NewTrust:
    document = entry.document
    match entry.type:
        case "status":
            require_binding(document.proof, domain=origin, challenge=STATUS_CHALLENGE)
            verify_proof(document.document_hash, document.proof, document.proof.key)
            statement = StatusStatement.from_json(document.content, "/entry/document")
            return NewStatus(document, statement, data, leaf_hash(data))
        case "trust":
            require_binding(document.proof, domain=origin, challenge=TRUST_CHALLENGE)
            return NewTrust(document, data, leaf_hash(data))
