"""The log's tree as the database keeps it: size, nodes, proofs, and the appending of leaves.

Hashing is certlog.tree's (RFC 9162); this module only reads and writes rows. Level 0 is entries.leaf_hash.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select

from certlog.digests import LeafHash
from certlog.errors import Unavailable
from certlog.sentences import Sentence
from certlog.tree import NodeReader, leaf_hash, new_nodes
from registry.tables import entries, nodes

# Built once: a proof reads dozens of nodes, and building a statement costs more than running it.
_ENTRY: Final = select(entries).where(entries.c.leaf_index == bindparam("at"))
_LEAF: Final = select(entries.c.leaf_hash).where(entries.c.leaf_index == bindparam("at"))
_NODE: Final = select(nodes.c.hash).where(
    nodes.c.level == bindparam("of_level"), nodes.c.position == bindparam("at")
)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One row of the log."""

    index: int
    leaf_hash: LeafHash
    type: str
    data: bytes
    logged_at: int


def tree_size(connection: Connection) -> int:
    """Return the number of entries."""
    newest = connection.execute(select(func.max(entries.c.leaf_index))).scalar_one()
    return 0 if newest is None else int(newest) + 1


def read_entry(connection: Connection, index: int) -> StoredEntry | None:
    """Return one entry, or None beyond the end."""
    row = connection.execute(_ENTRY, {"at": index}).one_or_none()
    if row is None:
        return None
    return StoredEntry(row.leaf_index, LeafHash(row.leaf_hash), row.type, row.data, row.logged_at)


def node_reader(connection: Connection) -> NodeReader:
    """Return the stored tree's NodeReader.

    Raises:
        Unavailable: by the reader, for a node that should be stored and is not.
    """

    def read(level: int, index: int) -> bytes:
        values = {"of_level": level, "at": index} if level else {"at": index}
        found = connection.execute(_NODE if level else _LEAF, values).scalar_one_or_none()
        if found is None:
            message = Sentence(
                "the stored tree is damaged: node level {level} index {index} is missing; "
                "restore from a backup",
                level=level,
                index=index,
            )
            raise Unavailable(message)
        return bytes(found)

    return read


class LeafAppender:
    """Appends leaves within one writing transaction; rows are written in bulk by `flush`."""

    def __init__(self, connection: Connection, now: int) -> None:
        """Start at the end of the stored tree."""
        self._connection: Final = connection
        self._now: Final = now
        self._stored = node_reader(connection)
        self._fresh: dict[tuple[int, int], bytes] = {}
        self._entries: list[dict[str, object]] = []
        self._nodes: list[dict[str, object]] = []
        self.size = tree_size(connection)

    def append(self, kind: str, data: bytes, *, logged_at: int | None = None) -> tuple[int, LeafHash]:
        """Append one entry, logged now or, where it is written again, when it was; return its index and leaf hash."""
        index, leaf = self.size, leaf_hash(data)
        for level, position, digest in new_nodes(index, leaf, self._read):
            self._fresh[level, position] = digest
            if level:
                self._nodes.append({"level": level, "position": position, "hash": digest})
        self._entries.append(
            {
                "leaf_index": index,
                "leaf_hash": leaf,
                "type": kind,
                "data": data,
                "logged_at": self._now if logged_at is None else logged_at,
            }
        )
        self.size += 1
        return index, leaf

    def flush(self) -> None:
        """Write the rows appended since the last flush."""
        if self._entries:
            self._connection.execute(insert(entries), self._entries)
        if self._nodes:
            self._connection.execute(insert(nodes), self._nodes)
        self._entries, self._nodes = [], []

    def _read(self, level: int, index: int) -> bytes:
        fresh = self._fresh.get((level, index))
        return self._stored(level, index) if fresh is None else fresh
