"""A registry that lives a history, and the model that lives it beside it: at each step both must answer alike.

What is asked of whom, at every number of entries that the log has had: the records and bits of the registry's own
database, those of a database derived again from the entries, the auditor's replay, and at each signed epoch the
verdict on every certificate. All of it must be what the model says (history_model.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection

from certlog.digests import DocumentHash
from certlog.entry import EpochEntry, StatementEntry, parse_entry
from certlog.errors import Unavailable
from certlog.log_replay import LogReplay
from certlog.slots import LIST_SIZE
from certlog.status import REASONS, FileBinding, StatusAction, StatusStatement
from certlog.status_list import PURPOSES
from certlog.timestamps import format_time
from certlog.trust import (
    Change,
    Enrol,
    GrantScope,
    RotateOperator,
    TrustStatement,
)
from registry.database import Database
from registry.evidence import AnchoredHead
from registry.log_tree import read_entry, tree_size
from registry.rebuild import check
from registry.status_lists import bits_as_of
from registry.submission import Submission
from registry.trust_ledger import operator_as_of, records_as_of
from storage.database import closed_at_end
from tests.support.anchored_view import anchored_view, with_chain
from tests.support.certificates import SAMPLE_DID
from tests.support.history_model import Event, HistoryModel, Issued, Said
from tests.support.history_parts import (
    AUTHORITY_DID,
    BY_AUTHORITY,
    DAYS,
    DELEGATION,
    ENDED,
    LABELS,
    LEGAL_IDS,
    NAMES,
    SCOPE,
    Act,
    Certificate,
    Sealed,
    add_key,
    signer,
)
from tests.support.registry import OPERATOR_DID, OTHER_DID, RegistryWorld, as_submission
from verifier.report import Verdict
from verifier.verify import verify


@dataclass
class History:
    """One registry and its model."""

    world: RegistryWorld
    scratch: Path
    operator: str = "operator"
    certificates: list[Certificate] = field(default_factory=list)
    heads: list[Sealed] = field(default_factory=list)
    refused: int = 0
    verdicts: int = 0
    _last_said: dict[str, DocumentHash] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin on a day on which the sample certificate is valid."""
        self.world.clock.time += DAYS
        self.model = HistoryModel(OPERATOR_DID, signer("operator").public_key, signer("recovery").public_key)

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.world.registry.size()

    def statement(
        self, change: Change, subject: str, *, by: str | None = None, did: str = OPERATOR_DID
    ) -> Act:
        """Return a trust statement that somebody may make, or not."""
        label = self.operator if by is None else by
        said = Said(self.size, did, signer(label).public_key, subject, change)
        content = TrustStatement(subject, self._last_said.get(subject), change).to_json()

        def submit() -> None:
            document = self.world.sign(content, did, "trust", signer(label))
            self._log(act, Submission(StatementEntry("trust", document).to_bytes()))
            if act.lawful:
                self.model.said.append(said)
                self._last_said[subject] = document.document_hash
                self._follow(change)

        act = Act(said, said.index, lambda: self.model.trust(said.index).accepts(said), submit)
        return act

    def certificate(self, did: str, label: str, *, publish: bool) -> Act | None:
        """Return a certificate that a body may issue, in clear or withheld, or not; None before it is enrolled."""
        index, key = self.size, signer(label).public_key
        trust = self.model.trust(index)
        if did not in trust.bodies:
            return None
        issued = Issued(index, DocumentHash(bytes(32)), did, key, 0)

        def is_lawful() -> bool:
            return trust.may_sign(did, key, index) and (not publish or self.has_scope(issued, index))

        def submit() -> None:
            slot = self.world.registry.reserve_slots(did, 1).slots[0]
            document = self.world.certificate(slot=slot, did=did, signer=signer(label))
            self._log(act, as_submission(document, slot, publish=publish))
            if act.lawful:
                digest, position = document.document_hash, slot.list * LIST_SIZE + slot.index
                self.model.issued[digest] = replace(issued, document_hash=digest, position=position)
                self.certificates.append(Certificate(document, slot))

        act = Act(issued, index, is_lawful, submit)
        return act

    def status(
        self,
        certificate: Certificate,
        action: StatusAction,
        label: str,
        replacement: Certificate | None = None,
    ) -> Act:
        """Return a status statement in the issuer's name, with a key that may sign it, or not."""
        index, did = self.size, certificate.document.proof.did
        replaced_by = replacement.hash if replacement and action is StatusAction.SUPERSEDE else None
        event = Event(index, certificate.hash, signer(label).public_key, action, replaced_by)
        file = FileBinding(sha256(b"%d" % index).digest(), "application/pdf")
        statement = StatusStatement(
            certificate=certificate.hash,
            issuer=did,
            action=action,
            effective=format_time(self.world.clock()),
            previous=certificate.last,
            reason=next(iter(REASONS[action]), None),
            replaced_by=replaced_by,
            file=file if action is StatusAction.BIND_FILE else None,
        )

        def submit() -> None:
            document = self.world.sign(statement.to_json(), did, "status", signer(label))
            self._log(act, Submission(StatementEntry("status", document).to_bytes()))
            if act.lawful:
                self.model.events.append(event)
                certificate.last = document.document_hash

        act = Act(event, index, lambda: self.model.accepts(event), submit)
        return act

    def _log(self, act: Act, item: Submission) -> None:
        outcome = self.world.submit(item)[0]
        assert (outcome.status == "logged") == act.lawful, (outcome, act.what)
        assert not act.lawful or outcome.index == act.index
        self.refused += not act.lawful

    def _follow(self, change: Change) -> None:
        if isinstance(change, RotateOperator):
            self.operator = next(label for label in LABELS if signer(label).public_key == change.new)

    def close(self) -> None:
        """Let a minute pass, seal a batch, let the chain hold it, and ask for the verdict on every certificate."""
        self.world.clock.time += 60
        sealed = self.world.publisher.seal_batch(len(self.heads))
        self.heads.append(Sealed(sealed.size, sealed.root, self.world.clock()))
        for certificate in self.certificates:
            self._check_verdict(certificate)

    def has_scope(self, issued: Issued, at: int) -> bool:
        """Tell whether the issuer's scope stood when a certificate was logged, by what is known `at` some size."""
        grants = self.model.trust(at).bodies[issued.did].grants
        return any(
            known.scope.kind == "designation" and known.stood(grant, issued.index)
            for grant, known in grants.items()
        )

    def check(self) -> int:
        """Compare all views at every number of entries; return how many comparisons were made."""
        registry = self.world.registry
        derived = self.scratch / "derived.db"
        self.scratch.mkdir()
        try:
            check(registry.database, derived, self.world.settings.operator, self.world.origin)
        except Unavailable as error:
            raise AssertionError("the rebuilt database", str(error)) from error
        with (
            closed_at_end(Database(derived, busy_timeout=1)) as other,
            registry.database.reading() as stored,
            other.reading() as rebuilt,
        ):
            assert tree_size(stored) == tree_size(rebuilt) == self.size
            for at in range(self.size + 1):
                self._check_database("the database", stored, at)
                self._check_database("the rebuilt database", rebuilt, at)
            self._check_replay(stored)
        return self.size + 1

    def _check_database(self, name: str, connection: Connection, at: int) -> None:
        trust = self.model.trust(at)
        assert records_as_of(connection, at) == trust.records(), (name, at)
        assert operator_as_of(connection, self.world.settings.operator, at) == trust.operator_record()
        for number in {certificate.slot.list for certificate in self.certificates}:
            for purpose in PURPOSES:
                bits = bits_as_of(connection, number, purpose, at)
                self._check_bits(name, bits, number, purpose, at)

    def _check_bits(self, name: str, bits: bytes, number: int, purpose: str, at: int) -> None:
        wanted = bytearray(LIST_SIZE // 8)
        for issued in self.model.issued.values():
            if issued.index < at and issued.position // LIST_SIZE == number:
                status = self.model.status(issued.document_hash, at)
                if status.suspended if purpose == "suspension" else status.ended is not None:
                    byte, bit = divmod(issued.position % LIST_SIZE, 8)
                    wanted[byte] |= 0x80 >> bit
        assert bits == wanted, (name, at, purpose)

    def _check_replay(self, connection: Connection) -> None:
        replay = LogReplay(self.world.settings.operator, self.world.origin)
        for index in range(self.size):
            stored = read_entry(connection, index)
            assert stored is not None
            entry = parse_entry(stored.data)
            if isinstance(entry, EpochEntry):
                assert replay.expected_epoch(entry.epoch.time) == entry.epoch, index
            assert replay.add(stored.data) == (), index
            records, trust = (
                {record.did: record for record in replay.trust.records},
                self.model.trust(index + 1),
            )
            assert records == trust.records(), ("the auditor", index + 1)
            assert replay.trust.trust_tree().read(0, 0) == trust.operator_record().leaf_hash
            for found in replay.certificates():
                status, wanted = (
                    replay.status(found.document_hash),
                    self.model.status(found.document_hash, index + 1),
                )
                assert (status.suspended, status.revoked) == (wanted.suspended, wanted.ended is not None), (
                    "the auditor",
                    index + 1,
                    found,
                )
            for number in range(replay.lists.pairs):
                for purpose in PURPOSES:
                    bits = replay.lists.bits(purpose, number)
                    self._check_bits("the auditor", bits, number, purpose, index + 1)

    def _check_verdict(self, certificate: Certificate) -> None:
        last = self.heads[-1]
        self.verdicts += 1
        anchored = [AnchoredHead(head.size, head.root, ()) for head in self.heads]
        evidence = self.world.registry.evidence(certificate.hash, anchored)
        report = verify(
            evidence,
            with_chain(self.world.folder),
            self.world.clock(),
            anchored_view(((h.size, h.root, h.block_time) for h in self.heads), self.world.clock()),
            certificate=certificate.document,
        )
        wanted = self._wanted(certificate, last.size - 1)
        assert report.verdict is wanted, (
            "the verifier",
            last.size,
            wanted,
            report.verdict,
            [(check.name, check.reason, check.why) for check in report.checks],
        )

    def _wanted(self, certificate: Certificate, at: int) -> Verdict:
        issued = self.model.issued[certificate.hash]
        if not self.model.trust(at).may_sign(issued.did, issued.key, issued.index):
            return Verdict.NOT_TRUSTED
        if not self.has_scope(issued, at):
            return Verdict.NOT_TRUSTED
        status = self.model.status(certificate.hash, at)
        if status.ended is not None:
            return ENDED[status.ended]
        return Verdict.SUSPENDED if status.suspended else Verdict.VALID


def begin(history: History) -> None:
    """Enrol two bodies, one by an authority that the operator delegates to."""
    first: Sequence[tuple[Change, str]] = (
        (Enrol(NAMES[AUTHORITY_DID], LEGAL_IDS[AUTHORITY_DID]), AUTHORITY_DID),
        (add_key(AUTHORITY_DID, "p authority"), AUTHORITY_DID),
        (DELEGATION, AUTHORITY_DID),
        (Enrol(NAMES[SAMPLE_DID], LEGAL_IDS[SAMPLE_DID]), SAMPLE_DID),
        (add_key(SAMPLE_DID, "issuer"), SAMPLE_DID),
        (add_key(SAMPLE_DID, "p issuer"), SAMPLE_DID),
        (GrantScope(SCOPE), SAMPLE_DID),
        (Enrol(NAMES[OTHER_DID], LEGAL_IDS[OTHER_DID]), OTHER_DID),
        (add_key(OTHER_DID, "other"), OTHER_DID),
    )
    for change, subject in first:
        assert history.statement(change, subject).do()
    grant = GrantScope(BY_AUTHORITY)
    assert history.statement(grant, OTHER_DID, by="p authority", did=AUTHORITY_DID).do()
