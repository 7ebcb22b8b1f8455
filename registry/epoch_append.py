"""Appends an epoch: the state after every entry before it, computed inside the appending transaction.

The trust root is computed from the replayed statements and again from the stored records: they must agree.
"""

from sqlalchemy import Connection, select

from certlog.digests import LeafHash, RootHash
from certlog.entry import EpochEntry, parse_entry
from certlog.epoch import Epoch
from certlog.errors import Unavailable
from certlog.issuer_record import trust_tree
from certlog.sentences import Sentence
from certlog.tree import MemoryTree
from certlog.trust_state import TrustState
from registry.append import Appending
from registry.log_tree import read_entry, tree_size
from registry.status_lists import EMPTY_LEAF, changed_leaves, leaves_at, list_pairs
from registry.tables import epochs
from registry.trust_ledger import operator_as_of, records_as_of
from registry.views import write_epoch


def last_epoch(connection: Connection) -> Epoch | None:
    """Return the newest epoch, or None before the first."""
    index = connection.execute(
        select(epochs.c.leaf_index).order_by(epochs.c.number.desc()).limit(1)
    ).scalar_one_or_none()
    return None if index is None else epoch_at(connection, index)


def epoch_at(connection: Connection, index: int) -> Epoch:
    """Return the epoch logged at an index; requires that it is one."""
    stored = read_entry(connection, index)
    entry = None if stored is None else parse_entry(stored.data)
    if not isinstance(entry, EpochEntry):
        message = Sentence("entry {index} is listed as an epoch and is none; see registry check", index=index)
        raise Unavailable(message)
    return entry.epoch


def append_epoch(appending: Appending) -> Epoch:
    """Append the next epoch; its index is its as_of.

    Raises:
        Unavailable: the clock runs behind the last epoch, or the stored views contradict the replay.
    """
    appending.flush()
    before = last_epoch(appending.connection)
    if before is not None and appending.now < before.time:
        message = (
            "the clock is behind the last epoch's time: set the machine's clock right, then signing goes on"
        )
        raise Unavailable(message)
    epoch, changed = next_epoch(appending.connection, appending.trust, before, appending.now)
    appending.leaves.append("epoch", EpochEntry(epoch).to_bytes())
    appending.flush()
    write_epoch(appending.connection, epoch, changed)
    return epoch


def next_epoch(
    connection: Connection, trust: TrustState, before: Epoch | None, now: int
) -> tuple[Epoch, dict[int, LeafHash]]:
    """Return the epoch that the end of the log calls for, and the status leaves that it changes.

    Args:
        connection: a transaction in which every row of the entries so far is written.
        trust: the state after those entries.
        before: the newest epoch among them.
        now: seconds since the epoch.
    """
    as_of, pairs = tree_size(connection), list_pairs(connection)
    changed = changed_leaves(connection, before, as_of)
    leaves = [] if before is None else leaves_at(connection, before.number, before.status_lists)
    leaves += [EMPTY_LEAF] * (2 * pairs - len(leaves))
    for leaf, digest in changed.items():
        leaves[leaf] = digest
    epoch = Epoch(
        number=0 if before is None else before.number + 1,
        time=now,
        as_of=as_of,
        status_lists=pairs,
        status_root=MemoryTree(leaves).root(),
        trust_records=trust.trust_tree().size,
        trust_root=_trust_root(connection, trust, as_of),
    )
    return epoch, changed


def _trust_root(connection: Connection, trust: TrustState, as_of: int) -> RootHash:
    replayed = trust.trust_tree().root()
    operator = operator_as_of(connection, trust.operator, as_of)
    stored = trust_tree(operator, records_as_of(connection, as_of).values()).root()
    if replayed != stored:
        message = Sentence(
            "stored issuer records have root {stored}, the log gives {replayed}: see registry check",
            stored=stored.hex(),
            replayed=replayed.hex(),
        )
        raise Unavailable(message)
    return replayed
