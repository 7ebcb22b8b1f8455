"""A small honest registry in memory, so that each test can break one link: real bytes, real proofs, throw-away keys.

It holds a log, trust statements, certificates, status lists, epochs, signed checkpoints and what a contract would
answer. Nothing of the product's registry is used: the verifier is tested against the formats alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from certlog import evidence as proven
from certlog.checkpoint import Checkpoint
from certlog.digests import DocumentHash, RootHash
from certlog.documents import (
    STATUS_CHALLENGE,
    TRUST_CHALLENGE,
    SecuredDocument,
    certificate_challenge,
    secure,
)
from certlog.entry import Entry, EpochEntry, StatementEntry, certificate_entry
from certlog.epoch import Epoch
from certlog.evidence import AnchorPointer, Evidence, Head, ProvenEntry, ProvenList, ProvenRecord
from certlog.issuer_record import IssuerRecord, trust_tree
from certlog.note import sign_note
from certlog.operator_record import OperatorRecord
from certlog.scopes import Names, Scope, Source
from certlog.slots import Slot
from certlog.status import FileBinding, StatusAction, StatusStatement
from certlog.status_list import empty_list, set_bit, status_tree
from certlog.strict_json import JSONObject
from certlog.timestamps import format_time, parse_time
from certlog.tree import MemoryTree
from certlog.trust import Change, Enrol, GrantScope, TrustStatement
from certlog.trust_root import Chain, LogId, LogKey, TrustRoot
from certlog.trust_state import Operator, TrustState
from tests.support.certificates import SAMPLE_AUTHORITY, SAMPLE_DID, SAMPLE_ORIGIN, conformity_content
from tests.support.possession import added_key
from tests.support.signing import Cosigner, Ed25519Signer, cosigner, ed25519, log_signer
from verifier.chain_view import AnchorReading, ChainView
from verifier.report import Report
from verifier.verify import File, verify

NOW: Final = parse_time("2026-11-22T10:00:00+07:00")
HOUR: Final = 3600
DAY: Final = 24 * HOUR
OPERATOR_DID: Final = "did:web:registry.example.vn"
CHAIN_ID: Final = 31337
CONTRACT: Final = "0x" + "c0" * 20
LOG_ID: Final = "0x" + "1d" * 32
TX_HASH: Final = "0x" + "ab" * 32

OPERATOR: Final = ed25519("operator")
RECOVERY: Final = ed25519("recovery")
ISSUER: Final = ed25519("issuer")
LOG: Final = log_signer(SAMPLE_ORIGIN)
AUDITORS: Final = (cosigner("auditor.example.vn", time=NOW), cosigner("auditor.example.org", time=NOW))

NAMES: Final = Names("Trung tâm Chứng nhận Mẫu", "Sample Certification Centre")
SCOPE: Final = Scope(
    kind="designation",
    topics=("QCVN 4:2009/BKHCN", "QCVN 9:2012/BKHCN"),
    measured=False,
    authority=SAMPLE_AUTHORITY,
    source=Source("operator", "https://example.vn/0123-QD-TDC", "2026-01-15"),
    valid_from="2026-01-01",
    valid_until="2030-12-31",
)


Stated = tuple[OperatorRecord, tuple[IssuerRecord, ...], list[list[bytes]]]


@dataclass
class World:
    """The registry; every method appends or answers, and none of them checks anything."""

    entries: list[Entry] = field(default_factory=list)
    tree: MemoryTree = field(default_factory=MemoryTree)
    bits: list[list[bytes]] = field(default_factory=lambda: [[empty_list(), empty_list()]])
    epochs: dict[int, "Stated"] = field(default_factory=dict)
    anchored: dict[int, AnchorPointer] = field(default_factory=dict)
    cosigners: tuple[Cosigner, ...] = ()
    trust: TrustState = field(
        default_factory=lambda: TrustState(
            Operator(OPERATOR_DID, OPERATOR.public_key, RECOVERY.public_key), SAMPLE_ORIGIN
        )
    )

    @property
    def size(self) -> int:
        """Number of entries."""
        return len(self.entries)

    def append(self, entry: Entry) -> int:
        """Add an entry; returns its index."""
        self.entries.append(entry)
        self.tree.append(entry.leaf_hash)
        return self.size - 1

    def state(self, change: Change, *, subject: str = SAMPLE_DID) -> int:
        """Log a trust statement by the operator and apply it."""
        document = self.sign_statement(change, subject=subject)
        self.trust.apply(self.size, document)
        return self.append(StatementEntry("trust", document))

    def sign_statement(
        self,
        change: Change,
        *,
        subject: str = SAMPLE_DID,
        signer: Ed25519Signer = OPERATOR,
        did: str = OPERATOR_DID,
    ) -> SecuredDocument:
        """Sign a trust statement without logging it."""
        content = TrustStatement(subject, self.trust.last(subject), change).to_json()
        return secure(
            content,
            signer=signer,
            did=did,
            domain=SAMPLE_ORIGIN,
            challenge=TRUST_CHALLENGE,
            created=NOW - 30 * DAY,
        )

    def log_certificate(self, document: SecuredDocument, slot: Slot = Slot(0, 0)) -> int:  # noqa: B008 # frozen
        """Log a signed certificate."""
        return self.append(certificate_entry(document, slot))

    def change_status(
        self,
        document: SecuredDocument,
        action: StatusAction,
        reason: str | None = None,
        *,
        file: FileBinding | None = None,
        replaced_by: DocumentHash | None = None,
        signer: Ed25519Signer = ISSUER,
        slot: Slot = Slot(0, 0),  # noqa: B008 # frozen
    ) -> int:
        """Log a status event of the sample issuer and set the bits that it sets."""
        events = self.events_of(document)
        previous = None
        if events and isinstance(last := self.entries[events[-1]], StatementEntry):
            previous = last.document.document_hash
        statement = StatusStatement(
            certificate=document.document_hash,
            issuer=document.proof.did,
            action=action,
            effective=format_time(NOW - HOUR),
            previous=previous,
            reason=reason,
            replaced_by=replaced_by,
            file=file,
        )
        signed = secure(
            statement.to_json(),
            signer=signer,
            did=document.proof.did,
            domain=SAMPLE_ORIGIN,
            challenge=STATUS_CHALLENGE,
            created=NOW - HOUR,
        )
        self._set_bits(action, slot)
        return self.append(StatementEntry("status", signed))

    def _set_bits(self, action: StatusAction, slot: Slot) -> None:
        match action:
            case StatusAction.SUSPEND | StatusAction.REINSTATE:
                self.set_bit(1, slot, value=action is StatusAction.SUSPEND)
            case StatusAction.WITHDRAW | StatusAction.CANCEL | StatusAction.SUPERSEDE:
                self.set_bit(0, slot, value=True)
            case StatusAction.BIND_FILE:
                pass

    def set_bit(self, which: int, slot: Slot, *, value: bool) -> None:
        """Set a bit of the revocation (0) or suspension (1) list of a slot."""
        pair = list(self.bits[slot.list])
        pair[which] = set_bit(pair[which], slot.index, value)
        self.bits[slot.list] = pair

    def close_epoch(
        self, *, time: int = NOW - HOUR, records: Sequence[IssuerRecord] | None = None,
        operator: OperatorRecord | None = None,
    ) -> int:  # fmt: skip
        """Append an epoch, honest unless told otherwise; returns the size of the head that ends in it."""
        held = tuple(self.trust.records if records is None else records)
        stated = self.trust.operator_record if operator is None else operator
        bits = [list(pair) for pair in self.bits]
        lists = status_tree((pair[0], pair[1]) for pair in bits)
        epoch = Epoch(
            number=len(self.epochs),
            time=time,
            as_of=self.size,
            status_lists=len(bits),
            status_root=lists.root(),
            trust_records=1 + len(held),
            trust_root=trust_tree(stated, held).root(),
        )
        self.epochs[self.size] = stated, held, bits
        return self.append(EpochEntry(epoch)) + 1

    def anchor(self, size: int, *, block_time: int, block_number: int) -> None:
        """Let the contract hold the head of this size."""
        self.anchored[size] = AnchorPointer(CHAIN_ID, TX_HASH, block_number, block_time)

    def root(self, size: int) -> RootHash:
        """Return the root at a size."""
        return self.tree.root(size)

    def note(self, size: int) -> str:
        """Return the signed checkpoint of a size, with the cosignatures of this world's auditors."""
        return sign_note(Checkpoint(SAMPLE_ORIGIN, size, self.root(size)).to_text(), LOG, *self.cosigners)

    def head(self, index: int, size: int) -> Head:
        """Return a head with the path of one entry and its anchor, if it has one."""
        anchors = (self.anchored[size],) if size in self.anchored else ()
        return Head(self.note(size), self.tree.inclusion(index, size), anchors)

    def prove(self, index: int, size: int) -> ProvenEntry:
        """Return an entry with its path to the head of a size."""
        return ProvenEntry(index, self.entries[index], self.tree.inclusion(index, size))

    def events_of(self, document: SecuredDocument) -> list[int]:
        """Return the indices of a certificate's status entries."""
        wanted = StatusStatement.from_json
        return [
            index
            for index, entry in enumerate(self.entries)
            if isinstance(entry, StatementEntry)
            and entry.type == "status"
            and wanted(entry.document.content).certificate == document.document_hash
        ]

    def evidence(self, document: SecuredDocument, index: int, sizes: Sequence[int]) -> Evidence:
        """Return complete evidence for a certificate under the heads of these sizes."""
        last = sizes[-1]
        operator, held, bits = self.epochs[last - 1]
        records, lists = trust_tree(operator, held), status_tree((pair[0], pair[1]) for pair in bits)
        trust = [
            i
            for i, entry in enumerate(self.entries)
            if isinstance(entry, StatementEntry) and entry.type == "trust"
        ]
        return Evidence(
            index=index,
            heads=tuple(self.head(index, size) for size in sizes),
            trust=tuple(self.prove(i, last) for i in trust if i < last),
            events=tuple(self.prove(i, last) for i in self.events_of(document) if i < last),
            epoch=self.prove(last - 1, last),
            operator=proven.ProvenOperator(operator, records.inclusion(0)),
            records=tuple(
                ProvenRecord(i, record, records.inclusion(i)) for i, record in enumerate(held, start=1)
            ),
            lists=(
                ProvenList(bits[0][0], lists.inclusion(0)),
                ProvenList(bits[0][1], lists.inclusion(1)),
            ),
            certificate=document,
        )

    def view(self, *sizes: int, final: bool = True, block_number: int = 1000) -> ChainView:
        """Return what a reader learns when it asks the contract for the heads of these sizes."""
        return ChainView(
            readings=tuple(self.reading(size, final=final) for size in sizes),
            read_at=NOW,
            block_number=block_number,
            block_time=NOW - 15,
            source="test",
        )

    def reading(self, size: int, *, final: bool = True) -> AnchorReading:
        """Return the contract's answer for one head."""
        held = self.anchored.get(size)
        return AnchorReading(
            chain_id=CHAIN_ID,
            contract=CONTRACT,
            log_id=LOG_ID,
            size=size,
            root=self.root(size),
            block_time=held.block_time if held else None,
            block_number=held.block_number if held else None,
            final=final,
        )


