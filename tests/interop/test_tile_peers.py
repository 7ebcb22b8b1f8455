"""Our log read from its files alone by Go's x/mod, aics-tlog and tlog-scales; each must also say no.

The log is a real registry's: its entries are appended, its tiles written and its heads signed as in earnest; only the
admission of each certificate is left out, which would take an hour. A small log, read by tlog-scales, in every run.
"""

import json
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from bench.growth import entries
from certlog.checkpoint import read_checkpoint
from certlog.tiles import Tile, decode_bundle, encode_bundle, tile_at
from tests.support.deep import cases
from tests.support.peers import REQUIREMENTS, build_go, python_of
from tests.support.registry import make_world

Question: TypeAlias = dict[str, Any]
BATCH: Final = 5000
PROVEN: Final = 100
SIZES: Final = tuple(cases(size) for size in (70_000, 300_000))
SMALL: Final = 600
SCRIPTS: Final = {"aics": "tlog_aics.py", "scales": "read_scales.py"}


@dataclass(frozen=True)
class Log:
    """What anyone can fetch: a folder of tiles, the checkpoints in order, the log's key."""

    folder: Path
    notes: tuple[str, ...]
    key: str

    @property
    def size(self) -> int:
        """The newest size."""
        return read_checkpoint(self.notes[-1]).size


def make_log(folder: Path, size: int) -> Log:
    """Grow a registry's log in a dozen steps, each with its tiles and a signed head."""
    world = make_world(folder / "data")
    world.publisher.start()
    notes = [world.registry.checkpoint()]
    step = max(1, size // 12)
    while (stored := world.registry.size()) < size:
        for first in range(stored, min(stored + step, size), BATCH):
            with world.registry.writer.appending() as appending:
                for entry in entries(first, min(BATCH, stored + step - first, size - first)):
                    appending.leaves.append("certificate", entry)
        world.publisher.tick()
        notes.append(world.registry.checkpoint())
    world.close()
    return Log(world.folder.tiles, tuple(notes), world.registry.log_key())


@pytest.fixture(scope="module", params=SIZES)
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Log:
    """Return a large log."""
    return make_log(tmp_path_factory.mktemp("tiles"), request.param)


@pytest.fixture(scope="module", params=["go", "aics", "scales"])
def peer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the command of a peer that answers questions, one a line."""
    if request.param == "go":
        return [build_go(REQUIREMENTS / "tlog_go" / "main.go", tmp_path_factory.mktemp("go"))]
    return [python_of(request.param), REQUIREMENTS / SCRIPTS[request.param]]


def ask(peer: Sequence[Path], questions: Sequence[Question]) -> list[Question]:
    """Return the peer's answers, in order."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run(peer, input=lines.encode(), capture_output=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stderr.decode()
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions)
    return answers


def chosen(size: int) -> list[int]:
    """Return indices at the edges of subtrees and tiles, and some by chance."""
    edges = {0, size - 1, *(2**level + step for level in range(1, 20) for step in (-1, 0, 1))}
    some = random.Random(7).sample(range(size), min(size, PROVEN))
    return sorted({index for index in edges if index < size} | set(some))


def about(log: Log, **changed: object) -> Question:
    """Ask about the newest head: entries, their proofs, and every older head."""
    question: Question = {
        "kind": "log",
        "folder": str(log.folder),
        "key": log.key,
        "note": log.notes[-1],
        "indices": chosen(log.size),
        "older": list(log.notes),
    }
    return question | changed


def _leaf_changed(log: Log, folder: Path, index: int) -> None:
    bundle = tile_at(log.size, None, index // 256)
    held = list(decode_bundle((folder / bundle.path).read_bytes(), bundle.width))
    held[index % 256] = held[index % 256].replace(b'"v":1', b'"v":2')
    (folder / bundle.path).write_bytes(encode_bundle(held))


def _tile_changed(level: int) -> Callable[[Log, Path, int], None]:
    def change(log: Log, folder: Path, index: int) -> None:
        # The sibling of what is asked about: its hash is in the proof.
        position = (index >> 8 * level) ^ 1
        tile: Tile = tile_at(log.size, level, position >> 8)
        data = bytearray((folder / tile.path).read_bytes())
        data[position % 256 * 32] ^= 1
        (folder / tile.path).write_bytes(bytes(data))

    return change


def _proof_truncated(log: Log, folder: Path, index: int) -> None:
    tile = tile_at(log.size, 0, index // 256)
    data = (folder / tile.path).read_bytes()
    (folder / tile.path).write_bytes(data[: index % 256 * 32])


def _tile_gone(log: Log, folder: Path, index: int) -> None:
    (folder / tile_at(log.size, 0, index // 256).path).unlink()


HARMS: Final[Mapping[str, Callable[[Log, Path, int], None]]] = {
    "changed leaf": _leaf_changed,
    "changed tile of leaf hashes": _tile_changed(0),
    "changed tile above": _tile_changed(1),
    "tile and so proof cut": _proof_truncated,
    "tile gone": _tile_gone,
}


def forged(log: Log) -> Iterator[Question]:
    """Yield questions about what this log did not sign, or does not extend."""
    yield about(log, note=log.notes[0], older=[log.notes[-1]], indices=[])  # rolled back
    yield about(log, note=log.notes[-2], older=list(log.notes), indices=[])
    size, root = log.notes[-1].split("\n")[1:3]
    yield about(log, note=log.notes[-1].replace(f"\n{size}\n", f"\n{int(size) - 1}\n", 1))
    yield about(log, note=log.notes[-1].replace(root, log.notes[-2].split("\n")[2], 1))
    yield about(log, note=log.notes[-1].partition("\n\n")[0] + "\n\n" + log.notes[-2].partition("\n\n")[2])


def check_peer(log: Log, peer: Sequence[Path], folder: Path) -> None:
    """Require that a peer accepts the log and refuses each harm done to it."""
    accepted = ask(peer, [about(log)])
    assert accepted == [accepted[0] | {"ok": True, "size": log.size}]
    questions, index = [*forged(log)], log.size // 2 // 256 * 256 + 17
    for number, harm in enumerate(HARMS.values()):
        copy = folder / str(number)
        shutil.copytree(log.folder, copy)
        harm(log, copy, index)
        questions.append(about(log, folder=str(copy), indices=[index], older=[]))
    answers = ask(peer, questions)
    assert [question for question, answer in zip(questions, answers, strict=True) if answer["ok"]] == []


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_peers_accept_our_tiles_and_refuse_each_harm(log: Log, peer: list[Path], tmp_path: Path) -> None:
    check_peer(log, peer, tmp_path)


@pytest.mark.timeout(300)
def test_a_peer_accepts_a_small_log_and_refuses_each_harm(tmp_path: Path) -> None:
    log = make_log(tmp_path, SMALL)
    check_peer(log, [python_of("scales"), REQUIREMENTS / SCRIPTS["scales"]], tmp_path)
