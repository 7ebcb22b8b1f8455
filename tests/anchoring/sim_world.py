"""A world that is fast enough for thousands of lives: the real worker and store, cheap signatures, a log made once.

The database is the real one, in a folder that is memory where the machine has one; it is emptied between lives. What
costs time and proves nothing here is left out: a signature is a hash of what it signs, the log's tree is shared.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from anchoring import tables
from anchoring.batch import Attempt
from anchoring.contract import checksummed
from anchoring.database import Database
from anchoring.keystore import AccountSigner
from anchoring.ports import LockHeld, SealedHead, SendAnswer, UnsignedTransaction
from certlog.checkpoint import Checkpoint, sign_checkpoint
from certlog.digests import RootHash
from certlog.errors import InvalidInput
from certlog.tree import MemoryTree, leaf_hash
from tests.anchoring.fake_chain import Clock, FakeChain, Tx
from tests.anchoring.fake_log import ORIGIN, FakeLog
from tests.anchoring.quick_database import open_quick_database
from tests.anchoring.world import World
from tests.support.databases import Place
from tests.support.signing import log_signer

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - memory, where there is some; a folder of our own is made in it
ADDRESS: Final = checksummed(b"\x51" * 20)


class CheapSigner(AccountSigner):
    """A key whose signature is a hash. The chain below recognises its transactions by their bytes."""

    def __init__(self, known: dict[bytes, Tx]) -> None:
        """Tell the chain of each transaction that is signed."""
        self._known = known

    @property
    def address(self) -> str:
        """See TransactionSigner."""
        return ADDRESS

    def sign(self, transaction: UnsignedTransaction, at: int) -> Attempt:
        """See TransactionSigner."""
        raw, tx_hash = _signed(transaction)
        fees = transaction.fees
        tip = fees.max_fee if fees.priority_fee is None else fees.priority_fee
        to = bytes.fromhex((transaction.to or "0x")[2:])
        self._known[raw] = Tx(
            tx_hash,
            ADDRESS,
            transaction.nonce,
            to,
            transaction.data,
            transaction.chain_id,
            raw,
            fees.max_fee,
            tip,
            transaction.gas,
        )
        return Attempt(raw, tx_hash, fees, at)


def _signed(transaction: UnsignedTransaction) -> tuple[bytes, bytes]:
    raw = repr(transaction).encode()
    return raw, hashlib.sha256(raw).digest()


class SimChain(FakeChain):
    """The fake chain, which also keeps what it was sent, whatever became of it."""

    newest: "SimChain"
    """The one of the life that is being lived."""

    def __init__(self, clock: Clock, *, finality: int) -> None:
        """Begin with a few empty blocks."""
        SimChain.newest = self
        self.received: list[bytes] = []
        super().__init__(clock, finality=finality)

    def send_raw(self, raw: bytes) -> SendAnswer:
        """See Chain."""
        self.received.append(raw)
        return super().send_raw(raw)

    def pending(self, account: str) -> int:
        """Return what a node calls the "pending" transaction count: the trap."""
        nonce = self.blocks[-1].state.nonces.get(account, 0)
        while (account, nonce) in self.mempool:
            nonce += 1
        return nonce

    def _hash(self, number: int) -> bytes:
        return hashlib.sha256(f"block {number} of fork {self._forks}".encode()).digest()


_TREE: Final = MemoryTree()
_SIGNER: Final = log_signer(ORIGIN)


def _grown(size: int) -> MemoryTree:
    while _TREE.size < size:
        _TREE.append(leaf_hash(f"entry {_TREE.size}".encode()))
    return _TREE


@cache
def _root(size: int) -> RootHash:
    return _grown(size).root(size)


@cache
def _sealed(size: int) -> SealedHead:
    return SealedHead(
        ORIGIN, size, _root(size), sign_checkpoint(Checkpoint(ORIGIN, size, _root(size)), _SIGNER)
    )


@cache
def _consistency(old: int, new: int) -> tuple[bytes, ...]:
    return _grown(new).consistency(old, new)


class SimLog(FakeLog):
    """A log of the one history that all lives share; each life has its own size and seals."""

    def __init__(self) -> None:
        """Begin with three entries."""
        self.origin = ORIGIN
        self.size = 3
        self.seals: dict[int, int] = {}

    def append(self, count: int = 1) -> None:
        """Make it longer."""
        self.size += count

    def seal(self, batch_number: int) -> SealedHead:
        """See CheckpointSource; as the registry, it seals no number that a later one has passed."""
        if batch_number not in self.seals:
            if self.seals and batch_number < max(self.seals):
                raise InvalidInput("a later batch is sealed already")
            self.append()
            self.seals[batch_number] = self.size
        return _sealed(self.seals[batch_number])

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """See CheckpointSource."""
        return _consistency(old, new)

    def latest_size(self) -> int:
        """See CheckpointSource."""
        return self.size

    def root(self, size: int) -> RootHash:
        """Return the root of a size."""
        return _root(size)


class SimLock:
    """A lock in memory, with the faults that locks have: `broken`, it lets everybody in."""

    holder: "SimLock | None" = None
    broken = False

    def acquire(self) -> None:
        """See LeaderLock."""
        if not SimLock.broken and SimLock.holder not in (None, self):
            raise LockHeld("another worker holds the lock")
        SimLock.holder = self

    def release(self) -> None:
        """See LeaderLock."""
        if SimLock.holder is self:
            SimLock.holder = None


Rows = dict[str, list[dict[str, Any]]]


def save_rows(database: Database) -> Rows:
    """Return all rows: a backup."""
    with database.reading() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in tables.metadata.sorted_tables
        }


def put_rows(database: Database, rows: Rows) -> None:
    """Restore a backup: all that was written since is gone."""
    with database.writing() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(table.delete())
        for table in tables.metadata.sorted_tables:
            if rows[table.name]:
                connection.execute(table.insert(), rows[table.name])


EMPTY: Final[Rows] = {table.name: [] for table in tables.metadata.sorted_tables}


@contextmanager
def sim_database() -> Iterator[Database]:
    """Make a database in memory, or in the folder for temporary files."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        database = open_quick_database(Path(folder) / "anchoring.db")
        try:
            yield database
        finally:
            database.close()


def sim_world(database: Database, finality: int) -> World:
    """Return a fresh world in an emptied database."""
    put_rows(database, EMPTY)
    SimLock.holder, SimLock.broken = None, False
    clock = Clock()
    chain = SimChain(clock, finality=finality)
    path = Path(database.name)
    return World(
        folder=path.parent,
        clock=clock,
        chain=chain,
        log=SimLog(),
        signer=CheapSigner(chain.known),
        place=Place(path),
        database=database,
        lock_class=SimLock,
    )
