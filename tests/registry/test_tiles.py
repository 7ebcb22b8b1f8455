"""Tiles of a registry: durable before they are promised, read back before signing, and what happens when they fail."""

import errno
import os
import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from certlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from certlog.errors import Unavailable
from certlog.note import VerifierKey
from certlog.tile_reader import TileReader, read_bundle, require_leaves
from certlog.tiles import CHECKPOINT_PATH, Tile, tile_at, tiles_of
from registry.keys import LogSigner, load_key
from registry.last_signed_head import LastSignedHeadFile, SigningHalted
from registry.tile_check import Damage, examine, mend, mendable
from storage.tile_folder import TileFolder
from tests.support.certificates import SAMPLE_DID
from tests.support.deep import cases, tell
from tests.support.registry import RegistryWorld, as_submission

CHANCE: Final = random.Random(17)
ON_SQLITE: Final = pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
"""For what no database has a part in."""


def grow(world: RegistryWorld, count: int) -> None:
    """Log certificates without content."""
    slots = world.registry.reserve_slots(SAMPLE_DID, count).slots
    items = [as_submission(world.certificate(slot=slot), slot, publish=False) for slot in slots]
    assert {outcome.status for outcome in world.submit(*items)} == {"logged"}


def head(world: RegistryWorld) -> Checkpoint:
    """Return the newest signed head."""
    return open_checkpoint(world.registry.checkpoint(), VerifierKey.from_text(world.registry.log_key()))


def store(world: RegistryWorld) -> TileFolder:
    """Return the store of a world's tiles."""
    return TileFolder(world.folder.tiles)


def damages(world: RegistryWorld) -> tuple[Damage, ...]:
    """Return what a check of the whole log finds."""
    signed = LastSignedHeadFile(world.folder.last_signed_head, world.origin).read()
    with world.registry.database.reading() as connection:
        return examine(connection, signed, store(world))


def flip(path: Path) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[CHANCE.randrange(len(data))] ^= 1 << CHANCE.randrange(8)
    path.write_bytes(data)


@pytest.fixture
def grown(enrolled: RegistryWorld) -> RegistryWorld:
    """Return a registry with 260 entries signed: a full tile, and partial ones at two levels."""
    enrolled.publisher.start()
    grow(enrolled, 256)
    enrolled.publisher.tick()
    return enrolled


