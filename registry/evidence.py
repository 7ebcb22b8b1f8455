"""Builds the evidence file of one certificate from what is stored (docs/formats.md, section 8).

Everything proves to the newest signed head that ends in an epoch; status lists and records are those of that very
epoch. Nothing is verified here: whoever receives the file does that, with certlog and the trust root alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, select

from certlog.claims import valid_from_day
from certlog.credential import claimed_scopes
from certlog.digests import DocumentHash, RootHash, same
from certlog.documents import SecuredDocument
from certlog.entry import CertificateEntry, EpochEntry, parse_entry
from certlog.errors import InvalidInput, Unavailable
from certlog.evidence import (
    AnchorPointer,
    Evidence,
    Head,
    ProvenEntry,
    ProvenList,
    ProvenOperator,
    ProvenRecord,
)
from certlog.issuer_record import IssuerRecord, trust_tree
from certlog.operator_record import Operator
from certlog.sentences import Sentence
from certlog.slots import Slot
from certlog.status_list import PURPOSES, StatusPurpose, status_leaf_index
from certlog.status_proof import StatusProof
from certlog.strict_json import JSONObject
from certlog.tree import MemoryTree, NodeReader, inclusion_proof
from registry.claims import granting
from registry.cosignatures import cosigned, newest_audited_size
from registry.cosigners import NO_COSIGNERS, CosignerPolicy
from registry.heads import SignedCheckpoint, checkpoint_at
from registry.log_tree import read_entry
from registry.status_lists import bits_as_of, leaves_at
from registry.status_view import events_of
from registry.tables import checkpoints, epochs
from registry.trust_chain import TrustChain
from registry.trust_ledger import operator_as_of, records_as_of


@dataclass(frozen=True, slots=True)
class AnchoredHead:
    """A head that anchoring has seen final on a chain, and where to look for it."""

    size: int
    root: RootHash
    pointers: tuple[AnchorPointer, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """The certificate that evidence is built for."""

    index: int
    entry: CertificateEntry
    document: SecuredDocument | None


class EvidenceBuilder:
    """Builds evidence from one consistent snapshot."""

    def __init__(
        self,
        connection: Connection,
        nodes: NodeReader,
        operator: Operator,
        cosigners: CosignerPolicy = NO_COSIGNERS,
    ) -> None:
        """Take the snapshot, the nodes of its newest head, the operator, who needs no delegation, and the auditors."""
        self._connection = connection
        self._cosigners = cosigners
        self._operator = operator
        self._read = cache(nodes)
        self._records: dict[str, IssuerRecord] | None = None

    def build(self, subject: Subject, anchored: Sequence[AnchoredHead]) -> Evidence:
        """Return the evidence of one certificate.

        1. Heads: the first anchored one that contains it, one on another chain or else the newest anchored, the newest
           with the auditors' quorum, the newest signed.
        2. The last head's epoch, and the state that it committed.
        3. The certificate's status statements before that epoch.
        4. The trust statements behind every signature and claim, and the records of their signers.

        Raises:
            Unavailable: no signed head that ends in an epoch contains the certificate yet.
        """
        heads = self._heads(subject.index, anchored)  # 1
        size = heads[-1][0].size
        epoch = self._proven(size - 1, size)  # 2
        if not isinstance(epoch.entry, EpochEntry):
            message = Sentence(
                "entry {size} is listed as an epoch and is none; see registry check", size=size - 1
            )
            raise Unavailable(message)
        committed = epoch.entry.epoch
        events = events_of(self._connection, subject.entry.document_hash, committed.as_of)  # 3
        records = records_as_of(self._connection, committed.as_of)
        operator = operator_as_of(self._connection, self._operator, committed.as_of)
        chain = TrustChain(self._connection, operator, records, committed.as_of)  # 4
        chain.need_key(subject.entry.proof)
        for event in events:
            chain.need_key(event.document.proof)
        chain.need_entries(_grants(subject, records))
        trust = trust_tree(operator, records.values())
        tree = MemoryTree(leaves_at(self._connection, committed.number, committed.status_lists))
        revocation, suspension = (
            self._proven_list(subject.entry.slot, purpose, tree, committed.as_of) for purpose in PURPOSES
        )
        return Evidence(
            index=subject.index,
            heads=tuple(
                Head(checkpoint.note, self._path(subject.index, checkpoint.size), pointers)
                for checkpoint, pointers in heads
            ),
            trust=tuple(self._proven(index, size) for index in chain.entries()),
            events=tuple(self._proven(event.index, size) for event in events),
            epoch=epoch,
            operator=ProvenOperator(operator, trust.inclusion(0)),
            records=_proven_records(records, trust, chain.signers()),
            lists=(revocation, suspension),
            certificate=subject.document,
        )

    def status_proof(
        self,
        subject: Subject,
        anchored: Sequence[AnchoredHead],
        *,
        on: int | None = None,
        needs_anchor: bool = False,
    ) -> StatusProof:
        """Return what one epoch states of a certificate: the newest, or the last one that is not after `on`.

        Args:
            subject: the certificate.
            anchored: heads that are final on a chain.
            on: seconds since the epoch; None for now.
            needs_anchor: take only an epoch whose head is among `anchored`.

        Raises:
            InvalidInput: every signed epoch that speaks of it is later than `on` ("before-first-epoch").
            Unavailable: there is no such signed epoch yet.
        """
        pointers: dict[int, tuple[AnchorPointer, ...]] = {}
        for found in anchored:
            self._require_own(found)
            pointers[found.size] = pointers.get(found.size, ()) + found.pointers
        head = self._head_for(subject.index, on, tuple(pointers) if needs_anchor else None)
        epoch = self._proven(head.size - 1, head.size)
        if not isinstance(epoch.entry, EpochEntry):
            message = Sentence(
                "entry {size} is listed as an epoch and is none; see registry check", size=head.size - 1
            )
            raise Unavailable(message)
        committed = epoch.entry.epoch
        records = records_as_of(self._connection, committed.as_of)
        tree = MemoryTree(leaves_at(self._connection, committed.number, committed.status_lists))
        revocation, suspension = (
            self._proven_list(subject.entry.slot, purpose, tree, committed.as_of) for purpose in PURPOSES
        )
        operator = operator_as_of(self._connection, self._operator, committed.as_of)
        trust = trust_tree(operator, records.values())
        proven = _proven_records(records, trust, [subject.entry.proof.did])
        if not proven:
            message = Sentence("{did} is not enrolled in this registry", did=subject.entry.proof.did)
            raise Unavailable(message)
        path = self._path(subject.index, head.size)
        return StatusProof(
            index=subject.index,
            entry=subject.entry,
            head=Head(cosigned(self._connection, head).note, path, pointers.get(head.size, ())),
            epoch=epoch,
            record=proven[0],
            lists=(revocation, suspension),
        )

    def newest_head(self, index: int) -> SignedCheckpoint:
        """Return the newest signed head that ends in an epoch and contains an entry.

        Raises:
            Unavailable: there is none yet.
        """
        return self._newest_with_epoch(index)

    def head_sizes(self, index: int, anchored: Sequence[AnchoredHead]) -> list[int]:
        """Return the sizes of the heads that the evidence of an entry carries."""
        return [checkpoint.size for checkpoint, _ in self._heads(index, anchored)]

    def grants_of(self, method: str, content: JSONObject | None, index: int) -> tuple[int, ...]:
        """Return the entries that granted what a certificate claims, or all in force where its content is unknown."""
        if self._records is None:
            self._records = records_as_of(self._connection, self._newest_with_epoch(index).size - 1)
        record = self._records.get(method.partition("#")[0])
        return () if record is None else tuple(_claimed_grants(record, content, index))

    def _heads(
        self, index: int, anchored: Sequence[AnchoredHead]
    ) -> list[tuple[SignedCheckpoint, tuple[AnchorPointer, ...]]]:
        newest = self._newest_with_epoch(index)
        pointers: dict[int, tuple[AnchorPointer, ...]] = {}
        for head in sorted(anchored, key=lambda head: head.size):
            if index < head.size <= newest.size:
                self._require_own(head)
                pointers[head.size] = pointers.get(head.size, ()) + head.pointers
        audited = newest_audited_size(self._connection, self._cosigners, index)
        chosen = {*_two_ends(pointers), newest.size}
        sizes = sorted(chosen if audited is None else chosen | {audited})
        return [(cosigned(self._connection, self._signed(size)), pointers.get(size, ())) for size in sizes]

    def _newest_with_epoch(self, index: int) -> SignedCheckpoint:
        size = self._connection.execute(
            select(checkpoints.c.size)
            .join(epochs, epochs.c.leaf_index == checkpoints.c.size - 1)
            .where(checkpoints.c.size > index)
            .order_by(checkpoints.c.size.desc())
            .limit(1)
        ).scalar_one_or_none()
        if size is None:
            message = Sentence(
                "entry {index} is logged; its first signed epoch follows within a minute: try again then",
                index=index,
            )
            raise Unavailable(message)
        return self._signed(size)

    def _head_for(self, index: int, on: int | None, sizes: Sequence[int] | None) -> SignedCheckpoint:
        query = (
            select(checkpoints.c.size)
            .join(epochs, epochs.c.leaf_index == checkpoints.c.size - 1)
            .where(checkpoints.c.size > index)
        )
        if sizes is not None:
            query = query.where(checkpoints.c.size.in_(sizes))
        in_time = query if on is None else query.where(epochs.c.time <= on)
        newest = checkpoints.c.size.desc()
        size = self._connection.execute(in_time.order_by(newest).limit(1)).scalar_one_or_none()
        if size is None and self._connection.execute(query.limit(1)).first() is not None:
            # Waiting brings no epoch of an earlier day.
            message = Sentence(
                "no epoch that early speaks of entry {index}: ask for a later moment", index=index
            )
            raise InvalidInput(message, place="on", code="before-first-epoch")
        if size is None:
            raise Unavailable(
                Sentence(
                    "no signed epoch answers this yet for entry {index}: try again in a minute, "
                    "or without asking for an anchor",
                    index=index,
                )
            )
        return self._signed(size)

    def _signed(self, size: int) -> SignedCheckpoint:
        checkpoint = checkpoint_at(self._connection, size)
        if checkpoint is None:
            message = Sentence("no checkpoint of size {size} is stored", size=size)
            raise Unavailable(message)
        return checkpoint

    def _require_own(self, head: AnchoredHead) -> None:
        """An anchored root that is not ours is an alarm for the operator, never something to hand out."""
        if not same(head.root, self._signed(head.size).root):
            message = Sentence(
                "the anchored root of size {size} is not the one that was signed here; tell the operator",
                size=head.size,
            )
            raise Unavailable(message)

    def _path(self, index: int, size: int) -> tuple[bytes, ...]:
        return inclusion_proof(index, size, self._read)

    def _proven(self, index: int, size: int) -> ProvenEntry:
        stored = read_entry(self._connection, index)
        if stored is None:
            message = Sentence("entry {index} is missing; see registry check", index=index)
            raise Unavailable(message)
        return ProvenEntry(index, parse_entry(stored.data), self._path(index, size))

    def _proven_list(self, slot: Slot, purpose: StatusPurpose, tree: MemoryTree, as_of: int) -> ProvenList:
        bits = bits_as_of(self._connection, slot.list, purpose, as_of)
        return ProvenList(bits, tree.inclusion(status_leaf_index(slot.list, purpose)))


def _two_ends(pointers: Mapping[int, Sequence[AnchorPointer]]) -> tuple[int, ...]:
    """Return the first anchored size, and another one: on a chain that the first is not on, else the newest.

    The death of one chain then ends no verification.
    """
    if not pointers:
        return ()
    first = min(pointers)
    held = {pointer.chain_id for pointer in pointers[first]}

    def gain(size: int) -> tuple[int, int]:
        return len({pointer.chain_id for pointer in pointers[size]} - held), size

    return first, max(pointers, key=gain)


def _grants(subject: Subject, records: dict[str, IssuerRecord]) -> Iterable[int]:
    """Return the entries that granted what the certificate claims; all of the issuer's, if that is not known."""
    content = None if subject.document is None else subject.document.content
    record = records.get(subject.entry.proof.did)
    return () if record is None else _claimed_grants(record, content, subject.index)


