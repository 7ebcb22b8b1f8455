"""A real registry with real anchors in its data folder, but no chain: what a worker read is written by hand.

The heads are sealed and signed by the real publisher; only the rows that a worker would have written about a chain
(blocks, times, finality) are made up, so that a test can say what the chain held.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from apiflask import APIFlask
from sqlalchemy import insert

from anchoring import tables
from anchoring.batch import HaltReason, State
from anchoring.database import Database, open_database
from certlog.certificate_id import certificate_id
from certlog.credential import slot_of
from certlog.documents import SecuredDocument
from certlog.trust_root import Chain, LogId
from registry.own_trust_root import update_trust_root
from tests.support.registry import RegistryWorld, as_submission, make_world
from web.app import create_app
from web.wiring import open_services

CHAIN_ID: Final = 31337
CONTRACT: Final = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
LOG_ID: Final = bytes.fromhex("cd" * 32)
ANCHORING: Final = "anchoring.db"


@dataclass
class RealRegistry:
    """A registry's data folder, and the means to fill it."""

    world: RegistryWorld
    anchoring: Database
    line: int
    batches: int = 0

    @property
    def app(self) -> APIFlask:
        """A new application over the folder, as a web worker makes it."""
        return create_app(open_services(self.world.folder, self.world.surroundings))

    def issue(self, document: SecuredDocument | None = None, *, publish: bool = True) -> SecuredDocument:
        """Log a certificate."""
        document = document or self.world.certificate()
        self.world.logged(as_submission(document, slot_of(document.content), publish=publish))
        return document

    def anchor(self, state: State = State.FINAL) -> int:
        """Seal a batch and write what a worker would have: its state and block. Return its size."""
        number, now = self.batches, self.world.clock()
        self.batches += 1
        sealed = self.world.publisher.seal_batch(number)
        in_block = state in (State.INCLUDED, State.FINAL)
        with self.anchoring.writing() as connection:
            connection.execute(
                insert(tables.batches).values(
                    line_id=self.line,
                    number=number,
                    state=str(state),
                    version=1,
                    old_size=0,
                    old_root=bytes(32),
                    size=sealed.size,
                    root=sealed.root,
                    note=sealed.note,
                    sealed_at=now,
                    changed_at=now,
                    block_number=100 + number if in_block else None,
                    block_time=now if in_block else None,
                    tx_hash=number.to_bytes(32, "big") if in_block else None,
                    finalized_number=101 + number if state is State.FINAL else None,
                )
            )
        return sealed.size

    def poll(self, *, problem: str = "") -> None:
        """Write that the worker has just read the chain."""
        with self.anchoring.writing() as connection:
            connection.execute(tables.polls.delete())
            connection.execute(
                insert(tables.polls).values(
                    line_id=self.line,
                    read_at=self.world.clock(),
                    latest_number=210,
                    latest_time=self.world.clock(),
                    finalized_number=200,
                    finalized_time=self.world.clock() - 10,
                    problem=problem,
                )
            )

    def halt(self, reason: HaltReason) -> None:
        """Write that the worker has stopped for this reason."""
        with self.anchoring.writing() as connection:
            connection.execute(
                insert(tables.halts).values(
                    line_id=self.line, reason=str(reason), detail="as a test says", at=self.world.clock()
                )
            )

    def close(self) -> None:
        """Close every connection."""
        self.anchoring.close()
        self.world.close()


def make_real_registry(path: Path, *, clock: int, **settings: str | int) -> RealRegistry:
    """Make a registry that enrolled the sample body and trusts one local chain.

    Args:
        path: the data folder to make.
        clock: the time now.
        settings: changes to the registry's settings.
    """
    world = make_world(path, None, **settings)
    world.clock.time = clock
    world.enrol()
    chain = Chain(
        id=CHAIN_ID,
        chain_class="local",
        contract=CONTRACT.lower(),
        code_hash="0x" + "ab" * 32,
        log_ids=(LogId("0x" + LOG_ID.hex(), None),),
        endpoints=("http://127.0.0.1:8545",),
        quorum=1,
        finality=None,
    )
    update_trust_root(world.folder, world.settings, (chain,), replace=True)
    anchoring = open_database(path / ANCHORING, create=True)
    with anchoring.writing() as connection:
        line = connection.execute(
            insert(tables.lines).values(
                chain_id=CHAIN_ID,
                contract=CONTRACT,
                log_id=LOG_ID,
                origin=world.origin,
                opened_at=clock,
                created_at=clock,
            )
        ).inserted_primary_key
    if line is None:
        message = "no line was made"
        raise AssertionError(message)
    return RealRegistry(world, anchoring, line[0])


def id_of(document: SecuredDocument) -> str:
    """Return a certificate's id."""
    return certificate_id(document.document_hash)
