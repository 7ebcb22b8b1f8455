"""The log as static files, served from a real registry: what any client of a tiled log would read and check."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from certlog.checkpoint import Checkpoint, open_checkpoint
from certlog.errors import Unavailable
from certlog.note import VerifierKey
from certlog.tile_reader import MissingTile, TileReader, read_bundle, require_leaves
from certlog.tiles import tile_at, tiles_of
from registry.opening import Surroundings
from tests.support.certificates import SAMPLE_DID
from tests.support.registry import START, RegistryWorld, as_submission
from tests.web.real import RealRegistry, make_real_registry
from web.app import create_app
from web.wiring import open_services

ORIGIN = "registry.example.vn"


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealRegistry]:
    """Return a registry with one signed head."""
    real = make_real_registry(tmp_path / "data", clock=START)
    real.world.publisher.start()
    yield real
    real.close()


@pytest.fixture
def client(real: RealRegistry) -> Iterator[FlaskClient]:
    """Return a client of its pages."""
    services = open_services(real.world.folder, real.world.surroundings)
    yield create_app(services).test_client()
    services.log._registry.database.close()  # type: ignore[attr-defined]  # RegistryLog's own


class Site:
    """A TileSource over HTTP."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def read(self, path: str) -> bytes:
        """Get a file."""
        answer = self.client.get(f"/{path}")
        if answer.status_code == 404:
            raise MissingTile(path)
        if answer.status_code != 200:
            raise Unavailable(path)
        return bytes(answer.data)


def grow(world: RegistryWorld, count: int) -> None:
    """Log certificates and sign."""
    slots = world.registry.reserve_slots(SAMPLE_DID, count).slots
    items = [as_submission(world.certificate(slot=slot), slot, publish=False) for slot in slots]
    assert {outcome.status for outcome in world.submit(*items)} == {"logged"}
    world.publisher.tick()


def signed(client: FlaskClient, world: RegistryWorld) -> Checkpoint:
    """Return what the checkpoint that is served says."""
    answer = client.get("/checkpoint")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=1"
    return open_checkpoint(answer.text, VerifierKey.from_text(world.registry.log_key()))


def test_a_reader_gets_the_whole_log_and_every_proof_from_static_files(
    client: FlaskClient, real: RealRegistry
) -> None:
    grow(real.world, 260)
    head = signed(client, real.world)
    reader = TileReader(Site(client), head.size, head.root)
    for tile in tiles_of(head.size):
        if tile.level is None:
            leaves = reader.hashes(tile_at(head.size, 0, tile.index))
            require_leaves(tile, read_bundle(Site(client), tile), leaves)
        answer = client.get(f"/{tile.path}")
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        again = client.get(f"/{tile.path}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_a_partial_tile_of_a_signed_size_is_there_for_ever_and_no_other(
    client: FlaskClient, real: RealRegistry
) -> None:
    first = signed(client, real.world)
    assert first.size == 4
    grow(real.world, 3)
    for path in ("tile/0/000.p/4", "tile/0/000.p/7", "tile/entries/000.p/4"):
        assert client.get(f"/{path}").status_code == 200
    assert client.get("/tile/0/000.p/5").status_code == 404
    grow(real.world, 260)
    assert TileReader(Site(client), first.size, first.root).read(2, 0)
    assert client.get("/tile/0/000.p/4").data == client.get("/tile/0/000").data[: 4 * 32]


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001",
        "tile/0/000",
        "tile/0/000.p/5",
        "tile/1/000.p/1",
        "tile/entries/000.p/200",
        "tile/8/000",
        "tile/0/0",
        "tile/0/000.p/04",
        "tile/0/000.p/4/",
        "tile/0/x000/000.p/4",
        "tile/0/..%2f0/000.p/4",
        "tile/entries/../../settings.toml",
        "tile/%2e%2e/checkpoint",
        "tile/",
    ],
)
def test_what_is_not_published_or_no_path_of_a_tile_is_404_and_not_kept(
    client: FlaskClient, path: str
) -> None:
    answer = client.get(f"/{path}")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_written_and_not_signed_is_not_served(client: FlaskClient, real: RealRegistry) -> None:
    tiles = real.world.folder.tiles
    (tiles / "tile/0/000.p/9").write_bytes(bytes(9 * 32))
    assert client.get("/tile/0/000.p/9").status_code == 404


def test_a_full_tile_that_is_missing_is_try_again_and_never_absent(
    client: FlaskClient, real: RealRegistry
) -> None:
    grow(real.world, 260)
    (real.world.folder.tiles / "tile/0/000").unlink()
    answer = client.get("/tile/0/000")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")


def test_health_tells_of_tiles_that_cannot_be_read_and_the_rest_goes_on(
    client: FlaskClient, real: RealRegistry
) -> None:
    assert client.get("/healthz").json["tiles"] == "ok"  # type: ignore[index]  # the answer is JSON
    (real.world.folder.tiles / "tile/0/000.p/4").write_bytes(bytes(4 * 32))
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json["tiles"] == "unavailable"  # type: ignore[index]  # as above


def test_proofs_are_made_from_tiles_and_a_damaged_one_gives_none(
    client: FlaskClient, real: RealRegistry
) -> None:
    assert client.get("/api/v1/entries/1/proof").status_code == 200
    grow(real.world, 1)
    tile = real.world.folder.tiles / "tile/0/000.p/5"
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
    assert client.get("/api/v1/entries/1/proof").status_code == 503
    tile.unlink()
    assert client.get("/api/v1/consistency?from=4&to=5").status_code == 503


def test_an_origin_with_a_path_has_its_files_under_that_path(tmp_path: Path) -> None:
    real = make_real_registry(
        tmp_path / "data",
        clock=START,
        origin="registry.example.vn/so",
        public_url="https://registry.example.vn/so",
    )
    real.world.publisher.start()
    services = open_services(real.world.folder, Surroundings({}, real.world.clock))
    site = create_app(services).test_client()
    for path in ("checkpoint", "tile/0/000.p/4", "tile/entries/000.p/4"):
        assert site.get(f"/so/{path}").data == site.get(f"/{path}").data != b""
    services.log._registry.database.close()  # type: ignore[attr-defined]  # RegistryLog's own
    real.close()
