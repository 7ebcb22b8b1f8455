"""The registry's side of a successor: anchoring goes on in the log that the owner opened from a head of ours.

The old log's line ends with that head, for good; the new log's line begins with it. Nobody is believed but the
contract: the successor's id itself fixes size and root, and the head's block is read in finalized state.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, insert, select, update

from anchoring import tables
from anchoring.batch import Batch, Head, Inclusion, State, Target
from anchoring.contract import successor_id
from anchoring.database import Database
from anchoring.deploy import require_chain
from anchoring.line_queries import line_is
from anchoring.ownership import OwnedChain
from anchoring.rows import AnyRow, batch_from_row, batch_to_row
from anchoring.settings import AnchoringSettings
from certlog.errors import InvalidInput, NotTrusted, Unavailable
from certlog.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Succession:
    """A successor that was found, final, and the batch of ours that it begins with."""

    target: Target
    anchorer: str
    batch: Batch
    """As the successor holds it: FINAL, at the block of its first anchor."""


def find_successor(chain: OwnedChain, settings: AnchoringSettings, database: Database) -> Succession:
    """Return the successor of a line's log.

    Raises:
        InvalidInput: there is none in finalized state, or the node is on another chain.
        NotTrusted: it does not begin with a head of this database, or other code answers.
        Unavailable: the node does not answer.
    """
    require_chain(chain, settings.chain_id)
    if (found := "0x" + chain.code_hash().hex()) != settings.code_hash:
        raise NotTrusted(
            Sentence(
                "expected code {wanted} at the contract, found {found}",
                wanted=settings.code_hash,
                found=found,
            )
        )
    final, target = chain.finalized(), settings.target()
    successor = chain.successor_of(target.log_id, final)
    if successor is None:
        message = Sentence(
            "log {log_id} has no successor at finalized block {number}; the owner opens it with: "
            "certlog anchor open-successor",
            log_id=target.log_id.hex(),
            number=final.number,
        )
        raise InvalidInput(message, code="no-successor")
    head = chain.head(successor, final)
    if head.anchorer is None or head.sealed:
        raise NotTrusted(Sentence("the successor {log_id} is not open for anchors", log_id=successor.hex()))
    ours = _begins_with(database, target, successor)
    anchored = chain.anchored_at(successor, ours.new, final)
    if anchored is None:
        raise Unavailable(Sentence("the node contradicts itself about log {log_id}", log_id=successor.hex()))
    batch = replace(
        ours,
        state=State.FINAL,
        inclusion=Inclusion(anchored.block_number, anchored.block_time, None),
        finalized_number=final.number,
    )
    return Succession(replace(target, log_id=successor), head.anchorer, batch)


def follow(database: Database, old: Target, found: Succession, *, at: int) -> None:
    """End the old line and begin the new one, in one transaction; harmless to repeat."""
    with database.writing() as connection:
        ended = update(tables.lines).where(*line_is(old))
        connection.execute(ended.values(max_size=found.batch.new.size))
        if connection.execute(select(tables.lines.c.id).where(*line_is(found.target))).first() is None:
            _begin(connection, found, at)


def _begin(connection: Connection, found: Succession, at: int) -> None:
    target = found.target
    made = connection.execute(
        insert(tables.lines).values(
            chain_id=target.chain_id,
            contract=target.contract,
            log_id=target.log_id,
            origin=target.origin,
            opened_at=at,
            created_at=at,
        )
    )
    key = made.inserted_primary_key
    if key is None:
        raise Unavailable("the database gave no id to a line")
    connection.execute(insert(tables.polls).values(line_id=key[0]))
    connection.execute(insert(tables.batches).values(line_id=key[0], **batch_to_row(found.batch)))


def _begins_with(database: Database, old: Target, successor: bytes) -> Batch:
    """Return the batch of the old line whose head gives the successor its id."""
    query = (
        select(tables.batches)
        .join(tables.lines, tables.lines.c.id == tables.batches.c.line_id)
        .where(*line_is(old))
        .order_by(tables.batches.c.number.desc())
    )
    with database.reading() as connection:
        for row in connection.execute(query):
            if _leads_to(row, old, successor):
                return batch_from_row(row, None)
    message = Sentence(
        "the successor {log_id} does not begin with a head of this database: the owner took another one. "
        "Follow it only with the database that holds that head",
        log_id=successor.hex(),
    )
    raise NotTrusted(message, code="foreign-successor")


def _leads_to(row: AnyRow, old: Target, successor: bytes) -> bool:
    head = Head(row.size, row.root)
    return successor_id(old.log_id, head.size, head.root) == successor
