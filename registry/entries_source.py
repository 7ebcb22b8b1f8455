"""A database's entries read as a log's files: what an auditor reads, made from the stored bytes alone.

No stored hash is taken over: tiles are computed from the entries' data. So an audit of a database, and a rebuild from
what is left of one, ask the same questions as of any log.
"""

from typing import Final

from sqlalchemy import Connection, select

from certlog.errors import InvalidInput, Unavailable
from certlog.sentences import Sentence
from certlog.tile_reader import MissingTile
from certlog.tiles import encode_bundle, hash_tile, parse_tile_path
from certlog.tree import MemoryTree, leaf_hash
from registry.heads import newest_checkpoint
from registry.tables import entries

_STREAMED: Final = {"yield_per": 1000}


class EntriesSource:
    """A verifier's LogSource over one database, as it stands when it is made."""

    is_the_log: Final = False

    def __init__(self, connection: Connection, name: str) -> None:
        """Hash every entry; a gap ends the log there.

        Args:
            connection: a reading transaction, open as long as this is read.
            name: what people call the database.
        """
        self.name: Final = name
        self._connection = connection
        self._tree = MemoryTree()
        query = select(entries.c.leaf_index, entries.c.data).order_by(entries.c.leaf_index)
        with connection.execute(query, execution_options=_STREAMED) as rows:
            for index, data in rows:
                if index != self._tree.size:
                    break
                self._tree.append(leaf_hash(data))

    def read(self, path: str) -> bytes:
        """Return what a log would serve at a path: `checkpoint`, a tile, a bundle.

        Raises:
            MissingTile: the database holds no such entries, or no signed checkpoint.
        """
        if path == "checkpoint":
            return self._checkpoint()
        try:
            tile = parse_tile_path(path)
        except InvalidInput as error:
            raise MissingTile(Sentence("{folder} holds no {path}", folder=self.name, path=path)) from error
        if tile.end > self._tree.size:
            raise MissingTile(Sentence("{folder} holds no {path}", folder=self.name, path=path))
        if tile.level is not None:
            return hash_tile(tile, self._tree.read)
        rows = self._connection.execute(
            select(entries.c.data)
            .where(entries.c.leaf_index >= tile.start, entries.c.leaf_index < tile.end)
            .order_by(entries.c.leaf_index)
        ).scalars()
        return encode_bundle([bytes(data) for data in rows])

    def close(self) -> None:
        """Do nothing: the connection is the caller's."""

    def _checkpoint(self) -> bytes:
        newest = newest_checkpoint(self._connection)
        if newest is None:
            raise Unavailable(Sentence("{folder} holds no signed checkpoint", folder=self.name))
        return newest.note.encode()
