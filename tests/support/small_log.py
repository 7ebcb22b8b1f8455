"""A whole registry in memory: log, trust list, status lists, epochs, evidence; every run makes the same bytes.

It signs with throw-away keys and keeps its own rules few: what the product must check, the product checks.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from certlog.checkpoint import Checkpoint, sign_checkpoint
from certlog.credential import slot_of
from certlog.digests import DocumentHash
from certlog.documents import (
    STATUS_CHALLENGE,
    TRUST_CHALLENGE,
    SecuredDocument,
    certificate_challenge,
    secure,
)
from certlog.entry import Entry, EpochEntry, StatementEntry, certificate_entry
from certlog.epoch import Epoch
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
from certlog.keys import PublicKey, Signer
from certlog.operator_record import OperatorRecord
from certlog.scopes import Names, Scope, Source
from certlog.slots import Slot
from certlog.status import INITIAL, CertificateStatus, FileBinding, StatusAction, StatusStatement, step
from certlog.status_list import empty_list, set_bit, status_leaf_index, status_tree
from certlog.status_proof import StatusProof
from certlog.strict_json import JSONObject
from certlog.timestamps import format_time, parse_time
from certlog.tree import MemoryTree
from certlog.trust import (
    AddKey,
    Change,
    Delegate,
    Enrol,
    GrantScope,
    RotateOperator,
    TrustStatement,
)
from certlog.trust_root import Chain, LogId, LogKey, TrustRoot
from certlog.trust_state import Operator, TrustState
from tests.support.certificates import SAMPLE_AUTHORITY, SAMPLE_DID, SAMPLE_ORIGIN, conformity_content
from tests.support.possession import added_key
from tests.support.signing import ed25519, log_signer

OPERATOR_DID: Final = f"did:web:{SAMPLE_ORIGIN}"
START: Final = parse_time("2026-11-20T09:00:00+07:00")
DESIGNATION: Final = Scope(
    kind="designation",
    topics=("QCVN 4:2009/BKHCN",),
    measured=False,
    authority=SAMPLE_AUTHORITY,
    source=Source("operator", "https://tcvn.example.vn/danh-sach", "2026-11-01"),
    valid_from="2026-01-01",
    valid_until="2030-12-31",
)
_AUTHORISING: Final = (RotateOperator, Delegate, Enrol, AddKey, GrantScope)


class SmallLog:
    """One log, from its first entry; time moves by a minute with every entry."""

    def __init__(self, origin: str = SAMPLE_ORIGIN, operator: str = "operator") -> None:
        """Start an empty log whose operator signs with the key of a label."""
        self.origin = origin
        self.log_key = log_signer(origin)
        self.operator_signer: Signer = ed25519(operator)
        self.operator = Operator(OPERATOR_DID, ed25519(operator).public_key, ed25519("recovery").public_key)
        self.trust = TrustState(self.operator, origin)
        self.entries: list[Entry] = []
        self.tree = MemoryTree()
        self.statuses: dict[DocumentHash, CertificateStatus] = {}
        self.positions: dict[DocumentHash, tuple[int, Slot]] = {}
        self.lists: list[tuple[bytes, bytes]] = []
        self.epochs: list[Epoch] = []
        self.stated: tuple[IssuerRecord, ...] = ()
        self.stated_operator = OperatorRecord.first(self.operator)

    @property
    def size(self) -> int:
        return self.tree.size

    @property
    def time(self) -> int:
        return START + 60 * self.size

    def append(self, entry: Entry) -> int:
        """Append an entry as it is, right or wrong; return its index."""
        self.entries.append(entry)
        self.tree.append(entry.leaf_hash)
        return self.size - 1

    def state(
        self,
        change: Change,
        subject: str = SAMPLE_DID,
        *,
        signer: Signer | None = None,
        did: str = OPERATOR_DID,
    ) -> int:
        """Sign, apply and append a trust statement; return its index."""
        document = self.trust_document(change, subject, signer=signer, did=did)
        self.trust.apply(self.size, document)
        return self.append(StatementEntry("trust", document))

    def trust_document(
        self,
        change: Change,
        subject: str = SAMPLE_DID,
        *,
        signer: Signer | None = None,
        did: str = OPERATOR_DID,
    ) -> SecuredDocument:
        """Sign a trust statement that follows the subject's last one, without applying it."""
        return secure(
            TrustStatement(subject, self.trust.last(subject), change).to_json(),
            signer=signer or self.operator_signer,
            did=did,
            domain=self.origin,
            challenge=TRUST_CHALLENGE,
            created=self.time,
        )

    def enrol(self, key: PublicKey, did: str = SAMPLE_DID, *scopes: Scope) -> None:
        """Enrol a body with one key and its scopes."""
        self.state(Enrol(Names("Trung tâm Chứng nhận Mẫu", "Sample Certification Centre"), "0109999999"), did)
        self.state(added_key(key, did, origin=self.origin), did)
        for scope in scopes:
            self.state(GrantScope(scope), did)

    def certify(self, signer: Signer, content: JSONObject | None = None) -> SecuredDocument:
        """Sign a certificate for the slot that it names, and append its entry."""
        content = conformity_content(origin=self.origin) if content is None else content
        slot = slot_of(content)
        document = secure(
            content,
            signer=signer,
            did=_issuer(content),
            domain=self.origin,
            challenge=certificate_challenge(slot),
            created="2026-11-20T09:00:00+07:00",
        )
        self.positions[document.document_hash] = (self.append(certificate_entry(document, slot)), slot)
        while len(self.lists) <= slot.list:
            self.lists.append((empty_list(), empty_list()))
        return document

    def change_status(
        self,
        certificate: SecuredDocument,
        action: StatusAction,
        reason: str | None = None,
        *,
        signer: Signer,
        replaced_by: DocumentHash | None = None,
        file: FileBinding | None = None,
    ) -> int:
        """Sign, apply and append a status statement; return its index."""
        digest = certificate.document_hash
        before = self.statuses.get(digest, INITIAL)
        statement = StatusStatement(
            certificate=digest,
            issuer=certificate.proof.did,
            action=action,
            effective=format_time(self.time),
            previous=before.last,
            reason=reason,
            replaced_by=replaced_by,
            file=file,
        )
        document = secure(
            statement.to_json(),
            signer=signer,
            did=certificate.proof.did,
            domain=self.origin,
            challenge=STATUS_CHALLENGE,
            created=self.time,
        )
        after = step(before, statement, document.document_hash, index=self.size)
        self.statuses[digest] = after
        _, slot = self.positions[digest]
        revocation, suspension = self.lists[slot.list]
        self.lists[slot.list] = (
            set_bit(revocation, slot.index, after.revoked),
            set_bit(suspension, slot.index, after.suspended),
        )
        return self.append(StatementEntry("status", document))

    def close(
        self,
        time: int | None = None,
        *,
        records: Sequence[IssuerRecord] | None = None,
        operator: OperatorRecord | None = None,
    ) -> int:
        """Append an epoch over everything so far; return its index.

        Args:
            time: what the epoch says, where it is not the log's own time.
            records: what a registry would state that invents records.
            operator: the same of the operator's record.
        """
        self.stated = self.trust.records if records is None else tuple(records)
        self.stated_operator = self.trust.operator_record if operator is None else operator
        epoch = Epoch(
            number=len(self.epochs),
            time=self.time if time is None else time,
            as_of=self.size,
            status_lists=len(self.lists),
            status_root=status_tree(self.lists).root(),
            trust_records=1 + len(self.stated),
            trust_root=trust_tree(self.stated_operator, self.stated).root(),
        )
        self.epochs.append(epoch)
        return self.append(EpochEntry(epoch))

    def note(self, size: int | None = None) -> str:
        """Return the signed checkpoint of the first `size` entries (all by default)."""
        size = self.size if size is None else size
        return sign_checkpoint(Checkpoint(self.origin, size, self.tree.root(size)), self.log_key)

    def evidence(
        self,
        certificate: SecuredDocument,
        *,
        earlier: Sequence[int] = (),
        anchors: Mapping[int, Sequence[AnchorPointer]] | None = None,
    ) -> Evidence:
        """Return the evidence of a certificate; the log must end in an epoch.

        Args:
            certificate: the logged certificate.
            earlier: sizes of earlier heads to carry before the last one.
            anchors: pointers, by head size.
        """
        index, slot = self.positions[certificate.document_hash]
        pointers = anchors or {}
        heads = tuple(
            Head(self.note(size), self.tree.inclusion(index, size), tuple(pointers.get(size, ())))
            for size in (*earlier, self.size)
        )
        tree = status_tree(self.lists)
        revocation, suspension = self.lists[slot.list]
        return Evidence(
            index=index,
            heads=heads,
            trust=tuple(self._proven(i) for i in self._authorising(certificate.proof.did)),
            events=tuple(self._proven(i) for i in self._events(certificate.document_hash)),
            epoch=self._proven(self.size - 1),
            operator=ProvenOperator(
                self.stated_operator, trust_tree(self.stated_operator, self.stated).inclusion(0)
            ),
            records=self._records(self._bodies(certificate.proof.did)),
            lists=(
                ProvenList(revocation, tree.inclusion(status_leaf_index(slot.list, "revocation"))),
                ProvenList(suspension, tree.inclusion(status_leaf_index(slot.list, "suspension"))),
            ),
            certificate=certificate,
        )

    def status_proof(
        self, certificate: SecuredDocument, *, anchors: Sequence[AnchorPointer] = ()
    ) -> StatusProof:
        """Return the dated status proof of a certificate; the log must end in an epoch."""
        found = self.evidence(certificate, anchors={self.size: anchors})
        index, slot = self.positions[certificate.document_hash]
        return StatusProof(
            index=index,
            entry=certificate_entry(certificate, slot),
            head=found.heads[-1],
            epoch=found.epoch,
            record=next(item for item in found.records if item.record.did == certificate.proof.did),
            lists=found.lists,
        )

    def trust_root(self) -> TrustRoot:
        """Return the trust root that pins this log, on a local test chain."""
        return TrustRoot(
            origin=self.origin,
            log_keys=(LogKey(self.log_key.verifier_key, 0, None),),
            operator=self.operator,
            list_key=ed25519("list").public_key,
            auditors=(),
            auditor_quorum=0,
            chains=(
                Chain(
                    id=31337,
                    chain_class="local",
                    contract="0x" + "c0" * 20,
                    code_hash="0x" + "c1" * 32,
                    log_ids=(LogId("0x" + "c2" * 32, None),),
                    endpoints=("http://127.0.0.1:8545",),
                    quorum=1,
                    finality=None,
                ),
            ),
            max_status_age=86_400,
            max_anchor_age=604_800,
        )

    def statements(self, kind: str) -> list[tuple[int, SecuredDocument]]:
        """Return (index, document) of every statement of a kind: "trust" or "status"."""
        return [
            (i, entry.document)
            for i, entry in enumerate(self.entries)
            if isinstance(entry, StatementEntry) and entry.type == kind
        ]

    def _authorising(self, issuer: str) -> list[int]:
        bodies = self._bodies(issuer)
        found = []
        for index, document in self.statements("trust"):
            statement = TrustStatement.from_json(document.content)
            wanted = statement.subject in bodies or isinstance(statement.change, RotateOperator)
            if wanted and isinstance(statement.change, _AUTHORISING):
                found.append(index)
        return found

    def _bodies(self, issuer: str) -> list[str]:
        """Return the issuer and every delegate that signed a statement about it."""
        signers = [
            document.proof.did
            for _, document in self.statements("trust")
            if document.content["subject"] == issuer and document.proof.did not in (OPERATOR_DID, issuer)
        ]
        return [issuer, *dict.fromkeys(signers)]

    def _events(self, certificate: DocumentHash) -> list[int]:
        found = []
        for index, document in self.statements("status"):
            if StatusStatement.from_json(document.content).certificate == certificate:
                found.append(index)
        return found

    def _records(self, dids: Sequence[str]) -> tuple[ProvenRecord, ...]:
        tree = trust_tree(self.stated_operator, self.stated)
        return tuple(
            ProvenRecord(index, record, tree.inclusion(index))
            for index, record in enumerate(self.stated, start=1)
            if record.did in dids
        )

    def _proven(self, index: int) -> ProvenEntry:
        return ProvenEntry(index, self.entries[index], self.tree.inclusion(index))


def one_certificate() -> tuple[SmallLog, SecuredDocument]:
    """Return a log of one enrolled body and one valid certificate, ending in an epoch."""
    log = SmallLog()
    log.close()
    log.enrol(ed25519("issuer").public_key, SAMPLE_DID, DESIGNATION)
    certificate = log.certify(ed25519("issuer"))
    log.close()
    return log, certificate


def _issuer(content: JSONObject) -> str:
    issuer = content["issuer"]
    if not isinstance(issuer, dict):
        raise TypeError(issuer)
    return str(issuer["id"])
