"""The registry's use cases, for the HTTP layer and the command line: one method each, one transaction each.

A Registry holds no log key and signs no head: the Publisher does, in its own process. Opening one from a data
folder is opening.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from certlog.certificate_id import parse_id
from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument
from certlog.entry import CertificateEntry
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.evidence import Evidence
from certlog.issuer_record import IssuerRecord
from certlog.keys import Signer
from certlog.operator_record import OperatorRecord
from certlog.sentences import Sentence
from certlog.slots import Slot
from certlog.status import CertificateStatus
from certlog.status_list import StatusPurpose
from certlog.status_proof import StatusProof
from certlog.status_replay import replay_events
from certlog.tlog_proof import format_proof
from certlog.tree import consistency_proof, inclusion_proof
from registry import lookup
from registry.append import LogWriter, Outcome
from registry.cosignatures import Kept, cosigned, take_note
from registry.database import Database
from registry.evidence import AnchoredHead, EvidenceBuilder, Subject, subject_of
from registry.head_tiles import HeadTiles
from registry.heads import SignedCheckpoint, Waiting, newest_checkpoint, waiting_entries
from registry.list_credentials import ListCredentials
from registry.log_keys import key_at, log_keys
from registry.log_tree import StoredEntry, read_entry, tree_size
from registry.settings import Settings
from registry.slots import Reservation, reserve
from registry.status_view import events_of
from registry.submission import Candidate, Submission, examine
from registry.tokens import Tokens
from registry.trust_ledger import TrustLedger, operator_as_of, record_as_of

MAX_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class CertificateView:
    """What the registry can say of one certificate now, newer than any epoch.

    Attributes:
        index: its position in the log.
        id: its 20-character id.
        document_hash: what identifies it.
        entry: the logged entry.
        logged_at: when the registry logged it, seconds since the epoch.
        issuer: DID.
        slot: its place in the status lists.
        record: the issuer's record at the end of the log; None where its enrolment has become void.
        status: its status at the end of the log.
        document: the content, where the issuer published it.
        is_sealed: whether the content is here for who holds its key.
    """

    index: int
    id: str
    document_hash: DocumentHash
    entry: CertificateEntry
    logged_at: int
    issuer: str
    slot: Slot
    record: IssuerRecord | None
    status: CertificateStatus
    document: SecuredDocument | None
    is_sealed: bool = False


class Registry:
    """One log. Thread-safe; open it after fork."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        list_signer: Signer,
        now: Callable[[], int],
        random_bytes: Callable[[int], bytes],
        *,
        tiles: HeadTiles,
    ) -> None:
        """Take the database, the settings, the list key, the clock, a source of randomness, and the tiles."""
        self.settings: Final = settings
        self.origin: Final = settings.origin
        self.database: Final = database
        self.tiles: Final = tiles
        self.tokens: Final = Tokens(database, now, random_bytes)
        self.writer: Final = LogWriter(database, TrustLedger(settings.operator, settings.origin), now)
        self._lists = ListCredentials(settings.origin, list_signer, now)
        self._now = now

    def reserve_slots(self, issuer: str, count: int) -> Reservation:
        """Reserve the next `count` slots for an enrolled issuer.

        Raises:
            InvalidInput: count is not 1 .. 1000.
            NotTrusted: not enrolled, or too many unused slots.
        """
        now = self._now()
        with self.database.writing() as connection:
            if record_as_of(connection, issuer, tree_size(connection)) is None:
                message = Sentence(
                    "{issuer} is not enrolled; the operator enrols with `certlog operator enrol`",
                    issuer=issuer,
                )
                raise NotTrusted(message, code="not-enrolled")
            return reserve(
                connection,
                issuer,
                count,
                expires_at=now + self.settings.slot_lifetime,
                now=now,
                max_unused=self.settings.max_unused_slots,
            )

    def submit(self, items: Sequence[Submission], *, submitter: str | None = None) -> list[Outcome]:
        """Admit and append: one transaction for the whole batch, each item answered on its own, in order.

        When this returns, every entry answered "logged" or "exists" is durable.

        Args:
            items: at most 1000.
            submitter: the DID of the API token; entries signed by another are refused.

        Raises:
            InvalidInput: too many items.
            Unavailable: nothing was appended; try again.
        """
        if len(items) > MAX_BATCH:
            message = Sentence(
                "a batch has at most {max_batch} items, found {found}", max_batch=MAX_BATCH, found=len(items)
            )
            raise InvalidInput(message, code="batch-too-large")
        examined = [self._examine(item, submitter) for item in items]
        candidates = [found for found in examined if not isinstance(found, Outcome)]
        answers = iter(self.writer.append(candidates) if candidates else ())
        return [found if isinstance(found, Outcome) else next(answers) for found in examined]

    def take_cosigned_note(self, note: str) -> Kept:
        """Keep the cosignatures that a witness or auditor has put under one of our heads; durable when this returns.

        Raises:
            InvalidInput: not a head that was signed here, or a cosignature that is wrong.
            NotTrusted: no cosignature of a key that the settings pin.
        """
        return take_note(self.database, self.settings.cosigners, note, now=self._now())

    def head(self) -> SignedCheckpoint:
        """Return the newest signed head, with the cosignatures that have come in so far.

        Raises:
            Unavailable: nothing is signed yet.
        """
        with self.database.reading() as connection:
            newest = newest_checkpoint(connection)
            newest = None if newest is None else cosigned(connection, newest)
        if newest is None:
            message = "no checkpoint is signed yet; is the worker running? Try again in a second"
            raise Unavailable(message)
        return newest

    def waiting(self) -> Waiting:
        """Return what is logged and waits for a signed head."""
        with self.database.reading() as connection:
            return waiting_entries(connection)

    def log_key(self) -> str:
        """Return the log's verifier key (vkey text) that signs its next heads."""
        with self.database.reading() as connection:
            return lookup.log_key(connection)

    def log_key_at(self, size: int) -> str:
        """Return the verifier key (vkey text) that signs the head of a size."""
        with self.database.reading() as connection:
            return key_at(log_keys(connection), size).to_text()

    def checkpoint(self) -> str:
        """Return the newest signed note."""
        return self.head().note

    def size(self) -> int:
        """Return the number of entries, signed or not."""
        with self.database.reading() as connection:
            return tree_size(connection)

    def entry(self, index: int) -> StoredEntry | None:
        """Return an entry, or None beyond the end."""
        with self.database.reading() as connection:
            return read_entry(connection, index)

    def tlog_proof(self, index: int) -> str:
        """Return the receipt of an entry: its tlog-proof to the newest checkpoint.

        Raises:
            InvalidInput: no such entry.
            Unavailable: the next checkpoint, within about a second, will contain it.
        """
        with self.database.reading() as connection:
            size, newest = tree_size(connection), newest_checkpoint(connection)
            if not 0 <= index < size:
                message = Sentence("no entry {index}: the log has {size}", index=index, size=size)
                raise InvalidInput(message, code="no-entry")
            if newest is None or newest.size <= index:
                message = Sentence(
                    "entry {index} is logged; the checkpoint that contains it follows within about a second",
                    index=index,
                )
                raise Unavailable(message)
            path = inclusion_proof(index, newest.size, self.tiles.nodes(connection))
        return format_proof(index, path, newest.note)

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the consistency proof between two sizes up to the newest signed one.

        Raises:
            InvalidInput: sizes out of order or not signed yet.
        """
        signed = self.head().size
        if not 0 <= old <= new <= signed:
            message = Sentence(
                "expected 0 <= from <= to <= {signed}, found from {old} to {new}",
                signed=signed,
                old=old,
                new=new,
            )
            raise InvalidInput(message, code="bad-sizes")
        with self.database.reading() as connection:
            return consistency_proof(old, new, self.tiles.nodes(connection))

    def certificate_by_id(self, text: str) -> CertificateView | None:
        """Return the certificate with a typed id, or None if there is none.

        Raises:
            MistypedId: the text cannot be an id.
        """
        return self._view(lookup.Key("id", parse_id(text)))

    def page_version(self, identifier: str) -> tuple[int | None, ...] | None:
        """Return what a certificate's page rests on: its content, status, the trust list, the newest head.

        An equal answer means an equal page. None for an id that no certificate has.
        """
        with self.database.reading() as connection:
            return lookup.page_version(connection, identifier)

    def certificate(self, document_hash: DocumentHash) -> CertificateView | None:
        """Return the certificate with this hash, or None if it is not logged."""
        return self._view(lookup.Key("document_hash", document_hash))

    def document(self, document_hash: DocumentHash) -> bytes | None:
        """Return a published certificate's canonical bytes, proof included; None where it is withheld."""
        with self.database.reading() as connection:
            return lookup.document_bytes(connection, document_hash)

    def sealed(self, document_hash: DocumentHash) -> bytes | None:
        """Return a certificate's sealed content; None where it is public or withheld."""
        with self.database.reading() as connection:
            return lookup.sealed_bytes(connection, document_hash)

    def last_trust_statement(self, did: str) -> DocumentHash | None:
        """Return the hash of the last trust statement about a subject: what the next one names as `previous`."""
        with self.database.reading() as connection:
            return lookup.last_trust_statement(connection, did)

    def issuer_record(self, did: str) -> IssuerRecord | None:
        """Return a body's record at the end of the log."""
        with self.database.reading() as connection:
            return record_as_of(connection, did, tree_size(connection))

    def operator_record(self) -> OperatorRecord:
        """Return what the log says of the operator's keys, at its end."""
        with self.database.reading() as connection:
            return operator_as_of(connection, self.settings.operator, tree_size(connection))

    def evidence(self, document_hash: DocumentHash, anchored: Sequence[AnchoredHead] = ()) -> Evidence:
        """Return the evidence of a certificate, up to the newest signed epoch.

        Args:
            document_hash: the certificate.
            anchored: heads that are final on a chain, as anchoring's store lists them.

        Raises:
            InvalidInput: the certificate is not logged.
            Unavailable: its first signed epoch is still to come.
        """
        with self.database.reading() as connection:
            subject = self._subject(connection, document_hash)
            return self._builder(connection).build(subject, anchored)

    def status_proof(
        self,
        document_hash: DocumentHash,
        anchored: Sequence[AnchoredHead] = (),
        *,
        on: int | None = None,
        needs_anchor: bool = False,
    ) -> StatusProof:
        """Return what an epoch states of a certificate: the newest signed one, or the last that is not after `on`.

        Args:
            document_hash: the certificate.
            anchored: heads that are final on a chain.
            on: seconds since the epoch; None for now.
            needs_anchor: take only an epoch whose head is anchored.

        Raises:
            InvalidInput: the certificate is not logged, or no epoch is as early as `on`.
            Unavailable: no signed epoch answers this yet.
        """
        with self.database.reading() as connection:
            subject = self._subject(connection, document_hash)
            builder = self._builder(connection)
            return builder.status_proof(subject, anchored, on=on, needs_anchor=needs_anchor)

    def status_list_credential(self, purpose: StatusPurpose, number: int) -> bytes:
        """Return a list as a signed BitstringStatusListCredential: the status now, newer than any epoch.

        Raises:
            InvalidInput: no certificate uses a list of that number.
        """
        with self.database.reading() as connection:
            return self._lists.credential(connection, purpose, number)

    def _subject(self, connection: Connection, document_hash: DocumentHash) -> Subject:
        row = lookup.find(connection, lookup.Key("document_hash", document_hash))
        if row is None:
            message = Sentence(
                "no certificate with hash {document_hash} is logged", document_hash=document_hash.hex()
            )
            raise InvalidInput(message, code="unknown-certificate")
        document = lookup.document(connection, document_hash)
        return subject_of(connection, row.index, document_hash, document)

    def _builder(self, connection: Connection) -> EvidenceBuilder:
        nodes = self.tiles.nodes(connection)
        return EvidenceBuilder(connection, nodes, self.settings.operator, self.settings.cosigners)

    def _examine(self, item: Submission, submitter: str | None) -> Candidate | Outcome:
        try:
            return examine(item, origin=self.origin, submitter=submitter)
        except (InvalidInput, NotTrusted) as problem:
            return Outcome("refused", problem=problem)

    def _view(self, key: lookup.Key) -> CertificateView | None:
        with self.database.reading() as connection:
            row = lookup.find(connection, key)
            if row is None:
                return None
            size = tree_size(connection)
            subject = subject_of(
                connection, row.index, row.document_hash, lookup.document(connection, row.document_hash)
            )
            record = record_as_of(connection, row.issuer, size)
            events = events_of(connection, row.document_hash, size)
            status = replay_events(events, lambda did: record_as_of(connection, did, size))
            return CertificateView(
                index=row.index,
                id=row.id,
                document_hash=row.document_hash,
                entry=subject.entry,
                logged_at=lookup.logged_at(connection, row.index),
                issuer=row.issuer,
                slot=row.slot,
                record=record,
                status=status,
                document=subject.document,
                is_sealed=lookup.has_sealed(connection, row.document_hash),
            )
