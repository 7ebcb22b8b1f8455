"""A log in memory that grows, its files, and a monitor that watches it for the sample body."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from certlog.digests import DocumentHash
from certlog.documents import SecuredDocument
from certlog.slots import Slot
from tests.support.certificates import SAMPLE_DID, conformity_content
from tests.support.log_files import MemoryFiles, files_of
from tests.support.signing import ed25519
from tests.support.small_log import DESIGNATION, SmallLog
from verifier.monitor import Look, Monitor, Watch
from verifier.monitor_alarm import Concern
from verifier.monitor_mine import Mine
from verifier.monitor_state import MonitorState

ISSUER: Final = ed25519("issuer")
THIEF: Final = ed25519("thief")
OTHER_DID: Final = "did:web:khac.example.vn"


@dataclass
class World:
    """A log that grows, its files, and a monitor that watches it for the sample body."""

    log: SmallLog = field(default_factory=SmallLog)
    made: set[DocumentHash] = field(default_factory=set)
    files: MemoryFiles = field(default_factory=lambda: MemoryFiles({}))
    numbers: int = 0

    def __post_init__(self) -> None:
        self.log.enrol(ISSUER.public_key, SAMPLE_DID, DESIGNATION)
        self.log.enrol(ed25519("other").public_key, OTHER_DID)
        self.close()

    @property
    def now(self) -> int:
        return self.log.time

    def certify(self, *, mine: bool = True) -> SecuredDocument:
        self.numbers += 1
        content = conformity_content(
            slot=Slot(0, self.numbers), number=f"M-{self.numbers}", origin=self.log.origin
        )
        document = self.log.certify(ISSUER, content)
        if mine:
            self.made.add(document.document_hash)
        return document

    def close(self) -> None:
        """End in an epoch, and serve that."""
        self.log.close()
        self.files.served = files_of(self.log)

    def watch(self, **changes: Any) -> Watch:
        return replace(Watch(self.files, self.log.trust_root(), self.mine), **changes)

    def mine(self) -> tuple[Mine, ...]:
        return (Mine(SAMPLE_DID, frozenset(self.made), (ISSUER.public_key.multibase,)),)

    def monitor(self, state: MonitorState | None = None, **changes: Any) -> Monitor:
        return Monitor(self.watch(**changes), state)


def concerns(look: Look) -> list[Concern]:
    return [alarm.concern for alarm in look.alarms if not alarm.is_notice]
