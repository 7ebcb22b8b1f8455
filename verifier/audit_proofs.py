"""Turns what an audit found about statuses into omission proofs: files that show it to anyone, without this auditor.

A proof needs what the log itself stated of a certificate. Where the served lists are those that the audited epoch
commits, the statement is made from them; else the log is asked for its dated status proofs, and nothing that it answers
is believed: a proof that does not verify is not handed out. A wrong list that no epoch commits is kept as it was
served: the list key signed it, but that is no omission proof.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from certlog.certificate_id import certificate_id
from certlog.digests import DocumentHash, same
from certlog.entry import CertificateEntry, EpochEntry, parse_entry
from certlog.epoch import Epoch
from certlog.errors import InvalidInput, Unavailable
from certlog.evidence import Head, ProvenEntry, ProvenList, ProvenRecord
from certlog.findings import Fault
from certlog.log_replay import LogReplay, ReplayedCertificate
from certlog.slots import LIST_SIZE
from certlog.status_list import PURPOSES, StatusPurpose, get_bit, status_leaf_index, status_tree
from certlog.status_proof import StatusProof
from certlog.status_replay import replay_events
from certlog.tree import MemoryTree, inclusion_proof
from certlog.trust_root import TrustRoot
from verifier.audit_lists import ServedList
from verifier.audit_parts import AuditFault, Part, State
from verifier.audit_record import Audit
from verifier.log_source import LogSource
from verifier.make_omission import LogView, make_omission
from verifier.verify_omission import Omission, verify_omission

MAX_PROOFS: Final = 20
"""One convicts; each may have to be looked for in the whole log."""
MAX_ASKED: Final = 100
"""Status proofs that the log is asked for."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A file to keep and to hand on.

    Attributes:
        name: of the file.
        data: its bytes.
        shows: what the omission proof shows; None for a list as it was served.
    """

    name: str
    data: bytes
    shows: Omission | None


def is_about_statuses(found: Audit) -> bool:
    """Tell whether a finding says that an epoch or a list states other statuses than the entries."""
    return any(
        finding.code in (Fault.EPOCH_STATUS_ROOT, AuditFault.LIST_DIFFERS) for finding in found.findings
    )


def exhibits(found: Audit, source: LogSource, log: LogView, trust_root: TrustRoot) -> Iterator[Exhibit]:
    """Yield what shows findings about statuses to others: each wrong list, then omission proofs, newest epoch first.

    Nothing where the entries do not lead to the signed root: then the log did not sign what was read.

    Args:
        found: the audit.
        source: asked for status proofs, if it is the log.
        log: the audited tree.
        trust_root: what every proof is verified by before it is handed out.
    """
    if any(part.part is Part.TREE and part.state is not State.CLEAN for part in found.parts):
        return
    for served in wrong_lists(found):
        yield Exhibit(f"status-{served.purpose}-{served.number}.json", served.data, None)
    shown: set[DocumentHash] = set()
    for statement in _statements(found, source, log):
        digest = statement.entry.document_hash
        if digest in shown or not _contradicts(statement, found.replay):
            continue
        try:
            proof = make_omission(statement, log, trust_root)
            omission = verify_omission(proof, trust_root)
            data = proof.to_bytes()
        except InvalidInput:
            continue  # what the log answered is not its own word, or the proof would be too large
        shown.add(digest)
        yield Exhibit(f"{certificate_id(digest)}.omission.json", data, omission)
        if len(shown) >= MAX_PROOFS:
            return


def wrong_lists(found: Audit) -> tuple[ServedList, ...]:
    """Return the served lists that were named as differing."""
    if not any(finding.code == AuditFault.LIST_DIFFERS for finding in found.findings):
        return ()
    bits = found.replay.lists.bits
    return tuple(served for served in found.lists if bits(served.purpose, served.number) != served.bits)


def _statements(found: Audit, source: LogSource, log: LogView) -> Iterator[StatusProof]:
    """Yield what the log stated: of the audited epoch by its lists, then what it answers for each wrong epoch."""
    last = _last_epoch(found, log)
    if last is not None:
        for certificate in _differing(found):
            yield last.statement(certificate)
    if not source.is_the_log:
        return
    asked = 0
    for epoch in reversed(_wrong_epochs(found)):
        for certificate in _suspects(found, epoch):
            if asked == MAX_ASKED:
                return
            asked += 1
            statement = _asked(source, certificate, epoch)
            if statement is not None and statement.epoch.index < found.size:
                yield statement


def _wrong_epochs(found: Audit) -> list[Epoch]:
    wrong = {finding.index for finding in found.findings if finding.code == Fault.EPOCH_STATUS_ROOT}
    return [epoch for epoch in found.epochs if epoch.as_of in wrong]


def _asked(source: LogSource, certificate: ReplayedCertificate, epoch: Epoch) -> StatusProof | None:
    """Return what the log says that an epoch stated; None where it does not say it."""
    identifier = certificate_id(certificate.document_hash)
    try:
        statement = StatusProof.parse(
            source.read(f"api/v1/certificates/{identifier}/status-proof?on={epoch.time}")
        )
    except (Unavailable, InvalidInput):
        return None
    return statement if same(statement.entry.document_hash, certificate.document_hash) else None


def _suspects(found: Audit, epoch: Epoch) -> list[ReplayedCertificate]:
    """Return the certificates about which an epoch may lie: those with a statement before it, the latest first."""
    latest: list[tuple[int, ReplayedCertificate]] = []
    for certificate in found.replay.certificates():
        before = [e.index for e in found.replay.events(certificate.document_hash) if e.index < epoch.as_of]
        if before:
            latest.append((before[-1], certificate))
    return [certificate for _, certificate in sorted(latest, key=lambda pair: -pair[0])]


def _differing(found: Audit) -> Iterator[ReplayedCertificate]:
    """Yield the certificates whose bits in the served lists are not those of the replay."""
    positions: set[int] = set()
    for served in found.lists:
        wanted = found.replay.lists.bits(served.purpose, served.number)
        for byte, (left, right) in enumerate(zip(wanted, served.bits, strict=True)):
            positions |= {
                served.number * LIST_SIZE + 8 * byte + bit for bit in range(8) if (left ^ right) & 0x80 >> bit
            }
    if positions:
        yield from (one for one in found.replay.certificates() if one.position in positions)


def _contradicts(statement: StatusProof, replay: LogReplay) -> bool:
    """Tell whether the bits that were stated are not those of the events before that epoch: a quick look first."""
    entry, record = statement.entry, statement.record.record
    events = [e for e in replay.events(entry.document_hash) if e.index < statement.epoch.index]
    status = replay_events(events, lambda did: record if did == record.did else None)
    stated = tuple(get_bit(proven.bits, entry.slot.index) for proven in statement.lists)
    return stated != (status.revoked, status.suspended)


@dataclass(frozen=True, slots=True)
class _LastEpoch:
    """The epoch that the audited checkpoint ends in, with everything that it commits."""

    found: Audit
    log: LogView
    lists: dict[tuple[StatusPurpose, int], bytes]
    tree: MemoryTree

    def statement(self, certificate: ReplayedCertificate) -> StatusProof:
        """Return what the epoch states of a certificate."""
        found, number = self.found, certificate.position // LIST_SIZE
        revocation, suspension = (self._list(purpose, number) for purpose in PURPOSES)
        head = Head(found.note, self._path(certificate.index), ())
        epoch = ProvenEntry(found.size - 1, EpochEntry(found.epochs[-1]), self._path(found.size - 1))
        entry = parse_entry(self.log.entry(certificate.index))
        if not isinstance(entry, CertificateEntry):
            raise TypeError(entry)
        record = self._record(certificate.issuer)
        return StatusProof(certificate.index, entry, head, epoch, record, (revocation, suspension))

    def _path(self, index: int) -> tuple[bytes, ...]:
        return inclusion_proof(index, self.found.size, self.log.node)

    def _list(self, purpose: StatusPurpose, number: int) -> ProvenList:
        return ProvenList(
            self.lists[purpose, number], self.tree.inclusion(status_leaf_index(number, purpose))
        )

    def _record(self, did: str) -> ProvenRecord:
        records = self.found.replay.trust.records
        index = next(i for i, record in enumerate(records, start=1) if record.did == did)
        return ProvenRecord(index, records[index - 1], self.found.replay.trust_tree().inclusion(index))


def _last_epoch(found: Audit, log: LogView) -> _LastEpoch | None:
    """Return the audited epoch, if the served lists and the replayed records are what it commits."""
    if not found.ends_in_epoch:
        return None
    lists = {(served.purpose, served.number): served.bits for served in found.lists}
    numbers = range(found.replay.lists.pairs)
    if any((purpose, number) not in lists for number in numbers for purpose in PURPOSES):
        return None
    revocation, suspension = PURPOSES
    tree = status_tree((lists[revocation, number], lists[suspension, number]) for number in numbers)
    epoch = found.epochs[-1]
    fits = same(tree.root(), epoch.status_root) and same(found.replay.trust_tree().root(), epoch.trust_root)
    return _LastEpoch(found, log, lists, tree) if fits else None
