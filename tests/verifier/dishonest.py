"""A registry that lies: it has the log's key and every entry, and states what it likes; its log is there to read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from certlog.digests import DocumentHash
from certlog.documents import STATUS_CHALLENGE, SecuredDocument, secure
from certlog.entry import StatementEntry
from certlog.keys import Signer
from certlog.slots import Slot
from certlog.status import REASONS, FileBinding, StatusAction, StatusStatement
from certlog.status_list import set_bit
from certlog.status_proof import StatusProof
from certlog.timestamps import format_time
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.signing import ed25519
from tests.support.small_log import DESIGNATION, SmallLog

ISSUER: Final = ed25519("issuer")
THIEF: Final = ed25519("thief")
FILE: Final = FileBinding(bytes(32), "application/pdf")


@dataclass(frozen=True)
class TreeOf:
    """The log as its statement's head has it: a LogView."""

    log: SmallLog
    size: int

    def entry(self, index: int) -> bytes:
        if not index < self.size:
            raise AssertionError(index)
        return self.log.entries[index].to_bytes()

    def node(self, level: int, index: int) -> bytes:
        return self.log.tree.read(level, index)


class Liar:
    """A log with one certificate; its bits are what it says, whatever happened."""

    def __init__(self) -> None:
        self.log = SmallLog()
        self.log.close()
        self.log.enrol(ISSUER.public_key, SAMPLE_DID, DESIGNATION)
        self.certificate = self.log.certify(ISSUER)
        self.index, self.slot = self.log.positions[self.certificate.document_hash]

    def event(self, action: StatusAction, *, replaced_by: DocumentHash | None = None) -> int:
        """Log an event as an honest registry does, the bits included."""
        return self.log.change_status(
            self.certificate,
            action,
            next(iter(REASONS[action]), None),
            signer=ISSUER,
            replaced_by=replaced_by,
            file=FILE if action is StatusAction.BIND_FILE else None,
        )

    def junk(self, action: StatusAction, signer: Signer, *, previous: DocumentHash | None) -> int:
        """Log an event that an honest registry refuses, without any effect on the bits."""
        statement = StatusStatement(
            certificate=self.certificate.document_hash,
            issuer=SAMPLE_DID,
            action=action,
            effective=format_time(self.log.time),
            previous=previous,
            reason=next(iter(REASONS[action]), None),
            file=FILE if action is StatusAction.BIND_FILE else None,
        )
        document = secure(
            statement.to_json(),
            signer=signer,
            did=SAMPLE_DID,
            domain=self.log.origin,
            challenge=STATUS_CHALLENGE,
            created=self.log.time,
        )
        return self.log.append(StatementEntry("status", document))

    def say(self, *, revoked: bool | None = None, suspended: bool | None = None) -> None:
        """Set the bits that the next epochs state."""
        pair = self.log.lists[self.slot.list]
        for which, value in enumerate((revoked, suspended)):
            if value is not None:
                changed = set_bit(pair[which], self.slot.index, value)
                pair = (changed, pair[1]) if which == 0 else (pair[0], changed)
        self.log.lists[self.slot.list] = pair

    def neighbour(self) -> SecuredDocument:
        """Log another certificate of the same issuer."""
        number = len(self.log.positions)
        content = conformity_content(slot=Slot(0, number), number=f"MAU-2026-{number:04}")
        return self.log.certify(ISSUER, content | {"id": f"urn:uuid:0192f3a0-7c1e-4b3a-9d55-{number:012x}"})

    def state(self) -> StatusProof:
        """Close an epoch and return what it states of the certificate."""
        self.log.close()
        return self.log.status_proof(self.certificate)

    def view(self) -> TreeOf:
        """Return the log as it stands."""
        return TreeOf(self.log, self.log.size)


def dropped(*actions: StatusAction) -> Callable[[], Liar]:
    """Return the maker of a log whose last event is left out of the lists."""

    def make() -> Liar:
        liar = Liar()
        for action in actions[:-1]:
            liar.event(action)
        before = liar.log.lists[0]
        liar.event(actions[-1])
        liar.log.lists[0] = before
        return liar

    return make
