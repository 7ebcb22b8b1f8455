"""Whether an examined submission may be appended at the log's end: the checks that depend on what is logged.

The log is read through LogState, so that these rules can be read, and tested, without a database. Trust
statements are admitted by their own replay (certlog.trust_state) and are not repeated here.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from certlog.credential import number_of, version_of
from certlog.digests import DocumentHash, same, sha256
from certlog.documents import Proof, SecuredDocument
from certlog.errors import InvalidInput, NotTrusted
from certlog.issuer_record import IssuerRecord, key_in_force
from certlog.sentences import Sentence
from certlog.slots import Slot
from certlog.status import CertificateStatus, StatusAction, StatusStatement, step
from certlog.timestamps import format_time, parse_time
from registry.claims import require_claims
from registry.submission import NewCertificate, NewStatus

CLOCK_TOLERANCE: Final = 300
"""Seconds by which an issuer's clock may be ahead of ours; the same as for epochs (docs/formats.md, section 5)."""

MAX_STATEMENTS: Final = 100
"""Status statements of one certificate: evidence carries all of them, and holds 500."""

_REPEATABLE: Final = (StatusAction.BIND_FILE, StatusAction.REINSTATE)
"""What could be said without end. To suspend or end a certificate is never refused for its number of statements."""


@dataclass(frozen=True, slots=True)
class LoggedCertificate:
    """What the log knows of a certificate."""

    index: int
    document_hash: DocumentHash
    id: str
    issuer: str
    slot: Slot


class LogState(Protocol):
    """The log at the one position where the next entry will stand; nothing else appends while it is used."""

    @property
    def size(self) -> int:
        """The next entry's index."""

    def require_record(self, did: str) -> IssuerRecord:
        """Return an enrolled body's record, or raise NotTrusted."""

    def certificate(self, document_hash: DocumentHash) -> LoggedCertificate | None:
        """Return a logged certificate."""

    def certificate_with_id(self, identifier: str) -> DocumentHash | None:
        """Return the hash of the logged certificate with this id."""

    def slot_holder(self, slot: Slot) -> int | None:
        """Return the index of the certificate that uses a slot."""

    def require_reserved(self, slot: Slot, issuer: str) -> None:
        """Raise NotTrusted unless the issuer holds the slot, unexpired."""

    def number_holder(self, issuer: str, number: str, version: int) -> DocumentHash | None:
        """Return the published document that bears this number and version."""

    def tag_holder(self, issuer: str, tag: bytes) -> DocumentHash | None:
        """Return the certificate for which this issuer sent this number tag."""

    def sealed_hash(self, document_hash: DocumentHash) -> bytes | None:
        """Return the SHA-256 of a certificate's stored sealed content."""

    def status(self, certificate: DocumentHash) -> CertificateStatus:
        """Return a logged certificate's status."""

    def statement_count(self, certificate: DocumentHash) -> int:
        """Return how many status statements a certificate has."""


def admit_certificate(new: NewCertificate, state: LogState) -> None:
    """Require that a certificate entry may stand at index state.size.

    1. Its documentHash and its id are new.
    2. Its issuer is enrolled, and the key may sign at this position.
    3. Its slot is reserved for this issuer, unexpired and unused.
    4. Content in clear claims only granted scopes; its number and version, or the tag in their place, are new.

    Raises:
        InvalidInput: 1, or used slots and numbers.
        NotTrusted: 2, 3, or a scope not in force.
    """
    _require_new_certificate(new, state)  # 1
    record = _require_signer(new.proof, state)  # 2
    holder = state.slot_holder(new.entry.slot)  # 3
    if holder is not None:
        message = Sentence(
            "slot {slot} is used by the certificate at entry {holder}; reserve another",
            slot=new.entry.slot.to_json(),
            holder=holder,
        )
        raise InvalidInput(message, place="/entry/slot", code="slot-used")
    state.require_reserved(new.entry.slot, new.proof.did)
    _require_content(new, record, state.size, state)  # 4


def admit_publication(new: NewCertificate, logged_index: int, state: LogState) -> None:
    """Require that the content of a certificate logged earlier without it may be stored now.

    Raises:
        NotTrusted: it claims a scope that was not in force at its index.
        InvalidInput: its number and version are taken, or other sealed content is stored for it.
    """
    stored = state.sealed_hash(new.entry.document_hash)
    if new.sealed is not None and stored is not None and not same(stored, sha256(new.sealed)):
        message = Sentence(
            "other sealed content is stored for this certificate and never changes (SHA-256 {stored}); "
            "submit the bytes that your journal holds",
            stored=stored.hex(),
        )
        raise InvalidInput(message, place="/sealed", code="other-sealed")
    _require_content(new, state.require_record(new.proof.did), logged_index, state)