def trust_root() -> TrustRoot:
    """Return what a verifier of this world pins."""
    return TrustRoot(
        origin=SAMPLE_ORIGIN,
        log_keys=(LogKey(LOG.verifier_key, 0, None),),
        operator=Operator(OPERATOR_DID, OPERATOR.public_key, RECOVERY.public_key),
        list_key=ed25519("lists").public_key,
        auditors=(),
        auditor_quorum=0,
        chains=(
            Chain(
                id=CHAIN_ID,
                chain_class="public",
                contract=CONTRACT,
                code_hash="0x" + "0c" * 32,
                log_ids=(LogId(LOG_ID, None),),
                endpoints=(),
                quorum=1,
                finality=None,
            ),
        ),
        max_status_age=DAY,
        max_anchor_age=7 * DAY,
    )


def sign_certificate(
    content: JSONObject,
    *,
    signer: Ed25519Signer = ISSUER,
    did: str = SAMPLE_DID,
    domain: str = SAMPLE_ORIGIN,
    slot: Slot = Slot(0, 0),  # noqa: B008 # frozen
) -> SecuredDocument:
    """Sign a certificate for a slot of the sample log."""
    return secure(
        content,
        signer=signer,
        did=did,
        domain=domain,
        challenge=certificate_challenge(slot),
        created=NOW - 2 * DAY,
    )


