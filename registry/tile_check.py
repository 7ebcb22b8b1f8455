"""Compares the whole log as the database has it with its tiles as they are stored, and tells which side is wrong.

The root that was signed decides: a tile that leads to it is right, and so is the database where its entries do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection

from certlog.digests import LeafHash, same
from certlog.errors import InvalidInput
from certlog.sentences import Sentence
from certlog.tile_builder import TileBuilder
from certlog.tile_reader import MissingTile, TileReader, read_tile, require_leaves
from certlog.tiles import FULL, Tile, decode_bundle, encode_bundle, tile_at
from registry.last_signed_head import SignedHead
from registry.recompute import leaf_or_nothing, wrong_node
from registry.tile_content import stored_entries, tile_contents
from registry.tile_store import TileStore
from registry.tile_writer import write_tiles

Side = Literal["tiles", "database", "unknown"]


@dataclass(frozen=True, slots=True)
class Damage:
    """One difference.

    Attributes:
        side: which side is wrong; "unknown" where neither leads to the signed root.
        place: the tile's path, or the entry or node in the database.
        problem: what is wrong there.
        tile: the tile or bundle to write again; None in the database.
        missing: whether there is simply nothing.
    """

    side: Side
    place: str
    problem: str
    tile: Tile | None = None
    missing: bool = False


def examine(connection: Connection, head: SignedHead, store: TileStore) -> tuple[Damage, ...]:
    """Compare everything up to a signed head; return what is wrong, in the order of the log.

    Args:
        connection: one consistent snapshot.
        head: the last signed head.
        store: where the tiles are.

    Raises:
        Unavailable: the store cannot be asked.
    """
    return _Examination(connection, head, store).run()


def mend(connection: Connection, store: TileStore, damages: Sequence[Damage]) -> int:
    """Write the tiles anew that are missing or wrong, from the database; return how many.

    Only for a database that leads to the signed root: see `mendable`.

    Raises:
        SigningHalted: the database is damaged after all.
        Unavailable: the store cannot be written.
    """
    missing = [damage.tile for damage in damages if damage.tile is not None and damage.missing]
    wrong = [damage.tile for damage in damages if damage.tile is not None and not damage.missing]
    write_tiles(store, tile_contents(connection, missing))
    for path, data in tile_contents(connection, wrong):
        store.replace(path, data, instead_of=store.read(path))
    return len(missing) + len(wrong)


def mendable(damages: Sequence[Damage]) -> bool:
    """Tell whether the tiles alone are wrong."""
    return all(damage.side == "tiles" for damage in damages)


class _Examination:
    """One walk over the log."""

    def __init__(self, connection: Connection, head: SignedHead, store: TileStore) -> None:
        self._connection = connection
        self._head = head
        self._store = store
        self._reader = TileReader(store, head.size, head.root)
        self._builder = TileBuilder()
        self._found: list[Damage] = []

    def run(self) -> tuple[Damage, ...]:
        for number in range((self._head.size + FULL - 1) // FULL):
            self._examine_block(tile_at(self._head.size, None, number))
        for tile, hashes in self._builder.partial():
            self._examine_hashes(tile, hashes)
        return tuple(self._judged())

    def _examine_block(self, bundle: Tile) -> None:
        rows = stored_entries(self._connection, bundle)
        entries = [None if row is None else row[0] for row in rows]
        hashes = [leaf_or_nothing(entry) for entry in entries]
        for at, row in enumerate(rows):
            if row is None or not same(hashes[at], row[1]):
                self._database(
                    bundle.start + at, Sentence("missing, or its bytes do not have its stored hash")
                )
        signed = self._signed_hashes(tile_at(self._head.size, 0, bundle.index))
        if signed is not None:
            self._compare_entries(bundle, rows, hashes, signed)
            hashes = signed
        self._examine_bundle(bundle, entries, hashes)
        for leaf in hashes:
            for tile, built in self._builder.add(leaf):
                self._examine_hashes(tile, built)

    def _compare_entries(
        self,
        bundle: Tile,
        rows: Sequence[tuple[bytes, bytes] | None],
        hashes: Sequence[LeafHash],
        signed: Sequence[LeafHash],
    ) -> None:
        """Name entries that are whole by their own row, and others than those that were signed."""
        for at, (digest, truth) in enumerate(zip(hashes, signed, strict=True)):
            row = rows[at]
            if row is not None and same(digest, row[1]) and not same(digest, truth):
                self._database(bundle.start + at, Sentence("another entry than the one that was signed"))

    def _signed_hashes(self, tile: Tile) -> list[LeafHash] | None:
        """Return a tile's hashes where they lead to the signed root."""
        try:
            return [LeafHash(digest) for digest in self._reader.hashes(tile)]
        except (InvalidInput, MissingTile):
            return None  # named by _examine_hashes

    def _examine_bundle(
        self, bundle: Tile, entries: Sequence[bytes | None], hashes: Sequence[LeafHash]
    ) -> None:
        try:
            found = read_tile(self._store, bundle)
        except MissingTile as error:
            self._tile(bundle, error, missing=True)
            return
        except InvalidInput as error:
            self._tile(bundle, error)
            return
        whole = [entry for entry in entries if entry is not None]
        if len(whole) == bundle.width and found == encode_bundle(whole):
            return
        try:
            require_leaves(bundle, decode_bundle(found, bundle.width), hashes)
        except InvalidInput as error:
            self._tile(bundle, error)

    def _examine_hashes(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        """Compare a hash tile with what the entries lead to, and the database's own nodes inside it."""
        try:
            if read_tile(self._store, tile) != b"".join(hashes):
                self._tile(tile, Sentence("other hashes than those of the entries"))
        except MissingTile as error:
            self._tile(tile, error, missing=True)
        wrong = wrong_node(self._connection, tile, hashes)
        if wrong is not None:
            place = Sentence("node level {level} index {position}", level=wrong[0], position=wrong[1])
            self._found.append(
                Damage("database", place, Sentence("missing, or not the hash of what it covers"))
            )

    def _database(self, index: int, problem: str) -> None:
        self._found.append(Damage("database", Sentence("entry {index}", index=index), problem))

    def _tile(self, tile: Tile, problem: str | Exception, *, missing: bool = False) -> None:
        said = problem if isinstance(problem, str) else str(problem)
        self._found.append(Damage("tiles", tile.path, said, tile, missing))

    def _judged(self) -> Iterator[Damage]:
        """Blame the tiles only where what was walked leads to the root that was signed."""
        found, signed = self._builder.root(), self._head.root
        leads = same(found, signed)
        for damage in self._found:
            yield replace(damage, side="unknown") if damage.side == "tiles" and not leads else damage
        if not leads:
            problem = Sentence(
                "the entries lead to root {found}, signed was {signed}",
                found=found.hex(),
                signed=signed.hex(),
            )
            yield Damage("unknown", Sentence("size {size}", size=self._head.size), problem)