def _claimed_grants(record: IssuerRecord, content: JSONObject | None, index: int) -> list[int]:
    if content is None:
        return [scope.grant for scope in record.scopes if scope.in_force_at(index)]
    day = valid_from_day(content)
    found = [granting(record, claim, index=index, day=day) for claim in claimed_scopes(content)]
    return [scope.grant for scope in found if scope is not None]


def _proven_records(
    records: dict[str, IssuerRecord], tree: MemoryTree, signers: Sequence[str]
) -> tuple[ProvenRecord, ...]:
    order = [None, *records]  # The operator's record is leaf 0; a body whose enrolment is void has none.
    positions = [(order.index(did), records[did]) for did in signers if did in records]
    return tuple(ProvenRecord(index, record, tree.inclusion(index)) for index, record in positions)


def subject_of(
    connection: Connection, index: int, document_hash: DocumentHash, document: SecuredDocument | None
) -> Subject:
    """Return the subject of a logged certificate.

    Raises:
        Unavailable: the entry is not this certificate's.
    """
    stored = read_entry(connection, index)
    entry = None if stored is None else parse_entry(stored.data)
    if not isinstance(entry, CertificateEntry) or entry.document_hash != document_hash:
        message = Sentence(
            "entry {index} is listed as this certificate's and is not; see registry check", index=index
        )
        raise Unavailable(message)
    return Subject(index, entry, document)