def test_every_signed_head_stands_there_as_tiles_with_its_checkpoint(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    for count in (1, 250, 1, 3, 300):
        grow(enrolled, count)
        enrolled.publisher.tick()
        signed = head(enrolled)
        reader = TileReader(store(enrolled), signed.size, signed.root)
        for tile in tiles_of(signed.size):
            if tile.level is None:
                leaves = reader.hashes(tile_at(signed.size, 0, tile.index))
                require_leaves(tile, read_bundle(store(enrolled), tile), leaves)
            else:
                reader.hashes(tile)
        assert store(enrolled).read(CHECKPOINT_PATH).decode() == enrolled.registry.checkpoint()
    assert head(enrolled).size == 559
    assert damages(enrolled) == ()


@ON_SQLITE
def test_partial_tiles_are_removed_once_the_full_one_stands(grown: RegistryWorld) -> None:
    kept = {
        str(path.relative_to(grown.folder.tiles)) for path in grown.folder.tiles.rglob("*") if path.is_file()
    }
    assert kept == {tile.path for tile in tiles_of(260)} | {CHECKPOINT_PATH}
    old = open_checkpoint(grown.registry.checkpoint(), VerifierKey.from_text(grown.registry.log_key()))
    assert read_bundle(store(grown), Tile(None, 0, 4)) == tuple(
        entry.data for index in range(4) if (entry := grown.registry.entry(index)) is not None
    )
    assert old.size == 260


class Failing(TileFolder):
    """A store that fails at its n-th call of a kind, as one that is down or full does."""

    def __init__(self, path: Path, operation: str, at: int) -> None:
        """Count down to the failure."""
        super().__init__(path)
        self._operation, self._left = operation, at

    def _count(self, operation: str) -> None:
        if operation == self._operation:
            self._left -= 1
            if self._left < 0:
                message = "the store is down"
                raise Unavailable(message)

    def read(self, path: str) -> bytes:
        """Read or fail."""
        self._count("read")
        return super().read(path)

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write or fail."""
        self._count("write")
        super().write(files)

    def replace(self, path: str, data: bytes, *, instead_of: bytes | None) -> None:
        """Replace or fail."""
        self._count("replace")
        super().replace(path, data, instead_of=instead_of)


def use_store(world: RegistryWorld, replacement: TileFolder) -> None:
    """Give a world's publisher another store."""
    world.publisher._signer._tiles.store = replacement  # type: ignore[misc]  # Final: a test exchanges it


@ON_SQLITE
@pytest.mark.parametrize(("operation", "at"), [("write", 0), ("read", 0), ("read", 2), ("read", 4)])
def test_a_store_that_is_down_stops_heads_and_nothing_else(
    enrolled: RegistryWorld, operation: str, at: int
) -> None:
    enrolled.publisher.start()
    before, file = enrolled.registry.checkpoint(), enrolled.folder.last_signed_head.read_bytes()
    grow(enrolled, 3)
    use_store(enrolled, Failing(enrolled.folder.tiles, operation, at))
    with pytest.raises(Unavailable, match="the store is down"):
        enrolled.publisher.tick()
    grow(enrolled, 2)
    assert (enrolled.registry.checkpoint(), enrolled.folder.last_signed_head.read_bytes()) == (before, file)
    use_store(enrolled, store(enrolled))
    enrolled.publisher.tick()
    assert head(enrolled).size == 9
    assert damages(enrolled) == ()


@ON_SQLITE
def test_a_checkpoint_that_could_not_be_put_beside_its_tiles_follows(enrolled: RegistryWorld) -> None:
    enrolled.publisher.start()
    grow(enrolled, 1)
    use_store(enrolled, Failing(enrolled.folder.tiles, "replace", 0))
    with pytest.raises(Unavailable, match="the store is down"):
        enrolled.publisher.tick()
    assert head(enrolled).size == 5
    use_store(enrolled, store(enrolled))
    enrolled.publisher.tick()
    assert store(enrolled).read(CHECKPOINT_PATH).decode() == enrolled.registry.checkpoint()


def system_calls() -> Iterator[tuple[str, int]]:
    """Yield each place at which writing a head's tiles may be cut off."""
    for name, count in (("fsync", 6), ("open", 4), ("replace", 2)):
        yield from ((name, at) for at in range(count))


@ON_SQLITE
@pytest.mark.parametrize(("name", "at"), list(system_calls()))
def test_a_full_disk_or_a_crash_at_any_step_tears_nothing_and_signs_nothing(
    enrolled: RegistryWorld, monkeypatch: pytest.MonkeyPatch, name: str, at: int
) -> None:
    enrolled.publisher.start()
    before = enrolled.registry.checkpoint()
    grow(enrolled, 1)
    real: Callable[..., Any] = Path.replace if name == "replace" else getattr(os, name)
    calls = 0

    def failing(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        target = arguments[0]
        is_tile = isinstance(target, int) or "/tile" in str(target)
        if is_tile and (calls := calls + 1) > at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Path if name == "replace" else os, name, failing)
        with pytest.raises(Unavailable, match="No space left on device"):
            enrolled.publisher.tick()
    assert enrolled.registry.checkpoint() == before
    finished = [path for path in enrolled.folder.tiles.rglob("*") if path.is_file() and path.suffix != ".new"]
    known = {str(enrolled.folder.tiles / tile.path) for size in (4, 5) for tile in tiles_of(size)}
    assert {str(path) for path in finished} <= known | {str(enrolled.folder.tiles / CHECKPOINT_PATH)}
    enrolled.publisher.tick()
    assert head(enrolled).size == 5
    assert damages(enrolled) == ()


@ON_SQLITE
@pytest.mark.parametrize("path", ["tile/0/001.p/4", "tile/1/000.p/1"])
@pytest.mark.parametrize("harm", ["flipped", "cut", "gone"])
def test_damage_at_the_right_edge_is_named_before_anything_is_signed(
    grown: RegistryWorld, path: str, harm: str
) -> None:
    before, file = grown.registry.checkpoint(), grown.folder.tiles / path
    match harm:
        case "flipped":
            flip(file)
        case "cut":
            file.write_bytes(file.read_bytes()[:-32])
        case _:
            file.unlink()
    grow(grown, 1)
    with pytest.raises(SigningHalted, match="the stored tiles are not those of the log: .*tile/"):
        grown.publisher.tick()
    assert grown.registry.checkpoint() == before
    grown.reopen()
    with pytest.raises(SigningHalted, match="the stored tiles are not those of the log"):
        grown.publisher.start()


@ON_SQLITE
def test_other_bytes_where_a_tile_should_go_stop_signing(grown: RegistryWorld) -> None:
    grow(grown, 1)
    (grown.folder.tiles / "tile/0/001.p/5").write_bytes(bytes(5 * 32))
    with pytest.raises(SigningHalted, match="tile/0/001.p/5 is there with other bytes"):
        grown.publisher.tick()
    assert (grown.folder.tiles / "tile/0/001.p/5").read_bytes() == bytes(5 * 32)


@ON_SQLITE
def test_a_larger_checkpoint_of_this_log_beside_the_tiles_stops_everything(grown: RegistryWorld) -> None:
    signer = LogSigner(grown.origin, load_key(grown.folder.log_key))
    signed = head(grown)
    larger = sign_checkpoint(Checkpoint(grown.origin, 999, signed.root), signer)
    (grown.folder.tiles / CHECKPOINT_PATH).write_text(larger)
    grow(grown, 1)
    with pytest.raises(SigningHalted, match="holds a signed checkpoint of size 999 .* an old backup, or two"):
        grown.publisher.tick()
    (grown.folder.tiles / CHECKPOINT_PATH).write_text("anything that this log did not sign\n")
    grown.publisher.tick()
    assert (grown.folder.tiles / CHECKPOINT_PATH).read_text() == grown.registry.checkpoint()


def test_a_restored_registry_writes_all_its_tiles_again(grown: RegistryWorld) -> None:
    whole = {tile.path: store(grown).read(tile.path) for tile in tiles_of(260)}
    grown.folder.tiles.rename(grown.folder.path / "gone")
    grown.folder.last_full_check.unlink()
    grown.reopen()
    grown.publisher.start()
    assert {path: store(grown).read(path) for path in whole if ".p/" not in path} == {
        path: data for path, data in whole.items() if ".p/" not in path
    }
    assert head(grown).size == 261
    assert damages(grown) == ()


@ON_SQLITE
@pytest.mark.parametrize("path", ["tile/0/000", "tile/entries/000", "tile/entries/001.p/4", "tile/1/000.p/1"])
@pytest.mark.parametrize("gone", [False, True])
def test_a_check_names_a_damaged_tile_and_mends_it_from_the_database(
    grown: RegistryWorld, path: str, gone: bool
) -> None:
    file = grown.folder.tiles / path
    good = file.read_bytes()
    file.unlink() if gone else flip(file)
    found = damages(grown)
    assert [(damage.side, damage.place, damage.missing) for damage in found] == [("tiles", path, gone)]
    assert mendable(found)
    with grown.registry.database.reading() as connection:
        assert mend(connection, store(grown), found) == 1
    assert (file.read_bytes(), damages(grown)) == (good, ())


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE entries SET data = x'7B7D' WHERE leaf_index = 8", "entry 8"),
        ("UPDATE entries SET leaf_hash = zeroblob(32) WHERE leaf_index = 259", "entry 259"),
        ("DELETE FROM entries WHERE leaf_index = 7", "entry 7"),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 2 AND position = 3", "node level 2 index 3"),
        ("DELETE FROM nodes WHERE level = 8 AND position = 0", "node level 8 index 0"),
    ],
)
def test_a_check_names_what_is_damaged_in_the_database(
    grown: RegistryWorld, statement: str, place: str
) -> None:
    grown.place.damage(statement)
    found = damages(grown)
    assert [(damage.side, damage.place) for damage in found] == [("database", place)]
    assert not mendable(found)


