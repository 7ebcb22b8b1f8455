"""kill -9 of issuer, server or database at random points of issuing: no certificate is lost, none is doubled."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from certlog.encoding import b64url
from issuer.journal import JOURNAL_NAME
from registry.rebuild import check
from registry.tables import certificates, documents, entries
from tests.support.databases import Place, new_place
from tests.support.deep import cases
from tests.support.killing import Scene, kill_and_issue, make_scene
from tests.support.postgres import Cluster
from tests.support.registry import open_world


@pytest.fixture
def place(cluster: Cluster | None, tmp_path: Path) -> Iterator[Place]:
    with new_place(tmp_path / "data" / "registry.db", cluster) as place:
        yield place


@pytest.mark.parametrize("cluster", ["postgresql"], indirect=True)
@pytest.mark.timeout(600)
def test_nothing_is_lost_or_doubled_by_two_kills(place: Place, tmp_path: Path) -> None:
    """A sample of the campaign below, where there is the most to kill."""
    scene = make_scene(tmp_path, place, 150)
    assert kill_and_issue(scene, kills=2, seed=1) >= 1
    _require_all_once(scene)


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_nothing_is_lost_or_doubled_by_many_kills(place: Place, tmp_path: Path) -> None:
    kills = max(3, min(20, cases(20)))
    scene = make_scene(tmp_path, place, max(150, cases(20_000)))
    assert kill_and_issue(scene, kills=kills, seed=2) >= kills * 3 // 4
    _require_all_once(scene)


def _require_all_once(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.folder / "out" / JOURNAL_NAME)) as journal:
        rows = journal.execute(
            "SELECT number, document_hash, log_index, leaf_hash FROM certificates JOIN outbox"
            " ON certificate = document_hash AND action = 'issue' ORDER BY number"
        ).fetchall()
    assert [row[0] for row in rows] == [f"MAU-{number:06}" for number in range(1, scene.count + 1)]
    with (
        closing(open_world(scene.data, scene.place)) as world,
        world.registry.database.reading() as connection,
    ):
        stored = select(certificates.c.document_hash, entries.c.leaf_index, entries.c.leaf_hash)
        logged = connection.execute(stored.join(entries, entries.c.leaf_index == certificates.c.leaf_index))
        found = {(row.document_hash, row.leaf_index, b64url(row.leaf_hash)) for row in logged}
        published = select(func.count(documents.c.number.distinct()))
        assert connection.execute(published).scalar_one() == scene.count
        assert found == {(document, index, leaf) for _, document, index, leaf in rows}
        scratch = scene.folder / "scratch.db"
        assert check(world.registry.database, scratch, world.settings.operator, world.origin) > scene.count
        world.clock.time += 10_000_000
        world.publisher.start()
