"""aics-witness, which does not know this project, cosigns our log, and refuses a second history and a rolled-back head.

A campaign: it brings an environment of its own and runs as a server of its own on a free port of loopback.
"""

import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from certlog.checkpoint import read_checkpoint
from certlog.cosignature import add_checkpoint_body, parse_size_answer
from certlog.note import VerifierKey, cosignature_time, parse_note
from cli.cosigning import HttpWitness
from registry.cosigners import Witness
from registry.witnessing import SIZE_TYPE, Witnessing
from tests.support.peers import python_of
from tests.support.registry import RegistryWorld, make_world

pytestmark = [pytest.mark.deep, pytest.mark.timeout(600)]
NAME: Final = "witness.example.org/w1"


@dataclass(frozen=True)
class Peer:
    """The running witness: where it listens, and its key."""

    url: str
    key: VerifierKey

    def line(self) -> HttpWitness:
        return HttpWitness(self.url)


def aics_witness(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [python_of("witness"), "-m", "aics_witness", *arguments],
        env={"AICS_WITNESS_CONFIG": str(folder / "witness.json"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RegistryWorld]:
    world = make_world(tmp_path / "data")
    world.enrol()
    world.publisher.tick()
    yield world
    world.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[RegistryWorld]:
    """Return a log of the same name and the same key with other entries: what a dishonest registry would show."""
    world = make_world(tmp_path / "other")
    world.publisher.tick()
    for _ in range(9):
        world.clock.time += 3600
        world.publisher.tick()
    yield world
    world.close()


@pytest.fixture
def peer(world: RegistryWorld, tmp_path: Path) -> Iterator[Peer]:
    folder = tmp_path / "witness"
    folder.mkdir()
    key = aics_witness(folder, "init", "--name", NAME)
    aics_witness(folder, "add-log", "--origin", world.origin, "--vkey", world.registry.log_key())
    process = subprocess.Popen(
        [python_of("witness"), "-m", "aics_witness", "serve", "--listen", "127.0.0.1:0"],
        env={"AICS_WITNESS_CONFIG": str(folder / "witness.json"), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Peer(_address(process), VerifierKey.from_text(key))
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _address(process: "subprocess.Popen[str]") -> str:
    killer = threading.Timer(30, process.kill)
    killer.start()
    try:
        for line in process.stdout or ():
            found = re.search(r"http://127\.0\.0\.1:\d+|127\.0\.0\.1:[1-9]\d*", line)
            if found:
                return "http://" + found[0].removeprefix("http://")
    finally:
        killer.cancel()
    raise AssertionError("the witness said no address")


def grow(world: RegistryWorld) -> str:
    world.clock.time += 3600
    world.publisher.tick()
    return world.registry.checkpoint()


def test_a_strangers_witness_cosigns_each_head_and_its_line_verifies(
    world: RegistryWorld, peer: Peer
) -> None:
    database, witness = world.registry.database, Witness(peer.key, peer.url)
    asking = Witnessing(database, world.registry.tiles, witness, peer.line(), lambda: int(time.time()))
    for _ in range(5):
        size = read_checkpoint(grow(world)).size
        assert asking.step() == size
        cosigned = parse_note(world.registry.checkpoint())
        assert abs((cosignature_time(cosigned, peer.key) or 0) - time.time()) < 60
    # A second one that knows nothing is told by the witness where it stands.
    grow(world)
    again = Witnessing(database, world.registry.tiles, witness, peer.line(), lambda: int(time.time()))
    again._known = 0
    assert again.step() == world.registry.head().size


def test_a_strangers_witness_refuses_a_second_history(
    world: RegistryWorld, other: RegistryWorld, peer: Peer
) -> None:
    asking = Witnessing(
        world.registry.database,
        world.registry.tiles,
        Witness(peer.key, peer.url),
        peer.line(),
        lambda: int(time.time()),
    )
    old = asking.step()
    assert old is not None
    assert other.registry.log_key() == world.registry.log_key()
    forked = other.registry.head()
    proof = other.registry.consistency(old, forked.size)
    answer = peer.line().add_checkpoint(add_checkpoint_body(old, proof, forked.note))
    assert answer.status == 422


def test_a_strangers_witness_refuses_a_rolled_back_head(world: RegistryWorld, peer: Peer) -> None:
    asking = Witnessing(
        world.registry.database,
        world.registry.tiles,
        Witness(peer.key, peer.url),
        peer.line(),
        lambda: int(time.time()),
    )
    first = world.registry.head()
    asking.step()
    grow(world)
    newest = asking.step()
    answer = peer.line().add_checkpoint(add_checkpoint_body(0, [], first.note))
    assert (answer.status, answer.media_type, parse_size_answer(answer.body)) == (409, SIZE_TYPE, newest)


def test_a_strangers_witness_refuses_another_key_and_a_changed_head(world: RegistryWorld, peer: Peer) -> None:
    note = world.registry.checkpoint()
    changed = note.replace("\n4\n", "\n5\n", 1)
    assert changed != note
    assert peer.line().add_checkpoint(add_checkpoint_body(0, [], changed)).status == 403
