"""Replay of a whole log, entry by entry: the state at every point, and every entry that should not stand where it does.

Nothing but the entries and the pinned operator goes in. What comes out must equal what the registry says: its epochs,
its lists, its records (docs/formats.md, sections 3, 5 and 6). An invalid logged entry has no effect and is a finding at
its index. The caller compares the entries with a signed root; here nothing is known of heads or of chains.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from certlog.certificate_id import HASH_BITS
from certlog.digests import DocumentHash
from certlog.epoch import Epoch
from certlog.epoch_faults import epoch_faults
from certlog.errors import InvalidInput, NotTrusted
from certlog.findings import Fault, Finding
from certlog.issuer_record import key_in_force
from certlog.keys import PublicKey
from certlog.logged_entry import CertificateFact, Examined, StatusFact, TrustFact, examine
from certlog.sentences import Sentence
from certlog.slots import LIST_SIZE
from certlog.status import INITIAL, CertificateStatus, StatusAction, step
from certlog.status_lists import MAX_PAIRS, StatusLists, purposes_of
from certlog.status_replay import StatusEvent, replay_events
from certlog.timestamps import format_time, parse_time
from certlog.tree import MemoryTree
from certlog.trust import CompromiseKey
from certlog.trust_state import Operator, TrustState

EFFECTIVE_TOLERANCE: Final = 600
"""Seconds by which `effective` may lie after the next epoch's time: the 300 that admission allows an issuer's clock,
and as much again, since the epoch's time is not the admission's."""


@dataclass(frozen=True, slots=True)
class ReplayedCertificate:
    """What the log holds of a certificate: its entry, who signed it, and its slot in the row of all lists."""

    index: int
    document_hash: DocumentHash
    issuer: str
    position: int


class LogReplay:
    """The state after the entries added so far. Memory: about 500 bytes for each certificate."""

    def __init__(self, operator: Operator, origin: str) -> None:
        """Start before the first entry, with the pinned operator and the log's origin."""
        self.trust: Final = TrustState(operator, origin)
        self.lists: Final = StatusLists()
        self.size = 0
        self.epoch: Epoch | None = None
        self._origin = origin
        # One look-up for both rules: documentHash is unique, and so are the 95 bits of it that make the id.
        self._certificates: dict[int, ReplayedCertificate] = {}
        self._same_id: dict[DocumentHash, ReplayedCertificate] = {}
        self._slots: dict[int, int] = {}
        self._events: dict[DocumentHash, list[StatusEvent]] = {}
        self._statuses: dict[DocumentHash, CertificateStatus] = {}
        self._effective: list[tuple[int, str]] = []
        self._trust_tree: MemoryTree | None = None

    def add(self, data: bytes) -> tuple[Finding, ...]:
        """Add the next entry, from its bytes; return what is wrong with it."""
        return self.add_examined(examine(data, self._origin))

    def add_examined(self, examined: Examined) -> tuple[Finding, ...]:
        """Add the next entry, examined already (logged_entry.examine, in whatever process)."""
        index = self.size
        try:
            if examined.problem is not None:
                problem = examined.problem
                # The list still counts: an epoch commits every list up to the highest in a certificate entry.
                if isinstance(examined.fact, CertificateFact):
                    self._grow(examined.fact.position)
                return (_finding(problem.fault, index, problem.what),)
            match examined.fact:
                case CertificateFact() as fact:
                    return tuple(self._certificate(index, fact))
                case StatusFact() as fact:
                    return tuple(self._status(index, fact))
                case TrustFact() as fact:
                    return self._trust(index, fact)
                case Epoch() as epoch:
                    return tuple(self._close(index, epoch))
                case None:
                    return ()
        finally:
            self.size += 1

    def certificate(self, document_hash: DocumentHash) -> ReplayedCertificate | None:
        """Return a logged certificate."""
        found = self._certificates.get(_prefix(document_hash))
        if found is not None and found.document_hash == document_hash:
            return found
        return self._same_id.get(document_hash)

    def certificates(self) -> Iterator[ReplayedCertificate]:
        """Yield every certificate, in no promised order."""
        yield from self._certificates.values()
        yield from self._same_id.values()

    def status(self, document_hash: DocumentHash) -> CertificateStatus:
        """Return the status of a logged certificate."""
        return self._statuses.get(document_hash, INITIAL)

    def events(self, document_hash: DocumentHash) -> tuple[StatusEvent, ...]:
        """Return the status statements of a certificate, in log order, effective or void."""
        return tuple(self._events.get(document_hash, ()))

    def expected_epoch(self, time: int) -> Epoch:
        """Return the epoch that the log calls for at this point, if it were made at `time`."""
        return Epoch(
            number=0 if self.epoch is None else self.epoch.number + 1,
            time=time,
            as_of=self.size,
            status_lists=self.lists.pairs,
            status_root=self.lists.root(),
            trust_records=self.trust_tree().size,
            trust_root=self.trust_tree().root(),
        )

    def trust_tree(self) -> MemoryTree:
        """Return the trust tree, hashed again only after a trust statement."""
        if self._trust_tree is None:
            self._trust_tree = self.trust.trust_tree()
        return self._trust_tree

    def _certificate(self, index: int, fact: CertificateFact) -> Iterator[Finding]:
        """Add a certificate: its key is in force, its hash, its id and its slot are new."""
        if not self._grow(fact.position):
            what = Sentence(
                "list {number} is beyond the {most} that a log fills in order",
                number=fact.position // LIST_SIZE,
                most=MAX_PAIRS,
            )
            yield _finding(Fault.FAR_LIST, index, what)
            return
        refusal = self._refusal(fact.did, fact.key, index)
        if refusal is not None:
            yield _finding(Fault.SIGNER, index, refusal)
            return
        known = self.certificate(fact.document_hash)
        if known is not None:
            what = Sentence("the same document is logged at entry {index} already", index=known.index)
            yield _finding(Fault.REPEATED_DOCUMENT, index, what)
            return
        yield from self._repeated_id(ReplayedCertificate(index, fact.document_hash, fact.did, fact.position))
        yield from self._repeated_slot(index, fact.position)

    def _repeated_id(self, new: ReplayedCertificate) -> Iterator[Finding]:
        """Keep a certificate; one whose id another has is kept, too, and found by its whole hash."""
        other = self._certificates.setdefault(_prefix(new.document_hash), new)
        if other is not new:
            self._same_id[new.document_hash] = new
            what = Sentence("the certificate at entry {index} has the same id", index=other.index)
            yield _finding(Fault.REPEATED_ID, new.index, what)

    def _repeated_slot(self, index: int, position: int) -> Iterator[Finding]:
        holder = self._slots.setdefault(position, index)
        if holder != index:
            what = Sentence(
                "slot {list}/{index} is used by the certificate at entry {holder}",
                list=position // LIST_SIZE,
                index=position % LIST_SIZE,
                holder=holder,
            )
            yield _finding(Fault.REPEATED_SLOT, index, what)

    def _status(self, index: int, fact: StatusFact) -> Iterator[Finding]:
        """Add a status statement.

        1. Its certificate is logged, by the issuer that it names and that signs it: else it is nobody's, and nothing.
        2. The key may sign at this position, the replacement is there, and it has an effect: else it counts for
           `previous` alone.
        """
        statement, document = fact.statement, fact.document
        certificate = self.certificate(statement.certificate)
        if certificate is None:  # 1
            what = Sentence(
                "no certificate with hash {hash} is logged before", hash=statement.certificate.hex()
            )
            yield _finding(Fault.UNKNOWN_CERTIFICATE, index, what)
            return
        if not certificate.issuer == statement.issuer == document.proof.did:
            what = Sentence(
                "only the certificate's issuer {issuer} may state this, found {did}",
                issuer=certificate.issuer,
                did=document.proof.did,
            )
            yield _finding(Fault.NOT_ITS_ISSUER, index, what)
            return
        yield from self._status_faults(index, fact, certificate)  # 2
        self._events.setdefault(statement.certificate, []).append(StatusEvent(index, document))
        self._effective.append((index, statement.effective))
        self._replay(certificate.document_hash)

    def _status_faults(
        self, index: int, fact: StatusFact, certificate: ReplayedCertificate
    ) -> Iterator[Finding]:
        statement = fact.statement
        refusal = self._refusal(statement.issuer, fact.document.proof.key, index)
        if refusal is not None:
            yield _finding(Fault.SIGNER, index, refusal)
            return
        if statement.action is StatusAction.SUPERSEDE and statement.replaced_by is not None:
            replacement = self.certificate(statement.replaced_by)
            if replacement is None or replacement.issuer != certificate.issuer:
                what = Sentence(
                    "the replacement {hash} is not logged before, by the same issuer",
                    hash=statement.replaced_by.hex(),
                )
                yield _finding(Fault.REPLACEMENT, index, what)
        try:
            step(self.status(statement.certificate), statement, fact.document.document_hash, index=index)
        except InvalidInput as error:
            yield _finding(Fault.STATUS, index, str(error))

    def _trust(self, index: int, fact: TrustFact) -> tuple[Finding, ...]:
        try:
            statement = self.trust.apply(index, fact.document)
        except (InvalidInput, NotTrusted) as error:
            return (_finding(Fault.TRUST, index, str(error)),)
        self._trust_tree = None
        if isinstance(statement.change, CompromiseKey):
            # Whatever has become void, directly or through keys that the compromised one added.
            for digest in self._events:
                self._replay(digest)
        return ()

    def _replay(self, digest: DocumentHash) -> None:
        certificate = self.certificate(digest)
        if certificate is None:
            return
        status = replay_events(self._events[digest], self.trust.record)
        self._statuses[digest] = status
        for purpose, value in purposes_of(revoked=status.revoked, suspended=status.suspended):
            self.lists.set(purpose, certificate.position, value)

    def _close(self, index: int, epoch: Epoch) -> Iterator[Finding]:
        """Compare an epoch with the state before it; the next one follows what this one says of its number."""
        yield from epoch_faults(index, epoch, self.expected_epoch(epoch.time), self.epoch)
        self.epoch = epoch
        for at, effective in self._effective:
            if parse_time(effective) > epoch.time + EFFECTIVE_TOLERANCE:
                latest = format_time(epoch.time)
                what = Sentence(
                    "a statement logged before {time} says that it takes effect on {effective}",
                    time=latest,
                    effective=effective,
                )
                yield Finding(Fault.FUTURE, at, what, latest, effective)
        self._effective.clear()

    def _grow(self, position: int) -> bool:
        number = position // LIST_SIZE
        if number >= MAX_PAIRS:
            return False
        self.lists.require_list(number)
        return True

    def _refusal(self, did: str, key: PublicKey, index: int) -> str | None:
        """Return why a key may not sign the entry at `index`, as far as the log says before it."""
        try:
            key_in_force(self.trust.require_record(did), key, index)
        except NotTrusted as error:
            return str(error)
        return None


def _prefix(document_hash: DocumentHash) -> int:
    return int.from_bytes(document_hash, "big") >> (256 - HASH_BITS)


def _finding(fault: Fault, index: int, what: str) -> Finding:
    return Finding(fault, index, what)
