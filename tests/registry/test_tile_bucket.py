"""Tiles on object storage: the same promises over a real S3 server, also while it is down."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from certlog.checkpoint import Checkpoint, open_checkpoint
from certlog.errors import InvalidInput, Unavailable
from certlog.note import VerifierKey
from certlog.tile_reader import MissingTile, TileConflict, TileReader
from certlog.tiles import CHECKPOINT_PATH, MAX_BUNDLE_BYTES, Tile, tiles_of
from registry.last_signed_head import SignedHead, SigningHalted
from registry.opening import open_tiles
from registry.tile_check import examine
from registry.tile_store import TileStore
from storage.tile_bucket import check_bucket_url, open_bucket
from tests.registry.test_tiles import grow
from tests.support.object_storage import BUCKET, Storage, object_storage
from tests.support.registry import RegistryWorld, as_submission, make_world

URL = f"s3://{BUCKET}/so/a"


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """Return a running server."""
    with object_storage(monkeypatch) as storage:
        yield storage


@pytest.fixture
def store(storage: Storage) -> TileStore:
    """Return a store in its bucket."""
    return open_bucket(URL, storage.endpoint)


@pytest.fixture
def world(storage: Storage, tmp_path: Path) -> Iterator[RegistryWorld]:
    """Return a registry whose tiles are in the bucket, with one signed head."""
    world = make_world(tmp_path / "data", tiles=URL, tiles_endpoint=storage.endpoint)
    world.enrol()
    world.publisher.start()
    yield world
    world.close()


def signed(world: RegistryWorld) -> Checkpoint:
    """Return the newest signed head."""
    return open_checkpoint(world.registry.checkpoint(), VerifierKey.from_text(world.registry.log_key()))


def test_a_log_in_a_bucket_is_what_any_reader_of_the_bucket_gets(
    world: RegistryWorld, storage: Storage
) -> None:
    grow(world, 258)
    world.publisher.tick()
    head = signed(world)
    assert head.size == 262
    wanted = {tile.path for tile in tiles_of(head.size)} | {CHECKPOINT_PATH}
    assert set(storage.keys()) == {f"so/a/{path}" for path in wanted}
    reader = TileReader(open_tiles(world.folder, world.settings), head.size, head.root)
    assert reader.read(8, 0)
    assert reader.read(0, 261)
    for path, media_type, kept in (
        ("tile/0/000", "application/octet-stream", "public, max-age=31536000, immutable"),
        ("tile/entries/001.p/6", "application/octet-stream", "public, max-age=31536000, immutable"),
        (CHECKPOINT_PATH, "text/plain; charset=utf-8", "public, max-age=1"),
    ):
        found = storage.client.head_object(Bucket=BUCKET, Key=f"so/a/{path}")
        assert (found["ContentType"], found["CacheControl"]) == (media_type, kept)
    with world.registry.database.reading() as connection:
        store = open_tiles(world.folder, world.settings)
        assert examine(connection, SignedHead(head.size, head.root), store) == ()


def test_a_tile_that_stands_is_never_written_over(world: RegistryWorld, storage: Storage) -> None:
    grow(world, 1)
    storage.put("so/a/tile/0/000.p/5", b"another history")
    before = world.registry.checkpoint()
    with pytest.raises(SigningHalted, match="tile/0/000.p/5 is there with other bytes"):
        world.publisher.tick()
    assert storage.read("so/a/tile/0/000.p/5") == b"another history"
    assert world.registry.checkpoint() == before


def test_the_same_bytes_again_do_no_harm(store: TileStore) -> None:
    files = {"tile/0/000.p/1": bytes(32), "tile/entries/000.p/1": b"\0\2{}"}
    store.write(files)
    store.write(files)
    assert {path: store.read(path) for path in files} == files
    with pytest.raises(TileConflict, match="other bytes"):
        store.write({"tile/0/000.p/1": bytes(31) + b"x"})


def test_the_checkpoint_is_exchanged_only_for_the_one_that_was_read(store: TileStore) -> None:
    store.replace(CHECKPOINT_PATH, b"one", instead_of=None)
    store.replace(CHECKPOINT_PATH, b"two", instead_of=b"one")
    for stale in (None, b"one"):
        with pytest.raises(TileConflict, match="changed by another program"):
            store.replace(CHECKPOINT_PATH, b"three", instead_of=stale)
    assert store.read(CHECKPOINT_PATH) == b"two"


def test_what_is_not_there_and_what_is_too_long_are_told(store: TileStore, storage: Storage) -> None:
    with pytest.raises(MissingTile, match="holds no tile/0/000"):
        store.read("tile/0/000")
    storage.put("so/a/tile/0/000", bytes(MAX_BUNDLE_BYTES + 10))
    assert len(store.read("tile/0/000")) == MAX_BUNDLE_BYTES + 1
    with pytest.raises(Unavailable, match="NoSuchBucket"):
        open_bucket("s3://another-bucket", storage.endpoint).read("tile/0/000")


def test_partial_tiles_are_removed_by_the_page(store: TileStore, storage: Storage) -> None:
    store.write({Tile(0, 0, width).path: bytes(32 * width) for width in range(1, 256, 40)})
    store.write({Tile(0, 0).path: bytes(8192), Tile(0, 1, 3).path: bytes(96)})
    store.forget_partial(Tile(0, 0))
    assert sorted(storage.keys()) == ["so/a/tile/0/000", "so/a/tile/0/001.p/3"]


def test_while_the_storage_is_down_issuing_and_answers_go_on_and_heads_wait(
    world: RegistryWorld, storage: Storage
) -> None:
    slot = world.slot()
    document = world.certificate(slot=slot)
    world.logged(as_submission(document, slot))
    world.publisher.seal_batch(0)
    before = world.registry.checkpoint()
    storage.stop()
    began = time.monotonic()
    grow(world, 3)
    with pytest.raises(
        Unavailable, match="the object storage s3://so-dang-ky/so/a did not do what was asked"
    ):
        world.publisher.tick()
    assert time.monotonic() - began < 20
    assert world.registry.checkpoint() == before
    assert world.registry.evidence(document.document_hash).heads
    with pytest.raises(Unavailable):
        world.registry.tiles.require_edge(world.registry.head())
    storage.start_again()
    world.publisher.tick()
    assert signed(world).size == 9
    assert storage.read(f"so/a/{CHECKPOINT_PATH}").decode() == world.registry.checkpoint()


@pytest.mark.parametrize(
    "url", ["s3://", "s3://B", "s3://ab/", "s3://abc/x/", "s3://abc/ x", "https://abc", "s3://abc/\u0111"]
)
def test_another_address_than_a_buckets_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="expected s3://BUCKET or s3://BUCKET/PREFIX"):
        check_bucket_url(url)


def test_an_address_with_and_without_prefix_is_taken() -> None:
    assert check_bucket_url("s3://abc") == "s3://abc"
    assert check_bucket_url("s3://a-b.c/so/1") == "s3://a-b.c/so/1"
