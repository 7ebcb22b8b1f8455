"""Controls of the tests about tiles: with one defence switched off, the test that docs/threats.md names must fail."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from registry.tile_check import _Examination
from registry.tile_writer import TileWriter
from storage.tile_bucket import TileBucket
from storage.tile_folder import TileFolder
from tests.registry import test_tile_bucket, test_tiles
from tests.support.controls import Control, nothing, require_failure
from tests.support.object_storage import object_storage
from tests.support.registry import RegistryWorld, make_world


@pytest.fixture
def grown(enrolled: RegistryWorld) -> RegistryWorld:
    """Return a registry with 260 entries signed."""
    enrolled.publisher.start()
    test_tiles.grow(enrolled, 256)
    enrolled.publisher.tick()
    return enrolled


def _write_over(store: TileFolder, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        (store._path / path).parent.mkdir(parents=True, exist_ok=True)
        (store._path / path).write_bytes(data)


def _torn(store: TileFolder, target: Path, data: bytes, touched: set[Path]) -> None:
    store._make_folder(target.parent, touched)
    target.write_bytes(data[: len(data) // 2])
    TileFolder._sync(store, touched | {target.parent})
    target.write_bytes(data)


CONTROLS: Final[Mapping[str, Callable[[RegistryWorld], Control]]] = {
    "signed without tiles": lambda world: Control(
        TileWriter,
        "extend",
        nothing,
        lambda: test_tiles.test_other_bytes_where_a_tile_should_go_stop_signing(world),
    ),
    "the edge is believed": lambda world: Control(
        TileWriter,
        "require_edge",
        nothing,
        lambda: test_tiles.test_damage_at_the_right_edge_is_named_before_anything_is_signed(
            world, "tile/0/001.p/4", "flipped"
        ),
    ),
    "tiles are written over": lambda world: Control(
        TileFolder,
        "write",
        _write_over,
        lambda: test_tiles.test_other_bytes_where_a_tile_should_go_stop_signing(world),
    ),
    "any checkpoint may stand beside the tiles": lambda world: Control(
        TileWriter,
        "_require_older",
        nothing,
        lambda: test_tiles.test_a_larger_checkpoint_of_this_log_beside_the_tiles_stops_everything(world),
    ),
    "bundles are not read": lambda world: Control(
        _Examination,
        "_examine_bundle",
        nothing,
        lambda: test_tiles.test_a_check_names_a_damaged_tile_and_mends_it_from_the_database(
            world, "tile/entries/000", gone=False
        ),
    ),
    "tiles are not read": lambda world: Control(
        _Examination,
        "_examine_hashes",
        nothing,
        lambda: test_tiles.test_a_check_names_a_damaged_tile_and_mends_it_from_the_database(
            world, "tile/0/000", gone=False
        ),
    ),
    "files are torn": lambda world: Control(TileFolder, "_put", _torn, lambda: _crash_while_writing(world)),
}


def _crash_while_writing(world: RegistryWorld) -> None:
    with pytest.MonkeyPatch.context() as patched:
        test_tiles.test_a_full_disk_or_a_crash_at_any_step_tears_nothing_and_signs_nothing(
            world, patched, "fsync", 0
        )


@test_tiles.ON_SQLITE
@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS.keys())
def test_a_defect_of_the_tiles_is_noticed(
    grown: RegistryWorld, control: Callable[[RegistryWorld], Control], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_failure(control(grown), monkeypatch)


def test_a_bucket_that_is_written_without_condition_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unconditional(store: TileBucket, path: str, data: bytes) -> None:
        store._put(path, data, {})

    with object_storage(monkeypatch) as storage:
        world = make_world(tmp_path / "data", tiles=test_tile_bucket.URL, tiles_endpoint=storage.endpoint)
        world.enrol()
        world.publisher.start()
        control = Control(
            TileBucket,
            "_write_one",
            unconditional,
            lambda: test_tile_bucket.test_a_tile_that_stands_is_never_written_over(world, storage),
        )
        require_failure(control, monkeypatch)
        world.close()