@ON_SQLITE
def test_where_neither_side_leads_to_the_root_nothing_is_called_right(grown: RegistryWorld) -> None:
    grown.place.damage("UPDATE entries SET data = x'7B7D' WHERE leaf_index = 8")
    flip(grown.folder.tiles / "tile/0/000")
    found = damages(grown)
    assert {damage.side for damage in found} == {"database", "unknown"}
    assert not mendable(found)


def _flip_in_database(world: RegistryWorld, table: str, column: str, *key: str) -> Callable[[], None]:
    """Change one bit of a row; return what puts it back."""
    with closing(sqlite3.connect(world.folder.database)) as connection:
        rows = connection.execute(f"SELECT {column}, {', '.join(key)} FROM {table}").fetchall()
        data, *row = CHANCE.choice(rows)
        changed = bytearray(data)
        changed[CHANCE.randrange(len(changed))] ^= 1 << CHANCE.randrange(8)
        statement = (
            f"UPDATE {table} SET {column} = ? WHERE ({', '.join(key)}) = ({', '.join('?' * len(key))})"
        )
        connection.execute(statement, (bytes(changed), *row))
        connection.commit()

    def undo() -> None:
        with closing(sqlite3.connect(world.folder.database)) as connection:
            connection.execute(statement, (data, *row))
            connection.commit()

    return undo


def _flip_in_file(path: Path) -> Callable[[], None]:
    good = path.read_bytes()
    flip(path)

    def undo() -> None:
        path.write_bytes(good)

    return undo


@ON_SQLITE
@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_every_flipped_bit_of_tiles_bundles_and_rows_is_found_on_its_side(
    grown: RegistryWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    grown.place.damage("SELECT 1")  # takes the triggers away that would refuse
    files = [grown.folder.tiles / tile.path for tile in tiles_of(260)]
    rows = (
        ("entries", "data", "leaf_index"),
        ("entries", "leaf_hash", "leaf_index"),
        ("nodes", "hash", "level", "position"),
    )
    flips = cases(10_000)
    for number in range(flips):
        if number % 2:
            undo, side = _flip_in_file(files[number // 2 % len(files)]), "tiles"
        else:
            undo, side = _flip_in_database(grown, *rows[number // 2 % 3]), "database"
        assert {damage.side for damage in damages(grown)} == {side}, number
        undo()
        if number % 100 == 0:
            assert damages(grown) == ()  # no false alarm
    tell(capsys, f"{flips} flipped bits of tiles, bundles and rows: each found, on its side")