def admit_status(new: NewStatus, state: LogState, now: int) -> CertificateStatus:
    """Require that a status statement may stand at index state.size; return the status after it.

    1. Its certificate is logged, by the issuer that it names and that signs it.
    2. That issuer is enrolled, and the key may sign at this position.
    3. `effective` does not lie in the future, but for the clocks' difference.
    4. A replacement is logged already, by the same issuer, and is another certificate.
    5. It suspends or ends the certificate, or the certificate has few enough statements.
    6. It follows the certificate's last statement and has an effect.

    Raises:
        InvalidInput: 1 (unknown certificate), 3, 4, 5 or 6.
        NotTrusted: 1 (another's certificate) or 2.
    """
    statement = new.statement
    certificate = state.certificate(statement.certificate)  # 1
    if certificate is None:
        message = Sentence(
            "no certificate with hash {certificate} is logged; submit the certificate first",
            certificate=statement.certificate.hex(),
        )
        raise InvalidInput(message, place="/entry/document/certificate", code="unknown-certificate")
    if not certificate.issuer == statement.issuer == new.proof.did:
        message = Sentence(
            "only the certificate's issuer {issuer} may state this, found {did}",
            issuer=certificate.issuer,
            did=new.proof.did,
        )
        raise NotTrusted(message, code="not-its-issuer")
    _require_signer(new.proof, state)  # 2
    if parse_time(statement.effective) > now + CLOCK_TOLERANCE:  # 3
        message = Sentence(
            "expected at latest now, {now}, found {effective}; submit it then",
            now=format_time(now),
            effective=statement.effective,
        )
        raise InvalidInput(message, place="/entry/document/effective", code="effective-in-future")
    if statement.action is StatusAction.SUPERSEDE:
        _require_replacement(statement.replaced_by, certificate, state)  # 4
    _require_room(statement, state)  # 5
    before, index = state.status(certificate.document_hash), state.size
    return step(before, statement, new.document.document_hash, index=index)  # 6


def require_new_number(document: SecuredDocument, issuer: str, state: LogState) -> None:
    """Require that no other published certificate of this issuer bears the number and version.

    Raises:
        InvalidInput: one does.
    """
    number, version = number_of(document.content), version_of(document.content)
    holder = state.number_holder(issuer, number, version)
    if holder is not None and holder != document.document_hash:
        message = Sentence(
            "certificate number {number!r} version {version} of {issuer} is logged with other "
            "content ({holder}); raise `version` and supersede the earlier one",
            number=number,
            version=version,
            issuer=issuer,
            holder=holder.hex(),
        )
        raise InvalidInput(message, place="/document/certificateNumber", code="number-taken")


def _require_content(new: NewCertificate, record: IssuerRecord, index: int, state: LogState) -> None:
    if new.document is not None:
        require_claims(record, new.document.content, index)
        require_new_number(new.document, new.proof.did, state)
    if new.number_tag is None:
        return
    holder = state.tag_holder(new.proof.did, new.number_tag)
    if holder is not None and holder != new.entry.document_hash:
        message = Sentence(
            "this number and version of {issuer} are logged with other content ({holder}); "
            "raise `version` and supersede the earlier one",
            issuer=new.proof.did,
            holder=holder.hex(),
        )
        raise InvalidInput(message, place="/numberTag", code="number-taken")


def _require_new_certificate(new: NewCertificate, state: LogState) -> None:
    logged = state.certificate(new.entry.document_hash)
    if logged is not None:
        message = Sentence(
            "this document is logged at entry {index} with another proof or slot; use that "
            "entry: GET /api/v1/entries/{index}",
            index=logged.index,
        )
        raise InvalidInput(message, place="/entry/documentHash", code="document-logged")
    if state.certificate_with_id(new.id) is not None:
        message = Sentence(
            "another certificate has the id {identifier}; take a fresh salt and sign again", identifier=new.id
        )
        raise InvalidInput(message, place="/entry/documentHash", code="id-taken")


def _require_signer(proof: Proof, state: LogState) -> IssuerRecord:
    record = state.require_record(proof.did)
    key_in_force(record, proof.key, state.size)
    return record


def _require_room(statement: StatusStatement, state: LogState) -> None:
    if statement.action in _REPEATABLE and state.statement_count(statement.certificate) >= MAX_STATEMENTS:
        message = Sentence(
            "the certificate has {max_statements} statements already; supersede it by a new version",
            max_statements=MAX_STATEMENTS,
        )
        raise InvalidInput(message, place="/entry/document/certificate", code="too-many-statements")


def _require_replacement(
    replaced_by: DocumentHash | None, certificate: LoggedCertificate, state: LogState
) -> None:
    replacement = None if replaced_by is None else state.certificate(replaced_by)
    own = replacement is not None and replacement.issuer == certificate.issuer
    if not own or replaced_by == certificate.document_hash:
        message = (
            "expected another certificate that this issuer has logged already; submit the replacement first"
        )
        raise InvalidInput(message, place="/entry/document/replacedBy", code="no-replacement")
