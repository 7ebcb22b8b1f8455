"""Status lists and the status tree as of any log position, from the history of bit changes.

Nothing is overwritten: the list that an epoch committed can be read back for as long as the log lives.
"""

from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from certlog.digests import LeafHash
from certlog.epoch import Epoch
from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.slots import LIST_SIZE
from certlog.status_list import PURPOSES, StatusPurpose, empty_list, status_leaf
from registry.tables import bit_changes, certificates, status_leaves

EMPTY_LEAF: Final = status_leaf(empty_list())

_NEWEST_LEAF: Final = (
    select(status_leaves.c.hash)
    .where(status_leaves.c.leaf == bindparam("of"), status_leaves.c.epoch <= bindparam("at"))
    .order_by(status_leaves.c.epoch.desc())
    .limit(1)
)


def bits_as_of(connection: Connection, number: int, purpose: StatusPurpose, as_of: int) -> bytes:
    """Return the 16,384 bytes of one list after entries 0 .. as_of-1."""
    first = number * LIST_SIZE
    changes = connection.execute(
        select(bit_changes.c.slot, bit_changes.c.value)
        .where(bit_changes.c.purpose == PURPOSES.index(purpose))
        .where(bit_changes.c.slot.between(first, first + LIST_SIZE - 1), bit_changes.c.leaf_index < as_of)
        .order_by(bit_changes.c.leaf_index)
    )
    bits = bytearray(empty_list())
    for slot, value in changes:
        byte, mask = (slot - first) >> 3, 0x80 >> (slot & 7)
        bits[byte] = bits[byte] | mask if value else bits[byte] & ~mask
    return bytes(bits)


def current_bit(connection: Connection, slot: int, purpose: StatusPurpose) -> bool:
    """Return one bit at the end of the log, by the slot's position in the row of all lists."""
    newest = connection.execute(
        select(bit_changes.c.value)
        .where(bit_changes.c.purpose == PURPOSES.index(purpose), bit_changes.c.slot == slot)
        .order_by(bit_changes.c.leaf_index.desc())
        .limit(1)
    ).scalar_one_or_none()
    return bool(newest)


def list_pairs(connection: Connection) -> int:
    """Return 1 + the highest list that a certificate entry uses, or 0."""
    highest = connection.execute(select(func.max(certificates.c.slot))).scalar_one()
    return 0 if highest is None else int(highest) // LIST_SIZE + 1


def changed_leaves(connection: Connection, before: Epoch | None, as_of: int) -> dict[int, LeafHash]:
    """Return the leaves of the status tree that are new or changed at the end of the log, by position.

    Args:
        connection: a transaction whose log ends at `as_of`.
        before: the epoch before, whose tree holds every earlier change.
        as_of: state after entries 0 .. as_of-1.
    """
    pairs_before, since = (0, 0) if before is None else (before.status_lists, before.as_of)
    leaves = dict.fromkeys(range(2 * pairs_before, 2 * list_pairs(connection)), EMPTY_LEAF)
    touched = connection.execute(
        select(bit_changes.c.purpose, bit_changes.c.slot).where(bit_changes.c.leaf_index >= since).distinct()
    )
    for purpose, number in sorted({(row.purpose, row.slot // LIST_SIZE) for row in touched}):
        bits = bits_as_of(connection, number, PURPOSES[purpose], as_of)
        leaves[2 * number + purpose] = status_leaf(bits)
    return leaves


def leaves_at(connection: Connection, epoch_number: int, pairs: int) -> list[LeafHash]:
    """Return the leaves of the status tree that an epoch committed; requires the epoch's rows to be written."""
    leaves: list[LeafHash] = []
    for leaf in range(2 * pairs):
        newest = connection.execute(_NEWEST_LEAF, {"of": leaf, "at": epoch_number}).scalar_one_or_none()
        if newest is None:
            message = Sentence(
                "leaf {leaf} of the status tree of epoch {epoch_number} is missing: see registry check",
                leaf=leaf,
                epoch_number=epoch_number,
            )
            raise Unavailable(message)
        leaves.append(LeafHash(newest))
    return leaves