def enrolled_world() -> World:
    """Return a world in which the sample issuer is enrolled, has its key (entry 1) and its scope (entry 2)."""
    world = World()
    world.state(Enrol(NAMES, "0109999999"))
    world.state(added_key(ISSUER.public_key))
    world.state(GrantScope(SCOPE))
    return world


@dataclass(frozen=True)
class Case:
    """One certificate of a world with complete evidence: what `verify` is asked about."""

    world: World
    document: SecuredDocument
    index: int
    sizes: tuple[int, ...]
    evidence: Evidence
    view: ChainView


def case_of(
    world: World,
    document: SecuredDocument,
    index: int,
    *,
    epoch_time: int = NOW - HOUR,
    block_time: int | None = NOW - HOUR + 60,
    block_number: int = 200,
) -> Case:
    """Close an epoch over a world, anchor its head (unless block_time is None), and collect the evidence."""
    first = tuple(size for size in world.anchored if size > index)
    size = world.close_epoch(time=epoch_time)
    if block_time is not None:
        world.anchor(size, block_time=block_time, block_number=block_number)
    sizes = (*first, size)
    return Case(world, document, index, sizes, world.evidence(document, index, sizes), world.view(*sizes))


def honest_case() -> Case:
    """Return a certificate in good order: anchored two days ago, a newer head anchored an hour ago."""
    world = enrolled_world()
    document = sign_certificate(conformity_content())
    index = world.log_certificate(document)
    world.anchor(world.close_epoch(time=NOW - 2 * DAY), block_time=NOW - 2 * DAY + 30, block_number=100)
    neighbour = conformity_content(slot=Slot(0, 1), number="MAU-2026-0002")
    world.log_certificate(sign_certificate(neighbour, slot=Slot(0, 1)), Slot(0, 1))
    return case_of(world, document, index)


def ask(
    case: Case,
    *,
    evidence: Evidence | None = None,
    root: TrustRoot | None = None,
    at: int = NOW,
    view: ChainView | None = None,
    file: File | None = None,
    certificate: SecuredDocument | None = None,
) -> Report:
    """Verify a case, with whatever the test puts in place of its parts."""
    return verify(
        case.evidence if evidence is None else evidence,
        trust_root() if root is None else root,
        at,
        case.view if view is None else view,
        file,
        certificate,
    )
