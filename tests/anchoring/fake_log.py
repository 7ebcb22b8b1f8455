"""A log in memory that keeps the CheckpointSource port: appends, seals by number, proves, signs real notes."""

from anchoring.ports import SealedHead
from certlog.checkpoint import Checkpoint, sign_checkpoint
from certlog.digests import RootHash
from certlog.tree import MemoryTree, leaf_hash
from tests.support.signing import log_signer

ORIGIN = "registry.example.vn"


class FakeLog:
    """Durable by definition: a crash of the worker does not touch it."""

    def __init__(self, origin: str = ORIGIN, history: str = "entry") -> None:
        self.origin = origin
        self.history = history
        self.tree = MemoryTree()
        self.seals: dict[int, int] = {}
        self._notes: dict[int, str] = {}

    def append(self, count: int = 1) -> None:
        for _ in range(count):
            self.tree.append(leaf_hash(f"{self.history} {self.tree.size}".encode()))

    def seal(self, batch_number: int) -> SealedHead:
        if batch_number not in self.seals:
            self.append()  # the epoch
            self.seals[batch_number] = self.tree.size
        size = self.seals[batch_number]
        root = self.root(size)
        if size not in self._notes:
            checkpoint = Checkpoint(self.origin, size, root)
            self._notes[size] = sign_checkpoint(checkpoint, log_signer(self.origin))
        return SealedHead(self.origin, size, root, self._notes[size])

    def sealed_batches(self) -> tuple[tuple[int, SealedHead], ...]:
        return tuple((number, self.seal(number)) for number in sorted(self.seals))

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        return self.tree.consistency(old, new)

    def latest_size(self) -> int:
        return self.tree.size

    def root(self, size: int) -> RootHash:
        return self.tree.root(size)
